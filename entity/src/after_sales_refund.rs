//! The refunds an approved after-sales case led to; one that WeChat closed and its successor are both here.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "after_sales_refund")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub refund_id: Uuid,
    pub case_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
