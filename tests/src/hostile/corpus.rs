//! The corpus as it is written: one TOML file for each group of families.
//!
//! A request is a template; `each` makes one request of every combination of its choices. Texts hold
//! `«name»` for a choice or something of the world (ids, see [`super::world`]), `«*30|text§»` for thirty
//! times the text, with § its number from 0 and `§+` one more, and `«x:fffe»` for bytes.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    request: Vec<Template>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// As in the list of families: H01 to H60.
    pub family: String,
    pub name: String,
    /// Who sends it; `anonymous` when missing.
    #[serde(rename = "as", default = "anonymous")]
    pub persona: String,
    #[serde(default)]
    pub each: BTreeMap<String, Choices>,
    /// A GraphQL document, with its variables.
    pub query: Option<String>,
    pub operation: Option<String>,
    pub variables: Option<Value>,
    /// Instead of a document: the whole body.
    pub body: Option<String>,
    /// `POST` when missing.
    pub method: Option<String>,
    /// `/graphql` when missing.
    pub path: Option<String>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Bytes for the socket, when HTTP itself is meant.
    pub raw: Option<String>,
    /// Name of a file that [`super::files`] makes, for `POST /media`.
    pub file: Option<String>,
    pub expect: Expect,
}

/// What is right. Nothing named: the request is answered without an error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The code of the refusal, or one of several.
    #[serde(default)]
    pub code: OneOrMore<String>,
    #[serde(default)]
    pub status: OneOrMore<u16>,
    /// All is answered by null, with or without an error.
    #[serde(default)]
    pub nothing: bool,
    /// A text of the answer is just this.
    pub returns: Option<String>,
    /// A normal answer may hold these instead of a refusal, and no other error.
    #[serde(default)]
    pub or_answered: bool,
    /// Answers of one name must not differ in anything but the ids asked for.
    pub alike: Option<String>,
    /// Words that must not stand in the answer.
    #[serde(default)]
    pub never: Vec<String>,
    /// SQL statements at most; a refusal takes none when missing, an answer what it needs.
    pub sql: Option<u64>,
    /// Heap at most, where 5 MiB are not enough by nature.
    pub mib: Option<u64>,
    /// CPU at most, where 20 ms are not enough by nature.
    pub cpu_ms: Option<u64>,
    /// What is meant is HTTP's: not sent over a WebSocket.
    #[serde(default)]
    pub http_only: bool,
    /// Why more than usual is right.
    #[serde(default)]
    pub because: String,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Choices {
    List(Vec<String>),
    /// Label → text, where the text makes no good name.
    Named(BTreeMap<String, String>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> Default for OneOrMore<T> {
    fn default() -> Self {
        OneOrMore::More(Vec::new())
    }
}

impl<T> OneOrMore<T> {
    pub fn all(&self) -> &[T] {
        match self {
            OneOrMore::One(one) => std::slice::from_ref(one),
            OneOrMore::More(more) => more,
        }
    }
}

fn anonymous() -> String {
    "anonymous".to_owned()
}

impl Choices {
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        match self {
            Choices::List(list) => list.iter().map(|text| (text.as_str(), text.as_str())).collect(),
            Choices::Named(named) => named.iter().map(|(label, text)| (label.as_str(), text.as_str())).collect(),
        }
    }
}

/// All templates of `tests/corpus`, in the order of the files' names.
pub fn read() -> Vec<Template> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let entries = std::fs::read_dir(&folder).expect("the corpus' folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let mut templates = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a file of the corpus");
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        templates.extend(file.request);
    }
    templates
}
