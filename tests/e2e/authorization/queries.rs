//! Every root field of `Query`, asked for the things of the brand.

use serde_json::json;

use super::*;

pub async fn ask(stage: &Stage<'_>) -> Rows {
    let mut rows = Rows::new();
    for field in stage.schema.fields("Query") {
        let query = format!("{{ {} }}", root(stage, field, &selection(stage, &field.of)));
        let mut outcomes = Vec::new();
        for person in &stage.people {
            let answer = person.gql(&query, json!({})).await;
            let is_empty = answer.at(&format!("{}.edges", field.name)).as_array().is_some_and(Vec::is_empty);
            outcomes.push(if is_empty { "empty" } else { outcome(&answer, &field.name) });
        }
        rows.insert(field.name.clone(), outcomes);
    }
    rows
}

pub fn selection(stage: &Stage<'_>, of: &str) -> String {
    let has_edges = stage.schema.fields(of).iter().any(|field| field.name == "edges");
    if has_edges { "edges { __typename }".to_owned() } else { "__typename".to_owned() }
}

/// A root field with its required arguments (and what narrows a list to the brand's things).
pub fn root(stage: &Stage<'_>, field: &tests::schema::Field, selection: &str) -> String {
    let narrows = |name: &str| field.name == "refunds" && name == "orderId";
    let arguments = field.arguments.iter().filter(|argument| argument.required || narrows(&argument.name));
    let arguments: Vec<_> = arguments
        .map(|argument| match narrows(&argument.name) {
            true => format!("orderId: \"{}\"", stage.world.id("refundedOrderId")),
            false => format!("{}: {}", argument.name, stage.world.literal(&stage.schema, &field.name, argument)),
        })
        .collect();
    match arguments.is_empty() {
        true => format!("{} {{ {selection} }}", field.name),
        false => format!("{}({}) {{ {selection} }}", field.name, arguments.join(", ")),
    }
}
