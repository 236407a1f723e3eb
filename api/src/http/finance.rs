//! `GET /finance/statement.csv?from&to&account`: an account's lines for spreadsheets, for finance staff
//! by bearer token. `account` is spelled as in GraphQL; days are the brand's, both included.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use entity::journal_line::LedgerAccount;
use entity::staff::StaffRole;
use futures_util::TryStreamExt;
use sea_orm::ActiveEnum;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client_ip;
use super::graphql::answer::status_of;
use super::graphql::errors;
use super::graphql::execute::bucket;
use super::graphql::{bearer, header};
use crate::app::App;
use crate::base::lang::Lang;
use crate::base::limit::TooMany;
use crate::error::{Error, Fault, Result};
use crate::flow::payment::ledger::export::Export;
use crate::people::actor::Actor;
use crate::people::authenticate::authenticate;

/// Points of the caller's bucket that a file costs.
const COST: u32 = 500;

pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.route("/finance/statement.csv", web::get().to(statement));
}

/// As it came; what is wrong with it is told by name.
#[derive(Deserialize)]
struct Asked {
    from: Option<String>,
    to: Option<String>,
    account: Option<String>,
}

impl Asked {
    fn read(query: &str) -> Result<(NaiveDate, NaiveDate, LedgerAccount)> {
        let wrong = |what: &str| Error::from(Fault::BadRequest(what.to_owned()));
        let Ok(asked) = web::Query::<Asked>::from_query(query) else { return Err(wrong("the query does not read")) };
        let day = |name: &str, text: &Option<String>| {
            let day = text.as_deref().and_then(|text| text.parse().ok());
            day.ok_or_else(|| wrong(&format!("give `{name}` as a day: 2026-03-02")))
        };
        let account = asked.account.as_deref().map(|text| LedgerAccount::try_from_value(&text.to_ascii_lowercase()));
        let Some(Ok(account)) = account else {
            return Err(wrong("give `account` as one of the schema's LedgerAccount: MEMBER_PAYMENTS"));
        };
        Ok((day("from", &asked.from)?, day("to", &asked.to)?, account))
    }
}

async fn statement(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let lang = Lang::of_header(header(&request, ACCEPT_LANGUAGE.as_str()));
    let actor = match enter(&app, &request).await {
        Ok(actor) => actor,
        Err(error) => return failed(lang, &error),
    };
    let ip = client_ip::of(&request, &app.config.trusted_proxies);
    if let Err(TooMany(wait)) = app.limiter.pay(&bucket(&actor, ip), actor.brand(), COST).await {
        return too_many(lang, wait.as_secs() + 1);
    }
    match begin(&app, &actor, &request, lang).await {
        Ok((name, export)) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
            .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
            .streaming(export.pieces().inspect_err(|error| tracing::error!(%error, "a statement broke off"))),
        Err(error) => failed(lang, &error),
    }
}

async fn enter(app: &App, request: &HttpRequest) -> Result<Actor> {
    let actor = authenticate(app, bearer(request)?).await?;
    actor.staff(&[StaffRole::Finance])?;
    Ok(actor)
}

/// The file's name and what is in it.
async fn begin(app: &App, actor: &Actor, request: &HttpRequest, lang: Lang) -> Result<(String, Export)> {
    let (from, to, account) = Asked::read(request.query_string())?;
    let export = Export::begin(app, actor.brand_id()?, account, (from, to), lang).await?;
    Ok((format!("{}_{from}_{to}.csv", account.to_value()), export))
}

/// `{"error":{"code","message"}}` under the status that says the same.
fn failed(lang: Lang, error: &Error) -> HttpResponse {
    let status = match error {
        Error::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Fault(fault) => status_of(fault.code()),
    };
    let shown = errors::of_error(error, lang);
    let extensions = shown.extensions.as_ref();
    let said = |name: &str| extensions.and_then(|values| values.get(name).cloned()).and_then(|v| v.into_json().ok());
    let mut body = json!({ "error": { "code": said("code"), "message": shown.message } });
    if let Some(incident @ Value::String(_)) = said("incident") {
        body["error"]["incident"] = incident;
    }
    HttpResponse::build(status).json(body)
}

fn too_many(lang: Lang, seconds: u64) -> HttpResponse {
    let message = lang.pick(
        format!("Too many requests; come back in {seconds} s."),
        format!("请求过于频繁，请 {seconds} 秒后重试。"),
    );
    HttpResponse::TooManyRequests()
        .insert_header((RETRY_AFTER, seconds.to_string()))
        .json(json!({ "error": { "code": "RATE_LIMITED", "message": message } }))
}
