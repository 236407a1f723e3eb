//! Pure decisions: who is held out, when it is quiet, what a message says.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use entity::subscribe_message::MessagePurpose;
use uuid::Uuid;

use crate::base::crypto::sha256;
use crate::base::money::Money;
use crate::wechat::fit;

/// No subscribe message goes out from this hour of the evening, in the brand's time zone …
const QUIET_FROM: u32 = 22;
/// … until this hour of the morning.
const QUIET_UNTIL: u32 = 8;

/// The keywords of a template, to be chosen in this order in WeChat's console, which wants each of them filled.
pub const fn keywords(purpose: MessagePurpose) -> [&'static str; 3] {
    match purpose {
        // What it is about, how much it is, until when.
        MessagePurpose::Presale | MessagePurpose::Balance | MessagePurpose::Transfer => ["thing1", "amount2", "time3"],
        // The presale, its new ship-by date, until when to answer.
        MessagePurpose::Promise => ["thing1", "date2", "time3"],
    }
}

/// What a message says by keyword: `texts` in the order of its keywords, made to fit.
pub fn message(purpose: MessagePurpose, texts: [&str; 3]) -> BTreeMap<String, String> {
    keywords(purpose).into_iter().zip(texts).map(|(key, text)| (key.to_owned(), fit(key, text))).collect()
}

/// Where a message leads; `id` is the TypeID of what it is about.
pub fn page(purpose: MessagePurpose, id: impl Display) -> String {
    let page = match purpose {
        MessagePurpose::Presale => "presale",
        MessagePurpose::Balance | MessagePurpose::Promise => "order",
        MessagePurpose::Transfer => "transfer",
    };
    format!("pages/{page}/index?id={id}")
}

/// Whether a member is in the hold-out group of a presale: the same answer each time, and a larger
/// percentage holds out everyone a smaller one does.
pub fn is_held_out(presale_id: Uuid, member_id: Uuid, percent: i32) -> bool {
    let hash = sha256(&[presale_id.as_bytes().as_slice(), member_id.as_bytes().as_slice()].concat());
    let number = hash.iter().take(4).fold(0u32, |sum, byte| (sum << 8) | u32::from(*byte));
    i64::from(number % 100) < i64::from(percent)
}

/// When the quiet hours that `now` lies in are over; `None` outside of them.
pub fn quiet_until(now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    let local = now.with_timezone(&zone).naive_local();
    let (night, morning) = (hour(QUIET_FROM), hour(QUIET_UNTIL));
    let day = if local.time() >= night {
        local.date().checked_add_days(Days::new(1))?
    } else if local.time() < morning {
        local.date()
    } else {
        return None;
    };
    // A clock that is set forward may skip the hour; then the quiet ends when the clock has moved on.
    let ends = zone.from_local_datetime(&day.and_time(morning)).earliest();
    Some(ends.map_or_else(|| now + chrono::Duration::hours(1), |ends| ends.with_timezone(&Utc)))
}

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour of the day")
}

/// The keywords of the message about an opened presale.
pub fn presale_message(
    title: &str,
    price: i64,
    currency: &str,
    closes_at: DateTime<Utc>,
    zone: Tz,
) -> BTreeMap<String, String> {
    let price = Money::new(price, currency).formatted;
    message(MessagePurpose::Presale, [title, &price, &local_time(closes_at, zone)])
}

/// A day as WeChat's `date` keyword reads it.
pub fn day(date: NaiveDate) -> String {
    date.format("%Y年%m月%d日").to_string()
}

/// An instant as WeChat's `time` keyword and people read it.
pub fn local_time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y年%m月%d日 %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHANGHAI: Tz = Tz::Asia__Shanghai;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn the_end_of_the_quiet_hours_is_never_quiet_and_never_far(
            seconds in 1_700_000_000i64..1_900_000_000,
            zone in prop::sample::select(vec![SHANGHAI, Tz::Europe__Berlin, Tz::America__New_York, Tz::Asia__Kathmandu])
        ) {
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            if let Some(end) = quiet_until(now, zone) {
                prop_assert!(end > now && end - now <= chrono::Duration::hours(11));
                prop_assert_eq!(quiet_until(end, zone), None);
            }
        }

        #[test]
        fn a_larger_share_holds_out_whom_a_smaller_one_does(presale: u128, member: u128, small in 0..100i32) {
            let (presale, member) = (Uuid::from_u128(presale), Uuid::from_u128(member));
            if is_held_out(presale, member, small) {
                prop_assert!(is_held_out(presale, member, small + 1));
            }
            prop_assert!(!is_held_out(presale, member, 0) && is_held_out(presale, member, 100));
        }
    }

    #[test]
    fn a_fifth_is_about_a_fifth_and_differs_between_presales() {
        let group = |presale: u128| {
            let held_out = |member: &u128| is_held_out(Uuid::from_u128(presale), Uuid::from_u128(*member), 20);
            (0..5_000u128).filter(held_out).collect::<Vec<_>>()
        };
        assert!((900..1_100).contains(&group(1).len()), "{}", group(1).len());
        assert_ne!(group(1), group(2));
    }

    #[test]
    fn the_night_in_shanghai_is_quiet() {
        assert_eq!(quiet_until(at("2026-03-02T13:59:59Z"), SHANGHAI), None);
        assert_eq!(quiet_until(at("2026-03-02T14:00:00Z"), SHANGHAI), Some(at("2026-03-03T00:00:00Z")));
        assert_eq!(quiet_until(at("2026-03-02T23:30:00Z"), SHANGHAI), Some(at("2026-03-03T00:00:00Z")));
        assert_eq!(quiet_until(at("2026-03-03T00:00:00Z"), SHANGHAI), None);
    }

    #[test]
    fn a_message_fits_its_keywords() {
        let title = "一件名字特别特别特别特别特别特别长的衬衫预售";
        let message = presale_message(title, 19_900, "CNY", at("2026-03-05T12:00:00Z"), SHANGHAI);
        assert_eq!(message["thing1"].chars().count(), 20);
        assert_eq!(message["amount2"], "¥199.00");
        assert_eq!(message["time3"], "2026年03月05日 20:00");
    }
}
