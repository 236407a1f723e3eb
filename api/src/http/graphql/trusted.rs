//! The list of operations that the brand's own clients were built with.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::http::guard::{Document, Hash, Limits, hash_of};

/// Operations by the ids that clients send for them. Empty when no list is set.
#[derive(Default)]
pub struct Trusted {
    by_id: HashMap<String, Arc<Document>>,
    hashes: HashSet<Hash>,
    exclusive: bool,
}

/// `{"id": "query …"}` as the Relay compiler writes it, or the manifest of Apollo's generator.
#[derive(Deserialize)]
#[serde(untagged)]
enum List {
    Manifest { operations: Vec<Listed> },
    Map(HashMap<String, String>),
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    body: String,
}

impl Trusted {
    /// Reads the file. An operation that the query guard would refuse ends the start with its id, rather
    /// than a user's request later. `exclusive`: nothing else is executed.
    pub fn load(path: Option<&Path>, exclusive: bool) -> Result<Self> {
        let Some(path) = path else { return Ok(Trusted::default()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::read(&text, exclusive).with_context(|| format!("{} is no list of operations", path.display()))
    }

    fn read(json: &str, exclusive: bool) -> Result<Self> {
        let list: List = serde_json::from_str(json)
            .context("it must be {\"id\": \"query …\"} or {\"operations\": [{\"id\": …, \"body\": …}]}")?;
        let operations: Vec<(String, String)> = match list {
            List::Map(map) => map.into_iter().collect(),
            List::Manifest { operations } => operations.into_iter().map(|listed| (listed.id, listed.body)).collect(),
        };
        let mut trusted = Trusted { exclusive, ..Trusted::default() };
        for (id, text) in operations {
            let document = Document::read(&text, &Limits::default()).with_context(|| format!("operation {id}"))?;
            trusted.hashes.insert(hash_of(&text));
            if trusted.by_id.insert(id.clone(), Arc::new(document)).is_some() {
                bail!("the id {id} stands twice in it");
            }
        }
        Ok(trusted)
    }

    /// Whether nothing but the list is executed.
    pub fn is_exclusive(&self) -> bool {
        self.exclusive
    }

    /// The operation behind an id.
    pub fn get(&self, id: &str) -> Option<Arc<Document>> {
        self.by_id.get(id).cloned()
    }

    /// Whether a document with this text is listed.
    pub fn holds(&self, hash: &Hash) -> bool {
        self.hashes.contains(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_list_are_read() {
        let map = r#"{"ab12":"query A { a }"}"#;
        let manifest = r#"{"format":"apollo-persisted-query-manifest","version":1,
            "operations":[{"id":"ab12","name":"A","type":"query","body":"query A { a }"}]}"#;
        for json in [map, manifest] {
            let trusted = Trusted::read(json, true).expect("a list");
            assert!(trusted.is_exclusive() && trusted.get("ab12").is_some() && trusted.get("cd34").is_none());
            assert!(trusted.holds(&hash_of("query A { a }")) && !trusted.holds(&hash_of("query A { b }")));
        }
    }

    #[test]
    fn a_list_that_could_not_be_executed_names_the_operation() {
        let error = Trusted::read(r#"{"ab12":"query A {"}"#, false).err().expect("no GraphQL");
        assert!(format!("{error:#}").contains("ab12"), "{error:#}");
        let twice = r#"{"operations":[{"id":"x","body":"{ a }"},{"id":"x","body":"{ b }"}]}"#;
        assert!(Trusted::read(twice, false).is_err());
        assert!(Trusted::read("[]", false).is_err());
    }
}
