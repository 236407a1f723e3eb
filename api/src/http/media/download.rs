use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ACCEPT_LANGUAGE, ByteRangeSpec, Range};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use entity::media::{self, MediaOwnerKind};
use futures_util::TryStreamExt;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::failed;
use crate::app::App;
use crate::base::id::MediaId;
use crate::base::lang::Lang;
use crate::error::{Error, Fault, Result};
use crate::http::graphql::header as header_of;
use crate::storage::{Blob, GetRange, Rendition, StorageError, key};

/// What a rendition is asked by. Names nothing outside the store's own scheme.
struct Asked {
    brand_id: Uuid,
    media_id: Uuid,
    rendition: Rendition,
}

/// For good: what a brand shows never changes under its address.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// A member may take back what she uploaded, and caches must let go of it soon.
const FOR_AN_HOUR: &str = "public, max-age=3600";

impl Asked {
    fn read(brand: &str, media: &str, form: &str) -> Option<Self> {
        let brand_id = Uuid::try_parse(brand).ok().filter(|_| brand.len() == 32)?;
        let media_id = MediaId::parse(media).ok()?.0;
        Some(Asked { brand_id, media_id, rendition: Rendition::of_name(form)? })
    }

    /// Content never changes under an address, so the address is the tag, on every server alike.
    fn etag(&self) -> String {
        format!("\"{}-{}\"", self.media_id.simple(), self.rendition.name())
    }
}

/// Gives a rendition, or a byte range of it, to anyone who has its address: 64 random bits of the
/// media id keep it from being guessed. Answers 304 to a matching `If-None-Match`.
pub async fn get(request: HttpRequest, path: web::Path<(String, String, String)>, app: web::Data<App>) -> HttpResponse {
    let lang = Lang::of_header(header_of(&request, ACCEPT_LANGUAGE.as_str()));
    let (brand, media, form) = &*path;
    let Some(asked) = Asked::read(brand, media, form) else { return failed(lang, &Error::not_found("media")) };
    let caching = match caching(&app, &asked).await {
        Ok(caching) => caching,
        Err(error) => return failed(lang, &error),
    };
    let place = key(asked.brand_id, asked.media_id, asked.rendition);
    if known(&request, &asked.etag()) {
        return match app.storage.head(&place).await {
            Ok(_) => lasting(HttpResponse::NotModified(), &asked, caching).finish(),
            Err(error) => missing(lang, error),
        };
    }
    let range = range_of(&request, &asked.etag());
    let partial = range.is_some();
    match app.storage.get_range(&place, range).await {
        Ok(blob) => answer(&asked, caching, blob, partial),
        Err(error) => missing(lang, error),
    }
}

/// How long caches may keep it; `NOT_FOUND` when it was never there or was taken back.
async fn caching(app: &App, asked: &Asked) -> Result<&'static str> {
    let row = media::Entity::find_by_id((asked.brand_id, asked.media_id)).one(app.db.read()).await?;
    let row = row.filter(|row| row.erased_at.is_none()).ok_or_else(|| Error::not_found("media"))?;
    Ok(if row.owner_kind == MediaOwnerKind::Member { FOR_AN_HOUR } else { FOR_GOOD })
}

fn answer(asked: &Asked, caching: &'static str, blob: Blob, partial: bool) -> HttpResponse {
    let (range, total) = (blob.range, blob.head.total);
    let status = if partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = HttpResponseBuilder::new(status);
    if partial {
        let last = range.end.saturating_sub(1);
        response.insert_header((header::CONTENT_RANGE, format!("bytes {}-{last}/{total}", range.start)));
    }
    let body = blob.body.inspect_err(|error| tracing::error!(%error, "a download broke off"));
    lasting(response, asked, caching)
        .insert_header((header::CONTENT_TYPE, asked.rendition.content_type()))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_DISPOSITION, "inline"))
        // Whatever a browser may take the bytes for, it runs nothing and loads nothing.
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .body(SizedStream::new(range.end - range.start, body))
}

/// Headers that let every cache keep it.
fn lasting(mut response: HttpResponseBuilder, asked: &Asked, caching: &'static str) -> HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, caching)).insert_header((header::ETAG, asked.etag()));
    response
}

/// Whether the client says that it has this already.
fn known(request: &HttpRequest, etag: &str) -> bool {
    let Some(tags) = header_of(request, header::IF_NONE_MATCH.as_str()) else { return false };
    tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

/// The one range asked for. Several ranges, ones that make no sense and ones of another content
/// (`If-Range`) are answered with the whole, as RFC 9110 allows.
fn range_of(request: &HttpRequest, etag: &str) -> Option<GetRange> {
    if header_of(request, header::IF_RANGE.as_str()).is_some_and(|tag| tag != etag) {
        return None;
    }
    let Some(Range::Bytes(ranges)) = request.get_header::<Range>() else { return None };
    match *ranges.as_slice() {
        [ByteRangeSpec::FromTo(first, last)] if first <= last => Some(GetRange::Bounded(first..last.saturating_add(1))),
        [ByteRangeSpec::From(first)] => Some(GetRange::Offset(first)),
        [ByteRangeSpec::Last(count)] => Some(GetRange::Suffix(count)),
        _ => None,
    }
}

fn missing(lang: Lang, error: StorageError) -> HttpResponse {
    match error {
        StorageError::NotFound => failed(lang, &Error::not_found("media")),
        StorageError::RangeNotSatisfiable { total } => HttpResponse::RangeNotSatisfiable()
            .insert_header((header::CONTENT_RANGE, format!("bytes */{total}")))
            .finish(),
        other => failed(lang, &Fault::Unavailable(other.to_string()).into()),
    }
}
