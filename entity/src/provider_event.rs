//! A push or notification from WeChat as it came, keyed so that a repeat is known.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    /// Notification id, or the push's own identity.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    pub received_at: DateTimeUtc,
    pub processed_at: Option<DateTimeUtc>,
    /// Why it could not be applied (wrong amount, unknown order); for people to look at.
    pub problem: Option<String>,
    /// Our out_trade_no or out_refund_no that it names.
    pub number: Option<String>,
    /// Fen it is about.
    pub amount: Option<i64>,
    /// When a person settled the problem.
    pub resolved_at: Option<DateTimeUtc>,
    pub resolved_by: Option<Uuid>,
    /// How.
    pub resolution: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
