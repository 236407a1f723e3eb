//! Documents that were read once: parsed, and measured in all that does not depend on variables.

use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use serde_json::Value as Variables;

use super::limits::Limits;
use super::measure::{Measure, Weight, saturated};
use super::refusal::{LimitName, Refusal};
use super::{Checked, check_definitions, check_operation, check_text, choose};
use crate::base::crypto::sha256;

/// A document within all limits but the cost, which may depend on variables.
#[derive(Debug)]
pub struct Document {
    hash: Hash,
    source: String,
    tokens: u32,
    parsed: Arc<ExecutableDocument>,
    /// By name, in no order; a single anonymous operation has none.
    weights: Vec<(Option<String>, Weight)>,
    /// Whether the size of a page may be a variable, a number or a list of ids.
    pages_vary: bool,
}

impl Document {
    /// Parses a document and checks it in time proportional to its length.
    pub fn read(source: &str, limits: &Limits) -> Result<Self, Refusal> {
        let tokens = check_text(source, limits)?;
        let parsed = Arc::new(parse_query(source)?);
        check_definitions(&parsed, limits)?;
        let weights = weigh(&parsed, limits)?;
        let has_variables = |operation: &OperationDefinition| !operation.variable_definitions.is_empty();
        let pages_vary = parsed.operations.iter().any(|(_, operation)| has_variables(&operation.node));
        Ok(Document { hash: hash_of(source), source: source.to_owned(), tokens, parsed, weights, pages_vary })
    }

    /// The text as it was sent.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Bytes that it takes, rather more than less.
    fn bytes(&self) -> u32 {
        saturated(1024 + self.source.len()).saturating_add(self.tokens.saturating_mul(BYTES_PER_TOKEN))
    }

    /// What the operation of that name amounts to with these variables.
    pub fn checked(
        &self,
        operation_name: Option<&str>,
        variables: &Variables,
        limits: &Limits,
    ) -> Result<Checked, Refusal> {
        let (name, chosen) = choose(&self.parsed, operation_name)?;
        let weight = if self.pages_vary {
            Measure::new(&self.parsed, variables)?.operation(chosen)
        } else {
            let known = self.weights.iter().find(|(of, _)| of.as_deref() == name);
            known.expect("every operation was weighed").1
        };
        Refusal::unless_within(LimitName::Cost, weight.cost, limits.cost)?;
        Ok(Checked {
            hash: self.hash,
            operation_name: name.map(str::to_owned),
            document: self.parsed.clone(),
            kind: chosen.ty,
            fields: weight.fields,
            depth: weight.depth,
            cost: weight.cost,
            is_introspection: chosen.ty == OperationType::Query && weight.is_introspection(),
        })
    }
}

/// Measures all operations, not only one to be run, because the engine validates all of them.
fn weigh(document: &ExecutableDocument, limits: &Limits) -> Result<Vec<(Option<String>, Weight)>, Refusal> {
    let mut measure = Measure::new(document, &Variables::Null)?;
    Refusal::unless_within(LimitName::Selections, measure.heaviest_fragment(), limits.selections)?;
    let mut selections = 0u32;
    let mut weights = Vec::new();
    for (name, operation) in document.operations.iter() {
        let weight = measure.operation(&operation.node);
        selections = selections.saturating_add(weight.selections);
        check_operation(operation.node.ty, &weight, limits)?;
        weights.push((name.map(ToString::to_string), weight));
    }
    Refusal::unless_within(LimitName::Selections, selections, limits.selections)?;
    Ok(weights)
}

/// SHA-256 of a document's text.
pub type Hash = [u8; 32];

pub fn hash_of(source: &str) -> Hash {
    sha256(source.as_bytes()).try_into().expect("SHA-256 has 32 bytes")
}

/// Bytes that all remembered documents may take.
const MAX_BYTES: u64 = 32 << 20;
/// A field is the largest thing that one token can make: some 300 bytes, in a list that may have grown to
/// twice its length.
const BYTES_PER_TOKEN: u32 = 600;

