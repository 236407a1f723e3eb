//! Factories: the feed, the lease, the fence, and what they never see.

use chrono::Duration;
use serde_json::{Value, json};
use tests::Person;
use tests::floor::{PHONE, RECIPIENT, STREET};

use super::*;

const FEED: &str = "query($after: String, $first: Int! = 50) { factory { batchFeed(after: $after, first: $first) { edges { cursor node \
    { sequence kind epoch batchId batch { id batchNo } } } pageInfo { hasNextPage endCursor } } } }";

/// (sequence, kind) of everything in the feed after `after`, and the last cursor.
async fn feed(factory: &Person<'_>, after: Option<&str>) -> (Vec<(i64, String)>, Option<String>) {
    let answer = factory.gql(FEED, json!({ "after": after })).await;
    let edges = answer.ok("factory.batchFeed.edges");
    let entry = |edge: &Value| {
        let node = &edge["node"];
        (node["sequence"].as_i64().expect("a number"), node["kind"].as_str().expect("a kind").to_owned())
    };
    let entries = edges.as_array().expect("a list").iter().map(entry).collect();
    (entries, answer.at("factory.batchFeed.pageInfo.endCursor").as_str().map(str::to_owned))
}

fn kinds(entries: &[(i64, String)]) -> Vec<&str> {
    entries.iter().map(|(_, kind)| &**kind).collect()
}

