//! One colour and size, with its capacity.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "presale_sku")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub presale_id: Uuid,
    /// Article code on cut ticket and label.
    pub code: String,
    pub color: String,
    pub size: String,
    /// GB/T 1335 designation, `160/84A`.
    pub size_designation: Option<String>,
    /// Order of the matrix: colours, then sizes, as given.
    pub position: i32,
    pub cap: i32,
    /// Pieces of unpaid orders inside their hold.
    pub held: i32,
    /// Paid pieces not refunded.
    pub paid: i32,
    /// True while the presale is open; here, so that taking pieces and closing meet on one row.
    pub selling: bool,
}

impl ActiveModelBehavior for ActiveModel {}
