//! WeChat Pay, API v3: every request is signed with the merchant's key, every success is believed only after its
//! signature was checked (WeChat Pay v3 docs: signing, verifying, JSAPI, refunds, notifications, bills,
//! merchant transfers).
mod abnormal;
mod bill;
mod certificate;
mod exchange;
mod jsapi;
mod key;
mod notify;
mod platform;
mod refund;
mod sign;
mod transaction;
mod transfer;
mod verify;

pub use abnormal::AbnormalRefundTo;
pub use bill::{
    Bill, BillKind, FlowDirection, FundFlow, FundFlowBill, FundFlowTotals, RefundColumns, RowState, TradeBill,
    TradeRow, TradeTotals,
};
pub use jsapi::{CloseOutcome, PayParams, Prepay};
pub use notify::{Notification, NotificationEvent};
pub(in crate::wechat) use platform::PlatformKeys;
pub use refund::{FundsAccount, Refund, RefundOf, RefundState, RefundStatus};
pub use transaction::{TradeState, Transaction};
pub use transfer::{CONFIRM_WITHIN, Transfer, TransferBill, TransferScene, TransferState};
pub use verify::SignatureHeaders;

#[cfg(test)]
pub(super) use key::open_gcm;
#[cfg(any(test, feature = "standin"))]
pub(super) use key::open_oaep;
#[cfg(feature = "standin")]
pub(super) use key::{pem_bytes, private_key, sign as rsa_sign, verifies};

use super::{Error, Result};

/// For the fuzz targets: what is read once a signature was found right.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn read_anything(account: &super::Account, raw: &[u8]) -> bool {
    let read = [
        notify::open(account, raw).is_ok(),
        transaction::read(raw).is_ok(),
        refund::read(raw).is_ok(),
        transfer::read(raw).is_ok(),
        bill::read_anything(raw),
    ];
    read.contains(&true)
}

/// Whether `text` may stand for our number in a URL and in WeChat's books.
fn check_number(text: &str, lengths: std::ops::RangeInclusive<usize>, symbols: &str) -> Result<()> {
    let fits = lengths.contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || symbols.contains(c));
    if fits { Ok(()) } else { Err(Error::Invalid("a number breaks WeChat Pay's length or alphabet")) }
}

/// `out_trade_no`: 6 to 32 letters, digits, `_-|*`.
fn check_out_trade_no(text: &str) -> Result<()> {
    check_number(text, 6..=32, "_-|*")
}

/// `out_refund_no`: up to 64 letters, digits, `_-|*@`.
fn check_out_refund_no(text: &str) -> Result<()> {
    check_number(text, 1..=64, "_-|*@")
}

/// `|` is the one character of our numbers that a URL path may not hold as it is.
fn in_path(number: &str) -> String {
    number.replace('|', "%7C")
}

/// The longest start of `text` that fits `bytes` bytes, which is within a limit counted either way.
fn at_most(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
