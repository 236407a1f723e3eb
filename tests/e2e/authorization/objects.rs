//! Every field of every object that can be reached: who ever saw a value in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::schema::Field;

use super::queries::root;
use super::*;

/// Fields inside each other below a root field.
const DEPTH: usize = 5;

pub async fn ask(stage: &Stage<'_>) -> Rows {
    let mut rows = Rows::new();
    for (column, person) in stage.people.iter().enumerate() {
        for field in stage.schema.fields("Query") {
            for (of, path) in routes(&stage.schema, &field.of) {
                let names = askable(stage, &of);
                for (name, _) in &names {
                    rows.entry(format!("{of}.{name}")).or_insert_with(|| vec!["."; PERSONAS.len()]);
                }
                if names.iter().all(|(name, _)| rows[&format!("{of}.{name}")][column] == "x") {
                    continue;
                }
                let inner: Vec<_> = names.iter().map(|(_, text)| text.as_str()).collect();
                let below = path.iter().rev().fold(inner.join(" "), |inner, step| format!("{step} {{ {inner} }}"));
                let answer = person.gql(&format!("{{ {} }}", root(stage, field, &below)), json!({})).await;
                let top = answer.at(&field.name);
                if top.is_null() {
                    break;
                }
                let mut found = BTreeSet::new();
                seen(top, &path, &mut found);
                for (name, _) in names.iter().filter(|(name, _)| found.contains(name)) {
                    rows.get_mut(&format!("{of}.{name}")).expect("a row")[column] = "x";
                }
            }
        }
    }
    rows
}

/// The shortest way to each type that is reached from `of` through fields without required arguments.
fn routes(schema: &Schema, of: &str) -> Vec<(String, Vec<String>)> {
    let mut found = vec![(of.to_owned(), Vec::new())];
    let mut at = 0;
    while at < found.len() {
        let (of, path) = found[at].clone();
        at += 1;
        if path.len() == DEPTH {
            continue;
        }
        for field in schema.fields(&of) {
            let known = found.iter().any(|(other, _)| *other == field.of);
            if known || !schema.is_object(&field.of) || field.arguments.iter().any(|argument| argument.required) {
                continue;
            }
            found.push((field.of.clone(), [path.clone(), vec![field.name.clone()]].concat()));
        }
    }
    found
}

/// The fields of a type, each as it is asked for.
fn askable(stage: &Stage<'_>, of: &str) -> Vec<(String, String)> {
    let engines = of.ends_with("Connection") || of.ends_with("Edge") || of == "PageInfo";
    let text = |field: &Field| {
        let required = field.arguments.iter().filter(|argument| argument.required);
        let arguments: Vec<_> = required
            .map(|argument| format!("{}: {}", argument.name, stage.world.literal(&stage.schema, &field.name, argument)))
            .collect();
        let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let below = if stage.schema.is_object(&field.of) { " { __typename }" } else { "" };
        (field.name.clone(), format!("{}{arguments}{below}", field.name))
    };
    match engines {
        true => Vec::new(),
        false => stage.schema.fields(of).iter().map(text).collect(),
    }
}

/// Names of the fields with a value in any object at the end of `path`.
fn seen(value: &Value, path: &[String], found: &mut BTreeSet<String>) {
    match (value, path) {
        (Value::Array(items), _) => items.iter().for_each(|item| seen(item, path, found)),
        (Value::Object(members), [step, rest @ ..]) => seen(members.get(step).unwrap_or(&Value::Null), rest, found),
        (Value::Object(members), []) => {
            let full = |value: &Value| !value.is_null() && !value.as_array().is_some_and(Vec::is_empty);
            found.extend(members.iter().filter(|(_, value)| full(value)).map(|(name, _)| name.clone()));
        }
        _ => {}
    }
}
