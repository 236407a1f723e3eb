//! Pure decisions: who is held out, when it is quiet, what a message says.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use crate::base::crypto::sha256;
use crate::base::money::Money;
use crate::wechat::fit;

/// No subscribe message goes out from this hour of the evening, in the brand's time zone …
const QUIET_FROM: u32 = 22;
/// … until this hour of the morning.
const QUIET_UNTIL: u32 = 8;

/// The page that a presale's message opens; `id` is the presale's TypeID.
const PRESALE_PAGE: &str = "pages/presale/index?id=";

/// Keywords of the brand's presale template, to be chosen in this order in WeChat's console.
const TITLE: &str = "thing1";
const PRICE: &str = "amount2";
const CLOSES_AT: &str = "time3";

/// All keywords, each of which WeChat wants filled.
pub const TEMPLATE_KEYS: &[&str] = &[TITLE, PRICE, CLOSES_AT];

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
    let closes_at = local_time(closes_at, zone);
    [(TITLE, title), (PRICE, &price), (CLOSES_AT, &closes_at)]
        .into_iter()
        .map(|(key, text)| (key.to_owned(), fit(key, text)))
        .collect()
}

/// An instant as WeChat's `time` keyword and people read it.
pub fn local_time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y年%m月%d日 %H:%M").to_string()
}

/// Where the message leads.
pub fn presale_page(presale: crate::base::id::PresaleId) -> String {
    format!("{PRESALE_PAGE}{presale}")
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
