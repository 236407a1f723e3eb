//! A presale that many paid for and that failed, with nothing refunded yet.

use chrono::Duration;
use entity::presale_sku;
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use smallbatch::base::id::PresaleId;
use smallbatch::flow::order::rules::Wanted;
use smallbatch::flow::order::service::{Place, place};
use smallbatch::flow::payment::{confirm, pay};
use smallbatch::flow::presale::rules::plan::Plan;
use smallbatch::flow::presale::rules::{Sku, Terms};
use smallbatch::flow::presale::service::{Draft, close, draft, open, schedule};
use smallbatch::wechat::standin::Switches;
use smallbatch::worker::run_due;
use uuid::Uuid;

use crate::histories::seed_of;
use crate::histories::world::{Buyer, World, no_fees};

const PRICE: i64 = 10_007;
/// Who buys at the same time.
const TOGETHER: usize = 16;

pub struct Sale {
    pub presale_id: Uuid,
    /// As the API has it.
    pub public_id: String,
    /// Orders and the fen that were paid for them.
    pub orders: Vec<(Uuid, i64)>,
}

impl Sale {
    /// Each order is of another buyer. All events before the failure are handed out, none after it.
    pub async fn failed(world: &World<'_>, orders: usize, seed: u64) -> Self {
        let (app, desk) = (world.app(), &world.desk);
        // The server that would be told is not there yet.
        world.test.standin.set_switches(Switches { drop: true, ..no_fees() });
        let input = Draft { entry_id: world.entry_id, terms: terms(world, orders) };
        let drafted = draft(app, desk, &world.key(), &input).await.expect("a draft").value;
        schedule(app, desk, &world.key(), drafted.id).await.expect("a schedule");
        let presale = open(app, desk, &world.key(), drafted.id).await.expect("an open presale").value;
        let skus = &skus_of(world, presale.id).await;
        let public_id = PresaleId::new(presale.id).to_string();
        let mut sale = Sale { presale_id: presale.id, public_id, orders: Vec::new() };
        for first in (0..orders).step_by(TOGETHER) {
            let buys = (first..orders.min(first + TOGETHER)).map(|n| {
                let pieces = 1 + (seed_of(seed ^ 2, n) % 3) as i32;
                let lines = vec![Wanted { sku_id: skus[n % skus.len()], quantity: pieces }];
                let (expected_amount, expected_promise_date) = (PRICE * i64::from(pieces), presale.promise_date);
                async move {
                    let buyer = Buyer::of(&world.brand, &format!("mass-{n}")).await;
                    let order = Place {
                        presale_id: presale.id,
                        lines,
                        address_id: buyer.address_id,
                        expected_amount,
                        expected_promise_date,
                        terms_version: "2026-01".to_owned(),
                        koc_code: None,
                    };
                    bought(world, &buyer, &order).await
                }
            });
            sale.orders.extend(join_all(buys).await);
        }
        while run_due(app).await.expect("the worker reads its work") > 0 {}
        close(app, desk, &world.key(), presale.id).await.expect("a closed presale");
        world.test.standin.set_switches(no_fees());
        sale
    }
}

async fn bought(world: &World<'_>, buyer: &Buyer, order: &Place) -> (Uuid, i64) {
    let app = world.app();
    let order = place(app, &buyer.actor, &world.key(), order).await.expect("an order").value;
    let payable = pay(app, &buyer.actor, &world.key(), order.id).await.expect("a payment");
    world.test.standin.pay(&payable.params, &buyer.openid).expect("WeChat takes the money");
    confirm(app, &buyer.actor, &world.key(), order.id).await.expect("WeChat says that it is paid");
    (order.id, order.amount)
}

async fn skus_of(world: &World<'_>, presale_id: Uuid) -> Vec<Uuid> {
    let skus = presale_sku::Entity::find()
        .filter(presale_sku::Column::BrandId.eq(world.brand_id))
        .filter(presale_sku::Column::PresaleId.eq(presale_id));
    skus.all(world.app().db.read()).await.expect("SKUs read").into_iter().map(|sku| sku.id).collect()
}

/// More is wanted than all of them order.
fn terms(world: &World<'_>, orders: usize) -> Terms {
    let sku = |size: &str| Sku { color: "红".to_owned(), size: size.to_owned(), size_designation: None, cap: 100_000 };
    let now = world.app().clock.now();
    Terms {
        title: "亚麻连衣裙".to_owned(),
        skus: ["S", "M", "L", "XL"].map(sku).to_vec(),
        price: PRICE,
        commission_bp: 0,
        plan: Plan::Full,
        tiers: Vec::new(),
        member_limit: 5,
        moq: i32::try_from(orders * 3 + 1).expect("a target"),
        opens_at: now + Duration::minutes(1),
        closes_at: now + Duration::days(7),
        promise_date: (now + Duration::days(60)).date_naive(),
        community_ids: Vec::new(),
        hold_out_percent: 0,
    }
}
