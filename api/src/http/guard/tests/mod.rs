//! Tests of the guard. Each limit is reached (passes) and crossed by one (refused).

mod bombs;
mod introspection;
mod lexical;
mod operations;
mod properties;
mod variables;

use super::{Checked, LimitName, Limits, Refusal, check};

fn checked(source: &str) -> Checked {
    check(source, None, &serde_json::Value::Null, &Limits::default())
        .unwrap_or_else(|refusal| panic!("{refusal}\n{source}"))
}

fn refused(source: &str) -> Refusal {
    check(source, None, &serde_json::Value::Null, &Limits::default()).expect_err("the document should be refused")
}

/// The crossed limit and what was found.
fn exceeded(source: &str) -> (LimitName, u32) {
    match refused(source) {
        Refusal::Exceeded { limit, found, .. } => (limit, found),
        other => panic!("no limit but: {other}"),
    }
}
