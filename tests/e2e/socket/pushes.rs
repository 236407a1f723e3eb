//! What is pushed, to whom, and how often.

use tests::{Backend, Cable, Socket};

use super::*;

const PROGRESS: &str =
    "subscription($id: ID!) { presaleProgress(presaleId: $id) { status paidPieces skus { remaining } } }";
const ORDERS: &str = "subscription { myOrders(first: 5) { totalCount nodes { id status } } }";
const INBOX: &str = "subscription { inbox { unreadCount inbox(first: 3) { nodes { title } } } }";
const FEED: &str =
    "subscription($after: String) { factoryFeed(after: $after, first: 2) { edges { cursor node { sequence kind } } } }";

e2e! {
    async fn a_tally_begins_with_what_is_and_many_picks_are_one_push(app) {
        let brand = app.brand("first").await;
        let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
        let community = brand.community(&koc, &[&mei, &lan]).await;
        let designs = brand.designs(4).await;
        let round = brand.open_round(&[&community], &designs, 1).await;
        lan.pick(&round, &designs[0]).await.ok("pickDesign.entry");
        let mut socket = mei.socket().await;
        socket.subscribe("1", TALLY, json!({ "id": round })).await;
        assert_eq!(picks(&socket.push("1").await), 1);
        let began = tokio::time::Instant::now();
        for design in &designs {
            mei.pick(&round, design).await.ok("pickDesign.entry");
            lan.pick(&round, design).await.ok("pickDesign.entry");
        }
        let pushes = socket.push_until("1", |tally| picks(tally) == 8).await;
        let seconds = began.elapsed().as_secs() as usize;
        assert!(pushes <= seconds + 1, "{pushes} pushes in {seconds} s");
        // No more after it is completed.
        socket.send(json!({ "id": "1", "type": "complete" })).await;
        lan.unpick(&round, &designs[0]).await.ok("unpickDesign.entry");
        socket.subscribe("2", TALLY, json!({ "id": round })).await;
        assert_eq!(picks(&socket.push("2").await), 7);
    }

    async fn what_is_not_hers_to_see_is_refused_and_the_others_go_on(app) {
        let (brand, other) = (app.brand("first").await, app.brand("second").await);
        let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&community], &designs, 1).await;
        for stranger in [lan, other.member("lan").await] {
            let mut socket = stranger.socket().await;
            socket.subscribe("1", TALLY, json!({ "id": round })).await;
            assert_eq!(socket.error("1").await, "NOT_FOUND");
            socket.subscribe("1", INBOX, json!({})).await;
            assert_eq!(socket.push("1").await["inbox"]["unreadCount"], 0);
        }
        let mut nobody = Socket::open(&app.url).await;
        nobody.send(json!({ "type": "connection_init" })).await;
        assert_eq!(nobody.next().await["type"], "connection_ack");
        nobody.subscribe("1", TALLY, json!({ "id": round })).await;
        assert_eq!(nobody.error("1").await, "UNAUTHENTICATED");
        // She leaves while she watches: the next push is refused.
        let mut socket = mei.socket().await;
        socket.subscribe("1", TALLY, json!({ "id": round })).await;
        socket.push("1").await;
        mei.mutate("leaveCommunity", json!({ "communityId": community }), "community { id }").await.ok("leaveCommunity");
        brand.owner.mutate("closeRound", json!({ "roundId": round }), "round { id }").await.ok("closeRound");
        assert_eq!(socket.error("1").await, "NOT_FOUND");
        socket.subscribe("1", INBOX, json!({})).await;
        socket.push("1").await;
    }

    async fn paying_moves_the_presale_the_order_and_the_factorys_feed(app) {
        let brand = app.brand("first").await;
        let factory = app.factory("Sewing").await;
        let sold = brand.sold(&[&[("red/S", 2)]]).await;
        let (buyer, order) = &sold.orders[0];
        let (mut hers, mut theirs) = (buyer.socket().await, factory.socket().await);
        hers.subscribe("orders", ORDERS, json!({})).await;
        let now = hers.push("orders").await;
        assert_eq!(now["myOrders"]["totalCount"], 1);
        assert_eq!(now["myOrders"]["nodes"][0], json!({ "id": order, "status": "PAID" }));
        hers.subscribe("progress", PROGRESS, json!({ "id": sold.presale })).await;
        assert_eq!(hers.push("progress").await["presaleProgress"]["paidPieces"], 2);
        theirs.subscribe("feed", FEED, json!({})).await;
        assert_eq!(theirs.push("feed").await["factoryFeed"]["edges"], json!([]));

        let batch = brand.released(&sold.presale, &[&factory]).await;
        let offered = theirs.push("feed").await;
        assert_eq!(offered["factoryFeed"]["edges"][0]["node"], json!({ "sequence": 1, "kind": "OFFERED" }));
        loop {
            let message = hers.next().await;
            if message["id"] == "orders" && message["payload"]["data"]["myOrders"]["nodes"][0]["status"] == "IN_BATCH" {
                break;
            }
        }
        factory.takes(&batch).await;
        app.settle().await;
        // Resumed by the cursor on another socket: no gap, no repeat.
        let after = offered["factoryFeed"]["edges"][0]["cursor"].clone();
        let mut again = factory.socket().await;
        again.subscribe("feed", FEED, json!({ "after": after })).await;
        let mut seen = Vec::new();
        while seen.len() < 2 {
            for edge in again.push("feed").await["factoryFeed"]["edges"].as_array().expect("edges") {
                seen.push(edge["node"]["sequence"].as_i64().expect("a number"));
            }
        }
        assert_eq!(seen, [2, 3]);
    }

    async fn an_inbox_fills_when_a_presale_opens_and_empties_by_reading(app) {
        let brand = app.brand("first").await;
        let mei = brand.member("picker").await;
        let mut socket = mei.socket().await;
        socket.subscribe("1", INBOX, json!({})).await;
        assert_eq!(socket.push("1").await["inbox"]["unreadCount"], 0);
        brand.sold(&[&[("red/S", 1)]]).await;
        socket.push_until("1", |data| data["inbox"]["unreadCount"] == 1).await;
        let ids = mei.gql("{ viewer { inbox { nodes { id } } } }", json!({})).await.ok("viewer.inbox.nodes.0.id");
        let read = "mutation($input: MarkReadInput!) { markRead(input: $input) { unreadCount } }";
        mei.gql(read, json!({ "input": { "ids": [ids] } })).await.ok("markRead");
        socket.push_until("1", |data| data["inbox"]["unreadCount"] == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pick_at_one_server_is_seen_at_another() {
    let app = TestApp::start(Backend::Postgres).await;
    let sibling = app.sibling().await;
    let brand = app.brand("first").await;
    let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
    let community = brand.community(&koc, &[&mei, &lan]).await;
    let designs = brand.designs(2).await;
    let round = brand.open_round(&[&community], &designs, 1).await;
    let mut socket = Socket::of(&sibling.url, mei.token.as_deref().expect("a token")).await;
    socket.subscribe("1", TALLY, json!({ "id": round })).await;
    assert_eq!(picks(&socket.push("1").await), 0);
    lan.pick(&round, &designs[0]).await.ok("pickDesign.entry");
    socket.push_until("1", |tally| picks(tally) == 1).await;
    // Signing out here closes the socket there.
    mei.gql("mutation { signOut { signedOut } }", json!({})).await.ok("signOut.signedOut");
    assert_eq!(socket.closed().await, 4403);
    sibling.finish().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_a_server_tells_its_own_and_afterwards_what_was_missed() {
    let app = TestApp::start(Backend::Postgres).await;
    let cable = Cable::to(app.app.config.redis_url.as_deref().expect("Redis")).await;
    let sibling = app.sibling_with(|config| config.redis_url = Some(cable.url.clone())).await;
    let brand = app.brand("first").await;
    let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
    let community = brand.community(&koc, &[&mei, &lan]).await;
    let designs = brand.designs(2).await;
    let round = brand.open_round(&[&community], &designs, 1).await;
    let mut socket = Socket::of(&sibling.url, mei.token.as_deref().expect("a token")).await;
    socket.subscribe("1", TALLY, json!({ "id": round })).await;
    assert_eq!(picks(&socket.push("1").await), 0);

    cable.cut();
    let mut hers = Socket::of(&sibling.url, lan.token.as_deref().expect("a token")).await;
    let pick = "mutation($input: PickDesignInput!) { pickDesign(input: $input) { entry { picks } } }";
    let input = json!({ "idempotencyKey": "without-redis", "roundId": round, "designId": designs[0] });
    hers.subscribe("pick", pick, json!({ "input": input })).await;
    assert_eq!(hers.push("pick").await["pickDesign"]["entry"]["picks"], 1);
    socket.push_until("1", |tally| picks(tally) == 1).await;

    // Nobody can tell the sibling of this one now.
    lan.pick(&round, &designs[1]).await.ok("pickDesign.entry");
    cable.mend();
    socket.push_until("1", |tally| picks(tally) == 2).await;
    lan.unpick(&round, &designs[1]).await.ok("unpickDesign.entry");
    socket.push_until("1", |tally| picks(tally) == 1).await;
    sibling.finish().await;
    app.finish().await;
}
