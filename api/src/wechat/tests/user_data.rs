//! Official sample of encrypted user data, and group payloads computed with the sample's key.

use super::vectors::{account, block, text};
use crate::wechat::{Error, Refusal, open_user_data};

#[test]
fn the_official_sample_opens() {
    let case = block("user_data");
    let mut account = account();
    account.appid = text(&case, "/appid").into();
    let key = text(&case, "/session_key").into();
    let value = open_user_data(&account, &key, text(&case, "/iv"), text(&case, "/encrypted_data")).expect("opens");
    let expected: serde_json::Value = serde_json::from_str(text(&case, "/plaintext")).expect("JSON");
    assert_eq!(value, expected);
}

#[test]
fn group_payloads_open() {
    let case = block("group_info_computed");
    let mut account = account();
    account.appid = "wx4f4bc4dec97d474b".into();
    let key = text(&case, "/session_key").into();
    let encrypted = text(&case, "/get_group_enter_info/encrypted_data");
    let value = open_user_data(&account, &key, text(&case, "/iv"), encrypted).expect("opens");
    assert_eq!(value["opengid"], "tGtest0000000000000000000000");
    assert_eq!(value["chat_type"], 3);
}

#[test]
fn other_apps_and_other_keys_are_refused() {
    let case = block("user_data");
    let account = account();
    let (iv, data) = (text(&case, "/iv"), text(&case, "/encrypted_data"));
    let key = text(&case, "/session_key").into();
    assert_eq!(open_user_data(&account, &key, iv, data), Err(Error::Unverified(Refusal::OtherApp)));
    let rotated = "AAAAAAAAAAAAAAAAAAAAAA==".into();
    assert_eq!(open_user_data(&account, &rotated, iv, data), Err(Error::Unverified(Refusal::Decrypt)));
    assert_eq!(open_user_data(&account, &key, "?", data), Err(Error::Unverified(Refusal::Decrypt)));
}
