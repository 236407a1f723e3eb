//! The XML form of push messages, turned into the shape their JSON form has.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use serde_json::{Map, Value};

/// Deeper than any message of WeChat.
const MAX_DEPTH: usize = 16;

#[derive(Default)]
struct Element {
    name: String,
    text: String,
    children: Map<String, Value>,
}

impl Element {
    /// An element with children is an object, another its text; a repeated name becomes an array.
    fn close(self) -> (String, Value) {
        let value = if self.children.is_empty() { Value::String(self.text) } else { Value::Object(self.children) };
        (self.name, value)
    }

    fn adopt(&mut self, name: String, value: Value) {
        match self.children.get_mut(&name) {
            None => {
                self.children.insert(name, value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => {
                let first_value = first.take();
                *first = Value::Array(vec![first_value, value]);
            }
        }
    }
}

/// The content of the root element. `None` for anything that is not one well-formed, DTD-free document.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                if open.len() == MAX_DEPTH {
                    return None;
                }
                let name = std::str::from_utf8(tag.name().as_ref()).ok()?.to_owned();
                open.push(Element { name, ..Element::default() });
            }
            Event::End(_) => {
                let (name, value) = open.pop()?.close();
                match open.last_mut() {
                    Some(parent) => parent.adopt(name, value),
                    None => return Some(value),
                }
            }
            Event::Empty(tag) => {
                let name = std::str::from_utf8(tag.name().as_ref()).ok()?.to_owned();
                open.last_mut()?.adopt(name, Value::String(String::new()));
            }
            Event::Text(text) => append(&mut open, &text.decode().ok()?),
            Event::CData(text) => append(&mut open, &text.decode().ok()?),
            Event::GeneralRef(reference) => append(&mut open, &resolve(&reference)?),
            // A DTD is how entity bombs and file reads come in; WeChat never sends one.
            Event::DocType(_) | Event::Eof => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn resolve(reference: &BytesRef<'_>) -> Option<String> {
    if let Some(c) = reference.resolve_char_ref().ok()? {
        return Some(c.to_string());
    }
    resolve_predefined_entity(&reference.decode().ok()?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn repeated_elements_become_a_list_and_text_is_unescaped() {
        let value = parse("<xml><A><![CDATA[<x>]]></A><L><I>1</I></L><L><I>&lt;&#x4e8c;</I></L><E/></xml>");
        assert_eq!(value, Some(json!({ "A": "<x>", "L": [{ "I": "1" }, { "I": "<二" }], "E": "" })));
    }

    #[test]
    fn document_types_and_unknown_entities_are_refused() {
        assert_eq!(parse(r#"<!DOCTYPE x [<!ENTITY e "boom">]><xml><A>&e;</A></xml>"#), None);
        assert_eq!(parse("<xml><A>&e;</A></xml>"), None);
    }

    #[test]
    fn broken_or_deep_documents_are_refused() {
        assert_eq!(parse("<xml><A></xml>"), None);
        assert_eq!(parse("<xml><A>"), None);
        assert_eq!(parse(""), None);
        assert_eq!(parse(&"<a>".repeat(100)), None);
    }
}
