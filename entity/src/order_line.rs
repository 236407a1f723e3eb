use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub order_id: Uuid,
    pub sku_id: Uuid,
    pub position: i32,
    pub quantity: i32,
    /// Pieces refunded that will not be made.
    pub refunded: i32,
    /// Pieces refunded after they were made and shipped.
    pub returned: i32,
    /// Fen, as shown at purchase; never edited.
    pub unit_price: i64,
}

impl ActiveModelBehavior for ActiveModel {}
