//! What is remembered for a moment: who a token stands for, and answers that are the same for many.

use chrono::Duration;
use serde_json::{Value, json};
use tests::{Answer, Person, Sibling};

use super::shop::Shop;
use super::{TestApp, e2e};

const WHO: &str = "{ viewer { kind } }";
const ACTIONS: &str = "{ rounds(first: 1) { edges { node { availableActions communities { name } } } } }";
const FEED: &str = "{ rounds(first: 1) { edges { node { id title status closesAtLocal myPicks \
    entries { id position picks pickedByMe rank design { id styleNo version { title description \
    attributes { name value } pictures { url(size: THUMB) width } } } } } } } }";

/// Another server, once it hears what this one tells.
async fn listening(app: &TestApp) -> Sibling {
    let beside = app.sibling().await;
    tests::hearing(&beside.app).await;
    beside
}

/// Does `work`, then waits for its news to reach `beside`; without Redis lets the stated second pass.
async fn told<T>(app: &TestApp, beside: &Sibling, work: impl Future<Output = T>) -> T {
    let mut heard = beside.app.fresh.heard();
    heard.mark_unchanged();
    let done = work.await;
    match app.app.config.redis_url {
        Some(_) => {
            let news = tokio::time::timeout(std::time::Duration::from_secs(20), heard.changed()).await;
            news.expect("the news comes").expect("someone listens");
        }
        None => app.app.clock.advance(Duration::seconds(1)),
    }
    done
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    let query = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { accessToken } }";
    app.send(None, query, json!({ "input": { "refreshToken": token } })).await
}

/// What the person may do with the newest round, says its feed.
async fn actions(person: &Person<'_>) -> Value {
    person.gql(ACTIONS, json!({})).await.ok("rounds.edges.0.node.availableActions")
}

async fn feed(person: &Person<'_>) -> Answer {
    person.gql(FEED, json!({})).await
}

fn round(answer: &Answer) -> Value {
    answer.ok("rounds.edges.0.node")
}

/// What names the answer's encoding (`content-encoding`, `vary`), and its bytes.
async fn encoded(person: &Person<'_>, body: &Value, encoding: &str) -> ((Option<String>, Option<String>), Vec<u8>) {
    let request = person.app().http.post(format!("{}/graphql", person.app().url)).header("accept-encoding", encoding);
    let request = request.bearer_auth(person.token.as_deref().expect("a token")).json(body);
    let answer = request.send().await.expect("an answer");
    let header = |name: &str| Some(answer.headers().get(name)?.to_str().expect("a text").to_owned());
    let named = (header("content-encoding"), header("vary").map(|vary| vary.to_ascii_lowercase()));
    (named, answer.bytes().await.expect("a body").to_vec())
}

fn unpacked(bytes: &[u8]) -> Value {
    serde_json::from_reader(flate2::read::GzDecoder::new(bytes)).expect("compressed JSON")
}

