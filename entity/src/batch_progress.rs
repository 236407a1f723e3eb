//! Counts a factory reported, per stage and cell, as rising revisions.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum BatchProgressStage {
    #[sea_orm(string_value = "fabric_in")]
    FabricIn,
    #[sea_orm(string_value = "cut")]
    Cut,
    #[sea_orm(string_value = "sewn")]
    Sewn,
    #[sea_orm(string_value = "finished")]
    Finished,
    #[sea_orm(string_value = "qc")]
    Qc,
    #[sea_orm(string_value = "packed")]
    Packed,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "batch_progress")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub batch_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i32,
    pub stage: BatchProgressStage,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sku_id: Uuid,
    /// Cumulative for the stage and cell.
    pub pieces: i32,
    pub epoch: i32,
    pub factory_id: Uuid,
    pub note: Option<String>,
    pub reported_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
