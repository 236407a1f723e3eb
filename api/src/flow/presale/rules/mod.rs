//! Pure decisions: the state machine, what a draft may say, when it has succeeded.

pub mod plan;

use std::collections::BTreeSet;

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::presale::{self, PresaleStatus};
use serde::Serialize;
use uuid::Uuid;

use self::plan::{Plan, Tier};
use crate::base::text;
use crate::error::{Code, Detail, Refusal, Result};

/// WeChat takes no order that ships later than this after payment (WeChat shipping rules: presale).
pub const MAX_PROMISE_DAYS: u64 = 330;
/// Buyers pay from the first day on, so a long window eats up the days that the promise may take.
pub const MAX_WINDOW: Duration = Duration::days(90);
const MAX_SKUS: usize = 200;
const MAX_CAP: i32 = 1_000_000;
/// 1,000,000 yuan: a guard against a price typed in the wrong unit.
const MAX_PRICE: i64 = 100_000_000;
/// 30 %: a guard against a share typed in the wrong unit.
const MAX_COMMISSION_BP: i64 = 3_000;

/// A colour and size as a merchandiser enters it.
#[derive(Clone, Debug, Serialize)]
pub struct Sku {
    pub color: String,
    pub size: String,
    /// GB/T 1335 designation, `160/84A`.
    pub size_designation: Option<String>,
    /// Pieces that may be sold.
    pub cap: i32,
}

/// Everything a merchandiser says about a presale.
#[derive(Clone, Debug, Serialize)]
pub struct Terms {
    pub title: String,
    /// In matrix order.
    pub skus: Vec<Sku>,
    /// Fen per piece.
    pub price: i64,
    pub plan: Plan,
    /// From fewer pieces to more.
    pub tiers: Vec<Tier>,
    pub member_limit: i32,
    pub moq: i32,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    pub promise_date: NaiveDate,
    /// Empty: every member of the brand.
    pub community_ids: Vec<Uuid>,
    /// Of an order, to the KOC who brought it, in hundredths of a percent.
    pub commission_bp: i32,
    pub hold_out_percent: i32,
}

/// What can happen to a presale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Schedule,
    Open,
    Close,
    /// Its whole window passed before it could be opened.
    Miss,
    Succeed,
    Fail,
    Cancel,
    /// The brand does not keep its word: it had succeeded.
    Withdraw,
}

impl Event {
    /// As it stands in history and event names.
    pub fn name(self) -> &'static str {
        match self {
            Event::Schedule => "scheduled",
            Event::Open => "opened",
            Event::Close => "closed",
            Event::Miss => "missed",
            Event::Succeed => "succeeded",
            Event::Fail => "failed",
            Event::Cancel => "cancelled",
            Event::Withdraw => "withdrawn",
        }
    }
}

/// The state after `event`, or `None` when it cannot happen in `from`.
pub fn next(from: PresaleStatus, event: Event) -> Option<PresaleStatus> {
    use PresaleStatus::*;
    match (from, event) {
        (Draft, Event::Schedule) => Some(Scheduled),
        (Scheduled, Event::Open) => Some(Open),
        (Open, Event::Close) | (Scheduled, Event::Miss) => Some(Closed),
        (Closed, Event::Succeed) => Some(Succeeded),
        (Closed, Event::Fail) => Some(Failed),
        (Draft | Scheduled | Open | Closed, Event::Cancel) | (Succeeded, Event::Withdraw) => Some(Cancelled),
        (
            Draft | Scheduled | Open | Closed | Succeeded | Failed | Cancelled,
            Event::Schedule
            | Event::Open
            | Event::Close
            | Event::Miss
            | Event::Succeed
            | Event::Fail
            | Event::Cancel
            | Event::Withdraw,
        ) => None,
    }
}

/// Whether the terms may still be edited.
pub fn is_editable(status: PresaleStatus) -> bool {
    matches!(status, PresaleStatus::Draft | PresaleStatus::Scheduled)
}

/// `Succeed` when enough was paid, else `Fail`.
pub fn verdict(paid_pieces: i64, moq: i32) -> Event {
    if paid_pieces >= i64::from(moq) { Event::Succeed } else { Event::Fail }
}

/// Says why nothing can be ordered now.
pub fn not_selling(presale: &presale::Model) -> Refusal {
    let title = &presale.title;
    let (at, en, zh) = match presale.status {
        PresaleStatus::Draft | PresaleStatus::Scheduled => {
            (presale.opens_at, format!("“{title}” has not opened yet."), format!("“{title}”尚未开始。"))
        }
        _ => (
            presale.closed_at.unwrap_or(presale.closes_at),
            format!("“{title}” is closed; look for the next presale."),
            format!("“{title}”已结束，请关注下一场预售。"),
        ),
    };
    Refusal::new(Code::Closed, en, zh).detail(Detail::Closed { at: Some(at) })
}

