//! Marks in the place of what is bound to a person or a moment.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{Context, ContextSelectionSet, OutputType, Positioned, ServerResult, Value};
use uuid::Uuid;

use super::template::Values;
use crate::base::crypto::random_token;
use crate::error::Result;
use crate::flow::presale::sale::Sale;
use crate::flow::round::slate::Slate;

/// What a hole is to be filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The designs the caller picks in a round.
    MyPicks { round_id: Uuid },
    /// Whether she picks a design in it.
    PickedByMe { round_id: Uuid, design_id: Uuid },
    /// How many members pick a design in it: the same for all, but it moves while everything around it stays.
    Picks { round_id: Uuid, design_id: Uuid },
    /// Pieces of a SKU that are left: the same for all, and moving.
    Remaining { presale_id: Uuid, sku_id: Uuid },
    /// Pieces of a presale that are paid: the same for all, and moving.
    PaidPieces { presale_id: Uuid },
    /// What a member can do with a presale now: the same for all members, until its time is over.
    PresaleActions { presale_id: Uuid },
}

impl Ask {
    /// The round whose picks of hers it asks for.
    pub(super) fn of_hers(&self) -> Option<Uuid> {
        match self {
            Ask::MyPicks { round_id } | Ask::PickedByMe { round_id, .. } => Some(*round_id),
            Ask::Picks { .. } | Ask::Remaining { .. } | Ask::PaidPieces { .. } | Ask::PresaleActions { .. } => None,
        }
    }

    /// The round whose standing it asks for.
    pub(super) fn of_all(&self) -> Option<Uuid> {
        match self {
            Ask::Picks { round_id, .. } => Some(*round_id),
            Ask::MyPicks { .. }
            | Ask::PickedByMe { .. }
            | Ask::Remaining { .. }
            | Ask::PaidPieces { .. }
            | Ask::PresaleActions { .. } => None,
        }
    }

    /// The presale whose sale it asks for.
    pub(super) fn of_sale(&self) -> Option<Uuid> {
        match self {
            Ask::Remaining { presale_id, .. } | Ask::PaidPieces { presale_id } | Ask::PresaleActions { presale_id } => {
                Some(*presale_id)
            }
            Ask::MyPicks { .. } | Ask::PickedByMe { .. } | Ask::Picks { .. } => None,
        }
    }
}

/// In the data of a request whose answer is to be kept.
pub struct Recorder {
    /// Begins every mark of this recording; random, so that nobody can write one.
    token: String,
    asked: Mutex<Vec<Ask>>,
    /// Of the one who asked first.
    known: Mutex<Values>,
    denied: AtomicBool,
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder {
            token: format!("hole:{}:", random_token()),
            asked: Mutex::default(),
            known: Mutex::default(),
            denied: AtomicBool::new(false),
        }
    }
}

impl Recorder {
    fn mark(&self, ask: Ask) -> String {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(ask);
        format!("{}{}", self.token, asked.len() - 1)
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn asked(&self) -> Vec<Ask> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn known(&self) -> Values {
        std::mem::take(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_denied(&self) -> bool {
        self.denied.load(Ordering::Relaxed)
    }

    /// Puts the caller's values into an answer that is not kept.
    pub(super) fn fill(&self, value: &mut Value, values: &Values) {
        match value {
            Value::String(text) => {
                let number = text.strip_prefix(&self.token).and_then(|number| number.parse::<usize>().ok());
                if let Some(ask) = number.and_then(|number| self.asked().get(number).copied()) {
                    *value = values.value(ask);
                }
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.fill(item, values)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.fill(field, values)),
            Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => {}
        }
    }
}

/// The answer must not be kept: it depends on what no news tells of.
pub fn deny(ctx: &Context<'_>) {
    if let Some(recorder) = ctx.data_opt::<Arc<Recorder>>() {
        recorder.denied.store(true, Ordering::Relaxed);
    }
}

/// How a round stands and what the caller picks in it, read along with something else: these holes need no
/// statement then.
pub fn learn(ctx: &Context<'_>, round_id: Uuid, slate: &Slate) {
    if let Some(recorder) = ctx.data_opt::<Arc<Recorder>>() {
        let mut known = recorder.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.picks.insert(round_id, slate.picks.clone());
        let standing = slate.entries.iter().map(|slated| (slated.entry.design_id, slated.entry.picks));
        known.standings.insert(round_id, Arc::new(standing.collect()));
    }
}

/// What is sold of a presale and what is left, read along with something else.
pub fn learn_sale(ctx: &Context<'_>, presale_id: Uuid, sale: impl FnOnce() -> Sale) {
    if let Some(recorder) = ctx.data_opt::<Arc<Recorder>>() {
        let mut known = recorder.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.sales.insert(presale_id, Arc::new(sale()));
    }
}

/// A value bound to a person or a moment: read it, or leave a hole where the answer is to be kept.
pub async fn bound<T>(ctx: &Context<'_>, ask: Ask, read: impl Future<Output = Result<T>>) -> Result<Bound<T>> {
    match ctx.data_opt::<Arc<Recorder>>() {
        Some(recorder) => Ok(Bound::Hole(recorder.mark(ask))),
        None => read.await.map(Bound::Value),
    }
}

/// A `T` in the schema.
pub enum Bound<T> {
    Value(T),
    /// The mark.
    Hole(String),
}

impl<T: OutputType> OutputType for Bound<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match self {
            Bound::Value(value) => value.resolve(ctx, field).await,
            Bound::Hole(mark) => Ok(Value::String(mark.clone())),
        }
    }
}
