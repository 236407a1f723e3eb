//! Merchant transfers: taken at once, paid once the user confirms.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::notice::Report;
use super::{Answer, Refused, china_time};
use crate::wechat::pay::TransferState;
use crate::wechat::standin::model::{StandinBrand, TransferFailure, field};
use crate::wechat::standin::outbox::{Job, Task};
use crate::wechat::standin::state::{Shared, State};

const CONFIRM_WITHIN: Duration = Duration::hours(24);
const NAME_FROM: i64 = 200_000;
const NO_NAME_BELOW: i64 = 30;
const UNKNOWN: Refused = Refused(404, "NOT_FOUND", "记录不存在");
const BAD_PARAMETER: Refused = Refused(400, "PARAM_ERROR", "参数错误");

/// A transfer as the platform keeps it.
#[derive(Clone, Debug)]
pub(in crate::wechat::standin) struct TransferEntry {
    /// The first call's body with the name in clear; later ones must repeat it.
    request: Value,
    appid: String,
    pub mchid: String,
    pub out_bill_no: String,
    pub transfer_bill_no: String,
    pub openid: String,
    pub amount_fen: i64,
    notify_url: String,
    package_info: String,
    pub state: TransferState,
    pub fail_reason: String,
    created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl TransferEntry {
    fn created(&self, with_package: bool) -> Value {
        let mut value = json!({
            "out_bill_no": self.out_bill_no,
            "transfer_bill_no": self.transfer_bill_no,
            "create_time": china_time(self.created_at),
            "state": self.state,
        });
        if with_package && self.state == TransferState::WaitUserConfirm {
            value["package_info"] = json!(self.package_info);
        }
        value
    }

    fn queried(&self) -> Value {
        let mut value = self.created(false);
        value["mch_id"] = json!(self.mchid);
        value["appid"] = json!(self.appid);
        value["openid"] = json!(self.openid);
        value["transfer_amount"] = json!(self.amount_fen);
        value["transfer_remark"] = self.request["transfer_remark"].clone();
        value["update_time"] = json!(china_time(self.updated_at));
        if !self.fail_reason.is_empty() {
            value["fail_reason"] = json!(self.fail_reason);
        }
        value
    }
}

impl State {
    pub(super) fn transfer(
        &mut self,
        now: DateTime<Utc>,
        brand: &StandinBrand,
        serial: Option<&str>,
        request: &Value,
    ) -> Answer {
        let request = self.readable(brand, serial, request)?;
        let number = field(&request, "out_bill_no");
        let key = (brand.mchid.clone(), number.to_owned());
        if let Some(known) = self.transfers.get(&key) {
            if known.request != request {
                return Err(Refused(400, "INVALID_REQUEST", "同一商户单号的请求参数与首次请求不一致"));
            }
            return Ok((200, known.created(!self.switches.package_once)));
        }
        let amount_fen = check(&request)?;
        if self.brands.get(field(&request, "appid")).is_none_or(|other| other.mchid != brand.mchid) {
            return Err(Refused(400, "PARAM_ERROR", "appid与mch_id不匹配"));
        }
        if self.available(&brand.mchid).is_some_and(|available| available < amount_fen) {
            return Err(Refused(403, "NOT_ENOUGH", "商户运营账户资金不足"));
        }
        let id = self.next_id();
        let entry = TransferEntry {
            appid: field(&request, "appid").to_owned(),
            mchid: key.0.clone(),
            out_bill_no: key.1.clone(),
            transfer_bill_no: format!("13{id:036}"),
            openid: field(&request, "openid").to_owned(),
            amount_fen,
            notify_url: field(&request, "notify_url").to_owned(),
            package_info: format!("affffddafdfafddffda{id:020}=="),
            state: TransferState::WaitUserConfirm,
            fail_reason: String::new(),
            created_at: now,
            updated_at: now,
            request,
        };
        let answer = entry.created(true);
        self.at(now + CONFIRM_WITHIN, &entry, TransferState::WaitUserConfirm);
        self.transfers.insert(key, entry);
        Ok((200, answer))
    }

    /// Goes on at `due`, if the transfer is still in the state `from` then.
    fn at(&mut self, due: DateTime<Utc>, entry: &TransferEntry, from: TransferState) {
        let task = Task::EndTransfer { mchid: entry.mchid.clone(), out_bill_no: entry.out_bill_no.clone(), from };
        self.jobs.push(Job { due, tries: 0, task });
    }

    /// The request with its encrypted name opened by the key it names.
    fn readable(&self, brand: &StandinBrand, serial: Option<&str>, request: &Value) -> Result<Value, Refused> {
        let mut request = request.clone();
        let sealed = field(&request, "user_name").to_owned();
        if !sealed.is_empty() {
            let signers = self.signers(&brand.mchid);
            let signer = signers.iter().find(|signer| Some(signer.serial.as_str()) == serial);
            let name = signer.and_then(|signer| signer.open(&sealed));
            request["user_name"] =
                json!(name.ok_or(Refused(400, "PARAM_ERROR", "敏感字段解密失败，请检查Wechatpay-Serial"))?);
        }
        Ok(request)
    }

