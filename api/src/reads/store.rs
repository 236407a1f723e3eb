//! What is kept, and who builds it.

use std::sync::Arc;
use std::time::Duration;

use super::template::Template;
use crate::app::App;
use crate::base::fresh::{SHORT, STEADY, Seen, Subject};
use crate::base::share::{Place, Shares};

/// Bytes of answers that a process keeps.
const CAPACITY: u64 = 32 << 20;

#[derive(Clone)]
pub(super) enum Kept {
    Answer(Arc<Template>),
    /// Asked for and found not to be for keeping; nobody need wait for a builder.
    Never,
}

/// The kept answers of a process. Cheap to clone.
#[derive(Clone)]
pub struct Reads {
    kept: moka::future::Cache<Vec<u8>, (Seen, Kept)>,
    /// One builder of a key at a time.
    turns: Shares<Vec<u8>>,
}

impl Default for Reads {
    fn default() -> Self {
        let weigh = |key: &Vec<u8>, (_, kept): &(Seen, Kept)| {
            let size = match kept {
                Kept::Answer(template) => template.size(),
                Kept::Never => 0,
            };
            u32::try_from(key.len() + size + 256).unwrap_or(u32::MAX)
        };
        let kept = moka::future::Cache::builder().max_capacity(CAPACITY).weigher(weigh).time_to_live(STEADY).build();
        Reads { kept, turns: Shares::new(1) }
    }
}

impl Reads {
    pub(super) async fn find(&self, app: &App, key: &Vec<u8>, subjects: &[Subject], life: Duration) -> Option<Kept> {
        let (seen, kept) = self.kept.get(key).await?;
        let life = match kept {
            Kept::Answer(_) => life,
            // What failed once may work the next time.
            Kept::Never => SHORT,
        };
        app.fresh.holds(&seen, subjects, life).then_some(kept)
    }

    /// `seen` is from before it was read.
    pub(super) async fn keep(&self, key: Vec<u8>, seen: Seen, kept: Kept) {
        self.kept.insert(key, (seen, kept)).await;
    }

    /// The turn to build the answer of `key`.
    pub(super) async fn turn(&self, key: &[u8]) -> Place<Vec<u8>> {
        self.turns.wait(key.to_vec()).await
    }
}
