//! Who moved what from where to where, when and why.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum StateChangeActorKind {
    #[sea_orm(string_value = "member")]
    Member,
    #[sea_orm(string_value = "staff")]
    Staff,
    #[sea_orm(string_value = "factory")]
    Factory,
    #[sea_orm(string_value = "system")]
    System,
    #[sea_orm(string_value = "wechat")]
    Wechat,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "state_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub subject_kind: String,
    pub subject_id: Uuid,
    pub from_state: Option<String>,
    pub to_state: String,
    pub event: String,
    pub actor_kind: StateChangeActorKind,
    pub actor_id: Option<Uuid>,
    pub why: Option<String>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
