//! Pure decisions: what WeChat is to have of an order, and when it is told and asked.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use entity::parcel::{self, ParcelStatus};

use crate::base::crypto::sha256;
use crate::error::{Code, Detail, Refusal};

/// Parcels that a record of WeChat's holds.
pub const MAX_PARCELS: usize = 15;
/// How often WeChat takes a complete record once more.
pub const CORRECTIONS: i32 = 1;
/// Between two questions about the same money.
pub const POLL_EVERY: Duration = Duration::days(1);

/// A parcel that has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// As the brand's people named it.
    pub carrier: String,
    pub tracking_no: String,
    pub pieces: i32,
}

/// What WeChat is to have of each payment of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub is_split: bool,
    /// Whether nothing more is to come.
    pub is_complete: bool,
    pub parcels: Vec<Listed>,
}

impl Content {
    /// The same for the same content only.
    pub fn digest(&self) -> String {
        let parcels: Vec<_> = self.parcels.iter().map(|one| (&one.carrier, &one.tracking_no)).collect();
        let text = serde_json::to_vec(&(self.is_split, self.is_complete, parcels)).expect("texts serialise");
        hex::encode(sha256(&text))
    }
}

/// What is told of an order's parcels; `None` before the first has left. `is_all` says that all pieces are on the
/// way, `was_split` how the order was told of before: another way would use up the one correction. Of more parcels
/// than WeChat holds, the first ones are told; the last one completes them all the same.
pub fn content(parcels: &[parcel::Model], is_all: bool, was_split: bool) -> Option<Content> {
    let mut left: Vec<_> = parcels.iter().filter(|parcel| parcel.status != ParcelStatus::Packing).collect();
    left.sort_by_key(|parcel| (parcel.shipped_at, parcel.id));
    let is_split = was_split || left.len() > 1 || !is_all;
    let listed = |parcel: &parcel::Model| {
        let (carrier, tracking_no) = (parcel.carrier.clone()?, parcel.tracking_no.clone()?);
        Some(Listed { carrier, tracking_no, pieces: parcel.pieces })
    };
    let parcels: Vec<_> = left.into_iter().filter_map(listed).take(MAX_PARCELS).collect();
    (!parcels.is_empty()).then_some(Content { is_split, is_complete: is_all, parcels })
}

/// WeChat's time of a new content: now, in whole milliseconds, and later than that of the one before.
pub fn content_at(before: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    let now = now.trunc_subsecs(3);
    before.map_or(now, |before| now.max(before.trunc_subsecs(3) + Duration::milliseconds(1)))
}

/// When to try again after `tries` failures: 30 s, doubling up to an hour.
pub fn next_try(tries: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = 30i64 << tries.clamp(0, 7);
    now + Duration::seconds(seconds.min(3600))
}

pub fn not_left() -> Refusal {
    Refusal::wrong_state(
        "packing",
        "This parcel has not left yet; hand it to the carrier with dispatchParcels.",
        "该包裹尚未发出，请直接使用 dispatchParcels 发货。",
    )
    .field("parcelId")
}

pub fn over() -> Refusal {
    Refusal::wrong_state(
        "settled",
        "The money of this order has settled; WeChat takes no correction any more. Tell the buyer the right tracking number.",
        "该订单资金已结算，微信不再接受更正。如有需要，请直接告知买家正确的运单号。",
    )
    .field("parcelId")
}

pub fn correction_used() -> Refusal {
    Refusal::new(
        Code::LimitReached,
        "WeChat lets complete shipping information be corrected once, and this order's has been. Tell the buyer the right tracking number; WeChat keeps showing the one it has.",
        "微信仅允许对已完成发货的订单更正一次物流信息，该订单已更正过。请直接告知买家正确的运单号，微信侧信息将保持不变。",
    )
    .detail(Detail::LimitReached { limit: CORRECTIONS })
    .field("parcelId")
}

