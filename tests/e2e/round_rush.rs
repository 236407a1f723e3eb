//! Many pick at once, at one server or two: every pick counts once, everybody gets a true answer.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use smallbatch::app::App;
use smallbatch::base::id::RoundId;
use tests::{Answer, Brand, Person};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::*;

/// An open round of three designs and those who may vote in it.
struct Vote<'a> {
    app: &'a TestApp,
    brand: Brand<'a>,
    community: String,
    members: Vec<Person<'a>>,
    designs: Vec<String>,
    round: String,
}

impl<'a> Vote<'a> {
    async fn open(app: &'a TestApp, members: usize) -> Self {
        let brand = app.brand("first").await;
        let koc = brand.koc("koc").await;
        let names: Vec<String> = (0..members).map(|n| format!("member-{n}")).collect();
        let mut members = Vec::new();
        for names in names.chunks(10) {
            members.extend(join_all(names.iter().map(|name| brand.member(name))).await);
        }
        let community = brand.community(&koc, &members.iter().collect::<Vec<_>>()).await;
        let designs = brand.designs(3).await;
        let round = brand.open_round(&[&community], &designs, 1).await;
        Vote { app, brand, community, members, designs, round }
    }

    fn input(&self, key: &str, design: usize) -> Value {
        json!({ "idempotencyKey": key, "roundId": self.round, "designId": self.designs[design] })
    }

    /// `pickDesign` or `unpickDesign` at the server at `url`.
    async fn ask(&self, url: &str, member: &Person<'_>, name: &str, input: Value) -> Answer {
        let kind = format!("{}{}Input!", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation($input: {kind}) {{ {name}(input: $input) {{ entry {{ picks pickedByMe }} replayed userErrors {{ code }} }} }}"
        );
        self.app.send_to(url, member.token.as_deref(), &query, json!({ "input": input })).await
    }

    async fn pick_at(&self, url: &str, member: &Person<'_>, design: usize) -> Answer {
        let key = self.app.app.ids.next().to_string();
        self.ask(url, member, "pickDesign", self.input(&key, design)).await
    }

    /// The tally of each design, after checking that it is what the rows and the communities say.
    async fn tally(&self) -> Vec<i64> {
        let query = "query($id: ID!) { round(id: $id) { entries { picks design { id } tally { picks } } } }";
        let entries = self.brand.owner.gql(query, json!({ "id": self.round })).await.ok("round.entries");
        let mut tally = Vec::new();
        for design in &self.designs {
            // A closed round shows its entries by rank.
            let of_design = |entry: &&Value| entry["design"]["id"] == json!(design);
            let entry = entries.as_array().and_then(|all| all.iter().find(of_design)).expect("an entry");
            let picks = entry["picks"].as_i64().expect("a count");
            let by_community: i64 =
                entry["tally"].as_array().into_iter().flatten().filter_map(|row| row["picks"].as_i64()).sum();
            assert_eq!((picks, picks), (by_community, self.rows(design).await), "{entries:#}");
            tally.push(picks);
        }
        tally
    }

    async fn rows(&self, design: &str) -> i64 {
        let db = self.app.app.db.read();
        let id = smallbatch::base::id::DesignId::parse(design).expect("a design").0;
        let text = "select count(*) as n from pick where brand_id = $1 and round_id = $2 and design_id = $3";
        let values = [self.brand.id.into(), self.lane().1.into(), id.into()];
        let statement = Statement::from_sql_and_values(db.get_database_backend(), text, values);
        db.query_one_raw(statement).await.expect("a count").expect("a row").try_get("", "n").expect("a number")
    }

    fn lane(&self) -> (Uuid, Uuid) {
        (self.brand.id, RoundId::parse(&self.round).expect("a round").0)
    }

