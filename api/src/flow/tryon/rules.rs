//! Pure decisions: the two state machines and what verdicts add up to.

use chrono::{DateTime, Utc};
use entity::sample::SampleStatus;
use entity::security_check::SecurityCheckVerdict;
use entity::tryon::TryonStatus;

use crate::error::{Code, Refusal};

pub const MAX_BODY: usize = 2000;
pub const MAX_CONS: usize = 1000;
pub const MAX_PICTURES: usize = 9;
pub const MAX_VIDEOS: usize = 1;
const HEIGHT_CM: std::ops::RangeInclusive<i32> = 80..=250;
const WEIGHT_KG: std::ops::RangeInclusive<i32> = 20..=300;

/// What can happen to a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleEvent {
    Dispatch,
    Receive,
    /// The KOC keeps it.
    Keep,
    Return,
    Lose,
}

/// The sample's next state, or `None` when the event does not fit the state.
pub fn next_sample(from: SampleStatus, event: SampleEvent) -> Option<SampleStatus> {
    use SampleEvent as E;
    use SampleStatus as S;
    match (from, event) {
        (S::Requested, E::Dispatch) => Some(S::Dispatched),
        (S::Dispatched, E::Receive) => Some(S::Received),
        (S::Received, E::Keep) => Some(S::Kept),
        (S::Received, E::Return) => Some(S::Returned),
        (S::Dispatched | S::Received, E::Lose) => Some(S::Lost),
        (
            S::Requested | S::Dispatched | S::Received | S::Kept | S::Returned | S::Lost,
            E::Dispatch | E::Receive | E::Keep | E::Return | E::Lose,
        ) => None,
    }
}

/// What can happen to a try-on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Submit,
    RequestChanges,
    /// WeChat calls it risky, which may come as late as after publishing.
    Reject,
    Approve,
    Publish,
    Withdraw,
}

/// The try-on's next state, or `None` when the event does not fit the state.
pub fn next(from: TryonStatus, event: Event) -> Option<TryonStatus> {
    use Event as E;
    use TryonStatus as S;
    match (from, event) {
        (S::Assigned | S::ChangesRequested, E::Submit) => Some(S::Submitted),
        (S::Submitted, E::RequestChanges) => Some(S::ChangesRequested),
        (S::Submitted | S::Approved, E::Reject) => Some(S::ChangesRequested),
        (S::Submitted, E::Approve) => Some(S::Approved),
        (S::Approved, E::Publish) => Some(S::Published),
        (S::Published, E::Reject) => Some(S::Withdrawn),
        (S::Assigned | S::Submitted | S::ChangesRequested | S::Approved | S::Published, E::Withdraw) => {
            Some(S::Withdrawn)
        }
        (S::Assigned | S::ChangesRequested | S::Withdrawn, E::Reject)
        | (S::Submitted | S::Approved | S::Published | S::Withdrawn, E::Submit)
        | (S::Assigned | S::ChangesRequested | S::Approved | S::Published | S::Withdrawn, E::RequestChanges)
        | (S::Assigned | S::ChangesRequested | S::Approved | S::Published | S::Withdrawn, E::Approve)
        | (S::Assigned | S::Submitted | S::ChangesRequested | S::Published | S::Withdrawn, E::Publish)
        | (S::Withdrawn, E::Withdraw) => None,
    }
}

/// What several verdicts add up to. Risky outweighs all; then one that is still out, so that nothing
/// is decided too early; then one that will never come; then doubt.
pub fn worst(verdicts: impl IntoIterator<Item = SecurityCheckVerdict>) -> Option<SecurityCheckVerdict> {
    verdicts.into_iter().max_by_key(|verdict| match verdict {
        SecurityCheckVerdict::Pass => 0,
        SecurityCheckVerdict::Review => 1,
        SecurityCheckVerdict::Error => 2,
        SecurityCheckVerdict::Pending => 3,
        SecurityCheckVerdict::Risky => 4,
    })
}

