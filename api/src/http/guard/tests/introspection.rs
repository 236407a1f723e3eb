//! Introspection may be deeper than data, and still ends.

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Schema};

use super::super::{LimitName, Limits, check};
use super::{checked, exceeded};

/// What GraphiQL and code generators send (graphql-js `getIntrospectionQuery` with all options).
const STANDARD: &str = r#"
    query IntrospectionQuery {
      __schema {
        description
        queryType { name kind }
        mutationType { name kind }
        subscriptionType { name kind }
        types { ...FullType }
        directives {
          name
          description
          isRepeatable
          locations
          args(includeDeprecated: true) { ...InputValue }
        }
      }
    }
    fragment FullType on __Type {
      kind
      name
      description
      specifiedByURL
      isOneOf
      fields(includeDeprecated: true) {
        name
        description
        args(includeDeprecated: true) { ...InputValue }
        type { ...TypeRef }
        isDeprecated
        deprecationReason
      }
      inputFields(includeDeprecated: true) { ...InputValue }
      interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { ...TypeRef }
    }
    fragment InputValue on __InputValue {
      name
      description
      type { ...TypeRef }
      defaultValue
      isDeprecated
      deprecationReason
    }
    fragment TypeRef on __Type {
      kind
      name
      ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
      ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
    }
"#;

struct Query;

#[Object]
impl Query {
    async fn answer(&self) -> i32 {
        42
    }
}

#[test]
fn the_standard_query_is_the_deepest_allowed() {
    let checked = checked(STANDARD);
    assert!(checked.is_introspection);
    assert_eq!(checked.depth, Limits::default().introspection_depth);
    let deeper = STANDARD.replace("{ kind name } } }", "{ kind name ofType { name } } } }");
    assert_eq!(exceeded(&deeper), (LimitName::Depth, 16));
}

#[tokio::test]
async fn the_engine_runs_the_document_that_the_guard_parsed() {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let checked = check(STANDARD, None, &serde_json::Value::Null, &Limits::default()).expect("within limits");
    // The text would fail: an answer shows that the parsed document was taken.
    let mut request = Request::new("{");
    request.operation_name = checked.operation_name;
    request.set_parsed_query(Arc::unwrap_or_clone(checked.document));
    let response = schema.execute(request).await;
    assert_eq!(response.errors, []);
    let answer = response.data.into_json().expect("JSON");
    assert_eq!(answer["__schema"]["queryType"]["name"], "Query");
}

#[test]
fn data_beside_introspection_keeps_the_depth_of_data() {
    let source = STANDARD.replacen("__schema {", "answer __schema {", 1);
    assert_eq!(exceeded(&source), (LimitName::Depth, 15));
    let hidden = STANDARD.replacen("__schema {", "... { ...Data } __schema {", 1) + "fragment Data on Query { answer }";
    assert_eq!(exceeded(&hidden), (LimitName::Depth, 15));
    let mutation = STANDARD.replacen("query", "mutation", 1);
    assert_eq!(exceeded(&mutation), (LimitName::Depth, 15));
}

#[test]
fn a_type_name_beside_introspection_changes_nothing() {
    assert!(checked(&STANDARD.replacen("__schema {", "__typename __schema {", 1)).is_introspection);
    assert!(checked("{ ...F } fragment F on Query { __type(name: \"A\") { name } }").is_introspection);
    assert!(!checked("{ answer __schema { queryType { name } } }").is_introspection);
}

#[test]
fn circular_introspection_is_refused() {
    assert!(checked("{ __schema { types { fields { type { fields { name } } } } } }").is_introspection);
    let lists = (LimitName::IntrospectionLists, 3);
    assert_eq!(exceeded("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"), lists);
    assert_eq!(exceeded("{ __type(name: \"A\") { interfaces { possibleTypes { inputFields { name } } } } }"), lists);
    let spread = "{ __schema { types { ...A } } }
        fragment A on __Type { fields { type { ...B } } }
        fragment B on __Type { fields { type { ...C } } }
        fragment C on __Type { fields { name } }";
    assert_eq!(exceeded(spread), lists);
    let below_data = "{ answer __type(name: \"A\") { x: fields { type { fields { type { fields { name } } } } } } }";
    assert_eq!(exceeded(below_data), lists);
}

#[test]
fn data_fields_of_those_names_are_free() {
    assert_eq!(checked("{ form { fields { fields { fields { fields { name } } } } } }").depth, 6);
}
