//! Failing, in two ways.
//!
//! A [`Refusal`] is an expected "no" of the business (sold out, round closed). It is data in a
//! mutation's `userErrors` and carries what the client needs to go on. A [`Fault`] is everything
//! else; it becomes a top-level GraphQL error with a [`Code`]. What caused an internal fault never
//! leaves the server: the client gets an opaque incident id that is also in the log line.

use std::borrow::Cow;
use std::fmt;

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use sea_orm::{DbErr, RuntimeErr};
use uuid::Uuid;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Refused(Box<Refusal>),
    #[error("{0}")]
    Fault(#[from] Fault),
}

/// What a client can tell apart by machine. Clients must tolerate values they do not know.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[graphql(name = "ErrorCode")]
pub enum Code {
    /// Not signed in, or the session has ended: sign in again.
    Unauthenticated,
    /// Signed in, but this is not yours to do.
    Forbidden,
    /// There is no such thing, or it is not yours to see.
    NotFound,
    /// The request is not well formed; the message names the place.
    BadRequest,
    /// An identifier of the wrong kind or shape.
    BadId,
    /// A cursor that does not belong to this list.
    BadCursor,
    /// The query is larger or deeper than the limits allow.
    LimitExceeded,
    /// Too many requests; `retryAfterSeconds` tells when to come back.
    RateLimited,
    /// Temporarily not available; repeat with the same idempotency key.
    Unavailable,
    /// Something broke on our side; the incident id helps to find it.
    Internal,
    /// A persisted operation with this hash is not known yet; send the query along.
    PersistedQueryNotFound,
    /// This server executes listed operations only; send the id of one that your client was built with.
    OperationNotTrusted,

    /// A field of the input breaks a rule; `field` names it.
    Invalid,
    /// The idempotency key was used with another input: use a new key.
    IdempotencyKeyReused,
    /// The thing is in another state by now; load it again.
    WrongState,
    /// The thing was changed by someone else in the meantime; load it again.
    Stale,
    /// A limit of numbers is reached; `limit` tells which number.
    LimitReached,
    /// No room left.
    Full,
    /// Too few pieces left; `remaining` tells how many.
    SoldOut,
    /// The window is over or has not begun.
    Closed,
    /// The price is not the one the client showed.
    PriceChanged,
    /// The text or picture did not pass, or has not passed yet, the content check.
    ContentNotPassed,
    /// Consent to this use of personal data is missing.
    ConsentMissing,
    /// E-mail or password is wrong, or the login code is used up.
    BadCredentials,
    /// Too many failed attempts; `until` tells when it opens again.
    LockedOut,
    /// WeChat refuses this account.
    BlockedByWechat,
    /// This batch is held under a newer epoch: the lease lapsed or someone else holds it.
    LeaseLost,
    /// Nothing to release: no paid piece is waiting.
    NothingToRelease,
    /// Already done; `id` names the result.
    AlreadyDone,
    /// More was reported than ordered, or less than before; the numbers say which.
    QuantityOutOfRange,
    /// A payment is already under way or done.
    AlreadyPaid,
    /// WeChat Pay refused or could not be reached; nothing was charged.
    PaymentUnavailable,
}

impl Code {
    /// The code as it stands in `extensions.code`.
    pub fn as_str(self) -> String {
        async_graphql::Name::new(async_graphql::resolver_utils::enum_value(self).to_string()).to_string()
    }
}

/// What a refusal carries beyond its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    None,
    SoldOut { sku_id: Uuid, remaining: i32 },
    Closed { at: Option<DateTime<Utc>> },
    PriceChanged { minor_units: i64, currency: String },
    LimitReached { limit: i32 },
    WrongState { actual: String },
    LockedOut { until: DateTime<Utc> },
    LeaseLost { epoch: i32 },
    AlreadyDone { id: String },
    QuantityOutOfRange { sku_id: Uuid, allowed: i32, given: i32 },
}

/// An expected "no", in both languages of the API, naming the thing and the way out.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub code: Code,
    pub en: Cow<'static, str>,
    pub zh: Cow<'static, str>,
    /// Path of the input field it speaks of, outermost first, in GraphQL spelling.
    pub field: Vec<String>,
    pub detail: Detail,
}

impl Refusal {
    pub fn new(code: Code, en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Self {
        Refusal { code, en: en.into(), zh: zh.into(), field: Vec::new(), detail: Detail::None }
    }

    /// An input field that breaks a rule.
    pub fn invalid(field: &str, en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Self {
        Refusal::new(Code::Invalid, en, zh).field(field)
    }

    /// The thing is no longer in a state that allows the verb.
    pub fn wrong_state(
        actual: impl fmt::Display,
        en: impl Into<Cow<'static, str>>,
        zh: impl Into<Cow<'static, str>>,
    ) -> Self {
        Refusal::new(Code::WrongState, en, zh).detail(Detail::WrongState { actual: actual.to_string() })
    }

    /// `"lines.quantity"` → `["lines", "quantity"]`.
    pub fn field(mut self, path: &str) -> Self {
        self.field = path.split('.').map(str::to_owned).collect();
        self
    }

    pub fn detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.code, self.en)
    }
}

/// What a loader told several fields at once.
impl From<std::sync::Arc<Error>> for Error {
    fn from(error: std::sync::Arc<Error>) -> Self {
        error.shared()
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(Box::new(refusal))
    }
}

