use super::{OPENID, World};
use crate::wechat::push::{PushEvent, open_push};
use crate::wechat::{Error, MediaType, Scene, Suggest};

impl World {
    async fn check(&self, text: &str) -> Result<Suggest, Error> {
        self.wechat.check_text(&self.account, OPENID, Scene::Comment, text).await.map(|verdict| verdict.suggest)
    }

    /// Has a picture checked and waits for the push.
    async fn check_picture(&self, url: &str) -> (String, PushEvent) {
        let (account, wechat) = (&self.account, &self.wechat);
        let check = wechat.check_media(account, OPENID, url, MediaType::Image, Scene::Forum);
        let trace_id = check.await.expect("accepted");
        self.standin.settle().await;
        let call = self.inbox.received("/push").pop().expect("a push");
        (trace_id, open_push(account, &call.query, &call.body).expect("opens").remove(0).event)
    }
}

#[actix_web::test]
async fn texts_get_the_verdict_of_their_worst_part() {
    let world = World::new();
    world.log_in(OPENID).await;
    assert_eq!(world.check("今天天气不错").await, Ok(Suggest::Pass));
    assert_eq!(world.check("这里存疑").await, Ok(Suggest::Review));
    let long = format!("{}违规", "布".repeat(4000));
    assert_eq!(world.check(&long).await, Ok(Suggest::Risky));
    assert_eq!(world.check("  ").await, Ok(Suggest::Pass));
    // 1 + 1 + 2 parts, and nothing for the blank text.
    assert_eq!(world.standin.calls("/wxa/msg_sec_check"), 4);
}

#[actix_web::test]
async fn a_word_on_the_seam_is_found() {
    let world = World::new();
    world.log_in(OPENID).await;
    let text = format!("{}违规{}", "布".repeat(2499), "料".repeat(50));
    assert_eq!(world.check(&text).await, Ok(Suggest::Risky));
}

#[actix_web::test]
async fn users_not_seen_for_two_hours_cannot_be_checked() {
    let world = World::new();
    world.log_in(OPENID).await;
    world.clock.advance(chrono::Duration::minutes(121));
    assert_eq!(world.check("好").await, Err(Error::UserInactive));
}

#[actix_web::test]
async fn words_can_be_set() {
    let world = World::new();
    world.log_in(OPENID).await;
    world.standin.set_verdict("暗号", Suggest::Risky);
    assert_eq!(world.check("对个暗号").await, Ok(Suggest::Risky));
}

#[actix_web::test]
async fn a_pictures_verdict_is_pushed_after_it_was_fetched() {
    let world = World::new();
    world.log_in(OPENID).await;
    let (trace_id, event) = world.check_picture(&world.inbox.url("/picture.jpg")).await;
    assert_eq!(world.inbox.received("/picture.jpg").len(), 1);
    assert_eq!(event, PushEvent::MediaVerdict { trace_id, errcode: 0, suggest: Some(Suggest::Pass), label: 100 });
    world.standin.set_media_verdict(Suggest::Review);
    let (_, event) = world.check_picture(&world.inbox.url("/picture.jpg")).await;
    assert!(matches!(event, PushEvent::MediaVerdict { suggest: Some(Suggest::Review), .. }));
}

#[actix_web::test]
async fn a_picture_that_cannot_be_fetched_gets_no_verdict() {
    let world = World::new();
    world.log_in(OPENID).await;
    world.inbox.answer(&[404]);
    let (trace_id, event) = world.check_picture(&world.inbox.url("/gone.jpg")).await;
    assert_eq!(event, PushEvent::MediaVerdict { trace_id, errcode: -1008, suggest: None, label: 0 });
}
