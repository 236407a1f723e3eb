//! Whether an operation asks only for what is on the list.

use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};

use super::list::{DENIES, selection_of};

/// Whether `operation` of a checked document is a query of listed fields only.
pub(super) fn is_public(document: &ExecutableDocument, operation: Option<&str>) -> bool {
    let found =
        document.operations.iter().find(|(name, _)| operation.is_none() || name.map(|n| n.as_str()) == operation);
    let Some((_, found)) = found else { return false };
    found.node.ty == OperationType::Query && lists(document, &found.node.selection_set.node, "Query")
}

/// The guard has bounded what fragments expand to.
fn lists(document: &ExecutableDocument, set: &SelectionSet, on: &str) -> bool {
    set.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => {
            let (name, of) = (field.node.name.node.as_str(), &field.node.selection_set.node);
            match selection_of(on, name) {
                _ if name == "__typename" => true,
                None => false,
                Some(DENIES) => true,
                Some(next) => lists(document, of, next),
            }
        }
        Selection::InlineFragment(fragment) => {
            let on_same = fragment.node.type_condition.as_ref().is_none_or(|cond| cond.node.on.node == on);
            on_same && lists(document, &fragment.node.selection_set.node, on)
        }
        Selection::FragmentSpread(spread) => document.fragments.get(&spread.node.fragment_name.node).is_some_and(|f| {
            f.node.type_condition.node.on.node == on && lists(document, &f.node.selection_set.node, on)
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::is_public;

    fn listed(query: &str) -> bool {
        is_public(&async_graphql::parser::parse_query(query).unwrap(), None)
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