/// Anything but an expected refusal.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("not signed in")]
    Unauthenticated,
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    #[error("{0} not found")]
    NotFound(&'static str),
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    BadId(String),
    #[error("this cursor does not belong to this list")]
    BadCursor,
    #[error("temporarily unavailable: {0}")]
    Unavailable(String),
    /// Someone else was faster between a look and a write: the same transaction, run again, sees it.
    #[error("overtaken: {0}")]
    Overtaken(&'static str),
    #[error("database: {0}")]
    Database(#[from] DbErr),
    #[error("{0:#}")]
    Internal(anyhow::Error),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Error::Fault(Fault::Database(error))
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Error::Fault(Fault::Internal(error))
    }
}

impl Error {
    pub fn not_found(what: &'static str) -> Self {
        Error::Fault(Fault::NotFound(what))
    }

    /// The same to several requests that failed as one. The cause of an internal fault is told in words.
    pub fn shared(&self) -> Self {
        match self {
            Error::Refused(refusal) => Error::Refused(refusal.clone()),
            Error::Fault(fault) => Error::Fault(match fault {
                Fault::Unauthenticated => Fault::Unauthenticated,
                Fault::Forbidden(why) => Fault::Forbidden(why),
                Fault::NotFound(what) => Fault::NotFound(what),
                Fault::BadRequest(why) => Fault::BadRequest(why.clone()),
                Fault::BadId(why) => Fault::BadId(why.clone()),
                Fault::BadCursor => Fault::BadCursor,
                Fault::Unavailable(why) => Fault::Unavailable(why.clone()),
                Fault::Overtaken(what) => Fault::Overtaken(what),
                Fault::Database(error) => Fault::Database(error.clone()),
                Fault::Internal(error) => Fault::Internal(anyhow::anyhow!("{error:#}")),
            }),
        }
    }

    /// True when the same transaction may succeed if it is run again: conflicts, deadlocks,
    /// a lost connection, a primary that turned read-only.
    pub fn is_retryable(&self) -> bool {
        match self {
            Error::Fault(Fault::Database(error)) => retryable(error),
            Error::Fault(Fault::Overtaken(_)) => true,
            _ => false,
        }
    }

    /// Whether what failed several requests together may come from one of them, rather than from the
    /// database as a whole.
    pub fn may_be_of_one(&self) -> bool {
        !matches!(self, Error::Fault(Fault::Unavailable(_))) && !self.is_retryable()
    }
}

fn retryable(error: &DbErr) -> bool {
    let runtime = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return true,
        DbErr::Exec(runtime) | DbErr::Query(runtime) => runtime,
        _ => return false,
    };
    let RuntimeErr::SqlxError(error) = runtime else { return false };
    match &**error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            // PostgreSQL SQLSTATEs, then SQLite's primary result codes BUSY and LOCKED with their extensions.
            matches!(&*code, "40001" | "40P01" | "55P03" | "25006")
                || code.starts_with("57P0")
                || code.starts_with("08")
                || matches!(&*code, "5" | "6" | "261" | "517" | "262")
                // Two transactions numbered an event of one aggregate alike; the loser takes the next number.
                || database.constraint() == Some("outbox_brand_id_aggregate_id_sequence_key")
        }
        _ => false,
    }
}

impl Fault {
    pub fn code(&self) -> Code {
        match self {
            Fault::Unauthenticated => Code::Unauthenticated,
            Fault::Forbidden(_) => Code::Forbidden,
            Fault::NotFound(_) => Code::NotFound,
            Fault::BadRequest(_) => Code::BadRequest,
            Fault::BadId(_) => Code::BadId,
            Fault::BadCursor => Code::BadCursor,
            Fault::Unavailable(_) | Fault::Overtaken(_) => Code::Unavailable,
            Fault::Database(error) if retryable(error) => Code::Unavailable,
            Fault::Database(_) | Fault::Internal(_) => Code::Internal,
        }
    }

    /// What the client may read, in English and Chinese.
    pub fn words(&self) -> (Cow<'static, str>, Cow<'static, str>) {
        match self {
            Fault::Unauthenticated => ("Sign in first.".into(), "请先登录。".into()),
            Fault::Forbidden(why) => (format!("Not allowed: {why}.").into(), "没有权限执行此操作。".into()),
            Fault::NotFound(what) => (
                format!("There is no such {what}, or it is not yours to see.").into(),
                "找不到该内容，或您无权查看。".into(),
            ),
            Fault::BadRequest(why) => (why.clone().into(), format!("请求格式有误：{why}").into()),
            Fault::BadId(why) => (why.clone().into(), format!("标识无效：{why}").into()),
            Fault::BadCursor => (
                "This cursor does not belong to this list; start from the first page.".into(),
                "游标不属于此列表，请从第一页重新加载。".into(),
            ),
            Fault::Unavailable(_) | Fault::Overtaken(_) => unavailable_words(),
            Fault::Database(error) if retryable(error) => unavailable_words(),
            Fault::Database(_) | Fault::Internal(_) => {
                ("Something went wrong on our side. Please try again.".into(), "服务器出错，请稍后重试。".into())
            }
        }
    }

    /// True when the cause is ours and belongs in the log with an incident id.
    pub fn is_ours(&self) -> bool {
        matches!(self, Fault::Database(_) | Fault::Internal(_) | Fault::Unavailable(_) | Fault::Overtaken(_))
    }
}

fn unavailable_words() -> (Cow<'static, str>, Cow<'static, str>) {
    (
        "Temporarily unavailable. Repeat the request with the same idempotency key.".into(),
        "服务暂时不可用，请使用相同的幂等键重试。".into(),
    )
}
