//! Brings fragments into an order in which each comes after all that it spreads.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::refusal::{Refusal, short};

/// Names of all fragments, innermost first. Refuses unknown fragments and cycles, also where no operation reaches
/// them. O(document), without recursion.
pub(super) fn innermost_first(document: &ExecutableDocument) -> Result<Vec<&str>, Refusal> {
    for (_, operation) in document.operations.iter() {
        known_spreads(document, &operation.node.selection_set.node)?;
    }
    let mut waits_for = HashMap::new();
    let mut users: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, fragment) in &document.fragments {
        let spreads = known_spreads(document, &fragment.node.selection_set.node)?;
        for spread in &spreads {
            users.entry(spread).or_default().push(name);
        }
        waits_for.insert(name.as_str(), spreads);
    }

    let mut waiting: HashMap<&str, usize> = waits_for.iter().map(|(name, spreads)| (*name, spreads.len())).collect();
    let mut order: Vec<&str> = waiting.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut next = 0;
    while let Some(ready) = order.get(next).copied() {
        next += 1;
        waiting.remove(ready);
        for user in users.remove(ready).unwrap_or_default() {
            let count = waiting.get_mut(user).expect("a fragment stays until all that it spreads is ordered");
            *count -= 1;
            if *count == 0 {
                order.push(user);
            }
        }
    }
    match waiting.keys().min() {
        None => Ok(order),
        Some(start) => Err(Refusal::FragmentCycle { name: short(member_of_cycle(start, &waiting, &waits_for)) }),
    }
}

/// Fragments that are never ready lead to a cycle: following their unready spreads comes round to a member of it.
fn member_of_cycle<'a>(
    start: &'a str,
    waiting: &HashMap<&'a str, usize>,
    waits_for: &HashMap<&'a str, Vec<&'a str>>,
) -> &'a str {
    let mut seen = HashSet::new();
    let mut at = start;
    while seen.insert(at) {
        at = waits_for[at].iter().find(|name| waiting.contains_key(*name)).expect("it waits for one of them");
    }
    at
}

/// Names of the fragments that a selection set spreads at any level, with repetitions.
fn known_spreads<'a>(document: &ExecutableDocument, set: &'a SelectionSet) -> Result<Vec<&'a str>, Refusal> {
    let mut spreads = Vec::new();
    let mut sets = vec![set];
    while let Some(set) = sets.pop() {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => sets.push(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if !document.fragments.contains_key(name) {
                        return Err(Refusal::FragmentUnknown { name: short(name) });
                    }
                    spreads.push(name.as_str());
                }
            }
        }
    }
    Ok(spreads)
}
