//! WeChat's message push. It wants `success` within five seconds and asks again otherwise.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::error::{Error, Fault};
use crate::people::wechat::account_by_slug;
use crate::provider;
use crate::wechat::push::{Push, PushQuery, open_push, verify_url};
use crate::wechat::{self, Account};

/// A push is a few kilobytes; WeChat sends no media this way.
const MAX_BODY: usize = 64 * 1024;

pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/wechat/push/{brand_slug}")
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .route(web::get().to(check_url))
            .route(web::post().to(receive)),
    );
}

/// The check WeChat makes when a brand saves the address in its console.
async fn check_url(app: web::Data<App>, slug: web::Path<String>, query: web::Query<PushQuery>) -> HttpResponse {
    let account = match account_of(&app, &slug).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    match verify_url(&account, &query) {
        Ok(echo) => text(HttpResponse::Ok(), echo),
        Err(error) => refuse(&account, &error),
    }
}

async fn receive(
    app: web::Data<App>,
    slug: web::Path<String>,
    query: web::Query<PushQuery>,
    body: web::Bytes,
) -> HttpResponse {
    let account = match account_of(&app, &slug).await {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let pushes = match open_push(&account, &query, &body) {
        Ok(pushes) => pushes,
        Err(error) => return refuse(&account, &error),
    };
    for push in &pushes {
        if let Err(error) = take(&app, &account, push).await {
            tracing::error!(brand = %account.slug, %error, "a push could not be kept");
            return HttpResponse::ServiceUnavailable().finish();
        }
    }
    text(HttpResponse::Ok(), "success".to_owned())
}

/// Fails only when the push could not be kept; one that was kept is applied later when it cannot be now.
async fn take(app: &App, account: &Account, push: &Push) -> Result<(), Error> {
    let (id, is_new) = provider::keep(app, account.brand_id, push).await?;
    if is_new && let Err(error) = provider::apply(app, account.brand_id, &id).await {
        tracing::warn!(brand = %account.slug, push = %id, %error, "a push will be applied by the worker");
    }
    Ok(())
}

async fn account_of(app: &App, slug: &str) -> Result<Account, HttpResponse> {
    account_by_slug(app, slug).await.map_err(|error| match error {
        Error::Fault(Fault::NotFound(_)) => HttpResponse::NotFound().finish(),
        error => {
            tracing::error!(%error, "the account of a push could not be read");
            HttpResponse::ServiceUnavailable().finish()
        }
    })
}

fn refuse(account: &Account, error: &wechat::Error) -> HttpResponse {
    tracing::warn!(brand = %account.slug, %error, "a push was not believed");
    match error {
        wechat::Error::Malformed(_) => HttpResponse::BadRequest().finish(),
        _ => HttpResponse::Forbidden().finish(),
    }
}

fn text(mut answer: actix_web::HttpResponseBuilder, body: String) -> HttpResponse {
    answer.content_type(ContentType::plaintext()).body(body)
}
