//! The JSON around the document.

use serde_json::{Value, json};

use super::super::{LimitName, Limits, Refusal, check_json_bytes, check_variables};

fn exceeded(result: Result<(), Refusal>) -> (LimitName, u32) {
    match result {
        Err(Refusal::Exceeded { limit, found, .. }) => (limit, found),
        other => panic!("no limit crossed: {other:?}"),
    }
}

/// An object that holds `levels - 1` arrays inside each other.
fn nested(levels: usize) -> Value {
    json!({ "v": (1..levels).fold(json!(1), |inner, _| json!([inner])) })
}

#[test]
fn variables_are_an_object_or_null() {
    let limits = Limits::default();
    assert_eq!(check_variables(&Value::Null, &limits), Ok(()));
    assert_eq!(check_variables(&json!({}), &limits), Ok(()));
    for other in [json!([]), json!("{}"), json!(1), json!(true)] {
        assert_eq!(check_variables(&other, &limits), Err(Refusal::VariablesNotObject));
    }
}

#[test]
fn depth_ends_at_32() {
    let limits = Limits::default();
    assert_eq!(check_variables(&nested(32), &limits), Ok(()));
    assert_eq!(exceeded(check_variables(&nested(33), &limits)), (LimitName::JsonDepth, 33));
    let objects = (1..33).fold(json!({ "k": "s" }), |inner, _| json!({ "k": inner }));
    assert_eq!(exceeded(check_variables(&objects, &limits)), (LimitName::JsonDepth, 33));
}

#[test]
fn size_ends_at_256_kib_of_compact_json() {
    let limits = Limits::default();
    let of_size = |bytes: usize| json!({ "v": "x".repeat(bytes - r#"{"v":""}"#.len()) });
    assert_eq!(check_variables(&of_size(262_144), &limits), Ok(()));
    assert_eq!(exceeded(check_variables(&of_size(262_145), &limits)), (LimitName::VariablesBytes, 262_145));
}

#[test]
fn nul_is_found_in_values_and_keys() {
    let limits = Limits::default();
    let expected = Err(Refusal::NulCharacter { variable: Some("v".into()) });
    for value in [json!("a\0b"), json!([{ "k": ["\0"] }]), json!({ "a\0b": 1 })] {
        assert_eq!(check_variables(&json!({ "w": "fine", "v": value }), &limits), expected);
    }
    assert_eq!(check_variables(&json!({ "v": "好\u{202e}\u{1}\\u0000" }), &limits), Ok(()));
}

#[test]
fn bodies_are_scanned_before_they_are_parsed() {
    let limits = Limits::default();
    let depth = |levels: usize| "[".repeat(levels).into_bytes();
    assert_eq!(check_json_bytes(&depth(34), &limits), Ok(()));
    assert_eq!(exceeded(check_json_bytes(&depth(35), &limits)), (LimitName::JsonDepth, 35));
    assert_eq!(exceeded(check_json_bytes(&depth(100_000), &limits)), (LimitName::JsonDepth, 100_000));
    let size = limits.body_bytes as usize;
    assert_eq!(check_json_bytes(&vec![b' '; size], &limits), Ok(()));
    assert_eq!(exceeded(check_json_bytes(&vec![b' '; size + 1], &limits)), (LimitName::BodyBytes, 393_217));
}

#[test]
fn brackets_in_json_strings_do_not_nest() {
    let limits = Limits::default();
    let brackets = "[".repeat(100);
    for body in [format!(r#"{{"q":"{brackets}"}}"#), format!(r#"{{"q":"\"{brackets}"}}"#), format!(r#""{brackets}"#)] {
        assert_eq!(check_json_bytes(body.as_bytes(), &limits), Ok(()), "{body}");
    }
    let outside = format!(r#"{{"q":"\\",{brackets}"#);
    assert_eq!(exceeded(check_json_bytes(outside.as_bytes(), &limits)), (LimitName::JsonDepth, 101));
}

#[test]
fn a_body_that_passes_never_meets_the_json_parsers_own_recursion_limit() {
    let batch = json!([{ "query": "{a}", "variables": nested(32) }]);
    let body = serde_json::to_vec(&batch).expect("JSON");
    assert_eq!(check_json_bytes(&body, &Limits::default()), Ok(()));
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON"), batch);
}

#[test]
fn values_of_a_body_are_counted_outside_of_strings() {
    let limits = Limits { json_values: 4, ..Limits::default() };
    assert_eq!(check_json_bytes(b"{\"a\": [1, 2], \"b\": \",,[[{{\"}", &limits), Ok(()));
    let refused = check_json_bytes(b"{\"a\": [1, 2], \"b\": [3]}", &limits);
    assert_eq!(refused, Err(Refusal::Exceeded { limit: LimitName::JsonValues, max: 4, found: 5 }));
}
