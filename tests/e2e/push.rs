//! What WeChat tells us, and how far it is believed.

use chrono::Duration;
use entity::provider_event;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use smallbatch::people::admin::{self, NewBrand, WechatCredentials};
use smallbatch::provider;
use smallbatch::wechat::push::{Push, PushEvent};
use smallbatch::wechat::standin::{StandinBrand, test_account};
use tests::{Brand, Person};

use super::*;

const TEMPLATE: &str = "tmpl-presale-opened";
/// The SHA-1 of the nonce 7, the second at which tests begin and the token `plain-token`, in this order.
const SIGNED: &str = "signature=992ba305507089659ea0550d48b5a9f317668850&timestamp=1772416800&nonce=7";

/// A brand that set message push to plain mode.
async fn plain_brand(app: &TestApp) -> Brand<'_> {
    let mut account = test_account(Default::default(), "plain", 77);
    account.push_aes_key = None;
    account.push_token = "plain-token".to_owned().into();
    let new = NewBrand {
        slug: "plain".to_owned(),
        name: "Plain".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        currency: "CNY".to_owned(),
        wechat: WechatCredentials::of(&account, |_| Some(TEMPLATE.to_owned())),
    };
    let id = admin::create_brand(&app.app, new).await.expect("a brand");
    app.standin.register(StandinBrand::of(&account, None).expect("usable keys"));
    Brand { app, id, slug: "plain".to_owned(), account, owner: app.caller(None) }
}

/// Posts a push under the same signed query, whatever its body; the HTTP status.
async fn post(app: &TestApp, mut event: Value) -> u16 {
    let head = json!({ "ToUserName": "gh_x", "FromUserName": "mei", "CreateTime": 1_772_416_800, "MsgType": "event" });
    event.as_object_mut().expect("an object").extend(head.as_object().expect("an object").clone());
    let url = format!("{}/wechat/push/plain?{SIGNED}", app.url);
    app.http.post(url).body(event.to_string()).send().await.expect("an answer").status().as_u16()
}

fn accepted() -> Value {
    let item = json!({ "TemplateId": TEMPLATE, "SubscribeStatusString": "accept", "PopupScene": "0" });
    json!({ "Event": "subscribe_msg_popup_event", "List": [item] })
}

async fn granted(person: &Person<'_>) -> i64 {
    person.gql("{ presaleReminder { granted } }", json!({})).await.int("presaleReminder.granted")
}

async fn kept(app: &TestApp) -> Vec<provider_event::Model> {
    provider_event::Entity::find().all(app.app.db.read()).await.expect("the events read")
}

e2e! {
    async fn a_push_without_a_signed_body_deletes_nobody_and_passes_nothing(app) {
        let brand = plain_brand(app).await;
        let mei = brand.member("mei").await;
        assert_eq!(post(app, json!({ "Event": "user_authorization_cancellation", "OpenID": "mei" })).await, 200);
        let verdict = json!({ "Event": "wxa_media_check", "trace_id": "t1", "errcode": 0, "result": { "suggest": "pass" } });
        assert_eq!(post(app, verdict).await, 200);
        app.settle().await;
        assert_eq!(mei.gql("{ viewer { kind } }", json!({})).await.text("viewer.kind"), "MEMBER");
        let kept = kept(app).await;
        assert_eq!(kept.len(), 2);
        for row in kept {
            assert!(row.problem.is_some_and(|problem| problem.contains("plain mode")) && row.processed_at.is_some());
        }
        assert_eq!(post(app, accepted()).await, 200);
        assert_eq!(granted(&mei).await, 1);
    }

    async fn a_signed_query_serves_for_a_quarter_of_an_hour(app) {
        let mei = plain_brand(app).await.member("mei").await;
        app.advance(Duration::minutes(16)).await;
        assert_eq!(post(app, accepted()).await, 403);
        assert!(kept(app).await.is_empty());
        assert_eq!(granted(&mei).await, 0);
    }

    async fn what_wechat_told_of_a_deleted_person_no_longer_names_her(app) {
        let brand = app.brand("linen").await;
        brand.member("mei").await;
        app.standin.accept_subscribe(&brand.account.appid, "mei", TEMPLATE);
        app.settle().await;
        let event = PushEvent::AuthorizationCancellation { openid: "mei".to_owned() };
        let push = Push { identity: "user_authorization_cancellation|o_platform|1|mei".to_owned(), created_at: None, event };
        let (id, _) = provider::keep(&app.app, brand.id, &push).await.expect("kept");
        provider::apply(&app.app, brand.id, &id).await.expect("applied");
        let kept = kept(app).await;
        assert_eq!(kept.len(), 2);
        for row in kept {
            let text = format!("{} {}", row.id, row.payload);
            assert!(!text.contains("mei") && row.processed_at.is_some(), "{text}");
        }
    }
}
