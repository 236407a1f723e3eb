//! Refuses documents and variables that would cost too much, before the engine sees them.
//!
//! async-graphql 7.2 bounds nothing of its own accord except recursion, and that check walks a fragment again for every
//! spread: 23 fragments of which each spreads the next one twice, 763 bytes, keep a core busy for seconds and take
//! gigabytes. All ways in (single requests, batches, WebSocket messages) therefore call [`check`] first and hand the
//! document it parsed to the engine with [`async_graphql::Request::set_parsed_query`].

mod document;
mod fragments;
mod lexer;
mod limits;
mod measure;
mod refusal;
#[cfg(test)]
mod tests;
mod variables;

use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};

pub use document::{Document, Documents, Hash, hash_of};
pub use limits::Limits;
pub use refusal::{LimitName, Refusal, RefusalCode};
pub use variables::{check_json_bytes, check_variables};

use measure::{Weight, saturated};
use refusal::short;

/// A document within all limits, and what its chosen operation amounts to.
#[derive(Debug)]
pub struct Checked {
    /// Of the document's text.
    pub hash: Hash,
    /// The parsed document, for [`async_graphql::Request::set_parsed_query`]; shared, since most answers are kept and run
    /// nothing.
    pub document: Arc<ExecutableDocument>,
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// Name of the operation to run; `None` when it has none. An empty `operationName` counts as absent, so give this
    /// name to the engine and not the client's.
    pub operation_name: Option<String>,
    /// Fields, with fragments expanded.
    pub fields: u32,
    /// Fields inside each other, with fragments expanded.
    pub depth: u32,
    /// Fields times the sizes of the pages they are on; what rate limits are counted in.
    pub cost: u32,
    /// Whether all root fields are `__schema`, `__type` or `__typename`.
    pub is_introspection: bool,
}

/// Parses a document and checks it against `limits` in time proportional to its length.
///
/// All operations must be within the limits, not only the chosen one, because the engine validates all of them.
/// Whether fields, types and arguments exist is left to the engine.
///
/// `variables` are only looked at for the sizes of pages, which make up the cost.
pub fn check(
    source: &str,
    operation_name: Option<&str>,
    variables: &serde_json::Value,
    limits: &Limits,
) -> Result<Checked, Refusal> {
    Document::read(source, limits)?.checked(operation_name, variables, limits)
}

/// Gives back the number of tokens.
fn check_text(source: &str, limits: &Limits) -> Result<u32, Refusal> {
    Refusal::unless_within(LimitName::DocumentBytes, saturated(source.len()), limits.document_bytes)?;
    let scan = lexer::scan(source)?;
    Refusal::unless_within(LimitName::Tokens, scan.tokens, limits.tokens)?;
    Refusal::unless_within(LimitName::Nesting, scan.nesting, limits.nesting)?;
    Refusal::unless_within(LimitName::Directives, scan.directives, limits.directives)?;
    Ok(scan.tokens)
}

fn check_definitions(document: &ExecutableDocument, limits: &Limits) -> Result<(), Refusal> {
    let operations = saturated(document.operations.iter().len());
    Refusal::unless_within(LimitName::Operations, operations, limits.operations)?;
    Refusal::unless_within(LimitName::Fragments, saturated(document.fragments.len()), limits.fragments)
}

/// The operation that the engine would run.
fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<(Option<&'a str>, &'a OperationDefinition), Refusal> {
    let name = name.filter(|name| !name.is_empty());
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok((None, &operation.node)),
        (DocumentOperations::Single(_), Some(name)) => Err(Refusal::OperationUnknown { name: short(name) }),
        (DocumentOperations::Multiple(operations), Some(name)) => operations
            .get_key_value(name)
            .map(|(name, operation)| (Some(name.as_str()), &operation.node))
            .ok_or_else(|| Refusal::OperationUnknown { name: short(name) }),
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.iter();
            match (all.next(), all.next()) {
                (Some((name, operation)), None) => Ok((Some(name.as_str()), &operation.node)),
                _ => Err(Refusal::OperationNameMissing),
            }
        }
    }
}

fn check_operation(kind: OperationType, weight: &Weight, limits: &Limits) -> Result<(), Refusal> {
    let max_depth = match kind {
        OperationType::Query if weight.is_introspection() => limits.introspection_depth,
        _ => limits.depth,
    };
    let max_roots = match kind {
        OperationType::Subscription => limits.subscription_root_fields,
        OperationType::Query | OperationType::Mutation => limits.root_fields,
    };
    Refusal::unless_within(LimitName::Selections, weight.selections, limits.selections)?;
    Refusal::unless_within(LimitName::Depth, weight.depth, max_depth)?;
    Refusal::unless_within(LimitName::Nesting, weight.nesting, limits.nesting)?;
    Refusal::unless_within(LimitName::RootFields, weight.own_fields, max_roots)?;
    Refusal::unless_within(LimitName::Aliases, weight.aliases, limits.aliases)?;
    Refusal::unless_within(LimitName::Directives, weight.directives, limits.directives)?;
    Refusal::unless_within(LimitName::IntrospectionLists, weight.introspection_lists, limits.introspection_lists)
}
