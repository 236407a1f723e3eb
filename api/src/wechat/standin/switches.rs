//! What goes wrong, and how things end, as whoever drives the stand-in wants it.

use serde::{Deserialize, Serialize};

use crate::wechat::pay::RefundStatus;

/// What goes wrong on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// `SYSTEM_ERROR` of Pay, errcode -1 of the mini-program API.
    SystemError,
    /// `FREQUENCY_LIMITED` of Pay, errcode 45011 of the mini-program API.
    Throttled,
    /// An HTML page of a gateway.
    BadGateway,
    /// The connection breaks instead of an answer.
    Reset,
    /// The right answer, so many milliseconds late.
    Slow(u64),
    /// The right answer, signed in the name of a key nobody has.
    WrongKey,
    /// Another body than the one that was signed.
    Tampered,
    /// 202, rightly signed: Pay works on the call, which may have been carried out already, and wants it repeated.
    Accepted,
}

/// A fault for the next `times` calls of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub kind: FaultKind,
    /// Whether the call is carried out all the same before it goes wrong.
    pub applied: bool,
    pub times: u32,
}

impl Fault {
    /// Goes wrong until [`super::Standin::clear_faults`].
    pub fn lasting(kind: FaultKind) -> Self {
        Self { kind, applied: false, times: u32::MAX }
    }

    /// Goes wrong once, before anything was done.
    pub fn before(kind: FaultKind) -> Self {
        Self { kind, applied: false, times: 1 }
    }

    /// Goes wrong once, after everything was done.
    pub fn after(kind: FaultKind) -> Self {
        Self { kind, applied: true, times: 1 }
    }
}

/// How callbacks travel from now on, and how refunds end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Switches {
    /// Callbacks are lost for good.
    pub drop: bool,
    /// Callbacks come twice.
    pub duplicate: bool,
    /// Callbacks come this much later on the stand-in's clock.
    pub delay_seconds: i64,
    /// Each Pay notification is first sent with a probe instead of a signature.
    pub probe_first: bool,
    /// Each Pay notification is first sent with a body that differs from the signed one.
    pub tamper_first: bool,
    /// The next answers of Pay carry a probe instead of a signature.
    pub probe_answers: u32,
    /// Callbacks come up to this much later, each by its own die of [`super::Standin::seed`], so that they overtake
    /// one another.
    pub reorder_seconds: i64,
    /// How refunds end: `SUCCESS`, `CLOSED` or `ABNORMAL`.
    pub refund_result: RefundStatus,
    /// How long they take, on the stand-in's clock.
    pub refund_seconds: i64,
    /// How long a confirmed or cancelled transfer takes.
    pub transfer_seconds: i64,
    /// Confirmed transfers fail with this reason.
    pub transfer_fails: Option<String>,
    /// A repeated transfer call does not bring `package_info` again.
    pub package_once: bool,
    /// WeChat Pay's fee in hundredths of a per cent.
    pub fee_per_ten_thousand: i64,
    /// What is wrong with the bills made from now on.
    pub bill_trick: BillTrick,
    /// How long after payment shipping calls do not know a payment.
    pub shipping_lag_seconds: i64,
    /// After so many hours without shipping the brand is reminded by a push; WeChat does after 48. 0 for never.
    pub remind_shipping_hours: i64,
}

/// What is wrong with a bill. The file is consistent in itself all the same, except for its hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillTrick {
    #[default]
    None,
    WrongHash,
    /// The address is on another host.
    OtherHost,
    /// The last row is left out.
    MissingRow,
    /// The last row comes once more under other numbers.
    ExtraRow,
    /// The last row has one fen more.
    ChangedAmount,
    /// The fund-flow bill ends with a movement that is neither payment nor refund, fee, transfer or withdrawal.
    StrangeMovement,
}

/// What becomes of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackFault {
    /// Lost for good.
    Drop,
    /// Comes twice.
    Duplicate,
    /// Comes so many seconds later on the stand-in's clock.
    Delay(i64),
    /// Its first try carries a probe instead of a signature (Pay notifications only).
    Probe,
    /// Its first try names a key nobody has (Pay notifications only).
    WrongKey,
    /// Its first try has another body than was signed (Pay notifications only).
    Tampered,
}

impl CallbackFault {
    pub(super) fn is_of_signature(self) -> bool {
        matches!(self, CallbackFault::Probe | CallbackFault::WrongKey | CallbackFault::Tampered)
    }
}

/// A scripted refusal: of Pay with its HTTP status, or of the mini-program API with a number for its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptedRefusal {
    pub status: u16,
    pub code: String,
    #[serde(default)]
    pub message: String,
    pub times: u32,
}

/// Calls that go wrong at random, the same way for the same seed and order of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chaos {
    pub seed: u64,
    /// How many of a thousand calls.
    pub per_thousand: i64,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            drop: false,
            duplicate: false,
            delay_seconds: 0,
            probe_first: false,
            tamper_first: false,
            probe_answers: 0,
            refund_result: RefundStatus::Success,
            refund_seconds: 0,
            reorder_seconds: 0,
            transfer_seconds: 0,
            transfer_fails: None,
            package_once: false,
            fee_per_ten_thousand: 60,
            bill_trick: BillTrick::None,
            shipping_lag_seconds: 0,
            remind_shipping_hours: 0,
        }
    }
}
