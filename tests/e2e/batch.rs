//! Release, cancellation, progress and shipping, as the brand and its factory see them.

use chrono::Duration;
use serde_json::json;
use tests::floor::release_input;

use super::*;

e2e! {
    async fn what_is_paid_is_released_once_however_often_it_is_asked_for(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2), ("blue/M", 1)], &[("red/S", 1)]]).await;
        let ask = || async { brand.release(&sold.presale, &[&factory]).await };
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        let done: Vec<_> = [&a, &b, &c].into_iter().filter(|answer| answer.user_errors().is_empty()).collect();
        assert_eq!(done.len(), 1, "{a:?} {b:?} {c:?}");
        assert_eq!(done[0].int("releaseBatch.batch.pieces"), 4);
        assert_eq!(done[0].text("releaseBatch.batch.batchNo"), "B-000001");
        for loser in [&a, &b, &c].into_iter().filter(|answer| !answer.user_errors().is_empty()) {
            assert_eq!(loser.refused(), "NOTHING_TO_RELEASE");
        }
        let query = "query($id: ID!) { batch(id: $id) { matrix { colors sizes total sizeRatio sizeTotals rows { total cells { pieces } } } } }";
        let matrix = brand.owner.gql(query, json!({ "id": done[0].text("releaseBatch.batch.id") })).await.ok("batch.matrix");
        assert_eq!(matrix["sizes"], json!(["S", "M"]));
        assert_eq!(matrix["sizeTotals"], json!([3, 1]));
        assert_eq!(matrix["rows"][0]["cells"], json!([{ "pieces": 3 }, null]));
    }

    async fn a_repeated_key_answers_the_same_batch(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2)]]).await;
        let mut input = release_input(&sold.presale, &[&factory]);
        input["idempotencyKey"] = json!("release-once");
        let first = brand.owner.mutate("releaseBatch", input.clone(), "replayed batch { id }").await;
        let again = brand.owner.mutate("releaseBatch", input.clone(), "replayed batch { id }").await;
        assert_eq!(first.text("releaseBatch.batch.id"), again.text("releaseBatch.batch.id"));
        assert_eq!(again.ok("releaseBatch.replayed"), json!(true));
        input["pricePerPiece"] = json!(1);
        let other = brand.owner.mutate("releaseBatch", input, "batch { id }").await;
        assert_eq!(other.refused(), "IDEMPOTENCY_KEY_REUSED");
    }

    async fn releasing_takes_as_many_statements_for_many_pieces_as_for_few(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 20)], &[("red/M", 20)], &[("blue/S", 3)]]).await;
        let released = brand.release(&sold.presale, &[&factory]).await;
        assert_eq!(released.int("releaseBatch.batch.pieces"), 43);
        let statements = released.statements();
        assert!(statements <= 24, "{statements} statements for 43 pieces");
    }

    async fn a_hang_tag_without_what_the_standard_asks_for_releases_nothing(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        let mut input = release_input(&sold.presale, &[&factory]);
        input["hangTag"]["fibreContent"] = json!("  ");
        let refusal = brand.owner.mutate("releaseBatch", input, "batch { id }").await.refusal();
        assert_eq!(refusal["field"], json!(["hangTag", "fibreContent"]));
        let mut input = release_input(&sold.presale, &[&factory]);
        input["dueDate"] = json!("2026-03-01");
        let refusal = brand.owner.mutate("releaseBatch", input, "batch { id }").await.refusal();
        assert_eq!(refusal["field"], json!(["dueDate"]));
        assert_eq!(brand.release(&sold.presale, &[&factory]).await.int("releaseBatch.batch.pieces"), 1);
    }

    async fn a_cancelled_batch_is_released_again_and_its_history_stays(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2)], &[("blue/M", 1)]]).await;
        let first = brand.released(&sold.presale, &[&factory]).await;
        factory.takes(&first).await;
        let input = json!({ "batchId": first, "reason": "fabric was late" });
        let cancelled = brand.owner.mutate("cancelBatch", input, "batch { status }").await;
        assert_eq!(cancelled.text("cancelBatch.batch.status"), "CANCELLED");
        let order = sold.orders[0].0.gql("query($id: ID!) { order(id: $id) { status } }", json!({ "id": sold.orders[0].1 })).await;
        assert_eq!(order.text("order.status"), "PAID");
        let again = brand.release(&sold.presale, &[&factory]).await;
        assert_eq!(again.text("releaseBatch.batch.batchNo"), "B-000002");
        assert_eq!(again.int("releaseBatch.batch.pieces"), 3);
        let query = "query($id: ID!) { batch(id: $id) { history { edges { node { event why actorKind } } } } }";
        let history = brand.owner.gql(query, json!({ "id": first })).await.ok("batch.history.edges");
        let events: Vec<_> = history.as_array().expect("a list").iter().map(|edge| edge["node"]["event"].clone()).collect();
        assert_eq!(events, ["released", "claimed", "accepted", "cancelled"]);
        assert_eq!(history[3]["node"]["why"], json!("fabric was late"));
    }

    async fn a_report_beyond_what_may_be_is_refused_with_the_numbers(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 5)]]).await;
        let batch = brand.released(&sold.presale, &[&factory]).await;
        let epoch = factory.takes(&batch).await;
        let over = factory.reports(&batch, epoch, "FABRIC_IN", sold.cells(&[("red/S", 6)])).await.refusal();
        assert_eq!((&over["code"], &over["allowed"], &over["given"]), (&json!("QUANTITY_OUT_OF_RANGE"), &json!(5), &json!(6)));
        let first = factory.reports(&batch, epoch, "FABRIC_IN", sold.cells(&[("red/S", 4)])).await;
        assert_eq!(first.text("reportBatchProgress.batch.status"), "IN_PRODUCTION");
        assert_eq!(first.int("reportBatchProgress.batch.progressRevision"), 1);
        let ahead = factory.reports(&batch, epoch, "CUT", sold.cells(&[("red/S", 5)])).await.refusal();
        assert_eq!(ahead["allowed"], json!(4));
        let fallen = factory.reports(&batch, epoch, "FABRIC_IN", sold.cells(&[("red/S", 3)])).await.refusal();
        assert_eq!(fallen["allowed"], json!(4));
        let early = factory.ships(&batch, epoch, "SF100001", sold.cells(&[("red/S", 1)]), false).await.refusal();
        assert_eq!(early["allowed"], json!(0));
        let reports = "query($id: ID!) { batch(id: $id) { reports { revision stage cells { pieces } note } progress { stage pieces } } }";
        let seen = brand.owner.gql(reports, json!({ "id": batch })).await;
        let only = json!([{ "revision": 1, "stage": "FABRIC_IN", "cells": [{ "pieces": 4 }], "note": null }]);
        assert_eq!(seen.ok("batch.reports"), only, "refused reports leave nothing");
        assert_eq!(seen.ok("batch.progress.0"), json!({ "stage": "FABRIC_IN", "pieces": 4 }));
        let cancel = json!({ "batchId": batch, "reason": "too late" });
        assert_eq!(brand.owner.mutate("cancelBatch", cancel, "batch { id }").await.refused(), "WRONG_STATE");
    }

    async fn what_a_short_batch_lacks_is_in_the_next_one(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 1)], &[("red/S", 2)], &[("red/S", 1)]]).await;
        let batch = brand.released(&sold.presale, &[&factory]).await;
        let epoch = factory.takes(&batch).await;
        factory.packs(&batch, epoch, sold.cells(&[("red/S", 2)])).await;
        let shipped = factory.ships(&batch, epoch, "SF100001", sold.cells(&[("red/S", 2)]), true).await;
        assert_eq!(shipped.text("shipBatch.batch.status"), "SHIPPED");
        let mut states = Vec::new();
        for (buyer, order) in &sold.orders {
            let query = "query($id: ID!) { order(id: $id) { status } }";
            states.push(buyer.gql(query, json!({ "id": order })).await.text("order.status"));
        }
        assert_eq!(states, ["IN_BATCH", "IN_BATCH", "PAID"], "who paid first gets the pieces");
        let next = brand.release(&sold.presale, &[&factory]).await;
        assert_eq!(next.int("releaseBatch.batch.pieces"), 2);
    }

    async fn the_warehouse_confirms_and_the_merchandiser_closes(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let support = brand.staff(entity::staff::StaffRole::Support).await;
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        let batch = brand.released(&sold.presale, &[&factory]).await;
        let epoch = factory.takes(&batch).await;
        factory.packs(&batch, epoch, sold.cells(&[("red/S", 1)])).await;
        let early = support.mutate("confirmBatchReceived", json!({ "batchId": batch }), "batch { status }").await;
        assert_eq!(early.refused(), "WRONG_STATE");
        factory.ships(&batch, epoch, "SF100001", sold.cells(&[("red/S", 1)]), false).await.ok("shipBatch.batch");
        let done = support.mutate("confirmBatchReceived", json!({ "batchId": batch }), "batch { status availableActions }").await;
        assert_eq!(done.text("confirmBatchReceived.batch.status"), "RECEIVED");
        assert_eq!(support.mutate("closeBatch", json!({ "batchId": batch }), "batch { id }").await.fault(), "FORBIDDEN");
        let closed = brand.owner.mutate("closeBatch", json!({ "batchId": batch }), "batch { status }").await;
        assert_eq!(closed.text("closeBatch.batch.status"), "CLOSED");
        app.advance(Duration::days(1)).await;
    }
}
