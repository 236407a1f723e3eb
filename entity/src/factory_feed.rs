//! A factory's own ordered, gap-free queue across brands: a projection fed by the outbox, led by factory_id.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum FactoryFeedKind {
    #[sea_orm(string_value = "offered")]
    Offered,
    #[sea_orm(string_value = "withdrawn")]
    Withdrawn,
    #[sea_orm(string_value = "claimed")]
    Claimed,
    #[sea_orm(string_value = "lapsed")]
    Lapsed,
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
    #[sea_orm(string_value = "updated")]
    Updated,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "factory_feed")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// The outbox event it came from; makes the projection repeatable.
    pub event_id: Uuid,
    pub brand_id: Uuid,
    pub batch_id: Uuid,
    pub kind: FactoryFeedKind,
    pub epoch: i32,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
