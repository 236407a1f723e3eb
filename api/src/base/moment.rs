//! What moves all the time and tells no news, as thousands pick or buy: whoever is shown a value that was not read for
//! her is shown one that is at most a second old, read once for all who ask. Any event of the brand ends it at once.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;

use uuid::Uuid;

use super::fresh::{Fresh, SHORT, STEADY, Seen, Subject};
use super::group::Group;
use crate::error::Result;

/// Values remembered.
const MAX_ENTRIES: u64 = 5_000;
/// Who may wait for one brand.
const MAX_WAITING: usize = 10_000;
/// Values read by one statement.
const MAX_TOGETHER: usize = 100;

/// Values of the last second by (brand, id). Cheap to clone.
#[derive(Clone)]
pub struct Moment<V> {
    known: moka::future::Cache<(Uuid, Uuid), (Seen, V)>,
    reading: Group<Uuid, Uuid, Result<V>>,
}

impl<V: Clone + Send + Sync + 'static> Default for Moment<V> {
    fn default() -> Self {
        Moment {
            known: moka::future::Cache::builder().max_capacity(MAX_ENTRIES).time_to_live(STEADY).build(),
            reading: Group::new(MAX_WAITING, MAX_TOGETHER),
        }
    }
}

impl<V: Clone + Default + Send + Sync + 'static> Moment<V> {
    /// What was read at `seen` with something else.
    pub async fn learn(&self, brand_id: Uuid, id: Uuid, seen: Seen, value: V) {
        self.known.insert((brand_id, id), (seen, value)).await;
    }

    /// At most a second old: `read` is not called then, else once for all who ask meanwhile. What it does not find has
    /// the default.
    pub async fn of<R, F>(&self, fresh: &Fresh, brand_id: Uuid, id: Uuid, read: R) -> Result<V>
    where
        R: Fn(Vec<Uuid>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<HashMap<Uuid, V>>> + Send,
    {
        if let Some(value) = self.known(fresh, brand_id, id).await {
            return Ok(value);
        }
        let (moment, fresh) = (self.clone(), fresh.clone());
        let read_all = move |ids: Vec<Uuid>| {
            let (moment, fresh, read) = (moment.clone(), fresh.clone(), read.clone());
            async move {
                match moment.read_all(&fresh, brand_id, &ids, read).await {
                    Ok(found) => ids.iter().map(|id| Ok(found.get(id).cloned().unwrap_or_default())).collect(),
                    Err(error) => ids.iter().map(|_| Err(error.shared())).collect(),
                }
            }
        };
        self.reading.join(brand_id, id, read_all).await?
    }

    async fn known(&self, fresh: &Fresh, brand_id: Uuid, id: Uuid) -> Option<V> {
        let (seen, value) = self.known.get(&(brand_id, id)).await?;
        fresh.holds(&seen, &[Subject::Reads(brand_id)], SHORT).then_some(value)
    }

    /// Those of the ids that are found.
    async fn read_all<R, F>(&self, fresh: &Fresh, brand_id: Uuid, ids: &[Uuid], read: R) -> Result<HashMap<Uuid, V>>
    where
        R: Fn(Vec<Uuid>) -> F,
        F: Future<Output = Result<HashMap<Uuid, V>>>,
    {
        let (seen, mut found, mut unknown) = (fresh.seen(), HashMap::new(), BTreeSet::new());
        for id in ids {
            // Of more than fit into one statement those before may have read it.
            match self.known(fresh, brand_id, *id).await {
                Some(value) => drop(found.insert(*id, value)),
                None => drop(unknown.insert(*id)),
            }
        }
        if !unknown.is_empty() {
            for (id, value) in read(unknown.into_iter().collect()).await? {
                self.learn(brand_id, id, seen, value.clone()).await;
                found.insert(id, value);
            }
        }
        Ok(found)
    }
}
