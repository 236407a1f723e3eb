//! What needs no service: the published answer, the limits, and what each code asks for.

use super::*;
use crate::wechat::tests::vectors::block;
use crate::wechat::{Error, shipping::upload::outcome_of};

#[test]
fn the_published_answer_reads() {
    let order = query::read(&block("payload_samples")["get_order_response"]);
    assert_eq!((order.state, order.paid_fen, order.in_complaint), (TradeOrderState::Shipped, 916, false));
    let shipping = order.shipping.expect("a record");
    assert!(shipping.is_complete && !shipping.is_split);
    assert_eq!((shipping.parcels[0].tracking_no.as_str(), shipping.completions), ("JT1234567890", 1));
    let mut unshipped = block("payload_samples")["get_order_response"].clone();
    unshipped["order"]["shipping"] = serde_json::json!({});
    assert_eq!(query::read(&unshipped).shipping, None);
}

#[test]
fn contacts_show_their_last_four_digits() {
    assert_eq!(mask_contact("138 1234 5678").as_deref(), Some("*******5678"));
    assert_eq!(mask_contact("5678"), None);
}

#[test]
fn every_code_says_what_to_do() {
    use ShipmentOutcome as Outcome;
    for (code, expected) in [
        (10060001, Outcome::NotYetKnown),
        (10060002, Outcome::AlreadyComplete),
        (10060003, Outcome::CorrectionUsed),
        (10060004, Outcome::NotShippable),
        (10060012, Outcome::RetryLater),
        (10060019, Outcome::RetryLater),
        (10060023, Outcome::Taken),
        (10060031, Outcome::OtherPayer),
        (-1, Outcome::RetryLater),
        (45011, Outcome::RetryLater),
        (45009, Outcome::RetryLater),
    ] {
        assert_eq!(outcome_of(Error::from_errcode(code, "")), Ok(expected), "{code}");
    }
    let fields = (10060005..=10060009).chain([10060020, 10060024, 10060025, 10060026]).chain(268485194..=268485228);
    for code in fields {
        let rejected = Outcome::Rejected { code, msg: "words".into() };
        assert_eq!(outcome_of(Error::from_errcode(code, "words")), Ok(rejected), "{code}");
    }
    assert_eq!(outcome_of(Error::Unreachable), Ok(Outcome::RetryLater));
    assert_eq!(outcome_of(Error::Unknown("time ran out")), Ok(Outcome::Unknown));
    assert!(outcome_of(Error::from_errcode(48001, "")).is_err_and(|error| error.is_alarm()));
    assert!(outcome_of(Error::from_errcode(40001, "")).is_err());
}