    pub(super) fn query_transfer(&self, brand: &StandinBrand, number: &str) -> Answer {
        let entry = self.transfers.get(&(brand.mchid.clone(), number.to_owned())).ok_or(UNKNOWN)?;
        Ok((200, entry.queried()))
    }

    pub(super) fn cancel_transfer(&mut self, now: DateTime<Utc>, brand: &StandinBrand, number: &str) -> Answer {
        let due = now + Duration::seconds(self.switches.transfer_seconds);
        let entry = self.transfers.get_mut(&(brand.mchid.clone(), number.to_owned())).ok_or(UNKNOWN)?;
        match entry.state {
            TransferState::Canceling | TransferState::Cancelled => {}
            TransferState::WaitUserConfirm => {
                entry.state = TransferState::Canceling;
                entry.updated_at = now;
                let entry = entry.clone();
                self.at(due, &entry, TransferState::Canceling);
                return Ok((200, entry.queried()));
            }
            _ => return Err(Refused(400, "INVALID_REQUEST", "当前单据状态不支持撤销")),
        }
        Ok((200, entry.queried()))
    }

    /// The user confirms in WeChat what `package_info` asks for.
    pub fn confirm_transfer(&mut self, now: DateTime<Utc>, package: &str, openid: &str) -> Result<(), TransferFailure> {
        let due = now + Duration::seconds(self.switches.transfer_seconds);
        let entry = self.transfers.values_mut().find(|entry| entry.package_info == package);
        let entry = entry.ok_or(TransferFailure::UnknownPackage)?;
        if entry.openid != openid {
            return Err(TransferFailure::OtherUser);
        }
        if entry.state != TransferState::WaitUserConfirm || now - entry.created_at >= CONFIRM_WITHIN {
            return Err(TransferFailure::NotWaiting);
        }
        entry.state = TransferState::Transferring;
        entry.updated_at = now;
        let entry = entry.clone();
        self.at(due, &entry, TransferState::Transferring);
        Ok(())
    }
}

/// What a scene must report.
fn wanted(scene: &str) -> Option<&'static [&'static str]> {
    match scene {
        "1005" => Some(&["岗位类型", "报酬说明"]),
        "1011" => Some(&["赔付原因"]),
        _ => None,
    }
}

/// The amount of a sound request.
fn check(request: &Value) -> Result<i64, Refused> {
    let number = field(request, "out_bill_no");
    let amount = request["transfer_amount"].as_i64().unwrap_or_default();
    let has_name = !field(request, "user_name").is_empty();
    let infos = request["transfer_scene_report_infos"].as_array().map_or(&[][..], Vec::as_slice);
    let kinds: Vec<&str> = infos.iter().map(|info| field(info, "info_type")).collect();
    let fits = |text: &str| (1..=32).contains(&text.chars().count());
    let is_sound = (1..=32).contains(&number.len())
        && number.chars().all(|c| c.is_ascii_alphanumeric())
        && amount >= 1
        && !field(request, "openid").is_empty()
        && fits(field(request, "transfer_remark"))
        && wanted(field(request, "transfer_scene_id")) == Some(&kinds[..])
        && infos.iter().all(|info| fits(field(info, "info_content")));
    if !is_sound {
        return Err(BAD_PARAMETER);
    }
    if (amount >= NAME_FROM && !has_name) || (amount < NO_NAME_BELOW && has_name) {
        return Err(Refused(400, "PARAM_ERROR", "收款用户姓名与转账金额的要求不符"));
    }
    Ok(amount)
}

/// What a confirmed, cancelled or forgotten transfer comes to, and the report of it.
pub(in crate::wechat::standin) fn end_transfer(shared: &Shared, mchid: &str, out_bill_no: &str, from: TransferState) {
    let now = shared.now();
    let mut state = shared.lock();
    let refuses = state.switches.transfer_fails.clone();
    let Some(entry) = state.transfers.get_mut(&(mchid.to_owned(), out_bill_no.to_owned())) else { return };
    if entry.state != from {
        return;
    }
    (entry.state, entry.fail_reason) = match (from, refuses) {
        (TransferState::Canceling, _) => (TransferState::Cancelled, String::new()),
        (TransferState::Transferring, None) => (TransferState::Success, String::new()),
        (TransferState::Transferring, Some(reason)) => (TransferState::Fail, reason),
        _ => (TransferState::Fail, "OVERDUE_CLOSE".to_owned()),
    };
    entry.updated_at = now;
    let entry = entry.clone();
    let plain = entry.queried();
    let report = Report { event_type: "MCHTRANSFER.BILL.FINISHED", original_type: "mch_payment", plain: &plain };
    state.notify(now, &entry.appid, &entry.notify_url, &report);
}
