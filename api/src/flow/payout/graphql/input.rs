//! What the brand's finance people send.

use async_graphql::InputObject;
use chrono::NaiveDate;

use crate::base::id::{CompensationId, FactoryId, MemberId, TransferId};
use crate::base::money::Long;
use crate::flow::payout::factory::Payment;

/// Which KOC to pay.
#[derive(InputObject)]
pub struct PayCommissionInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// The KOC.
    pub member_id: MemberId,
    /// Why, up to 500 characters, for the audit trail.
    pub why: Option<String>,
}

/// To pay every KOC.
#[derive(InputObject)]
pub struct PayCommissionsInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// Why, up to 500 characters, for the audit trail.
    pub why: Option<String>,
}

/// Which compensation to pay.
#[derive(InputObject)]
pub struct PayCompensationInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// One that is owed; whatever else its buyer is owed is paid with it.
    pub compensation_id: CompensationId,
    /// Why, up to 500 characters, for the audit trail.
    pub why: Option<String>,
}

/// Which transfer to take back.
#[derive(InputObject)]
pub struct CancelTransferInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// One that is not confirmed yet.
    pub transfer_id: TransferId,
    /// Why, up to 500 characters, for the audit trail.
    pub why: Option<String>,
}

/// A bank transfer to a factory.
#[derive(InputObject)]
pub struct RecordFactoryPaymentInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// Who was paid.
    pub factory_id: FactoryId,
    /// How much, in fen; not more than the brand owes it.
    pub amount: Long,
    /// The bank's day, today or earlier.
    pub paid_on: NaiveDate,
    /// The bank's number of the transfer, up to 64 characters; each is recorded once.
    pub reference: String,
    /// A note, up to 500 characters, for the audit trail.
    pub why: Option<String>,
}

impl From<RecordFactoryPaymentInput> for Payment {
    fn from(input: RecordFactoryPaymentInput) -> Self {
        Payment {
            factory_id: input.factory_id.0,
            amount: input.amount.0,
            paid_on: input.paid_on,
            reference: input.reference,
            why: input.why,
        }
    }
}
