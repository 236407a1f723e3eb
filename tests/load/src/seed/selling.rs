//! Presales, and orders of the past.

use anyhow::Result;
use chrono::{Duration, NaiveDate};
use entity::order::OrderStatus;
use entity::payment_leg::{PaymentLegKind, PaymentLegStatus};
use entity::presale::{PresalePlan, PresaleStatus};
use smallbatch::people::vault::{AddressIn, seal_address};

use super::Makes;
use super::people::home;
use super::table::Tables;
use crate::plan::{self, FLASH, Kind, ORDERS, PRESALE, PRICE, PROMISE, SKUS, SLATE, TERMS, id, sku_id};

const COLORS: [&str; 3] = ["白", "雾蓝", "麦色"];
const SIZES: [&str; 4] = ["XS", "S", "M", "L"];

pub fn presales(makes: &Makes<'_>, tables: &mut Tables) {
    let brand_id = plan::brand_id(makes.brand);
    // Only the first brand holds a flash sale.
    for presale in PRESALE..=(if makes.brand == 0 { FLASH } else { PRESALE }) {
        let presale_id = id(Kind::Presale, makes.brand, presale);
        tables.presale.push(entity::presale::Model {
            brand_id,
            id: presale_id,
            title: "小立领衬衫预售".to_owned(),
            entry_id: id(Kind::Entry, makes.brand, SLATE),
            design_id: id(Kind::Design, makes.brand, SLATE),
            design_version_id: id(Kind::Version, makes.brand, SLATE),
            status: PresaleStatus::Open,
            plan: PresalePlan::Full,
            first_leg: 0,
            balance_days: 0,
            price: PRICE,
            currency: "CNY".to_owned(),
            member_limit: if presale == FLASH { 1 } else { 1_000_000 },
            moq: 1,
            opens_at: makes.now - Duration::days(1),
            closes_at: makes.now + Duration::days(60),
            promise_date: promise(),
            hold_out_percent: 0,
            opened_at: Some(makes.now - Duration::days(1)),
            closed_at: None,
            reached_pieces: None,
            balance_opens_at: None,
            balance_closes_at: None,
            refund_due_at: None,
            created_at: makes.now,
        });
        for sku in 0..SKUS {
            let (color, size) = (COLORS[(sku / 4) as usize], SIZES[(sku % 4) as usize]);
            tables.presale_sku.push(entity::presale_sku::Model {
                brand_id,
                id: sku_id(makes.brand, presale, sku),
                presale_id,
                code: format!("D-0021-{sku:02}"),
                color: color.to_owned(),
                size: size.to_owned(),
                size_designation: None,
                position: sku as i32 + 1,
                cap: plan::cap(presale, sku),
                held: 0,
                paid: 0,
                selling: true,
            });
        }
    }
}

fn promise() -> NaiveDate {
    PROMISE.parse().expect("a date")
}

/// Ten lapsed orders of two pieces for each of the brand's first members: what an order list shows,
/// holding no piece.
pub fn orders(makes: &Makes<'_>, tables: &mut Tables) -> Result<()> {
    for buyer in 0..makes.plan.buyers(makes.brand) {
        let member = tables.member.iter().rfind(|row| row.id == id(Kind::Member, makes.brand, buyer));
        let key = smallbatch::people::vault::data_key_of(&makes.keyring, member.expect("made before"))?;
        for number in 0..ORDERS {
            order(makes, tables, buyer, number, &key);
        }
    }
    Ok(())
}

fn order(makes: &Makes<'_>, tables: &mut Tables, buyer: u64, number: u64, key: &smallbatch::base::crypto::Key) {
    let index = buyer * ORDERS + number;
    let (brand_id, order_id) = (plan::brand_id(makes.brand), id(Kind::Order, makes.brand, index));
    let address = seal_address(key, AddressIn::Order(order_id), &home());
    let placed = makes.now - Duration::hours(number as i64 + 1);
    tables.order.push(entity::order::Model {
        brand_id,
        id: order_id,
        order_no: format!("260101{index:08}"),
        presale_id: id(Kind::Presale, makes.brand, PRESALE),
        member_id: id(Kind::Member, makes.brand, buyer),
        community_id: None,
        status: OrderStatus::Expired,
        version: 2,
        pieces: 2,
        amount: 2 * PRICE,
        plan: PresalePlan::Full,
        first_leg: 0,
        balance_days: 0,
        reached_pieces: None,
        balance_due_at: None,
        currency: "CNY".to_owned(),
        promise_date: promise(),
        agreed_date: None,
        terms_version: TERMS.to_owned(),
        address: address.sealed,
        recipient_masked: address.recipient_masked,
        phone_masked: address.phone_masked,
        region: address.region,
        hold_expires_at: placed + Duration::minutes(15),
        paid_at: None,
        shipped_at: None,
        received_at: None,
        settled_at: None,
        created_at: placed,
    });
    for line in 0..2 {
        tables.order_line.push(entity::order_line::Model {
            brand_id,
            id: id(Kind::Line, makes.brand, index * 2 + line),
            order_id,
            sku_id: sku_id(makes.brand, PRESALE, (index * 2 + line) % SKUS),
            position: line as i32 + 1,
            quantity: 1,
            refunded: 0,
            returned: 0,
            unit_price: PRICE,
        });
    }
    tables.payment_leg.push(entity::payment_leg::Model {
        brand_id,
        id: id(Kind::Leg, makes.brand, index),
        order_id,
        kind: PaymentLegKind::Full,
        amount: 2 * PRICE,
        status: PaymentLegStatus::Void,
        paid_at: None,
        created_at: placed,
    });
}
