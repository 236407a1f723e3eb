//! Pure decisions: the state machine, and what a design must say.

use entity::design::DesignStatus;
use entity::design_version;
use serde::{Deserialize, Serialize};

use crate::base::text;
use crate::error::{Refusal, Result};

/// What can happen to a design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Submit,
    Revise,
    Retire,
    /// A round takes it on its slate.
    EnterRound,
    /// Its round is cancelled.
    LeaveRound,
    /// Its round closes and it is among the top.
    Advance,
    /// Its round closes and it is not.
    FallShort,
}

impl Event {
    pub const ALL: [Event; 7] = [
        Event::Submit,
        Event::Revise,
        Event::Retire,
        Event::EnterRound,
        Event::LeaveRound,
        Event::Advance,
        Event::FallShort,
    ];

    /// In the past tense, as in the name of the outbox event.
    pub fn name(self) -> &'static str {
        match self {
            Event::Submit => "submitted",
            Event::Revise => "revised",
            Event::Retire => "retired",
            Event::EnterRound => "entered_round",
            Event::LeaveRound => "left_round",
            Event::Advance => "advanced",
            Event::FallShort => "fell_short",
        }
    }
}

/// The state after `event`, or `None` when it cannot happen in `from`.
pub fn next(from: DesignStatus, event: Event) -> Option<DesignStatus> {
    use DesignStatus as S;
    match (from, event) {
        (S::Draft, Event::Submit) => Some(S::Submitted),
        (S::Draft | S::Submitted | S::Retired, Event::Revise) => Some(S::Draft),
        (S::Draft | S::Submitted, Event::Retire) => Some(S::Retired),
        (S::Submitted, Event::EnterRound) => Some(S::InRound),
        (S::InRound, Event::LeaveRound) => Some(S::Submitted),
        (S::InRound, Event::Advance) => Some(S::Advanced),
        (S::InRound, Event::FallShort) => Some(S::Retired),
        (S::Draft | S::Submitted | S::InRound | S::Advanced | S::Retired, _) => None,
    }
}

/// The most pictures of a version.
pub const MAX_PICTURES: usize = 9;
const MAX_ATTRIBUTES: usize = 30;

/// A further property of a design, for showing only: `领型`, `圆领`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    pub name: String,
    pub value: String,
}

/// What a version says, as it was typed.
#[derive(Clone, Debug, Serialize)]
pub struct Words {
    pub title: String,
    pub description: String,
    pub category: String,
    pub season: Option<String>,
    pub fabric: Option<String>,
    pub fit: Option<String>,
    pub attributes: Vec<Attribute>,
}

impl Words {
    /// Trimmed and within bounds, or the refusal of the first field that is not.
    pub fn checked(&self) -> Result<Words> {
        if self.attributes.len() > MAX_ATTRIBUTES {
            return Err(Refusal::invalid(
                "attributes",
                format!("A design has at most {MAX_ATTRIBUTES} attributes."),
                format!("每个设计最多 {MAX_ATTRIBUTES} 个属性。"),
            )
            .into());
        }
        let attribute = |given: &Attribute| {
            Ok(Attribute {
                name: text::required("attributes.name", &given.name, 20)?,
                value: text::required("attributes.value", &given.value, 100)?,
            })
        };
        Ok(Words {
            title: text::required("title", &self.title, 60)?,
            description: text::required("description", &self.description, 2000)?,
            category: text::required("category", &self.category, 30)?,
            season: text::optional("season", self.season.as_deref(), 30)?,
            fabric: text::optional("fabric", self.fabric.as_deref(), 100)?,
            fit: text::optional("fit", self.fit.as_deref(), 60)?,
            attributes: self.attributes.iter().map(attribute).collect::<Result<_>>()?,
        })
    }

    /// Writes the words into a row.
    pub fn write(&self, row: &mut design_version::ActiveModel) {
        use sea_orm::Set;
        row.title = Set(self.title.clone());
        row.description = Set(self.description.clone());
        row.category = Set(self.category.clone());
        row.season = Set(self.season.clone());
        row.fabric = Set(self.fabric.clone());
        row.fit = Set(self.fit.clone());
        row.attributes = Set(serde_json::to_value(&self.attributes).expect("names and values serialise"));
    }
}

