//! Pure decisions: the states of a parcel and what they make of its order.

use chrono::Duration;
use entity::parcel::ParcelStatus;
use uuid::Uuid;

use crate::base::id::ParcelId;
use crate::error::Refusal;

/// Parcels in one dispatch.
pub const MAX_DISPATCH: usize = 200;
/// From receipt to completion.
pub const COMPLETE_AFTER: Duration = Duration::days(7);

/// What may happen to a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParcelEvent {
    Dispatched,
    Received,
}

/// Where `event` leads from `from`; `None` when it cannot happen there.
pub fn next(from: ParcelStatus, event: ParcelEvent) -> Option<ParcelStatus> {
    match (event, from) {
        (ParcelEvent::Dispatched, ParcelStatus::Packing) => Some(ParcelStatus::Shipped),
        (ParcelEvent::Received, ParcelStatus::Shipped) => Some(ParcelStatus::Received),
        _ => None,
    }
}

/// How far the parcels of an order have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arrived {
    /// Some pieces are not on the way yet.
    Partly,
    /// All pieces are on the way or there.
    AllShipped,
    /// All pieces are there.
    AllReceived,
}

/// Judges an order of `pieces` (refunded ones left out) by its parcels: status and pieces of each.
pub fn arrived(pieces: i32, parcels: &[(ParcelStatus, i32)]) -> Arrived {
    let there = |wanted: fn(ParcelStatus) -> bool| -> i32 {
        parcels.iter().filter(|(status, _)| wanted(*status)).map(|(_, pieces)| pieces).sum()
    };
    if there(|status| status == ParcelStatus::Received) >= pieces {
        Arrived::AllReceived
    } else if there(|status| status != ParcelStatus::Packing) >= pieces {
        Arrived::AllShipped
    } else {
        Arrived::Partly
    }
}

pub fn wrong_number(given: usize) -> Refusal {
    Refusal::invalid(
        "parcels",
        format!("Dispatch 1 to {MAX_DISPATCH} parcels at a time, each once; {given} were given."),
        format!("每次可发 1 至 {MAX_DISPATCH} 个包裹，不可重复；本次填写了 {given} 个。"),
    )
}

pub fn dispatched_before(parcel_id: Uuid) -> Refusal {
    let id = ParcelId::new(parcel_id);
    Refusal::wrong_state(
        "shipped",
        format!("Parcel {id} has been dispatched before; load the packing list again and leave it out."),
        format!("包裹 {id} 已发出，请刷新装箱单后去掉该包裹。"),
    )
    .field("parcels")
}

pub fn tracking_used(field: &str) -> Refusal {
    Refusal::invalid(
        field,
        "A tracking number is used for two parcels; each parcel has its own.",
        "运单号重复：每个包裹须使用各自的运单号。",
    )
}

pub fn nothing_on_its_way() -> Refusal {
    Refusal::wrong_state(
        "not_shipped",
        "No parcel of this order is on its way; there is nothing to confirm.",
        "该订单没有运输中的包裹，无需确认收货。",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn status() -> impl Strategy<Value = ParcelStatus> {
        prop::sample::select(vec![ParcelStatus::Packing, ParcelStatus::Shipped, ParcelStatus::Received])
    }

    proptest! {
        #[test]
        fn an_order_only_comes_nearer_whatever_happens_to_its_parcels(
            mut parcels in prop::collection::vec((status(), 1..4i32), 1..6),
            missing in 0..3i32,
            events in prop::collection::vec((0..6usize, any::<bool>()), 0..20)
        ) {
            let pieces = parcels.iter().map(|(_, pieces)| pieces).sum::<i32>() + missing;
            let mut before = arrived(pieces, &parcels);
            for (index, is_receipt) in events {
                let event = if is_receipt { ParcelEvent::Received } else { ParcelEvent::Dispatched };
                let index = index % parcels.len();
                if let Some(to) = next(parcels[index].0, event) {
                    parcels[index].0 = to;
                }
                let now = arrived(pieces, &parcels);
                prop_assert!(now >= before);
                prop_assert!(missing == 0 || now == Arrived::Partly);
                before = now;
            }
        }
    }

    #[test]
    fn an_order_is_received_when_its_last_parcel_is() {
        use ParcelStatus::{Packing, Received, Shipped};
        assert_eq!(arrived(2, &[(Received, 1), (Packing, 1)]), Arrived::Partly);
        assert_eq!(arrived(2, &[(Received, 1), (Shipped, 1)]), Arrived::AllShipped);
        assert_eq!(arrived(2, &[(Received, 1), (Received, 1)]), Arrived::AllReceived);
        assert_eq!(arrived(1, &[]), Arrived::Partly);
    }
}
