//! The worked example of the message-push documents, and the documented event samples.

use proptest::prelude::*;
use serde_json::Value;

use super::vectors::{account, block, text};
use crate::wechat::push::{
    Push, PushEvent, PushQuery, SettlementMoment, SubscribeItem, is_credible, open_push, verify_url,
};
use crate::wechat::{Account, Error, Refusal, Suggest};

/// An account in plain mode, with a query it accepts.
fn plain() -> (Account, PushQuery) {
    let case = &block("message_push")["plain_mode"];
    let mut account = account();
    account.push_aes_key = None;
    (account, serde_json::from_value(case.clone()).expect("a query"))
}

fn sample(name: &str) -> Value {
    block("payload_samples")[name].clone()
}

fn open_sample(name: &str) -> Vec<Push> {
    let (mut account, query) = plain();
    let sample = sample(name);
    if let Some(appid) = sample.get("AppID").and_then(Value::as_str) {
        account.appid = appid.into();
    }
    let body = sample.as_str().map_or_else(|| sample.to_string(), str::to_owned);
    open_push(&account, &query, body.as_bytes()).expect("opens")
}

fn secure() -> (PushQuery, String) {
    let case = &block("message_push")["secure_mode"];
    let query = serde_json::from_value(case["query"].clone()).expect("a query");
    (query, text(case, "/body_encrypt").to_owned())
}

#[test]
fn the_url_check_echoes_only_for_the_right_signature() {
    let case = &block("message_push")["url_check"];
    let mut query: PushQuery = serde_json::from_value(case.clone()).expect("a query");
    assert_eq!(verify_url(&account(), &query), Ok(text(case, "/reply_body").to_owned()));
    query.nonce.push('0');
    assert_eq!(verify_url(&account(), &query), Err(Error::Unverified(Refusal::Signature)));
}

#[test]
fn the_secure_example_opens_as_json_and_as_xml() {
    let (query, encrypted) = secure();
    let json = serde_json::json!({ "ToUserName": "gh_97417a04a28d", "Encrypt": encrypted }).to_string();
    let xml = format!("<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");
    for body in [json, xml] {
        let events = open_push(&account(), &query, body.as_bytes()).expect("opens");
        assert_eq!(events[0].event, PushEvent::Other { kind: "debug_demo".into() });
        assert_eq!(events[0].created_at.map(|at| at.timestamp()), Some(1714112445));
    }
}

