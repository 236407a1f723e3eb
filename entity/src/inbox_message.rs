//! A message of one brand to one member, read in the mini-program.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum InboxMessageKind {
    #[sea_orm(string_value = "presale_opened")]
    PresaleOpened,
    #[sea_orm(string_value = "presale_failed")]
    PresaleFailed,
    #[sea_orm(string_value = "order_update")]
    OrderUpdate,
    #[sea_orm(string_value = "tryon_update")]
    TryonUpdate,
    #[sea_orm(string_value = "system")]
    System,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub member_id: Uuid,
    pub kind: InboxMessageKind,
    pub title: String,
    pub body: String,
    /// Which entity it speaks of: `presale`, `order`, `tryon`, `transfer`.
    pub subject_kind: Option<String>,
    pub subject_id: Option<Uuid>,
    pub read_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
