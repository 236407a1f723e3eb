//! A buyer hears by WeChat message of a balance and of a later date, as often as she agreed to.

use chrono::Duration;
use entity::subscribe_message::{self, Column, MessagePurpose, MessageStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use smallbatch::people::admin;
use smallbatch::wechat::standin::{Fault, FaultKind, SentMessage};
use tests::template;

use super::plan::deposit;
use super::promise;
use super::shop::{Buyer, Shop};
use super::*;

const SEND: &str = "/cgi-bin/message/subscribe/send";

/// Accepts `times` sheets with the template of a purpose.
async fn accept(shop: &Shop<'_>, buyer: &Buyer<'_>, purpose: MessagePurpose, times: usize) {
    for _ in 0..times {
        shop.app.standin.accept_subscribe(&buyer.person.appid, &buyer.person.openid, template(purpose));
        shop.app.settle().await;
        // WeChat tells two answers of one person apart by the second.
        shop.app.app.clock.advance(Duration::seconds(1));
    }
}

fn sent(shop: &Shop<'_>) -> Vec<SentMessage> {
    shop.app.standin.sent_messages(&shop.brand.account.appid)
}

/// How many messages of a purpose a buyer will take.
async fn left(shop: &Shop<'_>, buyer: &Buyer<'_>, purpose: &str) -> i64 {
    let person = shop.brand.member(&buyer.person.openid).await;
    let answer = person.gql("{ subscribeTemplates { purpose templateId granted } }", json!({})).await;
    let all = answer.ok("subscribeTemplates");
    let of = |one: &&Value| one["purpose"] == purpose;
    all.as_array().expect("a list").iter().find(of).expect("a template")["granted"].as_i64().expect("a number")
}

/// What became of the messages, in no order.
async fn outcomes(shop: &Shop<'_>) -> Vec<MessageStatus> {
    let rows = subscribe_message::Entity::find().filter(Column::BrandId.eq(shop.brand.id));
    rows.all(shop.app.app.db.read()).await.expect("a read").into_iter().map(|row| row.status).collect()
}

/// A shop in which `li` has paid a deposit and takes so many messages about balances.
async fn committed<'a>(app: &'a TestApp, messages: usize) -> (Shop<'a>, Buyer<'a>, String) {
    let shop = Shop::open(app, &[9], deposit()).await;
    let li = shop.buyer("li").await;
    let order = shop.committed(&li, &[(0, 2)]).await;
    accept(&shop, &li, MessagePurpose::Balance, messages).await;
    (shop, li, order)
}

