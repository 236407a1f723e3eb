//! Who the user is: login codes and phone codes (WeChat docs: code2Session, getPhoneNumber).

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::http::WhenBusy;
use super::{Account, Error, Refusal, Result, Wechat};

/// Codes are about 32 characters; anything much longer is not worth a call.
const MAX_CODE: usize = 256;

/// What a login code stands for.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user within this mini-program.
    pub openid: String,
    /// Base64, 16 bytes; each login may replace it, so only the latest is worth keeping. Never leaves the server.
    pub session_key: SecretString,
    /// The user across one owner's apps; only if the app is bound to an open-platform account.
    pub unionid: Option<String>,
}

#[derive(Deserialize)]
struct LoginAnswer {
    openid: String,
    session_key: String,
    unionid: Option<String>,
}

/// A phone number the user has agreed to hand over.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    /// Digits without a plus sign, `86` for mainland China.
    pub country_code: String,
    /// Without the country code.
    pub number: String,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phone").field("country_code", &self.country_code).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct PhoneAnswer {
    phone_info: PhoneInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneInfo {
    pure_phone_number: String,
    country_code: String,
    watermark: Watermark,
}

#[derive(Deserialize)]
struct Watermark {
    appid: String,
}

impl Wechat {
    /// Trades the code of `wx.login` (five minutes, once) for the user. On [`Error::CodeInvalid`] the client has to
    /// call `wx.login` again; "system busy" is asked again once, since it most likely left the code unused.
    pub async fn login(&self, account: &Account, code: &str) -> Result<Login> {
        check_code(code)?;
        let url = format!("{}/sns/jscode2session", self.config.api_base);
        let query = [
            ("appid", account.appid.as_str()),
            ("secret", account.app_secret.expose_secret()),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ];
        let answer: LoginAnswer = self.repeat_busy(WhenBusy::Once, || self.http.get(&url).query(&query)).await?;
        Ok(Login { openid: answer.openid, session_key: answer.session_key.into(), unionid: answer.unionid })
    }

    /// Trades the code of the `getPhoneNumber` button, which is not a login code, for the number. Each success is
    /// charged by WeChat.
    pub async fn phone_number(&self, account: &Account, code: &str) -> Result<Phone> {
        check_code(code)?;
        let body = json!({ "code": code });
        let answer: PhoneAnswer =
            self.api_post(account, "/wxa/business/getuserphonenumber", &body, WhenBusy::Once).await?;
        let info = answer.phone_info;
        if info.watermark.appid != account.appid {
            return Err(Error::Unverified(Refusal::OtherApp));
        }
        Ok(Phone { country_code: info.country_code, number: info.pure_phone_number })
    }
}

fn check_code(code: &str) -> Result<()> {
    if code.is_empty() || code.len() > MAX_CODE { Err(Error::CodeInvalid) } else { Ok(()) }
}
