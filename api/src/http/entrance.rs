//! How fast a crowd comes in. When a round opens, hundreds ask in the same moment; each is read, looked up and charged
//! before any other line knows of it, and a neighbour who comes a moment later would wait behind them all.
//!
//! So while others are there, those of one brand who come together come in a few at a time, its staff among them: nobody
//! is looked up yet. That is a matter of the first moments: a brand that goes on asking fast is not slowed any more, since
//! other lines know of it by then, and a steady flow would only be late by as much all day.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use uuid::Uuid;

use super::graphql::bearer;
use crate::app::App;
use crate::people::token;

/// So many come in at once.
const TOGETHER: u32 = 16;
/// Nobody waits longer.
const LONGEST: Duration = Duration::from_millis(500);
/// When a brand has asked too fast for so long, nobody of it waits; the waits grow shorter until then.
const END: Duration = Duration::from_secs(2);
/// Nor does anybody for so long since then, however many come: who names a brand in tokens of his own invention, again and
/// again, makes its people wait for a fifth of the time at most.
const AGAIN: Duration = Duration::from_secs(10);
/// Lines kept until those that have ended are forgotten.
const MAX_LINES: usize = 10_000;

/// Holds a request back before its body is read.
pub async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let brand = bearer(request.request()).ok().flatten().and_then(token::brand);
    if let (Some(app), Some(brand_id)) = (request.app_data::<web::Data<App>>(), brand) {
        pass(app, brand_id).await;
    }
    next.call(request).await
}

/// Waits as long as someone of the brand has to wait just now.
pub async fn pass(app: &App, brand_id: Uuid) {
    let wait = app.entrance.wait(brand_id);
    if !wait.is_zero() && app.neighbours.has_others(brand_id) {
        app.metrics.held_back.inc();
        tokio::time::sleep(wait).await;
    }
}

pub struct Entrance {
    /// Between two of a crowd.
    apart: Duration,
    lines: Mutex<HashMap<Uuid, Line>>,
}

impl Entrance {
    /// `per_second` of a crowd come in.
    pub fn new(per_second: NonZeroU32) -> Self {
        Entrance { apart: Duration::from_secs(1) / per_second.get(), lines: Mutex::default() }
    }

    /// How long who comes now would have to wait; those who come while nobody else is there are counted, too.
    fn wait(&self, brand_id: Uuid) -> Duration {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if lines.len() >= MAX_LINES {
            lines.retain(|_, line| line.due > now);
        }
        lines.entry(brand_id).or_insert_with(|| Line::new(now)).wait(now, self.apart)
    }
}

struct Line {
    /// When all who came would be in, one after another.
    due: Instant,
    /// When too many had come for the first time.
    since: Option<Instant>,
    /// Whether all were in once since then.
    ended: bool,
    /// When the last of them comes in.
    last: Instant,
}

impl Line {
    fn new(now: Instant) -> Self {
        Line { due: now, since: None, ended: true, last: now }
    }

