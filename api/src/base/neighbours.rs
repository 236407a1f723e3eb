//! Whether a brand has this process for itself, so that a crowd may use all of it then and no more than its share of
//! each moment as soon as others are there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::group::Pace;

/// Who asked this long ago is still there.
const THERE: Duration = Duration::from_millis(500);

/// Items of one write of a brand that has neighbours: those who are answered together are answered before anybody else,
/// and ask again together.
const BESIDE_OTHERS: usize = 8;
/// After each write of such a brand, so that those of a crowd are a quarter of what one connection can do.
const RESTS: u32 = 3;

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Neighbours(Arc<Mutex<Lately>>);

/// The two brands that asked last: for each brand one of them is another.
#[derive(Default)]
struct Lately {
    last: Option<(Uuid, Instant)>,
    before: Option<(Uuid, Instant)>,
}

impl Neighbours {
    /// Someone of `brand_id` asks.
    pub fn note(&self, brand_id: Uuid) {
        let (mut lately, now) = (self.lock(), Instant::now());
        if lately.last.is_some_and(|(id, _)| id != brand_id) {
            lately.before = lately.last;
        }
        lately.last = Some((brand_id, now));
    }

    /// Whether somebody of another brand than `brand_id` asked lately.
    pub fn has_others(&self, brand_id: Uuid) -> bool {
        let lately = self.lock();
        let mut others = [lately.last, lately.before].into_iter().flatten().filter(|(id, _)| *id != brand_id);
        others.any(|(_, at)| at.elapsed() < THERE)
    }

    /// The pace of the writes of `brand_id`; `alone` items at a time when nobody else is there.
    pub fn pace(&self, brand_id: Uuid, alone: usize) -> Pace {
        match self.has_others(brand_id) {
            true => Pace { largest: BESIDE_OTHERS, rests: RESTS },
            false => Pace { largest: alone, rests: 0 },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lately> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brand_is_alone_until_another_asks() {
        let (neighbours, one, two, three) =
            (Neighbours::default(), Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        assert!(!neighbours.has_others(one));
        neighbours.note(one);
        neighbours.note(one);
        assert!(!neighbours.has_others(one) && neighbours.has_others(two));
        neighbours.note(two);
        neighbours.note(two);
        assert!(neighbours.has_others(one) && neighbours.has_others(two) && neighbours.has_others(three));
        neighbours.note(one);
        assert!(neighbours.has_others(one) && neighbours.has_others(two));
    }
}