/// May a post with this overall verdict be approved? `accept_unchecked` is a person's word for one
/// that WeChat doubts or could not check.
pub fn may_approve(overall: SecurityCheckVerdict, accept_unchecked: bool) -> Result<(), Refusal> {
    let (en, zh) = match overall {
        SecurityCheckVerdict::Pass => return Ok(()),
        SecurityCheckVerdict::Review | SecurityCheckVerdict::Error if accept_unchecked => return Ok(()),
        SecurityCheckVerdict::Review | SecurityCheckVerdict::Error => (
            "The content check left this post to a person. Look at it, then approve it with `acceptUnchecked: true` or ask for changes.",
            "内容安全检测未能直接通过，请人工查看后以 acceptUnchecked: true 批准，或要求修改。",
        ),
        SecurityCheckVerdict::Pending => (
            "The content check of this post is still running, for up to 30 minutes. Try again later.",
            "内容安全检测尚未完成（最长 30 分钟），请稍后再试。",
        ),
        SecurityCheckVerdict::Risky => (
            "The content check found this post risky. Ask the KOC to change it.",
            "内容安全检测判定该内容违规，请让 KOC 修改。",
        ),
    };
    Err(Refusal::new(Code::ContentNotPassed, en, zh))
}

/// Between one and nine pictures, at most one video, nothing twice.
pub fn check_media_counts(pictures: usize, videos: usize, distinct: bool) -> Result<(), Refusal> {
    if (1..=MAX_PICTURES).contains(&pictures) && videos <= MAX_VIDEOS && distinct {
        return Ok(());
    }
    Err(Refusal::invalid(
        "mediaIds",
        format!("A try-on has 1 to {MAX_PICTURES} pictures and at most {MAX_VIDEOS} video, each once."),
        format!("试穿内容须有 1 至 {MAX_PICTURES} 张图片、最多 {MAX_VIDEOS} 个视频，且不可重复。"),
    ))
}

/// Figures of a person, in centimetres and kilograms.
pub fn check_figures(height_cm: Option<i32>, weight_kg: Option<i32>) -> Result<(), Refusal> {
    let outside = |field: &str, range: &std::ops::RangeInclusive<i32>, unit: &str| {
        let (low, high) = (range.start(), range.end());
        Refusal::invalid(
            field,
            format!("“{field}” is {low} to {high} {unit}."),
            format!("“{field}”须为 {low} 至 {high} {unit}。"),
        )
    };
    match (height_cm, weight_kg) {
        (Some(height), _) if !HEIGHT_CM.contains(&height) => Err(outside("heightCm", &HEIGHT_CM, "cm")),
        (_, Some(weight)) if !WEIGHT_KG.contains(&weight) => Err(outside("weightKg", &WEIGHT_KG, "kg")),
        _ => Ok(()),
    }
}

/// A due date lies ahead.
pub fn check_due(field: &str, due_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if due_at > now {
        return Ok(());
    }
    Err(Refusal::invalid(field, "The due date must lie in the future.", "截止时间须晚于现在。"))
}

pub fn wrong_sample_state(actual: SampleStatus) -> Refusal {
    Refusal::wrong_state(
        screaming(&actual),
        "The sample is in another state by now; load it again.",
        "样衣状态已变化，请重新加载。",
    )
}

pub fn wrong_state(actual: TryonStatus) -> Refusal {
    Refusal::wrong_state(
        screaming(&actual),
        "The try-on is in another state by now; load it again.",
        "试穿任务状态已变化，请重新加载。",
    )
}

