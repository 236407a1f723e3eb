//! From templates to requests that can be sent.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::corpus::{Choices, Expect, Say, Talk, Template};
use super::files;
use super::line::{BINARY, PING, TEXT, framed};

/// One request, whole.
#[derive(Clone)]
pub struct Request {
    pub family: String,
    pub name: String,
    pub persona: String,
    pub sends: Sends,
    pub expect: Expect,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Sends {
    Http { method: String, path: String, headers: BTreeMap<String, String>, body: Vec<u8> },
    Raw(Vec<u8>),
}

pub type World = BTreeMap<String, String>;

/// One conversation, whole.
pub struct Conversation {
    pub name: String,
    pub persona: String,
    pub says: Vec<Said>,
    pub talk: Talk,
}

/// Bytes for the line, so many times.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Said {
    pub times: usize,
    /// The kind of its frame; `None` when it need be none.
    frame: Option<u8>,
    content: Vec<u8>,
}

impl Said {
    /// The `n`-th time.
    pub fn bytes(&self, n: usize) -> Vec<u8> {
        let content = match std::str::from_utf8(&self.content) {
            Ok(text) if text.contains('§') => numbered(text, n).into_bytes(),
            _ => self.content.clone(),
        };
        self.frame.map_or_else(|| content.clone(), |kind| framed(kind, &content))
    }
}

/// Every combination of the template's choices.
pub fn requests(template: &Template, world: &World) -> Vec<Request> {
    let all = combinations(&template.name, &template.each);
    all.into_iter().map(|(name, chosen)| request(template, name, &Text { chosen: &chosen, world })).collect()
}

/// The same of a conversation.
pub fn conversations(talk: &Talk, world: &World) -> Vec<Conversation> {
    let all = combinations(&talk.name, &talk.each).into_iter().map(|(name, chosen)| {
        let text = Text { chosen: &chosen, world };
        let mut filled = talk.clone();
        filled.protocol = talk.protocol.as_ref().map(|protocol| text.fill(protocol));
        filled.expect.never = talk.expect.never.iter().map(|word| text.fill(word)).collect();
        let says = talk.says.iter().map(|say| said(say, &text, &talk.name)).collect();
        Conversation { name, persona: text.fill(&talk.persona), says, talk: filled }
    });
    all.collect()
}

fn said(say: &Say, text: &Text<'_>, name: &str) -> Said {
    let (frame, content) = match (&say.message, &say.text, &say.binary, &say.ping, &say.raw) {
        (Some(message), None, None, None, None) => (Some(TEXT), text.json(message).to_string().into_bytes()),
        (None, Some(words), None, None, None) => (Some(TEXT), text.bytes(words)),
        (None, None, Some(bytes), None, None) => (Some(BINARY), text.bytes(bytes)),
        (None, None, None, Some(bytes), None) => (Some(PING), text.bytes(bytes)),
        (None, None, None, None, Some(bytes)) => (None, text.bytes(bytes)),
        _ => panic!("{name}: say one of message, text, binary, ping, raw"),
    };
    Said { times: say.times, frame, content }
}

fn combinations(name: &str, each: &BTreeMap<String, Choices>) -> Vec<(String, World)> {
    let mut all = vec![(name.to_owned(), World::new())];
    for (choice, choices) in each {
        let pairs = choices.pairs();
        all = all
            .into_iter()
            .flat_map(|(name, chosen)| {
                let with = |(label, text): &(&str, &str)| {
                    let mut chosen = chosen.clone();
                    chosen.insert(choice.clone(), (*text).to_owned());
                    (format!("{name} · {label}"), chosen)
                };
                pairs.iter().map(with).collect::<Vec<_>>()
            })
            .collect();
    }
    let numbered = all.into_iter().enumerate().map(|(n, (name, mut chosen))| {
        // For what must differ between requests without meaning anything, such as keys.
        chosen.insert("n".to_owned(), n.to_string());
        (name, chosen)
    });
    numbered.collect()
}

