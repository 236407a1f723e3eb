//! The states of a batch and the verbs that would work now.

use chrono::{DateTime, Utc};
use entity::batch::BatchStatus;

/// What may happen to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchEvent {
    Claimed,
    Accepted,
    Rejected,
    Lapsed,
    /// The first progress report.
    Started,
    /// Everything left the factory, or all that there will be.
    Shipped,
    Received,
    Closed,
    Cancelled,
}

impl BatchEvent {
    pub const ALL: [BatchEvent; 9] = [
        BatchEvent::Claimed,
        BatchEvent::Accepted,
        BatchEvent::Rejected,
        BatchEvent::Lapsed,
        BatchEvent::Started,
        BatchEvent::Shipped,
        BatchEvent::Received,
        BatchEvent::Closed,
        BatchEvent::Cancelled,
    ];

    /// As in event kinds: `batch.claimed`.
    pub fn name(self) -> &'static str {
        match self {
            BatchEvent::Claimed => "claimed",
            BatchEvent::Accepted => "accepted",
            BatchEvent::Rejected => "rejected",
            BatchEvent::Lapsed => "lapsed",
            BatchEvent::Started => "started",
            BatchEvent::Shipped => "shipped",
            BatchEvent::Received => "received",
            BatchEvent::Closed => "closed",
            BatchEvent::Cancelled => "cancelled",
        }
    }
}

/// Where `event` leads from `from`; `None` when it cannot happen there.
pub fn next(from: BatchStatus, event: BatchEvent) -> Option<BatchStatus> {
    use BatchStatus as S;
    match (event, from) {
        (BatchEvent::Claimed, S::Released) => Some(S::Leased),
        (BatchEvent::Accepted, S::Leased) => Some(S::Accepted),
        (BatchEvent::Rejected | BatchEvent::Lapsed, S::Leased) => Some(S::Released),
        (BatchEvent::Started, S::Accepted) => Some(S::InProduction),
        (BatchEvent::Shipped, S::InProduction) => Some(S::Shipped),
        (BatchEvent::Received, S::Shipped) => Some(S::Received),
        (BatchEvent::Closed, S::Received) => Some(S::Closed),
        (BatchEvent::Cancelled, S::Released | S::Leased | S::Accepted) => Some(S::Cancelled),
        _ => None,
    }
}

/// True when a factory holds the batch and nobody else may write to it.
pub fn is_held(status: BatchStatus) -> bool {
    matches!(status, BatchStatus::Leased | BatchStatus::Accepted | BatchStatus::InProduction)
}

/// True when a lease that is not accepted yet has run out at `now`.
pub fn has_lapsed(status: BatchStatus, lease_expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    status == BatchStatus::Leased && lease_expires_at.is_some_and(|end| end <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sea_orm::Iterable;

    proptest! {
        #[test]
        fn whatever_happens_a_finished_batch_stays_finished_and_production_is_never_cancelled(
            events in prop::collection::vec(prop::sample::select(BatchEvent::ALL.to_vec()), 0..60)
        ) {
            let (mut status, mut started) = (BatchStatus::Released, false);
            for event in events {
                let was = status;
                let Some(to) = next(status, event) else { continue };
                status = to;
                started |= event == BatchEvent::Started;
                prop_assert!(!matches!(was, BatchStatus::Closed | BatchStatus::Cancelled));
                prop_assert!(!(started && matches!(status, BatchStatus::Cancelled | BatchStatus::Released)));
            }
        }
    }

    #[test]
    fn only_a_claim_gives_a_batch_to_a_factory() {
        for from in BatchStatus::iter().filter(|status| !is_held(*status)) {
            for event in BatchEvent::ALL {
                let leads_to_holding = next(from, event).is_some_and(is_held);
                assert_eq!(leads_to_holding, from == BatchStatus::Released && event == BatchEvent::Claimed);
            }
        }
    }

    #[test]
    fn a_lease_lapses_at_its_end_and_only_while_it_is_not_accepted() {
        let end = DateTime::from_timestamp(1_000, 0);
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        assert!(!has_lapsed(BatchStatus::Leased, end, at(999)));
        assert!(has_lapsed(BatchStatus::Leased, end, at(1_000)));
        assert!(!has_lapsed(BatchStatus::Accepted, end, at(2_000)));
    }
}
