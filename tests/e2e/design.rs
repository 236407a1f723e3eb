//! Designs: proposed, frozen when submitted, revised as new versions.

use entity::staff::StaffRole;
use serde_json::json;
use tests::{design_content, picture};

use super::*;

const SHOWN: &str = "design { id styleNo status availableActions version { number title submittedAt \
                     attributes { name value } pictures { id url(size: THUMB) width height } } }";

e2e! {
    async fn a_designer_proposes_and_submits_and_the_version_is_frozen(app) {
        let brand = app.brand("first").await;
        let designer = brand.designer().await;
        let (cover, back) = (designer.upload(picture(1)).await, designer.upload(picture(2)).await);
        let input = json!({ "content": design_content("Shirt", &[&cover, &back]) });
        let made = designer.mutate("createDesign", input, SHOWN).await;
        assert_eq!(made.text("createDesign.design.styleNo"), "D-0001");
        assert_eq!(made.text("createDesign.design.status"), "DRAFT");
        assert_eq!(made.ok("createDesign.design.availableActions"), json!(["SUBMIT", "REVISE", "RETIRE"]));
        assert_eq!(made.text("createDesign.design.version.pictures.0.id"), cover);
        assert_eq!(made.text("createDesign.design.version.pictures.1.id"), back);
        assert_eq!(made.text("createDesign.design.version.attributes.0.value"), "Stand-up");
        let id = made.text("createDesign.design.id");

        let drafted = json!({ "designId": id, "content": design_content("Better shirt", &[&back]) });
        let drafted = designer.mutate("reviseDesign", drafted, SHOWN).await;
        assert_eq!(drafted.int("reviseDesign.design.version.number"), 1);
        let submitted = designer.mutate("submitDesign", json!({ "designId": id }), SHOWN).await;
        assert_eq!(submitted.text("submitDesign.design.version.title"), "Better shirt");
        submitted.ok("submitDesign.design.version.submittedAt");
        let again = designer.mutate("submitDesign", json!({ "designId": id }), SHOWN).await;
        assert_eq!(again.refusal()["actual"], "submitted");

        let revise = json!({ "designId": id, "content": design_content("Other shirt", &[&cover]) });
        let revised = designer.mutate("reviseDesign", revise, SHOWN).await;
        assert_eq!(revised.int("reviseDesign.design.version.number"), 2);
        assert_eq!(revised.text("reviseDesign.design.status"), "DRAFT");
        assert!(revised.at("reviseDesign.design.version.submittedAt").is_null());
    }

    async fn a_repeated_proposal_makes_one_design(app) {
        let brand = app.brand("first").await;
        let designer = brand.designer().await;
        let media = designer.upload(picture(1)).await;
        let input = json!({ "idempotencyKey": "propose-1", "content": design_content("Shirt", &[&media]) });
        let first = designer.mutate("createDesign", input.clone(), "design { id } replayed").await;
        let second = designer.mutate("createDesign", input, "design { id } replayed").await;
        assert_eq!(first.text("createDesign.design.id"), second.text("createDesign.design.id"));
        assert_eq!(second.ok("createDesign.replayed"), json!(true));
        let other = json!({ "idempotencyKey": "propose-1", "content": design_content("Skirt", &[&media]) });
        assert_eq!(designer.mutate("createDesign", other, "design { id }").await.refused(), "IDEMPOTENCY_KEY_REUSED");
        let all = designer.gql("{ designs { totalCount edges { node { styleNo } } } }", json!({})).await;
        assert_eq!(all.int("designs.totalCount"), 1);
    }

    async fn a_designer_keeps_to_her_own_designs_and_pictures(app) {
        let (brand, other) = (app.brand("first").await, app.brand("second").await);
        let id = brand.designs(1).await.remove(0);
        let (colleague, stranger) = (brand.designer().await, other.designer().await);
        let retire = json!({ "designId": id });
        assert_eq!(colleague.mutate("retireDesign", retire.clone(), "design { id }").await.fault(), "FORBIDDEN");
        assert_eq!(stranger.mutate("retireDesign", retire.clone(), "design { id }").await.fault(), "NOT_FOUND");
        let query = "query($id: ID!) { design(id: $id) { styleNo } }";
        assert_eq!(stranger.gql(query, json!({ "id": id })).await.fault(), "NOT_FOUND");

        let foreign = stranger.upload(picture(3)).await;
        let input = json!({ "content": design_content("Shirt", &[&foreign]) });
        assert_eq!(colleague.mutate("createDesign", input, "design { id }").await.fault(), "NOT_FOUND");
        let member = brand.member("mei").await;
        let hers = member.upload(picture(4)).await;
        let input = json!({ "content": design_content("Shirt", &[&hers]) });
        assert_eq!(colleague.mutate("createDesign", input, "design { id }").await.fault(), "NOT_FOUND");

        let merchandiser = brand.merchandiser().await;
        let retired = merchandiser.mutate("retireDesign", retire, "design { status }").await;
        assert_eq!(retired.text("retireDesign.design.status"), "RETIRED");
    }

    async fn members_finance_and_factories_do_not_propose(app) {
        let brand = app.brand("first").await;
        let input = json!({ "content": design_content("Shirt", &["media_00000000000000000000000001"]) });
        let (member, factory) = (brand.member("mei").await, app.factory("Sunrise").await);
        for person in [member, factory, brand.staff(StaffRole::Finance).await] {
            assert_eq!(person.mutate("createDesign", input.clone(), "design { id }").await.fault(), "FORBIDDEN");
        }
        assert_eq!(app.caller(None).mutate("createDesign", input, "design { id }").await.fault(), "UNAUTHENTICATED");
    }

    async fn a_page_of_designs_takes_the_same_few_statements_however_long(app) {
        let brand = app.brand("first").await;
        brand.designs(6).await;
        let query = "query($n: Int!) { designs(first: $n, status: SUBMITTED) { edges { node { styleNo \
                     version { title pictures { url(size: MEDIUM) } } } } } }";
        // The first one looks the session up.
        brand.owner.gql(query, json!({ "n": 1 })).await.ok("designs.edges");
        let (short, long) =
            (brand.owner.gql(query, json!({ "n": 1 })).await, brand.owner.gql(query, json!({ "n": 6 })).await);
        assert_eq!(long.ok("designs.edges").as_array().map(Vec::len), Some(6));
        assert_eq!(long.text("designs.edges.0.node.styleNo"), "D-0006");
        assert_eq!(short.statements(), long.statements());
        assert!(long.statements() <= 4, "{} statements", long.statements());
    }
}
