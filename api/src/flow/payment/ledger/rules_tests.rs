use super::*;
use proptest::prelude::*;

fn of(amount: i64) -> Event<'static> {
    let source_id = Uuid::from_u128(1);
    Event { source_id, order_id: Some(Uuid::from_u128(2)), party: Party::Nobody, currency: "CNY", amount }
}

fn line(amount: i64) -> Line {
    Line { account: Clearing, amount, order_id: None, party: Party::Nobody }
}

fn balance(journals: &[Journal], account: LedgerAccount) -> i64 {
    let lines = journals.iter().flat_map(Journal::lines).filter(|line| line.account == account);
    lines.map(|line| line.amount).sum()
}

/// (debited, credited) of a journal of two lines.
fn sides(made: Made) -> (LedgerAccount, LedgerAccount) {
    let journal = made.unwrap();
    let find = |debit: bool| journal.lines().iter().find(|line| (line.amount > 0) == debit).unwrap().account;
    (find(true), find(false))
}

#[test]
fn lines_that_are_no_journal_are_refused() {
    let new = |lines| Journal::new(JournalKind::Withdrawn, Uuid::nil(), None, "CNY", lines);
    assert_eq!(new(vec![]), Err(Unsound::TooShort));
    assert_eq!(new(vec![line(5)]), Err(Unsound::TooShort));
    assert_eq!(new(vec![line(0), line(0)]), Err(Unsound::Nothing(Clearing)));
    assert_eq!(new(vec![line(5), line(-4)]), Err(Unsound::Unbalanced(1)));
    assert_eq!(new(vec![line(i64::MAX), line(i64::MAX), line(2)]), Err(Unsound::Unbalanced(1 << 64)));
    assert!(new(vec![line(5), line(-2), line(-3)]).is_ok());
}

#[test]
fn each_event_debits_and_credits_its_accounts() {
    let e = &of(100);
    assert_eq!(sides(payment_settled(e, PaymentLegKind::Full)), (Clearing, MemberPayments));
    assert_eq!(sides(payment_settled(e, PaymentLegKind::Balance)), (Clearing, MemberPayments));
    assert_eq!(sides(payment_settled(e, PaymentLegKind::Deposit)), (Clearing, DepositsHeld));
    assert_eq!(sides(payment_surplus(e)), (Clearing, MemberPayments));
    assert_eq!(sides(balance_paid(e)), (DepositsHeld, MemberPayments));
    assert_eq!(sides(deposit_forfeited(e)), (DepositsHeld, ForfeitedDeposits));
    assert_eq!(sides(refund_requested(e, Held::Deposit)), (DepositsHeld, RefundsPayable));
    assert_eq!(sides(refund_requested(e, Held::Payment)), (MemberPayments, RefundsPayable));
    assert_eq!(sides(refund_requested(e, Held::Revenue)), (Revenue, RefundsPayable));
    assert_eq!(sides(refund_succeeded(e)), (RefundsPayable, Clearing));
    assert_eq!(sides(refund_closed(e, Held::Revenue)), (RefundsPayable, Revenue));
    assert_eq!(sides(revenue_recognised(e)), (MemberPayments, Revenue));
    assert_eq!(sides(provider_fee(e)), (ProviderFees, Clearing));
    assert_eq!(sides(provider_fee(&of(-100))), (Clearing, ProviderFees));
    assert_eq!(sides(withdrawn(e)), (Bank, Clearing));
    assert_eq!(sides(compensation_owed(e)), (Compensation, CompensationPayable));
    assert_eq!(sides(compensation_paid(e)), (CompensationPayable, Clearing));
    assert_eq!(sides(commission_accrued(e)), (CommissionExpense, CommissionPayable));
    assert_eq!(sides(commission_reversed(e)), (CommissionPayable, CommissionExpense));
    assert_eq!(sides(commission_paid(e)), (CommissionPayable, Clearing));
    assert_eq!(sides(factory_accrued(e)), (FactoryCost, FactoryPayable));
    assert_eq!(sides(factory_paid(e)), (FactoryPayable, Bank));
}

#[test]
fn money_is_a_deposit_a_payment_or_revenue() {
    use PaymentLegKind::*;
    assert_eq!(Held::of_attempt(false, Full, false, true), Held::Payment, "a surplus is earned by nothing");
    assert_eq!(Held::of_attempt(true, Full, false, false), Held::Payment);
    assert_eq!(Held::of_attempt(true, Deposit, false, false), Held::Deposit);
    assert_eq!(Held::of_attempt(true, Deposit, true, false), Held::Payment);
    assert_eq!(Held::of_attempt(true, Balance, true, false), Held::Payment);
    assert_eq!(Held::of_attempt(true, Deposit, true, true), Held::Revenue);
}

#[test]
fn who_is_paid_stands_on_the_lines() {
    let koc = Party::Member(Uuid::from_u128(7));
    let accrued = commission_accrued(&Event { party: koc, ..of(100) }).unwrap();
    assert!(accrued.lines().iter().all(|line| line.party == koc && line.order_id.is_some()));
}

