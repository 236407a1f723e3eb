//! Members hear that what they picked can be bought.

use chrono::Duration;
use entity::presale_notice;
use entity::subscribe_message::MessageStatus;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use smallbatch::base::id::PresaleId;
use smallbatch::growth::notify;
use smallbatch::people::privacy;
use smallbatch::wechat::standin::{Fault, FaultKind, SentMessage};
use smallbatch::worker::Event;
use tests::Person;

use super::tryon::Stage;
use super::*;

const TEMPLATE: &str = "tmpl-presale-opened";

/// Opens a presale of the stage's design; its id.
async fn open_presale(stage: &Stage<'_>, hold_out_percent: i32) -> String {
    let app = stage.app;
    let promise = (app.now() + Duration::days(20)).date_naive();
    let draft = json!({ "entryId": stage.entry, "title": "亚麻衬衫预售",
        "skus": [{ "color": "米白", "size": "M", "cap": 100 }], "price": 19_900, "memberLimit": 2, "moq": 1,
        "opensAt": app.at(Duration::zero()), "closesAt": app.at(Duration::days(5)), "promiseDate": promise,
        "holdOutPercent": hold_out_percent });
    let drafted = stage.merchandiser.mutate("draftPresale", draft, "presale { id }").await;
    let id = drafted.text("draftPresale.presale.id");
    let scheduled = json!({ "presaleId": id });
    stage.merchandiser.mutate("schedulePresale", scheduled, "presale { id }").await.ok("schedulePresale.presale.id");
    let opened = stage.merchandiser.mutate("openPresale", json!({ "presaleId": id }), "presale { status }").await;
    assert_eq!(opened.text("openPresale.presale.status"), "OPEN");
    id
}

/// Accepts `times` subscribe sheets, as WeChat reports them.
async fn accept(stage: &Stage<'_>, person: &Person<'_>, times: usize) {
    for _ in 0..times {
        stage.app.standin.accept_subscribe(&person.appid, &person.openid, TEMPLATE);
        stage.app.settle().await;
        // WeChat tells two answers of one person apart by the second.
        stage.app.app.clock.advance(Duration::seconds(1));
    }
}

fn messages(stage: &Stage<'_>) -> Vec<SentMessage> {
    stage.app.standin.sent_messages(&stage.brand.account.appid)
}

async fn left(person: &Person<'_>) -> i64 {
    person.gql("{ presaleReminder { templateId granted } }", json!({})).await.int("presaleReminder.granted")
}

async fn titles(person: &Person<'_>) -> Vec<Value> {
    let query = "{ viewer { inbox(first: 10) { edges { node { kind title } } } } }";
    let answer = person.gql(query, json!({})).await;
    answer.ok("viewer.inbox.edges").as_array().expect("edges").clone()
}

async fn summary(stage: &Stage<'_>, presale: &str) -> tests::Answer {
    let query = "query($id: ID!) { presaleNotices(presaleId: $id) { told heldOut messages { outcome count } } }";
    stage.merchandiser.gql(query, json!({ "id": presale })).await
}

