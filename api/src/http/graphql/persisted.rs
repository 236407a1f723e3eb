//! From a request to the document it names or carries, for every transport.
//!
//! Three ways: the text itself; the hash of a text that was sent before (automatic persisted queries);
//! an id of the trusted list, which by a switch is the only way.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::envelope::{Envelope, Problem};
use crate::app::App;
use crate::http::guard::{self, Checked, Document, Hash, Limits};

/// How long a document stays behind its hash in the cache; then clients send it once more.
const KEPT: Duration = Duration::from_secs(2 * 60 * 60);
/// Points of the one bucket that all new documents are taken from. With the usual rate of 500 a second two
/// documents a second are kept, so that at 16 KB and two hours strangers fill at most 230 MB of a Redis.
const KEEPING_COST: u32 = 250;

/// Finds the document, bounds it and the variables, and measures the operation. Everything that executes
/// comes through here: a transport that did not would let unlisted documents in.
///
/// A text that came with its hash is kept for later requests that send the hash alone.
pub async fn admit(app: &App, envelope: &Envelope) -> Result<Checked, Problem> {
    let limits = Limits::default();
    let admitted = async {
        guard::check_variables(&envelope.variables, &limits)?;
        let document = find(app, envelope).await?;
        Ok(document.checked(envelope.operation_name.as_deref(), &envelope.variables, &limits)?)
    };
    let admitted = admitted.await;
    if let Err(Problem::Guarded(refusal)) = &admitted {
        app.metrics.guarded.with_label_values(&[refusal.code().as_str()]).inc();
    }
    admitted
}

async fn find(app: &App, envelope: &Envelope) -> Result<Arc<Document>, Problem> {
    match (&envelope.query, envelope.hash.as_ref().or(envelope.document_id.as_ref())) {
        (Some(text), _) => of_text(app, text, envelope.hash.as_deref()).await,
        (None, Some(id)) => of_id(app, id).await,
        (None, None) => Err(Problem::Malformed("`query` must be a string.", "“query”必须是字符串。")),
    }
}

async fn of_text(app: &App, text: &str, claimed: Option<&str>) -> Result<Arc<Document>, Problem> {
    let hash = guard::hash_of(text);
    if claimed.is_some_and(|claimed| parse_hash(claimed) != Some(hash)) {
        return Err(Problem::Malformed("`sha256Hash` is not the hash of `query`.", "“sha256Hash”与“query”不符。"));
    }
    if app.trusted.is_exclusive() && !app.trusted.holds(&hash) {
        return Err(Problem::NotTrusted);
    }
    let document = app.documents.read(hash, text).await?;
    if claimed.is_some() && app.limiter.take("persisted", KEEPING_COST).await.is_ok() {
        app.cache.put(&key(&hash), Bytes::copy_from_slice(text.as_bytes()), KEPT).await;
    }
    Ok(document)
}

async fn of_id(app: &App, id: &str) -> Result<Arc<Document>, Problem> {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    if let Some(document) = app.trusted.get(id) {
        return Ok(document);
    }
    if app.trusted.is_exclusive() {
        return Err(Problem::NotTrusted);
    }
    let hash = parse_hash(id).ok_or(Problem::HashUnknown)?;
    if let Some(document) = app.documents.known(&hash).await {
        return Ok(document);
    }
    let kept = app.cache.get(&key(&hash)).await.ok_or(Problem::HashUnknown)?;
    // Whoever can write to a shared Redis must not be able to choose what a hash means.
    let text =
        std::str::from_utf8(&kept).ok().filter(|text| guard::hash_of(text) == hash).ok_or(Problem::HashUnknown)?;
    Ok(app.documents.read(hash, text).await?)
}

fn parse_hash(hex_text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    hex::decode_to_slice(hex_text, &mut hash).ok().map(|()| hash)
}

fn key(hash: &Hash) -> String {
    format!("persisted:{}", hex::encode(hash))
}
