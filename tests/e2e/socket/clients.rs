//! Standard clients, as they are, watch a tally rise.

use super::*;

async fn watches(app: &TestApp, client: &str) {
    let brand = app.brand("first").await;
    let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
    let community = brand.community(&koc, &[&mei, &lan]).await;
    let designs = brand.designs(2).await;
    let round = brand.open_round(&[&community], &designs, 1).await;
    let environment = [
        ("API_URL", app.url.as_str()),
        ("TOKEN", mei.token.as_deref().expect("a token")),
        ("OTHER_TOKEN", lan.token.as_deref().expect("a token")),
        ("ROUND", &round),
        ("DESIGN", &designs[0]),
    ];
    let printed = tests::outside::node(&["subscriptions.mjs", client], &environment).await;
    assert_eq!(printed.trim(), format!("ok {client}"));
}

e2e! {
    async fn graphql_ws_watches_a_tally(app) {
        watches(app, "graphql-ws").await;
    }

    async fn urql_watches_a_tally(app) {
        watches(app, "urql").await;
    }

    async fn apollo_watches_a_tally(app) {
        watches(app, "apollo").await;
    }

    async fn a_mini_program_watches_a_tally(app) {
        watches(app, "wx").await;
    }
}
