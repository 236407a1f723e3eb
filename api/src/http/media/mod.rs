//! `POST /media` takes one file, as `wx.uploadFile` sends it; `GET /media/{brand}/{media}/{form}` gives
//! the renditions back.

mod download;
pub(super) mod upload;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use upload::read_file;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use serde_json::{Value, json};

use super::graphql::answer::status_of;
use super::graphql::errors;
use crate::base::lang::Lang;
use crate::error::{Code, Error};

pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/media").route(web::post().to(upload::post))).service(
        web::resource("/media/{brand}/{media}/{form}")
            .route(web::get().to(download::get))
            .route(web::head().to(download::get)),
    );
}

/// `{"error":{"code","message"}}` under the status that says the same.
fn failed(lang: Lang, error: &Error) -> HttpResponse {
    let (status, code, message, incident) = match error {
        Error::Refused(refusal) => {
            let status = match refusal.code {
                Code::LimitReached => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            };
            (status, refusal.code.as_str(), lang.pick(&refusal.en, &refusal.zh).to_string(), Value::Null)
        }
        Error::Fault(fault) => {
            let status = match fault.code() {
                Code::NotFound => StatusCode::NOT_FOUND,
                other => status_of(other),
            };
            let shown = errors::of_fault(fault, lang);
            let incident = shown.extensions.as_ref().and_then(|values| values.get("incident").cloned());
            let incident = incident.and_then(|value| value.into_json().ok()).unwrap_or_default();
            (status, fault.code().as_str(), shown.message, incident)
        }
    };
    let mut body = json!({ "error": { "code": code, "message": message } });
    if !incident.is_null() {
        body["error"]["incident"] = incident;
    }
    HttpResponseBuilder::new(status).json(body)
}