fn all(of: &Event<'_>) -> Vec<Made> {
    let moves: [fn(&Event<'_>) -> Made; 13] = [
        payment_surplus,
        balance_paid,
        deposit_forfeited,
        refund_succeeded,
        revenue_recognised,
        withdrawn,
        compensation_owed,
        compensation_paid,
        commission_accrued,
        commission_reversed,
        commission_paid,
        factory_accrued,
        factory_paid,
    ];
    let mut made: Vec<_> = moves.iter().map(|make| make(of)).collect();
    made.extend([PaymentLegKind::Full, PaymentLegKind::Deposit].map(|kind| payment_settled(of, kind)));
    for held in [Held::Deposit, Held::Payment, Held::Revenue] {
        made.extend([refund_requested(of, held), refund_closed(of, held)]);
    }
    made
}

/// What may happen to an order, in an order that its rules allow or not; those that do not apply are skipped.
#[derive(Clone, Copy, Debug)]
enum Step {
    Pay,
    PayAgain,
    Refund(u8),
    Close,
    Succeed,
    Receive,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        Just(Step::Pay),
        Just(Step::PayAgain),
        (1..100u8).prop_map(Step::Refund),
        Just(Step::Close),
        Just(Step::Succeed),
        Just(Step::Receive),
    ];
    proptest::collection::vec(step, 0..40)
}

/// An order by its rows, as they stand beside the books.
#[derive(Default)]
struct Rows {
    paid: i64,
    surplus: i64,
    refunded: i64,
    on_their_way: Vec<i64>,
    back: i64,
    received: bool,
}

impl Rows {
    fn take(&mut self, step: Step, price: i64) -> Option<Made> {
        let held = if self.received { Held::Revenue } else { Held::Payment };
        Some(match step {
            Step::Pay if self.paid == 0 => {
                self.paid = price;
                payment_settled(&of(price), PaymentLegKind::Full)
            }
            Step::PayAgain if self.paid > 0 => {
                self.surplus += price;
                payment_surplus(&of(price))
            }
            Step::Refund(percent) if self.paid - self.refunded > 0 => {
                let amount = ((self.paid - self.refunded) * i64::from(percent) / 100).max(1);
                self.refunded += amount;
                self.on_their_way.push(amount);
                refund_requested(&of(amount), held)
            }
            Step::Close => {
                let amount = self.on_their_way.pop()?;
                self.refunded -= amount;
                refund_closed(&of(amount), held)
            }
            Step::Succeed => {
                let amount = self.on_their_way.pop()?;
                self.back += amount;
                refund_succeeded(&of(amount))
            }
            Step::Receive if !self.received && self.paid - self.refunded > 0 => {
                self.received = true;
                revenue_recognised(&of(self.paid - self.refunded))
            }
            _ => return None,
        })
    }
}

proptest! {
    #[test]
    fn every_event_balances_and_moves_its_amount(amount in 1..=i64::MAX) {
        for made in all(&of(amount)) {
            let journal = made.unwrap();
            prop_assert_eq!(journal.lines().iter().map(|line| i128::from(line.amount)).sum::<i128>(), 0);
            prop_assert!(journal.lines().iter().all(|line| line.amount.abs() == amount));
        }
    }

    #[test]
    fn no_event_is_about_nothing_or_less(amount in i64::MIN..=0) {
        prop_assert!(all(&of(amount)).iter().all(|made| matches!(made, Err(Unsound::NotPositive(..)))));
        prop_assert_eq!(provider_fee(&of(0)).is_err(), true);
    }

    #[test]
    fn only_lines_that_add_up_are_a_journal(amounts in proptest::collection::vec(any::<i64>(), 0..6)) {
        let lines: Vec<_> = amounts.iter().map(|amount| line(*amount)).collect();
        let sound = lines.len() > 1 && !amounts.contains(&0) && amounts.iter().map(|a| i128::from(*a)).sum::<i128>() == 0;
        let made = Journal::new(JournalKind::Withdrawn, Uuid::nil(), None, "CNY", lines);
        prop_assert_eq!(made.is_ok(), sound);
    }

    #[test]
    fn the_books_of_an_order_say_what_its_rows_say(steps in steps(), price in 1..1_000_000i64) {
        let (mut rows, mut journals) = (Rows::default(), Vec::new());
        for step in steps {
            if let Some(made) = rows.take(step, price) {
                journals.push(made.unwrap());
            }
            let at = |account| balance(&journals, account);
            let kept = rows.paid - rows.refunded;
            prop_assert_eq!(-at(MemberPayments), rows.surplus + if rows.received { 0 } else { kept });
            prop_assert_eq!(-at(Revenue), if rows.received { kept } else { 0 });
            prop_assert_eq!(-at(RefundsPayable), rows.on_their_way.iter().sum::<i64>());
            prop_assert_eq!(at(Clearing), rows.paid + rows.surplus - rows.back);
        }
    }
}
