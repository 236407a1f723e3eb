//! Random documents.

use std::collections::HashSet;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use proptest::prelude::*;

use super::super::measure::{Measure, Weight};
use super::super::{Limits, Refusal, check, check_json_bytes};

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "...",
    ".",
    ":",
    "=",
    "!",
    "$",
    "&",
    "|",
    "@",
    "@d",
    "a",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "on",
    " on Q ",
    "F",
    "...F",
    "fragment F on Q {a}",
    "true",
    "null",
    "0",
    "-",
    "1.5e3",
    "1e999",
    "\"",
    "\"\"",
    "\"\"\"",
    "\\\"\"\"",
    "\\u00e9",
    "\\",
    "#",
    "\n",
    "\r\n",
    ",",
    " ",
    "\u{feff}",
    "好",
    "\0",
    "{a}",
    "{a(b:[",
    "])}",
    "__schema",
    "\"x\"",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

#[derive(Clone, Debug)]
enum Item {
    Leaf(bool),
    Field(Vec<Item>),
    Inline(Vec<Item>),
    Spread(usize),
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let leaf = prop_oneof![any::<bool>().prop_map(Item::Leaf), (0..6usize).prop_map(Item::Spread)];
    let item = leaf.prop_recursive(3, 12, 3, |inner| {
        let set = prop::collection::vec(inner, 1..4);
        prop_oneof![set.clone().prop_map(Item::Field), set.prop_map(Item::Inline)]
    });
    prop::collection::vec(item, 1..4)
}

/// Fragment `index` may spread the fragments that `target` maps to names.
fn print(items: &[Item], target: &impl Fn(usize) -> Option<usize>) -> String {
    let print_item = |item: &Item| match item {
        Item::Leaf(false) => "a ".to_owned(),
        Item::Leaf(true) => "x: a @d ".to_owned(),
        Item::Field(inner) => format!("b {} ", print(inner, target)),
        Item::Inline(inner) => format!("... @d {} ", print(inner, target)),
        Item::Spread(wanted) => target(*wanted).map_or("c ".to_owned(), |index| format!("...f{index} @d ")),
    };
    format!("{{ {} }}", items.iter().map(print_item).collect::<String>())
}

/// A document with six fragments. `acyclic`: they only spread later ones.
fn document(acyclic: bool) -> impl Strategy<Value = String> {
    (items(), prop::collection::vec(items(), 6)).prop_map(move |(root, fragments)| {
        let mut source = print(&root, &Some);
        for (index, fragment) in fragments.iter().enumerate() {
            let later = |wanted: usize| (!acyclic || wanted > index).then_some(wanted);
            source += &format!(" fragment f{index} on Q @d {}", print(fragment, &later));
        }
        source
    })
}

/// Expands everything, fragment by fragment, without remembering any.
fn expand(document: &ExecutableDocument, set: &SelectionSet) -> Weight {
    let mut total = Weight::default();
    for item in &set.items {
        total.selections += 1;
        total.directives += item.node.directives().len() as u32;
        let inner = match &item.node {
            Selection::Field(field) => {
                total.fields += 1;
                total.own_fields += 1;
                total.aliases += u32::from(field.node.alias.is_some());
                let inner = expand(document, &field.node.selection_set.node);
                // No field asks for a page here, so each costs one.
                Weight { own_fields: 0, depth: inner.depth + 1, cost: inner.cost + 1, ..inner }
            }
            Selection::InlineFragment(inline) => expand(document, &inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => {
                let fragment = &document.fragments[&spread.node.fragment_name.node].node;
                total.directives += fragment.directives.len() as u32;
                expand(document, &fragment.selection_set.node)
            }
        };
        total.selections += inner.selections;
        total.fields += inner.fields;
        total.own_fields += inner.own_fields;
        total.aliases += inner.aliases;
        total.cost += inner.cost;
        total.directives += inner.directives;
        total.depth = total.depth.max(inner.depth);
        total.nesting = total.nesting.max(inner.nesting);
    }
    Weight { nesting: total.nesting + u32::from(!set.items.is_empty()), ..total }
}

fn spreads(set: &SelectionSet, into: &mut Vec<String>) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => spreads(&field.node.selection_set.node, into),
            Selection::InlineFragment(inline) => spreads(&inline.node.selection_set.node, into),
            Selection::FragmentSpread(spread) => into.push(spread.node.fragment_name.node.to_string()),
        }
    }
}

/// Whether a fragment reaches itself, looked up for each on its own.
fn has_cycle(document: &ExecutableDocument) -> bool {
    document.fragments.keys().any(|start| {
        let (mut reached, mut rest) = (HashSet::new(), vec![start.to_string()]);
        while let Some(name) = rest.pop() {
            let mut next = Vec::new();
            spreads(&document.fragments[name.as_str()].node.selection_set.node, &mut next);
            rest.extend(next.into_iter().filter(|name| reached.insert(name.clone())));
        }
        reached.contains(start.as_str())
    })
}

proptest! {
    #[test]
    fn token_soup_never_panics(source in soup(), name in prop::option::of("[AF]?")) {
        let limits = Limits::default();
        if let Ok(checked) = check(&source, name.as_deref(), &serde_json::Value::Null, &limits) {
            prop_assert!(checked.fields <= limits.selections && checked.depth <= limits.introspection_depth);
        }
    }

    #[test]
    fn any_text_and_bytes_never_panic(source in ".{0,200}", body in prop::collection::vec(any::<u8>(), 0..200)) {
        let limits = Limits::default();
        if let Err(refusal) = check(&source, None, &serde_json::Value::Null, &limits) {
            prop_assert!(refusal.to_string().len() < 500 && !refusal.message_zh().is_empty());
        }
        prop_assert!(check_json_bytes(&body, &limits).is_ok() || body.len() > 34);
    }

    #[test]
    fn remembered_weights_equal_expanded_ones(source in document(true)) {
        let document = parse_query(&source).expect("generated documents are valid");
        let mut measure = Measure::new(&document, &serde_json::Value::Null).expect("acyclic");
        for (_, operation) in document.operations.iter() {
            let expected = expand(&document, &operation.node.selection_set.node);
            prop_assert_eq!(measure.operation(&operation.node), expected);
        }
        prop_assert!(measure.visits <= source.len());
    }

    #[test]
    fn exactly_the_cyclic_documents_are_called_cyclic(source in document(false)) {
        let document = parse_query(&source).expect("generated documents are valid");
        let called = matches!(Measure::new(&document, &serde_json::Value::Null).map(|_| ()), Err(Refusal::FragmentCycle { .. }));
        prop_assert_eq!(called, has_cycle(&document), "{}", source);
    }
}
