use super::*;
use chrono::TimeZone;
use proptest::prelude::*;

const LIMITS: Limits = Limits { min: 10, max: 20_000 };

fn of(amount: i64) -> commission::Model {
    let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
    commission::Model {
        brand_id: Uuid::nil(),
        id: Uuid::nil(),
        order_id: Uuid::nil(),
        member_id: Uuid::nil(),
        base: 0,
        rate_bp: 0,
        amount,
        reversed: 0,
        paying: 0,
        paid: 0,
        currency: "CNY".to_owned(),
        status: CommissionStatus::Frozen,
        version: 1,
        available_at: now,
        matured_at: None,
        created_at: now,
    }
}

#[test]
fn a_share_is_cut_to_whole_fen() {
    assert_eq!(
        [(19_900, 1_000), (19_999, 1_000), (9, 1_000), (0, 3_000), (-5, 3_000)].map(|(b, r)| earned(b, r)),
        [1_990, 1_999, 0, 0, 0]
    );
}

#[test]
fn it_may_be_paid_when_the_month_after_the_receipt_is_over_on_the_brands_wall() {
    let shanghai = chrono_tz::Asia::Shanghai;
    let utc = |y, m, d, h, min| Utc.with_ymd_and_hms(y, m, d, h, min, 0).unwrap();
    // The last minute of March and the first of April in Shanghai are both of UTC's 31st of March.
    assert_eq!(available_at(utc(2026, 3, 31, 15, 59), shanghai), utc(2026, 4, 30, 16, 0));
    assert_eq!(available_at(utc(2026, 3, 31, 16, 0), shanghai), utc(2026, 5, 31, 16, 0));
    assert_eq!(available_at(utc(2026, 12, 15, 0, 0), shanghai), utc(2027, 1, 31, 16, 0), "into the next year");
    // Two hours east of UTC in winter.
    let beirut = chrono_tz::Asia::Beirut;
    assert_eq!(available_at(utc(2026, 1, 10, 0, 0), beirut), utc(2026, 2, 28, 22, 0));
}

#[test]
fn the_state_is_what_the_numbers_say() {
    use CommissionStatus::*;
    let matured = commission::Model { matured_at: Some(of(0).created_at), ..of(100) };
    let with = |reversed, paying, paid| status(&commission::Model { reversed, paying, paid, ..matured.clone() });
    assert_eq!((status(&of(100)), status(&matured)), (Frozen, Available));
    assert_eq!(status(&commission::Model { reversed: 100, ..of(100) }), Reversed);
    assert_eq!((with(0, 100, 0), with(0, 0, 100), with(100, 0, 0)), (Paying, Paid, Reversed));
    assert_eq!((with(30, 0, 100), with(30, -30, 100), with(30, 0, 70)), (Owing, Paying, Paid));
    assert_eq!((with(0, 0, 60), with(0, 40, 60)), (Available, Paying), "one of two transfers failed");
}

#[test]
fn a_cancelled_transfer_is_looked_at_soon_and_others_ever_more_seldom() {
    let start = of(0).created_at;
    let pause = |seconds, cancelling| {
        let now = start + Duration::seconds(seconds);
        (next_look(start, cancelling, now) - now).num_seconds()
    };
    assert_eq!([0, 400, 100_000].map(|seconds| pause(seconds, false)), [30, 100, 1_800]);
    assert_eq!(pause(100_000, true), 30);
}

const SAID: [TransferState; 9] = [
    TransferState::Accepted,
    TransferState::Processing,
    TransferState::WaitUserConfirm,
    TransferState::Transferring,
    TransferState::Success,
    TransferState::Fail,
    TransferState::Canceling,
    TransferState::Cancelled,
    TransferState::Unknown,
];

proptest! {
    #[test]
    fn transfers_carry_the_whole_and_each_is_within_the_limits(total in 0..10_000_000i64, max in 200..200_000i64) {
        let limits = Limits { max, ..LIMITS };
        match parts(total, limits) {
            None => prop_assert!(total < limits.min),
            Some(parts) => {
                prop_assert_eq!(parts.iter().sum::<i64>(), total);
                prop_assert!(parts.iter().all(|part| (limits.min..=limits.max).contains(part)));
                prop_assert!(parts.len() as i64 == (total + max - 1) / max, "no more than are needed");
            }
        }
    }

    #[test]
    fn every_fen_that_is_open_is_in_one_transfer(open in proptest::collection::vec(-3_000..30_000i64, 1..20)) {
        let open: Vec<_> = open.into_iter().filter(|fen| *fen != 0).collect();
        let open: Vec<_> = (1..).map(Uuid::from_u128).zip(open).collect();
        let total = open.iter().map(|(_, fen)| fen).sum();
        let Some(parts) = parts(total, LIMITS) else { return Ok(()) };
        let allotted = allot(&open, &parts);
        let sums: Vec<i64> = allotted.iter().map(|lines| lines.iter().map(|(_, fen)| fen).sum()).collect();
        prop_assert_eq!(sums, parts);
        for (id, fen) in open {
            let lines = allotted.iter().flatten().filter(|line| line.0 == id);
            prop_assert_eq!(lines.map(|line| line.1).sum::<i64>(), fen);
        }
        prop_assert!(allotted.iter().flatten().all(|line| line.1 != 0));
    }

    #[test]
    fn refunds_bring_a_commission_to_what_is_left_of_its_order_in_whatever_steps(
        paid in 1..1_000_000i64, rate_bp in 1..=3_000i32, refunds in proptest::collection::vec(1..400_000i64, 0..8)
    ) {
        let mut now = commission::Model { base: paid, rate_bp, ..of(earned(paid, rate_bp)) };
        let mut left = paid;
        for refund in refunds {
            left -= refund.min(left);
            let fen = reversal(&now, left);
            now.reversed += fen;
            prop_assert!(fen >= 0 && now.reversed <= now.amount);
            prop_assert_eq!(now.amount - now.reversed, earned(left, rate_bp));
            prop_assert_eq!(reversal(&now, left), 0, "the same news twice takes nothing back");
        }
    }

    #[test]
    fn a_transfer_ends_once_in_whatever_order_the_news_comes(said in proptest::collection::vec(0..SAID.len(), 0..30)) {
        let (mut now, mut ends) = (TransferStatus::Created, 0);
        for word in said {
            if let Some(then) = next(now, SAID[word]) {
                prop_assert!(rank(then) > rank(now));
                ends += i32::from(is_final(then));
                now = then;
            }
        }
        prop_assert!(ends <= 1);
    }
}
