//! Pure decisions: what makes a payment believable, when to ask again.

use chrono::{DateTime, Duration, Utc};
use entity::payment_attempt;
use entity::refund::RefundStatus;

use crate::wechat::pay::{self, Transaction};

/// How long WeChat lets a prepay id be paid (WeChat Pay v3 docs: JSAPI order).
pub const PREPAY_LIFE: Duration = Duration::hours(2);
/// WeChat refuses a `time_expire` less than a minute ahead; five seconds for the way there.
pub const MIN_TIME_TO_PAY: Duration = Duration::seconds(65);
/// When an unpaid order is asked for, counted from its prepay: notifications may be late or lost.
const POLLS: [Duration; 4] =
    [Duration::seconds(10), Duration::seconds(30), Duration::minutes(2), Duration::minutes(10)];

/// Why a paid transaction must not settle this attempt, or `None` when all of it agrees.
pub fn mismatch(attempt: &payment_attempt::Model, currency: &str, openid: &str, paid: &Transaction) -> Option<String> {
    if paid.transaction_id.is_none() {
        return Some("it has no transaction id".into());
    }
    if paid.amount_fen != Some(attempt.amount) {
        return Some(format!("it is over {:?} fen, the attempt over {}", paid.amount_fen, attempt.amount));
    }
    if paid.currency.as_deref() != Some(currency) {
        return Some(format!("it is in {:?}, the order in {currency}", paid.currency));
    }
    if paid.openid.as_deref() != Some(openid) {
        return Some("someone else than the buyer paid it".into());
    }
    None
}

/// When to ask next about an attempt whose prepay was made at `prepaid_at`; `None` after the last time.
pub fn next_poll(prepaid_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    POLLS.iter().map(|after| prepaid_at + *after).find(|at| *at > now)
}

/// When to ask next about a refund on its way, after `attempts` calls: 30 s, doubling up to an hour.
pub fn next_refund_poll(attempts: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = 30i64 << attempts.clamp(0, 7);
    now + Duration::seconds(seconds.min(3600))
}

/// How `amount` fen are taken from what is `left` of several payments: from the last one first. `None` when
/// they do not cover it.
pub fn shares(left: &[i64], amount: i64) -> Option<Vec<i64>> {
    let mut open = amount;
    let mut shares = vec![0; left.len()];
    for (share, left) in shares.iter_mut().zip(left).rev() {
        *share = open.min(*left);
        open -= *share;
    }
    (open == 0).then_some(shares)
}

/// Fen owed on `amount` that came back later than it should: `basis_points` a year, by the day begun, in
/// favour of the buyer.
pub fn interest(amount: i64, basis_points: i32, due_at: DateTime<Utc>, back_at: DateTime<Utc>) -> i64 {
    let late = (back_at - due_at).num_seconds().max(0);
    let days = i128::from(late).div_euclid(86_400) + i128::from(late % 86_400 > 0);
    let (yearly, year) = (i128::from(amount) * i128::from(basis_points), 10_000 * 365);
    i64::try_from((yearly * days + year - 1) / year).unwrap_or(i64::MAX)
}

