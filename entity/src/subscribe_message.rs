//! The WeChat message that goes with an inbox message of one member, sent at most once.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// What a one-time subscribe message is for; each purpose has a template of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum MessagePurpose {
    /// A presale opened. `presale_notice` has its messages, one for each picker.
    #[sea_orm(string_value = "presale")]
    Presale,
    /// The balance of an order is to be paid.
    #[sea_orm(string_value = "balance")]
    Balance,
    /// A later ship-by date is to be accepted or refused.
    #[sea_orm(string_value = "promise")]
    Promise,
    /// A transfer is to be confirmed.
    #[sea_orm(string_value = "transfer")]
    Transfer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    #[sea_orm(string_value = "none")]
    None,
    #[sea_orm(string_value = "pending")]
    Pending,
    #[sea_orm(string_value = "sending")]
    Sending,
    #[sea_orm(string_value = "sent")]
    Sent,
    #[sea_orm(string_value = "refused")]
    Refused,
    #[sea_orm(string_value = "failed")]
    Failed,
    #[sea_orm(string_value = "unknown")]
    Unknown,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscribe_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    /// Of the inbox message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub purpose: MessagePurpose,
    /// What it tells of: an order, a question, a transfer.
    pub subject_id: Uuid,
    /// A send with unknown outcome is never repeated.
    pub status: MessageStatus,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