    /// Holds the round's entries until `then` opens the gate: what is asked at `app` meanwhile waits.
    async fn held<T>(&self, then: impl AsyncFnOnce(&Semaphore) -> T) -> T {
        let (held, gate) = (&Semaphore::new(0), &Semaphore::new(0));
        let (brand_id, round_id) = self.lane();
        let holder = self.app.app.write(brand_id, |tx| async move {
            let text = "update round_entry set picks = picks where brand_id = $1 and round_id = $2";
            let values = [brand_id.into(), round_id.into()];
            let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), text, values);
            tx.conn().execute_raw(statement).await?;
            held.add_permits(1);
            gate.acquire().await.expect("an open gate").forget();
            Ok(())
        });
        let rest = async {
            held.acquire().await.expect("a holder").forget();
            then(gate).await
        };
        let (holder, rest) = tokio::join!(holder, rest);
        holder.expect("the holder commits");
        rest
    }

    /// Until `count` votes wait at `app` behind one that is being written.
    async fn until_waiting(&self, app: &App, count: usize) {
        while app.votes.waiting(&self.lane()) != Some(count) {
            tokio::task::yield_now().await;
        }
    }

    /// Sends `first`, then the others one by one; they are written together, in this order.
    async fn grouped(&self, first: (usize, usize), others: &[(&Person<'_>, &str, Value)]) -> Vec<Answer> {
        let app = &self.app.app;
        self.held(async |gate| {
            let begun = self.pick_at(&self.app.url, &self.members[first.0], first.1);
            let one_by_one = others.iter().enumerate().map(async |(n, (member, name, input))| {
                self.until_waiting(app, n).await;
                self.ask(&self.app.url, member, name, input.clone()).await
            });
            let behind = async {
                // The first is being written, no longer in the queue.
                self.until_waiting(app, 0).await;
                join_all(one_by_one).await
            };
            let open = async {
                self.until_waiting(app, others.len()).await;
                gate.add_permits(1);
            };
            let (begun, behind, ()) = tokio::join!(begun, behind, open);
            begun.ok("pickDesign.entry");
            behind
        })
        .await
    }
}

fn counted(answer: &Answer, name: &str) -> (i64, bool) {
    (answer.int(&format!("{name}.entry.picks")), answer.ok(&format!("{name}.replayed")) == json!(true))
}

e2e! {
    async fn a_hundred_and_twenty_share_their_statements_and_a_lone_pick_costs_no_more(app) {
        let vote = &Vote::open(app, 120).await;
        // Without what the view reads on top.
        let pick = |n: usize, design: usize| {
            let input = vote.input(&format!("first-key-{n}-{design}"), design);
            vote.members[n].mutate("pickDesign", input, "entry { picks } replayed")
        };
        let picks = (0..120).map(|n| pick(n, n % 2));
        let answers = join_all(picks).await;
        answers.iter().for_each(|answer| drop(answer.ok("pickDesign.entry")));
        let total: u64 = answers.iter().map(|answer| answer.statements()).sum();
        assert!(total <= 2 * 120, "{total} statements for 120 picks");
        assert_eq!(vote.tally().await, [60, 60, 0]);
        let lone = pick(0, 2).await;
        assert_eq!(counted(&lone, "pickDesign"), (1, false));
        // The session and the ballot, then the writes: one to PostgreSQL, four to SQLite.
        let most = if app.app.db.backend() == DbBackend::Postgres { 3 } else { 6 };
        assert!(lone.statements() <= most, "{} statements alone", lone.statements());
    }

    async fn one_members_votes_in_flight_answer_as_one_after_the_other(app) {
        let vote = &Vote::open(app, 2).await;
        let mei = &vote.members[1];
        let answers = vote.grouped((0, 0), &[
            (mei, "pickDesign", vote.input("her-first-pick", 0)),
            (mei, "pickDesign", vote.input("another-design", 1)),
            (mei, "unpickDesign", vote.input("she-takes-it-back", 0)),
            (mei, "pickDesign", vote.input("her-first-pick", 0)),
            (mei, "pickDesign", vote.input("her-first-pick", 1)),
            (mei, "pickDesign", vote.input("she-picks-again", 0)),
        ]).await;
        assert_eq!(counted(&answers[0], "pickDesign"), (2, false));
        assert_eq!(counted(&answers[1], "pickDesign"), (1, false));
        assert_eq!(counted(&answers[2], "unpickDesign"), (1, false));
        assert_eq!(counted(&answers[3], "pickDesign"), (1, true));
        assert_eq!(answers[4].refused(), "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(counted(&answers[5], "pickDesign"), (2, false));
        assert_eq!(vote.tally().await, [2, 1, 0]);
    }

    async fn who_may_not_vote_costs_the_others_nothing_and_keeps_no_key(app) {
        let vote = &Vote::open(app, 3).await;
        let stranger = &vote.brand.member("stranger").await;
        let gone = &vote.members[2];
        gone.mutate("leaveCommunity", json!({ "communityId": vote.community }), "community { id }").await.ok("leaveCommunity");
        let mut nowhere = vote.input("nowhere-at-all", 0);
        nowhere["designId"] = json!(vote.brand.designs(1).await[0]);
        let answers = vote.grouped((0, 0), &[
            (stranger, "pickDesign", vote.input("of-a-stranger", 0)),
            (gone, "pickDesign", vote.input("of-one-who-left", 0)),
            (&vote.members[1], "pickDesign", nowhere),
            (&vote.members[1], "pickDesign", vote.input("of-a-member", 0)),
        ]).await;
        assert_eq!([answers[0].refused(), answers[1].refused()], ["FORBIDDEN", "FORBIDDEN"]);
        assert_eq!(answers[2].fault(), "NOT_FOUND");
        assert_eq!(counted(&answers[3], "pickDesign"), (2, false));
        let codes = "{ communities { edges { node { inviteCode } } } }";
        let code = vote.brand.owner.gql(codes, json!({})).await.text("communities.edges.0.node.inviteCode");
        let input = json!({ "inviteCode": code, "source": "INVITE_CODE" });
        stranger.mutate("joinCommunity", input, "community { id }").await.ok("joinCommunity.community");
        let again = vote.ask(&app.url, stranger, "pickDesign", vote.input("of-a-stranger", 0)).await;
        assert_eq!(counted(&again, "pickDesign"), (3, false));
    }

    async fn one_key_counts_once_at_whichever_server(app) {
        let vote = &Vote::open(app, 4).await;
        let second = app.sibling().await;
        let urls = [&app.url, &second.url];
        for (n, member) in vote.members.iter().enumerate() {
            let ask = |n: usize| vote.ask(urls[n % 2], member, "pickDesign", vote.input("the-same-key", 0));
            let answers = join_all((0..8).map(ask)).await;
            let done = answers.iter().filter(|answer| !counted(answer, "pickDesign").1).count();
            assert_eq!((done, vote.tally().await), (1, vec![n as i64 + 1, 0, 0]));
            let other = vote.ask(urls[1], member, "pickDesign", vote.input("the-same-key", 1)).await;
            assert_eq!(other.refused(), "IDEMPOTENCY_KEY_REUSED");
        }
        second.finish().await;
    }

    async fn two_servers_count_every_pick_and_what_is_taken_back(app) {
        let vote = &Vote::open(app, 40).await;
        let second = app.sibling().await;
        let urls = [&app.url, &second.url];
        for (name, tally) in [("pickDesign", [40, 40, 40]), ("unpickDesign", [0, 0, 0])] {
            let asks = (0..120).map(async |n| {
                let key = app.app.ids.next().to_string();
                let (member, design) = (&vote.members[n % 40], (n / 40 + n) % 3);
                vote.ask(urls[n / 3 % 2], member, name, vote.input(&key, design)).await
            });
            for answer in join_all(asks).await {
                answer.ok(&format!("{name}.entry"));
            }
            assert_eq!(vote.tally().await, tally);
        }
        second.finish().await;
    }

    async fn votes_race_with_the_close_of_their_round(app) {
        let vote = &Vote::open(app, 60).await;
        let second = app.sibling().await;
        let urls = [&app.url, &second.url];
        let pick = |n: usize| vote.pick_at(urls[n % 2], &vote.members[n], n % 3);
        join_all((0..12).map(pick)).await;
        let close = vote.brand.owner.mutate("closeRound", json!({ "roundId": vote.round }), "round { entries { picks } }");
        let (answers, closed) = tokio::join!(join_all((12..60).map(pick)), close);
        let mut taken = 12;
        for answer in &answers {
            assert!(answer.body.get("errors").is_none(), "{:#}", answer.body);
            if answer.user_errors().is_empty() { taken += 1 } else { assert_eq!(answer.refused(), "CLOSED") }
        }
        let entries = closed.ok("closeRound.round.entries");
        let frozen: i64 = entries.as_array().expect("entries").iter().filter_map(|entry| entry["picks"].as_i64()).sum();
        assert_eq!((frozen, vote.tally().await.iter().sum::<i64>()), (taken, taken));
        assert_eq!(pick(0).await.refused(), "CLOSED");
        second.finish().await;
    }

    async fn whoever_finds_the_queue_full_comes_again_with_the_same_key(app) {
        let vote = &Vote::open(app, 3).await;
        let small = app.sibling_with(|config| config.vote_queue = 1).await;
        let ask = |n: usize| vote.ask(&small.url, &vote.members[n], "pickDesign", vote.input("come-again", 0));
        let begun = &Semaphore::new(0);
        let (first, waited, turned_away) = vote.held(async |gate| {
            let second = async {
                vote.until_waiting(&small.app, 0).await;
                begun.add_permits(1);
                ask(1).await
            };
            let third = async {
                // The first waits too, for the blink until its write begins: it is not the one meant.
                begun.acquire().await.expect("a first write").forget();
                vote.until_waiting(&small.app, 1).await;
                let answer = ask(2).await;
                gate.add_permits(1);
                answer
            };
            tokio::join!(ask(0), second, third)
        }).await;
        assert_eq!(turned_away.refused(), "UNAVAILABLE");
        assert_eq!([counted(&first, "pickDesign"), counted(&waited, "pickDesign")], [(1, false), (2, false)]);
        assert_eq!(counted(&ask(2).await, "pickDesign"), (3, false));
        small.finish().await;
    }

    async fn the_pick_of_a_member_who_hung_up_counts_once(app) {
        let vote = &Vote::open(app, 2).await;
        let ask = || vote.ask(&app.url, &vote.members[1], "pickDesign", vote.input("the-same-key", 0));
        vote.held(async |gate| {
            let first = async { vote.pick_at(&app.url, &vote.members[0], 0).await.ok("pickDesign.entry") };
            let hangs_up = async {
                vote.until_waiting(&app.app, 0).await;
                tokio::select! {
                    answer = ask() => panic!("answered behind a closed gate: {answer:?}"),
                    () = vote.until_waiting(&app.app, 1) => gate.add_permits(1),
                }
            };
            tokio::join!(first, hangs_up)
        }).await;
        while app.app.votes.waiting(&vote.lane()).is_some() {
            tokio::task::yield_now().await;
        }
        assert_eq!(vote.tally().await, [2, 0, 0]);
        assert_eq!(counted(&ask().await, "pickDesign"), (2, true));
    }

    async fn any_rush_of_picks_adds_up_to_what_one_after_the_other_would(app) {
        let vote = &Vote::open(app, 5).await;
        let second = app.sibling().await;
        let urls = [&app.url, &second.url];
        let (mut standing, mut random) = (HashSet::new(), 2026u32);
        let mut next = |below: u32| {
            // Numerical Recipes' linear congruential generator: the same mixed-up life every time.
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % below
        };
        for turn in 0..12 {
            // Different members and designs at once in any order; what is on one place is one wish, asked
            // up to three times at both servers.
            let places: BTreeSet<(usize, usize)> = (0..12).map(|_| (next(5) as usize, next(3) as usize)).collect();
            let wishes: HashMap<_, _> = places.into_iter().map(|place| (place, (next(2) == 0, 1 + next(3)))).collect();
            let asks = wishes.iter().flat_map(|((who, what), (picked, times))| {
                let name = if *picked { "pickDesign" } else { "unpickDesign" };
                (0..*times as usize).map(move |n| async move {
                    let key = format!("turn-{turn}-{what}");
                    let answer = vote.ask(urls[(n + who) % 2], &vote.members[*who], name, vote.input(&key, *what)).await;
                    assert_eq!(answer.ok(&format!("{name}.entry.pickedByMe")), json!(picked));
                    ((*who, *what), counted(&answer, name).1)
                })
            });
            let answers = join_all(asks).await;
            for (place, (picked, _)) in &wishes {
                if *picked { standing.insert(*place); } else { standing.remove(place); }
                let done = answers.iter().filter(|(of, replayed)| of == place && !replayed).count();
                assert_eq!(done, 1, "turn {turn}: {place:?}");
            }
            let model: Vec<i64> = (0..3).map(|what| standing.iter().filter(|(_, of)| *of == what).count() as i64).collect();
            assert_eq!(vote.tally().await, model, "turn {turn}: {wishes:?}");
        }
        second.finish().await;
    }
}
