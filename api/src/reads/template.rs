//! An answer cut at its holes.

use std::collections::HashMap;

use async_graphql::Value;
use bytes::Bytes;
use uuid::Uuid;

use super::hole::{Ask, Recorder};
use crate::base::id::DesignId;

/// JSON with holes.
pub(super) struct Template {
    /// Without the marks.
    text: Bytes,
    /// Where in `text` each hole is, in order.
    places: Vec<usize>,
    asked: Vec<Ask>,
}

/// What one person puts into holes.
#[derive(Default)]
pub(super) struct Values {
    /// Picked designs by round, in the order they were picked.
    pub picks: HashMap<Uuid, Vec<Uuid>>,
}

impl Values {
    fn picks(&self, round_id: Uuid) -> &[Uuid] {
        self.picks.get(&round_id).map_or(&[], Vec::as_slice)
    }

    pub fn value(&self, ask: Ask) -> Value {
        match ask {
            Ask::MyPicks { round_id } => Value::List(
                self.picks(round_id).iter().map(|id| Value::String(DesignId::new(*id).to_string())).collect(),
            ),
            Ask::PickedByMe { round_id, design_id } => Value::Boolean(self.picks(round_id).contains(&design_id)),
        }
    }

    fn write(&self, ask: Ask, out: &mut Vec<u8>) {
        match ask {
            Ask::PickedByMe { round_id, design_id } => {
                out.extend_from_slice(if self.picks(round_id).contains(&design_id) { b"true" } else { b"false" });
            }
            Ask::MyPicks { .. } => out.extend_from_slice(self.value(ask).to_string().as_bytes()),
        }
    }
}

impl Template {
    /// Cuts `json` at the marks of `recorder`.
    pub fn cut(json: &[u8], recorder: &Recorder) -> Self {
        let begins = format!("\"{}", recorder.token()).into_bytes();
        let recorded = recorder.asked();
        let (mut text, mut places, mut asked) = (Vec::with_capacity(json.len()), Vec::new(), Vec::new());
        let mut rest = json;
        while let Some(at) = rest.windows(begins.len()).position(|window| window == begins) {
            let number = &rest[at + begins.len()..];
            let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let index = std::str::from_utf8(&number[..digits]).ok().and_then(|digits| digits.parse::<usize>().ok());
            text.extend_from_slice(&rest[..at]);
            if let Some(ask) = index.and_then(|index| recorded.get(index)) {
                places.push(text.len());
                asked.push(*ask);
            }
            // The digits and the closing quote.
            rest = &number[(digits + 1).min(number.len())..];
        }
        text.extend_from_slice(rest);
        Template { text: text.into(), places, asked }
    }

    pub fn asked(&self) -> &[Ask] {
        &self.asked
    }

    /// Bytes in memory.
    pub fn size(&self) -> usize {
        self.text.len() + self.places.len() * (size_of::<usize>() + size_of::<Ask>())
    }

    pub fn fill(&self, values: &Values) -> Bytes {
        if self.places.is_empty() {
            return self.text.clone();
        }
        let mut out = Vec::with_capacity(self.text.len() + 64 * self.places.len());
        let mut from = 0;
        for (place, ask) in self.places.iter().zip(&self.asked) {
            out.extend_from_slice(&self.text[from..*place]);
            values.write(*ask, &mut out);
            from = *place;
        }
        out.extend_from_slice(&self.text[from..]);
        out.into()
    }
}
