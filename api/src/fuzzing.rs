//! What the fuzz targets call: everything that reads bytes of strangers, with what must hold of it.

use std::sync::LazyLock;

use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use async_graphql::connection::CursorType;
use bytes::Bytes;
use futures_util::stream;

use crate::base::id::{BatchId, MemberId, OrderId};
use crate::base::page::Cursor;
use crate::http::graphql::envelope::Envelope;
use crate::http::guard::Limits;
use crate::http::media::read_file;
use crate::wechat::{Account, pay, push};

/// A whole body of `POST /graphql`: what passes is within the limits and can be handed to the engine.
pub fn guard(body: &[u8]) {
    let limits = Limits::default();
    let Ok(envelope) = Envelope::read(body) else { return };
    let Ok(checked) = envelope.check(&limits) else { return };
    assert!(checked.cost <= limits.cost && checked.fields <= limits.selections);
    assert!(checked.depth <= limits.depth.max(limits.introspection_depth));
    let _ = envelope.into_request(checked);
}

/// A document alone, which the fuzzer reaches deeper than through JSON.
pub fn document(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let limits = Limits::default();
    if let Ok(checked) = crate::http::guard::check(text, None, &serde_json::Value::Null, &limits) {
        assert!(checked.cost <= limits.cost && checked.fields <= limits.selections);
    }
}

/// A cursor that is read is written the same way again: two texts never mean one place.
pub fn cursor(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    if let Ok(cursor) = Cursor::decode_cursor(text) {
        assert_eq!(cursor.encode_cursor(), text);
    }
}

/// An id that is read is written the same way again.
pub fn type_id(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    for written in [
        OrderId::parse(text).map(|id| id.to_string()),
        MemberId::parse(text).map(|id| id.to_string()),
        BatchId::parse(text).map(|id| id.to_string()),
    ] {
        assert!(written.is_err() || written.is_ok_and(|written| written == text));
    }
}

/// A form for `POST /media`, which arrives in pieces: the first byte says how long each is.
pub fn multipart(form: &[u8]) {
    let Some((size, form)) = form.split_first() else { return };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
    let piece = |piece: &[u8]| Ok::<_, PayloadError>(Bytes::copy_from_slice(piece));
    let pieces: Vec<_> = form.chunks(usize::from(*size) + 1).map(piece).collect();
    let length = form.len();
    let body = Multipart::new(&headers, stream::iter(pieces));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    if let Ok(file) = runtime.block_on(read_file(body)) {
        assert!(file.len() <= length);
    }
}

/// What WeChat Pay and WeChat's message push would have signed.
pub fn callbacks(body: &[u8]) {
    pay::read_anything(&ACCOUNT, body);
    push::read_anything(&ACCOUNT, body);
}

static ACCOUNT: LazyLock<Account> =
    LazyLock::new(|| crate::wechat::standin::test_account(uuid::Uuid::nil(), "fuzz", 1));
