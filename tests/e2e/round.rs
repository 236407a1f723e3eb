//! Rounds: who may pick, when, how it is counted, and who advances.

use std::collections::HashSet;

use chrono::Duration;
use serde_json::{Value, json};

use super::*;

const RESULT: &str = "round { id status tieBreak closedAt entries { rank advanced picks design { id status } } }";

/// (design, rank, picks, advanced) in the order of the answer.
fn places(entries: &Value) -> Vec<(String, i64, i64, bool)> {
    let place = |entry: &Value| {
        let design = entry["design"]["id"].as_str().expect("a design").to_owned();
        let number = |name: &str| entry[name].as_i64().expect(name);
        (design, number("rank"), number("picks"), entry["advanced"].as_bool().expect("advanced"))
    };
    entries.as_array().expect("entries").iter().map(place).collect()
}

e2e! {
    async fn picking_counts_once_and_can_be_taken_back(app) {
        let brand = app.brand("first").await;
        let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
        let community = brand.community(&koc, &[&mei, &lan]).await;
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&community], &designs, 1).await;

        let first = mei.pick(&round, &designs[0]).await;
        assert_eq!((first.int("pickDesign.entry.picks"), first.ok("pickDesign.entry.pickedByMe")), (1, json!(true)));
        assert_eq!(mei.pick(&round, &designs[0]).await.int("pickDesign.entry.picks"), 1);
        assert_eq!(lan.pick(&round, &designs[0]).await.int("pickDesign.entry.picks"), 2);
        let back = mei.unpick(&round, &designs[0]).await;
        assert_eq!((back.int("unpickDesign.entry.picks"), back.ok("unpickDesign.entry.pickedByMe")), (1, json!(false)));
        assert_eq!(mei.unpick(&round, &designs[0]).await.int("unpickDesign.entry.picks"), 1);
        assert_eq!(mei.unpick(&round, &designs[1]).await.int("unpickDesign.entry.picks"), 0);
        assert_eq!(mei.pick(&round, &designs[0]).await.int("pickDesign.entry.picks"), 2);
    }

    async fn a_repeated_request_answers_again_and_counts_nothing(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&community], &designs, 1).await;
        let input = json!({ "idempotencyKey": "pick-once", "roundId": round, "designId": designs[0] });
        mei.mutate("pickDesign", input.clone(), "entry { picks }").await.ok("pickDesign.entry.picks");
        mei.unpick(&round, &designs[0]).await.ok("unpickDesign.entry");
        let replay = mei.mutate("pickDesign", input, "entry { picks } replayed").await;
        assert_eq!((replay.int("pickDesign.entry.picks"), replay.ok("pickDesign.replayed")), (0, json!(true)));
    }

    async fn many_picks_at_once_are_all_counted(app) {
        let brand = app.brand("first").await;
        let koc = brand.koc("koc").await;
        let names: Vec<String> = (0..12).map(|n| format!("member{n}")).collect();
        let mut members = Vec::new();
        for name in &names {
            members.push(brand.member(name).await);
        }
        let community = brand.community(&koc, &members.iter().collect::<Vec<_>>()).await;
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&community], &designs, 1).await;
        let picks = members.iter().flat_map(|member| [member.pick(&round, &designs[0]), member.pick(&round, &designs[0])]);
        for answer in futures_util::future::join_all(picks).await {
            answer.ok("pickDesign.entry.id");
        }
        let last = members[0].pick(&round, &designs[0]).await;
        assert_eq!(last.int("pickDesign.entry.picks"), 12);
    }

    async fn whatever_is_picked_and_taken_back_the_tally_is_what_stands(app) {
        let brand = app.brand("first").await;
        let koc = brand.koc("koc").await;
        let members = [brand.member("mei").await, brand.member("lan").await, brand.member("xia").await];
        let community = brand.community(&koc, &members.iter().collect::<Vec<_>>()).await;
        let designs = brand.designs(3).await;
        let round = brand.open_round(&[&community], &designs, 3).await;
        let mut standing = HashSet::new();
        // Numerical Recipes' linear congruential generator: the same mixed-up life every time.
        let mut random = 2026u32;
        for _ in 0..60 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (who, what) = ((random >> 8) as usize % 3, (random >> 16) as usize % 3);
            let picks = if random >> 31 == 0 {
                standing.insert((who, what));
                members[who].pick(&round, &designs[what]).await.int("pickDesign.entry.picks")
            } else {
                standing.remove(&(who, what));
                members[who].unpick(&round, &designs[what]).await.int("unpickDesign.entry.picks")
            };
            assert_eq!(picks, standing.iter().filter(|(_, design)| *design == what).count() as i64);
        }
        let closed = brand.owner.mutate("closeRound", json!({ "roundId": round }), RESULT).await;
        let total: i64 = places(&closed.ok("closeRound.round.entries")).iter().map(|place| place.2).sum();
        assert_eq!(total, standing.len() as i64);
    }

    async fn only_members_of_the_rounds_communities_pick(app) {
        let (brand, other) = (app.brand("first").await, app.brand("second").await);
        let (koc, mei, lan) = (brand.koc("koc").await, brand.member("mei").await, brand.member("lan").await);
        let community = brand.community(&koc, &[&mei]).await;
        brand.community(&koc, &[&lan]).await;
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&community], &designs, 1).await;

        assert_eq!(lan.pick(&round, &designs[0]).await.refused(), "FORBIDDEN");
        assert_eq!(koc.pick(&round, &designs[0]).await.refused(), "FORBIDDEN");
        assert_eq!(other.member("mei").await.pick(&round, &designs[0]).await.fault(), "NOT_FOUND");
        assert_eq!(brand.owner.pick(&round, &designs[0]).await.fault(), "FORBIDDEN");
        let elsewhere = brand.designs(1).await.remove(0);
        assert_eq!(mei.pick(&round, &elsewhere).await.fault(), "NOT_FOUND");
        mei.pick(&round, &designs[0]).await.ok("pickDesign.entry");
        mei.mutate("leaveCommunity", json!({ "communityId": community }), "community { id }").await.ok("leaveCommunity");
        assert_eq!(mei.pick(&round, &designs[1]).await.refused(), "FORBIDDEN");

        let query = "query($id: ID!) { round(id: $id) { title } }";
        for stranger in [&lan, &mei] {
            assert_eq!(stranger.gql(query, json!({ "id": round })).await.fault(), "NOT_FOUND");
        }
        koc.gql(query, json!({ "id": round })).await.ok("round.title");
        assert_eq!(lan.gql("{ rounds { edges { node { id } } } }", json!({})).await.ok("rounds.edges"), json!([]));
    }

    async fn a_member_of_two_communities_counts_once_for_the_one_she_joined_first(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let early = brand.community(&koc, &[&mei]).await;
        app.advance(Duration::minutes(1)).await;
        let late = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&late, &early], &designs, 1).await;
        assert_eq!(mei.pick(&round, &designs[0]).await.int("pickDesign.entry.picks"), 1);
        mei.mutate("leaveCommunity", json!({ "communityId": early }), "community { id }").await.ok("leaveCommunity");
        assert_eq!(mei.pick(&round, &designs[1]).await.int("pickDesign.entry.picks"), 1);

        let query = "query($id: ID!) { round(id: $id) { entries { tally { picks community { id } } } } }";
        let seen = brand.owner.gql(query, json!({ "id": round })).await;
        for entry in ["0", "1"] {
            let tally = seen.ok(&format!("round.entries.{entry}.tally"));
            assert_eq!(tally, json!([{ "picks": 1, "community": { "id": early } }]));
        }
        assert_eq!(koc.gql(query, json!({ "id": round })).await.ok("round.entries.0.tally").as_array().map(Vec::len), Some(1));
        assert!(mei.gql(query, json!({ "id": round })).await.at("round.entries.0.tally").is_null());
    }

    async fn a_round_opens_and_closes_by_itself_and_takes_picks_only_between(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(3).await;
        let made = brand.ask_for_round(&[&community], &designs, 2, Duration::hours(2)).await;
        let round = made.text("createRound.round.id");
        assert_eq!(made.text("createRound.round.status"), "SCHEDULED");
        assert_eq!(mei.pick(&round, &designs[0]).await.refusal()["at"], app.at(Duration::hours(2)));

        app.advance(Duration::hours(2)).await;
        let query = "query($id: ID!) { round(id: $id) { status opensAtLocal closesAtLocal availableActions myPicks } }";
        let open = mei.gql(query, json!({ "id": round })).await;
        assert_eq!(open.text("round.status"), "OPEN");
        assert_eq!(open.text("round.opensAtLocal"), "2026-03-02 12:00");
        assert_eq!(open.ok("round.availableActions"), json!(["PICK"]));
        mei.pick(&round, &designs[1]).await.ok("pickDesign.entry");

        // At the very instant of the end, before any worker came by, the round takes nothing more.
        app.app.clock.advance(Duration::hours(12));
        assert_eq!(mei.pick(&round, &designs[0]).await.refused(), "CLOSED");
        assert_eq!(mei.unpick(&round, &designs[1]).await.refused(), "CLOSED");
        app.settle().await;
        let closed = mei.gql(query, json!({ "id": round })).await;
        assert_eq!(closed.text("round.status"), "CLOSED");
        assert_eq!(closed.ok("round.myPicks"), json!([designs[1]]));
        assert_eq!(closed.ok("round.availableActions"), json!([]));
        assert_eq!(mei.pick(&round, &designs[0]).await.refused(), "CLOSED");

        let result = "query($id: ID!) { round(id: $id) { entries { rank advanced picks design { id status } } } }";
        let entries = brand.owner.gql(result, json!({ "id": round })).await.ok("round.entries");
        let states: Vec<&Value> = entries.as_array().expect("entries").iter().map(|entry| &entry["design"]["status"]).collect();
        assert_eq!(states, ["ADVANCED", "RETIRED", "RETIRED"]);
        assert_eq!(places(&entries)[0], (designs[1].clone(), 1, 1, true));
    }

    async fn the_top_advance_and_a_tie_goes_to_the_earlier_last_pick(app) {
        let brand = app.brand("first").await;
        let koc = brand.koc("koc").await;
        let (mei, lan, xia) = (brand.member("mei").await, brand.member("lan").await, brand.member("xia").await);
        let community = brand.community(&koc, &[&mei, &lan, &xia]).await;
        let designs = brand.designs(4).await;
        let round = brand.open_round(&[&community], &designs, 2).await;
        for (member, design) in [(&mei, 2), (&lan, 2), (&mei, 1), (&lan, 0), (&xia, 2)] {
            app.advance(Duration::minutes(1)).await;
            member.pick(&round, &designs[design]).await.ok("pickDesign.entry");
        }
        let closed = brand.owner.mutate("closeRound", json!({ "roundId": round }), RESULT).await;
        assert_eq!(
            places(&closed.ok("closeRound.round.entries")),
            [
                (designs[2].clone(), 1, 3, true),
                (designs[1].clone(), 2, 1, true),
                (designs[0].clone(), 3, 1, false),
                (designs[3].clone(), 4, 0, false),
            ]
        );
        assert!(closed.text("closeRound.round.tieBreak").contains("earlier"));
        let again = brand.owner.mutate("closeRound", json!({ "roundId": round }), RESULT).await;
        assert_eq!(again.refusal()["actual"], "closed");
        assert_eq!(mei.unpick(&round, &designs[2]).await.refused(), "CLOSED");
    }

    async fn what_nobody_picked_does_not_advance(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(3).await;
        let round = brand.open_round(&[&community], &designs, 3).await;
        mei.pick(&round, &designs[2]).await.ok("pickDesign.entry");
        let closed = brand.owner.mutate("closeRound", json!({ "roundId": round }), RESULT).await;
        let advanced: Vec<bool> = places(&closed.ok("closeRound.round.entries")).into_iter().map(|place| place.3).collect();
        assert_eq!(advanced, [true, false, false]);
        assert!(closed.at("closeRound.round.tieBreak").is_null());
    }

    async fn a_cancelled_round_gives_its_designs_back(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&community], &designs, 1).await;
        mei.pick(&round, &designs[0]).await.ok("pickDesign.entry");
        let taken = brand.ask_for_round(&[&community], &designs, 1, Duration::zero()).await;
        assert_eq!(taken.refusal()["actual"], "in_round");

        let input = json!({ "roundId": round, "reason": "Wrong pictures" });
        let cancelled = brand.owner.mutate("cancelRound", input, "round { status entries { design { status } } }").await;
        assert_eq!(cancelled.text("cancelRound.round.status"), "CANCELLED");
        assert_eq!(cancelled.text("cancelRound.round.entries.1.design.status"), "SUBMITTED");
        assert_eq!(mei.pick(&round, &designs[1]).await.refusal()["actual"], "cancelled");
        let next = brand.open_round(&[&community], &designs, 1).await;
        assert_eq!(mei.pick(&next, &designs[0]).await.int("pickDesign.entry.picks"), 1);
        app.advance(Duration::days(1)).await;
    }

    async fn a_round_is_opened_by_hand_before_its_time(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(2).await;
        let made = brand.ask_for_round(&[&community], &designs, 1, Duration::hours(5)).await;
        let round = made.text("createRound.round.id");
        assert_eq!(mei.mutate("openRound", json!({ "roundId": round }), "round { id }").await.fault(), "FORBIDDEN");
        let opened = brand.owner.mutate("openRound", json!({ "roundId": round }), "round { status availableActions }").await;
        assert_eq!(opened.ok("openRound.round.availableActions"), json!(["CLOSE", "CANCEL", "CHANGE_WINDOW"]));
        assert_eq!(mei.pick(&round, &designs[0]).await.int("pickDesign.entry.picks"), 1);
        app.advance(Duration::hours(5)).await;
        assert_eq!(mei.pick(&round, &designs[1]).await.int("pickDesign.entry.picks"), 1);
    }

    async fn the_end_of_an_open_round_moves_and_its_timer_with_it(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(2).await;
        let round = brand.open_round(&[&community], &designs, 1).await;
        let fields = "round { status closesAt }";
        let input = json!({ "roundId": round, "opensAt": app.at(Duration::hours(1)) });
        assert_eq!(brand.owner.mutate("changeRoundWindow", input, fields).await.refusal()["field"], json!(["opensAt"]));
        let input = json!({ "roundId": round, "closesAt": app.at(Duration::hours(15)) });
        brand.owner.mutate("changeRoundWindow", input, fields).await.ok("changeRoundWindow.round");
        app.advance(Duration::hours(13)).await;
        assert_eq!(mei.pick(&round, &designs[0]).await.int("pickDesign.entry.picks"), 1);
        app.advance(Duration::hours(2)).await;
        assert_eq!(mei.pick(&round, &designs[1]).await.refused(), "CLOSED");
        let input = json!({ "roundId": round, "closesAt": app.at(Duration::hours(1)) });
        assert_eq!(brand.owner.mutate("changeRoundWindow", input, fields).await.refusal()["actual"], "closed");
    }

    async fn a_round_is_made_of_what_is_there_and_submitted(app) {
        let (brand, other) = (app.brand("first").await, app.brand("second").await);
        let koc = brand.koc("koc").await;
        let community = brand.community(&koc, &[]).await;
        let (designs, foreign) = (brand.designs(2).await, other.designs(2).await);
        let now = Duration::zero();
        assert_eq!(brand.ask_for_round(&[&community], &foreign, 1, now).await.fault(), "NOT_FOUND");
        let short = brand.ask_for_round(&[&community], &designs[..1], 1, now).await;
        assert_eq!(short.refusal()["field"], json!(["designIds"]));
        assert_eq!(brand.ask_for_round(&[&community], &designs, 3, now).await.refusal()["limit"], 2);
        brand.ask_for_round(&[&community], &designs, 2, now).await.ok("createRound.round.id");
    }

    async fn a_feed_of_a_round_takes_few_statements(app) {
        let brand = app.brand("first").await;
        let (koc, mei) = (brand.koc("koc").await, brand.member("mei").await);
        let community = brand.community(&koc, &[&mei]).await;
        let designs = brand.designs(6).await;
        let round = brand.open_round(&[&community], &designs, 2).await;
        mei.pick(&round, &designs[0]).await.ok("pickDesign.entry.id");

        let query = "query($id: ID!) { round(id: $id) { title status closesAt myPicks entries { id picks pickedByMe \
                     design { styleNo version { title pictures { url(size: MEDIUM) } } } } } }";
        let feed = mei.gql(query, json!({ "id": round })).await;
        assert_eq!(feed.ok("round.entries").as_array().map(Vec::len), Some(6));
        assert_eq!(feed.ok("round.entries.0.pickedByMe"), json!(true));
        // The session, the round, the slate with its designs and her picks.
        assert!(feed.statements() <= 3, "{} statements", feed.statements());
    }
}
