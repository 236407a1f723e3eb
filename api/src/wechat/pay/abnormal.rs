//! The way out of a refund that no card takes (WeChat Pay v3 docs: "Apply for an abnormal refund").

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::refund::{REFUNDS, read};
use super::sign::Signed;
use super::{RefundState, check_number, check_out_refund_no, key};
use crate::wechat::{Account, Error, Result, Wechat};

/// Where the money of an `Abnormal` refund goes instead.
#[derive(Clone, Debug)]
pub enum AbnormalRefundTo {
    /// To another bank card of the buyer. Name and number travel encrypted.
    UserBankCard {
        /// WeChat Pay's word for the bank, such as `ICBC_DEBIT`.
        bank_type: String,
        bank_account: SecretString,
        real_name: SecretString,
    },
    /// To the merchant's own account; the merchant pays the buyer in another way.
    MerchantBankCard,
}

impl Wechat {
    /// Sends an abnormal refund somewhere else. `refund_id` is WeChat's number, `out_refund_no` ours. The answer says
    /// `Processing`; the end comes by notification or query, as with the refund itself.
    pub async fn apply_abnormal_refund(
        &self,
        account: &Account,
        refund_id: &str,
        out_refund_no: &str,
        to: &AbnormalRefundTo,
    ) -> Result<RefundState> {
        check_number(refund_id, 1..=32, "")?;
        check_out_refund_no(out_refund_no)?;
        let mut serial = None;
        let mut body = json!({ "out_refund_no": out_refund_no });
        match to {
            AbnormalRefundTo::MerchantBankCard => body["type"] = json!("MERCHANT_BANK_CARD"),
            AbnormalRefundTo::UserBankCard { bank_type, bank_account, real_name } => {
                let (id, key) = self.encryption_key(account).await?;
                let sealed = |secret: &SecretString| {
                    key::seal_oaep(&key, secret.expose_secret())
                        .ok_or(Error::Invalid("a name or card number is too long to encrypt"))
                };
                body["type"] = json!("USER_BANK_CARD");
                body["bank_type"] = json!(bank_type);
                body["bank_account"] = json!(sealed(bank_account)?);
                body["real_name"] = json!(sealed(real_name)?);
                serial = Some(id);
            }
        }
        let target = format!("{REFUNDS}/{refund_id}/apply-abnormal-refund");
        let body = body.to_string();
        let request = Signed { method: "POST", target: &target, body: &body };
        read(&self.pay_call_sealed(account, request, serial.as_deref()).await?)
    }
}
