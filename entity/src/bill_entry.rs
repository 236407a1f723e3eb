//! What of ours a bill named: each payment and refund in one bill, and once, with WeChat Pay's fee of it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bill_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    /// The attempt or the refund.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
    pub attempt_id: Option<Uuid>,
    pub refund_id: Option<Uuid>,
    pub reconciliation_id: Uuid,
    /// Fen, as the bill says.
    pub amount: i64,
    /// Fen, positive when taken, negative when given back.
    pub fee: i64,
}

impl ActiveModelBehavior for ActiveModel {}
