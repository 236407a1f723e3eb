//! Standard tools against `schema.graphql` as it is.

use tests::outside::node;

use super::*;

#[tokio::test]
async fn the_relay_compiler_takes_the_schema() {
    node(&["--test", "relay.mjs"], &[]).await;
}

#[tokio::test]
async fn graphql_codegen_makes_types_of_schema_and_operations() {
    node(&["--test", "codegen.mjs"], &[]).await;
}

#[tokio::test]
async fn the_schema_is_valid_and_its_things_are_nodes() {
    node(&["--test", "graphiql.mjs"], &[]).await;
}

#[tokio::test]
async fn the_schema_gate_names_what_breaks() {
    node(&["--test", "diff.test.mjs"], &[]).await;
}

#[tokio::test]
async fn no_client_of_the_released_schema_breaks() {
    let schemas = ["../../schema/released.graphql", "../../../schema.graphql", "../../schema/accepted.txt"];
    node(&["diff.mjs", schemas[0], schemas[1], schemas[2]], &[]).await;
}

e2e! {
    async fn graphiql_is_told_what_is_checked_in(app) {
        node(&["--test", "graphiql.mjs"], &[("API_URL", &app.url)]).await;
    }
}
