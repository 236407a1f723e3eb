"""The presale of the winner: pickers are told, members order and pay, one changes her mind."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from .client import JourneyError, Person, Refused
from .journey import Journey, abreast, expect

COLORS = ["雾蓝 Mist blue", "米白 Ivory"]
SIZES = [("S", "155/80A"), ("M", "160/84A"), ("L", "165/88A")]
# Fen.
PRICE = 19_900
# WeChat's notification brings the news at once; a server that lost it would ask about a refund only after 30 s.
NEWS_SECONDS = 20


def sell(journey: Journey) -> None:
    _open_presale(journey)
    buyers = journey.size.buyers()
    _race_for_the_last_piece(journey, buyers[0], buyers[-1])
    abreast(lambda n: _buy(journey, buyers[n], journey.made["skus"][n % 5]), range(1, len(buyers) - 1))
    _change_her_mind(journey)
    _close_presale(journey)


def _open_presale(journey: Journey) -> None:
    merchandiser, now = journey.staff["merchandiser"], datetime.now(UTC)
    journey.made["promise"] = (now + timedelta(days=20)).date().isoformat()
    skus: list[dict[str, Any]] = [
        {"color": color, "size": size, "sizeDesignation": cut, "cap": 1000} for color in COLORS for size, cut in SIZES
    ]
    skus[-1]["cap"] = 1
    presale = merchandiser.act(
        "DraftPresale",
        "presale",
        entryId=journey.made["entry"],
        title="茶歇裙预售 Tea dress",
        skus=skus,
        price=PRICE,
        memberLimit=2,
        moq=journey.size.orders,
        opensAt=now.isoformat(),
        closesAt=(now + timedelta(days=5)).isoformat(),
        promiseDate=journey.made["promise"],
        communityIds=[journey.made["community"]],
    )["presale"]
    journey.made["presale"] = presale["id"]
    order = {(sku["color"], sku["size"]): n for n, sku in enumerate(skus)}
    listed = sorted(presale["skus"], key=lambda sku: order[sku["color"], sku["size"]])
    journey.made["skus"] = [sku["id"] for sku in listed]
    # Half of the pickers have agreed to one message, as their phones would have asked them.
    for number in journey.size.pickers(1)[::2]:
        journey.standin.accept_message(journey.openid(f"member-{number:03}"))
    journey.standin.settle()
    merchandiser.act("SchedulePresale", "schedule", presaleId=presale["id"])
    merchandiser.until(
        "the presale to open",
        "Presale",
        lambda data: data["presale"]["status"] == "OPEN",
        journey.patience,
        id=presale["id"],
    )


def _race_for_the_last_piece(journey: Journey, one: int, other: int) -> None:
    """Two members want the one piece of a SKU at the same moment, each at another server: one of them gets it."""
    last, plenty = journey.made["skus"][-1], journey.made["skus"][0]
    start = threading.Barrier(2)

    def grab(number: int, server: int) -> tuple[int, str | None]:
        member = journey.members[number]
        address = _address(member, number)
        start.wait(timeout=60)
        try:
            return number, _place(journey, member, address, last, "race", server)["order"]["id"]
        except Refused as refused:
            expect("the refusal", (refused.code, refused.errors[0]["remaining"]), ("SOLD_OUT", 0))
            return number, None

    outcomes = abreast(lambda runner: grab(*runner), [(one, 0), (other, 1)])
    expect("winners of the last piece", sum(order is not None for _, order in outcomes), 1)
    for number, order in outcomes:
        if order is None:
            _buy(journey, number, plenty)
        else:
            _pay(journey, number, order)
            _note(journey, number, order, last)


def _address(member: Person, number: int) -> str:
    recipient = {
        "recipient": f"示例{number:03}",
        "phone": f"138{10_000_000 + number:08}",
        "province": "广东省",
        "city": "广州市",
        "district": "天河区",
        "street": f"示例路 {number + 1} 号",
    }
    return member.act("AddAddress", "address", address=recipient)["address"]["id"]


def _place(
    journey: Journey, member: Person, address: str, sku: str, step: str, server: int | None = None
) -> dict[str, Any]:
    return member.act(
        "PlaceOrder",
        step,
        server,
        presaleId=journey.made["presale"],
        lines=[{"skuId": sku, "quantity": 1}],
        addressId=address,
        expectedAmount=PRICE,
        expectedPromiseDate=journey.made["promise"],
        termsVersion="2026-01",
    )


def _buy(journey: Journey, number: int, sku: str) -> None:
    order = _order_and_pay(journey, number, sku)
    _note(journey, number, order, sku)


def _order_and_pay(journey: Journey, number: int, sku: str) -> str:
    """The order is placed twice, at two servers, and is one order."""
    member = journey.members[number]
    address = _address(member, number)
    first = _place(journey, member, address, sku, "order")
    again = _place(journey, member, address, sku, "order")
    expect("the repeated order", (again["order"]["id"], again["replayed"]), (first["order"]["id"], True))
    expect("the amount", first["order"]["amount"], {"minorUnits": PRICE, "currency": "CNY"})
    _pay(journey, number, first["order"]["id"])
    return first["order"]["id"]


def _pay(journey: Journey, number: int, order: str) -> None:
    member = journey.members[number]
    params = member.act("PayOrder", "pay", orderId=order)["params"]
    journey.standin.pay(journey.openid(member.name), params)
    member.until(
        "the payment notification",
        "Order",
        lambda data: data["order"]["status"] == "PAID",
        NEWS_SECONDS,
        id=order,
    )


def _note(journey: Journey, number: int, order: str, sku: str) -> None:
    with journey.lock:
        journey.orders[order] = number
        journey.pieces[sku] = journey.pieces.get(sku, 0) + 1


def _change_her_mind(journey: Journey) -> None:
    """Paid, cancelled, refunded: WeChat's books and ours must agree on it in the end."""
    number = journey.size.doubter()
    doubter = journey.members[number]
    order = _order_and_pay(journey, number, journey.made["skus"][0])
    doubter.act("CancelOrder", "cancel", orderId=order)
    doubter.until(
        "the refund",
        "Order",
        lambda data: data["order"]["status"] == "REFUNDED",
        NEWS_SECONDS,
        id=order,
    )
    refunds = doubter.ask("Refunds", orderId=order)["refunds"]["nodes"]
    wanted = [{"status": "SUCCEEDED", "reason": "CANCELLED", "amount": {"minorUnits": PRICE}}]
    expect("the refund", refunds, wanted)
    journey.made["refunded"] = order


def _close_presale(journey: Journey) -> None:
    merchandiser, presale = journey.staff["merchandiser"], journey.made["presale"]
    merchandiser.act("ClosePresale", "close", presaleId=presale)
    verdict = merchandiser.until(
        "the presale's verdict",
        "Presale",
        lambda data: data["presale"]["status"] in ("SUCCEEDED", "FAILED"),
        journey.patience,
        id=presale,
    )["presale"]
    if verdict["status"] != "SUCCEEDED":
        raise JourneyError(f"the presale ended as {verdict}")
