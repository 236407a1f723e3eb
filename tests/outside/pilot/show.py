"""The sample goes to the KOC; her post is checked by WeChat and published."""

from datetime import UTC, datetime, timedelta
from typing import Any

from .journey import Journey, expect
from .picture import jpeg


def show(journey: Journey) -> None:
    merchandiser, koc = journey.staff["merchandiser"], journey.koc
    sample = merchandiser.act(
        "RequestSample",
        "sample",
        entryId=journey.made["entry"],
        kocId=koc.id,
        size="160/84A",
        color="雾蓝 Mist blue",
        tryOnDueAt=(datetime.now(UTC) + timedelta(days=10)).isoformat(),
    )["sample"]
    tryon = sample["tryOn"]["id"]
    parcel: dict[str, Any] = {"carrier": "SF", "trackingNo": journey.tracking_no(0)}
    merchandiser.act("DispatchSample", "sent", sampleId=sample["id"], **parcel)
    koc.act("ConfirmSampleReceived", "here", sampleId=sample["id"])
    for kind in ["PHOTOS", "BODY_DATA"]:
        koc.act("GrantConsent", f"consent-{kind}", kind=kind, textVersion="2026-01")
    koc.act(
        "SubmitTryOn",
        "tryon",
        tryOnId=tryon,
        body="腰线收得刚好。The waist sits where it should.",
        sizeWorn="M",
        fit="TRUE_TO_SIZE",
        cons="领口略高。The collar is a little high.",
        mediaIds=[koc.upload(jpeg(20))["id"]],
        heightCm=160,
        weightKg=55,
    )
    merchandiser.until(
        "the content check",
        "TryOn",
        lambda data: data["tryOn"]["securityVerdicts"]["overall"] == "PASS",
        journey.patience,
        id=tryon,
    )
    merchandiser.act("ApproveTryOn", "approve", tryOnId=tryon)
    published = merchandiser.act("PublishTryOn", "publish", tryOnId=tryon)["tryOn"]
    expect("the post's state", published["status"], "PUBLISHED")