/// Documents that were accepted lately, so that the same screen is not parsed and measured for each
/// of its users. What is refused is not kept. All are within the same limits, so that what was accepted
/// once may be taken as accepted.
#[derive(Clone)]
pub struct Documents {
    limits: Limits,
    accepted: moka::future::Cache<Hash, Arc<Document>>,
}

impl Documents {
    pub fn new(limits: Limits) -> Self {
        let weight = |_: &Hash, document: &Arc<Document>| document.bytes();
        Documents { limits, accepted: moka::future::Cache::builder().max_capacity(MAX_BYTES).weigher(weight).build() }
    }

    /// The document with this text, whose hash is `hash`.
    pub async fn read(&self, hash: Hash, source: &str) -> Result<Arc<Document>, Refusal> {
        if let Some(known) = self.accepted.get(&hash).await {
            return Ok(known);
        }
        let document = Arc::new(Document::read(source, &self.limits)?);
        self.accepted.insert(hash, document.clone()).await;
        Ok(document)
    }

    /// The document with this hash, when somebody sent it lately.
    pub async fn known(&self, hash: &Hash) -> Option<Arc<Document>> {
        self.accepted.get(hash).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_document_is_read_once_and_its_cost_still_follows_the_variables() {
        let (documents, limits) = (Documents::new(Limits::default()), Limits::default());
        let text = "query($n: Int) { list(first: $n) { nodes { a } } }";
        let first = documents.read(hash_of(text), text).await.expect("within limits");
        let again = documents.read(hash_of(text), text).await.expect("within limits");
        assert!(Arc::ptr_eq(&first, &again));
        let cost = |n: i32| again.checked(None, &json!({ "n": n }), &limits).map(|checked| checked.cost);
        assert!(cost(50).expect("within limits") > cost(5).expect("within limits"));
    }

    #[tokio::test]
    async fn what_is_refused_is_not_kept() {
        let documents = Documents::new(Limits::default());
        let text = "{ ...A } fragment A on T { ...A }";
        assert!(documents.read(hash_of(text), text).await.is_err());
        assert!(documents.known(&hash_of(text)).await.is_none());
    }

    #[tokio::test]
    async fn a_flood_of_different_documents_is_forgotten_again() {
        let documents = Documents::new(Limits::default());
        for n in 0..200 {
            let text = format!("{{ t {{ ...F }} }} fragment F on T {{ a{n} {} }}", "a ".repeat(900));
            documents.read(hash_of(&text), &text).await.expect("within limits");
        }
        documents.accepted.run_pending_tasks().await;
        assert!(documents.accepted.weighted_size() <= MAX_BYTES);
        assert!(documents.accepted.entry_count() < 100);
    }

    #[test]
    fn a_read_document_gives_each_of_its_operations_the_same_as_a_fresh_check() {
        let text = "query A { a { b } } query B($i: ID) { c(id: $i) { d e } } mutation C($n: Int) { m(first: $n) { x } } \
             query D($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let limits = Limits::default();
        let document = Document::read(text, &limits).expect("within limits");
        for name in ["A", "B", "C", "D"] {
            let variables = json!({ "n": 7, "ids": ["a", "b", "c"] });
            let known = document.checked(Some(name), &variables, &limits).expect("within limits");
            let fresh = super::super::check(text, Some(name), &variables, &limits).expect("within limits");
            assert_eq!((known.cost, known.depth, known.fields), (fresh.cost, fresh.depth, fresh.fields));
        }
        assert_eq!(document.checked(Some("C"), &json!({ "n": 7 }), &limits).expect("within limits").cost, 8);
        let ids = json!({ "ids": ["a", "b", "c"] });
        assert_eq!(document.checked(Some("D"), &ids, &limits).expect("within limits").cost, 4);
    }
}
