//! A ship notice: what left the factory, in which cartons.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shipment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub batch_id: Uuid,
    pub factory_id: Uuid,
    pub epoch: i32,
    pub carrier: String,
    pub tracking_no: String,
    pub cartons: i32,
    pub pieces: i32,
    pub shipped_at: DateTimeUtc,
    pub received_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
