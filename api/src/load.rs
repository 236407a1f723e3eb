//! Batched reads of one request. Each stage's `loader.rs` adds its questions: a key type that names
//! the question and carries the brand, so that a batch cannot mix tenants.

use async_graphql::Context;
use async_graphql::dataloader::DataLoader;

use crate::app::App;
use crate::base::stats;

/// The reader behind all loaders. Lives as long as the request: a longer one would leak between people.
pub struct Load {
    pub app: App,
}

pub type Loaders = DataLoader<Load>;

pub fn new(app: App) -> Loaders {
    // A batch is sent as soon as the executor has nothing else to do, which is when sibling resolvers have lined up. The
    // engine's own delay would wait on a timer, in a thread of its own.
    let spawn = |work| {
        stats::spawn(async {
            tokio::task::yield_now().await;
            work.await;
        });
    };
    DataLoader::new(Load { app }, spawn).delay(std::time::Duration::ZERO)
}

/// The loaders of the request.
pub fn of<'a>(ctx: &Context<'a>) -> &'a Loaders {
    ctx.data_unchecked::<Loaders>()
}

/// Groups the keys of a batch, usually by brand, so that each group is one scoped statement.
pub fn by_brand<B: std::hash::Hash + Eq, K>(
    keys: impl Iterator<Item = (B, K)>,
) -> std::collections::HashMap<B, Vec<K>> {
    let mut groups = std::collections::HashMap::<B, Vec<K>>::new();
    for (brand, key) in keys {
        groups.entry(brand).or_default().push(key);
    }
    groups
}
