//! Figures: did the vote foretell the orders?

use chrono::NaiveDate;
use entity::order::{self, OrderStatus};
use entity::presale::{self, PresalePlan, PresaleStatus};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};
use smallbatch::base::id::{DesignId, RoundEntryId};
use tests::{Brand, Person};
use uuid::Uuid;

use super::*;

/// A presale of an entry, as far as counting needs it.
async fn sell(brand: &Brand<'_>, entry: &str, design: &str) -> Uuid {
    let app = &brand.app.app;
    let entry_id = RoundEntryId::parse(entry).expect("an entry").0;
    let entry = smallbatch::flow::round::query::find_entry(app.db.read(), brand.id, entry_id).await.expect("an entry");
    let presale = presale::ActiveModel {
        brand_id: Set(brand.id),
        id: Set(app.ids.next()),
        title: Set("Shirt".into()),
        entry_id: Set(entry_id),
        design_id: Set(DesignId::parse(design).expect("a design").0),
        design_version_id: Set(entry.design_version_id),
        status: Set(PresaleStatus::Open),
        plan: Set(PresalePlan::Full),
        first_leg: Set(0),
        balance_days: Set(0),
        price: Set(19_900),
        currency: Set("CNY".into()),
        member_limit: Set(2),
        moq: Set(1),
        opens_at: Set(app.clock.now()),
        closes_at: Set(app.clock.now() + chrono::Duration::days(3)),
        promise_date: Set(NaiveDate::from_ymd_opt(2026, 3, 20).expect("a date")),
        commission_bp: Set(0),
        hold_out_percent: Set(0),
        opened_at: Set(None),
        closed_at: Set(None),
        reached_pieces: Set(None),
        balance_opens_at: Set(None),
        balance_closes_at: Set(None),
        refund_due_at: Set(None),
        created_at: Set(app.clock.now()),
    };
    presale.insert(app.db.read()).await.expect("a presale").id
}

async fn buy(brand: &Brand<'_>, presale_id: Uuid, member: &Person<'_>, status: OrderStatus) {
    let app = &brand.app.app;
    let id = app.ids.next();
    let order = order::ActiveModel {
        brand_id: Set(brand.id),
        id: Set(id),
        order_no: Set(id.simple().to_string()),
        presale_id: Set(presale_id),
        member_id: Set(Brand::member_uuid(member)),
        community_id: Set(None),
        earner_id: Set(None),
        commission_bp: Set(0),
        status: Set(status),
        version: Set(1),
        pieces: Set(1),
        amount: Set(19_900),
        plan: Set(PresalePlan::Full),
        first_leg: Set(0),
        balance_days: Set(0),
        reached_pieces: Set(None),
        balance_due_at: Set(None),
        currency: Set("CNY".into()),
        promise_date: Set(NaiveDate::from_ymd_opt(2026, 3, 20).expect("a date")),
        agreed_date: Set(None),
        terms_version: Set("1".into()),
        address: Set(vec![0]),
        recipient_masked: Set(String::new()),
        phone_masked: Set(String::new()),
        region: Set(String::new()),
        hold_expires_at: Set(app.clock.now()),
        paid_at: Set(None),
        shipped_at: Set(None),
        received_at: Set(None),
        settled_at: Set(None),
        created_at: Set(app.clock.now()),
    };
    order.insert(app.db.read()).await.expect("an order");
}

/// The orders above have no lines and no money behind them, which the invariants would notice.
async fn forget_orders(brand: &Brand<'_>) {
    let orders = order::Entity::delete_many().filter(order::Column::BrandId.eq(brand.id));
    orders.exec(brand.app.app.db.read()).await.expect("no order stays");
}

async fn funnel(person: &Person<'_>, round: &str, design: &str, community: Option<&str>) -> tests::Answer {
    let query = "query($round: ID!, $design: ID!, $community: ID) { \
                 funnel(roundId: $round, designId: $design, communityId: $community) { \
                 members pickers pickerOrders others otherOrders orders \
                 pickerRate { basisPoints formatted } otherRate { formatted } rate { formatted } } }";
    person.gql(query, json!({ "round": round, "design": design, "community": community })).await
}

