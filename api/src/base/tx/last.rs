//! What a transaction writes at its very end.
//!
//! Some rows are wanted by every transaction of a brand. Whoever writes one early holds up all others
//! for as long as the rest takes, so that what needs them is gathered while the use case runs and
//! written in one go when it is through, just before the commit.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::PoisonError;

use super::Tx;
use crate::error::Result;

/// Gathered while a transaction runs; `write` is called once, after everything else.
pub trait Last: Any + Send {
    fn write<'a>(self: Box<Self>, tx: &'a Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;
}

impl Tx {
    /// Adds to what is written last; there is one `T` a transaction, which begins as its default.
    pub fn last<T: Last + Default>(&self, add: impl FnOnce(&mut T)) {
        let mut gathered = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        for one in gathered.iter_mut() {
            let one: &mut dyn Any = one.as_mut();
            if let Some(found) = one.downcast_mut::<T>() {
                return add(found);
            }
        }
        let mut fresh = T::default();
        add(&mut fresh);
        gathered.push(Box::new(fresh));
    }

    pub(super) async fn write_last(&self) -> Result<()> {
        let gathered = std::mem::take(&mut *self.0.last.lock().unwrap_or_else(PoisonError::into_inner));
        for one in gathered {
            one.write(self).await?;
        }
        Ok(())
    }
}
