//! Where a brand's chain of journals ends.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_head")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    /// Of the last journal; 0 before the first.
    pub seq: i64,
    /// Of the last journal; 32 zero bytes before the first.
    pub hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
