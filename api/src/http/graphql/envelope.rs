//! The JSON around a query: `{query, operationName, variables, extensions}`.

use async_graphql::{Request, Variables};
use serde_json::Value;

use crate::http::guard::{self, Checked, Limits, Refusal};

/// A request as the client sent it, well-formed but not yet checked by the query guard.
pub struct Envelope {
    query: String,
    operation_name: Option<String>,
    variables: Value,
}

/// Why a body is not a GraphQL request.
#[derive(Debug)]
pub enum Problem {
    /// In English and Chinese.
    Malformed(&'static str, &'static str),
    /// The JSON itself is larger or deeper than allowed.
    Guarded(Refusal),
}

impl Envelope {
    /// Missing or null `variables` and `operationName` are fine, as are members nobody knows:
    /// mini-program clients differ in what they send. Arrays (batches) are not accepted.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        guard::check_json_bytes(body, &Limits::default()).map_err(Problem::Guarded)?;
        let body: Value = serde_json::from_slice(body)
            .map_err(|_| Problem::Malformed("The body is not valid JSON.", "请求体不是有效的 JSON。"))?;
        let Value::Object(mut members) = body else {
            return Err(Problem::Malformed(
                "The body must be one JSON object; batches are not accepted.",
                "请求体必须是一个 JSON 对象，不支持批量请求。",
            ));
        };
        let query = match members.remove("query") {
            Some(Value::String(query)) => query,
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
            None | Some(Value::Null) => Value::Object(Default::default()),
            Some(variables @ Value::Object(_)) => variables,
            Some(_) => return Err(Problem::Malformed("`variables` must be an object.", "“variables”必须是对象。")),
        };
        if !matches!(members.get("extensions"), None | Some(Value::Null | Value::Object(_))) {
            return Err(Problem::Malformed("`extensions` must be an object.", "“extensions”必须是对象。"));
        }
        Ok(Envelope { query, operation_name, variables })
    }

    /// Parses and bounds the query and the variables.
    pub fn check(&self, limits: &Limits) -> Result<Checked, Refusal> {
        guard::check_variables(&self.variables, limits)?;
        guard::check(&self.query, self.operation_name.as_deref(), &self.variables, limits)
    }

    /// Names what is asked: two envelopes with the same one are the same to the engine.
    pub fn fingerprint(&self) -> Vec<u8> {
        let parts =
            [self.query.as_str(), self.operation_name.as_deref().unwrap_or_default(), &self.variables.to_string()];
        parts.iter().flat_map(|part| [part.len().to_be_bytes().as_slice(), part.as_bytes()].concat()).collect()
    }

    /// For the engine, with the document that the guard parsed.
    pub fn into_request(self, checked: Checked) -> Request {
        let mut request = Request::new(self.query).variables(Variables::from_json(self.variables));
        request.operation_name = checked.operation_name;
        request.set_parsed_query(checked.document);
        request
    }
}
