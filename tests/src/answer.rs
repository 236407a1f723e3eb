//! Reads GraphQL answers.

use serde_json::Value;

/// An answer to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn new(status: u16, body: Value) -> Self {
        Answer { status, body }
    }

    /// The data at a dotted path (`"round.entries.0.picks"`); panics when there were errors or
    /// refusals, showing the whole answer.
    #[track_caller]
    pub fn ok(&self, path: &str) -> Value {
        assert!(self.body.get("errors").is_none(), "errors: {:#}", self.body);
        let refused = self.user_errors();
        assert!(refused.is_empty(), "refused: {refused:#?}");
        let value = self.at(path);
        assert!(!value.is_null(), "nothing at {path}: {:#}", self.body);
        value.clone()
    }

    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        self.ok(path).as_str().unwrap_or_else(|| panic!("no text at {path}: {:#}", self.body)).to_owned()
    }

    #[track_caller]
    pub fn int(&self, path: &str) -> i64 {
        self.ok(path).as_i64().unwrap_or_else(|| panic!("no number at {path}: {:#}", self.body))
    }

    /// Whatever stands at the path below `data`, null when nothing does.
    pub fn at(&self, path: &str) -> &Value {
        let mut value = &self.body["data"];
        for step in path.split('.').filter(|step| !step.is_empty()) {
            value = match step.parse::<usize>() {
                Ok(index) => &value[index],
                Err(_) => &value[step],
            };
        }
        value
    }

    /// All `userErrors` of all root fields.
    pub fn user_errors(&self) -> Vec<Value> {
        let roots = self.body["data"].as_object().into_iter().flatten();
        roots.filter_map(|(_, payload)| payload.get("userErrors")?.as_array().cloned()).flatten().collect()
    }

    /// The code of the only refusal; panics when it was done.
    #[track_caller]
    pub fn refused(&self) -> String {
        let errors = self.user_errors();
        assert_eq!(errors.len(), 1, "expected one refusal: {:#}", self.body);
        errors[0]["code"].as_str().unwrap_or_else(|| panic!("ask for `code`: {:#}", self.body)).to_owned()
    }

    /// The only refusal, whole.
    #[track_caller]
    pub fn refusal(&self) -> Value {
        self.refused();
        self.user_errors().remove(0)
    }

    /// The code of the first top-level error; panics when there is none.
    #[track_caller]
    pub fn fault(&self) -> String {
        let code = self.body["errors"][0]["extensions"]["code"].as_str();
        code.unwrap_or_else(|| panic!("expected an error: {:#}", self.body)).to_owned()
    }

    /// SQL statements the operation took.
    #[track_caller]
    pub fn statements(&self) -> u64 {
        self.body["extensions"]["sqlStatements"].as_u64().unwrap_or_else(|| panic!("no count: {:#}", self.body))
    }
}
