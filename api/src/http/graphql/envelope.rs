//! What surrounds a query: `{query, operationName, variables, extensions}`, as JSON or in an address.

use std::sync::Arc;

use async_graphql::{Request, Variables};
use serde_json::{Map, Value};

use crate::http::guard::{self, Checked, LimitName, Limits, Refusal};
use crate::storage::upload::Uploads;

/// A request as the client sent it, well-formed but not yet checked by the query guard;
/// [`persisted::admit`](super::persisted::admit) does that.
#[derive(Debug)]
pub struct Envelope {
    /// Absent when a hash or an id stands for it.
    pub(super) query: Option<String>,
    /// `extensions.persistedQuery.sha256Hash`, as automatic persisted queries send it.
    pub(super) hash: Option<String>,
    /// `documentId`, as clients of a trusted list may send it; only looked at without `query`.
    pub(super) document_id: Option<String>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Value,
    uploads: Uploads,
}

/// Why a request is not one that could be executed.
#[derive(Debug)]
pub enum Problem {
    /// In English and Chinese.
    Malformed(&'static str, &'static str),
    /// It, or the JSON itself, is larger or deeper than allowed, or is no GraphQL.
    Guarded(Refusal),
    /// No document with this hash is known; the client is to send it along.
    HashUnknown,
    /// Only listed documents are executed here, and this is none.
    NotTrusted,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Problem::Guarded(refusal)
    }
}

impl Problem {
    /// What the operation would have cost, when that is the problem.
    pub fn cost(&self) -> Option<u32> {
        match self {
            Problem::Guarded(Refusal::Exceeded { limit: LimitName::Cost, found, .. }) => Some(*found),
            _ => None,
        }
    }
}

const EXTENSIONS: Problem = Problem::Malformed("`extensions` must be an object.", "“extensions”必须是对象。");

impl Envelope {
    /// Missing or null `variables` and `operationName` are fine, as are members nobody knows:
    /// mini-program clients differ in what they send. Arrays (batches) are not accepted.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let Value::Object(members) = parse(body)? else {
            return Err(Problem::Malformed(
                "The body must be one JSON object; batches are not accepted.",
                "请求体必须是一个 JSON 对象，不支持批量请求。",
            ));
        };
        Self::of_members(members)
    }

    /// From the query string of a GET; `variables` and `extensions` are JSON in it.
    pub fn of_query_string(text: &str) -> Result<Self, Problem> {
        let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(text);
        let pairs =
            pairs.map_err(|_| Problem::Malformed("The query string is not readable.", "查询字符串无法解析。"))?;
        let mut members = Map::new();
        for (name, value) in pairs.into_inner() {
            let value = match name.as_str() {
                "variables" | "extensions" if value.is_empty() => continue,
                "variables" | "extensions" => parse(value.as_bytes())?,
                _ => Value::String(value),
            };
            if members.insert(name, value).is_some() {
                return Err(Problem::Malformed("A parameter is given twice.", "查询参数重复。"));
            }
        }
        Self::of_members(members)
    }

    fn of_members(mut members: Map<String, Value>) -> Result<Self, Problem> {
        let hash = match members.remove("extensions") {
            None | Some(Value::Null) => None,
            Some(Value::Object(extensions)) => hash_of(extensions)?,
            Some(_) => return Err(EXTENSIONS),
        };
        let document_id = match members.remove("documentId") {
            Some(Value::String(id)) => Some(id),
            _ => None,
        };
        let named = hash.is_some() || document_id.is_some();
        let query = match members.remove("query") {
            None | Some(Value::Null) if named => None,
            Some(Value::String(query)) if named && query.is_empty() => None,
            Some(Value::String(query)) => Some(query),
            _ => return Err(Problem::Malformed("`query` must be a string.", "“query”必须是字符串。")),
        };
        let operation_name = match members.remove("operationName") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => {
                return Err(Problem::Malformed("`operationName` must be a string.", "“operationName”必须是字符串。"));
            }
        };
        let variables = match members.remove("variables") {
            None | Some(Value::Null) => Value::Object(Map::new()),
            Some(variables @ Value::Object(_)) => variables,
            Some(_) => return Err(Problem::Malformed("`variables` must be an object.", "“variables”必须是对象。")),
        };
        Ok(Envelope { query, hash, document_id, operation_name, variables, uploads: Uploads::default() })
    }

    /// Adds the files of a multipart request.
    pub fn with_uploads(self, uploads: Uploads) -> Self {
        Envelope { uploads, ..self }
    }

    /// Names what is asked: two requests with the same one are the same to the engine, whether the document was
    /// sent or named.
    pub fn fingerprint(&self, checked: &Checked) -> Vec<u8> {
        let (operation, variables) =
            (checked.operation_name.as_deref().unwrap_or_default(), self.variables.to_string());
        let parts = [checked.hash.as_slice(), operation.as_bytes(), variables.as_bytes()];
        parts.iter().flat_map(|part| [part.len().to_be_bytes().as_slice(), part].concat()).collect()
    }

    /// The guard's word on a request with its own document.
    #[cfg(any(test, feature = "fuzzing"))]
    pub fn check(&self, limits: &Limits) -> Result<Checked, Refusal> {
        guard::check_variables(&self.variables, limits)?;
        guard::check(self.query.as_deref().unwrap_or_default(), self.operation_name.as_deref(), &self.variables, limits)
    }

    /// For the engine, with the document that the guard parsed.
    pub fn into_request(self, checked: Checked) -> Request {
        // The engine reads the text only when there is no parsed document.
        let mut request = Request::new(String::new()).variables(Variables::from_json(self.variables));
        request.operation_name = checked.operation_name;
        request.set_parsed_query(Arc::unwrap_or_clone(checked.document));
        request.data(self.uploads)
    }
}