#[test]
fn the_plain_signature_is_no_proof_in_secure_mode() {
    let (mut query, encrypted) = secure();
    let body = serde_json::json!({ "Encrypt": encrypted }).to_string();
    query.msg_signature = query.signature.clone();
    assert_eq!(open_push(&account(), &query, body.as_bytes()), Err(Error::Unverified(Refusal::Signature)));
    let (_, query) = plain();
    assert_eq!(open_push(&account(), &query, br#"{"Event":"debug_demo"}"#), Err(Error::Unverified(Refusal::PlainMode)));
}

#[test]
fn a_message_for_another_app_is_refused() {
    let (query, encrypted) = secure();
    let mut account = account();
    account.appid = "wx0000000000000000".into();
    let body = serde_json::json!({ "Encrypt": encrypted }).to_string();
    assert_eq!(open_push(&account, &query, body.as_bytes()), Err(Error::Unverified(Refusal::OtherApp)));
}

proptest! {
    #[test]
    fn no_body_makes_us_panic(body in prop::collection::vec(any::<u8>(), 0..200), markup in "[<>/&;!A-c\\[\\]{}\":,0-9 ]{0,80}") {
        let (account, query) = plain();
        for raw in [body, format!("<xml>{markup}").into_bytes(), markup.into_bytes()] {
            if let Ok(events) = open_push(&account, &query, &raw) {
                prop_assert!(events.iter().all(|push| !push.identity.is_empty()));
            }
        }
    }
}

#[test]
fn bodies_that_are_no_messages_are_refused() {
    let (account, query) = plain();
    for body in [&b""[..], b"[]", b"{", b"\xff", b"<!DOCTYPE a><xml/>", b"text"] {
        assert!(matches!(open_push(&account, &query, body), Err(Error::Malformed(_))), "{body:?}");
    }
}

#[test]
fn a_sheets_answers_come_as_one_item_or_many_in_either_format() {
    let item = |template_id: &str, accepted| SubscribeItem { template_id: template_id.into(), accepted };
    let one = item("hD-ixGOhYmUfjOnI8MCzQMPshzGVeux_2vzyvQu7O68", true);
    let refused = item("9nLIlbOQZC5Y89AZteFEux3WCXRRRG5Wfzkpssu4bLI", false);
    let from_xml = item("VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc", true);
    for (name, expected) in [
        ("subscribe_msg_popup_event_json_one", vec![one.clone()]),
        ("subscribe_msg_popup_event_json_many", vec![one, refused.clone()]),
        ("subscribe_msg_popup_event_xml", vec![from_xml, refused]),
    ] {
        let PushEvent::SubscribePopup { items, .. } = &open_sample(name)[0].event else { panic!("{name}") };
        assert_eq!(items, &expected, "{name}");
    }
}

#[test]
fn sent_and_changed_messages_are_read() {
    let PushEvent::SubscribeSent { msgid, error_code, .. } = &open_sample("subscribe_msg_sent_event_json")[0].event
    else {
        panic!("not a sent event")
    };
    assert_eq!((msgid.as_str(), *error_code), ("1864323726461255680", 0));
    let change = &open_sample("subscribe_msg_change_event_json")[0].event;
    assert!(matches!(change, PushEvent::SubscribeChange { items, .. } if !items[0].accepted));
}

#[test]
fn a_verdict_counts_only_without_an_error() {
    let verdict = open_sample("wxa_media_check_json").remove(0).event;
    let trace_id = "60f96f1d-3845297a-1976a3ae".to_owned();
    let expected =
        PushEvent::MediaVerdict { trace_id: trace_id.clone(), errcode: 0, suggest: Some(Suggest::Pass), label: 100 };
    assert_eq!(verdict, expected);
    let (account, query) = plain();
    let mut failed = sample("wxa_media_check_json");
    failed["errcode"] = (-1008).into();
    let events = open_push(&account, &query, failed.to_string().as_bytes()).expect("opens");
    assert_eq!(events[0].event, PushEvent::MediaVerdict { trace_id, errcode: -1008, suggest: None, label: 0 });
    failed["appid"] = "wx0000000000000000".into();
    assert_eq!(open_push(&account, &query, failed.to_string().as_bytes()), Err(Error::Unverified(Refusal::OtherApp)));
}

#[test]
fn privacy_events_name_the_person_not_the_sender() {
    let events = open_sample("user_authorization_revoke_json");
    let expected =
        PushEvent::AuthorizationRevoke { openid: "oaKk343WOktAaT2ygsX138BGblrg".into(), revoked: "1".into() };
    assert_eq!(events[0].event, expected);
}

#[test]
fn both_moments_of_a_settlement_are_told_apart() {
    let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).expect("a date");
    let PushEvent::Settlement { order, moment } = open_sample("trade_manage_order_settlement_shipped").remove(0).event
    else {
        panic!("not a settlement")
    };
    assert_eq!((order.transaction_id.as_str(), order.out_trade_no.as_str()), ("fake-transid", "fake-tradeno"));
    assert_eq!((order.mchid.as_str(), order.paid_at), ("1234567891", Some(at(1670563533))));
    let estimated_at = Some(at(1671696735));
    assert_eq!(moment, SettlementMoment::Shipped { shipped_at: at(1670832735), estimated_at });
    let settled = open_sample("trade_manage_order_settlement_settled").remove(0).event;
    let confirmed_at = Some(at(1671696735));
    let moment = SettlementMoment::Settled { confirmed_at, automatic: true, settled_at: at(1671696736) };
    assert_eq!(settled, PushEvent::Settlement { order, moment });
    // How it is kept until it is applied.
    let kept = serde_json::to_value(&settled).expect("JSON");
    assert_eq!(serde_json::from_value::<PushEvent>(kept).expect("reads back"), settled);
}

#[test]
fn other_trade_events_are_typed_or_kept_as_sent() {
    let (account, query) = plain();
    let open = |body: Value| open_push(&account, &query, body.to_string().as_bytes()).expect("opens").remove(0).event;
    let reminder = open(serde_json::json!({
        "Event": "trade_manage_remind_shipping", "transaction_id": "42", "merchant_id": "19",
        "merchant_trade_no": "PS1", "pay_time": "1670563533", "msg": "…",
    }));
    assert!(
        matches!(reminder, PushEvent::ShippingReminder(order) if order.out_trade_no == "PS1" && order.paid_at.is_some())
    );
    let controlled = open(serde_json::json!({ "Event": "wxa_trade_controlled", "msg": "支付能力受限" }));
    assert_eq!(controlled, PushEvent::TradeControlled { msg: "支付能力受限".into() });
    let other = open(serde_json::json!({ "Event": "trade_manage_remind_access_api", "msg": "…" }));
    assert!(
        matches!(&other, PushEvent::TradeManage { kind, raw } if kind.ends_with("access_api") && raw["msg"] == "…")
    );
    let odd = open(serde_json::json!({ "Event": "trade_manage_order_settlement", "transaction_id": "42" }));
    assert!(matches!(odd, PushEvent::TradeManage { .. }), "a settlement without a time frees no money");
}

#[test]
fn money_is_freed_by_sealed_pushes_only() {
    let settled = open_sample("trade_manage_order_settlement_settled").remove(0).event;
    assert!(is_credible(&account(), &settled) && !is_credible(&plain().0, &settled));
}

#[test]
fn identities_repeat_with_the_event_and_differ_between_events() {
    let names = [
        "subscribe_msg_popup_event_json_one",
        "subscribe_msg_popup_event_json_many",
        "subscribe_msg_popup_event_xml",
        "subscribe_msg_sent_event_json",
        "wxa_media_check_json",
        "trade_manage_order_settlement_shipped",
        "trade_manage_order_settlement_settled",
        "user_authorization_revoke_json",
    ];
    let identities: std::collections::BTreeSet<String> =
        names.iter().map(|name| open_sample(name).remove(0).identity).collect();
    assert_eq!(identities.len(), names.len());
    for name in names {
        assert_eq!(open_sample(name)[0].identity, open_sample(name)[0].identity);
    }
}