    /// How long who comes at `now` waits.
    fn wait(&mut self, now: Instant, apart: Duration) -> Duration {
        self.ended |= self.due <= now;
        let together = apart * TOGETHER;
        // No further than anybody waits, so that it is over soon after they have become fewer.
        self.due = (self.due.max(now) + apart).min(now + together + LONGEST);
        let behind = (self.due - now).saturating_sub(together);
        if behind.is_zero() {
            return Duration::ZERO;
        }
        let again = self.since.is_none_or(|since| now.saturating_duration_since(since) >= AGAIN);
        if self.ended && again {
            self.since = Some(now);
        }
        self.ended = false;
        let left = self.since.map_or(END, |since| END.saturating_sub(now.saturating_duration_since(since)));
        // Nobody overtakes who came before.
        self.last = self.last.max(now + behind.mul_f64(left.as_secs_f64() / END.as_secs_f64()));
        self.last.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const APART: Duration = Duration::from_millis(1);

    fn at(millis: u32) -> Duration {
        Duration::from_millis(millis.into())
    }

    /// The waits of so many who come at the same time.
    fn crowd(line: &mut Line, now: Instant, people: usize) -> Vec<Duration> {
        (0..people).map(|_| line.wait(now, APART)).collect()
    }

    #[test]
    fn who_comes_together_comes_in_one_after_another() {
        let now = Instant::now();
        let waits = crowd(&mut Line::new(now), now, 1_000);
        assert!(waits[..16].iter().all(Duration::is_zero), "{:?}", &waits[..16]);
        assert_eq!((waits[16], waits[115], waits[999]), (at(1), at(100), LONGEST));
        // However slowly they are to come in.
        let mut line = Line::new(now);
        let waits: Vec<_> = (0..18).map(|_| line.wait(now, Duration::from_secs(1))).collect();
        assert_eq!((waits[15], waits[16], waits[17]), (at(0), LONGEST, LONGEST));
    }

    #[test]
    fn no_crowd_soon_after_another_waits_and_a_later_one_does() {
        let start = Instant::now();
        let mut line = Line::new(start);
        let mut longest = |after: Duration| crowd(&mut line, start + after, 100).into_iter().max().expect("many");
        let first = longest(Duration::ZERO);
        assert!(first > at(80));
        assert!(longest(END / 2) < first);
        assert_eq!((longest(END), longest(AGAIN - at(200))), (Duration::ZERO, Duration::ZERO));
        assert_eq!(longest(AGAIN), first);
    }

    #[test]
    fn who_comes_now_and_then_does_not_use_up_the_time_of_a_crowd() {
        let start = Instant::now();
        let mut line = Line::new(start);
        for n in 0..500 {
            assert_eq!(line.wait(start + at(10 * n), APART), Duration::ZERO);
        }
        assert_eq!(crowd(&mut line, start + at(5_000), 116).last(), Some(&at(100)));
    }

    #[test]
    fn a_flow_below_the_pace_never_waits_and_one_above_it_does_so_at_its_beginning_only() {
        let start = Instant::now();
        // The times at which so many come in a millisecond, after the start.
        let flow = |per_ms: u64| (0..20_000 * per_ms).map(move |n| Duration::from_micros(1_000 * n / per_ms));
        let (mut slow, mut fast) = (Line::new(start), Line::new(start));
        assert!(flow(1).all(|after| slow.wait(start + after, APART).is_zero()));
        let waits: Vec<_> = flow(3).map(|after| (after, fast.wait(start + after, APART))).collect();
        assert!(waits.iter().any(|(_, wait)| *wait > LONGEST / 2));
        assert!(waits.iter().all(|(after, wait)| wait.is_zero() || *after < END + at(100)));
    }

    #[test]
    fn brands_wait_for_themselves_and_those_who_left_are_forgotten() {
        let entrance = Entrance::new(NonZeroU32::MIN);
        let longest = |brand| (0..17).map(|_| entrance.wait(brand)).max();
        assert!(longest(Uuid::max()) > Some(Duration::ZERO));
        assert_eq!(entrance.wait(Uuid::nil()), Duration::ZERO);
        let quick = Entrance::new(NonZeroU32::MAX);
        (0..3 * MAX_LINES).for_each(|n| assert_eq!(quick.wait(Uuid::from_u128(n as u128)), Duration::ZERO));
        assert!(quick.lines.lock().expect("whole").len() <= MAX_LINES);
    }

    proptest! {
        #[test]
        fn nobody_waits_too_long_or_overtakes(
            gaps in prop::collection::vec(0u64..5_000, 1..3_000),
            apart in 0u64..1_000_000,
        ) {
            let start = Instant::now();
            let (mut now, mut last, apart) = (start, start, Duration::from_micros(apart));
            let mut line = Line::new(start);
            for gap in gaps {
                now += Duration::from_micros(gap);
                let wait = line.wait(now, apart);
                prop_assert!(wait <= LONGEST && now + wait >= last);
                last = last.max(now + wait);
            }
        }
    }
}