/// A state as the API spells it.
fn screaming<S: sea_orm::ActiveEnum<Value = String>>(state: &S) -> String {
    state.to_value().to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::Iterable;

    use super::*;

    const EVENTS: [Event; 6] =
        [Event::Submit, Event::RequestChanges, Event::Reject, Event::Approve, Event::Publish, Event::Withdraw];
    const SAMPLE_EVENTS: [SampleEvent; 5] =
        [SampleEvent::Dispatch, SampleEvent::Receive, SampleEvent::Keep, SampleEvent::Return, SampleEvent::Lose];

    fn verdicts() -> impl Strategy<Value = Vec<SecurityCheckVerdict>> {
        let all: Vec<_> = SecurityCheckVerdict::iter().collect();
        prop::collection::vec(prop::sample::select(all), 1..12)
    }

    proptest! {
        #[test]
        fn whatever_happens_a_post_is_published_only_after_approval_and_withdrawn_is_final(
            events in prop::collection::vec(prop::sample::select(EVENTS.to_vec()), 0..40)
        ) {
            let mut state = TryonStatus::Assigned;
            for event in events {
                let Some(to) = next(state, event) else { continue };
                prop_assert_ne!(state, TryonStatus::Withdrawn);
                prop_assert_ne!(to, state);
                if to == TryonStatus::Published {
                    prop_assert_eq!(state, TryonStatus::Approved);
                }
                if to == TryonStatus::Approved {
                    prop_assert_eq!(state, TryonStatus::Submitted);
                }
                if event == Event::Reject {
                    prop_assert!(matches!(to, TryonStatus::ChangesRequested | TryonStatus::Withdrawn));
                }
                state = to;
            }
        }

        #[test]
        fn a_sample_never_goes_back(
            events in prop::collection::vec(prop::sample::select(SAMPLE_EVENTS.to_vec()), 0..20)
        ) {
            let order = |state: SampleStatus| match state {
                SampleStatus::Requested => 0,
                SampleStatus::Dispatched => 1,
                SampleStatus::Received => 2,
                SampleStatus::Kept | SampleStatus::Returned | SampleStatus::Lost => 3,
            };
            let mut state = SampleStatus::Requested;
            for event in events {
                if let Some(to) = next_sample(state, event) {
                    prop_assert!(order(to) > order(state));
                    state = to;
                }
            }
        }

        #[test]
        fn the_worst_verdict_rules_whatever_the_order(mut verdicts in verdicts()) {
            let forwards = worst(verdicts.clone());
            verdicts.reverse();
            prop_assert_eq!(forwards, worst(verdicts.clone()));
            let all_pass = verdicts.iter().all(|verdict| *verdict == SecurityCheckVerdict::Pass);
            prop_assert_eq!(forwards == Some(SecurityCheckVerdict::Pass), all_pass);
            if verdicts.contains(&SecurityCheckVerdict::Risky) {
                prop_assert_eq!(forwards, Some(SecurityCheckVerdict::Risky));
            }
            prop_assert_eq!(may_approve(forwards.unwrap(), false).is_ok(), all_pass);
        }
    }

    #[test]
    fn a_person_may_accept_doubt_and_silence_but_neither_risk_nor_haste() {
        assert!(may_approve(SecurityCheckVerdict::Review, true).is_ok());
        assert!(may_approve(SecurityCheckVerdict::Error, true).is_ok());
        assert_eq!(may_approve(SecurityCheckVerdict::Risky, true).unwrap_err().code, Code::ContentNotPassed);
        assert_eq!(may_approve(SecurityCheckVerdict::Pending, true).unwrap_err().code, Code::ContentNotPassed);
    }

    #[test]
    fn media_counts_and_figures_have_bounds() {
        assert!(check_media_counts(1, 0, true).is_ok() && check_media_counts(9, 1, true).is_ok());
        assert!(check_media_counts(0, 1, true).is_err() && check_media_counts(10, 0, true).is_err());
        assert!(check_media_counts(2, 2, true).is_err() && check_media_counts(2, 0, false).is_err());
        assert!(check_figures(Some(160), Some(55)).is_ok() && check_figures(None, None).is_ok());
        assert_eq!(check_figures(Some(0), None).unwrap_err().field, ["heightCm"]);
        assert_eq!(check_figures(None, Some(i32::MAX)).unwrap_err().field, ["weightKg"]);
    }
}
