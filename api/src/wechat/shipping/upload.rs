//! Telling WeChat what was shipped.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::OrderKey;
use crate::wechat::http::WhenBusy;
use crate::wechat::{Account, Error, Result, Wechat};

const MAX_PARCELS: usize = 15;
/// WeChat's code for the carrier that wants a telephone number with each parcel.
const SF: &str = "SF";

/// How the goods travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShipmentKind {
    Express = 1,
    /// A courier within the city.
    City = 2,
    /// Nothing is carried at all.
    Virtual = 3,
    Pickup = 4,
}

/// The masked telephone number of one end; see [`mask_contact`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    Consignor(String),
    Receiver(String),
}

/// One parcel. Express needs number and carrier, SF a contact as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// At most 128 bytes; empty unless express.
    pub tracking_no: String,
    /// WeChat's code, as [`Wechat::carriers`] lists them; empty unless express.
    pub carrier: String,
    /// Shown to the buyer; cut at 120 bytes.
    pub item_desc: String,
    pub contact: Option<Contact>,
}

/// All that was shipped for one payment so far. An update sends the whole list again.
#[derive(Clone, Debug)]
pub struct Shipment {
    pub order: OrderKey,
    pub kind: ShipmentKind,
    /// Whether the goods travel in several parcels (express only, at most fifteen). Otherwise there is exactly one.
    pub is_split: bool,
    /// Of a split shipment: whether this is all. Only then is the buyer told, and do the ten days begin.
    pub is_complete: bool,
    pub parcels: Vec<Parcel>,
    /// Has to grow with each update of the same payment.
    pub uploaded_at: DateTime<Utc>,
    /// Who paid.
    pub openid: String,
}

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShipmentOutcome {
    /// WeChat has it, or had exactly this before (10060023).
    Taken,
    /// WeChat does not know the payment yet (10060001), as for minutes after paying: again later.
    NotYetKnown,
    /// Shipping was complete before (10060002): a correction counts as the one chance to ship anew.
    AlreadyComplete,
    /// The one chance to ship anew is used (10060003): it stays as it is.
    CorrectionUsed,
    /// It cannot be shipped, for instance because it was refunded (10060004): query the payment.
    NotShippable,
    /// Somebody else paid (10060031): compare our buyer with the payment's.
    OtherPayer,
    /// A field WeChat does not take: nothing cures it but another content.
    Rejected { code: i64, msg: String },
    /// Nothing was done for a passing reason (-1, 10060012, 10060019, limits, no connection): the same again later.
    RetryLater,
    /// It may have been taken. Look with [`Wechat::shipping_record`] before repeating, since a repetition that differs
    /// could use up the one correction.
    Unknown,
}

/// Hides a telephone number except for its last four digits, as WeChat wants it. `None` if it has fewer than five.
pub fn mask_contact(phone: &str) -> Option<String> {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let hidden = digits.len().checked_sub(4).filter(|hidden| *hidden > 0)?;
    Some("*".repeat(hidden) + &digits[hidden..].iter().collect::<String>())
}

impl Wechat {
    /// Uploads or corrects the shipping information of a payment. `Err` only for what a person must look at and for
    /// arguments outside the documented limits; everything else is an outcome.
    pub async fn upload_shipping(&self, account: &Account, shipment: &Shipment) -> Result<ShipmentOutcome> {
        check(shipment)?;
        let body = body(account, shipment);
        let path = "/wxa/sec/order/upload_shipping_info";
        match self.api_post::<IgnoredAny>(account, path, &body, WhenBusy::GiveUp).await {
            Ok(_) => Ok(ShipmentOutcome::Taken),
            Err(error) => outcome_of(error),
        }
    }
}

