//! Who did what to money by hand, when and why.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::state_change::StateChangeActorKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    #[sea_orm(string_value = "refund_retried")]
    RefundRetried,
    #[sea_orm(string_value = "short_pieces_refunded")]
    ShortPiecesRefunded,
    #[sea_orm(string_value = "order_refunded")]
    OrderRefunded,
    #[sea_orm(string_value = "after_sales_decided")]
    AfterSalesDecided,
    #[sea_orm(string_value = "provider_event_resolved")]
    ProviderEventResolved,
    #[sea_orm(string_value = "refund_hastened")]
    RefundHastened,
    #[sea_orm(string_value = "abnormal_refund_applied")]
    AbnormalRefundApplied,
    #[sea_orm(string_value = "day_reconciled")]
    DayReconciled,
    #[sea_orm(string_value = "difference_resolved")]
    DifferenceResolved,
    #[sea_orm(string_value = "refund_terms_set")]
    RefundTermsSet,
    #[sea_orm(string_value = "commission_paid")]
    CommissionPaid,
    #[sea_orm(string_value = "transfer_cancelled")]
    TransferCancelled,
    #[sea_orm(string_value = "compensation_paid")]
    CompensationPaid,
    #[sea_orm(string_value = "factory_payment_recorded")]
    FactoryPaymentRecorded,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub action: AuditAction,
    /// Public id of what it was done to.
    pub subject: String,
    pub order_id: Option<Uuid>,
    /// Fen it is about.
    pub amount: Option<i64>,
    /// As the person put it.
    pub why: Option<String>,
    pub actor_kind: StateChangeActorKind,
    pub actor_id: Option<Uuid>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
