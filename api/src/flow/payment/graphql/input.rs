//! What members and the brand's finance people send.

use async_graphql::InputObject;

use crate::base::id::{AfterSalesId, OrderId, OrderLineId, RefundId};
use crate::base::money::Long;
use crate::flow::payment::after_sales::{Decision, Request};

/// Which order to make payable.
#[derive(InputObject)]
pub struct PayOrderInput {
    /// 8 to 64 characters of the client's making; repeating is harmless under any key.
    pub idempotency_key: String,
    /// My order of which something is due.
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
    /// My order, unpaid or paid but not in a batch yet; not while only its 定金 is paid.
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

/// Pieces of an order line.
#[derive(InputObject)]
pub struct RefundLineInput {
    /// A line of the order, once.
    pub line_id: OrderLineId,
    /// At most those that were not refunded before.
    pub pieces: i32,
}

/// What to give back of an order: pieces, an amount, or, when neither is named, everything.
#[derive(InputObject)]
pub struct RefundOrderInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// An order of which something is paid and that is not shipped.
    pub order_id: OrderId,
    /// Pieces that will not be made; only while the order is paid and in no batch.
    pub lines: Option<Vec<RefundLineInput>>,
    /// Fen, while all pieces are made all the same.
    pub amount: Option<Long>,
    /// The `version` of the order that was looked at. When it has changed since, because somebody else gave the same
    /// back, nothing happens (`STALE`).
    pub version: Option<i32>,
    /// Why, for the history, up to 200 characters.
    pub reason: String,
}

/// What I want to return.
#[derive(InputObject)]
pub struct OpenAfterSalesInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// My order, shipped or received.
    pub order_id: OrderId,
    /// The pieces it is about.
    pub lines: Vec<RefundLineInput>,
    /// What is wrong with them, up to 500 characters.
    pub reason: String,
}

impl From<OpenAfterSalesInput> for Request {
    fn from(input: OpenAfterSalesInput) -> Self {
        Request {
            order_id: input.order_id.0,
            lines: input.lines.into_iter().map(|line| (line.line_id.0, line.pieces)).collect(),
            reason: input.reason,
        }
    }
}

/// What becomes of a case.
#[derive(InputObject)]
pub struct DecideAfterSalesInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// A case that waits for its decision.
    pub case_id: AfterSalesId,
    /// True to refund its pieces, false to refuse it.
    pub approve: bool,
    /// What the buyer reads, up to 500 characters.
    pub answer: String,
}

impl From<DecideAfterSalesInput> for Decision {
    fn from(input: DecideAfterSalesInput) -> Self {
        Decision { case_id: input.case_id.0, approve: input.approve, answer: input.answer }
    }
}
