//! Pure decisions: what may be promised instead, who is asked, what an answer does.

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::presale::{self, PresaleStatus};
use entity::promise_question::PromiseQuestionStatus;
use sea_orm::ActiveEnum;

use crate::error::Refusal;
use crate::flow::order::rules::LEAST_TO_ANSWER;
use crate::flow::presale::rules::MAX_PROMISE_DAYS;

/// Buyers have at most this long to answer, and at least [`LEAST_TO_ANSWER`].
pub const MOST_TIME: Duration = Duration::days(30);

/// What can happen to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Accept,
    Refuse,
    /// A later change asks anew, or there is nothing left to wait for.
    Overtake,
}

impl Event {
    /// As it stands in history and event names.
    pub fn name(self) -> &'static str {
        match self {
            Event::Accept => "accepted",
            Event::Refuse => "refused",
            Event::Overtake => "overtaken",
        }
    }

    /// The one state it happens in, and the state after it.
    pub fn edge(self) -> (PromiseQuestionStatus, PromiseQuestionStatus) {
        use PromiseQuestionStatus::*;
        match self {
            Event::Accept => (Asked, Accepted),
            Event::Refuse => (Asked, Refused),
            Event::Overtake => (Asked, Overtaken),
        }
    }
}

/// What a change goes by.
#[derive(Clone, Copy, Debug)]
pub struct Promised {
    pub status: PresaleStatus,
    pub date: NaiveDate,
    /// Since when there are buyers who wait.
    pub opened_at: DateTime<Utc>,
    /// The brand's.
    pub zone: Tz,
}

impl Promised {
    pub fn of(presale: &presale::Model, zone: Tz) -> Self {
        let opened_at = presale.opened_at.unwrap_or(presale.opens_at);
        Promised { status: presale.status, date: presale.promise_date, opened_at, zone }
    }
}

/// Checks a change: later than what is promised, within what WeChat takes, with time to answer.
pub fn check(before: &Promised, date: NaiveDate, answer_by: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    use PresaleStatus::*;
    if !matches!(before.status, Open | Closed | Succeeded) {
        let state = before.status.to_value();
        return Err(Refusal::wrong_state(
            state.clone(),
            format!("Nobody waits for a presale that is {state}; a draft's date is changed with the draft."),
            format!("预售当前状态为 {state}，没有等待发货的买家；草稿请直接修改。"),
        ));
    }
    // Counted from the first payment, whose buyer has waited longest.
    let first_day = before.opened_at.with_timezone(&before.zone).date_naive();
    let latest = first_day.checked_add_days(Days::new(MAX_PROMISE_DAYS)).unwrap_or(NaiveDate::MAX);
    let today = now.with_timezone(&before.zone).date_naive();
    let earliest = before.date.succ_opt().unwrap_or(NaiveDate::MAX).max(today);
    if date < earliest || date > latest {
        return Err(Refusal::invalid(
            "promiseDate",
            format!(
                "The new date must be {earliest} to {latest}: shipping earlier than promised needs no change, and WeChat takes at most {MAX_PROMISE_DAYS} days after payment. For anything later, cancel the presale."
            ),
            format!(
                "新的承诺发货日须在 {earliest} 至 {latest} 之间：提前发货无需更改，微信最长允许付款后 {MAX_PROMISE_DAYS} 天；更晚请取消预售。"
            ),
        ));
    }
    if !(LEAST_TO_ANSWER..=MOST_TIME).contains(&(answer_by - now)) {
        let (hours, days) = (LEAST_TO_ANSWER.num_hours(), MOST_TIME.num_days());
        return Err(Refusal::invalid(
            "answerBy",
            format!("Buyers need {hours} hours to {days} days to answer."),
            format!("请给买家留出 {hours} 小时至 {days} 天的答复时间。"),
        ));
    }
    Ok(())
}

/// The promise was changed by someone else in the meantime.
pub fn changed_meanwhile() -> Refusal {
    Refusal::new(
        crate::error::Code::Stale,
        "The promise of this presale was changed in the meantime; load it again.",
        "该预售的承诺发货日已被他人更改，请重新加载。",
    )
}

/// Why a question cannot be answered (again).
pub fn not_asked(status: PromiseQuestionStatus) -> Refusal {
    use PromiseQuestionStatus::*;
    let state = status.to_value();
    match status {
        Accepted => Refusal::wrong_state(
            state,
            "You accepted the new date. If you have changed your mind, contact the brand.",
            "您已接受新的发货日期；如需变更，请联系商家。",
        ),
        Refused => Refusal::wrong_state(
            state,
            "You did not accept the new date; your money is on its way back.",
            "您已选择不接受，款项正在退回。",
        ),
        Asked | Overtaken => overtaken(),
    }
}

/// There is nothing left to answer.
pub fn overtaken() -> Refusal {
    Refusal::wrong_state(
        PromiseQuestionStatus::Overtaken.to_value(),
        "This question is over: the order has moved on, or a newer date is asked about. Load the order again.",
        "该询问已失效：订单状态已变化或有新的发货日期待确认，请重新加载订单。",
    )
}

/// Too late to leave, and what to do instead.
pub fn on_its_way() -> Refusal {
    Refusal::wrong_state(
        PromiseQuestionStatus::Overtaken.to_value(),
        "Pieces of this order have left the factory and are about to reach you. When they are with you, they can be returned through an after-sales case.",
        "该订单的商品已出厂，即将寄出；收到后如不需要，可发起售后申请。",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use proptest::prelude::*;

    const EVENTS: [Event; 3] = [Event::Accept, Event::Refuse, Event::Overtake];

    #[test]
    fn a_question_is_answered_once() {
        for event in EVENTS {
            let (from, to) = event.edge();
            assert_eq!(from, PromiseQuestionStatus::Asked);
            assert!(EVENTS.iter().all(|again| again.edge().0 != to), "{event:?}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_change_is_later_and_within_what_wechat_takes(
            promised in 0..400u64, then in 0..800u64, answer in -50..2000i64, passed in 0..500u64
        ) {
            let opened = Utc.with_ymd_and_hms(2026, 3, 1, 4, 0, 0).unwrap();
            let first = opened.date_naive();
            let (old, new) = (first + Days::new(promised), first + Days::new(then));
            let before = Promised { status: PresaleStatus::Succeeded, date: old, opened_at: opened, zone: Tz::UTC };
            let now = opened + Days::new(passed);
            let verdict = check(&before, new, now + Duration::hours(answer), now);
            let fits = new > old && then >= passed && then <= MAX_PROMISE_DAYS && (24..=720).contains(&answer);
            prop_assert_eq!(verdict.is_ok(), fits);
        }
    }
}
