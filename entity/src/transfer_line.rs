//! What a transfer pays.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub transfer_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub commission_id: Option<Uuid>,
    pub compensation_id: Option<Uuid>,
    /// Fen; negative for what was paid too much of a commission.
    pub amount: i64,
}

impl ActiveModelBehavior for ActiveModel {}
