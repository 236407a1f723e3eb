//! GraphQL over WebSocket: the protocol, its limits, and what is pushed.

use serde_json::{Value, json};

use super::*;

mod clients;
mod limits;
mod protocol;
mod pushes;

const TALLY: &str = "subscription($id: ID!) { roundTally(roundId: $id) { entries { picks } } }";

/// Picks of all entries of a pushed tally.
fn picks(data: &Value) -> i64 {
    let entries = data["roundTally"]["entries"].as_array().expect("entries");
    entries.iter().map(|entry| entry["picks"].as_i64().expect("picks")).sum()
}
