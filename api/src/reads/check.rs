//! Whether an operation asks only for what is on the list, and how long its answer may be kept.

use std::time::Duration;

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};

use super::list::{self, DENIES, selection_of};
use crate::base::fresh::{SHORT, STEADY};

/// The life of the answer to `operation` of a checked document; `None` unless it is a query of listed fields only.
pub(super) fn life(document: &ExecutableDocument, operation: Option<&str>) -> Option<Duration> {
    let found =
        document.operations.iter().find(|(name, _)| operation.is_none() || name.map(|n| n.as_str()) == operation);
    let (_, found) = found.filter(|(_, found)| found.node.ty == OperationType::Query)?;
    of_set(document, &found.node.selection_set.node, "Query")
}

/// That of its shortest-lived field. The guard has bounded what fragments expand to.
fn of_set(document: &ExecutableDocument, set: &SelectionSet, on: &str) -> Option<Duration> {
    let mut lives = set.items.iter().map(|selection| match &selection.node {
        Selection::Field(field) => {
            let (name, of) = (field.node.name.node.as_str(), &field.node.selection_set.node);
            if name == "__typename" {
                return Some(STEADY);
            }
            match selection_of(on, name)? {
                list::STEADY => Some(STEADY),
                list::LEAF | DENIES => Some(SHORT),
                next => of_set(document, of, next),
            }
        }
        Selection::InlineFragment(fragment) => {
            let on_same = fragment.node.type_condition.as_ref().is_none_or(|cond| cond.node.on.node == on);
            of_set(document, &fragment.node.selection_set.node, on).filter(|_| on_same)
        }
        Selection::FragmentSpread(spread) => {
            let fragment = &document.fragments.get(&spread.node.fragment_name.node)?.node;
            of_set(document, &fragment.selection_set.node, on).filter(|_| fragment.type_condition.node.on.node == on)
        }
    });
    lives.try_fold(STEADY, |shortest, life| Some(shortest.min(life?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life_of(query: &str) -> Option<Duration> {
        life(&async_graphql::parser::parse_query(query).unwrap(), None)
    }

    fn listed(query: &str) -> bool {
        life_of(query).is_some()
    }

    #[test]
    fn one_field_that_moves_without_news_shortens_the_life_of_all() {
        assert_eq!(life_of("{ round(id: 1) { title status entries { picks pickedByMe } } }"), Some(STEADY));
        assert_eq!(life_of("{ round(id: 1) { title availableActions } }"), Some(SHORT));
        assert_eq!(
            life_of("{ round(id: 1) { ...R } } fragment R on Round { communities { memberCount } }"),
            Some(SHORT)
        );
        assert_eq!(life_of("{ round(id: 1) { id } presale(id: 1) { paidPieces } }"), Some(STEADY));
    }

    #[test]
    fn one_field_that_is_not_listed_is_enough() {
        assert!(listed(
            "{ rounds(first: 1) { nodes { id myPicks entries { pickedByMe design { version { title } } } } } }"
        ));
        assert!(listed("{ round(id: 1) { ...R } } fragment R on Round { title ... on Round { entries { picks } } }"));
        assert!(!listed("{ rounds { nodes { id } } viewer { member { id } } }"));
        assert!(!listed("{ round(id: 1) { communities { joinedAt } } }"));
        assert!(!listed("{ round(id: 1) { ...R } } fragment R on Round { entries { tally { picks } } }"));
        assert!(!listed("{ node(id: 1) { ... on Round { title } } }"));
        assert!(!listed("{ round(id: 1) { ... on Node { id } } }"));
        assert!(!listed("{ __schema { types { name } } }"));
        assert!(!listed("mutation { round { id } }"));
    }
}