fn request(template: &Template, name: String, text: &Text<'_>) -> Request {
    let sends = match &template.raw {
        Some(raw) => Sends::Raw(text.bytes(raw)),
        None => http(template, text),
    };
    let mut expect = template.expect.clone();
    expect.returns = expect.returns.map(|returns| text.fill(&returns));
    let words = |words: &[String]| words.iter().map(|word| text.fill(word)).collect();
    expect.never = words(&expect.never);
    expect.code = super::corpus::OneOrMore::More(words(expect.code.all()));
    Request { family: template.family.clone(), name, persona: text.fill(&template.persona), sends, expect }
}

fn http(template: &Template, text: &Text<'_>) -> Sends {
    let mut headers: BTreeMap<_, _> =
        template.headers.iter().map(|(name, value)| (text.fill(name), text.fill(value))).collect();
    let method = template.method.as_deref().map_or_else(|| "POST".to_owned(), |method| text.fill(method));
    let mut path = template.path.as_deref().map_or_else(|| "/graphql".to_owned(), |path| text.fill(path));
    let mut kind = "application/json".to_owned();
    let body = match (&template.query, &template.body, &template.file) {
        (Some(query), None, None) => {
            let mut body = json!({ "query": text.fill(query) });
            if let Some(variables) = &template.variables {
                body["variables"] = text.json(variables);
            }
            if let Some(operation) = &template.operation {
                body["operationName"] = Value::String(text.fill(operation));
            }
            body.to_string().into_bytes()
        }
        (None, Some(body), None) => text.bytes(body),
        (None, None, Some(file)) => {
            kind = format!("multipart/form-data; boundary={}", files::BOUNDARY);
            path = "/media".to_owned();
            files::form(&text.fill(file))
        }
        (None, None, None) => Vec::new(),
        _ => panic!("{}: give one of query, body, file", template.name),
    };
    if !body.is_empty() {
        headers.entry("content-type".to_owned()).or_insert(kind);
    }
    Sends::Http { method, path, headers, body }
}

struct Text<'a> {
    chosen: &'a World,
    world: &'a World,
}

impl Text<'_> {
    fn fill(&self, text: &str) -> String {
        String::from_utf8(self.bytes(text)).expect("UTF-8; bytes stand in bodies only")
    }

    fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), self.json(value))).collect(),
            other => other.clone(),
        }
    }

    fn bytes(&self, text: &str) -> Vec<u8> {
        let mut named = text.to_owned();
        // A choice may hold a name of the world, and a repetition may hold both.
        for names in [self.chosen, self.chosen, self.world] {
            for (name, value) in names {
                named = named.replace(&format!("«{name}»"), value);
            }
        }
        repeat(&mut named);
        let mut out = Vec::new();
        let mut rest = named.as_str();
        while let Some((before, after)) = rest.split_once('«') {
            let (inside, after) = after.split_once('»').unwrap_or_else(|| panic!("no » in {text}"));
            let hex = inside.strip_prefix("x:").unwrap_or_else(|| panic!("nothing is called «{inside}»"));
            let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
            out.extend(before.bytes());
            out.extend((0..hex.len()).step_by(2).map(byte));
            rest = after;
        }
        out.extend(rest.bytes());
        out
    }
}

/// Writes repetitions out, the innermost first.
fn repeat(text: &mut String) {
    let mut from = 0;
    while let Some(end) = text[from..].find('»').map(|end| from + end) {
        let start = text[..end].rfind('«').expect("« before »");
        let inside = &text[start + '«'.len_utf8()..end];
        let Some((times, part)) = inside.strip_prefix('*').and_then(|inside| inside.split_once('|')) else {
            from = end + '»'.len_utf8();
            continue;
        };
        let times: usize = times.parse().unwrap_or_else(|_| panic!("how many times: {inside}"));
        let whole = match part.contains('§') {
            true => (0..times).map(|n| numbered(part, n)).collect(),
            false => part.repeat(times),
        };
        text.replace_range(start..end + '»'.len_utf8(), &whole);
        from = start;
    }
}

fn numbered(part: &str, n: usize) -> String {
    part.replace("§+", &(n + 1).to_string()).replace('§', &n.to_string())
}
