//! The parts of a multipart request, and where its files go.

use std::collections::HashMap;

use actix_multipart::{Field, Multipart};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use serde_json::Value;
use uuid::Uuid;

use super::Failed;
use crate::app::App;
use crate::error::{Fault, Refusal};
use crate::http::graphql::envelope::{self, Envelope, Problem};
use crate::http::graphql::execute::Stopped;
use crate::http::graphql::{MAX_BODY, persisted};
use crate::http::guard::{self, Checked, LimitName};
use crate::http::media::upload::COST;
use crate::storage::record;
use crate::storage::upload::{Upload, Uploads};

/// The largest file and some text: what [`RECEIVING`](crate::http::media::upload::RECEIVING) counts on.
const MAX_BYTES: usize = 52 * 1024 * 1024;
const MAX_FILES: usize = 4;
/// `operations`, `map`, the files, and as much as clients add for themselves.
const MAX_PARTS: usize = 12;
const MAX_TEXT_PART: usize = 64 * 1024;

/// The parts of a body, as far as they have come.
pub(super) struct Reading<'a> {
    app: &'a App,
    payer: &'a str,
    brand: Option<Uuid>,
    operations: Option<(Envelope, Checked)>,
    /// Name of a part → the one place in `operations` for its file.
    map: Option<HashMap<String, String>>,
    files: HashMap<String, Result<Bytes, Refusal>>,
    bytes: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn new(app: &'a App, payer: &'a str, brand: Option<Uuid>) -> Self {
        Reading { app, payer, brand, operations: None, map: None, files: HashMap::new(), bytes: 0 }
    }

    pub(super) async fn read(mut self, mut body: Multipart) -> Result<(Envelope, Checked), Failed> {
        let mut parts = 0;
        while let Some(part) = body.try_next().await.map_err(unreadable)? {
            parts += 1;
            if parts > MAX_PARTS {
                return Err(Fault::BadRequest(format!("the body has more than {MAX_PARTS} parts")).into());
            }
            self.part(part).await?;
        }
        self.whole()
    }

    async fn part(&mut self, mut part: Field) -> Result<(), Failed> {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.content_disposition().is_some_and(|disposition| disposition.get_filename().is_some());
        match (name.as_str(), is_file) {
            ("operations", false) if self.operations.is_none() => {
                let envelope = Envelope::read(&self.text(&mut part, MAX_BODY).await?)?;
                let checked = persisted::admit(self.app, &envelope).await?;
                self.operations = Some((envelope, checked));
            }
            ("map", false) if self.map.is_none() => {
                self.map = Some(read_map(&self.text(&mut part, MAX_TEXT_PART).await?)?);
            }
            ("operations" | "map", false) => {
                return Err(malformed("`operations` and `map` may stand once.", "“operations”和“map”只能各出现一次。"));
            }
            (_, false) => drop(self.text(&mut part, MAX_TEXT_PART).await?),
            (_, true) => self.file(name, &mut part).await?,
        }
        Ok(())
    }

    async fn text(&mut self, part: &mut Field, most: usize) -> Result<Bytes, Failed> {
        let mut text = BytesMut::new();
        while let Some(chunk) = part.try_next().await.map_err(unreadable)? {
            self.count(&chunk)?;
            text.extend_from_slice(&chunk);
            if text.len() > most {
                return Err(Fault::BadRequest(format!("a text part is longer than {most} bytes")).into());
            }
        }
        Ok(text.freeze())
    }

    async fn file(&mut self, name: String, part: &mut Field) -> Result<(), Failed> {
        if self.map.as_ref().is_some_and(|map| !map.contains_key(&name)) {
            return Err(not_mapped());
        }
        if self.files.contains_key(&name) {
            return Err(malformed("Two files have the same name of their part.", "两个文件使用了相同的字段名。"));
        }
        match self.files.len() {
            0 => {}
            MAX_FILES => return Err(Fault::BadRequest(format!("send at most {MAX_FILES} files per request")).into()),
            _ => drop(self.app.limiter.pay(self.payer, self.brand, COST).await.map_err(Stopped::TooMany)?),
        }
        let mut bytes = BytesMut::new();
        let mut refused = None;
        while let Some(chunk) = part.try_next().await.map_err(unreadable)? {
            self.count(&chunk)?;
            if refused.is_none() {
                bytes.extend_from_slice(&chunk);
                let limit = record::size_limit(&bytes);
                if bytes.len() > limit {
                    // The rest is read over, so that the answer can be a refusal in the payload.
                    refused = Some(record::too_many_bytes(limit));
                    bytes = BytesMut::new();
                }
            }
        }
        self.files.insert(name, refused.map_or_else(|| Ok(bytes.freeze()), Err));
        Ok(())
    }

    fn count(&mut self, chunk: &[u8]) -> Result<(), Failed> {
        self.bytes += chunk.len();
        let count = |bytes| u32::try_from(bytes).unwrap_or(u32::MAX);
        let (max, found) = (count(MAX_BYTES), count(self.bytes));
        if found <= max {
            return Ok(());
        }
        Err(Problem::Guarded(guard::Refusal::Exceeded { limit: LimitName::BodyBytes, max, found }).into())
    }

    /// All has come: puts each file to its place.
    fn whole(self) -> Result<(Envelope, Checked), Failed> {
        let missing = || malformed("The parts `operations` and `map` are needed.", "缺少“operations”或“map”字段。");
        let (mut envelope, checked) = self.operations.ok_or_else(missing)?;
        let map = self.map.ok_or_else(missing)?;
        if self.files.keys().any(|name| !map.contains_key(name)) {
            return Err(not_mapped());
        }
        for (name, path) in &map {
            if !self.files.contains_key(name) {
                return Err(malformed("A file that `map` names is not in the body.", "请求体缺少“map”中指定的文件。"));
            }
            place(&mut envelope.variables, path, name)?;
        }
        Ok((envelope.with_uploads(Uploads::new(self.files)), checked))
    }
}

