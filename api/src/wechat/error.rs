//! What can go wrong on the way to WeChat, sorted by what the caller may do about it.

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Codes and texts of WeChat never carry our secrets, so every variant may be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A login or phone code that is wrong, used or older than five minutes (40029, 40163).
    #[error("the code is not valid or was used before")]
    CodeInvalid,
    /// WeChat blocks this user's login as high-risk (40226).
    #[error("WeChat blocks this user")]
    Blocked,
    /// The user has not opened the mini-program within two hours (61010).
    #[error("the user has not been in the mini-program lately")]
    UserInactive,
    /// "System busy" (-1) or a limit per minute (45011, HTTP 429); nothing was done.
    #[error("WeChat is busy ({code})")]
    Busy { code: i64 },
    /// The day's quota is used up (45009); it returns at midnight in Shanghai.
    #[error("the day's quota is used up")]
    QuotaUsed,
    /// Someone must change a setting, ours or in WeChat's console; repeating cannot help.
    #[error("WeChat refuses our settings ({code}): {msg}")]
    Config { code: i64, msg: String },
    /// Any other refusal of the mini-program API; `rid` is what Tencent's support asks for.
    #[error("WeChat refused ({code}): {msg}")]
    Api { code: i64, msg: String, rid: Option<String> },
    /// No connection: WeChat never saw the request.
    #[error("WeChat cannot be reached")]
    Unreachable,
    /// The request left but no usable answer came back: it may or may not have been carried out.
    #[error("no usable answer from WeChat: {0}")]
    Unknown(&'static str),
    /// A message that claims to be from WeChat could not be believed.
    #[error("not verified as WeChat's: {0}")]
    Unverified(Refusal),
    /// A verified or trivially harmless message whose content is not what the documents promise.
    #[error("unreadable message: {0}")]
    Malformed(&'static str),
    /// A refusal of WeChat Pay; key on `code`, since the HTTP status varies for the same code.
    #[error("WeChat Pay refused ({status} {code}): {message}")]
    Pay { status: u16, code: String, message: String },
    /// The account's keys or addresses cannot be used; nothing was sent.
    #[error("unusable settings: {0}")]
    Settings(&'static str),
    /// An argument breaks WeChat's documented limits; nothing was sent.
    #[error("invalid argument: {0}")]
    Invalid(&'static str),
}

/// Why a message was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a signature header is missing")]
    MissingHeader,
    #[error("the timestamp is too far from our clock")]
    Clock,
    #[error("the key serial is not the account's")]
    UnknownSerial,
    /// Sent by WeChat Pay on purpose to see whether signatures are checked; not an incident.
    #[error("a signature probe")]
    Probe,
    #[error("the signature does not match")]
    Signature,
    /// The signature holds but our key does not open the content: most likely our key is outdated.
    #[error("the content cannot be decrypted")]
    Decrypt,
    #[error("it is meant for another app")]
    OtherApp,
    #[error("plain messages are not accepted in secure mode")]
    PlainMode,
    #[error("the file does not have the hash it was announced with")]
    Hash,
    #[error("the file's address is on another host")]
    OtherHost,
}

/// What to do about a refusal of WeChat Pay (PARAM_ERROR and so on), by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The outcome is unknown or the service is busy: repeat the same call with the same number and parameters after
    /// a pause, or ask for the state first.
    RepeatSame,
    /// Nothing was done for lack of money: top up, then repeat under the same number.
    TopUp,
    /// The bill is being made: ask again later.
    AskLater,
    /// It is paid: query it and mark it so.
    MarkPaid,
    /// This number is spoilt: query what became of it, close it, go on with a new number.
    NewNumber,
    /// WeChat Pay does not know the number: after a lost answer repeat the original call under the same number.
    RepeatOriginal,
    /// Somebody has to change a setting.
    Alarm,
    /// Neither time nor settings of ours cure it: show it to people (risk control, permissions, limits by rule).
    Surface,
    /// A mistake of this program.
    Bug,
}

impl Error {
    /// Whether the call may have been carried out although it failed. Repeat it only with the same number and the
    /// same parameters, or ask for the state; never start over with a new number.
    pub fn is_outcome_unknown(&self) -> bool {
        match self {
            Error::Unknown(_) | Error::Unverified(_) | Error::Malformed(_) => true,
            Error::Pay { .. } => self.advice() == Some(Advice::RepeatSame),
            _ => false,
        }
    }

    /// Whether the same call may succeed later without anybody changing anything. Says nothing about whether
    /// repeating is harmless: see [`Error::is_outcome_unknown`].
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Busy { .. } | Error::QuotaUsed | Error::Unreachable => true,
            Error::Pay { .. } => {
                matches!(self.advice(), Some(Advice::RepeatSame | Advice::TopUp | Advice::AskLater))
            }
            other => other.is_outcome_unknown(),
        }
    }

    /// Whether WeChat Pay does not know the order or refund that was asked for.
    pub fn is_not_found(&self) -> bool {
        self.advice() == Some(Advice::RepeatOriginal)
    }

    /// Whether the number cannot be used any more, so that the call may only be repeated with a new one.
    pub fn is_number_spoilt(&self) -> bool {
        self.advice() == Some(Advice::NewNumber)
    }

    /// What a refusal of WeChat Pay asks for; `None` for every other error. The code decides, since the HTTP status
    /// varies for the same code; only what has no code of ours goes by the status.
    pub fn advice(&self) -> Option<Advice> {
        let Error::Pay { status, code, message } = self else { return None };
        Some(match code.as_str() {
            "SYSTEM_ERROR" | "BANK_ERROR" | "SERVICE_UNAVAILABLE" | "ACCEPTED" => Advice::RepeatSame,
            "FREQUENCY_LIMITED" | "FREQUENCY_LIMIT_EXCEED" | "RATELIMIT_EXCEEDED" => Advice::RepeatSame,
            "NOT_ENOUGH" => Advice::TopUp,
            "STATEMENT_CREATING" => Advice::AskLater,
            "ORDERPAID" => Advice::MarkPaid,
            "OUT_TRADE_NO_USED" | "ORDER_CLOSED" => Advice::NewNumber,
            // Told apart by words only: the number was used with other parameters, or closed before it was ordered.
            "INVALID_REQUEST" if message.contains("重入") || message.contains("商户订单号重复") => {
                Advice::NewNumber
            }
            "ORDER_NOT_EXIST" | "RESOURCE_NOT_EXISTS" | "NOT_FOUND" => Advice::RepeatOriginal,
            "SIGN_ERROR" | "APPID_MCHID_NOT_MATCH" | "MCH_NOT_EXISTS" | "NO_AUTH" => Advice::Alarm,
            "RULE_LIMIT" | "TRADE_ERROR" | "ACCOUNT_ERROR" | "USER_ACCOUNT_ABNORMAL" => Advice::Surface,
            "PARAM_ERROR" | "INVALID_REQUEST" | "ALREADY_EXISTS" | "NO_STATEMENT_EXIST" => Advice::Bug,
            _ if *status == 202 || *status == 429 || *status >= 500 => Advice::RepeatSame,
            _ if *status == 401 => Advice::Alarm,
            _ => Advice::Surface,
        })
    }

    /// Whether a person has to look at our settings.
    pub fn is_alarm(&self) -> bool {
        match self {
            Error::Config { .. } | Error::Settings(_) => true,
            Error::Unverified(why) => matches!(why, Refusal::UnknownSerial | Refusal::Decrypt | Refusal::OtherHost),
            Error::Pay { .. } => self.advice() == Some(Advice::Alarm),
            _ => false,
        }
    }

    /// The meaning of an `errcode` of the mini-program API (WeChat docs: global return codes, and per call).
    pub(super) fn from_errcode(code: i64, msg: &str) -> Self {
        match code {
            40029 | 40163 => Error::CodeInvalid,
            40226 => Error::Blocked,
            61010 => Error::UserInactive,
            -1 | 45011 => Error::Busy { code },
            45009 => Error::QuotaUsed,
            40002 | 40013 | 40125 | 40164 | 40243 | 41002 | 41004 | 48001 | 50004 | 50007 | 89503 | 89506 | 89507 => {
                Error::Config { code, msg: msg.to_owned() }
            }
            _ => Error::Api { code, msg: msg.to_owned(), rid: rid(msg) },
        }
    }
}

fn rid(msg: &str) -> Option<String> {
    msg.rsplit_once("rid: ").map(|(_, rid)| rid.trim().to_owned())
}
