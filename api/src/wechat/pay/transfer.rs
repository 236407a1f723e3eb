//! Money to one user (WeChat Pay v3 docs: merchant transfers, where the user confirms each one).

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sign::Signed;
use super::{check_number, key};
use crate::wechat::{Account, Error, Result, Wechat};

const BILLS: &str = "/v3/fund-app/mch-transfer/transfer-bills";
/// From this amount on the receiver's real name has to be given, in fen.
const NAME_FROM: i64 = 200_000;
/// Below this amount no name may be given, in fen.
const NO_NAME_BELOW: i64 = 30;
/// How long the user has for confirming. An unconfirmed transfer fails then and the money stays with the merchant.
pub const CONFIRM_WITHIN: chrono::Duration = chrono::Duration::hours(24);

/// What a transfer is for, and what WeChat Pay wants to be told about it (WeChat Pay v3 docs: transfer scenes). The
/// merchant must have been granted the scene. Texts are cut at 32 characters.
#[derive(Clone, Debug)]
pub enum TransferScene {
    /// Commission and remuneration, 1005.
    Remuneration {
        /// What the user does for the brand (岗位类型).
        job: String,
        /// What is paid for (报酬说明).
        reason: String,
    },
    /// Compensation, 1011.
    Compensation {
        /// What it makes good (赔付原因).
        reason: String,
    },
}

impl TransferScene {
    fn id(&self) -> &'static str {
        match self {
            TransferScene::Remuneration { .. } => "1005",
            TransferScene::Compensation { .. } => "1011",
        }
    }

    /// Kinds and contents of its report.
    fn infos(&self) -> Vec<(&'static str, &str)> {
        match self {
            TransferScene::Remuneration { job, reason } => vec![("岗位类型", job), ("报酬说明", reason)],
            TransferScene::Compensation { reason } => vec![("赔付原因", reason)],
        }
    }
}

/// Money for one user. After any failure repeat it unchanged under the same `out_bill_no`; take a new number
/// only once a query says [`TransferState::Fail`] or [`TransferState::Cancelled`], or says long after the attempt
/// that there is no such bill: a new number could pay twice.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Our number: up to 32 letters and digits.
    pub out_bill_no: String,
    pub openid: String,
    /// At least 1; the console's limits per transfer, user and day come on top.
    pub amount_fen: i64,
    /// The receiver's real name: needed from 2000.00 yuan on, forbidden below 0.30 yuan. Travels encrypted.
    pub user_name: Option<SecretString>,
    /// Shown to the user; cut at 32 characters.
    pub remark: String,
    pub scene: TransferScene,
    /// https, at most 256 characters.
    pub notify_url: String,
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransferState {
    Accepted,
    Processing,
    /// The user has [`CONFIRM_WITHIN`] to confirm, with the bill's `package_info`.
    WaitUserConfirm,
    /// Confirmed; the money is on its way. WeChat Pay spells it like this.
    #[serde(rename = "TRANSFERING")]
    Transferring,
    Success,
    /// It came to nothing and the money is back; see `fail_reason`.
    Fail,
    Canceling,
    Cancelled,
    /// A state this version does not know.
    #[serde(other)]
    Unknown,
}

impl TransferState {
    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        matches!(self, TransferState::Success | TransferState::Fail | TransferState::Cancelled)
    }

    /// Whether it ended without paying, so that a new number may be taken.
    pub fn is_undone(self) -> bool {
        matches!(self, TransferState::Fail | TransferState::Cancelled)
    }
}

/// A transfer as WeChat Pay sees it, in answers and notifications alike. What an answer does not tell is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferBill {
    pub out_bill_no: String,
    /// WeChat's number.
    pub transfer_bill_no: String,
    pub state: TransferState,
    /// What the client hands to `wx.requestMerchantTransfer`. Keep the first one: later answers may not repeat it.
    pub package_info: Option<String>,
    pub mchid: Option<String>,
    /// Only in queries.
    pub appid: Option<String>,
    pub openid: Option<String>,
    pub amount_fen: Option<i64>,
    /// WeChat's word for why it failed, such as `OVERDUE_CLOSE` for a user who did not confirm.
    pub fail_reason: Option<String>,
    pub create_time: Option<DateTime<Utc>>,
    pub update_time: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Wire {
    out_bill_no: String,
    transfer_bill_no: String,
    state: TransferState,
    package_info: Option<String>,
    mch_id: Option<String>,
    appid: Option<String>,
    openid: Option<String>,
    transfer_amount: Option<i64>,
    fail_reason: Option<String>,
    create_time: Option<DateTime<Utc>>,
    update_time: Option<DateTime<Utc>>,
}

