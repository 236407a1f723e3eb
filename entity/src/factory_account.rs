//! What a brand owes a factory, all in all.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "factory_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: Uuid,
    pub currency: String,
    /// Fen.
    pub accrued: i64,
    /// Fen.
    pub paid: i64,
}

impl ActiveModelBehavior for ActiveModel {}
