//! The rows of orders that are placed together, in one round trip.

use entity::order::OrderStatus;
use entity::payment_leg::{PaymentLegKind, PaymentLegStatus};
use entity::presale::PresalePlan;
use entity::state_change::StateChangeActorKind;
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, Value};
use serde_json::json;

use super::Request;
use super::decide::{Placed, terms};
use crate::base::rows::{Kind, bytes, rows};
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::order::LAPSE;
use crate::flow::order::lifecycle::payload;
use crate::flow::order::rules::price::{Due, amount_due};
use crate::flow::presale::capacity;
use crate::flow::presale::query::Offer;
use crate::news;

/// Claims the keys and writes orders, lines, amounts due, timers, history and events. A key that someone
/// else claimed in the meantime undoes all of it (see [`capacity::is_lost`]).
pub(super) async fn all(tx: &Tx, offer: &Offer, placed: &[Placed], requests: &[Request]) -> Result<()> {
    let Some(Placed { order: first, .. }) = placed.first() else { return Ok(()) };
    let lines: Vec<_> = placed.iter().flat_map(|placed| lines(tx, placed, requests)).collect();
    let expected = placed.len() * 6 + lines.len();
    let orders: serde_json::Value = placed.iter().map(|placed| order(tx, offer, placed, requests)).collect();
    let leg = if offer.presale.plan == PresalePlan::Full { PaymentLegKind::Full } else { PaymentLegKind::Deposit };
    let values: Vec<Value> = vec![
        tx.brand_id().into(),
        orders.into(),
        serde_json::Value::from(lines).into(),
        first.created_at.into(),
        first.hold_expires_at.into(),
        offer.presale.id.into(),
        offer.presale.currency.clone().into(),
        offer.presale.promise_date.into(),
        offer.presale.price.into(),
        offer.presale.plan.to_value().into(),
        offer.presale.first_leg.into(),
        offer.presale.balance_days.into(),
        leg.to_value().into(),
    ];
    let written = tx.insert_together(&inserts(tx.conn().get_database_backend()), values).await?;
    tx.news(news::presale(offer.presale.id));
    for Placed { order, .. } in placed {
        tx.news(news::orders_of(order.member_id));
    }
    if written == expected as u64 { Ok(()) } else { Err(capacity::lost()) }
}

/// What differs between the orders of a group; ids of all rows that an order brings along.
fn order(tx: &Tx, offer: &Offer, placed: &Placed, requests: &[Request]) -> serde_json::Value {
    let (order, request) = (&placed.order, &requests[placed.request]);
    let first = amount_due(&terms(&offer.presale, &request.pieces), Due::First, None);
    json!({
        "id": order.id,
        "order_no": order.order_no,
        "member_id": order.member_id,
        "community_id": order.community_id,
        "earner_id": order.earner_id,
        "commission_bp": order.commission_bp,
        "pieces": order.pieces,
        "amount": order.amount,
        "terms_version": order.terms_version,
        "address": bytes(&order.address),
        "recipient_masked": order.recipient_masked,
        "phone_masked": order.phone_masked,
        "region": order.region,
        "key": request.once.key(),
        "input_hash": bytes(request.once.input_hash()),
        "answer": order.id,
        "payload": payload(order),
        "leg_id": tx.new_id(),
        "leg_amount": first,
        "timer_id": tx.new_id(),
        "change_id": tx.new_id(),
        "event_id": tx.new_id(),
    })
}

const ORDER: [(&str, Kind); 22] = [
    ("id", Kind::Uuid),
    ("order_no", Kind::Text),
    ("member_id", Kind::Uuid),
    ("community_id", Kind::Uuid),
    ("earner_id", Kind::Uuid),
    ("commission_bp", Kind::Int),
    ("pieces", Kind::Int),
    ("amount", Kind::Long),
    ("terms_version", Kind::Text),
    ("address", Kind::Bytes),
    ("recipient_masked", Kind::Text),
    ("phone_masked", Kind::Text),
    ("region", Kind::Text),
    ("key", Kind::Text),
    ("input_hash", Kind::Bytes),
    ("answer", Kind::Json),
    ("payload", Kind::Json),
    ("leg_id", Kind::Uuid),
    ("leg_amount", Kind::Long),
    ("timer_id", Kind::Uuid),
    ("change_id", Kind::Uuid),
    ("event_id", Kind::Uuid),
];

