//! Top-level errors as a stranger may read them.
//!
//! Ours carry a code and words in the caller's language. The engine's own (validation) speak of the
//! query only. Any other source is masked: one log line and one opaque incident id.

use async_graphql::{ErrorExtensionValues, ServerError};

use super::envelope::Problem;
use crate::base::crypto::random_token;
use crate::base::lang::Lang;
use crate::base::limit::TooMany;
use crate::error::{Code, Error, Fault};
use crate::http::guard::Refusal;

/// More errors than this say nothing new and only make the answer large.
const MAX_ERRORS: usize = 20;

/// Rewrites the errors of an answer in place.
pub fn present(errors: &mut Vec<ServerError>, lang: Lang) {
    errors.truncate(MAX_ERRORS);
    for error in errors {
        *error = presented(error, lang);
    }
}

fn presented(error: &ServerError, lang: Lang) -> ServerError {
    let ours = error.source::<Error>();
    let mut shown = match (ours, &error.source) {
        (Some(Error::Fault(fault)), _) => of_fault(fault, lang),
        // A query has no payload to carry a refusal as data.
        (Some(Error::Refused(refusal)), _) => {
            with_code(lang.pick(&refusal.en, &refusal.zh).to_string(), refusal.code.as_str())
        }
        (None, Some(_)) => masked(lang, &error.message),
        (None, None) => {
            let bad_id = error.extensions.as_ref().and_then(|values| values.get("code")).is_some();
            with_code(error.message.chars().take(500).collect(), if bad_id { "BAD_ID" } else { "BAD_QUERY" }.to_owned())
        }
    };
    shown.locations = error.locations.clone();
    shown.path = error.path.clone();
    shown
}

/// A fault outside the engine, such as a token that has ended.
pub fn of_fault(fault: &Fault, lang: Lang) -> ServerError {
    if matches!(fault.code(), Code::Internal) {
        return masked(lang, &fault.to_string());
    }
    if fault.is_ours() {
        tracing::warn!(cause = %fault, "temporarily unavailable");
    }
    let (en, zh) = fault.words();
    with_code(lang.pick(en, zh).into_owned(), fault.code().as_str())
}

/// A fault, or a refusal where there is no payload to carry it.
pub fn of_error(error: &Error, lang: Lang) -> ServerError {
    match error {
        Error::Fault(fault) => of_fault(fault, lang),
        Error::Refused(refusal) => with_code(lang.pick(&refusal.en, &refusal.zh).to_string(), refusal.code.as_str()),
    }
}

/// Why a request is not executed, as every transport tells it.
pub fn of_problem(problem: &Problem, lang: Lang) -> ServerError {
    match problem {
        Problem::Malformed(en, zh) => with_code(lang.pick(*en, *zh).to_owned(), Code::BadRequest.as_str()),
        Problem::Guarded(refusal) => of_guard(refusal, lang),
        // Links for automatic persisted queries look for exactly these words.
        Problem::HashUnknown => with_code("PersistedQueryNotFound".to_owned(), Code::PersistedQueryNotFound.as_str()),
        Problem::NotTrusted => {
            let (en, zh) = (
                "Only listed operations are executed here, and this is none. Send the id of an operation that your \
                 client was built with, or have its operations added to the list.",
                "此服务只执行名单内的操作。请发送客户端构建时登记的操作 id，或将该操作加入名单。",
            );
            with_code(lang.pick(en, zh).to_owned(), Code::OperationNotTrusted.as_str())
        }
    }
}

fn of_guard(refusal: &Refusal, lang: Lang) -> ServerError {
    let message = lang.pick(refusal.to_string(), refusal.message_zh());
    let mut error = with_code(message, refusal.code().as_str().to_owned());
    if let (Refusal::Exceeded { limit, max, found }, Some(extensions)) = (refusal, &mut error.extensions) {
        extensions.set("limit", limit.as_str());
        extensions.set("max", *max);
        extensions.set("found", *found);
    }
    error
}

/// A caller whose bucket is empty.
pub fn of_too_many(TooMany(wait): TooMany, lang: Lang) -> ServerError {
    let seconds = wait.as_secs() + 1;
    let mut error = with_code(
        lang.pick(
            format!("Too many requests; come back in {seconds} s."),
            format!("请求过于频繁，请 {seconds} 秒后重试。"),
        ),
        Code::RateLimited.as_str(),
    );
    if let Some(extensions) = &mut error.extensions {
        extensions.set("retryAfterSeconds", seconds);
    }
    error
}

fn masked(lang: Lang, cause: &str) -> ServerError {
    let incident: String = random_token().chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    tracing::error!(%incident, %cause, "internal error");
    let (en, zh) = Fault::Internal(anyhow::anyhow!("masked")).words();
    let mut error = with_code(lang.pick(en, zh).into_owned(), Code::Internal.as_str());
    if let Some(extensions) = &mut error.extensions {
        extensions.set("incident", incident);
    }
    error
}

pub fn with_code(message: String, code: String) -> ServerError {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    error
}
