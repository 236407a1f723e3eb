//! H60 by the schema: nothing that anybody sets is an address this server would call.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

/// Words that a field or argument for an address would have in its name.
const WORDS: [&str; 11] =
    ["url", "uri", "href", "link", "host", "endpoint", "webhook", "callback", "domain", "origin", "redirect"];

/// Scalars that may stand in an input. None is an address (an `Upload` is a file in the body of the request);
/// a new one must be looked at and added here.
const SCALARS: [&str; 9] = ["ID", "String", "Int", "Boolean", "Float", "Long", "DateTime", "NaiveDate", "Upload"];

#[test]
fn no_input_is_an_address_that_the_server_would_call() {
    let document = parse_schema(smallbatch::schema::sdl()).expect("our own SDL parses");
    let mut inputs = Vec::new();
    let mut known: Vec<String> = SCALARS.iter().map(|name| (*name).to_owned()).collect();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        match &definition.node.kind {
            TypeKind::InputObject(input) => {
                known.push(name.clone());
                inputs.extend(input.fields.iter().map(|field| (name.clone(), &field.node)));
            }
            TypeKind::Enum(_) => known.push(name),
            TypeKind::Object(object) => {
                let fields = object.fields.iter();
                let arguments = fields.flat_map(|field| field.node.arguments.iter().map(|argument| &argument.node));
                inputs.extend(arguments.map(|argument| (name.clone(), argument)));
            }
            _ => {}
        }
    }
    assert!(inputs.len() > 200, "the schema was read");
    let mut addresses = Vec::new();
    for (owner, input) in inputs {
        let name = input.name.node.as_str();
        let words = words_of(name);
        let of_type = input.ty.node.to_string().replace(['[', ']', '!'], "");
        if words.iter().any(|word| WORDS.contains(&word.as_str())) || !known.contains(&of_type) {
            addresses.push(format!("{owner}.{name}: {of_type}"));
        }
    }
    assert!(
        addresses.is_empty(),
        "they may be addresses; whoever calls them must check where they lead: {addresses:?}"
    );
}

/// `pictureUrl` → picture, url.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c.is_uppercase() || c == '_' {
            words.push(String::new());
        }
        words.last_mut().expect("never empty").extend(c.to_lowercase().filter(|c| *c != '_'));
    }
    words
}
