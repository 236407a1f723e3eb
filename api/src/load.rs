//! Batched reads of one request. Each stage's `loader.rs` adds its questions: a key type that names
//! the question and carries the brand, so that no answer reaches another tenant.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_graphql::Context;
use async_graphql::dataloader::DataLoader;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use crate::app::App;
use crate::base::stats;

/// The reader behind all loaders. Lives as long as the request: a longer one would leak between people.
pub struct Load {
    pub app: App,
}

pub type Loaders = DataLoader<Load>;

/// Batches that wait to be read. Cheap to clone.
#[derive(Clone, Default)]
pub struct Batches(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

/// Whoever uses these has to [`Batches::drive`].
pub fn new(app: App) -> (Loaders, Batches) {
    let batches = Batches::default();
    let waiting = batches.clone();
    let begin = move |work| waiting.lock().push(work);
    // The engine's own delay would wait on a timer, in a thread of its own.
    (DataLoader::new(Load { app }, begin).delay(Duration::ZERO), batches)
}

/// For what is executed bit by bit, as a subscription: a batch is a task of its own, which begins when the thread has
/// nothing else to do.
pub fn spawning(app: App) -> Loaders {
    let begin = |work| {
        stats::spawn(async {
            tokio::task::yield_now().await;
            work.await;
        });
    };
    DataLoader::new(Load { app }, begin).delay(Duration::ZERO)
}

impl Batches {
    /// Runs `work`, and what its loaders ask whenever it can go no further: then all resolvers that run side by side
    /// have lined up, however many threads there are.
    pub async fn drive<T>(self, work: impl Future<Output = T>) -> T {
        let (mut work, mut reading) = (std::pin::pin!(work), FuturesUnordered::new());
        std::future::poll_fn(|cx| {
            loop {
                if let Poll::Ready(done) = work.as_mut().poll(cx) {
                    return Poll::Ready(done);
                }
                reading.extend(self.lock().drain(..));
                let mut has_read = false;
                while let Poll::Ready(Some(())) = reading.poll_next_unpin(cx) {
                    has_read = true;
                }
                if !has_read {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, Vec<BoxFuture<'static, ()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The loaders of the request.
pub fn of<'a>(ctx: &Context<'a>) -> &'a Loaders {
    ctx.data_unchecked::<Loaders>()
}

/// The rows that keys of (brand, id) ask for, in one statement however many brands a factory's page spans. Each brand's
/// ids stand with it: asked for all brands and all ids, PostgreSQL looks for every pair (2.4 ms for 37 keys of 37 brands,
/// 0.4 this way).
pub fn asked<E: EntityTrait>(brand: E::Column, id: E::Column, keys: impl Iterator<Item = (Uuid, Uuid)>) -> Select<E> {
    let of = |(brand_id, ids): (Uuid, Vec<Uuid>)| Condition::all().add(brand.eq(brand_id)).add(id.is_in(ids));
    E::find().filter(grouped(keys).into_iter().map(of).fold(Condition::any(), Condition::add))
}

/// A key of (brand, id) and the loader of the row that it names.
macro_rules! by_id {
    ($(#[$doc:meta])* $key:ident: $entity:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $key(pub uuid::Uuid, pub uuid::Uuid);

        impl async_graphql::dataloader::Loader<$key> for $crate::load::Load {
            type Value = entity::$entity::Model;
            type Error = sea_orm::DbErr;

            async fn load(
                &self,
                keys: &[$key],
            ) -> Result<std::collections::HashMap<$key, Self::Value>, sea_orm::DbErr> {
                use entity::$entity::{Column, Entity};
                let keys = keys.iter().map(|key| (key.0, key.1));
                let rows =
                    $crate::load::asked::<Entity>(Column::BrandId, Column::Id, keys).all(self.app.db.read()).await?;
                Ok(rows.into_iter().map(|row| ($key(row.brand_id, row.id), row)).collect())
            }
        }
    };
}
pub(crate) use by_id;

/// Values by their group, in their order: the keys of a batch by brand, so that each group is one scoped statement, or
/// rows by the key that they answer.
pub fn grouped<G: Hash + Eq, V>(values: impl Iterator<Item = (G, V)>) -> HashMap<G, Vec<V>> {
    let mut groups = HashMap::<G, Vec<V>>::new();
    for (group, value) in values {
        groups.entry(group).or_default().push(value);
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use async_graphql::dataloader::Loader;
    use futures_util::future::join_all;

    use super::*;

    struct Counting(Arc<Mutex<Vec<usize>>>);

    impl Loader<usize> for Counting {
        type Value = usize;
        type Error = Infallible;

        async fn load(&self, keys: &[usize]) -> Result<HashMap<usize, usize>, Infallible> {
            self.0.lock().unwrap().push(keys.len());
            tokio::task::yield_now().await;
            Ok(keys.iter().map(|key| (*key, 2 * key)).collect())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn what_is_asked_side_by_side_is_read_together_on_many_threads() {
        let (batches, sizes) = (Batches::default(), Arc::new(Mutex::new(Vec::new())));
        let waiting = batches.clone();
        let begin = move |work| waiting.lock().push(work);
        let loaders = DataLoader::new(Counting(sizes.clone()), begin).delay(Duration::ZERO);
        // Each asks for what the first answers, as nested resolvers do.
        let nested = async |n: usize| {
            let first = loaders.load_one(n).await.unwrap().unwrap();
            loaders.load_one(first).await.unwrap().unwrap()
        };
        let found = batches.drive(join_all((100..150).map(nested))).await;
        assert_eq!(found, (100..150).map(|n| 4 * n).collect::<Vec<_>>());
        assert_eq!(*sizes.lock().unwrap(), [50, 50]);
    }
}
