//! The corpus as it is written: one TOML file for each group of families.
//!
//! A `[[request]]` is sent over HTTP and, where it is a document, over a WebSocket; a `[[talk]]` is a whole
//! conversation over a WebSocket, down to its bytes.
//!
//! Both are templates; `each` makes one of every combination of its choices. Texts hold
//! `«name»` for a choice or something of the world (ids, see [`super::world`]), `«*30|text§»` for thirty
//! times the text, with § its number from 0 and `§+` one more, and `«x:fffe»` for bytes.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    pub request: Vec<Template>,
    #[serde(default)]
    pub talk: Vec<Talk>,
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
    /// Answers at most, where the bytes hold more than one request.
    pub answers: Option<usize>,
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

/// A conversation over a WebSocket. Its end is awaited, or, once it was let in, the answer to a normal operation.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Talk {
    /// As in the list of families: H12 to H15.
    pub family: String,
    pub name: String,
    /// Who enters; `anonymous` when missing.
    #[serde(rename = "as", default = "anonymous")]
    pub persona: String,
    #[serde(default)]
    pub each: BTreeMap<String, Choices>,
    /// The sub-protocols offered, ours when missing.
    pub protocol: Option<String>,
    /// Whether it says who it is and is let in before all else.
    #[serde(default = "yes")]
    pub enters: bool,
    /// Sockets that entered likewise and are open meanwhile.
    #[serde(default)]
    pub others: usize,
    #[serde(default)]
    pub says: Vec<Say>,
    /// Whether it says in the end that no more comes.
    #[serde(default)]
    pub hangs_up: bool,
    /// Whether it reads what comes back; else it goes on until it is let go.
    #[serde(default = "yes")]
    pub reads: bool,
    pub expect: Ending,
}

/// One of these, so many times; § in a text is its number.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Say {
    pub message: Option<Value>,
    pub text: Option<String>,
    pub binary: Option<String>,
    pub ping: Option<String>,
    /// Bytes that need be no frame.
    pub raw: Option<String>,
    #[serde(default = "once")]
    pub times: usize,
}

/// What is right. Nothing named: nothing is answered but the normal operation after all that was said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// The code that the server closes with, or one of several; 0 without a word.
    #[serde(default)]
    pub close: OneOrMore<u16>,
    /// Of a handshake that is refused.
    pub status: Option<u16>,
    /// Codes of the refusals, which must come before a close.
    #[serde(default)]
    pub code: OneOrMore<String>,
    /// Messages with data at most.
    #[serde(default)]
    pub data: usize,
    /// Words that must not come back.
    #[serde(default)]
    pub never: Vec<String>,
    /// SQL statements at most.
    #[serde(default)]
    pub sql: u64,
    /// Heap at most, where 5 MiB are not enough by nature or are too many.
    pub mib: Option<u64>,
    /// CPU at most, where 20 ms are not enough by nature.
    pub cpu_ms: Option<u64>,
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

fn yes() -> bool {
    true
}

fn once() -> usize {
    1
}

impl Choices {
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        match self {
            Choices::List(list) => list.iter().map(|text| (text.as_str(), text.as_str())).collect(),
            Choices::Named(named) => named.iter().map(|(label, text)| (label.as_str(), text.as_str())).collect(),
        }
    }
}

/// All of `tests/corpus`, in the order of the files' names.
pub fn read() -> File {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let entries = std::fs::read_dir(&folder).expect("the corpus' folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    let mut all = File { request: Vec::new(), talk: Vec::new() };
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a file of the corpus");
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        all.request.extend(file.request);
        all.talk.extend(file.talk);
    }
    all
}
