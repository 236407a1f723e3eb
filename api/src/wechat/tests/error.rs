//! What callers may conclude from an error.

use crate::wechat::{Error, Refusal};

fn pay(status: u16, code: &str) -> Error {
    Error::Pay { status, code: code.into(), message: String::new() }
}

#[test]
fn whatever_may_have_happened_is_unknown() {
    for error in [
        Error::Unknown("time ran out"),
        Error::Unverified(Refusal::Signature),
        pay(500, "SYSTEM_ERROR"),
        pay(202, "ACCEPTED"),
        pay(429, "FREQUENCY_LIMITED"),
    ] {
        assert!(error.is_outcome_unknown() && error.is_transient(), "{error}");
    }
}

#[test]
fn what_certainly_did_not_happen_is_known() {
    for error in [Error::Unreachable, Error::CodeInvalid, pay(400, "PARAM_ERROR"), pay(403, "NOT_ENOUGH")] {
        assert!(!error.is_outcome_unknown(), "{error}");
    }
    assert!(pay(403, "NOT_ENOUGH").is_transient());
    assert!(!pay(400, "PARAM_ERROR").is_transient());
}

#[test]
fn codes_of_the_api_have_meanings() {
    assert_eq!(Error::from_errcode(40163, "code been used"), Error::CodeInvalid);
    assert_eq!(Error::from_errcode(40226, ""), Error::Blocked);
    assert_eq!(Error::from_errcode(61010, ""), Error::UserInactive);
    assert!(Error::from_errcode(40125, "invalid appsecret").is_alarm());
    assert_eq!(
        Error::from_errcode(47003, "argument invalid! rid: 5f-1-2"),
        Error::Api { code: 47003, msg: "argument invalid! rid: 5f-1-2".into(), rid: Some("5f-1-2".into()) }
    );
}

#[test]
fn a_probe_is_no_alarm() {
    assert!(!Error::Unverified(Refusal::Probe).is_alarm());
    assert!(Error::Unverified(Refusal::UnknownSerial).is_alarm());
}

#[test]
fn accounts_show_no_secret() {
    let shown = format!("{:?}", super::vectors::account());
    for secret in ["app-secret", "BEGIN PRIVATE", "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb", "AAAAAAAA"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}
