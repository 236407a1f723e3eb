//! What members and the brand's finance people send.

use async_graphql::InputObject;

use crate::base::id::{OrderId, RefundId};

/// Which order to make payable.
#[derive(InputObject)]
pub struct PayOrderInput {
    /// 8 to 64 characters of the client's making; repeating is harmless under any key.
    pub idempotency_key: String,
    /// My unpaid order.
    pub order_id: OrderId,
}

/// Which order may have been paid.
#[derive(InputObject)]
pub struct ConfirmPaymentInput {
    /// 8 to 64 characters of the client's making; repeating is harmless under any key.
    pub idempotency_key: String,
    /// My order.
    pub order_id: OrderId,
}

/// Which order to cancel.
#[derive(InputObject)]
pub struct CancelOrderInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// My order, unpaid or paid but not in a batch yet.
    pub order_id: OrderId,
}

/// Which order's missing pieces to refund.
#[derive(InputObject)]
pub struct RefundShortPiecesInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// An order in production of which some pieces were not made.
    pub order_id: OrderId,
    /// Why, up to 500 characters, for the audit trail.
    pub why: Option<String>,
}

/// Which refund to send once more.
#[derive(InputObject)]
pub struct RetryRefundInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// A refund that WeChat Pay closed.
    pub refund_id: RefundId,
    /// Why, up to 500 characters, for the audit trail.
    pub why: Option<String>,
}
