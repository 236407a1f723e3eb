//! WeChat's message push. It wants `success` within five seconds and asks again otherwise.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Duration, Utc};

use crate::app::App;
use crate::error::{Error, Fault};
use crate::people::wechat::account_by_slug;
use crate::provider;
use crate::wechat::push::{Push, PushQuery, is_credible, open_push, verify_url};
use crate::wechat::{self, Account};

/// How far the time of a signature may be from our clock. WeChat tries a push again within seconds,
/// but does not say whether it signs anew; this leaves room for a slow retry and for clocks that differ.
const FRESH: Duration = Duration::minutes(15);
/// What a person reads beside a push that was not acted on.
const UNPROVEN: &str = "sent in plain mode, where the body is not signed: not acted on; \
    set message push to secure mode in WeChat's console and give the brand its AES key";
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
    if !is_fresh(&query, app.clock.now()) {
        return refuse(&account, &wechat::Error::Unverified(wechat::Refusal::Clock));
    }
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

/// Whether the query was signed about now. The signature covers the time, so an old one cannot be
/// made to look new.
fn is_fresh(query: &PushQuery, now: DateTime<Utc>) -> bool {
    let signed_at = query.timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    signed_at.is_some_and(|at| (now - at).abs() <= FRESH)
}

/// Fails only when the push could not be kept; one that was kept is applied later when it cannot be now.
async fn take(app: &App, account: &Account, push: &Push) -> Result<(), Error> {
    if !is_credible(account, &push.event) {
        return provider::set_aside(app, account.brand_id, push, UNPROVEN).await;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_fresh_for_a_quarter_of_an_hour_either_way() {
        let now = DateTime::from_timestamp(1_772_416_800, 0).expect("an instant");
        let fresh = |timestamp: &str| is_fresh(&PushQuery { timestamp: timestamp.into(), ..Default::default() }, now);
        assert!(fresh("1772416800") && fresh("1772415900") && fresh("1772417700"));
        assert!(!fresh("1772415899") && !fresh("1772417701"));
        for odd in ["", "now", "-1", "99999999999999999999", "9223372036854775807"] {
            assert!(!fresh(odd), "{odd}");
        }
    }
}