pub fn nothing_to_retry() -> Refusal {
    Refusal::wrong_state(
        "going_on",
        "Nothing of this order is stuck: what WeChat is to be told is on its way or was taken. Load the order again.",
        "该订单没有需要重试的上报：信息正在提交或已被微信接收，请刷新订单。",
    )
    .field("orderId")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap()
    }

    fn parcel(number: u128, status: ParcelStatus) -> parcel::Model {
        let left = status != ParcelStatus::Packing;
        parcel::Model {
            brand_id: Uuid::nil(),
            id: Uuid::from_u128(number),
            order_id: Uuid::nil(),
            batch_id: Uuid::nil(),
            shipment_id: Uuid::nil(),
            status,
            carrier: left.then(|| "SF".to_owned()),
            tracking_no: left.then(|| format!("SF{number}")),
            pieces: 1,
            shipped_at: left.then(start),
            received_at: None,
            created_at: start(),
        }
    }

    #[test]
    fn one_parcel_is_told_at_once_and_several_piece_by_piece() {
        use ParcelStatus::{Packing, Received, Shipped};
        let told = |parcels: &[parcel::Model], is_all| content(parcels, is_all, false);
        assert_eq!(told(&[parcel(1, Packing)], false), None);
        let one = told(&[parcel(1, Shipped)], true).unwrap();
        assert!(!one.is_split && one.is_complete);
        let first = told(&[parcel(1, Received), parcel(2, Packing)], false).unwrap();
        assert!(first.is_split && !first.is_complete && first.parcels.len() == 1);
        let both = content(&[parcel(2, Shipped), parcel(1, Received)], true, first.is_split).unwrap();
        assert!(both.is_split && both.is_complete);
        assert_eq!(both.parcels.iter().map(|one| one.tracking_no.as_str()).collect::<Vec<_>>(), ["SF1", "SF2"]);
        let rest_refunded = content(&[parcel(1, Received)], true, first.is_split).unwrap();
        assert!(rest_refunded.is_split, "as it was told before");
    }

    #[test]
    fn a_time_rises_also_on_a_clock_that_stands() {
        let first = content_at(None, start());
        assert!(content_at(Some(first), start()) > first);
        assert_eq!(content_at(Some(first), start() + Duration::seconds(1)), start() + Duration::seconds(1));
    }

    #[test]
    fn tries_become_seldom() {
        let waits: Vec<_> = [0, 1, 7, 40].map(|n| (next_try(n, start()) - start()).num_seconds()).into();
        assert_eq!(waits, [30, 60, 3600, 3600]);
    }

    proptest! {
        #[test]
        fn what_was_told_stays_told_while_parcels_leave_one_by_one(count in 1usize..30, seed in any::<u64>()) {
            let mut parcels: Vec<_> = (0..count).map(|n| parcel(n as u128 + 1, ParcelStatus::Packing)).collect();
            let mut order: Vec<usize> = (0..count).collect();
            order.sort_by_key(|n| (*n as u64 + 1).wrapping_mul(seed | 1));
            let mut before: Option<Content> = None;
            for (step, place) in order.into_iter().enumerate() {
                parcels[place] = parcel(place as u128 + 1, ParcelStatus::Shipped);
                parcels[place].shipped_at = Some(start() + Duration::seconds(step as i64));
                let is_all = step + 1 == count;
                let was_split = before.as_ref().is_some_and(|before| before.is_split);
                let now = content(&parcels, is_all, was_split).unwrap();
                prop_assert!(now.parcels.len() <= MAX_PARCELS);
                prop_assert_eq!(now.is_complete, is_all);
                if let Some(before) = before {
                    prop_assert_eq!(now.is_split, before.is_split);
                    prop_assert!(now.parcels.starts_with(&before.parcels));
                    prop_assert_ne!(now.digest(), before.digest());
                }
                before = Some(now).filter(|now| now.parcels.len() < MAX_PARCELS);
            }
        }
    }
}
