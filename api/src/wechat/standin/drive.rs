//! What handles and HTTP controls do alike.

use super::model::{
    BookedRefund, BookedTransaction, BookedTransfer, Books, Fault, PayFailure, SentMessage, StandinBrand, Trigger,
};
use super::state::Shared;
use crate::wechat::Suggest;
use crate::wechat::pay::PayParams;

impl Shared {
    pub fn register(&self, brand: StandinBrand) {
        self.lock().brands.insert(brand.appid.clone(), brand);
    }

    pub fn login_code(&self, appid: &str, openid: &str) -> String {
        self.lock().issue_code(self.now(), appid, openid, None)
    }

    pub fn phone_code(&self, appid: &str, openid: &str, phone: &str) -> String {
        self.lock().issue_code(self.now(), appid, openid, Some(phone))
    }

    pub fn accept_subscribe(&self, appid: &str, openid: &str, template_id: &str) {
        self.lock().accept_subscribe(self.now(), appid, openid, template_id);
        self.wake.notify_one();
    }

    pub fn pay(&self, params: &PayParams, openid: &str) -> Result<String, PayFailure> {
        let result = self.lock().pay(self.now(), params, openid);
        self.wake.notify_one();
        result
    }

    pub fn sent_messages(&self, appid: &str) -> Vec<SentMessage> {
        self.lock().sent.iter().filter(|message| message.appid == appid).cloned().collect()
    }

    pub fn set_fault(&self, path: &str, fault: Fault) {
        self.lock().faults.push((path.to_owned(), fault));
    }

    pub fn set_verdict(&self, part: &str, suggest: Suggest) {
        let mut state = self.lock();
        state.triggers.retain(|trigger| trigger.part != part);
        state.triggers.push(Trigger { part: part.to_owned(), suggest });
    }

    pub fn books(&self, mchid: &str) -> Books {
        let state = self.lock();
        let transactions = state.orders.values().filter(|order| order.mchid == mchid);
        let refunds = state.refunds.values().filter(|refund| refund.mchid == mchid);
        let transfers = state.transfers.values().filter(|transfer| transfer.mchid == mchid);
        Books {
            transactions: transactions
                .map(|order| BookedTransaction {
                    appid: order.appid.clone(),
                    out_trade_no: order.out_trade_no.clone(),
                    transaction_id: order.transaction_id.clone(),
                    state: order.state,
                    amount_fen: order.amount_fen,
                    openid: order.openid.clone(),
                })
                .collect(),
            refunds: refunds
                .map(|refund| BookedRefund {
                    out_trade_no: refund.out_trade_no.clone(),
                    out_refund_no: refund.out_refund_no.clone(),
                    refund_id: refund.refund_id.clone(),
                    status: refund.status,
                    amount_fen: refund.amount_fen,
                })
                .collect(),
            transfers: transfers
                .map(|transfer| BookedTransfer {
                    out_bill_no: transfer.out_bill_no.clone(),
                    transfer_bill_no: transfer.transfer_bill_no.clone(),
                    state: transfer.state,
                    amount_fen: transfer.amount_fen,
                    openid: transfer.openid.clone(),
                })
                .collect(),
        }
    }
}
