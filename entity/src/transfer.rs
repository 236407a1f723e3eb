//! Money to a member by WeChat Pay's merchant transfer.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    #[sea_orm(string_value = "commission")]
    Commission,
    #[sea_orm(string_value = "compensation")]
    Compensation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum TransferStatus {
    #[sea_orm(string_value = "created")]
    Created,
    #[sea_orm(string_value = "accepted")]
    Accepted,
    #[sea_orm(string_value = "waiting")]
    Waiting,
    #[sea_orm(string_value = "transferring")]
    Transferring,
    #[sea_orm(string_value = "cancelling")]
    Cancelling,
    #[sea_orm(string_value = "succeeded")]
    Succeeded,
    #[sea_orm(string_value = "failed")]
    Failed,
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Transfers that were started together: one may not be large enough.
    pub payout_id: Uuid,
    pub kind: TransferKind,
    /// Who is paid.
    pub member_id: Uuid,
    pub out_bill_no: String,
    /// Fen.
    pub amount: i64,
    pub currency: String,
    pub status: TransferStatus,
    /// What the member's client confirms with.
    pub package_info: Option<String>,
    /// WeChat's number.
    pub transfer_bill_no: Option<String>,
    /// WeChat's word for why it came to nothing.
    pub fail_reason: Option<String>,
    /// When WeChat was last asked to make it: it may know it since.
    pub called_at: Option<DateTimeUtc>,
    /// When a person asked for it back.
    pub cancel_requested_at: Option<DateTimeUtc>,
    /// Calls to WeChat.
    pub attempts: i32,
    pub last_error: Option<String>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
