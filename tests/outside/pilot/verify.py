"""Reads everything back and compares it with what was done."""

import time
from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from .client import POLL_SECONDS, JourneyError
from .journey import Journey, expect
from .make import STAGES
from .sell import PRICE


def verify(journey: Journey) -> str:
    """A short report; raises JourneyError at the first figure that is not as it must be."""
    merchandiser, size = journey.staff["merchandiser"], journey.size
    found = merchandiser.ask(
        "Outcome",
        round=journey.made["round"],
        design=journey.made["designs"][0],
        presale=journey.made["presale"],
        batch=journey.made["batch"],
    )
    funnel = {
        "members": size.members,
        "pickers": size.picks(1),
        "pickerOrders": size.picker_orders,
        "others": size.members - size.picks(1),
        "otherOrders": size.orders - size.picker_orders,
        "orders": size.orders,
    }
    expect("the funnel", found["funnel"], funnel)
    expect("the presale", found["presale"], {"status": "SUCCEEDED", "paidPieces": size.orders})
    _verify_demand(journey, found["demandBook"])
    _verify_batch(journey, found["batch"])
    _verify_orders(journey)
    money = _verify_books(journey)
    messages = _verify_messages(journey)
    funnel_line = ", ".join(f"{name} {count}" for name, count in funnel.items())
    batch = found["batch"]
    return "\n".join(
        [
            f"funnel    {funnel_line}",
            f"demand    {size.orders} pieces paid, {len(journey.pieces)} SKUs",
            f"batch     {batch['batchNo']} {batch['status']}: {batch['pieces']} made, {batch['shippedPieces']} shipped",
            f"money     {money}",
            f"messages  {messages}",
            "requests  " + ", ".join(f"{count} to {api}" for api, count in journey.world.requests_sent.items()),
        ]
    )


def _verify_demand(journey: Journey, book: dict[str, Any]) -> None:
    paid = {cell["sku"]["id"]: cell["paid"] for cell in book["cells"] if cell["paid"]}
    expect("paid pieces by SKU", paid, journey.pieces)
    totals = {name: book[name] for name in ("totalHeld", "totalPaid", "totalInBatch", "totalOpen")}
    everything = journey.size.orders
    expect("totals", totals, {"totalHeld": 0, "totalPaid": everything, "totalInBatch": everything, "totalOpen": 0})


def _verify_batch(journey: Journey, batch: dict[str, Any]) -> None:
    everything = journey.size.orders
    expect("pieces made and shipped", (batch["pieces"], batch["shippedPieces"]), (everything, everything))
    expect("the batch's state", batch["status"], "RECEIVED")
    reported = {stage["stage"]: stage["pieces"] for stage in batch["progress"]}
    expect("progress", reported, dict.fromkeys(STAGES, everything))


def _verify_orders(journey: Journey) -> None:
    listed = journey.staff["merchandiser"].every("OrderList", "orders", presale=journey.made["presale"])
    states = {order["id"]: order["status"] for order in listed}
    refunded = journey.made["refunded"]
    expect("the refunded order", states.pop(refunded, None), "REFUNDED")
    expect("orders", set(states), set(journey.orders))
    expect("states of orders", set(states.values()), {"RECEIVED"})
    expect("amounts", {order["amount"]["minorUnits"] for order in listed}, {PRICE})


def _verify_books(journey: Journey) -> str:
    """WeChat's own record: each buyer paid once, and one got her money back."""
    books, ours = journey.standin.books(), journey.openid("")
    taken = [entry for entry in books["transactions"] if entry["openid"].startswith(ours)]
    paid = [entry for entry in taken if entry["transaction_id"]]
    numbers = {entry["out_trade_no"] for entry in paid}
    refunds = [entry for entry in books["refunds"] if entry["out_trade_no"] in numbers]
    size = journey.size
    expect("payments by buyer", sorted(Counter(entry["openid"] for entry in paid).values()), [1] * (size.orders + 1))
    expect("fen paid", sum(entry["amount_fen"] for entry in paid), (size.orders + 1) * PRICE)
    expect("refunds", [(entry["status"], entry["amount_fen"]) for entry in refunds], [("SUCCESS", PRICE)])
    kept = sum(entry["amount_fen"] for entry in paid) - sum(entry["amount_fen"] for entry in refunds)
    return f"{len(paid)} payments, {len(refunds)} refund, {kept} fen kept"


def _verify_messages(journey: Journey) -> str:
    """Every picker has an inbox message; who agreed to a WeChat message gets exactly one, though not at night."""
    picker = journey.members[journey.size.pickers(1)[0]].ask("Viewer")["viewer"]
    if picker["unreadCount"] < 1:
        raise JourneyError("a picker's inbox is empty")
    agreed = sorted(journey.openid(f"member-{number:03}") for number in journey.size.pickers(1)[::2])
    quiet = _is_night(picker["brand"]["timeZone"])
    give_up = time.monotonic() + journey.patience
    while True:
        notices = journey.staff["merchandiser"].ask("PresaleNotices", id=journey.made["presale"])["presaleNotices"]
        outcomes = {entry["outcome"]: entry["count"] for entry in notices["messages"] if entry["count"]}
        under_way = outcomes.get("SENDING", 0) + (0 if quiet else outcomes.get("PENDING", 0))
        if under_way == 0 or time.monotonic() > give_up:
            break
        time.sleep(POLL_SECONDS)
    told = journey.size.picks(1)
    expect("members told", (notices["told"], notices["heldOut"]), (told, 0))
    wanted = {"PENDING" if quiet else "SENT": len(agreed), "NONE": told - len(agreed)}
    expect("outcomes of messages", outcomes, {outcome: count for outcome, count in wanted.items() if count})
    sent = [message["openid"] for message in journey.standin.sent_messages()]
    got = sorted(openid for openid in sent if openid.startswith(journey.openid("")))
    expect("who got a WeChat message", got, [] if quiet else agreed)
    return f"{told} told, {len(agreed)} by WeChat" + (" in the morning" if quiet else "")


def _is_night(time_zone: str) -> bool:
    """Whether the brand's quiet hours are on, when nobody's phone rings."""
    return not 8 <= datetime.now(ZoneInfo(time_zone)).hour < 22