e2e! {
    async fn one_grant_is_one_message(app) {
        let stage = Stage::set_with(app, &["hua"]).await;
        accept(&stage, &stage.mei, 2).await;
        assert_eq!(left(&stage.mei).await, 2);
        let presale = open_presale(&stage, 0).await;
        app.settle().await;
        let sent = messages(&stage);
        assert_eq!(sent.len(), 1, "Hua granted nothing: {sent:#?}");
        assert_eq!(sent[0].openid, "mei");
        assert_eq!(sent[0].data["thing1"], "亚麻衬衫预售");
        assert_eq!(sent[0].data["amount2"], "¥199.00");
        assert_eq!(left(&stage.mei).await, 1);
        let hua = stage.brand.member("hua").await;
        assert_eq!(titles(&hua).await.len(), 1);
        assert_eq!(titles(&stage.mei).await.len(), 1);
        let told = summary(&stage, &presale).await;
        assert_eq!((told.int("presaleNotices.told"), told.int("presaleNotices.heldOut")), (2, 0));
        let outcomes = told.ok("presaleNotices.messages");
        assert!(outcomes.as_array().expect("rows").contains(&json!({ "outcome": "SENT", "count": 1 })), "{outcomes:#}");
    }

    async fn hearing_twice_of_an_opening_tells_nobody_twice(app) {
        let stage = Stage::set(app).await;
        accept(&stage, &stage.mei, 2).await;
        let presale = PresaleId::parse(&open_presale(&stage, 0).await).expect("an id").0;
        app.settle().await;
        for _ in 0..2 {
            let event = Event {
                brand_id: stage.brand.id,
                id: app.app.ids.next(),
                aggregate_id: presale,
                kind: "presale.opened".to_owned(),
                payload: json!({}),
            };
            notify::on_event(&app.app, &event).await.expect("heard again");
            notify::send_pending(&app.app, stage.brand.id, presale).await.expect("nothing to send");
        }
        assert_eq!(messages(&stage).len(), 1);
        assert_eq!(titles(&stage.mei).await.len(), 1);
        assert_eq!(left(&stage.mei).await, 1);
    }

    async fn a_message_lost_in_a_crash_is_not_repeated(app) {
        let stage = Stage::set(app).await;
        accept(&stage, &stage.mei, 1).await;
        let presale = open_presale(&stage, 0).await;
        app.settle().await;
        // As if the process had died between WeChat's taking the message and our noting it.
        presale_notice::Entity::update_many()
            .col_expr(presale_notice::Column::Message, Expr::value(MessageStatus::Sending))
            .filter(presale_notice::Column::BrandId.eq(stage.brand.id))
            .exec(app.app.db.read()).await.expect("updated");
        let id = PresaleId::parse(&presale).expect("an id").0;
        notify::send_pending(&app.app, stage.brand.id, id).await.expect("watches");
        app.advance(Duration::minutes(6)).await;
        assert_eq!(messages(&stage).len(), 1);
        let told = summary(&stage, &presale).await;
        assert_eq!(told.ok("presaleNotices.messages"), json!([{ "outcome": "UNKNOWN", "count": 1 }]));
    }

    async fn an_unclear_answer_is_not_asked_twice_and_a_busy_one_is(app) {
        let stage = Stage::set_with(app, &["hua"]).await;
        accept(&stage, &stage.mei, 1).await;
        app.standin.set_fault("/cgi-bin/message/subscribe/send", Fault::after(FaultKind::BadGateway));
        let presale = open_presale(&stage, 0).await;
        app.settle().await;
        app.advance(Duration::hours(1)).await;
        assert_eq!(messages(&stage).len(), 1);
        let outcomes = summary(&stage, &presale).await.ok("presaleNotices.messages");
        assert!(outcomes.as_array().expect("rows").contains(&json!({ "outcome": "UNKNOWN", "count": 1 })), "{outcomes:#}");
        let hua = stage.brand.member("hua").await;
        accept(&stage, &hua, 1).await;
        app.standin.set_fault("/cgi-bin/message/subscribe/send", Fault::before(FaultKind::Throttled));
        open_presale(&stage, 0).await;
        app.settle().await;
        assert_eq!((messages(&stage).len(), left(&hua).await), (1, 1));
        app.advance(Duration::minutes(11)).await;
        assert_eq!((messages(&stage).len(), left(&hua).await), (2, 0));
    }

    async fn who_is_held_out_is_not_told(app) {
        let stage = Stage::set(app).await;
        accept(&stage, &stage.mei, 1).await;
        let presale = open_presale(&stage, 100).await;
        app.settle().await;
        assert!(messages(&stage).is_empty());
        assert!(titles(&stage.mei).await.is_empty());
        assert_eq!(left(&stage.mei).await, 1);
        let told = summary(&stage, &presale).await;
        assert_eq!((told.int("presaleNotices.told"), told.int("presaleNotices.heldOut")), (0, 1));
    }

    async fn who_said_no_in_the_settings_gets_no_message(app) {
        let stage = Stage::set(app).await;
        accept(&stage, &stage.mei, 2).await;
        let item = smallbatch::wechat::push::SubscribeItem { template_id: TEMPLATE.to_owned(), accepted: false };
        let event = smallbatch::wechat::push::PushEvent::SubscribeChange { openid: "mei".to_owned(), items: vec![item] };
        let push = smallbatch::wechat::push::Push { identity: "change|mei|1".to_owned(), created_at: None, event };
        let (id, _) = smallbatch::provider::keep(&app.app, stage.brand.id, &push).await.expect("kept");
        smallbatch::provider::apply(&app.app, stage.brand.id, &id).await.expect("applied");
        assert_eq!(left(&stage.mei).await, 0);
        open_presale(&stage, 0).await;
        app.settle().await;
        assert!(messages(&stage).is_empty());
        assert_eq!(titles(&stage.mei).await.len(), 1);
    }

    async fn at_night_the_inbox_is_filled_and_the_message_waits_for_the_morning(app) {
        let stage = Stage::set(app).await;
        accept(&stage, &stage.mei, 1).await;
        // Tests begin at ten in the morning in Shanghai.
        app.app.clock.advance(Duration::hours(13));
        open_presale(&stage, 0).await;
        app.settle().await;
        let mei = stage.brand.member("mei").await;
        assert_eq!((titles(&mei).await.len(), messages(&stage).len()), (1, 0));
        app.advance(Duration::hours(8)).await;
        assert!(messages(&stage).is_empty());
        app.advance(Duration::hours(1)).await;
        assert_eq!(messages(&stage).len(), 1);
    }

    async fn who_is_deleted_before_the_message_goes_out_holds_nobody_up(app) {
        let stage = Stage::set_with(app, &["hua"]).await;
        let hua = stage.brand.member("hua").await;
        for person in [&stage.mei, &hua] {
            accept(&stage, person, 1).await;
        }
        app.app.clock.advance(Duration::hours(13));
        let presale = open_presale(&stage, 0).await;
        app.settle().await;
        privacy::account_cancelled(&app.app, stage.brand.id, "mei").await.expect("a deletion");
        app.advance(Duration::hours(9)).await;
        let sent = messages(&stage);
        assert_eq!(sent.iter().map(|message| message.openid.as_str()).collect::<Vec<_>>(), ["hua"]);
        let outcomes = summary(&stage, &presale).await.ok("presaleNotices.messages");
        assert!(outcomes.as_array().expect("rows").contains(&json!({ "outcome": "NONE", "count": 1 })), "{outcomes:#}");
    }

    async fn one_push_counts_once_and_a_forged_one_not_at_all(app) {
        let stage = Stage::set(app).await;
        app.standin.set_switches(smallbatch::wechat::standin::Switches { duplicate: true, ..Default::default() });
        accept(&stage, &stage.mei, 1).await;
        assert_eq!(left(&stage.mei).await, 1);
        let forged = format!("{}/wechat/push/linen?signature=x&timestamp=1&nonce=2", app.url);
        let answer = app.http.post(&forged).body(r#"{"MsgType":"event","Event":"x"}"#).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 403);
        let kept = entity::provider_event::Entity::find().all(app.app.db.read()).await.expect("the events read");
        assert_eq!(kept.len(), 1, "{kept:#?}");
        let nobody = format!("{}/wechat/push/nobody", app.url);
        assert_eq!(app.http.post(&nobody).send().await.expect("an answer").status().as_u16(), 404);
    }
}
