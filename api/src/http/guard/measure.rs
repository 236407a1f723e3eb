//! Expanded sizes of operations in O(document): each fragment is measured once and then only added.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use serde_json::Value as Variables;

use super::refusal::Refusal;

/// What a selection set amounts to when every spread is replaced by its fragment. Saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Fields, spreads and inline fragments.
    pub selections: u32,
    pub fields: u32,
    pub aliases: u32,
    pub directives: u32,
    /// Fields directly in this set, not inside another field.
    pub own_fields: u32,
    /// Those of them that ask about the schema instead of data: `__schema`, `__type`, `__typename`.
    pub own_meta_fields: u32,
    /// Fields inside each other.
    pub depth: u32,
    /// Selection sets inside each other.
    pub nesting: u32,
    /// Fields inside each other that would be lists of the schema's parts if this set were below `__schema`.
    pub type_lists: u32,
    /// Largest `type_lists` below a `__schema` or `__type`.
    pub introspection_lists: u32,
    /// Fields times the sizes of the pages they are on: what the operation may make the server do.
    pub cost: u32,
}

/// Largest page of any list, and the page when the client does not say.
const MAX_PAGE: u32 = 100;
const DEFAULT_PAGE: u32 = 20;

/// How many times a field's selections may be answered: the page it asks for, or the things it names.
fn page_of(field: &Field, variables: &Variables) -> u32 {
    let asked = field.arguments.iter().find(|(name, _)| matches!(name.node.as_str(), "first" | "last" | "ids"));
    // The engine does not export the type of an argument; as text it is `10`, `["a", "b"]` or `$name`.
    let asked = asked.map(|(_, value)| value.node.to_string());
    let size = asked.and_then(|text| match text.strip_prefix('$') {
        Some(name) => variables[name].as_i64().or_else(|| count(variables[name].as_array()?.len())),
        None if text.starts_with('[') => count(text.matches(", ").count() + 1),
        None => text.parse().ok(),
    });
    let is_list = |item: &Selection| matches!(item, Selection::Field(f) if matches!(f.node.name.node.as_str(), "nodes" | "edges"));
    match size {
        Some(size) => u32::try_from(size.clamp(1, i64::from(MAX_PAGE))).unwrap_or(MAX_PAGE),
        None if field.selection_set.node.items.iter().any(|item| is_list(&item.node)) => DEFAULT_PAGE,
        None => 1,
    }
}

fn count(things: usize) -> Option<i64> {
    i64::try_from(things).ok()
}

impl Weight {
    fn beside(self, other: Weight) -> Weight {
        Weight {
            selections: self.selections.saturating_add(other.selections),
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            own_fields: self.own_fields.saturating_add(other.own_fields),
            own_meta_fields: self.own_meta_fields.saturating_add(other.own_meta_fields),
            depth: self.depth.max(other.depth),
            nesting: self.nesting.max(other.nesting),
            type_lists: self.type_lists.max(other.type_lists),
            introspection_lists: self.introspection_lists.max(other.introspection_lists),
            cost: self.cost.saturating_add(other.cost),
        }
    }

    fn plus(self, selections: u32, directives: usize) -> Weight {
        Weight {
            selections: self.selections.saturating_add(selections),
            directives: self.directives.saturating_add(saturated(directives)),
            ..self
        }
    }

    /// Weight of a field whose own selection set weighs `self`.
    fn inside(self, field: &Field, variables: &Variables) -> Weight {
        let name = field.name.node.as_str();
        let asks_schema = matches!(name, "__schema" | "__type");
        let lists_parts = matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes");
        let below_schema = if asks_schema { self.type_lists } else { 0 };
        Weight {
            fields: self.fields.saturating_add(1),
            aliases: self.aliases.saturating_add(u32::from(field.alias.is_some())),
            own_fields: 1,
            own_meta_fields: u32::from(asks_schema || name == "__typename"),
            depth: self.depth.saturating_add(1),
            type_lists: self.type_lists.saturating_add(u32::from(lists_parts)),
            introspection_lists: self.introspection_lists.max(below_schema),
            cost: self.cost.saturating_mul(page_of(field, variables)).saturating_add(1),
            ..self.plus(1, field.directives.len())
        }
    }

    /// Whether all root fields ask about the schema and none for data.
    pub fn is_introspection(&self) -> bool {
        self.own_fields == self.own_meta_fields
    }
}

/// Weights of all fragments of a document.
pub(super) struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// For pages whose size is a variable.
    variables: &'a Variables,
    fragments: HashMap<&'a str, Weight>,
    /// Selections looked at so far; the work done, which must not exceed what the document spells out.
    pub visits: usize,
}

impl<'a> Measure<'a> {
    /// Weighs the fragments; refuses unknown fragments and cycles.
    pub fn new(document: &'a ExecutableDocument, variables: &'a Variables) -> Result<Self, Refusal> {
        let order = super::fragments::innermost_first(document)?;
        let mut measure = Measure { document, variables, fragments: HashMap::with_capacity(order.len()), visits: 0 };
        for name in order {
            let fragment = &measure.document.fragments[name].node;
            let weight = measure.weigh(&fragment.selection_set.node).plus(0, fragment.directives.len());
            measure.fragments.insert(name, weight);
        }
        Ok(measure)
    }

    /// Expanded selections of the heaviest fragment.
    pub fn heaviest_fragment(&self) -> u32 {
        self.fragments.values().map(|weight| weight.selections).max().unwrap_or(0)
    }

    pub fn operation(&mut self, operation: &OperationDefinition) -> Weight {
        let on_variables: usize =
            operation.variable_definitions.iter().map(|variable| variable.node.directives.len()).sum();
        self.weigh(&operation.selection_set.node).plus(0, operation.directives.len() + on_variables)
    }

    /// Recursion is as deep as the document's brackets, which were counted before it was parsed.
    fn weigh(&mut self, set: &SelectionSet) -> Weight {
        let mut total = Weight::default();
        for item in &set.items {
            self.visits += 1;
            let weight = match &item.node {
                Selection::Field(field) => {
                    self.weigh(&field.node.selection_set.node).inside(&field.node, self.variables)
                }
                Selection::InlineFragment(inline) => {
                    self.weigh(&inline.node.selection_set.node).plus(1, inline.node.directives.len())
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    let fragment = self.fragments.get(name).expect("fragments are known and weighed innermost first");
                    fragment.plus(1, spread.node.directives.len())
                }
            };
            total = total.beside(weight);
        }
        // A field without braces has an empty set, which is no level.
        let level = u32::from(!set.items.is_empty());
        Weight { nesting: total.nesting.saturating_add(level), ..total }
    }
}

pub(super) fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
