//! Every mutation, tried on the things of the brand. Who gets in may be refused for other reasons: doors
//! and hidden things are this file's business, the rules of a stage are its own tests'.

use serde_json::json;

use super::*;

/// Tried last, because who did it is gone.
const LAST: [&str; 4] = ["leaveCommunity", "removeAddress", "disableStaff", "signOut"];

pub async fn ask(stage: &Stage<'_>) -> Rows {
    let mut fields: Vec<_> = stage.schema.fields("Mutation").iter().collect();
    fields.sort_by_key(|field| LAST.iter().position(|name| *name == field.name));
    let mut rows = Rows::new();
    for field in fields {
        let mut outcomes = Vec::new();
        for person in &stage.people {
            // A literal of its own for each, because of its idempotency key.
            let arguments = field.arguments.iter().filter(|argument| argument.required);
            let arguments: Vec<_> = arguments
                .map(|argument| {
                    format!("{}: {}", argument.name, stage.world.literal(&stage.schema, &field.name, argument))
                })
                .collect();
            let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
            let answer =
                person.gql(&format!("mutation {{ {}{arguments} {{ __typename }} }}", field.name), json!({})).await;
            outcomes.push(outcome(&answer, &field.name));
            stage.app.settle().await;
        }
        rows.insert(field.name.clone(), outcomes);
    }
    rows
}
