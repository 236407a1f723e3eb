//! `node(id)`: everything by its id for whoever may see it, and for everyone else the answer to an id that is nothing.

mod world;

use serde_json::{Value, json};
use tests::{Answer, Person};

use self::world::{Thing, World};
use super::*;

const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";
const NODES: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";

/// An id of the same kind that names nothing.
fn missing_like(app: &TestApp, id: &str) -> String {
    let (prefix, _) = id.split_once('_').expect("a prefix");
    let nothing = smallbatch::base::id::OrderId::new(app.app.ids.next()).to_string();
    format!("{prefix}_{}", nothing.split_once('_').expect("a prefix").1)
}

async fn node(person: &Person<'_>, id: &str) -> Answer {
    person.gql(NODE, json!({ "id": id })).await
}

async fn nodes(person: &Person<'_>, ids: &[&str]) -> Answer {
    person.gql(NODES, json!({ "ids": ids })).await
}

/// Statements that finding the caller takes.
async fn entering(person: &Person<'_>) -> u64 {
    person.gql("{ viewer { kind } }", json!({})).await;
    person.gql("{ viewer { kind } }", json!({})).await.statements()
}

e2e! {
    async fn everything_is_found_by_its_id_by_those_who_may_see_it_and_is_nothing_to_all_others(app) {
        let world = World::set(app).await;
        let mut wrong = Vec::new();
        for (name, person) in &world.people {
            entering(person).await;
            for Thing { kind, id, seen_by } in &world.things {
                let answer = node(person, id).await;
                let kind = if *kind == "Batch" && *name == "holder" { "FactoryBatch" } else { kind };
                let seen = seen_by.contains(name);
                let expected = if seen { json!({ "__typename": kind, "id": id }) } else { Value::Null };
                if answer.at("node") != &expected || answer.body.get("errors").is_some() {
                    wrong.push(format!("{name}, {kind} {id}, should be seen: {seen}; {}", answer.body));
                }
                let (mut answer, mut nothing) = (answer, node(person, &missing_like(app, id)).await);
                // A remembered session may lapse between the two, which then differ by its look-up; not every time.
                for _ in 0..3 {
                    if answer.statements() != nothing.statements() {
                        answer = node(person, id).await;
                        nothing = node(person, &missing_like(app, id)).await;
                    }
                }
                if !seen && answer.body != nothing.body {
                    wrong.push(format!("{name} tells a hidden {kind} from none: {} {}", answer.body, nothing.body));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn many_are_answered_in_their_order_with_a_statement_a_kind(app) {
        let world = World::set(app).await;
        let owner = world.person("owner");
        for Thing { kind, id, .. } in world.things.iter().filter(|thing| thing.seen_by.contains(&"owner")) {
            let base = entering(owner).await;
            assert_eq!(node(owner, id).await.statements() - base, 1, "{kind}");
        }
        let units: Vec<&str> =
            world.things.iter().filter(|thing| thing.kind == "Unit").map(|thing| &*thing.id).collect();
        let missing = missing_like(app, units[0]);
        let hidden = &world.thing("Address").id;
        let asked = [units[1], &missing, &world.thing("Order").id, hidden, units[0]];
        let base = entering(owner).await;
        let answer = nodes(owner, &asked).await;
        let ids: Vec<&Value> = (0..asked.len()).map(|place| answer.at(&format!("nodes.{place}.id"))).collect();
        assert_eq!(json!(ids), json!([asked[0], null, asked[2], null, asked[4]]));
        assert_eq!(answer.statements() - base, 2, "units together, the order, and no look for what staff never see");
    }

    async fn what_is_no_id_is_refused_before_any_statement(app) {
        let brand = app.brand("sb").await;
        let base = entering(&brand.owner).await;
        let fresh = || missing_like(app, "order_");
        let no_kind = fresh().replace("order_", "parcels_");
        for id in ["", "order", "order_", "order_zzzz", "ORDER_01h2xcejqtf2nbrexx3vqjhp41", "' or 1=1 --", &no_kind] {
            let answer = nodes(&brand.owner, &[&fresh(), id]).await;
            assert_eq!(answer.fault(), "BAD_ID", "{id}");
            assert_eq!(answer.statements(), base, "{id}");
            assert_eq!(node(&brand.owner, id).await.fault(), "BAD_ID", "{id}");
        }
        // Keys have ids, but no page of their own.
        assert_eq!(node(&brand.owner, &fresh().replace("order_", "fkey_")).await.fault(), "BAD_ID");
        let many: Vec<String> = (0..101).map(|_| fresh()).collect();
        let many: Vec<&str> = many.iter().map(|id| &**id).collect();
        let answer = nodes(&brand.owner, &many).await;
        assert_eq!((answer.fault().as_str(), answer.statements()), ("BAD_REQUEST", base));
        let answer = nodes(&brand.owner, &many[..100]).await;
        assert_eq!(answer.statements() - base, 1);
        assert_eq!(answer.at("nodes").as_array().map(Vec::len), Some(100));
        assert_eq!(answer.body["extensions"]["cost"], json!(1 + 2 * 100), "what is named is paid for");
        assert_eq!(nodes(&brand.owner, &[many[0], many[0]]).await.fault(), "BAD_REQUEST", "each once");
        let nobody = app.caller(None);
        assert_eq!(node(&nobody, many[0]).await.fault(), "UNAUTHENTICATED");
    }

    async fn what_was_taken_back_or_left_behind_is_gone_by_its_id_too(app) {
        let world = World::set(app).await;
        let [owner, koc, picker, holder] = ["owner", "koc", "picker", "holder"].map(|name| world.person(name));
        let post = &world.thing("TryOn").id;
        assert!(!node(picker, post).await.at("node").is_null());
        koc.mutate("withdrawTryOn", json!({ "tryOnId": post, "reason": "不合身" }), "tryOn { id }").await.ok("withdrawTryOn.tryOn");
        assert!(node(picker, post).await.at("node").is_null(), "taken back");
        assert!(node(picker, &koc.id).await.at("node").is_null(), "its author, met nowhere else");
        assert!(!node(koc, post).await.at("node").is_null() && !node(owner, post).await.at("node").is_null());
        let community = &world.thing("Community").id;
        let leave = json!({ "communityId": community });
        picker.mutate("leaveCommunity", leave, "community { id }").await.ok("leaveCommunity.community");
        for kind in ["Community", "Round", "RoundEntry"] {
            assert!(node(picker, &world.thing(kind).id).await.at("node").is_null(), "{kind}");
            assert!(!node(koc, &world.thing(kind).id).await.at("node").is_null(), "{kind}");
        }
        let code = "query($id: ID!) { node(id: $id) { ... on Community { inviteCode } } }";
        let shown = koc.gql(code, json!({ "id": community })).await;
        assert!(shown.at("node.inviteCode").is_string(), "{:#}", shown.body);
        let price = "query($id: ID!) { node(id: $id) { ... on Batch { pricePerPiece { minorUnits } } \
            ... on FactoryBatch { cutTicket { title } } } }";
        let batch = &world.thing("Batch").id;
        assert!(holder.gql(price, json!({ "id": batch })).await.at("node.pricePerPiece").is_null());
        assert_eq!(owner.gql(price, json!({ "id": batch })).await.int("node.pricePerPiece.minorUnits"), 4500);
    }
}