fn malformed(en: &'static str, zh: &'static str) -> Failed {
    Failed::Problem(Problem::Malformed(en, zh))
}

fn unreadable(error: impl std::fmt::Display) -> Failed {
    Fault::BadRequest(format!("the body is not a readable multipart/form-data: {error}")).into()
}

fn not_mapped() -> Failed {
    malformed("A file is not named in `map`.", "“map”中没有指定该文件。")
}

/// `{"0": ["variables.input.file"]}`. One place for a file: it is stored once.
fn read_map(json: &[u8]) -> Result<HashMap<String, String>, Failed> {
    let wrong = || malformed("`map` must be {\"0\": [\"variables.…\"]}.", "“map”必须是 {\"0\": [\"variables.…\"]}。");
    let Value::Object(members) = envelope::parse(json)? else { return Err(wrong()) };
    let mut map = HashMap::new();
    for (name, paths) in members {
        let Value::Array(paths) = paths else { return Err(wrong()) };
        match paths.as_slice() {
            [Value::String(path)] => map.insert(name, path.clone()),
            [] | [_] => return Err(wrong()),
            _ => return Err(malformed("A file is mapped to two places.", "一个文件只能对应一个位置。")),
        };
    }
    Ok(map)
}

/// Puts the file where `null` stands for it.
fn place(variables: &mut Value, path: &str, name: &str) -> Result<(), Failed> {
    let mut at = path.strip_prefix("variables.").and_then(|steps| steps.split('.').try_fold(variables, step));
    match &mut at {
        Some(found) if found.is_null() => {
            **found = Upload::placeholder(name);
            Ok(())
        }
        _ => Err(malformed(
            "A place that `map` names does not exist in `operations`, or is not null there.",
            "“map”指定的位置在“operations”中不存在或不为 null。",
        )),
    }
}

fn step<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(members) => members.get_mut(key),
        Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_goes_to_the_null_that_its_path_names() {
        let mut variables = json!({ "input": { "files": [null, null] }, "taken": 1 });
        assert!(place(&mut variables, "variables.input.files.1", "0").is_ok());
        assert_eq!(variables, json!({ "input": { "files": [null, "0"] }, "taken": 1 }));
        for path in [
            "",
            "variables",
            "variables.",
            "input.files.0",
            "variables.input.files.2",
            "variables.taken",
            "variables.input.files.1",
            "variables.input.files.-1",
            "variables.nothing.0",
            "query",
        ] {
            assert!(place(&mut variables, path, "1").is_err(), "{path}");
        }
    }
}