/// The state a refund takes from WeChat's word; `None` when that word changes nothing.
pub fn next_refund(from: RefundStatus, said: pay::RefundStatus) -> Option<RefundStatus> {
    use RefundStatus::*;
    match (from, said) {
        (Pending | Processing | Abnormal, pay::RefundStatus::Success) => Some(Succeeded),
        (Pending | Processing | Abnormal, pay::RefundStatus::Closed) => Some(Closed),
        (Pending | Processing, pay::RefundStatus::Abnormal) => Some(Abnormal),
        (Pending, pay::RefundStatus::Processing | pay::RefundStatus::Unknown) => Some(Processing),
        // News may come late or twice: an end stays, and nothing goes back to an earlier state.
        (Succeeded | Closed, _)
        | (Abnormal, pay::RefundStatus::Abnormal | pay::RefundStatus::Processing | pay::RefundStatus::Unknown)
        | (Processing, pay::RefundStatus::Processing | pay::RefundStatus::Unknown) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::pay::TradeState;
    use entity::payment_attempt::PaymentAttemptStatus;
    use proptest::prelude::*;
    use uuid::Uuid;

    const SAID: [pay::RefundStatus; 5] = [
        pay::RefundStatus::Success,
        pay::RefundStatus::Closed,
        pay::RefundStatus::Processing,
        pay::RefundStatus::Abnormal,
        pay::RefundStatus::Unknown,
    ];

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap()
    }

    fn attempt() -> payment_attempt::Model {
        payment_attempt::Model {
            brand_id: Uuid::nil(),
            id: Uuid::nil(),
            leg_id: Uuid::nil(),
            order_id: Uuid::nil(),
            out_trade_no: "n".into(),
            amount: 100,
            status: PaymentAttemptStatus::Prepaid,
            prepay_id: None,
            prepay_expires_at: None,
            expires_at: start(),
            refunded: 0,
            transaction_id: None,
            paid_at: None,
            settles: false,
            created_at: start(),
        }
    }

    fn paid() -> Transaction {
        Transaction {
            appid: "a".into(),
            mchid: "m".into(),
            out_trade_no: "n".into(),
            transaction_id: Some("t".into()),
            trade_state: TradeState::Success,
            amount_fen: Some(100),
            currency: Some("CNY".into()),
            openid: Some("o".into()),
            success_time: None,
            attach: None,
        }
    }

    #[test]
    fn every_part_of_a_payment_must_agree() {
        let check = |paid: Transaction| mismatch(&attempt(), "CNY", "o", &paid);
        assert_eq!(check(paid()), None);
        assert!(check(Transaction { amount_fen: Some(99), ..paid() }).is_some());
        assert!(check(Transaction { amount_fen: None, ..paid() }).is_some());
        assert!(check(Transaction { currency: Some("USD".into()), ..paid() }).is_some());
        assert!(check(Transaction { openid: Some("x".into()), ..paid() }).is_some());
        assert!(check(Transaction { openid: None, ..paid() }).is_some());
        assert!(check(Transaction { transaction_id: None, ..paid() }).is_some());
    }

    #[test]
    fn an_unpaid_order_is_asked_for_four_times() {
        let (mut now, mut asked) = (start(), Vec::new());
        while let Some(at) = next_poll(start(), now) {
            asked.push((at - start()).num_seconds());
            now = at;
        }
        assert_eq!(asked, [10, 30, 120, 600]);
    }

    #[test]
    fn a_refund_is_asked_for_ever_more_seldom() {
        let waits: Vec<_> = [0, 1, 6, 7, 40].map(|n| (next_refund_poll(n, start()) - start()).num_seconds()).into();
        assert_eq!(waits, [30, 60, 1920, 3600, 3600]);
    }

    #[test]
    fn a_day_late_costs_a_days_interest_and_in_time_costs_none() {
        let due = start();
        let owed = |seconds| interest(1_000_000, 365, due, due + Duration::seconds(seconds));
        assert_eq!([-5, 0, 1, 86_400, 86_401].map(owed), [0, 0, 100, 100, 200]);
        assert_eq!(interest(1, 300, due, due + Duration::days(1)), 1, "rounded up, in favour of the buyer");
    }

    proptest! {
        #[test]
        fn a_refund_is_shared_out_exactly_and_touches_the_first_payment_last(
            left in proptest::collection::vec(0..1_000i64, 0..4), amount in 0..3_000i64
        ) {
            match shares(&left, amount) {
                Some(shares) => {
                    prop_assert_eq!(shares.iter().sum::<i64>(), amount);
                    prop_assert!(shares.iter().zip(&left).all(|(share, left)| (0..=*left).contains(share)));
                    if let Some(taken) = shares.iter().position(|share| *share > 0) {
                        prop_assert_eq!(&shares[taken + 1..], &left[taken + 1..], "later ones are used up first");
                    }
                }
                None => prop_assert!(left.iter().sum::<i64>() < amount),
            }
        }

        #[test]
        fn a_refund_ends_once_in_whatever_order_the_news_comes(said in proptest::collection::vec(0..SAID.len(), 0..30)) {
            let (mut now, mut ends) = (RefundStatus::Pending, 0);
            for word in said {
                if let Some(then) = next_refund(now, SAID[word]) {
                    prop_assert_ne!(then, RefundStatus::Pending);
                    ends += i32::from(matches!(then, RefundStatus::Succeeded | RefundStatus::Closed));
                    now = then;
                }
            }
            prop_assert!(ends <= 1);
        }
    }
}