e2e! {
    async fn who_signs_out_is_out_on_every_server(app) {
        let brand = app.brand("first").await;
        let (mei, lan) = (brand.member("mei").await, brand.member("lan").await);
        let other = listening(app).await;
        for person in [&mei, &lan] {
            app.send_to(&other.url, person.token.as_deref(), WHO, json!({})).await.ok("viewer.kind");
            let again = app.send_to(&other.url, person.token.as_deref(), WHO, json!({})).await;
            assert_eq!((again.text("viewer.kind").as_str(), again.statements()), ("MEMBER", 0));
        }
        let out = told(app, &other, mei.gql("mutation { signOut { signedOut } }", json!({}))).await;
        assert_eq!(out.ok("signOut.signedOut"), json!(true));
        assert_eq!(mei.gql(WHO, json!({})).await.fault(), "UNAUTHENTICATED");
        assert_eq!(app.send_to(&other.url, mei.token.as_deref(), WHO, json!({})).await.fault(), "UNAUTHENTICATED");
        assert_eq!(app.send_to(&other.url, lan.token.as_deref(), WHO, json!({})).await.text("viewer.kind"), "MEMBER");
        other.finish().await;
    }

    async fn a_person_put_out_or_raised_is_so_on_every_server(app) {
        let brand = app.brand("first").await;
        let (desk, mei) = (brand.merchandiser().await, brand.member("mei").await);
        let other = listening(app).await;
        let tasks = "{ myTryOnTasks { edges { cursor } } }";
        app.send_to(&other.url, desk.token.as_deref(), WHO, json!({})).await.ok("viewer.kind");
        assert_eq!(app.send_to(&other.url, mei.token.as_deref(), tasks, json!({})).await.fault(), "FORBIDDEN");
        assert_eq!(mei.gql(tasks, json!({})).await.fault(), "FORBIDDEN");

        let raised = told(app, &other, brand.owner.mutate("grantKoc", json!({ "memberId": mei.id }), "member { id }")).await;
        raised.ok("grantKoc.member.id");
        mei.gql(tasks, json!({})).await.ok("myTryOnTasks.edges");
        app.send_to(&other.url, mei.token.as_deref(), tasks, json!({})).await.ok("myTryOnTasks.edges");
        let disabled = told(app, &other, brand.owner.mutate("disableStaff", json!({ "staffId": desk.id }), "staff { id }")).await;
        disabled.ok("disableStaff.staff.id");
        assert_eq!(desk.gql(WHO, json!({})).await.fault(), "UNAUTHENTICATED");
        assert_eq!(app.send_to(&other.url, desk.token.as_deref(), WHO, json!({})).await.fault(), "UNAUTHENTICATED");
        other.finish().await;
    }

    async fn a_token_that_was_traded_or_rotated_ends_though_it_is_remembered(app) {
        let brand = app.brand("first").await;
        let query = "mutation($input: SignInWithWechatInput!) { signInWithWechat(input: $input) { accessToken refreshToken } }";
        let input = json!({ "input": { "brand": brand.slug, "code": brand.login_code("mei") } });
        let signed = app.send(None, query, input).await;
        let access = signed.text("signInWithWechat.accessToken");
        app.send(Some(&access), WHO, json!({})).await.ok("viewer.kind");
        refresh(app, &signed.text("signInWithWechat.refreshToken")).await.ok("refreshSession.accessToken");
        assert_eq!(app.send(Some(&access), WHO, json!({})).await.fault(), "UNAUTHENTICATED");

        let factory = app.factory("One").await;
        factory.gql(WHO, json!({})).await.ok("viewer.kind");
        let (id, key) = factory.key();
        smallbatch::people::admin::rotate_factory_key(&app.app, id, key, Duration::zero()).await.expect("rotated");
        assert_eq!(factory.gql(WHO, json!({})).await.fault(), "UNAUTHENTICATED");
    }

    async fn a_feed_is_read_once_and_shown_to_each_with_her_own_picks(app) {
        let (brand, elsewhere) = (app.brand("first").await, app.brand("second").await);
        let (koc, mei, lan, xia) =
            (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await, brand.member("xia").await);
        let community = brand.community(&koc, &[&mei, &lan]).await;
        brand.community(&koc, &[&xia]).await;
        let designs = brand.designs(3).await;
        brand.open_round(&[&community], &designs, 2).await;
        let id = round(&feed(&mei).await)["id"].as_str().expect("an id").to_owned();
        mei.pick(&id, &designs[2]).await.ok("pickDesign.entry.id");
        // The order of her picks is that of their instants.
        app.app.clock.advance(Duration::seconds(1));
        mei.pick(&id, &designs[0]).await.ok("pickDesign.entry.id");
        app.app.clock.advance(Duration::seconds(1));

        // A session of her own, so that looking it up counts.
        let mei = brand.member("mei").await;
        let first = feed(&mei).await;
        assert!(first.statements() <= 3, "{} statements uncached", first.statements());
        let second = feed(&mei).await;
        assert!(second.statements() <= 1, "{} statements cached", second.statements());
        assert_eq!(round(&first), round(&second));
        assert_eq!(round(&second)["myPicks"], json!([designs[2], designs[0]]));
        let hers = feed(&lan).await;
        assert!(hers.statements() <= 2, "{} statements with a session to look up", hers.statements());
        assert_eq!(round(&hers)["myPicks"], json!([]));
        let picked = |answer: &Answer| -> Vec<(bool, i64)> {
            let entries = round(answer)["entries"].as_array().expect("entries").clone();
            entries.iter().map(|e| (e["pickedByMe"].as_bool().expect("a bool"), e["picks"].as_i64().expect("a number"))).collect()
        };
        assert_eq!(picked(&second), [(true, 1), (false, 0), (true, 1)]);
        assert_eq!(picked(&hers), [(false, 1), (false, 0), (false, 1)]);
        // What is the same is the same bytes whoever asks.
        let mut same = round(&hers);
        same["myPicks"] = round(&second)["myPicks"].clone();
        for (n, entry) in same["entries"].as_array_mut().expect("entries").iter_mut().enumerate() {
            entry["pickedByMe"] = round(&second)["entries"][n]["pickedByMe"].clone();
        }
        assert_eq!(same, round(&second));

        for stranger in [&xia, &elsewhere.member("mei").await] {
            assert_eq!(feed(stranger).await.ok("rounds.edges"), json!([]));
        }
        for (person, may) in [(&lan, json!(["PICK"])), (&koc, json!([])), (&brand.owner, json!(["CLOSE", "CANCEL", "CHANGE_WINDOW"]))] {
            assert_eq!(actions(person).await, may);
        }
        let zh = app.http.post(format!("{}/graphql", app.url)).header("accept-language", "zh-CN");
        let zh = zh.bearer_auth(lan.token.as_deref().expect("a token")).json(&json!({ "query": FEED }));
        let zh: Value = zh.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(zh["data"]["rounds"]["edges"][0]["node"]["myPicks"], json!([]));
    }

    async fn her_own_picks_are_fresh_and_the_tally_is_a_second_old_at_most(app) {
        let brand = app.brand("first").await;
        let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
        let community = brand.community(&koc, &[&mei, &lan]).await;
        let designs = brand.designs(2).await;
        let id = brand.open_round(&[&community], &designs, 1).await;
        feed(&mei).await.ok("rounds.edges.0");
        mei.pick(&id, &designs[1]).await.ok("pickDesign.entry.id");
        let mine = feed(&mei).await;
        assert_eq!(round(&mine)["myPicks"], json!([designs[1]]));
        assert_eq!(round(&mine)["entries"][1]["pickedByMe"], json!(true));
        mei.unpick(&id, &designs[1]).await.ok("unpickDesign.entry.id");
        assert_eq!(round(&feed(&mei).await)["myPicks"], json!([]));
        lan.pick(&id, &designs[0]).await.ok("pickDesign.entry.id");
        app.app.clock.advance(Duration::seconds(1));
        assert_eq!(round(&feed(&mei).await)["entries"][0]["picks"], json!(1));
    }

    async fn a_feed_that_only_events_change_stays_while_its_tallies_move(app) {
        let brand = app.brand("first").await;
        let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
        let community = brand.community(&koc, &[&mei, &lan]).await;
        let designs = brand.designs(2).await;
        let id = brand.open_round(&[&community], &designs, 1).await;
        app.hearing().await;
        feed(&mei).await.ok("rounds.edges.0");
        for (pickers, seconds) in [(1, 2), (2, 2)] {
            let picker = if pickers == 1 { &lan } else { &mei };
            picker.pick(&id, &designs[0]).await.ok("pickDesign.entry.id");
            app.app.clock.advance(Duration::seconds(seconds));
            let seen = feed(&mei).await;
            assert_eq!(round(&seen)["entries"][0]["picks"], json!(pickers));
            if app.app.config.redis_url.is_some() {
                assert!(seen.statements() <= 2, "{} statements: her picks and the tallies", seen.statements());
                assert!(feed(&mei).await.statements() <= 1, "the tallies are known for a second");
            }
        }
        brand.owner.mutate("closeRound", json!({ "roundId": id }), "round { id }").await.ok("closeRound");
        let closed = round(&feed(&mei).await);
        assert_eq!((&closed["status"], &closed["entries"][0]["picks"]), (&json!("CLOSED"), &json!(2)));
    }

    async fn a_phone_that_takes_gzip_is_shown_the_same(app) {
        let brand = app.brand("first").await;
        let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
        let community = brand.community(&koc, &[&mei, &lan]).await;
        let designs = brand.designs(12).await;
        let id = brand.open_round(&[&community], &designs, 2).await;
        for design in [&designs[3], &designs[1]] {
            mei.pick(&id, design).await.ok("pickDesign.entry.id");
            app.app.clock.advance(Duration::seconds(1));
        }
        // The second is worth compressing, and compressed it is as small as what is not.
        let slate = "{ rounds(first: 1) { edges { node { id entries { id design { id styleNo } } } } } }";
        for (person, query) in [(&mei, FEED), (&lan, FEED), (&mei, slate)] {
            let ask = async |encoding: &str| encoded(person, &json!({ "query": query }), encoding).await;
            let (plain_named, plain) = ask("identity").await;
            assert_eq!(plain_named, (None, None));
            let (named, packed) = ask("gzip, deflate, br").await;
            assert_eq!(named, (Some("gzip".to_owned()), Some("accept-encoding".to_owned())));
            assert!(plain.len() >= 1024 && packed.len() < plain.len() * 2 / 3, "{} of {} bytes", packed.len(), plain.len());
            assert_eq!(packed.len() < 1024, query == slate);
            let (plain, packed): (Value, Value) = (serde_json::from_slice(&plain).expect("JSON"), unpacked(&packed));
            assert_eq!(plain["data"], packed["data"]);
            let picks = packed["data"]["rounds"]["edges"][0]["node"]["myPicks"].as_array().map(Vec::len);
            assert_eq!(picks, (query == FEED).then_some(if person.id == mei.id { 2 } else { 0 }));
        }
    }

    async fn whoever_leaves_or_joins_a_community_sees_so_at_once(app) {
        let brand = app.brand("first").await;
        let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
        let community = brand.community(&koc, &[&mei, &lan]).await;
        let designs = brand.designs(2).await;
        brand.open_round(&[&community], &designs, 1).await;
        for member in [&mei, &lan, &mei] {
            feed(member).await.ok("rounds.edges.0.node.id");
        }
        mei.mutate("leaveCommunity", json!({ "communityId": community }), "community { id }").await.ok("leaveCommunity");
        assert_eq!(feed(&mei).await.ok("rounds.edges"), json!([]));
        feed(&lan).await.ok("rounds.edges.0.node.id");
        let codes = brand.owner.gql("{ communities { edges { node { inviteCode } } } }", json!({})).await;
        let input = json!({ "inviteCode": codes.text("communities.edges.0.node.inviteCode"), "source": "INVITE_CODE" });
        mei.mutate("joinCommunity", input, "community { id }").await.ok("joinCommunity.community.id");
        feed(&mei).await.ok("rounds.edges.0.node.id");
    }

    async fn what_the_brand_changes_is_seen_at_once_on_every_server(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(2).await;
        let made = brand.ask_for_round(&[&community], &designs, 1, Duration::hours(2)).await;
        let id = made.text("createRound.round.id");
        let other = listening(app).await;
        let there = async || app.send_to(&other.url, mei.token.as_deref(), FEED, json!({})).await;
        assert_eq!(round(&there().await)["status"], json!("SCHEDULED"));
        assert_eq!(round(&feed(&mei).await)["status"], json!("SCHEDULED"));
        told(app, &other, brand.owner.mutate("openRound", json!({ "roundId": id }), "round { id }")).await.ok("openRound");
        for seen in [feed(&mei).await, there().await] {
            assert_eq!(round(&seen)["status"], json!("OPEN"));
        }
        told(app, &other, brand.owner.mutate("closeRound", json!({ "roundId": id }), "round { id }")).await.ok("closeRound");
        for seen in [feed(&mei).await, there().await] {
            assert_eq!(round(&seen)["status"], json!("CLOSED"));
            assert_eq!(round(&seen)["entries"][0]["rank"], json!(1));
        }
        other.finish().await;
    }

    async fn a_round_takes_no_picks_in_the_feed_once_its_time_is_up(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(2).await;
        brand.open_round(&[&community], &designs, 1).await;
        app.app.clock.advance(Duration::hours(12) - Duration::seconds(1));
        assert_eq!(actions(&mei).await, json!(["PICK"]));
        app.app.clock.advance(Duration::seconds(1));
        assert_eq!(actions(&mei).await, json!([]));
        app.settle().await;
    }

    async fn a_changed_price_is_seen_at_once_and_sold_pieces_within_a_second(app) {
        let shop = Shop::draft(app, &[5], json!({})).await;
        shop.act("schedulePresale").await.ok("schedulePresale.presale.id");
        let buyer = shop.buyer("li").await;
        let page = "query($id: ID!) { presale(id: $id) { status price { minorUnits } paidPieces availableActions \
                    skus { remaining } design { version { title pictures { url } } } } }";
        let see = async || buyer.person.gql(page, json!({ "id": shop.presale })).await;
        see().await.ok("presale.status");
        let again = see().await;
        assert_eq!((again.text("presale.status").as_str(), again.statements()), ("SCHEDULED", 0));
        let terms = json!({
            "presaleId": shop.presale, "title": "亚麻连衣裙", "skus": [{ "color": "红", "size": "S", "cap": 5 }],
            "price": 12_300, "memberLimit": 5, "moq": 1, "opensAt": app.at(Duration::hours(1)),
            "closesAt": app.at(Duration::days(7)), "promiseDate": shop.promise,
        });
        shop.desk.mutate("changePresale", terms, "presale { id }").await.ok("changePresale.presale.id");
        assert_eq!(see().await.int("presale.price.minorUnits"), 12_300);
        let actions = "query($id: ID!) { presale(id: $id) { availableActions } }";
        let may = async || buyer.person.gql(actions, json!({ "id": shop.presale })).await.ok("presale.availableActions");
        assert_eq!(may().await, json!([]));
        shop.act("openPresale").await.ok("openPresale.presale.id");
        assert_eq!(may().await, json!(["PLACE_ORDER"]));
        let open = see().await;
        assert_eq!(open.ok("presale.availableActions"), json!(["PLACE_ORDER"]));
        assert_eq!(open.int("presale.skus.0.remaining"), 5);
    }

    async fn a_page_of_a_presale_stays_while_its_pieces_are_sold_until_its_time_is_over(app) {
        let shop = Shop::open(app, &[5, 2], json!({})).await;
        let (li, wang) = (shop.buyer("li").await, shop.buyer("wang").await);
        app.hearing().await;
        let page = "query($id: ID!) { presale(id: $id) { title price { minorUnits } paidPieces availableActions \
                    skus { size remaining } design { version { title } } } }";
        let see = async |who: &Person<'_>| who.gql(page, json!({ "id": shop.presale })).await;
        let left = |seen: &Answer| {
            let skus = seen.ok("presale.skus").as_array().expect("a list").clone();
            let left: Vec<_> = skus.iter().map(|sku| sku["remaining"].as_i64().expect("a number")).collect();
            (seen.int("presale.paidPieces"), left, seen.ok("presale.availableActions"))
        };
        let order = json!(["PLACE_ORDER"]);
        assert_eq!(left(&see(&li.person).await), (0, vec![5, 2], order.clone()));
        shop.bought(&wang, &[(0, 2)]).await;
        shop.placed(&wang, &[(1, 1)]).await;
        let kept = app.app.config.redis_url.is_some();
        app.app.clock.advance(Duration::seconds(2));
        let seen = see(&li.person).await;
        assert_eq!(left(&seen), (2, vec![3, 1], order.clone()));
        assert!(!kept || seen.statements() <= 1, "{} statements: what is left", seen.statements());
        let again = see(&li.person).await;
        assert_eq!((left(&again), again.statements()), (left(&seen), 0));
        let hers = see(&wang.person).await;
        assert_eq!(left(&hers), left(&seen));

        // Nobody has closed it yet.
        app.app.clock.advance(Duration::days(7) - Duration::seconds(3));
        let li = shop.brand.member("li").await;
        assert_eq!(left(&see(&li).await).2, order);
        app.app.clock.advance(Duration::seconds(1));
        let over = see(&li).await;
        assert_eq!(left(&over), (2, vec![0, 0], json!([])));
        assert!(!kept || over.statements() <= 1, "{} statements: it was not kept", over.statements());
        // An event ends it at once.
        let desk = shop.brand.merchandiser().await;
        let cancelled = desk.mutate("cancelPresale", json!({ "presaleId": shop.presale }), "presale { id }").await;
        cancelled.ok("cancelPresale.presale.id");
        let cancelled = li.gql("query($id: ID!) { presale(id: $id) { status paidPieces } }", json!({ "id": shop.presale }));
        let cancelled = cancelled.await;
        assert_eq!((cancelled.text("presale.status"), cancelled.int("presale.paidPieces")), ("CANCELLED".to_owned(), 2));
    }

    async fn a_page_of_a_presale_is_the_same_compressed_while_it_sells_and_after(app) {
        let sku = |n: usize| json!({ "color": "红", "size": format!("{n}"), "cap": 3 });
        let shop = Shop::open(app, &[], json!({ "skus": (0..16).map(sku).collect::<Vec<_>>() })).await;
        let body = json!({
            "query": "query($id: ID!) { presales(first: 5) { nodes { id paidPieces availableActions } } \
                      presale(id: $id) { title availableActions paidPieces skus { id code color size remaining } } }",
            "variables": { "id": shop.presale },
        });
        for (passed, left) in [(Duration::zero(), 3), (Duration::days(7), 0)] {
            app.app.clock.advance(passed);
            let li = shop.brand.member("li").await;
            encoded(&li, &body, "identity").await;
            let (_, plain) = encoded(&li, &body, "identity").await;
            let (named, packed) = encoded(&li, &body, "gzip").await;
            assert_eq!(named.0.as_deref(), Some("gzip"));
            let (plain, packed): (Value, Value) = (serde_json::from_slice(&plain).expect("JSON"), unpacked(&packed));
            assert_eq!(plain["data"], packed["data"]);
            let skus = packed["data"]["presale"]["skus"].as_array().expect("a list");
            assert!(skus.len() == 16 && skus.iter().all(|sku| sku["remaining"] == left), "{skus:#?}");
            let actions = if left > 0 { json!(["PLACE_ORDER"]) } else { json!([]) };
            assert_eq!(packed["data"]["presales"]["nodes"][0]["availableActions"], actions);
        }
    }

    async fn a_page_of_my_orders_takes_four_statements_with_all_it_shows(app) {
        let shop = Shop::open(app, &[9, 9], json!({})).await;
        let buyer = shop.buyer("li").await;
        shop.bought(&buyer, &[(0, 1), (1, 2)]).await;
        shop.placed(&buyer, &[(1, 1)]).await;
        let li = shop.brand.member("li").await;
        let query = "{ myOrders(first: 10) { edges { node { id orderNo status amount { formatted } availableActions \
            lines { quantity unitPrice { minorUnits } sku { code color size } } \
            presale { title status design { styleNo version { title pictures { url(size: THUMB) } } } } } } } }";
        let page = li.gql(query, json!({})).await;
        assert_eq!(page.ok("myOrders.edges").as_array().map(Vec::len), Some(2));
        assert_eq!(page.text("myOrders.edges.1.node.lines.1.sku.size"), "M");
        assert_eq!(page.text("myOrders.edges.0.node.presale.design.version.title"), "Linen dress");
        assert!(page.statements() <= 4, "{} statements", page.statements());
    }
}