/// Checks what a merchandiser typed; texts come back trimmed. `zone` is the brand's.
pub fn check_terms(terms: &Terms, zone: Tz) -> Result<Terms> {
    let title = text::required("title", &terms.title, 60)?;
    range("price", terms.price, 1, MAX_PRICE)?;
    range("memberLimit", terms.member_limit.into(), 1, 999)?;
    range("moq", terms.moq.into(), 1, MAX_CAP.into())?;
    range("commissionBp", terms.commission_bp.into(), 0, MAX_COMMISSION_BP)?;
    range("holdOutPercent", terms.hold_out_percent.into(), 0, 100)?;
    plan::check_tiers(terms.price, &terms.tiers)?;
    plan::check_plan(terms.plan, terms.price, &terms.tiers)?;
    check_window(terms, zone)?;
    Ok(Terms { title, skus: check_skus(&terms.skus)?, ..terms.clone() })
}

fn range(field: &str, value: i64, min: i64, max: i64) -> Result<(), Refusal> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(Refusal::invalid(
        field,
        format!("“{field}” must be {min} to {max}, not {value}."),
        format!("“{field}”须在 {min} 到 {max} 之间，而不是 {value}。"),
    ))
}

fn check_window(terms: &Terms, zone: Tz) -> Result<(), Refusal> {
    let (opens_at, closes_at, promise) = (terms.opens_at, terms.closes_at, terms.promise_date);
    if closes_at <= opens_at {
        return Err(Refusal::invalid(
            "closesAt",
            "A presale must close after it opens.",
            "预售的结束时间须晚于开始时间。",
        ));
    }
    if closes_at - opens_at > MAX_WINDOW {
        let days = MAX_WINDOW.num_days();
        return Err(Refusal::invalid(
            "closesAt",
            format!("A presale is open for at most {days} days; close it earlier or make two of it."),
            format!("预售最长开放 {days} 天，请提前结束时间或分两场进行。"),
        ));
    }
    // Nothing is made before its balance is paid.
    let paid_by = closes_at + Duration::days(terms.plan.balance_days().into());
    let (first_day, last_day) = (opens_at.with_timezone(&zone).date_naive(), paid_by.with_timezone(&zone).date_naive());
    let latest = first_day.checked_add_days(Days::new(MAX_PROMISE_DAYS)).unwrap_or(NaiveDate::MAX);
    if promise < last_day || promise > latest {
        return Err(Refusal::invalid(
            "promiseDate",
            format!(
                "The promise date must be {last_day} to {latest}: not before the presale closes and its balance is paid, and at most {MAX_PROMISE_DAYS} days after its first buyer pays."
            ),
            format!(
                "承诺发货日须在 {last_day} 至 {latest} 之间：不早于预售结束日及尾款截止日，且距最早付款日（开始日）不超过 {MAX_PROMISE_DAYS} 天。"
            ),
        ));
    }
    Ok(())
}