/// One to nine different pictures.
pub fn check_pictures<T: Ord + Copy>(ids: &[T]) -> Result<(), Refusal> {
    let mut different = ids.to_vec();
    different.sort();
    different.dedup();
    if ids.is_empty() || ids.len() > MAX_PICTURES || different.len() != ids.len() {
        return Err(Refusal::invalid(
            "pictureIds",
            format!("Give 1 to {MAX_PICTURES} different pictures; upload them with POST /media first."),
            format!("请提供 1 至 {MAX_PICTURES} 张不同的图片，并先通过 POST /media 上传。"),
        ));
    }
    Ok(())
}

/// The state does not allow `event`.
pub fn wrong_state(style_no: &str, actual: DesignStatus, event: Event) -> Refusal {
    use sea_orm::ActiveEnum;
    let state = actual.to_value();
    let (en, zh) = match event {
        Event::Submit => ("only a draft is submitted", "只有草稿可以提交"),
        Event::Revise => {
            ("it is revised as a draft, while submitted, or after it retired", "只有草稿、已提交或已退出的设计可以修改")
        }
        Event::Retire => ("only a draft or a submitted design is retired by hand", "只有草稿或已提交的设计可以退出"),
        Event::EnterRound => {
            ("a round takes submitted designs only; submit it first", "选款只接受已提交的设计，请先提交")
        }
        Event::LeaveRound | Event::Advance | Event::FallShort => ("it is in no round", "它不在选款中"),
    };
    Refusal::wrong_state(
        &state,
        format!("Design {style_no} is {state}: {en}."),
        format!("设计 {style_no} 的状态为 {state}：{zh}。"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sea_orm::Iterable;

    fn words() -> Words {
        Words {
            title: " 小立领衬衫 ".into(),
            description: "收腰，显脖子长。".into(),
            category: "衬衫".into(),
            season: Some(" ".into()),
            fabric: None,
            fit: None,
            attributes: vec![Attribute { name: "领型".into(), value: "小立领".into() }],
        }
    }

    #[test]
    fn only_a_submitted_design_enters_a_round() {
        let able: Vec<_> = DesignStatus::iter().filter(|from| next(*from, Event::EnterRound).is_some()).collect();
        assert_eq!(able, [DesignStatus::Submitted]);
    }

    #[test]
    fn words_are_trimmed_and_the_first_bad_field_is_named() {
        let checked = words().checked().unwrap();
        assert_eq!((checked.title.as_str(), checked.season), ("小立领衬衫", None));
        let error = Words { category: "x".repeat(31), ..words() }.checked().unwrap_err();
        assert!(matches!(error, crate::error::Error::Refused(refusal) if refusal.field == ["category"]));
    }

    #[test]
    fn pictures_are_one_to_nine_and_different() {
        assert!(check_pictures(&[1, 2]).is_ok() && check_pictures(&(0..9).collect::<Vec<_>>()).is_ok());
        assert!(check_pictures::<u8>(&[]).is_err() && check_pictures(&[1, 1]).is_err());
        assert!(check_pictures(&(0..10).collect::<Vec<_>>()).is_err());
    }

    proptest! {
        /// Whatever happens in whatever order: only the round moves a design that is in it, and an
        /// advanced design stays advanced.
        #[test]
        fn a_life_never_leaves_a_round_by_hand(choices in proptest::collection::vec(0..Event::ALL.len(), 0..40)) {
            let mut state = DesignStatus::Draft;
            for choice in choices {
                let event = Event::ALL[choice];
                let Some(to) = next(state, event) else { continue };
                let by_hand = matches!(event, Event::Submit | Event::Revise | Event::Retire);
                prop_assert!(state != DesignStatus::Advanced);
                prop_assert_eq!(state == DesignStatus::InRound && by_hand, false);
                prop_assert!(state != to || event == Event::Revise);
                state = to;
            }
        }
    }
}
