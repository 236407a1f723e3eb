//! Whether an answer is right and what it took is little.

use std::time::Duration;

use serde_json::Value;

use super::expand::{Request, Sends};
use super::meter::Taken;
use super::send::Answer;

pub(super) const MAX_ANSWER: usize = 64 * 1024;
pub(super) const MIB: u64 = 1024 * 1024;
pub(super) const HEAP: u64 = 5 * MIB;

/// What one request may take of the processor; `None` where that says nothing, as in a debug build.
#[derive(Clone, Copy)]
pub struct Budget {
    pub cpu: Option<Duration>,
}

/// All that is wrong.
pub fn problems(request: &Request, answer: &Answer, taken: &Taken, budget: Budget) -> Vec<String> {
    let expect = &request.expect;
    let mut wrong = Vec::new();
    let json = answer.json();
    let codes = codes(&json);
    if answer.bytes > MAX_ANSWER {
        wrong.push(format!("the answer has {} bytes", answer.bytes));
    }
    if taken.heap > expect.mib.map_or(HEAP, |mib| mib * MIB) {
        wrong.push(format!("it took {} KiB of memory", taken.heap / 1024));
    }
    let cpu = Duration::from_nanos(taken.cpu_nanos);
    if budget.cpu.is_some_and(|most| cpu > expect.cpu_ms.map_or(most, Duration::from_millis)) {
        wrong.push(format!("it took {cpu:?} of CPU"));
    }
    if answer.status >= 500 || codes.iter().any(|code| code == "INTERNAL") {
        wrong.push(format!("it failed inside: {}", shown(answer)));
    }
    if matches!(request.sends, Sends::Raw(_)) && answer.count > expect.answers.unwrap_or(1) {
        wrong.push(format!("{} answers to what should be one request", answer.count));
    }
    if !json.is_null() && answer.headers.get("x-content-type-options").is_none_or(|value| value != "nosniff") {
        wrong.push("a browser may guess at what the answer is".to_owned());
    }
    if !expect.status.all().is_empty() && !expect.status.all().contains(&answer.status) {
        wrong.push(format!("status {} instead of {:?}: {}", answer.status, expect.status.all(), shown(answer)));
    }
    wrong.extend(code_problem(request, &codes, answer));
    let data = json.get("data").unwrap_or(&Value::Null);
    if expect.nothing && !is_nothing(data) {
        wrong.push(format!("something is shown: {}", shown(answer)));
    }
    if let Some(text) = &expect.returns
        && !holds(data, text)
    {
        wrong.push(format!("{text:?} did not come back: {}", shown(answer)));
    }
    let text = String::from_utf8_lossy(&answer.body);
    wrong.extend(expect.never.iter().filter(|word| text.contains(*word)).map(|word| format!("{word:?} is in {text}")));
    let refused = !codes.is_empty() || answer.status >= 400 || answer.status == 0;
    let most = expect.sql.or(refused.then_some(0));
    if most.is_some_and(|most| taken.statements > most) {
        wrong.push(format!("{} SQL statements before {}", taken.statements, shown(answer)));
    }
    wrong
}

fn code_problem(request: &Request, codes: &[String], answer: &Answer) -> Option<String> {
    let expect = &request.expect;
    let wanted = expect.code.all();
    let says_else = !expect.status.all().is_empty() || expect.nothing || expect.alike.is_some();
    let fine = match (wanted.is_empty(), codes.is_empty()) {
        (true, true) => says_else || answer.status == 200,
        (true, false) => says_else,
        (false, true) => expect.or_answered && (answer.status == 200 || expect.status.all().contains(&answer.status)),
        (false, false) => codes.iter().all(|code| wanted.contains(code)),
    };
    (!fine).then(|| format!("{wanted:?} expected, {codes:?} found: {}", shown(answer)))
}

/// The codes of refusals, wherever this API puts them.
fn codes(json: &Value) -> Vec<String> {
    let errors = json["errors"].as_array().into_iter().flatten().map(|error| &error["extensions"]["code"]);
    let payloads = json["data"].as_object().into_iter().flatten();
    let refused = payloads.filter_map(|(_, payload)| payload["userErrors"].as_array()).flatten();
    let all = errors.chain(refused.map(|error| &error["code"])).chain([&json["error"]["code"]]);
    all.filter_map(|code| code.as_str().map(str::to_owned)).collect()
}

fn is_nothing(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Object(fields) => fields.iter().all(|(name, value)| name == "userErrors" || is_nothing(value)),
        Value::Array(items) => items.iter().all(is_nothing),
        _ => false,
    }
}

fn holds(data: &Value, text: &str) -> bool {
    match data {
        Value::String(found) => found == text,
        Value::Object(fields) => fields.values().any(|value| holds(value, text)),
        Value::Array(items) => items.iter().any(|value| holds(value, text)),
        _ => false,
    }
}

fn shown(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    format!("{} {}", answer.status, text.chars().take(400).collect::<String>())
}

/// The answer without the ids that were asked for, to compare it with another one.
pub fn without_ids(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split_inclusive(|c| !is_word(c)).map(|word| {
        let id = word.trim_end_matches(|c| !is_word(c));
        match id.rsplit_once('_') {
            Some((_, tail)) if tail.len() == 26 => word.replace(id, "<id>"),
            _ => word.to_owned(),
        }
    });
    format!("{} {}", answer.status, words.collect::<String>())
}
