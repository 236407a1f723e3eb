use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header::{ACCEPT_LANGUAGE, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use entity::media;
use futures_util::TryStreamExt;
use serde_json::json;
use tokio::sync::Semaphore;

use super::failed;
use crate::app::App;
use crate::base::id::MediaId;
use crate::base::lang::Lang;
use crate::base::limit::TooMany;
use crate::error::{Code, Error, Fault, Result};
use crate::http::client_ip;
use crate::http::graphql::execute::bucket;
use crate::http::graphql::{bearer, header};
use crate::people::actor::Actor;
use crate::people::authenticate::authenticate;
use crate::storage::Rendition;
use crate::storage::graphql::address;
use crate::storage::record::{self, Upload};

/// Points of the caller's bucket that a file costs.
pub(in crate::http) const COST: u32 = 500;
/// For receiving the whole body; a phone gives up after 60 s by itself.
pub(in crate::http) const PATIENCE: Duration = Duration::from_secs(120);
/// Bodies held in memory at a time, each at most 52 MB.
pub(in crate::http) static RECEIVING: Semaphore = Semaphore::const_new(24);

const MAX_PARTS: usize = 20;
const MAX_TEXT_PART: usize = 64 * 1024;

/// Stores the one file of a multipart body for the caller and answers `{"media":{"id","kind","url"}}`.
/// Text parts (`formData` of `wx.uploadFile`) are ignored.
pub async fn post(request: HttpRequest, body: Multipart, app: web::Data<App>) -> HttpResponse {
    let lang = Lang::of_header(header(&request, ACCEPT_LANGUAGE.as_str()));
    let actor = match enter(&app, &request).await {
        Ok(actor) => actor,
        Err(error) => return failed(lang, &error),
    };
    let ip = client_ip::of(&request, &app.config.trusted_proxies);
    if let Err(TooMany(wait)) = app.limiter.pay(&bucket(&actor, ip), actor.brand(), COST).await {
        return too_many(lang, wait);
    }
    match take(&app, &actor, body).await {
        Ok(media) => HttpResponse::Ok().json(described(&app, &media)),
        Err(error) => failed(lang, &error),
    }
}

/// Only who may upload, before a byte of the body is read.
async fn enter(app: &App, request: &HttpRequest) -> Result<Actor> {
    let actor = authenticate(app, bearer(request)?).await?;
    actor.brand_id()?;
    Ok(actor)
}

async fn take(app: &App, actor: &Actor, body: Multipart) -> Result<media::Model> {
    let receive = async {
        let place = RECEIVING.acquire().await.expect("never closed");
        Ok::<_, Error>((read_file(body).await?, place))
    };
    let slow = |_| Error::from(Fault::BadRequest("the file took too long to arrive".into()));
    let (bytes, _place) = tokio::time::timeout(PATIENCE, receive).await.map_err(slow)??;
    record::store(app, actor, Upload { bytes }).await
}

/// The part with a file name; there must be exactly one.
pub(crate) async fn read_file(mut body: Multipart) -> Result<Bytes> {
    let mut file = None;
    let mut parts = 0;
    while let Some(mut part) = body.try_next().await.map_err(malformed)? {
        parts += 1;
        if parts > MAX_PARTS {
            return Err(Fault::BadRequest(format!("the body has more than {MAX_PARTS} parts")).into());
        }
        let is_file = part.content_disposition().is_some_and(|disposition| disposition.get_filename().is_some());
        if !is_file {
            skip(&mut part).await?;
        } else if file.is_some() {
            return Err(Fault::BadRequest("send one file per request".into()).into());
        } else {
            file = Some(read_part(&mut part).await?);
        }
    }
    file.ok_or_else(|| Fault::BadRequest("there is no file in the body; send it as multipart/form-data".into()).into())
}

async fn read_part(part: &mut Field) -> Result<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = part.try_next().await.map_err(malformed)? {
        bytes.extend_from_slice(&chunk);
        let limit = record::size_limit(&bytes);
        if bytes.len() > limit {
            return Err(record::too_many_bytes(limit).into());
        }
    }
    Ok(bytes.freeze())
}

async fn skip(part: &mut Field) -> Result<()> {
    let text = part.bytes(MAX_TEXT_PART).await;
    let text = text.map_err(|_| Fault::BadRequest(format!("a text part is longer than {MAX_TEXT_PART} bytes")))?;
    text.map(drop).map_err(malformed)
}

fn malformed(error: MultipartError) -> Error {
    Fault::BadRequest(format!("the body is not a readable multipart/form-data: {error}")).into()
}

fn described(app: &App, media: &media::Model) -> serde_json::Value {
    let (kind, rendition) = match media.kind {
        media::MediaKind::Picture => ("PICTURE", Rendition::Large),
        media::MediaKind::Video => ("VIDEO", Rendition::Video),
    };
    let url = address(app, media.brand_id, media.id, rendition);
    json!({ "media": { "id": MediaId::new(media.id).to_string(), "kind": kind, "url": url } })
}

fn too_many(lang: Lang, wait: Duration) -> HttpResponse {
    let seconds = wait.as_secs() + 1;
    let message = lang
        .pick(format!("Too many uploads; come back in {seconds} s."), format!("上传过于频繁，请 {seconds} 秒后重试。"));
    HttpResponse::TooManyRequests()
        .insert_header((RETRY_AFTER, seconds.to_string()))
        .json(json!({ "error": { "code": Code::RateLimited.as_str(), "message": message } }))
}
