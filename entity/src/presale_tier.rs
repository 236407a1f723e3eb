//! From how many committed pieces on a piece of a presale costs less. Fixed once it has opened, like its price.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "presale_tier")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub presale_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_pieces: i32,
    /// Fen.
    pub unit_price: i64,
}

impl ActiveModelBehavior for ActiveModel {}
