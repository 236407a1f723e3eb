//! One thing that happened to money, as lines that add up to nothing.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::state_change::StateChangeActorKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum JournalKind {
    #[sea_orm(string_value = "payment_settled")]
    PaymentSettled,
    #[sea_orm(string_value = "payment_surplus")]
    PaymentSurplus,
    #[sea_orm(string_value = "balance_paid")]
    BalancePaid,
    #[sea_orm(string_value = "deposit_forfeited")]
    DepositForfeited,
    #[sea_orm(string_value = "refund_requested")]
    RefundRequested,
    #[sea_orm(string_value = "refund_succeeded")]
    RefundSucceeded,
    #[sea_orm(string_value = "refund_closed")]
    RefundClosed,
    #[sea_orm(string_value = "revenue_recognised")]
    RevenueRecognised,
    #[sea_orm(string_value = "provider_fee")]
    ProviderFee,
    #[sea_orm(string_value = "withdrawn")]
    Withdrawn,
    #[sea_orm(string_value = "compensation_owed")]
    CompensationOwed,
    #[sea_orm(string_value = "compensation_paid")]
    CompensationPaid,
    #[sea_orm(string_value = "commission_accrued")]
    CommissionAccrued,
    #[sea_orm(string_value = "commission_reversed")]
    CommissionReversed,
    #[sea_orm(string_value = "commission_paid")]
    CommissionPaid,
    #[sea_orm(string_value = "factory_accrued")]
    FactoryAccrued,
    #[sea_orm(string_value = "factory_paid")]
    FactoryPaid,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Rises by one per brand, without gap.
    pub seq: i64,
    pub kind: JournalKind,
    /// What it records: attempt, refund, order, accrual …; nothing is recorded twice.
    pub source_id: Uuid,
    pub order_id: Option<Uuid>,
    /// Why, in words.
    pub memo: Option<String>,
    pub actor_kind: StateChangeActorKind,
    pub actor_id: Option<Uuid>,
    pub posted_at: DateTimeUtc,
    /// Of the journal before it.
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