fn lines(tx: &Tx, placed: &Placed, requests: &[Request]) -> Vec<serde_json::Value> {
    let wanted = requests[placed.request].input.lines.iter().zip(1..);
    wanted
        .map(|(line, position)| {
            json!({ "id": tx.new_id(), "order_id": placed.order.id, "sku_id": line.sku_id, "position": position, "quantity": line.quantity })
        })
        .collect()
}

const LINE: [(&str, Kind); 5] = [
    ("id", Kind::Uuid),
    ("order_id", Kind::Uuid),
    ("sku_id", Kind::Uuid),
    ("position", Kind::Int),
    ("quantity", Kind::Int),
];

/// `$1` brand, `$2` orders, `$3` lines, `$4` now, `$5` end of the hold, `$6` presale, `$7` currency,
/// `$8` promise date, `$9` price, `$10` plan, `$11` first leg, `$12` days for the balance, `$13` kind of leg. Keys in order, so that two processes wait for each other one way.
fn inserts(backend: DbBackend) -> [String; 7] {
    let (v, lines) = (rows(backend, 2, &ORDER), rows(backend, 3, &LINE));
    let (status, member) = (OrderStatus::PendingPayment.to_value(), StateChangeActorKind::Member.to_value());
    let due = PaymentLegStatus::Due.to_value();
    [
        format!(
            "insert into idempotency (brand_id, actor_id, operation, key, input_hash, answer, created_at) \
             select $1, v.member_id, 'placeOrder', v.key, v.input_hash, v.answer, $4 from {v} where true \
             order by v.member_id, v.key on conflict (brand_id, actor_id, operation, key) do nothing"
        ),
        format!(
            "insert into orders (brand_id, id, order_no, presale_id, member_id, community_id, earner_id, commission_bp, status, version, pieces, amount, \
             plan, first_leg, balance_days, currency, promise_date, terms_version, address, recipient_masked, phone_masked, region, hold_expires_at, created_at) \
             select $1, v.id, v.order_no, $6, v.member_id, v.community_id, v.earner_id, v.commission_bp, '{status}', 1, v.pieces, v.amount, $10, $11, $12, $7, $8, \
             v.terms_version, v.address, v.recipient_masked, v.phone_masked, v.region, $5, $4 from {v}"
        ),
        format!(
            "insert into order_line (brand_id, id, order_id, sku_id, position, quantity, refunded, returned, unit_price) \
             select $1, v.id, v.order_id, v.sku_id, v.position, v.quantity, 0, 0, $9 from {lines}"
        ),
        format!(
            "insert into payment_leg (brand_id, id, order_id, kind, amount, status, created_at) \
             select $1, v.leg_id, v.id, $13, v.leg_amount, '{due}', $4 from {v}"
        ),
        format!(
            "insert into timer (brand_id, id, kind, subject_id, due_at, attempts, created_at) \
             select $1, v.timer_id, '{LAPSE}', v.id, $5, 0, $4 from {v}"
        ),
        format!(
            "insert into state_change (brand_id, id, subject_kind, subject_id, to_state, event, actor_kind, actor_id, created_at) \
             select $1, v.change_id, 'order', v.id, '{status}', 'placed', '{member}', v.member_id, $4 from {v}"
        ),
        // The first event of a new thing. Nothing acts on it, so it is done as it is written: handing out one for each
        // order would cost a flash sale more than the orders themselves.
        format!(
            "insert into outbox (brand_id, id, aggregate_kind, aggregate_id, sequence, kind, version, payload, attempts, available_at, done_at, created_at) \
             select $1, v.event_id, 'order', v.id, 1, 'order.placed', 1, v.payload, 0, $4, $4, $4 from {v}"
        ),
    ]
}
