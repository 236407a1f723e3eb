//! `POST /wechat/pay/{brand_slug}`: WeChat Pay's notifications (WeChat Pay v3 docs: payment and
//! refund notifications). No login; what counts is the signature over the raw bytes.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::app::App;
use crate::flow::payment::notification;
use crate::people::wechat::account_by_slug;
use crate::wechat::pay::SignatureHeaders;
use crate::wechat::{Error as WechatError, Refusal};

/// A notification is a few kilobytes.
const MAX_BODY: usize = 64 * 1024;

pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.route("/wechat/pay/{brand_slug}", web::post().to(notify));
}

/// Answers 204 for what was taken, 401 for what does not verify; WeChat sends again what gets no 2xx.
async fn notify(
    app: web::Data<App>,
    slug: web::Path<String>,
    request: HttpRequest,
    body: web::Payload,
) -> HttpResponse {
    let raw = match body.to_bytes_limited(MAX_BODY).await {
        Ok(Ok(raw)) => raw,
        Ok(Err(_)) => return fail(StatusCode::BAD_REQUEST),
        Err(_) => return fail(StatusCode::PAYLOAD_TOO_LARGE),
    };
    let account = match account_by_slug(&app, &slug).await {
        Ok(account) => account,
        Err(error) => {
            tracing::warn!(slug = %slug.escape_debug(), %error, "a payment notification for no brand of ours");
            return fail(StatusCode::NOT_FOUND);
        }
    };
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let opened = match SignatureHeaders::read(header) {
        Ok(headers) => app.wechat.open_notification(&account, &headers, &raw).await,
        Err(error) => Err(error),
    };
    let notification = match opened {
        Ok(notification) => notification,
        Err(error) => return refuse(&account.slug, &error),
    };
    let Ok(value) = serde_json::from_slice(&raw) else { return fail(StatusCode::BAD_REQUEST) };
    match notification::receive(&app, &account, &notification, value).await {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => {
            tracing::error!(brand = account.slug, id = notification.id, %error, "a notification could not be applied");
            fail(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn refuse(brand: &str, error: &WechatError) -> HttpResponse {
    match error {
        // Sent on purpose to see whether signatures are checked.
        WechatError::Unverified(Refusal::Probe) => tracing::debug!(brand, "a signature probe was refused"),
        error if error.is_alarm() => tracing::error!(brand, %error, "a notification was refused: check the keys"),
        error => tracing::warn!(brand, %error, "a notification was refused"),
    }
    match error {
        WechatError::Unverified(_) => fail(StatusCode::UNAUTHORIZED),
        _ => fail(StatusCode::BAD_REQUEST),
    }
}

fn fail(status: StatusCode) -> HttpResponse {
    HttpResponse::build(status).json(json!({ "code": "FAIL", "message": "失败" }))
}
