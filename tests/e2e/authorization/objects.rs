//! Every field of every object that can be reached: who ever saw a value in it. A type is reached through every field
//! that leads to it, as each of them is a door that may have been left open.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value, json};
use tests::schema::Field;

use super::queries::root;
use super::*;

/// Fields inside each other below a root field. The server takes twelve: the root, these, a type's own field, and what
/// is asked of that.
const DEPTH: usize = 9;

/// Things that are in another state than those the roots are asked for otherwise.
const ALSO: [(&str, &str); 13] = [
    ("orderId", "shippedOrderId"),
    ("orderId", "stuckOrderId"),
    ("orderId", "unpaidOrderId"),
    ("orderId", "depositOrderId"),
    ("orderId", "balanceOrderId"),
    ("batchId", "claimedBatchId"),
    ("batchId", "rejectedBatchId"),
    ("refundedOrderId", "pendingOrderId"),
    ("refundedOrderId", "missedOrderId"),
    ("presaleId", "secondPresaleId"),
    ("presaleId", "thirdPresaleId"),
    ("presaleId", "balancePresaleId"),
    ("entryId", "secondEntryId"),
];

/// What has an id and is no `Node`.
const NO_NODES: [&str; 2] = ["eventId", "differenceId"];

/// So many at once cost no more than one request may.
const NODES: usize = 20;

/// How an inline fragment begins.
const FRAGMENT: &str = "... on ";

pub async fn ask(stage: &Stage<'_>) -> Rows {
    let mut rows = Rows::new();
    for field in stage.schema.fields("Query") {
        let routes = routes(&stage.schema, &field.of);
        for (of, _) in &routes {
            for (name, _) in askable(stage, of) {
                rows.entry(format!("{of}.{name}")).or_insert_with(|| vec!["."; PERSONAS.len()]);
            }
        }
        for (column, person) in stage.people.iter().enumerate() {
            for begin in roots(stage, field) {
                let asker = Asker { person, root: &field.name, begin: &begin };
                if asker.ask(&[], "__typename").await.at(&field.name).is_null() {
                    continue;
                }
                for (of, path) in &routes {
                    // What she saw elsewhere is seen.
                    let names = askable(stage, of);
                    let row = |name: &str| format!("{of}.{name}");
                    if names.iter().all(|(name, _)| rows[&row(name)][column] == "x") {
                        continue;
                    }
                    for name in asker.seen(path, &names).await {
                        rows.get_mut(&row(&name)).expect("a row")[column] = "x";
                    }
                }
            }
        }
    }
    rows
}

/// A root field as it is asked, for each of the things it is asked for; `%` stands for the selection.
fn roots(stage: &Stage<'_>, field: &Field) -> Vec<String> {
    let world = &stage.world;
    if field.name == "nodes" {
        let ids = world.ids.iter().filter(|(name, _)| !NO_NODES.contains(name));
        let ids: BTreeSet<_> = ids.map(|(_, id)| format!("\"{id}\"")).collect();
        let some = |ids: &[String]| format!("nodes(ids: [{}]) {{ % }}", ids.join(", "));
        return Vec::from_iter(ids).chunks(NODES).map(some).collect();
    }
    let usual = root(stage, field, "%");
    let others = ALSO.iter().filter(|(name, _)| usual.contains(world.id(name)));
    let others: Vec<_> = others.map(|(name, other)| usual.replace(world.id(name), world.id(other))).collect();
    [vec![usual], others].concat()
}

/// Someone who asks one root field for one thing.
struct Asker<'s> {
    person: &'s Person<'s>,
    root: &'s str,
    begin: &'s str,
}

impl Asker<'_> {
    async fn ask(&self, path: &[String], inner: &str) -> Answer {
        let below = path.iter().rev().fold(inner.to_owned(), |inner, step| format!("__typename {step} {{ {inner} }}"));
        let query = format!("{{ {} }}", self.begin.replace('%', &below));
        let answer = self.person.gql(&query, json!({})).await;
        // What was not even looked at says nothing about who may see it.
        let code = answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
        let ours = ["", "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"].contains(&code);
        assert!(ours, "{query}\n{:#}", answer.body);
        answer
    }

    /// Which of these fields have a value in any object at the end of `path`.
    async fn seen(&self, path: &[String], names: &[(String, String)]) -> BTreeSet<String> {
        let texts: Vec<_> = names.iter().map(|(_, text)| text.as_str()).collect();
        let answer = self.ask(path, &texts.join(" ")).await;
        let mut found = BTreeSet::new();
        seen(answer.at(self.root), path, &mut found);
        if answer.body.get("errors").is_some() {
            // One refused field takes its whole object along: the others are asked without it.
            for text in texts {
                seen(self.ask(path, text).await.at(self.root), path, &mut found);
            }
        }
        found.retain(|name| names.iter().any(|(asked, _)| asked == name));
        found
    }
}

/// The ways to each type from `of` through fields without required arguments: each field that leads to it, behind the
/// shortest way to that field.
fn routes(schema: &Schema, of: &str) -> Vec<(String, Vec<String>)> {
    let mut found = vec![(of.to_owned(), Vec::new())];
    let mut known = BTreeSet::from([of.to_owned()]);
    let mut open = VecDeque::from(found.clone());
    while let Some((of, path)) = open.pop_front() {
        if path.len() == DEPTH {
            continue;
        }
        let fields = schema.fields(&of).iter();
        let fields = fields.filter(|field| !field.arguments.iter().any(|argument| argument.required));
        let fields = fields.map(|field| (field.of.clone(), field.name.clone()));
        let kinds = schema.implementers(&of).iter().map(|kind| (kind.clone(), format!("{FRAGMENT}{kind}")));
        for (next, step) in fields.chain(kinds).filter(|(next, _)| schema.is_object(next)) {
            let route = (next.clone(), [path.clone(), vec![step]].concat());
            if known.insert(next) {
                open.push_back(route.clone());
            }
            found.push(route);
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
        (Value::Object(members), [step, rest @ ..]) => match step.strip_prefix(FRAGMENT) {
            Some(kind) if members["__typename"] == kind => seen(value, rest, found),
            Some(_) => {}
            None => seen(members.get(step).unwrap_or(&Value::Null), rest, found),
        },
        (Value::Object(members), []) => {
            let full = |value: &Value| !value.is_null() && !value.as_array().is_some_and(Vec::is_empty);
            found.extend(members.iter().filter(|(_, value)| full(value)).map(|(name, _)| name.clone()));
        }
        _ => {}
    }
}
