//! Pure decisions: the state machine, the window, the slate.

use chrono::{DateTime, Duration, Utc};
use entity::round::RoundStatus;
use sea_orm::ActiveEnum;

use crate::error::{Code, Detail, Refusal};

/// What can happen to a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Open,
    Close,
    Cancel,
}

impl Event {
    pub const ALL: [Event; 3] = [Event::Open, Event::Close, Event::Cancel];

    /// In the past tense, as in the name of the outbox event.
    pub fn name(self) -> &'static str {
        match self {
            Event::Open => "opened",
            Event::Close => "closed",
            Event::Cancel => "cancelled",
        }
    }
}

/// The state after `event`, or `None` when it cannot happen in `from`.
pub fn next(from: RoundStatus, event: Event) -> Option<RoundStatus> {
    use RoundStatus as S;
    match (from, event) {
        (S::Scheduled, Event::Open) => Some(S::Open),
        (S::Open, Event::Close) => Some(S::Closed),
        (S::Draft | S::Scheduled | S::Open, Event::Cancel) => Some(S::Cancelled),
        (S::Draft | S::Scheduled | S::Open | S::Closed | S::Cancelled, _) => None,
    }
}

pub fn wrong_state(actual: RoundStatus, event: Event) -> Refusal {
    let state = actual.to_value();
    let (en, zh) = match event {
        Event::Open => ("only a scheduled round is opened", "只有已排期的选款可以开启"),
        Event::Close => ("only an open round is closed", "只有进行中的选款可以结束"),
        Event::Cancel => ("what has ended cannot be cancelled", "已结束的选款不能取消"),
    };
    Refusal::wrong_state(&state, format!("This round is {state}: {en}."), format!("该选款的状态为 {state}：{zh}。"))
}

/// When picks are taken: from the first instant until just before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
}

/// A round longer than this is a shop window, not a vote.
const LONGEST: Duration = Duration::days(60);
/// Later than this is a mistyped year.
const LATEST: Duration = Duration::days(366);

impl Window {
    /// The window of a round that is made now: one that has begun begins now.
    pub fn checked(self, now: DateTime<Utc>) -> Result<Window, Refusal> {
        let window = Window { opens_at: self.opens_at.max(now), closes_at: self.closes_at };
        if window.closes_at <= window.opens_at {
            return Err(Refusal::invalid(
                "closesAt",
                "The round must close after it opens, and in the future.",
                "结束时间须晚于开始时间，且晚于现在。",
            ));
        }
        if window.closes_at - window.opens_at > LONGEST {
            return Err(Refusal::invalid(
                "closesAt",
                format!("A round lasts at most {} days.", LONGEST.num_days()),
                format!("选款最长 {} 天。", LONGEST.num_days()),
            ));
        }
        if window.opens_at - now > LATEST {
            return Err(Refusal::invalid(
                "opensAt",
                format!("A round opens within {} days.", LATEST.num_days()),
                format!("选款须在 {} 天内开始。", LATEST.num_days()),
            ));
        }
        Ok(window)
    }

    /// The refusal of a pick at `now`, if the round takes none.
    pub fn refusal(self, status: RoundStatus, now: DateTime<Utc>) -> Option<Refusal> {
        if status == RoundStatus::Cancelled {
            return Some(Refusal::wrong_state(
                status.to_value(),
                "This round was cancelled; its designs may come back in another one.",
                "该选款已取消，其中的设计可能会出现在其他选款中。",
            ));
        }
        let over = status == RoundStatus::Closed || now >= self.closes_at;
        if over {
            return Some(closed(self.closes_at));
        }
        let begun = status == RoundStatus::Open && now >= self.opens_at;
        (!begun).then(|| {
            let at = self.opens_at;
            Refusal::new(Code::Closed, "This round has not opened yet; come back then.", "选款尚未开始，请届时再来。")
                .detail(Detail::Closed { at: Some(at) })
        })
    }
}