pub(super) fn outcome_of(error: Error) -> Result<ShipmentOutcome> {
    Ok(match error {
        Error::Api { code, msg, .. } => match code {
            10060023 => ShipmentOutcome::Taken,
            10060001 => ShipmentOutcome::NotYetKnown,
            10060002 => ShipmentOutcome::AlreadyComplete,
            10060003 => ShipmentOutcome::CorrectionUsed,
            10060004 => ShipmentOutcome::NotShippable,
            10060031 => ShipmentOutcome::OtherPayer,
            10060012 | 10060019 => ShipmentOutcome::RetryLater,
            10060000..=10060099 | 268485194..=268485228 => ShipmentOutcome::Rejected { code, msg },
            _ => return Err(Error::from_errcode(code, &msg)),
        },
        Error::Busy { .. } | Error::QuotaUsed | Error::Unreachable => ShipmentOutcome::RetryLater,
        Error::Unknown(_) => ShipmentOutcome::Unknown,
        other => return Err(other),
    })
}

fn check(shipment: &Shipment) -> Result<()> {
    let is_express = shipment.kind == ShipmentKind::Express;
    let parcels = &shipment.parcels;
    if shipment.is_split && !is_express {
        return Err(Error::Invalid("only express goods travel in several parcels"));
    }
    let most = if shipment.is_split { MAX_PARCELS } else { 1 };
    if parcels.is_empty() || parcels.len() > most {
        return Err(Error::Invalid("a shipment has one parcel, a split one up to fifteen"));
    }
    if parcels.iter().any(|parcel| parcel.item_desc.trim().is_empty()) || shipment.openid.is_empty() {
        return Err(Error::Invalid("a parcel needs a description, a shipment the openid of the payer"));
    }
    if is_express {
        parcels.iter().try_for_each(check_express)?;
    }
    Ok(())
}

fn check_express(parcel: &Parcel) -> Result<()> {
    let fits = |text: &str| (1..=128).contains(&text.len());
    if !fits(&parcel.tracking_no) || !fits(&parcel.carrier) {
        return Err(Error::Invalid("an express parcel needs a tracking number and a carrier"));
    }
    match &parcel.contact {
        None if parcel.carrier == SF => Err(Error::Invalid("a parcel by SF needs a masked contact")),
        Some(Contact::Consignor(phone) | Contact::Receiver(phone)) if !is_masked(phone) => {
            Err(Error::Invalid("a contact shows its last four digits and hides the others"))
        }
        _ => Ok(()),
    }
}

fn is_masked(phone: &str) -> bool {
    let (hidden, shown) = phone.split_at(phone.rfind('*').map_or(0, |at| at + 1));
    hidden.contains('*') && shown.len() == 4 && shown.bytes().all(|byte| byte.is_ascii_digit())
}

fn body(account: &Account, shipment: &Shipment) -> Value {
    let china = FixedOffset::east_opt(8 * 3600).expect("eight hours are within a day");
    let uploaded_at = shipment.uploaded_at.with_timezone(&china).to_rfc3339_opts(SecondsFormat::Millis, false);
    let mut body = json!({
        "order_key": shipment.order.order_key(account),
        "logistics_type": shipment.kind as u8,
        "delivery_mode": if shipment.is_split { 2 } else { 1 },
        "shipping_list": shipment.parcels.iter().map(parcel).collect::<Vec<_>>(),
        "upload_time": uploaded_at,
        "payer": { "openid": shipment.openid },
    });
    if shipment.is_split {
        body["is_all_delivered"] = json!(shipment.is_complete);
    }
    body
}

fn parcel(parcel: &Parcel) -> Value {
    let desc = &parcel.item_desc;
    let mut value = json!({ "item_desc": &desc[..desc.floor_char_boundary(120)] });
    if !parcel.tracking_no.is_empty() {
        value["tracking_no"] = json!(parcel.tracking_no);
        value["express_company"] = json!(parcel.carrier);
    }
    match &parcel.contact {
        Some(Contact::Consignor(phone)) => value["contact"] = json!({ "consignor_contact": phone }),
        Some(Contact::Receiver(phone)) => value["contact"] = json!({ "receiver_contact": phone }),
        None => {}
    }
    value
}