fn check_skus(skus: &[Sku]) -> Result<Vec<Sku>> {
    if skus.is_empty() || skus.len() > MAX_SKUS {
        return Err(Refusal::invalid(
            "skus",
            format!("A presale has 1 to {MAX_SKUS} SKUs."),
            format!("一场预售须有 1 至 {MAX_SKUS} 个 SKU。"),
        )
        .into());
    }
    let mut seen = BTreeSet::new();
    let mut checked = Vec::with_capacity(skus.len());
    for sku in skus {
        let color = text::required("skus.color", &sku.color, 20)?;
        let size = text::required("skus.size", &sku.size, 20)?;
        range("skus.cap", sku.cap.into(), 0, MAX_CAP.into())?;
        if !seen.insert((color.clone(), size.clone())) {
            return Err(Refusal::invalid(
                "skus",
                format!("{color} / {size} is there twice; each colour and size once."),
                format!("{color} / {size} 重复出现，每个颜色和尺码只能有一个。"),
            )
            .into());
        }
        let size_designation = text::optional("skus.sizeDesignation", sku.size_designation.as_deref(), 20)?;
        checked.push(Sku { color, size, size_designation, cap: sku.cap });
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use entity::presale::PresaleStatus as S;
    use proptest::prelude::*;

    const EVENTS: [Event; 8] = [
        Event::Schedule,
        Event::Open,
        Event::Close,
        Event::Miss,
        Event::Succeed,
        Event::Fail,
        Event::Cancel,
        Event::Withdraw,
    ];

    fn terms() -> Terms {
        Terms {
            title: " Linen dress ".into(),
            skus: vec![Sku { color: "红".into(), size: "M".into(), size_designation: None, cap: 10 }],
            price: 19_900,
            plan: Plan::Full,
            tiers: vec![],
            member_limit: 2,
            moq: 5,
            opens_at: Utc.with_ymd_and_hms(2026, 3, 1, 2, 0, 0).unwrap(),
            closes_at: Utc.with_ymd_and_hms(2026, 3, 7, 17, 0, 0).unwrap(),
            promise_date: NaiveDate::from_ymd_opt(2026, 3, 8).unwrap(),
            community_ids: vec![],
            commission_bp: 0,
            hold_out_percent: 0,
        }
    }

    proptest! {
        #[test]
        fn it_ends_for_good_and_never_skips_closing(events in proptest::collection::vec(0..EVENTS.len(), 0..40)) {
            let mut path = vec![S::Draft];
            for event in events {
                let now = *path.last().unwrap();
                if let Some(then) = next(now, EVENTS[event]) {
                    prop_assert!(!matches!(now, S::Failed | S::Cancelled));
                    prop_assert!(now != S::Succeeded || EVENTS[event] == Event::Withdraw);
                    path.push(then);
                }
            }
            if path.contains(&S::Succeeded) || path.contains(&S::Failed) {
                let opened = path.starts_with(&[S::Draft, S::Scheduled, S::Open, S::Closed]);
                prop_assert!(opened || path.starts_with(&[S::Draft, S::Scheduled, S::Closed]));
            }
            prop_assert!(path.len() <= 6);
        }
    }

    #[test]
    fn the_promise_is_counted_in_the_brands_days() {
        // 17:00 UTC on the 7th is the 8th in Shanghai.
        let shanghai = chrono_tz::Asia::Shanghai;
        assert_eq!(check_terms(&terms(), shanghai).unwrap().title, "Linen dress");
        let too_early = Terms { promise_date: NaiveDate::from_ymd_opt(2026, 3, 7).unwrap(), ..terms() };
        assert!(check_terms(&too_early, shanghai).is_err());
        // From the day it opens: the first buyer pays then and waits the longest.
        let day = |days| NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + Days::new(days);
        assert!(check_terms(&Terms { promise_date: day(330), ..terms() }, shanghai).is_ok());
        assert!(check_terms(&Terms { promise_date: day(331), ..terms() }, shanghai).is_err());
    }

    proptest! {
        #[test]
        fn no_accepted_promise_is_further_from_any_payment_than_wechat_allows(
            open_minutes in 0..(120 * 24 * 60i64), promised in 0..500u64, paid_at in 0.0..=1.0f64
        ) {
            let zone = chrono_tz::Asia::Shanghai;
            let opens_at = terms().opens_at;
            let window = Duration::minutes(open_minutes);
            let promise_date = opens_at.with_timezone(&zone).date_naive() + Days::new(promised);
            let asked = Terms { closes_at: opens_at + window, promise_date, ..terms() };
            if check_terms(&asked, zone).is_ok() {
                prop_assert!(window <= MAX_WINDOW);
                let paid = opens_at + Duration::minutes((open_minutes as f64 * paid_at) as i64);
                let waits = (promise_date - paid.with_timezone(&zone).date_naive()).num_days();
                prop_assert!((0..=330).contains(&waits));
            }
        }
    }

    #[test]
    fn a_window_is_at_most_ninety_days() {
        let zone = chrono_tz::Asia::Shanghai;
        let promise_date = NaiveDate::from_ymd_opt(2026, 6, 15).unwrap();
        let closing = |after| Terms { closes_at: terms().opens_at + after, promise_date, ..terms() };
        assert!(check_terms(&closing(Duration::days(90)), zone).is_ok());
        assert!(check_terms(&closing(Duration::days(90) + Duration::seconds(1)), zone).is_err());
    }

    #[test]
    fn the_promise_leaves_time_to_pay_the_balance() {
        let zone = chrono_tz::Asia::Shanghai;
        let plan = Plan::Prepayment(plan::FirstLeg { amount: 1_000, balance_days: 3 });
        let on = |day| Terms { plan, promise_date: NaiveDate::from_ymd_opt(2026, 3, day).unwrap(), ..terms() };
        assert!(check_terms(&on(10), zone).is_err());
        assert!(check_terms(&on(11), zone).is_ok());
    }

    #[test]
    fn impossible_terms_are_refused() {
        let zone = chrono_tz::Asia::Shanghai;
        let twice = Terms { skus: [terms().skus, terms().skus].concat(), ..terms() };
        assert!(check_terms(&twice, zone).is_err());
        assert!(check_terms(&Terms { skus: vec![], ..terms() }, zone).is_err());
        assert!(check_terms(&Terms { price: 0, ..terms() }, zone).is_err());
        for (commission_bp, fits) in [(-1, false), (0, true), (3_000, true), (3_001, false)] {
            assert_eq!(check_terms(&Terms { commission_bp, ..terms() }, zone).is_ok(), fits, "{commission_bp}");
        }
        assert!(check_terms(&Terms { closes_at: terms().opens_at, ..terms() }, zone).is_err());
    }

    #[test]
    fn the_target_itself_is_enough() {
        assert_eq!(verdict(5, 5), Event::Succeed);
        assert_eq!(verdict(4, 5), Event::Fail);
    }
}
