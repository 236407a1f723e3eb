//! Orders paid inside the mini-program (WeChat Pay v3 docs: JSAPI order, query, close; mini-program payment).

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sign::{Signed, sign};
use super::{Transaction, at_most, check_out_trade_no, in_path, transaction};
use crate::wechat::crypto::random_hex;
use crate::wechat::{Account, Error, Result, Wechat};

/// An order to be paid by one user. Repeating it unchanged is safe; another amount needs another `out_trade_no`.
#[derive(Clone, Debug)]
pub struct Prepay {
    /// Our number, unique per merchant account for ever: 6 to 32 letters, digits, `_-|*`.
    pub out_trade_no: String,
    /// Shown to the buyer; cut at 127 bytes.
    pub description: String,
    /// At least 1.
    pub amount_fen: i64,
    pub openid: String,
    /// At least a minute ahead; fixed by the first call. WeChat counts in whole seconds.
    pub time_expire: DateTime<Utc>,
    /// https, public, without a query, at most 255 characters.
    pub notify_url: String,
    /// Comes back in queries and notifications; at most 128 bytes.
    pub attach: Option<String>,
    /// The buyer's address, as the mini-program's request showed it.
    pub client_ip: Option<String>,
}

/// What the client hands to `wx.requestPayment`, unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayParams {
    /// Seconds since the epoch, as text.
    pub time_stamp: String,
    pub nonce_str: String,
    /// `prepay_id=…`.
    pub package: String,
    /// Always `RSA`.
    pub sign_type: String,
    pub pay_sign: String,
}

/// What became of closing an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseOutcome {
    /// It can no longer be paid.
    Closed,
    /// The buyer was faster: query it and treat it as paid.
    AlreadyPaid,
}

#[derive(Deserialize)]
struct PrepayAnswer {
    prepay_id: String,
}

impl Wechat {
    /// Creates the order at WeChat Pay; the returned `prepay_id` can be paid for two hours.
    /// `ORDERPAID`: query it. `OUT_TRADE_NO_USED`, `INVALID_REQUEST`, `ORDER_CLOSED`: take a new number.
    pub async fn prepay(&self, account: &Account, order: &Prepay) -> Result<String> {
        check_out_trade_no(&order.out_trade_no)?;
        if order.amount_fen < 1 {
            return Err(Error::Invalid("an order needs at least one fen"));
        }
        if order.notify_url.len() > 255 || order.attach.as_ref().is_some_and(|attach| attach.len() > 128) {
            return Err(Error::Invalid("notify_url or attach is too long"));
        }
        let body = prepay_body(account, order).to_string();
        let request = Signed { method: "POST", target: "/v3/pay/transactions/jsapi", body: &body };
        let answer = self.pay_call(account, request).await?;
        let answer: PrepayAnswer =
            serde_json::from_slice(&answer).map_err(|_| Error::Malformed("the order's answer has no prepay_id"))?;
        Ok(answer.prepay_id)
    }

    /// Signs what `wx.requestPayment` needs. Can be made anew as often as wanted for the same `prepay_id`.
    pub fn pay_params(&self, account: &Account, prepay_id: &str) -> Result<PayParams> {
        pay_params(account, prepay_id, self.clock.now(), random_hex::<16>()?)
    }

    /// The truth about an order. [`Error::is_not_found`] if the order call never took.
    pub async fn query(&self, account: &Account, out_trade_no: &str) -> Result<Transaction> {
        check_out_trade_no(out_trade_no)?;
        let number = in_path(out_trade_no);
        let target = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={}", account.mchid);
        let answer = self.pay_call(account, Signed { method: "GET", target: &target, body: "" }).await?;
        let transaction = transaction::read(&answer)?;
        if transaction.out_trade_no != out_trade_no {
            return Err(Error::Malformed("the answer is about another order"));
        }
        Ok(transaction)
    }

    /// Makes sure the order is not paid any more. Only [`CloseOutcome::Closed`] allows releasing what it held.
    /// Closing a number that was never ordered spoils that number.
    pub async fn close(&self, account: &Account, out_trade_no: &str) -> Result<CloseOutcome> {
        check_out_trade_no(out_trade_no)?;
        let target = format!("/v3/pay/transactions/out-trade-no/{}/close", in_path(out_trade_no));
        let body = json!({ "mchid": account.mchid }).to_string();
        match self.pay_call(account, Signed { method: "POST", target: &target, body: &body }).await {
            Ok(_) => Ok(CloseOutcome::Closed),
            Err(Error::Pay { code, .. }) if code == "ORDERPAID" => Ok(CloseOutcome::AlreadyPaid),
            Err(error) => Err(error),
        }
    }
}

fn prepay_body(account: &Account, order: &Prepay) -> Value {
    let china = FixedOffset::east_opt(8 * 3600).expect("eight hours are within a day");
    let mut body = json!({
        "appid": account.appid,
        "mchid": account.mchid,
        "description": at_most(&order.description, 127),
        "out_trade_no": order.out_trade_no,
        "time_expire": order.time_expire.with_timezone(&china).to_rfc3339_opts(SecondsFormat::Secs, false),
        "notify_url": order.notify_url,
        "amount": { "total": order.amount_fen, "currency": "CNY" },
        "payer": { "openid": order.openid },
    });
    if let Some(attach) = &order.attach {
        body["attach"] = json!(attach);
    }
    if let Some(ip) = &order.client_ip {
        body["scene_info"] = json!({ "payer_client_ip": ip });
    }
    body
}

fn pay_params(account: &Account, prepay_id: &str, now: DateTime<Utc>, nonce_str: String) -> Result<PayParams> {
    let time_stamp = now.timestamp().to_string();
    let package = format!("prepay_id={prepay_id}");
    let pay_sign = sign(account, &[&account.appid, &time_stamp, &nonce_str, &package])?;
    Ok(PayParams { time_stamp, nonce_str, package, sign_type: "RSA".to_owned(), pay_sign })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::tests::vectors::{self, text};

    #[test]
    fn the_payment_is_signed_as_in_the_documents() {
        let case = vectors::block("pay_paysign");
        let mut account = vectors::account();
        account.appid = text(&case, "/appId").to_owned();
        let key = vectors::private_pem(&vectors::block("pay_request_signing"), "/private_key_pem_testing");
        account.merchant_key_pem = key.into();
        let prepay_id = text(&case, "/package").strip_prefix("prepay_id=").expect("a package");
        let now = vectors::instant(&case, "/timeStamp");
        let params = pay_params(&account, prepay_id, now, text(&case, "/nonceStr").to_owned()).expect("signed");
        let json = serde_json::to_value(&params).expect("JSON");
        for name in ["timeStamp", "nonceStr", "package", "signType", "paySign"] {
            assert_eq!(json[name], case[name], "{name}");
        }
    }

    #[test]
    fn times_are_written_in_chinas_offset() {
        let order = Prepay {
            out_trade_no: "PS20260101000001".into(),
            description: "羊".repeat(60),
            amount_fen: 1,
            openid: "o1".into(),
            time_expire: "2026-01-01T20:30:00Z".parse().expect("a time"),
            notify_url: "https://shop.example.com/n".into(),
            attach: None,
            client_ip: None,
        };
        let body = prepay_body(&vectors::account(), &order);
        assert_eq!(body["time_expire"], "2026-01-02T04:30:00+08:00");
        assert_eq!(body["description"], "羊".repeat(42));
        assert_eq!(body.get("scene_info"), None);
    }
}
