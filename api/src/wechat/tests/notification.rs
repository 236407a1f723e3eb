//! Notifications computed with the published platform key, and the ways to tamper with them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use std::time::Duration;

use super::vectors::{account, block, text};
use crate::base::clock::Clock;
use crate::wechat::pay::{Notification, NotificationEvent, RefundStatus, SignatureHeaders, TradeState, TransferState};
use crate::wechat::{Account, Error, Refusal, Result, Wechat, WechatConfig};

/// The moment the computed notifications were signed, in seconds.
const SIGNED_AT: i64 = 1528425296;

async fn open(account: &Account, case: &Value, now: i64) -> Result<Notification> {
    let now: DateTime<Utc> = DateTime::from_timestamp(now, 0).expect("a date");
    let config = WechatConfig {
        api_base: "http://127.0.0.1:1".into(),
        pay_base: "http://127.0.0.1:1".into(),
        public_base_url: "https://shop.example.com/".into(),
        timeout: Duration::from_secs(1),
    };
    let wechat = Wechat::new(config, Clock::fake(now)).expect("a client");
    let headers = SignatureHeaders::read(|name| case["headers"][name].as_str())?;
    wechat.open_notification(account, &headers, text(case, "/body").as_bytes()).await
}

#[tokio::test]
async fn a_payment_is_read() {
    let case = &block("pay_standin_computed")["notify_transaction_success"];
    let notification = open(&account(), case, SIGNED_AT).await.expect("opens");
    assert_eq!(notification.id, "EV-2018022511223320873");
    let NotificationEvent::Transaction(transaction) = notification.event else { panic!("not a transaction") };
    let plain: Value = serde_json::from_str(text(case, "/plaintext")).expect("JSON");
    assert_eq!(transaction.trade_state, TradeState::Success);
    assert_eq!(transaction.amount_fen, plain["amount"]["total"].as_i64());
    assert_eq!(transaction.openid.as_deref(), plain["payer"]["openid"].as_str());
    assert_eq!(transaction.transaction_id.as_deref(), plain["transaction_id"].as_str());
    assert!(!transaction.belongs_to(&account()), "the vector's app is not the account's");
}

#[tokio::test]
async fn a_refund_is_read() {
    let case = &block("pay_standin_computed")["notify_refund_success"];
    let NotificationEvent::Refund(refund) = open(&account(), case, SIGNED_AT).await.expect("opens").event else {
        panic!("not a refund")
    };
    let plain: Value = serde_json::from_str(text(case, "/plaintext")).expect("JSON");
    assert_eq!(refund.status, RefundStatus::Success);
    assert_eq!(refund.out_refund_no, plain["out_refund_no"]);
    assert_eq!(Some(refund.refund_fen), plain["amount"]["refund"].as_i64());
    assert_eq!(refund.mchid.as_deref(), plain["mchid"].as_str());
}

#[tokio::test]
async fn a_finished_transfer_is_read() {
    let case = &block("pay_standin_computed")["notify_transfer_finished"];
    let NotificationEvent::Transfer(bill) = open(&account(), case, SIGNED_AT).await.expect("opens").event else {
        panic!("not a transfer")
    };
    let plain: Value = serde_json::from_str(text(case, "/plaintext")).expect("JSON");
    assert_eq!((bill.state, bill.out_bill_no.as_str()), (TransferState::Success, text(&plain, "/out_bill_no")));
    assert_eq!(bill.transfer_bill_no, text(&plain, "/transfer_bill_no"));
    assert_eq!(bill.amount_fen, plain["transfer_amount"].as_i64());
    assert_eq!(bill.mchid.as_deref(), plain["mch_id"].as_str());
}

#[tokio::test]
async fn every_tampering_is_refused_for_its_own_reason() {
    let negatives = block("pay_standin_computed")["negative"].as_array().expect("cases").clone();
    let reasons = [Refusal::Probe, Refusal::Signature, Refusal::UnknownSerial, Refusal::Decrypt, Refusal::Clock];
    assert_eq!(negatives.len(), reasons.len());
    for (case, reason) in negatives.iter().zip(reasons) {
        let mut account = account();
        if let Some(key) = case["api_v3_key"].as_str() {
            account.api_v3_key = key.into();
        }
        let now = case["now"].as_i64().unwrap_or(SIGNED_AT);
        assert_eq!(open(&account, case, now).await, Err(Error::Unverified(reason)), "{}", case["why"]);
    }
}

#[test]
fn the_java_sdk_encrypts_the_same() {
    let case = &block("pay_java_sdk")["aead_aes_256_gcm"];
    let [key, nonce, associated, ciphertext, plain] =
        ["/key", "/nonce", "/associated_data", "/ciphertext", "/plaintext"].map(|pointer| text(case, pointer));
    let open = crate::wechat::pay::open_gcm;
    assert_eq!(open(key, nonce, associated, ciphertext).as_deref(), Some(plain.as_bytes()));
    assert_eq!(open(key, nonce, "other", ciphertext), None);
    assert_eq!(open(key, "short", associated, ciphertext), None);
}
