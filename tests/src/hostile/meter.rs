//! What a request takes, counted in the process of the server.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

static LIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, counting. For the program only: it costs every allocation two atomics.
pub struct Counting;

fn grew(by: usize) {
    let live = LIVE.fetch_add(by as u64, Ordering::Relaxed) + by as u64;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

fn shrank(by: usize) {
    LIVE.fetch_sub(by as u64, Ordering::Relaxed);
}

// SAFETY: every call is the system allocator's, unchanged; the counters touch no memory of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let place = unsafe { System.alloc(layout) };
        if !place.is_null() {
            grew(layout.size());
        }
        place
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) };
        shrank(layout.size());
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let moved = unsafe { System.realloc(place, layout, size) };
        if !moved.is_null() {
            grew(size);
            shrank(layout.size());
        }
        moved
    }
}

/// What was taken since the last reading.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Taken {
    pub statements: u64,
    /// Bytes on the heap at the worst moment, above those at the last reading.
    pub heap: u64,
    pub cpu_nanos: u64,
}

/// Where the counters stood at the last reading.
#[derive(Default)]
pub struct Meter {
    live: u64,
    statements: u64,
    cpu_nanos: u64,
}

impl Meter {
    /// Reads and begins anew; `statements` is the database's count.
    pub fn read(&mut self, statements: u64) -> Taken {
        let cpu_nanos = cpu_nanos();
        let taken = Taken {
            statements: statements - self.statements,
            heap: PEAK.load(Ordering::Relaxed).saturating_sub(self.live),
            cpu_nanos: cpu_nanos.saturating_sub(self.cpu_nanos),
        };
        self.live = LIVE.load(Ordering::Relaxed);
        PEAK.store(self.live, Ordering::Relaxed);
        (self.statements, self.cpu_nanos) = (statements, cpu_nanos);
        taken
    }
}

/// Time on a processor of all threads that live, from the scheduler's own books.
fn cpu_nanos() -> u64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let of = |thread: std::fs::DirEntry| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    threads.flatten().filter_map(of).sum()
}