/// Reads the JSON of an answer or of an opened notification.
pub(super) fn read(json: &[u8]) -> Result<TransferBill> {
    let wire: Wire = serde_json::from_slice(json).map_err(|_| Error::Malformed("a transfer lacks a field"))?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(TransferBill {
        out_bill_no: wire.out_bill_no,
        transfer_bill_no: wire.transfer_bill_no,
        state: wire.state,
        package_info: filled(wire.package_info),
        mchid: filled(wire.mch_id),
        appid: filled(wire.appid),
        openid: filled(wire.openid),
        amount_fen: wire.transfer_amount,
        fail_reason: filled(wire.fail_reason),
        create_time: wire.create_time,
        update_time: wire.update_time,
    })
}

fn check(transfer: &Transfer) -> Result<()> {
    check_bill_no(&transfer.out_bill_no)?;
    let amount = transfer.amount_fen;
    if amount < 1 {
        return Err(Error::Invalid("a transfer is at least one fen"));
    }
    if amount >= NAME_FROM && transfer.user_name.is_none() {
        return Err(Error::Invalid("a transfer of 2000.00 yuan or more needs the receiver's real name"));
    }
    if amount < NO_NAME_BELOW && transfer.user_name.is_some() {
        return Err(Error::Invalid("a transfer below 0.30 yuan must not name the receiver"));
    }
    let infos = transfer.scene.infos();
    let mut texts =
        [transfer.openid.as_str(), transfer.remark.as_str()].into_iter().chain(infos.iter().map(|(_, text)| *text));
    if texts.any(str::is_empty) || transfer.notify_url.len() > 256 {
        return Err(Error::Invalid(
            "a transfer needs openid, remark and what its scene reports, and a short notify_url",
        ));
    }
    Ok(())
}

/// `out_bill_no`: up to 32 letters and digits.
fn check_bill_no(text: &str) -> Result<()> {
    check_number(text, 1..=32, "")
}

/// Unlike the order's texts, these are limited by characters.
fn shortened(text: &str) -> String {
    text.chars().take(32).collect()
}

fn body(account: &Account, transfer: &Transfer) -> Value {
    let info = |(kind, content): (&str, &str)| json!({ "info_type": kind, "info_content": shortened(content) });
    let infos: Vec<_> = transfer.scene.infos().into_iter().map(info).collect();
    json!({
        "appid": account.appid,
        "out_bill_no": transfer.out_bill_no,
        "transfer_scene_id": transfer.scene.id(),
        "openid": transfer.openid,
        "transfer_amount": transfer.amount_fen,
        "transfer_remark": shortened(&transfer.remark),
        "notify_url": transfer.notify_url,
        "transfer_scene_report_infos": infos,
    })
}

impl Wechat {
    /// Asks for a transfer. As a rule it waits for the user then: hand its `package_info` to the client, which is
    /// worth keeping from this first answer. Repeating it unchanged gives the same bill; with other parameters WeChat
    /// Pay refuses. `NOT_ENOUGH` means the merchant has to top up: repeat later under the same number.
    pub async fn transfer(&self, account: &Account, transfer: &Transfer) -> Result<TransferBill> {
        check(transfer)?;
        let mut body = body(account, transfer);
        let mut serial = None;
        if let Some(name) = &transfer.user_name {
            let (id, key) = self.encryption_key(account).await?;
            let sealed = key::seal_oaep(&key, name.expose_secret());
            body["user_name"] = json!(sealed.ok_or(Error::Invalid("the receiver's name is too long to encrypt"))?);
            serial = Some(id);
        }
        let body = body.to_string();
        let request = Signed { method: "POST", target: BILLS, body: &body };
        same(&self.pay_call_sealed(account, request, serial.as_deref()).await?, &transfer.out_bill_no)
    }

    /// The truth about a transfer of the last 30 days; `None` if WeChat Pay has never taken it.
    pub async fn query_transfer(&self, account: &Account, out_bill_no: &str) -> Result<Option<TransferBill>> {
        check_bill_no(out_bill_no)?;
        let target = format!("{BILLS}/out-bill-no/{out_bill_no}");
        match self.pay_call(account, Signed { method: "GET", target: &target, body: "" }).await {
            Ok(answer) => same(&answer, out_bill_no).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes a transfer back that the user has not confirmed yet; `Canceling` or `Cancelled`. `INVALID_REQUEST` when
    /// the user was faster: query it.
    pub async fn cancel_transfer(&self, account: &Account, out_bill_no: &str) -> Result<TransferBill> {
        check_bill_no(out_bill_no)?;
        let target = format!("{BILLS}/out-bill-no/{out_bill_no}/cancel");
        same(&self.pay_call(account, Signed { method: "POST", target: &target, body: "{}" }).await?, out_bill_no)
    }
}

fn same(answer: &[u8], out_bill_no: &str) -> Result<TransferBill> {
    let bill = read(answer)?;
    if bill.out_bill_no == out_bill_no {
        Ok(bill)
    } else {
        Err(Error::Malformed("the answer is about another transfer"))
    }
}
