//! An answer cut at its holes.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use async_graphql::Value;
use async_graphql::resolver_utils::enum_value;
use chrono::{DateTime, Utc};
use flate2::Crc;
use uuid::Uuid;

use super::hole::{Ask, Recorder};
use super::packed::{Packed, width};
use crate::base::id::DesignId;
use crate::flow::presale::graphql::PresaleAction;
use crate::flow::presale::sale::Sale;
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
    /// By presale.
    pub sales: HashMap<Uuid, Arc<Sale>>,
    pub now: DateTime<Utc>,
}

impl Values {
    fn picks(&self, round_id: Uuid) -> &[Uuid] {
        self.picks.get(&round_id).map_or(&[], Vec::as_slice)
    }

    fn standing(&self, round_id: Uuid, design_id: Uuid) -> i32 {
        self.standings.get(&round_id).and_then(|standing| standing.get(&design_id)).copied().unwrap_or_default()
    }

    fn remaining(&self, presale_id: Uuid, sku_id: Uuid) -> i32 {
        self.sales.get(&presale_id).map_or(0, |sale| sale.remaining(sku_id, self.now))
    }

    fn paid(&self, presale_id: Uuid) -> i32 {
        self.sales.get(&presale_id).map_or(0, |sale| sale.paid())
    }

    fn is_on(&self, presale_id: Uuid) -> bool {
        self.sales.get(&presale_id).is_some_and(|sale| sale.is_on(self.now))
    }

    pub fn value(&self, ask: Ask) -> Value {
        match ask {
            Ask::MyPicks { round_id } => Value::List(
                self.picks(round_id).iter().map(|id| Value::String(DesignId::new(*id).to_string())).collect(),
            ),
            Ask::PickedByMe { round_id, design_id } => Value::Boolean(self.picks(round_id).contains(&design_id)),
            Ask::Picks { round_id, design_id } => Value::Number(self.standing(round_id, design_id).into()),
            Ask::Remaining { presale_id, sku_id } => Value::Number(self.remaining(presale_id, sku_id).into()),
            Ask::PaidPieces { presale_id } => Value::Number(self.paid(presale_id).into()),
            Ask::PresaleActions { presale_id } => {
                let actions = self.is_on(presale_id).then_some(PresaleAction::PlaceOrder);
                Value::List(actions.into_iter().map(enum_value).collect())
            }
        }
    }

    fn write(&self, ask: Ask, out: &mut Vec<u8>) {
        match ask {
            Ask::PickedByMe { round_id, design_id } => {
                out.extend_from_slice(if self.picks(round_id).contains(&design_id) { b"true" } else { b"false" });
            }
            Ask::Picks { round_id, design_id } => number(out, self.standing(round_id, design_id)),
            Ask::Remaining { presale_id, sku_id } => number(out, self.remaining(presale_id, sku_id)),
            Ask::PaidPieces { presale_id } => number(out, self.paid(presale_id)),
            Ask::MyPicks { .. } | Ask::PresaleActions { .. } => {
                serde_json::to_writer(out, &self.value(ask)).expect("a vector takes all");
            }
        }
    }
}

fn number(out: &mut Vec<u8>, number: i32) {
    write!(out, "{number}").expect("a vector takes all");
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
                    debug_assert!(holes.len() - begin <= width, "{ask:?} is wider");
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
