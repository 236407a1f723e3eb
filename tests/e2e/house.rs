//! The house itself: the checked-in schema, its descriptions and doors, and the direction of calls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

#[test]
fn the_checked_in_schema_is_the_schema() {
    let path = root().join("schema.graphql");
    let printed = smallbatch::schema::sdl();
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == printed,
        "schema.graphql is out of date; run `cargo run -- schema > schema.graphql` and read the difference"
    );
}

/// What async-graphql adds by itself and does not describe.
fn is_engines(type_name: &str) -> bool {
    type_name == "PageInfo" || type_name.ends_with("Connection") || type_name.ends_with("Edge")
}

#[test]
fn every_type_field_and_argument_is_described() {
    let document = parse_schema(smallbatch::schema::sdl()).expect("our own SDL parses");
    let mut bare = Vec::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = &definition.node;
        let name = definition.name.node.as_str();
        let is_root = ["Query", "Mutation", "Subscription"].contains(&name);
        if definition.description.is_none()
            && !is_root
            && !is_engines(name)
            && !name.ends_with("Input")
            && !name.ends_with("Payload")
        {
            bare.push(name.to_owned());
        }
        match &definition.kind {
            TypeKind::Object(object) if !is_engines(name) => {
                for field in &object.fields {
                    let plain = ["id", "code", "message", "field", "createdAt", "cursor", "userErrors"]
                        .contains(&field.node.name.node.as_str());
                    if field.node.description.is_none() && !plain && !name.ends_with("Payload") {
                        bare.push(format!("{name}.{}", field.node.name.node));
                    }
                }
            }
            TypeKind::InputObject(input) => {
                for field in &input.fields {
                    let plain = field.node.name.node == "idempotencyKey" || field.node.name.node.ends_with("Id");
                    if field.node.description.is_none() && !plain {
                        bare.push(format!("{name}.{}", field.node.name.node));
                    }
                }
            }
            _ => {}
        }
    }
    assert!(bare.is_empty(), "{} without a description: {bare:#?}", bare.len());
}

#[test]
fn a_root_field_that_fails_takes_no_other_with_it() {
    let document = parse_schema(smallbatch::schema::sdl()).expect("our own SDL parses");
    let mut strict = Vec::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let TypeKind::Object(object) = &definition.node.kind else { continue };
        if ["Query", "Mutation", "Subscription"].contains(&definition.node.name.node.as_str()) {
            let never_null = object.fields.iter().filter(|field| !field.node.ty.node.nullable);
            strict.extend(never_null.map(|field| field.node.name.node.to_string()));
        }
    }
    assert_eq!(strict, ["viewer"], "a non-null root field that fails wipes the whole answer");
}

/// Root fields that anyone may use, each with its reason.
const OPEN: &[(&str, &str)] = &[
    ("viewer", "says who I am, also to the anonymous"),
    ("signInWithWechat", "the way in for members"),
    ("signInStaff", "the way in for staff"),
    ("refreshSession", "the refresh token is the credential"),
];

#[test]
fn every_root_field_has_a_door() {
    let document = parse_schema(smallbatch::schema::sdl()).expect("our own SDL parses");
    let mut doors = BTreeMap::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let TypeKind::Object(object) = &definition.node.kind else { continue };
        if !["Query", "Mutation", "Subscription"].contains(&definition.node.name.node.as_str()) {
            continue;
        }
        for field in &object.fields {
            let has_door = field.node.directives.iter().any(|directive| directive.node.name.node == "needs");
            doors.insert(field.node.name.node.to_string(), has_door);
        }
    }
    let open: Vec<&str> = doors.iter().filter(|(_, has_door)| !**has_door).map(|(name, _)| name.as_str()).collect();
    let mut allowed: Vec<&str> = OPEN.iter().map(|(name, _)| *name).collect();
    allowed.sort_unstable();
    assert_eq!(open, allowed, "fields without @needs must be on the list, and the list may only shrink");
}

/// The stages in the order of the flow. A stage may name earlier ones only.
const FLOW: &[&str] =
    &["community", "design", "round", "tryon", "presale", "order", "payment", "batch", "delivery", "payout", "promise"];

#[test]
fn calls_go_backwards_along_the_flow() {
    let mut forward = Vec::new();
    for (place, stage) in FLOW.iter().enumerate() {
        for file in rust_files(&root().join("api/src/flow").join(stage)) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            for later in &FLOW[place + 1..] {
                if text.contains(&format!("flow::{later}")) || text.contains(&format!("super::super::{later}")) {
                    forward.push(format!("{} names {later}", file.display()));
                }
            }
        }
    }
    assert!(forward.is_empty(), "{forward:#?}");
}

#[test]
fn rules_know_no_database_no_clock_and_no_actor() {
    let mut impure = Vec::new();
    for file in rust_files(&root().join("api/src/flow")) {
        let is_rules = file.file_name().is_some_and(|name| name == "rules.rs")
            || file.components().any(|part| part.as_os_str() == "rules");
        if !is_rules {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a source file");
        for word in ["async fn", "ConnectionTrait", "base::clock", "actor::Actor", "async_graphql"] {
            if text.contains(word) {
                impure.push(format!("{} uses {word}", file.display()));
            }
        }
    }
    assert!(impure.is_empty(), "{impure:#?}");
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}
