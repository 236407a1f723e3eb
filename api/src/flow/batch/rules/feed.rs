//! What an event of a batch says to which factory.

use entity::factory_feed::FactoryFeedKind as Kind;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every event of a batch carries, so that feeds are written from the event alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    pub epoch: i32,
    /// Who holds the batch, or held it until this event.
    pub holder: Option<Uuid>,
    /// Factories the batch is offered to, after the event.
    pub offered: Vec<Uuid>,
}

/// Entries to write, one a factory, in the order of their ids so that two writers never deadlock.
pub fn entries(event_kind: &str, news: &News) -> Vec<(Uuid, Kind)> {
    let others = |kind: Kind| news.offered.iter().filter(|id| Some(**id) != news.holder).map(move |id| (*id, kind));
    let holder = |kind: Kind| news.holder.map(|id| (id, kind));
    let mut entries: Vec<_> = match event_kind {
        "batch.released" => others(Kind::Offered).collect(),
        "batch.claimed" => others(Kind::Withdrawn).chain(holder(Kind::Claimed)).collect(),
        "batch.lapsed" => others(Kind::Offered).chain(holder(Kind::Lapsed)).collect(),
        "batch.rejected" => others(Kind::Offered).chain(holder(Kind::Withdrawn)).collect(),
        "batch.cancelled" => match holder(Kind::Cancelled) {
            // The others were told when it was claimed.
            Some(holder) => vec![holder],
            None => others(Kind::Cancelled).collect(),
        },
        "batch.accepted" | "batch.received" | "batch.closed" => holder(Kind::Updated).into_iter().collect(),
        _ => Vec::new(),
    };
    entries.sort_unstable_by_key(|(factory_id, _)| *factory_id);
    entries.dedup_by_key(|(factory_id, _)| *factory_id);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(holder: Option<u128>, offered: &[u128]) -> News {
        News {
            epoch: 1,
            holder: holder.map(Uuid::from_u128),
            offered: offered.iter().copied().map(Uuid::from_u128).collect(),
        }
    }

    fn told(kind: &str, news: &News) -> Vec<(u128, Kind)> {
        entries(kind, news).into_iter().map(|(id, kind)| (id.as_u128(), kind)).collect()
    }

    #[test]
    fn a_claim_takes_the_batch_from_the_others_and_a_lapse_gives_it_back() {
        let held = news(Some(2), &[3, 2, 1]);
        assert_eq!(told("batch.released", &news(None, &[2, 1])), [(1, Kind::Offered), (2, Kind::Offered)]);
        assert_eq!(told("batch.claimed", &held), [(1, Kind::Withdrawn), (2, Kind::Claimed), (3, Kind::Withdrawn)]);
        assert_eq!(told("batch.lapsed", &held), [(1, Kind::Offered), (2, Kind::Lapsed), (3, Kind::Offered)]);
        assert_eq!(told("batch.rejected", &news(Some(2), &[1])), [(1, Kind::Offered), (2, Kind::Withdrawn)]);
    }

    #[test]
    fn a_cancellation_reaches_whoever_could_still_see_the_batch() {
        assert_eq!(told("batch.cancelled", &news(Some(2), &[1, 2])), [(2, Kind::Cancelled)]);
        assert_eq!(told("batch.cancelled", &news(None, &[1, 2])), [(1, Kind::Cancelled), (2, Kind::Cancelled)]);
        assert_eq!(told("batch.progress_reported", &news(Some(2), &[1, 2])), []);
    }
}
