//! The worked example of the message-push documents, and the documented event samples.

use proptest::prelude::*;
use serde_json::Value;

use super::vectors::{account, block, text};
use crate::wechat::push::{Push, PushEvent, PushQuery, SubscribeItem, open_push, verify_url};
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
fn trade_events_keep_what_was_sent() {
    let PushEvent::TradeManage { kind, raw } = open_sample("trade_manage_order_settlement_settled").remove(0).event
    else {
        panic!("not a trade event")
    };
    assert_eq!(kind, "trade_manage_order_settlement");
    assert_eq!(raw["settlement_time"], 1671696736);
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
