"""The batch: released, pulled by the factory, made, shipped, and brought to the buyers."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from .client import POLL_SECONDS, JourneyError
from .journey import Journey, abreast, expect

STAGES = ["FABRIC_IN", "CUT", "SEWN", "FINISHED", "QC", "PACKED"]


def make(journey: Journey) -> None:
    _release(journey)
    _produce(journey, _pull(journey))
    _deliver(journey)


def _release(journey: Journey) -> None:
    tag = {
        "productName": "连衣裙 Dress",
        "fibreContent": "100 % 粘纤 viscose",
        "careSymbols": ["wash 30", "do not bleach"],
        "productStandard": "FZ/T 81004",
        "safetyClass": "B",
        "makerName": "示例品牌 Sample brand",
        "makerAddress": "广州市",
    }
    batch = journey.staff["merchandiser"].act(
        "ReleaseBatch",
        "release",
        presaleId=journey.made["presale"],
        factoryIds=[journey.factory.ask("Viewer")["viewer"]["factory"]["id"]],
        pricePerPiece=6_800,
        dueDate=(datetime.now(UTC) + timedelta(days=12)).date().isoformat(),
        shipTo="广州市白云区 示例仓 1 号门 (sample warehouse, gate 1)",
        hangTag=tag,
    )["batch"]
    expect("pieces of the batch", batch["pieces"], journey.size.orders)
    journey.made["batch"] = batch["id"]


def _pull(journey: Journey) -> int:
    """The factory reads its feed until the batch appears, claims and accepts it. Gives the epoch of its claim."""
    factory, batch = journey.factory, journey.made["batch"]
    _wait_for_feed(journey)
    epoch = factory.act("ClaimBatch", f"claim-{batch}", batchId=batch)["batch"]["epoch"]
    accepted = factory.act("AcceptBatch", f"accept-{batch}", batchId=batch, epoch=epoch)["batch"]
    expect("the accepted batch", accepted["status"], "ACCEPTED")
    stale = {"batchId": batch, "epoch": epoch - 1, "stage": "CUT", "cells": _cells(journey)}
    refusal = factory.refusal("ReportBatchProgress", f"stale-{batch}", **stale)
    expect("a report under an old claim", refusal["code"], "LEASE_LOST")
    return epoch


def _wait_for_feed(journey: Journey) -> None:
    """Each read goes on from the last cursor, as a factory's own system would."""
    give_up, after = time.monotonic() + journey.patience, None
    while time.monotonic() < give_up:
        feed = journey.factory.ask("BatchFeed", after=after)["factory"]["batchFeed"]
        if any(entry["batchId"] == journey.made["batch"] for entry in feed["nodes"]):
            return
        after = feed["pageInfo"]["endCursor"] or after
        if not feed["pageInfo"]["hasNextPage"]:
            time.sleep(POLL_SECONDS)
    raise JourneyError(f"the batch did not reach the factory's feed in {journey.patience:.0f} s")


def _cells(journey: Journey) -> list[dict[str, Any]]:
    matrix = journey.factory.ask("FactoryBatch", id=journey.made["batch"])["factory"]["batch"]["matrix"]
    cells = [cell for row in matrix["rows"] for cell in row["cells"] if cell]
    expect("the cut ticket", {cell["skuId"]: cell["pieces"] for cell in cells if cell["pieces"]}, journey.pieces)
    return [{"skuId": cell["skuId"], "pieces": cell["pieces"]} for cell in cells]


def _produce(journey: Journey, epoch: int) -> None:
    factory, batch, cells = journey.factory, journey.made["batch"], _cells(journey)
    for stage in STAGES:
        step = f"{stage}-{batch}"
        factory.act("ReportBatchProgress", step, batchId=batch, epoch=epoch, stage=stage, cells=cells)
    factory.act(
        "ShipBatch",
        f"ship-{batch}",
        batchId=batch,
        epoch=epoch,
        carrier="SF",
        trackingNo=journey.tracking_no(1),
        cartons=1,
        cells=cells,
        isFinal=True,
    )
    journey.staff["support"].act("ConfirmBatchReceived", "batch-here", batchId=batch)


def _deliver(journey: Journey) -> None:
    support, batch = journey.staff["support"], journey.made["batch"]
    give_up = time.monotonic() + journey.patience
    while len(items := support.every("PackingList", "packingList", batchId=batch)) < len(journey.orders):
        if time.monotonic() > give_up:
            raise JourneyError(f"the packing list has {len(items)} of {len(journey.orders)} parcels")
        time.sleep(POLL_SECONDS)
    expect("orders packed", {item["parcel"]["orderId"] for item in items}, set(journey.orders))
    parcels = [
        {"parcelId": item["parcel"]["id"], "carrier": "SF", "trackingNo": journey.tracking_no(100 + n)}
        for n, item in enumerate(items)
    ]
    support.act("DispatchParcels", "parcels", batchId=batch, parcels=parcels)
    abreast(lambda order: _receive(journey, *order), journey.orders.items())


def _receive(journey: Journey, order: str, number: int) -> None:
    delivery = journey.members[number].act("ConfirmReceipt", "received", orderId=order)["delivery"]
    expect("the parcel", delivery["parcels"], [{"status": "RECEIVED", "pieces": 1}])