fn counts(answer: &tests::Answer) -> [i64; 6] {
    ["members", "pickers", "pickerOrders", "others", "otherOrders", "orders"]
        .map(|name| answer.int(&format!("funnel.{name}")))
}

e2e! {
    async fn pickers_and_others_are_told_apart_and_counted_once(app) {
        let brand = app.brand("first").await;
        let koc = brand.koc("koc").await;
        let names: Vec<String> = (0..7).map(|n| format!("member{n}")).collect();
        let mut members = Vec::new();
        for name in &names {
            members.push(brand.member(name).await);
        }
        // Members 0–4 are in one community, 3–6 in the other: seven people, not nine.
        let one = brand.community(&koc, &members[..5].iter().collect::<Vec<_>>()).await;
        let two = brand.community(&koc, &members[3..].iter().collect::<Vec<_>>()).await;
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&one, &two], &designs, 1).await;
        for picker in &members[..3] {
            picker.pick(&round, &designs[0]).await.ok("pickDesign.entry");
        }
        members[4].pick(&round, &designs[1]).await.ok("pickDesign.entry");
        let none = funnel(&brand.owner, &round, &designs[0], None).await;
        assert_eq!(counts(&none), [7, 3, 0, 4, 0, 0]);

        let closed = brand.owner.mutate("closeRound", json!({ "roundId": round }), "round { entries { id } }").await;
        let presale = sell(&brand, &closed.text("closeRound.round.entries.0.id"), &designs[0]).await;
        buy(&brand, presale, &members[0], OrderStatus::Paid).await;
        buy(&brand, presale, &members[0], OrderStatus::Shipped).await;
        buy(&brand, presale, &members[1], OrderStatus::Completed).await;
        buy(&brand, presale, &members[2], OrderStatus::Refunded).await;
        buy(&brand, presale, &members[4], OrderStatus::InBatch).await;
        buy(&brand, presale, &members[5], OrderStatus::PendingPayment).await;

        let all = funnel(&brand.owner, &round, &designs[0], None).await;
        assert_eq!(counts(&all), [7, 3, 2, 4, 1, 3]);
        assert_eq!(all.int("funnel.pickerRate.basisPoints"), 6667);
        assert_eq!(all.text("funnel.pickerRate.formatted"), "66.7 %");
        assert_eq!(all.text("funnel.otherRate.formatted"), "25.0 %");
        assert_eq!(all.text("funnel.rate.formatted"), "42.9 %");
        let of_two = funnel(&brand.owner, &round, &designs[0], Some(&two)).await;
        assert_eq!(counts(&of_two), [4, 0, 0, 4, 1, 1]);
        assert_eq!(of_two.at("funnel.pickerRate"), &Value::Null);
        let other_design = funnel(&brand.owner, &round, &designs[1], None).await;
        assert_eq!(counts(&other_design), [7, 1, 0, 6, 0, 0]);

        members[1].mutate("leaveCommunity", json!({ "communityId": one }), "community { id }").await.ok("leaveCommunity");
        members[3].mutate("leaveCommunity", json!({ "communityId": one }), "community { id }").await.ok("leaveCommunity");
        let later = funnel(&brand.owner, &round, &designs[0], None).await;
        assert_eq!(counts(&later), [7, 3, 2, 4, 1, 3], "who picked and left still counts");
        // Entry, funnel; the session is remembered from just before.
        assert_eq!(funnel(&brand.owner, &round, &designs[0], None).await.statements(), 2);
        forget_orders(&brand).await;
    }

    async fn figures_are_for_the_brands_own_people(app) {
        let (brand, other) = (app.brand("first").await, app.brand("second").await);
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let (round, _, design) = brand.advanced_entry(&community, &[&mei]).await;
        assert_eq!(funnel(&mei, &round, &design, None).await.fault(), "FORBIDDEN");
        assert_eq!(funnel(&other.owner, &round, &design, None).await.fault(), "NOT_FOUND");
        let elsewhere = brand.community(&koc, &[]).await;
        assert_eq!(funnel(&brand.owner, &round, &design, Some(&elsewhere)).await.fault(), "NOT_FOUND");
        assert_eq!(funnel(&brand.owner, &round, &design, None).await.text("funnel.pickerRate.formatted"), "0.0 %");
    }
}
