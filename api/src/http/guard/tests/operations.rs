//! Which operation runs, and how refusals read.

use async_graphql::parser::types::OperationType;

use super::super::{LimitName, Limits, Refusal, RefusalCode, check};
use super::{checked, refused};

const THREE: &str = "query A { a } mutation B { b { c } } subscription C { d { e { f } } }";

#[test]
fn the_named_operation_is_chosen() {
    for (name, kind, fields) in
        [("A", OperationType::Query, 1), ("B", OperationType::Mutation, 2), ("C", OperationType::Subscription, 3)]
    {
        let checked = check(THREE, Some(name), &serde_json::Value::Null, &Limits::default()).expect("within limits");
        assert_eq!((checked.kind, checked.fields, checked.depth), (kind, fields, fields));
        assert_eq!(checked.operation_name.as_deref(), Some(name));
    }
}

#[test]
fn a_name_is_needed_exactly_when_there_are_several() {
    assert_eq!(refused(THREE), Refusal::OperationNameMissing);
    assert_eq!(checked("mutation Only { a }").operation_name.as_deref(), Some("Only"));
    assert_eq!(checked("{ a }").operation_name, None);
}

#[test]
fn an_empty_name_counts_as_absent() {
    let checked =
        check("query Only { a }", Some(""), &serde_json::Value::Null, &Limits::default()).expect("within limits");
    assert_eq!(checked.operation_name.as_deref(), Some("Only"));
    assert_eq!(
        check(THREE, Some(""), &serde_json::Value::Null, &Limits::default()).expect_err("ambiguous"),
        Refusal::OperationNameMissing
    );
}

#[test]
fn unknown_names_are_refused() {
    for source in [THREE, "{ a }", "query A { a }"] {
        let refusal =
            check(source, Some("D"), &serde_json::Value::Null, &Limits::default()).expect_err("no such operation");
        assert_eq!(refusal, Refusal::OperationUnknown { name: "D".into() });
    }
}

#[test]
fn documents_that_contradict_themselves_are_bad_queries() {
    for source in [
        "",
        "# only a comment",
        "fragment F on Q { a }",
        "query A { a } query A { b }",
        "{ a } query A { a }",
        "{ a } fragment F on Q { a } fragment F on Q { b }",
        "type Query { a: Int }",
        "{ }",
    ] {
        assert_eq!(refused(source).code(), RefusalCode::BadQuery, "{source}");
    }
}

#[test]
fn refusals_name_the_limit_in_both_languages() {
    let refusal = refused(&format!("{{ {} }}", "a ".repeat(21)));
    assert_eq!(refusal, Refusal::Exceeded { limit: LimitName::RootFields, max: 20, found: 21 });
    assert_eq!((refusal.code().as_str(), LimitName::RootFields.as_str()), ("LIMIT_EXCEEDED", "rootFields"));
    for message in [refusal.to_string(), refusal.message_zh()] {
        assert!(message.contains("21") && message.contains("20"), "{message}");
    }
    assert!(refusal.message_zh().contains("根字段数"));
}

#[test]
fn cost_is_fields_times_the_pages_they_are_on() {
    let cost = |source: &str, variables: serde_json::Value| {
        check(source, None, &variables, &Limits::default()).map(|checked| checked.cost)
    };
    let none = serde_json::Value::Null;
    assert_eq!(cost("{ a { b } }", none.clone()), Ok(2));
    assert_eq!(cost("{ list(first: 10) { nodes { a b } } }", none.clone()), Ok(1 + 10 * 3));
    assert_eq!(cost("{ list { nodes { a } } }", none.clone()), Ok(1 + 20 * 2), "the page nobody named");
    let paged = "query($n: Int) { list(first: $n) { nodes { a } } }";
    assert_eq!(cost(paged, serde_json::json!({ "n": 50 })), Ok(1 + 50 * 2));
    assert_eq!(cost(paged, serde_json::json!({ "n": 4_000_000_000_i64 })), Ok(1 + 100 * 2), "no page is larger");
    assert_eq!(cost(r#"{ nodes(ids: ["a", "b", "c"]) { id } }"#, none.clone()), Ok(1 + 3), "whatever is named counts");
    let named = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    assert_eq!(cost(named, serde_json::json!({ "ids": vec!["a"; 40] })), Ok(1 + 40));
    let nested = "{ list(first: 100) { nodes { list(first: 100) { nodes { a } } } } }";
    assert!(matches!(cost(nested, none), Err(Refusal::Exceeded { limit: LimitName::Cost, .. })));
}