/// JSON that is bounded before a recursive parser reads it.
pub(super) fn parse(json: &[u8]) -> Result<Value, Problem> {
    guard::check_json_bytes(json, &Limits::default())?;
    serde_json::from_slice(json)
        .map_err(|_| Problem::Malformed("The request is not valid JSON.", "请求不是有效的 JSON。"))
}

fn hash_of(mut extensions: Map<String, Value>) -> Result<Option<String>, Problem> {
    match extensions.remove("persistedQuery") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(mut persisted)) if persisted.get("version") == Some(&Value::from(1)) => {
            match persisted.remove("sha256Hash") {
                Some(Value::String(hash)) => Ok(Some(hash)),
                _ => Err(PERSISTED),
            }
        }
        Some(_) => Err(PERSISTED),
    }
}

const PERSISTED: Problem = Problem::Malformed(
    "`extensions.persistedQuery` must be {version: 1, sha256Hash: \"…\"}.",
    "“extensions.persistedQuery”必须是 {version: 1, sha256Hash: \"…\"}。",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_the_same_as_a_body() {
        let text = "query=%7B+a+%7D&operationName=A&variables=%7B%22n%22%3A1%7D&extensions=&unknown=x";
        let of_address = Envelope::of_query_string(text).expect("well formed");
        let body = br#"{"query":"{ a }","operationName":"A","variables":{"n":1}}"#;
        let of_body = Envelope::read(body).expect("well formed");
        assert_eq!(format!("{of_address:?}"), format!("{of_body:?}"));
    }

    #[test]
    fn malformed_parts_of_an_address_are_refused() {
        for text in ["", "query=a&query=b", "query=a&variables=%7B", "query=a&variables=1", "query=a&extensions=%5B%5D"]
        {
            assert!(matches!(Envelope::of_query_string(text), Err(Problem::Malformed(..))), "{text}");
        }
        let deep = format!("query=a&variables={}", "%5B".repeat(100));
        assert!(matches!(Envelope::of_query_string(&deep), Err(Problem::Guarded(_))));
    }

    #[test]
    fn a_hash_stands_for_the_query_and_only_in_the_known_version() {
        let of = |persisted: &str| {
            Envelope::read(format!(r#"{{"extensions":{{"persistedQuery":{persisted}}}}}"#).as_bytes())
        };
        assert_eq!(of(r#"{"version":1,"sha256Hash":"ab"}"#).expect("a hash").hash.as_deref(), Some("ab"));
        for wrong in [r#"{"version":2,"sha256Hash":"ab"}"#, r#"{"version":1}"#, "1", "null"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
