//! Subscribe messages: one accepted sheet, one message (WeChat docs: subscribeMessage.send).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::http::WhenBusy;
use super::{Account, Error, Result, Wechat};

/// One message to one user.
#[derive(Clone, Debug)]
pub struct SubscribeMessage {
    pub openid: String,
    pub template_id: String,
    /// Page the message opens, with its query, without a leading slash.
    pub page: Option<String>,
    /// Keyword key (`thing1`) to value; every keyword of the template, none empty. See [`super::fit`].
    pub data: BTreeMap<String, String>,
    /// `zh_CN` (WeChat's default), `en_US`, `zh_HK` or `zh_TW`.
    pub lang: Option<String>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// Accepted; one grant is used up.
    Sent { msgid: Option<String> },
    /// The user refuses or all grants are used up (43101): the ledger goes to 0 and this message is never repeated.
    Refused,
    /// WeChat will never take this message: openid, template, page or text (40003, 40037, 41030, 45168, 47003 …).
    Dropped { code: i64 },
    /// It may have been delivered. Do not repeat a message that would annoy twice.
    Unknown,
    /// Nothing was sent; the same message may go out later.
    RetryLater,
}

#[derive(Serialize)]
struct Body<'a> {
    touser: &'a str,
    template_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
    data: BTreeMap<&'a str, Keyword<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<&'a str>,
}

#[derive(Serialize)]
struct Keyword<'a> {
    value: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    /// A number or a string, depending on the account.
    msgid: Option<Value>,
}

impl Wechat {
    /// Sends one subscribe message. `Err` only for what a person must look at ([`Error::Config`],
    /// [`Error::Settings`], a token refused twice); everything else is an outcome.
    pub async fn send_subscribe(&self, account: &Account, message: &SubscribeMessage) -> Result<SendOutcome> {
        let body = Body {
            touser: &message.openid,
            template_id: &message.template_id,
            page: message.page.as_deref(),
            data: message.data.iter().map(|(key, value)| (key.as_str(), Keyword { value })).collect(),
            lang: message.lang.as_deref(),
        };
        match self.api_post::<Answer>(account, "/cgi-bin/message/subscribe/send", &body, WhenBusy::GiveUp).await {
            Ok(answer) => Ok(SendOutcome::Sent { msgid: answer.msgid.map(plain_text) }),
            Err(error) => outcome_of(error),
        }
    }
}

fn outcome_of(error: Error) -> Result<SendOutcome> {
    match error {
        Error::Api { code: 43101, .. } => Ok(SendOutcome::Refused),
        Error::Api { code: 43108, .. } | Error::Busy { .. } | Error::QuotaUsed | Error::Unreachable => {
            Ok(SendOutcome::RetryLater)
        }
        Error::Unknown(_) => Ok(SendOutcome::Unknown),
        Error::Api { code: code @ (40003 | 40037 | 41030 | 43107 | 45168 | 47003), msg, .. } => {
            tracing::warn!(code, msg, "WeChat will not take this subscribe message");
            Ok(SendOutcome::Dropped { code })
        }
        other => Err(other),
    }
}

fn plain_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
