//! Placing an order: one transaction that takes the pieces or nothing.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::order::{self, OrderStatus};
use entity::order_line;
use entity::payment_leg::{self, PaymentLegKind, PaymentLegStatus};
use sea_orm::{ActiveModelTrait, EntityTrait, Set, SqlErr};
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::base::id::random_bytes;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Move, Tx};
use crate::error::{Error, Fault, Result};
use crate::flow::order::lifecycle::payload;
use crate::flow::order::rules::{self, Wanted};
use crate::flow::order::{LAPSE, query};
use crate::flow::presale::capacity::{self, Pieces};
use crate::flow::presale::query::Offer;
use crate::flow::presale::{self};
use crate::people::actor::{Actor, MemberActor};
use crate::people::vault::{self, AddressIn, SealedAddress};

/// Tries at finding a free order number: two buyers of a day share one with odds of 1 in 10^8.
const NUMBER_TRIES: u32 = 4;

#[derive(Clone, Serialize)]
pub struct Place {
    pub presale_id: Uuid,
    pub lines: Vec<Wanted>,
    pub address_id: Uuid,
    /// Fen.
    pub expected_amount: i64,
    pub expected_promise_date: NaiveDate,
    pub terms_version: String,
}

/// Puts pieces on hold for the member and writes her order with its one amount due. Twelve
/// statements for an order of one SKU, one more for each further SKU.
pub async fn place(app: &App, actor: &Actor, key: &str, input: &Place) -> Result<Done<order::Model>> {
    let member = actor.member()?;
    let once = &Once::new(member.id, "placeOrder", key, input)?;
    let pieces = &rules::basket(&input.lines)?;
    let terms = &text::required("termsVersion", &input.terms_version, 40)?;
    let mut tries = 1;
    loop {
        let outcome = app.write(member.brand_id, |tx| async move {
            place_in(app, &tx, member, once, Checked { input, pieces, terms }).await
        });
        match outcome.await {
            Err(error) if tries < NUMBER_TRIES && is_number_taken(&error) => tries += 1,
            outcome => return outcome,
        }
    }
}

/// An input whose shape was checked.
#[derive(Clone, Copy)]
struct Checked<'a> {
    input: &'a Place,
    pieces: &'a Pieces,
    terms: &'a str,
}

async fn place_in(
    app: &App,
    tx: &Tx,
    member: &MemberActor,
    once: &Once,
    checked: Checked<'_>,
) -> Result<Done<order::Model>> {
    let id = tx.new_id();
    if let Some(id) = once.begin(tx, &id).await? {
        return Ok(Done::replay(query::find(tx.conn(), tx.brand_id(), id).await?));
    }
    let Checked { input, pieces, .. } = checked;
    let offer = presale::query::offer(tx.conn(), tx.brand_id(), input.presale_id, member.id).await?;
    if !presale::policy::sells(&offer.presale, tx.now()) {
        return Err(presale::rules::not_selling(&offer.presale).into());
    }
    let amount = rules::amount(offer.presale.price, pieces);
    rules::same_offer(
        amount,
        &offer.presale.currency,
        offer.presale.promise_date,
        input.expected_amount,
        input.expected_promise_date,
    )?;
    let to = AddressIn::Order(id);
    let address = vault::copy_address(app, tx.conn(), tx.brand_id(), member.id, input.address_id, to).await?;
    capacity::hold(tx, &offer.presale, member.id, pieces).await?;
    let order = write_order(tx, id, member.id, &offer, address, checked, tx.now() + app.config.hold).await?;
    write_lines(tx, &order, offer.presale.price, &input.lines).await?;
    write_leg(tx, &order).await?;
    tx.set_timer(LAPSE, id, order.hold_expires_at).await?;
    let by = By { kind: entity::state_change::StateChangeActorKind::Member, id: Some(member.id) };
    let step = Move { kind: "order", id, from: None, to: order.status, event: "placed", by, why: None };
    tx.moved(step, payload(&order)).await?;
    Ok(Done::new(order))
}

async fn write_order(
    tx: &Tx,
    id: Uuid,
    member_id: Uuid,
    offer: &Offer,
    address: SealedAddress,
    checked: Checked<'_>,
    hold_expires_at: DateTime<Utc>,
) -> Result<order::Model> {
    let order = order::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        order_no: Set(order_no(tx.now(), offer.time_zone)),
        presale_id: Set(offer.presale.id),
        member_id: Set(member_id),
        community_id: Set(offer.community_id),
        status: Set(OrderStatus::PendingPayment),
        version: Set(1),
        pieces: Set(checked.pieces.values().sum()),
        amount: Set(rules::amount(offer.presale.price, checked.pieces)),
        currency: Set(offer.presale.currency.clone()),
        promise_date: Set(offer.presale.promise_date),
        terms_version: Set(checked.terms.to_owned()),
        address: Set(address.sealed),
        recipient_masked: Set(address.recipient_masked),
        phone_masked: Set(address.phone_masked),
        region: Set(address.region),
        hold_expires_at: Set(hold_expires_at),
        paid_at: Set(None),
        shipped_at: Set(None),
        received_at: Set(None),
        created_at: Set(tx.now()),
    };
    Ok(order.insert(tx.conn()).await?)
}

async fn write_lines(tx: &Tx, order: &order::Model, price: i64, lines: &[Wanted]) -> Result<()> {
    let rows = lines.iter().zip(1..).map(|(line, position)| order_line::ActiveModel {
        brand_id: Set(order.brand_id),
        id: Set(tx.new_id()),
        order_id: Set(order.id),
        sku_id: Set(line.sku_id),
        position: Set(position),
        quantity: Set(line.quantity),
        refunded: Set(0),
        unit_price: Set(price),
    });
    order_line::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// The plan is `full`: one amount due, the whole.
async fn write_leg(tx: &Tx, order: &order::Model) -> Result<()> {
    let leg = payment_leg::ActiveModel {
        brand_id: Set(order.brand_id),
        id: Set(tx.new_id()),
        order_id: Set(order.id),
        kind: Set(PaymentLegKind::Full),
        amount: Set(order.amount),
        status: Set(PaymentLegStatus::Due),
        paid_at: Set(None),
        created_at: Set(tx.now()),
    };
    payment_leg::Entity::insert(leg).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// `yymmdd` of the brand's day and eight random digits.
fn order_no(now: DateTime<Utc>, zone: Tz) -> String {
    let mut random = [0; 8];
    random_bytes(&mut random);
    let digits = u64::from_be_bytes(random) % 100_000_000;
    format!("{}{digits:08}", now.with_timezone(&zone).format("%y%m%d"))
}

/// SQLite names the columns of a broken unique key, PostgreSQL the key, which has the columns in it.
fn is_number_taken(error: &Error) -> bool {
    let Error::Fault(Fault::Database(error)) = error else { return false };
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(what)) if what.contains("order_no"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn the_number_begins_with_the_brands_day() {
        let late = Utc.with_ymd_and_hms(2026, 12, 31, 20, 0, 0).unwrap();
        let number = order_no(late, chrono_tz::Asia::Shanghai);
        assert!(number.starts_with("270101") && number.len() == 14, "{number}");
    }
}