e2e! {
    async fn a_balance_is_asked_for_and_reminded_of_by_message(app) {
        let (shop, li, order) = committed(app, 3).await;
        let wu = shop.buyer("wu").await;
        shop.committed(&wu, &[(0, 1)]).await;
        let closed_at = app.now();
        shop.closed().await;
        let first = sent(&shop);
        let [asked] = &first[..] else { panic!("wu agreed to nothing: {first:#?}") };
        let until = (closed_at + Duration::days(3) + Duration::hours(8)).format("%Y年%m月%d日 %H:%M").to_string();
        let told = [("thing1", shop_title(&shop).await), ("amount2", "¥338.00".to_owned()), ("time3", until)];
        assert_eq!(asked.data, told.map(|(key, text)| (key.to_owned(), text)).into());
        assert_eq!((asked.openid.as_str(), asked.page.clone()), ("li", Some(format!("pages/order/index?id={order}"))));
        assert_eq!(left(&shop, &li, "BALANCE").await, 2);
        app.advance(Duration::days(2)).await;
        assert_eq!((sent(&shop).len(), left(&shop, &li, "BALANCE").await), (2, 1), "the reminder");
        app.advance(Duration::days(2)).await;
        assert_eq!((sent(&shop).len(), left(&shop, &li, "BALANCE").await), (2, 1), "it is forfeited");
        assert_eq!(outcomes(&shop).await, [MessageStatus::Sent, MessageStatus::Sent]);
    }

    async fn a_balance_that_is_paid_at_night_is_not_asked_for_in_the_morning(app) {
        let (mut shop, li, order) = committed(app, 1).await;
        // Tests begin at ten in the morning in Shanghai.
        app.app.clock.advance(Duration::hours(13));
        shop.desk = shop.brand.merchandiser().await;
        shop.closed().await;
        assert_eq!((outcomes(&shop).await, sent(&shop)), (vec![MessageStatus::Pending], vec![]));
        let li = shop.back(&li).await;
        shop.pay_in_wechat(&li, &order).await;
        app.settle().await;
        assert_eq!(shop.order_status(&li, &order).await, "PAID");
        app.advance(Duration::hours(10)).await;
        assert_eq!((outcomes(&shop).await, sent(&shop)), (vec![MessageStatus::None], vec![]));
        assert_eq!(left(&shop, &li, "BALANCE").await, 1, "it is worth another message");
    }

    async fn a_later_date_is_told_by_message(app) {
        let shop = Shop::open(app, &[9], json!({})).await;
        let li = shop.buyer("li").await;
        let order = shop.bought(&li, &[(0, 1)]).await;
        accept(&shop, &li, MessagePurpose::Promise, 2).await;
        promise::changed(&shop, 50, "WAIT").await;
        let told = sent(&shop);
        let [told] = &told[..] else { panic!("one message: {told:#?}") };
        let promised: chrono::NaiveDate = shop.promise.parse().expect("a date");
        assert_eq!(told.data["date2"], (promised + Duration::days(20)).format("%Y年%m月%d日").to_string());
        assert_eq!(told.page, Some(format!("pages/order/index?id={order}")));
        assert_eq!(promise::answers(&shop, &li, &order, true).await, "ACCEPTED");
        app.advance(Duration::days(4)).await;
        assert_eq!((sent(&shop).len(), left(&shop, &li, "PROMISE").await), (1, 1), "who answered is not asked again");
    }

    async fn a_message_that_may_have_arrived_is_not_repeated_and_one_that_did_not_is(app) {
        let (shop, li, _) = committed(app, 2).await;
        app.standin.set_fault(SEND, Fault::after(FaultKind::BadGateway));
        shop.closed().await;
        app.advance(Duration::hours(1)).await;
        assert_eq!((outcomes(&shop).await, sent(&shop).len()), (vec![MessageStatus::Unknown], 1));
        app.standin.set_fault(SEND, Fault::before(FaultKind::Throttled));
        app.advance(Duration::hours(47)).await;
        assert_eq!((sent(&shop).len(), left(&shop, &li, "BALANCE").await), (1, 1), "WeChat was busy");
        app.advance(Duration::minutes(11)).await;
        assert_eq!((sent(&shop).len(), left(&shop, &li, "BALANCE").await), (2, 0));
    }

    async fn a_message_lost_in_a_crash_is_not_repeated(app) {
        let (shop, li, _) = committed(app, 1).await;
        app.app.clock.advance(Duration::hours(13));
        let shop = Shop { desk: shop.brand.merchandiser().await, ..shop };
        shop.closed().await;
        // As if the process had died between WeChat's taking the message and our noting it.
        let died = subscribe_message::Entity::update_many()
            .col_expr(Column::Status, Expr::value(MessageStatus::Sending))
            .col_expr(Column::UpdatedAt, Expr::value(app.now() + Duration::hours(9)))
            .filter(Column::BrandId.eq(shop.brand.id));
        assert_eq!(died.exec(app.app.db.read()).await.expect("a write").rows_affected, 1);
        app.advance(Duration::hours(9)).await;
        assert_eq!(outcomes(&shop).await, [MessageStatus::Sending], "another process may be at it");
        app.advance(Duration::minutes(6)).await;
        assert_eq!((outcomes(&shop).await, sent(&shop)), (vec![MessageStatus::Unknown], vec![]));
        assert_eq!(left(&shop, &li, "BALANCE").await, 1);
    }

    async fn without_a_template_nothing_is_sent_and_the_inbox_is_filled(app) {
        let (shop, li, _) = committed(app, 1).await;
        admin::set_template(&app.app, shop.brand.id, MessagePurpose::Balance, None).await.expect("set");
        shop.closed().await;
        assert_eq!((outcomes(&shop).await, sent(&shop)), (vec![], vec![]));
        let found = li.person.gql("{ viewer { inbox(first: 10) { nodes { title } } } subscribeTemplates { purpose } }", json!({})).await;
        assert_eq!(found.ok("viewer.inbox.nodes.0.title"), json!("预售已成团，请支付尾款"));
        let purposes = ["PRESALE", "PROMISE", "TRANSFER"].map(|purpose| json!({ "purpose": purpose }));
        assert_eq!(found.ok("subscribeTemplates"), json!(purposes));
    }
}

async fn shop_title(shop: &Shop<'_>) -> String {
    let query = "query($id: ID!) { presale(id: $id) { title } }";
    shop.desk.gql(query, json!({ "id": shop.presale })).await.text("presale.title")
}