e2e! {
    async fn of_two_factories_that_claim_together_one_wins(app) {
        let (one, two) = (app.factory("One").await, app.factory("Two").await);
        let brand = app.brand("sb").await;
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        let batch = brand.released(&sold.presale, &[&one, &two]).await;
        let (input, fields) = (json!({ "batchId": batch }), "batch { epoch leaseExpiresAt }");
        let (a, b) =
            tokio::join!(one.mutate("claimBatch", input.clone(), fields), two.mutate("claimBatch", input, fields));
        let lost: Vec<_> = [&a, &b].into_iter().filter(|answer| !answer.user_errors().is_empty()).collect();
        assert_eq!(lost.len(), 1, "{a:?} {b:?}");
        assert_eq!((&lost[0].refusal()["code"], &lost[0].refusal()["currentEpoch"]), (&json!("LEASE_LOST"), &json!(1)));
        app.settle().await;
        let (winner, loser) = if a.user_errors().is_empty() { (&one, &two) } else { (&two, &one) };
        assert_eq!(kinds(&feed(winner, None).await.0), ["OFFERED", "CLAIMED"]);
        assert_eq!(kinds(&feed(loser, None).await.0), ["OFFERED", "WITHDRAWN"]);
        let query = "query($id: ID!) { factory { batch(id: $id) { id } } }";
        assert_eq!(loser.gql(query, json!({ "id": batch })).await.fault(), "NOT_FOUND");
        winner.gql(query, json!({ "id": batch })).await.ok("factory.batch.id");
    }

    async fn a_lapsed_lease_fences_its_old_holder(app) {
        let (one, two) = (app.factory("One").await, app.factory("Two").await);
        let brand = app.brand("sb").await;
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        let batch = brand.released(&sold.presale, &[&one, &two]).await;
        assert_eq!(one.claims(&batch).await, 1);
        app.app.clock.advance(app.app.config.lease + Duration::seconds(1));
        let accept = json!({ "batchId": batch, "epoch": 1 });
        let late = one.mutate("acceptBatch", accept.clone(), "batch { id }").await;
        assert_eq!(late.refused(), "LEASE_LOST", "even before the timer has run");
        app.settle().await;
        assert_eq!(kinds(&feed(&two, None).await.0), ["OFFERED", "WITHDRAWN", "OFFERED"]);
        assert_eq!(two.takes(&batch).await, 2);
        let fenced = one.mutate("acceptBatch", accept, "batch { id }").await.refusal();
        assert_eq!((&fenced["code"], &fenced["currentEpoch"]), (&json!("LEASE_LOST"), &json!(2)));
        let report = one.reports(&batch, 1, "FABRIC_IN", sold.cells(&[("red/S", 1)])).await;
        assert_eq!(report.refused(), "LEASE_LOST");
        two.reports(&batch, 2, "FABRIC_IN", sold.cells(&[("red/S", 1)])).await.ok("reportBatchProgress.batch");
    }

    async fn a_rejected_batch_goes_to_the_others(app) {
        let (one, two) = (app.factory("One").await, app.factory("Two").await);
        let brand = app.brand("sb").await;
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        let batch = brand.released(&sold.presale, &[&one, &two]).await;
        let epoch = one.claims(&batch).await;
        let reject = json!({ "batchId": batch, "epoch": epoch, "reason": "no line free" });
        assert_eq!(one.mutate("rejectBatch", reject, "batchId").await.text("rejectBatch.batchId"), batch);
        app.settle().await;
        let claim = one.mutate("claimBatch", json!({ "batchId": batch }), "batch { id }").await;
        assert_eq!(claim.fault(), "NOT_FOUND");
        assert_eq!(two.claims(&batch).await, 2);
    }

    async fn a_feed_is_one_queue_over_all_brands_without_gaps(app) {
        let (one, two) = (app.factory("One").await, app.factory("Two").await);
        let (red, blue) = (app.brand("red").await, app.brand("blue").await);
        let (first, second) = (red.sold(&[&[("red/S", 1)]]).await, blue.sold(&[&[("red/S", 1)]]).await);
        let (both, only) = ([&one, &two], [&one]);
        let (a, b) = tokio::join!(red.release(&first.presale, &both), blue.release(&second.presale, &only));
        app.settle().await;
        let (batch, other) = (a.text("releaseBatch.batch.id"), b.text("releaseBatch.batch.id"));
        let (entries, cursor) = feed(&one, None).await;
        assert_eq!(entries.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [1, 2]);
        let quiet = one.gql(FEED, json!({ "after": cursor })).await;
        assert_eq!(quiet.ok("factory.batchFeed.edges"), json!([]));
        // One to know the key, one to read the feed with its batches.
        assert!(quiet.statements() <= 2, "{} statements when nothing is new", quiet.statements());
        let again = one.gql(FEED, json!({ "after": cursor })).await;
        assert_eq!((again.ok("factory.batchFeed.edges"), again.statements()), (json!([]), 0));
        let short = one.gql(FEED, json!({ "after": null })).await;
        assert_eq!(short.ok("factory.batchFeed.edges").as_array().map(Vec::len), Some(2));
        assert!(short.statements() <= 2, "{} statements for a page of batches", short.statements());
        let full = "{ factory { name batchFeed { edges { cursor node { sequence kind epoch at batch { id batchNo brandName \
            matrix { total sizes rows { color cells { pieces } } } cutTicket { styleNo title } } } } } } }";
        let page = one.gql(full, json!({})).await;
        assert_eq!(page.int("factory.batchFeed.edges.1.node.batch.matrix.total"), 1);
        // The key, the factory, the feed with its batches, the brands, cells, designs and versions of all brands.
        assert!(page.statements() <= 7, "{} statements for a page of two brands", page.statements());
        one.takes(&batch).await;
        let reason = json!({ "batchId": other, "reason": "changed our mind" });
        blue.owner.mutate("cancelBatch", reason, "batch { id }").await.ok("cancelBatch.batch");
        app.settle().await;
        let (news, _) = feed(&one, cursor.as_deref()).await;
        let mut told = kinds(&news);
        told.sort_unstable();
        assert_eq!(told, ["CANCELLED", "CLAIMED", "UPDATED"]);
        assert_eq!(news.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [3, 4, 5]);
        let foreign = two.gql(FEED, json!({ "after": cursor })).await;
        assert_eq!(foreign.fault(), "BAD_CURSOR");
        let mine = "{ factory { batches(standing: HELD) { edges { node { id } } } } }";
        assert_eq!(one.gql(mine, json!({})).await.ok("factory.batches.edges"), json!([{ "node": { "id": batch } }]));
    }

    async fn another_factory_or_brand_finds_nothing(app) {
        let (one, stranger) = (app.factory("One").await, app.factory("Stranger").await);
        let (brand, other) = (app.brand("sb").await, app.brand("other").await);
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        let batch = brand.released(&sold.presale, &[&one]).await;
        let query = "query($id: ID!) { factory { batch(id: $id) { id } } }";
        assert_eq!(stranger.gql(query, json!({ "id": batch })).await.fault(), "NOT_FOUND");
        let claim = stranger.mutate("claimBatch", json!({ "batchId": batch }), "batch { id }").await;
        assert_eq!(claim.fault(), "NOT_FOUND");
        let staff = other.owner.gql("query($id: ID!) { batch(id: $id) { id } }", json!({ "id": batch })).await;
        assert_eq!(staff.fault(), "NOT_FOUND");
        let cancel = json!({ "batchId": batch, "reason": "not mine" });
        assert_eq!(other.owner.mutate("cancelBatch", cancel, "batch { id }").await.fault(), "NOT_FOUND");
        assert_eq!(one.gql("{ batches { edges { node { id } } } }", json!({})).await.fault(), "FORBIDDEN");
    }

    async fn nothing_a_factory_reads_names_a_buyer(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2)], &[("blue/M", 1)]]).await;
        let batch = brand.released(&sold.presale, &[&factory]).await;
        let epoch = factory.takes(&batch).await;
        let cells = sold.cells(&[("red/S", 2), ("blue/M", 1)]);
        factory.packs(&batch, epoch, cells.clone()).await;
        factory.ships(&batch, epoch, "SF100001", cells, false).await.ok("shipBatch.batch");
        let query = "query($id: ID!) { factory { id name batchFeed { edges { cursor node { sequence kind epoch at batch { id } } } } \
            batches { edges { node { id batchNo } } } batch(id: $id) { id batchNo brandName status epoch revision progressRevision \
            leaseExpiresAt pieces shippedPieces releasedAt availableActions matrix { colors sizes rows { color total cells { skuId skuCode \
            color size sizeDesignation pieces shipped } } sizeTotals sizeRatio total } progress { stage pieces cells { skuId pieces } } \
            shipments { id carrier trackingNo cartons pieces shippedAt receivedAt cells { skuId pieces } } \
            cutTicket { batchNo cutNo brandName styleNo title dueDate shipTo pricePerPiece { formatted } note \
            designVersion { number title description pictures { url } } units { edges { node { id code skuId } } } \
            hangTag { productName fibreContent careSymbols productStandard safetyClass makerName makerAddress storageNote } } } } }";
        let answer = factory.gql(query, json!({ "id": batch })).await;
        assert_eq!(answer.ok("factory.batch.cutTicket.units.edges").as_array().expect("a list").len(), 3);
        assert!(answer.statements() <= 24, "{} statements", answer.statements());
        let order_no = sold.orders[0].0.gql("query($id: ID!) { order(id: $id) { orderNo } }", json!({ "id": sold.orders[0].1 })).await;
        let everything = answer.body.to_string();
        for secret in [PHONE, "139****", RECIPIENT, "王", STREET, "徐汇", &order_no.text("order.orderNo"), &sold.orders[0].1, &sold.orders[0].0.id, "buyer-0"] {
            assert!(!everything.contains(secret), "a factory read “{secret}”");
        }
        let order = "query($id: ID!) { order(id: $id) { id } }";
        assert_eq!(factory.gql(order, json!({ "id": sold.orders[0].1 })).await.fault(), "FORBIDDEN");
    }
}
