//! What happens to payments, refunds and orders, as it is booked.

use entity::payment_leg::PaymentLegKind;
use entity::{order, payment_attempt, refund};
use sea_orm::ActiveEnum;
use uuid::Uuid;

use super::record;
use super::rules::{self, Event, Party};
use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::payment::query::{self, Standing};

/// The attempt paid its leg. With the balance the deposit becomes part of the price.
pub async fn settled(
    tx: &Tx,
    by: By,
    order: &order::Model,
    attempt: &payment_attempt::Model,
    leg: PaymentLegKind,
) -> Result<()> {
    record(tx, by, rules::payment_settled(&of_attempt(order, attempt), leg)?);
    if leg == PaymentLegKind::Balance {
        let deposit = query::deposit_left(tx.conn(), tx.brand_id(), order.id).await?;
        if deposit > 0 {
            record(tx, by, rules::balance_paid(&of_order(order, deposit))?);
        }
    }
    Ok(())
}

/// The buyer let the balance of the order lapse: its deposit is the brand's. Call it in the transaction
/// that moves the order.
pub async fn deposit_forfeited(tx: &Tx, by: By, order: &order::Model) -> Result<()> {
    let deposit = query::deposit_left(tx.conn(), tx.brand_id(), order.id).await?;
    if deposit > 0 {
        record(tx, by, rules::deposit_forfeited(&of_order(order, deposit))?);
    }
    Ok(())
}

/// The attempt was paid, and nothing needed it.
pub fn surplus(tx: &Tx, by: By, order: &order::Model, attempt: &payment_attempt::Model) -> Result<()> {
    record(tx, by, rules::payment_surplus(&of_attempt(order, attempt))?);
    Ok(())
}

fn of_attempt<'a>(order: &'a order::Model, attempt: &payment_attempt::Model) -> Event<'a> {
    Event {
        source_id: attempt.id,
        order_id: Some(order.id),
        party: Party::Nobody,
        currency: &order.currency,
        amount: attempt.amount,
    }
}

/// Money is to go back. Call it holding the order's row, like [`refund_closed`]: where the money is
/// changes with the order.
pub async fn refund_requested(tx: &Tx, by: By, refund: &refund::Model) -> Result<()> {
    let standing = query::standing(tx.conn(), tx.brand_id(), refund.attempt_id).await?;
    let journal = rules::refund_requested(&of_refund(&standing, refund), standing.held)?;
    record(tx, by, journal.because(refund.reason.to_value()));
    Ok(())
}

/// The money is with the buyer.
pub fn refund_succeeded(tx: &Tx, by: By, order: &order::Model, refund: &refund::Model) -> Result<()> {
    let of = Event {
        source_id: refund.id,
        order_id: Some(refund.order_id),
        party: Party::Nobody,
        currency: &order.currency,
        amount: refund.amount,
    };
    record(tx, by, rules::refund_succeeded(&of)?);
    Ok(())
}

/// The money did not leave. It goes to where the order's money is by now: an order may have been
/// received in the meantime, and has then earned all that is not on its way back.
pub async fn refund_closed(tx: &Tx, by: By, refund: &refund::Model) -> Result<()> {
    let standing = query::standing(tx.conn(), tx.brand_id(), refund.attempt_id).await?;
    record(tx, by, rules::refund_closed(&of_refund(&standing, refund), standing.held)?);
    Ok(())
}

fn of_refund<'a>(standing: &'a Standing, refund: &refund::Model) -> Event<'a> {
    Event {
        source_id: refund.id,
        order_id: Some(refund.order_id),
        party: Party::Nobody,
        currency: &standing.currency,
        amount: refund.amount,
    }
}

/// An order was received: what is paid for it and not on its way back is earned. Call it in the
/// transaction that moves the order.
pub async fn order_received(tx: &Tx, by: By, order: &order::Model) -> Result<()> {
    let attempts = query::settling_attempts(tx.conn(), tx.brand_id(), order.id).await?;
    let amount: i64 = attempts.iter().map(|attempt| attempt.amount - attempt.refunded).sum();
    // Every piece of it may have been refunded.
    if amount > 0 {
        record(tx, by, rules::revenue_recognised(&of_order(order, amount))?);
    }
    Ok(())
}

/// The brand took its word back, or paid later than it must: on top of the refund it owes the buyer as much as the
/// deposit, or interest. `id` is the claim's.
pub fn compensation_owed(tx: &Tx, by: By, order: &order::Model, id: Uuid, amount: i64) -> Result<()> {
    record(tx, by, rules::compensation_owed(&Event { source_id: id, ..of_order(order, amount) })?);
    Ok(())
}

fn of_order(order: &order::Model, amount: i64) -> Event<'_> {
    Event { source_id: order.id, order_id: Some(order.id), party: Party::Nobody, currency: &order.currency, amount }
}
