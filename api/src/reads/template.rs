//! An answer cut at its holes.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use async_graphql::Value;
use flate2::Crc;
use uuid::Uuid;

use super::hole::{Ask, Recorder};
use super::packed::{Packed, width};
use crate::base::id::DesignId;
use crate::flow::round::standing::Standing;

/// JSON with holes.
pub(super) struct Template {
    /// Without the marks.
    text: Vec<u8>,
    /// Where in `text` each hole is, in order.
    places: Vec<usize>,
    asked: Vec<Ask>,
    /// Once somebody wants gzip.
    packed: OnceLock<Packed>,
}

/// A template and what fills it.
pub struct Filled {
    template: Arc<Template>,
    values: Values,
}

/// What is put into holes for one person now.
#[derive(Default)]
pub(super) struct Values {
    /// Picked designs by round, in the order they were picked.
    pub picks: HashMap<Uuid, Vec<Uuid>>,
    /// By round.
    pub standings: HashMap<Uuid, Standing>,
}

impl Values {
    fn picks(&self, round_id: Uuid) -> &[Uuid] {
        self.picks.get(&round_id).map_or(&[], Vec::as_slice)
    }

    fn standing(&self, round_id: Uuid, design_id: Uuid) -> i32 {
        self.standings.get(&round_id).and_then(|standing| standing.get(&design_id)).copied().unwrap_or_default()
    }

    pub fn value(&self, ask: Ask) -> Value {
        match ask {
            Ask::MyPicks { round_id } => Value::List(
                self.picks(round_id).iter().map(|id| Value::String(DesignId::new(*id).to_string())).collect(),
            ),
            Ask::PickedByMe { round_id, design_id } => Value::Boolean(self.picks(round_id).contains(&design_id)),
            Ask::Picks { round_id, design_id } => Value::Number(self.standing(round_id, design_id).into()),
        }
    }

    fn write(&self, ask: Ask, out: &mut Vec<u8>) {
        match ask {
            Ask::PickedByMe { round_id, design_id } => {
                out.extend_from_slice(if self.picks(round_id).contains(&design_id) { b"true" } else { b"false" });
            }
            Ask::Picks { round_id, design_id } => {
                let written = write!(out, "{}", self.standing(round_id, design_id));
                written.expect("a vector takes all");
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
        text.shrink_to_fit();
        Template { text, places, asked, packed: OnceLock::new() }
    }

    pub fn asked(&self) -> &[Ask] {
        &self.asked
    }

    /// Bytes in memory, with a guess of what it takes compressed.
    pub fn size(&self) -> usize {
        let hole = size_of::<usize>() + size_of::<Ask>() + size_of::<Vec<u8>>();
        self.text.len() + self.text.len() / 3 + self.places.len() * hole
    }

    /// The text before, between and behind the holes.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let begins = [0].into_iter().chain(self.places.iter().copied());
        let ends = self.places.iter().copied().chain([self.text.len()]);
        begins.zip(ends).map(|(begin, end)| &self.text[begin..end])
    }
}

impl Filled {
    pub(super) fn new(template: Arc<Template>, values: Values) -> Self {
        Filled { template, values }
    }

    /// Bytes of its text, holes aside.
    pub fn size(&self) -> usize {
        self.template.text.len()
    }

    /// `before`, the data as JSON, and `after`.
    pub fn json(&self, before: &[u8], after: &[u8]) -> Vec<u8> {
        let holes = self.template.places.len();
        let mut out = Vec::with_capacity(before.len() + self.size() + 64 * holes + after.len());
        out.extend_from_slice(before);
        for (n, piece) in self.template.pieces().enumerate() {
            out.extend_from_slice(piece);
            if let Some(ask) = self.template.asked.get(n) {
                self.values.write(*ask, &mut out);
            }
        }
        out.extend_from_slice(after);
        out
    }

    /// The same as a gzip file.
    pub fn gzip(&self, before: &[u8], after: &[u8]) -> Vec<u8> {
        let template = &*self.template;
        let packed = template.packed.get_or_init(|| Packed::new(template.pieces(), &template.asked));
        let (mut holes, mut ends) = (Vec::with_capacity(16 * template.places.len()), Vec::new());
        let mut crc = Crc::new();
        crc.update(before);
        for (n, piece) in template.pieces().enumerate() {
            crc.update(piece);
            if let Some(ask) = template.asked.get(n) {
                let begin = holes.len();
                self.values.write(*ask, &mut holes);
                if let Some(width) = width(*ask) {
                    holes.resize(begin + width, b' ');
                }
                crc.update(&holes[begin..]);
                ends.push(holes.len());
            }
        }
        crc.update(after);
        let begins = [0].into_iter().chain(ends.iter().copied());
        let filled = begins.zip(&ends).map(|(begin, end)| &holes[begin..*end]);
        packed.fill(before, filled, after, &crc)
    }
}
