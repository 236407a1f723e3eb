//! KOCs gather members around a shared need.

use chrono::Duration;
use serde_json::json;
use tests::{Answer, Person};

use super::*;

/// A community founded by its KOC; its id and invite code.
async fn founded(koc: &Person<'_>, cap: i32) -> (String, String) {
    let input = json!({ "kocId": koc.id, "name": "Petite", "need": "160 cm, slim waist", "cap": cap });
    let made = koc.mutate("createCommunity", input, "community { id inviteCode }").await;
    (made.text("createCommunity.community.id"), made.text("createCommunity.community.inviteCode"))
}

async fn join(member: &Person<'_>, code: &str) -> Answer {
    let input = json!({ "inviteCode": code, "source": "QR_CODE" });
    member.mutate("joinCommunity", input, "community { id memberCount joinedAt inviteCode }").await
}

async fn leave(member: &Person<'_>, id: &str) -> Answer {
    member.mutate("leaveCommunity", json!({ "communityId": id }), "community { memberCount }").await
}

e2e! {
    async fn a_member_joins_with_the_code_as_typed_and_sees_herself_inside(app) {
        let brand = app.brand("linen").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let (id, code) = founded(&koc, 10).await;
        let joined = join(&mei, &format!(" {}-{} ", &code[..4].to_lowercase(), &code[4..])).await;
        assert_eq!(joined.int("joinCommunity.community.memberCount"), 1);
        joined.ok("joinCommunity.community.joinedAt");
        assert!(joined.at("joinCommunity.community.inviteCode").is_null(), "members pass on the KOC's card instead");
        let mine = mei.gql("{ viewer { communities { id } } }", json!({})).await;
        assert_eq!(mine.text("viewer.communities.0.id"), id);
    }

    async fn joining_twice_counts_once(app) {
        let brand = app.brand("linen").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let (_, code) = founded(&koc, 10).await;
        join(&mei, &code).await.ok("joinCommunity.community.id");
        assert_eq!(join(&mei, &code).await.int("joinCommunity.community.memberCount"), 1);
    }

    async fn two_taps_at_once_are_one_membership(app) {
        let brand = app.brand("linen").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let (_, code) = founded(&koc, 10).await;
        let taps = futures_util::future::join_all((0..6).map(|_| join(&mei, &code))).await;
        for tap in taps {
            assert_eq!(tap.int("joinCommunity.community.memberCount"), 1);
        }
    }

    async fn who_picks_leaves_and_comes_back_has_been_a_member_since_the_first_day(app) {
        let brand = app.brand("linen").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let (id, code) = founded(&koc, 10).await;
        let first = join(&mei, &code).await.text("joinCommunity.community.joinedAt");
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&id], &designs, 1).await;
        mei.pick(&round, &designs[0]).await.ok("pickDesign.entry.id");
        app.advance(Duration::hours(1)).await;
        leave(&mei, &id).await.ok("leaveCommunity.community");
        app.advance(Duration::hours(1)).await;
        assert_eq!(join(&mei, &code).await.text("joinCommunity.community.joinedAt"), first);
    }

    async fn the_last_place_goes_to_one_of_two_and_leaving_frees_it(app) {
        let brand = app.brand("linen").await;
        let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
        let (id, code) = founded(&koc, 1).await;
        let (one, two) = tokio::join!(join(&mei, &code), join(&lan, &code));
        let (inside, outside) = if one.user_errors().is_empty() { (&mei, &lan) } else { (&lan, &mei) };
        let refused = if one.user_errors().is_empty() { two } else { one };
        assert_eq!((refused.refused().as_str(), &refused.refusal()["limit"]), ("FULL", &json!(1)));
        assert_eq!(leave(inside, &id).await.int("leaveCommunity.community.memberCount"), 0);
        join(outside, &code).await.ok("joinCommunity.community.id");
        assert_eq!(join(inside, &code).await.refused(), "FULL");
    }

    async fn who_left_can_come_back_and_who_is_not_inside_cannot_leave(app) {
        let brand = app.brand("linen").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let (id, code) = founded(&koc, 10).await;
        assert_eq!(leave(&mei, &id).await.refused(), "WRONG_STATE");
        join(&mei, &code).await.ok("joinCommunity.community.id");
        leave(&mei, &id).await.ok("leaveCommunity.community");
        assert_eq!(leave(&mei, &id).await.refused(), "WRONG_STATE");
        assert_eq!(join(&mei, &code).await.int("joinCommunity.community.memberCount"), 1);
    }

    async fn a_koc_leads_six_communities_and_not_a_seventh(app) {
        let brand = app.brand("linen").await;
        let koc = brand.koc("koc").await;
        for _ in 0..6 {
            founded(&koc, 10).await;
        }
        let seventh = json!({ "kocId": koc.id, "name": "Seventh", "need": "one too many" });
        let refusal = koc.mutate("createCommunity", seventh, "community { id }").await.refusal();
        assert_eq!((refusal["code"].as_str(), refusal["limit"].as_i64()), (Some("LIMIT_REACHED"), Some(6)));
    }

    async fn only_a_koc_or_a_merchandiser_founds_communities(app) {
        let brand = app.brand("linen").await;
        let (koc, other, mei) = (brand.koc("koc").await, brand.koc("other").await, brand.member("mei").await);
        let found = |koc: &str| json!({ "kocId": koc, "name": "Petite", "need": "slim waist" });
        assert_eq!(mei.mutate("createCommunity", found(&mei.id), "community { id }").await.fault(), "FORBIDDEN");
        assert_eq!(other.mutate("createCommunity", found(&koc.id), "community { id }").await.fault(), "FORBIDDEN");
        let merchandiser = brand.merchandiser().await;
        merchandiser.mutate("createCommunity", found(&koc.id), "community { id }").await.ok("createCommunity.community.id");
        assert_eq!(merchandiser.mutate("createCommunity", found(&mei.id), "community { id }").await.fault(), "NOT_FOUND");
    }

    async fn a_code_of_another_brand_opens_nothing(app) {
        let (linen, wool) = (app.brand("linen").await, app.brand("wool").await);
        let (_, code) = founded(&linen.koc("koc").await, 10).await;
        let refusal = join(&wool.member("mei").await, &code).await.refusal();
        assert_eq!((refusal["code"].as_str(), refusal["field"][0].as_str()), (Some("INVALID"), Some("inviteCode")));
        let seen = wool.owner.gql("{ communities { edges { node { id } } } }", json!({})).await;
        assert_eq!(seen.at("communities.edges"), &json!([]));
    }

    async fn a_repeat_gets_the_first_answer_and_another_input_a_refusal(app) {
        let brand = app.brand("linen").await;
        let koc = brand.koc("koc").await;
        let found = |name: &str| json!({ "kocId": koc.id, "name": name, "need": "slim waist", "idempotencyKey": "one-and-the-same" });
        let first = koc.mutate("createCommunity", found("Petite"), "replayed community { id }").await;
        let again = koc.mutate("createCommunity", found("Petite"), "replayed community { id }").await;
        assert_eq!(first.ok("createCommunity.community.id"), again.ok("createCommunity.community.id"));
        assert_eq!((first.ok("createCommunity.replayed"), again.ok("createCommunity.replayed")), (json!(false), json!(true)));
        assert_eq!(koc.mutate("createCommunity", found("Tall"), "community { id }").await.refused(), "IDEMPOTENCY_KEY_REUSED");
        let all = brand.owner.gql("{ communities { totalCount } }", json!({})).await;
        assert_eq!(all.int("communities.totalCount"), 1);
    }
}
