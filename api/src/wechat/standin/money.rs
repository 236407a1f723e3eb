//! What users and the platform do around money, and everything that may go wrong with it.

use super::Standin;
use super::faults::Dice;
use super::model::{CallbackFault, Chaos, ScriptedRefusal, TransferFailure};
use super::pay::Withdrawal;
use super::state::Shared;

impl Shared {
    pub fn rotate_key(&self, mchid: &str) {
        self.lock().rotations.entry(mchid.to_owned()).or_default().rotated = true;
    }

    pub fn retire_old_key(&self, mchid: &str) {
        let mut state = self.lock();
        let rotation = state.rotations.entry(mchid.to_owned()).or_default();
        (rotation.rotated, rotation.retired) = (true, true);
    }

    pub fn withdraw(&self, mchid: &str, fen: i64) {
        let at = self.now();
        let mut state = self.lock();
        let number = format!("19{:026}", state.next_id());
        state.withdrawals.push(Withdrawal { mchid: mchid.to_owned(), number, at, amount_fen: fen });
    }

    pub fn confirm_transfer(&self, package_info: &str, openid: &str) -> Result<(), TransferFailure> {
        let confirmed = self.lock().confirm_transfer(self.now(), package_info, openid);
        self.wake.notify_one();
        confirmed
    }

    pub fn confirm_receipt(&self, transaction_id: &str) -> bool {
        let confirmed = self.lock().confirm_receipt(self.now(), transaction_id);
        self.wake.notify_one();
        confirmed
    }

    pub fn complain(&self, transaction_id: &str, open: bool) {
        self.lock().complain(self.now(), transaction_id, open);
        self.wake.notify_one();
    }

    pub fn control_trade(&self, appid: &str, msg: &str) {
        self.lock().push_event(self.now(), appid, None, "wxa_trade_controlled", serde_json::json!({ "msg": msg }));
        self.wake.notify_one();
    }

    pub fn clear_faults(&self, path: &str) {
        let mut state = self.lock();
        state.faults.retain(|(prefix, _)| !prefix.starts_with(path));
        state.refusals.retain(|(prefix, _)| !prefix.starts_with(path));
        state.chaos.retain(|(prefix, ..)| !prefix.starts_with(path));
    }

    pub fn refuse(&self, path: &str, refusal: ScriptedRefusal) {
        self.lock().refusals.push((path.to_owned(), refusal));
    }

    pub fn set_chaos(&self, path: &str, chaos: Chaos) {
        let mut state = self.lock();
        state.chaos.retain(|(prefix, ..)| prefix != path);
        state.chaos.push((path.to_owned(), Dice(chaos.seed), chaos.per_thousand));
    }
}

impl Standin {
    /// The merchant gets its second platform certificate, which signs from now on; the first stays good.
    pub fn rotate_key(&self, mchid: &str) {
        self.shared.rotate_key(mchid);
    }

    /// The merchant's first platform certificate is no longer listed.
    pub fn retire_old_key(&self, mchid: &str) {
        self.shared.retire_old_key(mchid);
    }

    /// Counts the merchant's money from now on, beginning with `fen`: refunds and transfers beyond it are refused with
    /// `NOT_ENOUGH`. Without this nothing is counted.
    pub fn set_balance(&self, mchid: &str, fen: i64) {
        self.shared.lock().balances.insert(mchid.to_owned(), fen);
    }

    /// The merchant draws settled money to its bank.
    pub fn withdraw(&self, mchid: &str, fen: i64) {
        self.shared.withdraw(mchid, fen);
    }

    /// The user confirms a transfer in WeChat.
    pub fn confirm_transfer(&self, package_info: &str, openid: &str) -> Result<(), TransferFailure> {
        self.shared.confirm_transfer(package_info, openid)
    }

    /// The buyer confirms the receipt of what was shipped for a payment; false if there is nothing to confirm.
    pub fn confirm_receipt(&self, transaction_id: &str) -> bool {
        self.shared.confirm_receipt(transaction_id)
    }

    /// The buyer opens a complaint, which keeps the payment from settling, or withdraws it.
    pub fn complain(&self, transaction_id: &str, open: bool) {
        self.shared.complain(transaction_id, open);
    }

    /// WeChat restricts the mini-program's payments and pushes why.
    pub fn control_trade(&self, appid: &str, msg: &str) {
        self.shared.control_trade(appid, msg);
    }

    /// Forgets every fault, scripted refusal and chance of faults on paths that start with `path`.
    pub fn clear_faults(&self, path: &str) {
        self.shared.clear_faults(path);
    }

    /// Answers the next calls of paths that start with `path` with a refusal, before doing anything.
    pub fn refuse(&self, path: &str, refusal: ScriptedRefusal) {
        self.shared.refuse(path, refusal);
    }

    /// Makes calls of paths that start with `path` go wrong at random until cleared.
    pub fn set_chaos(&self, path: &str, chaos: Chaos) {
        self.shared.set_chaos(path, chaos);
    }

    /// Decides what becomes of the next `times` callbacks whose event (`TRANSACTION.SUCCESS`,
    /// `trade_manage_order_settlement` …) starts with `event`; `u32::MAX` for all until [`Standin::clear_callbacks`].
    pub fn set_callback_fault(&self, event: &str, fault: CallbackFault, times: u32) {
        self.shared.lock().callback_faults.push((event.to_owned(), fault, times));
    }

    /// Forgets what was decided for callbacks.
    pub fn clear_callbacks(&self) {
        self.shared.lock().callback_faults.clear();
    }

    /// Where the chance behind [`super::Switches::reorder_seconds`] begins.
    pub fn seed(&self, seed: u64) {
        self.shared.lock().dice = Dice(seed);
    }
}
