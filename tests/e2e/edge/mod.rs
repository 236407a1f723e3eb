//! The edge: what every request meets before any stage does.

mod http;

use serde_json::json;

use super::*;

e2e! {
    async fn a_stranger_may_ask_who_they_are(app) {
        let answer = app.caller(None).gql("{ viewer { kind } }", json!({})).await;
        assert_eq!(answer.text("viewer.kind"), "ANONYMOUS");
        assert_eq!(answer.statements(), 0);
    }

    async fn an_unknown_token_is_told_to_sign_in_again(app) {
        let answer = app.caller(Some("sbs.00000000000000000000000000000001.x")).gql("{ viewer { kind } }", json!({})).await;
        assert_eq!(answer.fault(), "UNAUTHENTICATED");
    }

    async fn the_fragment_bomb_is_refused_and_the_next_request_is_normal(app) {
        let mut bomb = String::from("query { viewer { ...F0 } }");
        for n in 0..23 {
            bomb += &format!(" fragment F{n} on Viewer {{ ...F{} ...F{} }}", n + 1, n + 1);
        }
        bomb += " fragment F23 on Viewer { kind }";
        let stranger = app.caller(None);
        assert_eq!(stranger.gql(&bomb, json!({})).await.fault(), "LIMIT_EXCEEDED");
        assert_eq!(stranger.gql("{ viewer { kind } }", json!({})).await.text("viewer.kind"), "ANONYMOUS");
    }

    async fn one_failing_root_field_leaves_the_others_their_answers(app) {
        let query = "query($id: ID!) { viewer { kind } round(id: $id) { id } }";
        let id = smallbatch::base::id::RoundId::new(app.app.ids.next()).to_string();
        let answer = app.caller(None).gql(query, json!({ "id": id })).await;
        assert_eq!(answer.fault(), "UNAUTHENTICATED");
        assert_eq!(answer.at("viewer.kind"), "ANONYMOUS");
    }

    async fn a_wrong_kind_of_id_is_refused_before_any_query(app) {
        let query = "query($id: ID!) { round(id: $id) { id } }";
        let answer = app.caller(None).gql(query, json!({ "id": "order_01h2xcejqtf2nbrexx3vqjhp41" })).await;
        assert_eq!(answer.fault(), "BAD_ID");
        assert_eq!(answer.statements(), 0);
    }

    async fn a_form_post_is_not_graphql(app) {
        let request = app.http.post(format!("{}/graphql", app.url)).header("content-type", "text/plain");
        let response = request.body(r#"{"query":"{ viewer { kind } }"}"#).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 415);
    }
}