/// The window after moving its ends: both of a scheduled round, only the last of an open one.
pub fn moved_window(
    status: RoundStatus,
    window: Window,
    (opens_at, closes_at): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> Result<Window, Refusal> {
    let closes_at = closes_at.unwrap_or(window.closes_at);
    match status {
        RoundStatus::Draft | RoundStatus::Scheduled => {
            Window { opens_at: opens_at.unwrap_or(window.opens_at), closes_at }.checked(now)
        }
        RoundStatus::Open if opens_at.is_some() => Err(Refusal::invalid(
            "opensAt",
            "This round has begun; only its end can move.",
            "选款已开始，只能调整结束时间。",
        )),
        RoundStatus::Open => {
            Window { opens_at: now, closes_at }.checked(now)?;
            Ok(Window { opens_at: window.opens_at, closes_at })
        }
        RoundStatus::Closed | RoundStatus::Cancelled => {
            let state = status.to_value();
            let (en, zh) = (
                format!("This round is {state}; its window stays."),
                format!("该选款的状态为 {state}，时间不能再调整。"),
            );
            Err(Refusal::wrong_state(&state, en, zh))
        }
    }
}

/// The round is over.
pub fn closed(at: DateTime<Utc>) -> Refusal {
    Refusal::new(Code::Closed, "This round is over; see which designs advanced.", "选款已结束，请查看入选的设计。")
        .detail(Detail::Closed { at: Some(at) })
}

/// The caller is a member of none of the round's communities.
pub fn not_yours() -> Refusal {
    Refusal::new(
        Code::Forbidden,
        "This round is for the members of other communities; join one of them to pick.",
        "该选款面向其他社群的成员，加入相应社群后即可选择。",
    )
}

/// Designs on one slate.
pub const SLATE: std::ops::RangeInclusive<usize> = 2..=50;
/// Communities of one round: ten KOCs with six each, and some.
pub const MAX_COMMUNITIES: usize = 100;

/// A slate of 2 to 50 different designs, of which 1 to all advance, put to 1 to 100 different communities.
pub fn check_slate<T: Ord + Copy>(designs: &[T], communities: &[T], advance_count: i32) -> Result<(), Refusal> {
    if !SLATE.contains(&designs.len()) || !all_differ(designs) {
        let (least, most) = (SLATE.start(), SLATE.end());
        return Err(Refusal::invalid(
            "designIds",
            format!("A slate has {least} to {most} different designs."),
            format!("每次选款须有 {least} 至 {most} 个不同的设计。"),
        ));
    }
    if communities.is_empty() || communities.len() > MAX_COMMUNITIES || !all_differ(communities) {
        return Err(Refusal::invalid(
            "communityIds",
            format!("A round is put to 1 to {MAX_COMMUNITIES} different communities."),
            format!("选款须面向 1 至 {MAX_COMMUNITIES} 个不同的社群。"),
        ));
    }
    let most = i32::try_from(designs.len()).unwrap_or(i32::MAX);
    if !(1..=most).contains(&advance_count) {
        return Err(Refusal::invalid(
            "advanceCount",
            format!("Of these designs 1 to {most} can advance."),
            format!("入选数量须为 1 至 {most}。"),
        )
        .detail(Detail::LimitReached { limit: most }));
    }
    Ok(())
}

fn all_differ<T: Ord + Copy>(ids: &[T]) -> bool {
    let mut sorted = ids.to_vec();
    sorted.sort();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sea_orm::Iterable;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    const WINDOW: fn() -> Window = || Window { opens_at: at(100), closes_at: at(200) };

    #[test]
    fn picks_are_taken_only_while_open_and_within_the_window() {
        assert_eq!(WINDOW().refusal(RoundStatus::Open, at(100)), None);
        assert_eq!(WINDOW().refusal(RoundStatus::Open, at(199)), None);
        for (status, now, detail) in [
            (RoundStatus::Open, 200, Detail::Closed { at: Some(at(200)) }),
            (RoundStatus::Closed, 150, Detail::Closed { at: Some(at(200)) }),
            (RoundStatus::Scheduled, 150, Detail::Closed { at: Some(at(100)) }),
            (RoundStatus::Open, 99, Detail::Closed { at: Some(at(100)) }),
            (RoundStatus::Cancelled, 150, Detail::WrongState { actual: "cancelled".into() }),
        ] {
            let refusal = WINDOW().refusal(status, at(now)).expect("a refusal");
            assert_eq!(refusal.detail, detail, "{status:?} at {now}");
        }
    }

    #[test]
    fn a_window_that_has_begun_begins_now() {
        assert_eq!(WINDOW().checked(at(150)).unwrap(), Window { opens_at: at(150), closes_at: at(200) });
        assert!(WINDOW().checked(at(200)).is_err());
        let days = |opens: i64, closes: i64| Window { opens_at: at(opens * 86_400), closes_at: at(closes * 86_400) };
        assert!(days(0, 60).checked(at(0)).is_ok());
        assert_eq!(days(0, 61).checked(at(0)).unwrap_err().field, ["closesAt"]);
        assert_eq!(days(367, 368).checked(at(0)).unwrap_err().field, ["opensAt"]);
    }

    #[test]
    fn an_open_round_keeps_its_beginning_and_an_ended_one_its_window() {
        let (opens, closes) = (Some(at(300)), Some(at(400)));
        let moved = |status, ends| moved_window(status, WINDOW(), ends, at(150));
        let scheduled = Window { opens_at: at(300), closes_at: at(400) };
        assert_eq!(moved(RoundStatus::Scheduled, (opens, closes)).unwrap(), scheduled);
        assert_eq!(moved(RoundStatus::Scheduled, (opens, None)).unwrap_err().field, ["closesAt"]);
        let longer = Window { opens_at: at(100), closes_at: at(400) };
        assert_eq!(moved(RoundStatus::Open, (None, closes)).unwrap(), longer);
        assert_eq!(moved(RoundStatus::Open, (opens, None)).unwrap_err().field, ["opensAt"]);
        assert_eq!(moved(RoundStatus::Open, (None, Some(at(150)))).unwrap_err().field, ["closesAt"]);
        for ended in [RoundStatus::Closed, RoundStatus::Cancelled] {
            assert_eq!(moved(ended, (None, closes)).unwrap_err().code, Code::WrongState);
        }
    }

    #[test]
    fn slates_hold_two_to_fifty_different_designs() {
        let many: Vec<i32> = (0..51).collect();
        assert!(check_slate(&many[..20], &many[..1], 5).is_ok());
        for (designs, communities, k, field) in [
            (&many[..1], &many[..1], 1, "designIds"),
            (&many[..], &many[..1], 1, "designIds"),
            (&[1, 1][..], &many[..1], 1, "designIds"),
            (&many[..2], &many[..0], 1, "communityIds"),
            (&many[..2], &[3, 3][..], 1, "communityIds"),
            (&many[..2], &many[..1], 3, "advanceCount"),
            (&many[..2], &many[..1], 0, "advanceCount"),
        ] {
            assert_eq!(check_slate(designs, communities, k).unwrap_err().field, [field]);
        }
    }

    proptest! {
        #[test]
        fn what_has_ended_stays_so(events in proptest::collection::vec(0..Event::ALL.len(), 0..12)) {
            let mut state = RoundStatus::Scheduled;
            for event in events {
                let Some(to) = next(state, Event::ALL[event]) else { continue };
                prop_assert!(!matches!(state, RoundStatus::Closed | RoundStatus::Cancelled));
                prop_assert!(to != RoundStatus::Closed || state == RoundStatus::Open);
                state = to;
            }
        }
    }

    #[test]
    fn a_draft_can_only_be_thrown_away() {
        let able: Vec<_> = RoundStatus::iter().filter(|from| next(*from, Event::Cancel).is_some()).collect();
        assert_eq!(able, [RoundStatus::Draft, RoundStatus::Scheduled, RoundStatus::Open]);
    }
}
