//! Samples go out and KOCs post about them.

use chrono::Duration;
use entity::security_check;
use entity::staff::StaffRole;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use smallbatch::flow::tryon::security;
use smallbatch::people::privacy;
use smallbatch::provider;
use smallbatch::wechat::Suggest;
use smallbatch::wechat::push::{Push, PushEvent};
use smallbatch::wechat::standin::{Fault, FaultKind};
use tests::{Answer, Brand, Person, picture};

use super::*;

const POST: &str = "tryOn { id status revision body adLabel reviewNote availableActions }";
const VERDICTS: &str = "query($id: ID!) { tryOn(id: $id) { status revision reviewNote availableActions \
    securityVerdicts { overall text media checks { mediaId verdict label } } } }";

/// A brand whose first design has advanced: picked by Mei, in the community of the KOC Lan.
pub struct Stage<'a> {
    pub app: &'a TestApp,
    pub brand: Brand<'a>,
    pub merchandiser: Person<'a>,
    pub lan: Person<'a>,
    pub mei: Person<'a>,
    pub community: String,
    /// The entry of the design that advanced, and the design.
    pub entry: String,
    pub design: String,
}

impl<'a> Stage<'a> {
    pub async fn set(app: &'a TestApp) -> Stage<'a> {
        Self::set_with(app, &[]).await
    }

    /// With further members beside Mei who pick the design too.
    pub async fn set_with(app: &'a TestApp, more: &[&str]) -> Stage<'a> {
        let brand = app.brand("linen").await;
        let (merchandiser, lan, mei) = (brand.merchandiser().await, brand.koc("lan").await, brand.member("mei").await);
        let mut pickers = vec![mei.clone()];
        for name in more {
            pickers.push(brand.member(name).await);
        }
        let community = brand.community(&lan, &pickers.iter().collect::<Vec<_>>()).await;
        let designs = [design(&brand, 1).await, design(&brand, 2).await];
        let (entry, design) = vote(app, &merchandiser, &community, &designs, &pickers).await;
        Stage { app, brand, merchandiser, lan, mei, community, entry, design }
    }

    /// A sample for Lan and its task: their ids.
    async fn sample(&self) -> (String, String) {
        let input = json!({ "entryId": self.entry, "kocId": self.lan.id, "size": "M", "color": "米白",
            "tryOnDueAt": self.app.at(Duration::days(7)) });
        let asked = self.merchandiser.mutate("requestSample", input, "sample { id tryOn { id status } }").await;
        assert_eq!(asked.text("requestSample.sample.tryOn.status"), "ASSIGNED");
        (asked.text("requestSample.sample.id"), asked.text("requestSample.sample.tryOn.id"))
    }

    /// The same, in Lan's hands, and she agrees to show pictures of herself.
    async fn received(&self) -> String {
        let (sample, task) = self.sample().await;
        let sent = json!({ "sampleId": sample, "carrier": "顺丰速运", "trackingNo": "SF1234567890" });
        self.merchandiser.mutate("dispatchSample", sent, "sample { status }").await.ok("dispatchSample.sample.status");
        let got = self.lan.mutate("confirmSampleReceived", json!({ "sampleId": sample }), "sample { status }").await;
        assert_eq!(got.text("confirmSampleReceived.sample.status"), "RECEIVED");
        self.consent("PHOTOS").await;
        task
    }

    async fn consent(&self, kind: &str) {
        let input = json!({ "kind": kind, "textVersion": "2026-01" });
        self.lan.mutate("grantConsent", input, "consent { kind }").await.ok("grantConsent.consent.kind");
    }

    async fn hand_in(&self, task: &str, body: &str) -> Answer {
        let first = self.lan.upload(picture(7)).await;
        let second = self.lan.upload(picture(8)).await;
        self.hand_in_with(task, body, json!({ "mediaIds": [first, second] })).await
    }

    async fn hand_in_with(&self, task: &str, body: &str, more: Value) -> Answer {
        let mut input = json!({ "tryOnId": task, "body": body, "sizeWorn": "M", "fit": "TRUE_TO_SIZE",
            "cons": "领口偏紧" });
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.lan.mutate("submitTryOn", input, POST).await
    }

    async fn approve(&self, task: &str, accept_unchecked: bool) -> Answer {
        let input = json!({ "tryOnId": task, "acceptUnchecked": accept_unchecked });
        self.merchandiser.mutate("approveTryOn", input, POST).await
    }

    async fn publish(&self, task: &str) -> Answer {
        self.lan.mutate("publishTryOn", json!({ "tryOnId": task }), POST).await
    }

    /// A post of Lan's that is out.
    async fn published(&self) -> String {
        let task = self.received().await;
        self.hand_in(&task, "腰线很好看").await.ok("submitTryOn.tryOn.id");
        self.app.settle().await;
        self.approve(&task, false).await.ok("approveTryOn.tryOn.id");
        self.publish(&task).await.ok("publishTryOn.tryOn.id");
        task
    }

    async fn as_staff_see(&self, task: &str) -> Answer {
        self.merchandiser.gql(VERDICTS, json!({ "id": task })).await
    }

    /// The bodies in the community's feed as `reader` sees it.
    async fn feed(&self, reader: &Person<'_>) -> Answer {
        let query = "query($id: ID!) { communityFeed(communityId: $id, first: 10) { edges { node { id body adLabel \
            reviewNote koc { id } design { id } media { url } sample { id } securityVerdicts { overall } } } } }";
        reader.gql(query, json!({ "id": self.community })).await
    }
}

async fn design(brand: &Brand<'_>, seed: u8) -> String {
    let designer = brand.staff(StaffRole::Designer).await;
    let content = json!({ "title": format!("亚麻衬衫 {seed}"), "description": "小立领", "category": "衬衫",
        "pictureIds": [designer.upload(picture(seed)).await] });
    let made = designer.mutate("createDesign", json!({ "content": content }), "design { id }").await;
    let id = made.text("createDesign.design.id");
    designer.mutate("submitDesign", json!({ "designId": id }), "design { id }").await.ok("submitDesign.design.id");
    id
}

/// Lets everyone pick the first design and closes the round; its entry and the design.
async fn vote(
    app: &TestApp,
    merchandiser: &Person<'_>,
    community: &str,
    designs: &[String; 2],
    pickers: &[Person<'_>],
) -> (String, String) {
    let input = json!({ "title": "三月选款", "communityIds": [community], "designIds": designs, "advanceCount": 1,
        "opensAt": app.at(Duration::zero()), "closesAt": app.at(Duration::days(2)) });
    let round = merchandiser.mutate("createRound", input, "round { id }").await.text("createRound.round.id");
    merchandiser.mutate("openRound", json!({ "roundId": round }), "round { id }").await;
    for picker in pickers {
        let pick = json!({ "roundId": round, "designId": designs[0] });
        picker.mutate("pickDesign", pick, "__typename").await.ok("pickDesign");
    }
    let fields = "round { entries { id advanced design { id } } }";
    let closed = merchandiser.mutate("closeRound", json!({ "roundId": round }), fields).await;
    let entries = closed.ok("closeRound.round.entries");
    let entry = entries.as_array().expect("entries").iter().find(|entry| entry["advanced"] == true).expect("a winner");
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    (text(&entry["id"]), text(&entry["design"]["id"]))
}

e2e! {
    async fn the_page_of_a_community_takes_few_statements_with_all_it_shows(app) {
        let stage = &Stage::set(app).await;
        stage.published().await;
        let round = stage.mei.gql("{ rounds(first: 1) { nodes { id } } }", json!({})).await.text("rounds.nodes.0.id");
        let query = "query($round: ID!, $community: ID!) { round(id: $round) { title status entries { picks pickedByMe \
            design { version { title attributes { name value } pictures { url } } } } } \
            communityFeed(communityId: $community, first: 10) { nodes { body koc { id nickname } media { url } } } }";
        let see = async || stage.mei.gql(query, json!({ "round": round, "community": stage.community })).await;
        let page = see().await;
        assert_eq!(page.text("communityFeed.nodes.0.body"), "腰线很好看");
        assert_eq!(page.ok("round.entries.0.pickedByMe"), json!(true));
        // The round and its slate; the community with who may see it, its posts, their KOCs and their media.
        assert!(page.statements() <= 6, "{} statements", page.statements());
        let again = see().await;
        assert_eq!(again.ok(""), page.ok(""));
        // Her picks.
        assert!(again.statements() <= 1, "{} statements of what is kept", again.statements());
    }

    async fn a_sample_becomes_a_post_that_the_community_reads(app) {
        let stage = Stage::set(app).await;
        let task = stage.received().await;
        assert_eq!(stage.hand_in(&task, "腰线很好看").await.text("submitTryOn.tryOn.status"), "SUBMITTED");
        let early = stage.approve(&task, true).await;
        assert_eq!(early.refused(), "CONTENT_NOT_PASSED");
        app.settle().await;
        let checked = stage.as_staff_see(&task).await;
        assert_eq!(checked.text("tryOn.securityVerdicts.overall"), "PASS");
        assert_eq!(checked.ok("tryOn.securityVerdicts.checks").as_array().expect("checks").len(), 3);
        assert_eq!(checked.ok("tryOn.availableActions"), json!(["APPROVE", "REQUEST_CHANGES", "WITHDRAW"]));
        assert_eq!(stage.approve(&task, false).await.text("approveTryOn.tryOn.status"), "APPROVED");
        assert!(stage.feed(&stage.mei).await.ok("communityFeed.edges").as_array().expect("edges").is_empty());
        let out = stage.publish(&task).await;
        assert_eq!(out.text("publishTryOn.tryOn.adLabel"), "广告");
        let feed = stage.feed(&stage.mei).await;
        assert_eq!(feed.text("communityFeed.edges.0.node.body"), "腰线很好看");
        assert_eq!(feed.text("communityFeed.edges.0.node.design.id"), stage.design);
        assert_eq!(feed.at("communityFeed.edges.0.node.sample"), &Value::Null);
        assert_eq!(feed.at("communityFeed.edges.0.node.securityVerdicts"), &Value::Null);
        assert_eq!(feed.ok("communityFeed.edges.0.node.media").as_array().expect("media").len(), 2);
        let about = "query($id: ID!) { designTryOns(designId: $id) { edges { node { id } } } }";
        let about = stage.mei.gql(about, json!({ "id": stage.design })).await;
        assert_eq!(about.text("designTryOns.edges.0.node.id"), task);
    }

    async fn nothing_is_handed_in_before_the_sample_has_arrived(app) {
        let stage = Stage::set(app).await;
        let (sample, task) = stage.sample().await;
        stage.consent("PHOTOS").await;
        assert_eq!(stage.hand_in(&task, "先写好").await.refused(), "WRONG_STATE");
        let early = stage.lan.mutate("confirmSampleReceived", json!({ "sampleId": sample }), "sample { id }").await;
        assert_eq!(early.refused(), "WRONG_STATE");
    }

    async fn a_design_that_did_not_advance_gets_no_sample(app) {
        let stage = Stage::set(app).await;
        let designs = [design(&stage.brand, 3).await, design(&stage.brand, 4).await];
        let input = json!({ "title": "四月选款", "communityIds": [stage.community], "designIds": designs,
            "advanceCount": 1, "opensAt": app.at(Duration::zero()), "closesAt": app.at(Duration::days(2)) });
        let round = stage.merchandiser.mutate("createRound", input, "round { entries { id } }").await;
        let input = json!({ "entryId": round.text("createRound.round.entries.0.id"), "kocId": stage.lan.id,
            "size": "M", "color": "米白", "tryOnDueAt": app.at(Duration::days(7)) });
        assert_eq!(stage.merchandiser.mutate("requestSample", input, "sample { id }").await.refused(), "WRONG_STATE");
    }

    async fn without_consent_no_picture_and_no_figure_is_shown(app) {
        let stage = Stage::set(app).await;
        let (sample, task) = stage.sample().await;
        let sent = json!({ "sampleId": sample, "carrier": "顺丰速运", "trackingNo": "SF1" });
        stage.merchandiser.mutate("dispatchSample", sent, "sample { id }").await.ok("dispatchSample.sample.id");
        stage.lan.mutate("confirmSampleReceived", json!({ "sampleId": sample }), "sample { id }").await;
        assert_eq!(stage.hand_in(&task, "好看").await.refused(), "CONSENT_MISSING");
        stage.consent("PHOTOS").await;
        let figures = json!({ "mediaIds": [stage.lan.upload(picture(7)).await], "heightCm": 160, "weightKg": 55 });
        assert_eq!(stage.hand_in_with(&task, "好看", figures.clone()).await.refused(), "CONSENT_MISSING");
        stage.consent("BODY_DATA").await;
        stage.hand_in_with(&task, "好看", figures).await.ok("submitTryOn.tryOn.id");
    }

    async fn risky_words_go_back_to_the_koc_and_can_be_mended(app) {
        let stage = Stage::set(app).await;
        app.standin.set_verdict("毒舌", Suggest::Risky);
        let task = stage.received().await;
        stage.hand_in(&task, "一句毒舌的话").await.ok("submitTryOn.tryOn.id");
        app.settle().await;
        let seen = stage.as_staff_see(&task).await;
        assert_eq!(seen.text("tryOn.status"), "CHANGES_REQUESTED");
        assert_eq!(seen.text("tryOn.securityVerdicts.text"), "RISKY");
        assert_eq!(stage.approve(&task, true).await.refused(), "WRONG_STATE");
        let again = stage.hand_in(&task, "一句温和的话").await;
        assert_eq!(again.int("submitTryOn.tryOn.revision"), 2);
        app.settle().await;
        assert_eq!(stage.as_staff_see(&task).await.text("tryOn.securityVerdicts.overall"), "PASS");
        let inbox = stage.lan.gql("{ viewer { inbox(first: 10) { edges { node { kind } } } } }", json!({})).await;
        let messages = inbox.ok("viewer.inbox.edges");
        assert_eq!(messages.as_array().expect("messages").len(), 2, "the task, and what went wrong: {messages:#}");
    }

    async fn a_doubtful_picture_needs_a_person(app) {
        let stage = Stage::set(app).await;
        app.standin.set_verdict("/media/", Suggest::Review);
        let task = stage.received().await;
        stage.hand_in(&task, "好看").await.ok("submitTryOn.tryOn.id");
        app.settle().await;
        assert_eq!(stage.as_staff_see(&task).await.text("tryOn.securityVerdicts.media"), "REVIEW");
        assert_eq!(stage.approve(&task, false).await.refused(), "CONTENT_NOT_PASSED");
        assert_eq!(stage.approve(&task, true).await.text("approveTryOn.tryOn.status"), "APPROVED");
    }

    async fn a_check_that_never_answers_leaves_the_post_to_a_person(app) {
        let stage = Stage::set(app).await;
        let task = stage.received().await;
        let dead = Fault { times: 100, ..Fault::before(FaultKind::Throttled) };
        app.standin.set_fault("/wxa/media_check_async", dead);
        stage.hand_in(&task, "好看").await.ok("submitTryOn.tryOn.id");
        app.settle().await;
        assert_eq!(stage.as_staff_see(&task).await.text("tryOn.securityVerdicts.overall"), "PENDING");
        app.advance(Duration::minutes(31)).await;
        let seen = stage.as_staff_see(&task).await;
        assert_eq!(seen.text("tryOn.securityVerdicts.overall"), "ERROR");
        assert_eq!(seen.text("tryOn.securityVerdicts.text"), "PASS");
        assert_eq!(stage.approve(&task, false).await.refused(), "CONTENT_NOT_PASSED");
        app.advance(Duration::hours(2)).await;
        stage.approve(&task, true).await.ok("approveTryOn.tryOn.id");
    }

    async fn another_kocs_task_is_not_there(app) {
        let stage = Stage::set(app).await;
        let task = stage.received().await;
        let other = stage.brand.koc("hua").await;
        let input = json!({ "tryOnId": task, "body": "x", "sizeWorn": "M", "fit": "RUNS_SMALL", "cons": "x",
            "mediaIds": [other.upload(picture(9)).await] });
        assert_eq!(other.mutate("submitTryOn", input, POST).await.fault(), "NOT_FOUND");
        assert_eq!(other.gql(VERDICTS, json!({ "id": task })).await.fault(), "NOT_FOUND");
        let withdraw = json!({ "tryOnId": task, "reason": "x" });
        assert_eq!(other.mutate("withdrawTryOn", withdraw, POST).await.fault(), "NOT_FOUND");
        let strange = json!({ "mediaIds": [other.upload(picture(10)).await] });
        assert_eq!(stage.hand_in_with(&task, "好看", strange).await.fault(), "NOT_FOUND");
    }

    async fn who_is_not_in_the_community_sees_nothing(app) {
        let stage = Stage::set(app).await;
        let stranger = stage.brand.member("wen").await;
        let task = stage.received().await;
        let see = "query($id: ID!) { tryOn(id: $id) { body } }";
        assert_eq!(stage.mei.gql(see, json!({ "id": task })).await.fault(), "NOT_FOUND");
        stage.hand_in(&task, "腰线很好看").await.ok("submitTryOn.tryOn.id");
        app.settle().await;
        stage.approve(&task, false).await.ok("approveTryOn.tryOn.id");
        assert_eq!(stage.mei.gql(see, json!({ "id": task })).await.fault(), "NOT_FOUND");
        stage.publish(&task).await.ok("publishTryOn.tryOn.id");
        assert_eq!(stage.mei.gql(see, json!({ "id": task })).await.text("tryOn.body"), "腰线很好看");
        assert_eq!(stranger.gql(see, json!({ "id": task })).await.fault(), "NOT_FOUND");
        assert_eq!(stage.feed(&stranger).await.fault(), "NOT_FOUND");
    }

    async fn a_post_taken_back_is_gone_for_everyone_else(app) {
        let stage = Stage::set(app).await;
        let task = stage.published().await;
        assert_eq!(stage.feed(&stage.mei).await.text("communityFeed.edges.0.node.id"), task);
        let reason = json!({ "tryOnId": task, "reason": "想重拍" });
        assert_eq!(stage.lan.mutate("withdrawTryOn", reason, POST).await.text("withdrawTryOn.tryOn.status"), "WITHDRAWN");
        assert!(stage.feed(&stage.mei).await.ok("communityFeed.edges").as_array().expect("edges").is_empty());
    }

    async fn taking_the_consent_back_takes_the_post_down(app) {
        let stage = Stage::set(app).await;
        let task = stage.published().await;
        stage.lan.mutate("withdrawConsent", json!({ "kind": "PHOTOS" }), "consent { kind }").await.ok("withdrawConsent");
        app.settle().await;
        assert_eq!(stage.as_staff_see(&task).await.text("tryOn.status"), "WITHDRAWN");
        assert!(stage.feed(&stage.mei).await.ok("communityFeed.edges").as_array().expect("edges").is_empty());
    }

    async fn what_a_koc_takes_back_leaves_the_feed_at_once(app) {
        let stage = Stage::set(app).await;
        let rename = "mutation($input: ChangeNicknameInput!) { changeNickname(input: $input) { member { nickname } } }";
        stage.lan.gql(rename, json!({ "input": { "nickname": "Plum" } })).await.ok("changeNickname.member");
        let task = stage.received().await;
        stage.consent("BODY_DATA").await;
        let media = stage.lan.upload(picture(7)).await;
        let figures = json!({ "mediaIds": [media], "heightCm": 160 });
        stage.hand_in_with(&task, "腰线很好看", figures).await.ok("submitTryOn.tryOn.id");
        app.settle().await;
        stage.approve(&task, false).await.ok("approveTryOn.tryOn.id");
        stage.publish(&task).await.ok("publishTryOn.tryOn.id");
        app.hearing().await;
        let query = "query($id: ID!) { communityFeed(communityId: $id, first: 10) { nodes { heightCm koc { nickname } } } }";
        let shown = async || {
            let feed = stage.mei.gql(query, json!({ "id": stage.community })).await;
            let post = feed.ok("communityFeed.nodes.0");
            (post["koc"]["nickname"].clone(), post["heightCm"].clone())
        };
        assert_eq!(shown().await, (json!("Plum"), json!(160)));
        privacy::user_info_modified(&app.app, stage.brand.id, "lan").await.expect("forgotten");
        assert_eq!(shown().await, (json!(null), json!(160)));
        // Remembered anew between her word and what follows from it.
        stage.lan.mutate("withdrawConsent", json!({ "kind": "BODY_DATA" }), "consent { kind }").await.ok("withdrawConsent");
        shown().await;
        app.settle().await;
        assert_eq!(shown().await, (json!(null), json!(null)));
    }

    async fn what_has_lost_its_consent_is_not_published(app) {
        let stage = Stage::set(app).await;
        let task = stage.received().await;
        stage.hand_in(&task, "腰线很好看").await.ok("submitTryOn.tryOn.id");
        app.settle().await;
        stage.approve(&task, false).await.ok("approveTryOn.tryOn.id");
        stage.lan.mutate("withdrawConsent", json!({ "kind": "PHOTOS" }), "consent { kind }").await.ok("withdrawConsent");
        assert_eq!(stage.publish(&task).await.refused(), "CONSENT_MISSING");
        // A consent given anew is not one to the pictures that were handed in before.
        stage.consent("PHOTOS").await;
        assert_eq!(stage.publish(&task).await.refused(), "CONSENT_MISSING");
        app.settle().await;
        assert_eq!(stage.as_staff_see(&task).await.text("tryOn.status"), "WITHDRAWN");
    }

    async fn a_busy_wechat_is_asked_again(app) {
        let stage = Stage::set(app).await;
        let task = stage.received().await;
        app.standin.set_fault("/wxa/media_check_async", Fault::before(FaultKind::SystemError));
        stage.hand_in(&task, "好看").await.ok("submitTryOn.tryOn.id");
        app.settle().await;
        assert_eq!(stage.as_staff_see(&task).await.text("tryOn.securityVerdicts.overall"), "PENDING");
        app.advance(Duration::minutes(1)).await;
        assert_eq!(stage.as_staff_see(&task).await.text("tryOn.securityVerdicts.overall"), "PASS");
    }

    async fn a_verdict_that_comes_before_its_check_is_known_still_counts(app) {
        let stage = Stage::set(app).await;
        let task = stage.received().await;
        app.standin.set_fault("/wxa/media_check_async", Fault { times: 2, ..Fault::before(FaultKind::Throttled) });
        stage.hand_in(&task, "好看").await.ok("submitTryOn.tryOn.id");
        app.settle().await;
        let verdict = PushEvent::MediaVerdict { trace_id: "early".to_owned(), errcode: 0, suggest: Some(Suggest::Risky), label: 20002 };
        let push = Push { identity: "any".to_owned(), created_at: None, event: verdict };
        let (id, is_new) = provider::keep(&app.app, stage.brand.id, &push).await.expect("kept");
        provider::apply(&app.app, stage.brand.id, &id).await.expect("waits");
        assert!(is_new && !provider::keep(&app.app, stage.brand.id, &push).await.expect("known").1);
        assert_eq!(stage.as_staff_see(&task).await.text("tryOn.securityVerdicts.overall"), "PENDING");
        // The answer that names the trace arrives after the verdict under that trace.
        let check = security_check::Entity::find()
            .filter(security_check::Column::MediaId.is_not_null())
            .one(app.app.db.read()).await.expect("the checks read").expect("a picture's check");
        security::remember_trace(&app.app, &check, "early").await.expect("noted");
        app.settle().await;
        let seen = stage.as_staff_see(&task).await;
        assert_eq!(seen.text("tryOn.securityVerdicts.media"), "RISKY");
        assert_eq!(seen.text("tryOn.status"), "CHANGES_REQUESTED");
        app.advance(Duration::minutes(1)).await;
    }
}
