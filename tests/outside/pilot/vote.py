"""Designs with a picture, a round, everybody's picks."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests

from .client import TIMEOUT_SECONDS
from .journey import Journey, abreast, expect
from .picture import jpeg


def vote(journey: Journey) -> None:
    _propose(journey)
    _open_round(journey)
    picks = [(d, member) for d in range(1, journey.size.designs + 1) for member in journey.size.pickers(d)]
    # One after the other for a member, several members at once.
    by_member = [[d for d, member in picks if member == number] for number in range(journey.size.members)]
    abreast(lambda number: _pick(journey, number, by_member[number]), range(journey.size.members))
    _close_round(journey)


def _propose(journey: Journey) -> None:
    designer = journey.staff["designer"]
    picture = designer.upload(jpeg(200))
    _everywhere(journey, picture["url"])
    designs = []
    for number in range(1, journey.size.designs + 1):
        content = {
            "title": f"茶歇裙 Tea dress {number}",
            "description": "For the petite community; one base size 160/84A.",
            "category": "dress",
            "season": "2026 spring",
            "fabric": "viscose",
            "pictureIds": [picture["id"]],
        }
        design = designer.act("CreateDesign", f"design-{number}", content=content)["design"]["id"]
        designer.act("SubmitDesign", f"submit-{number}", designId=design)
        designs.append(design)
    journey.made["designs"] = designs


def _everywhere(journey: Journey, address: str) -> None:
    """What was uploaded to one server can be had from each."""
    bodies = []
    for api in journey.world.apis:
        answer = requests.get(api + urlsplit(address).path, timeout=TIMEOUT_SECONDS)
        expect(f"the picture's status at {api}", answer.status_code, 200)
        bodies.append(answer.content)
    expect("different pictures", len(set(bodies)), 1)


def _open_round(journey: Journey) -> None:
    now = datetime.now(UTC)
    made = journey.staff["merchandiser"].act(
        "CreateRound",
        "round",
        title="春季选款 Spring round",
        communityIds=[journey.made["community"]],
        designIds=journey.made["designs"],
        advanceCount=2,
        opensAt=now.isoformat(),
        closesAt=(now + timedelta(days=7)).isoformat(),
    )
    journey.made["round"] = made["round"]["id"]


def _pick(journey: Journey, number: int, designs: list[int]) -> None:
    """Each pick is sent twice, as a phone does that lost the answer: the second server must know of the first."""
    member = journey.members[number]
    for design in designs:
        fields = {"roundId": journey.made["round"], "designId": journey.made["designs"][design - 1]}
        first = member.act("PickDesign", f"pick-{design}", **fields)
        again = member.act("PickDesign", f"pick-{design}", **fields)
        expect("first and repeated pick", (first["replayed"], again["replayed"]), (False, True))


def _close_round(journey: Journey) -> None:
    merchandiser = journey.staff["merchandiser"]
    merchandiser.act("CloseRound", "close-round", roundId=journey.made["round"])
    entries = merchandiser.ask("Round", id=journey.made["round"])["round"]["entries"]
    by_rank = sorted(entries, key=lambda entry: entry["rank"])
    found = [(entry["design"]["id"], entry["picks"], entry["advanced"]) for entry in by_rank]
    numbered = enumerate(journey.made["designs"], start=1)
    expect("the ranking", found, [(design, journey.size.picks(n), n <= 2) for n, design in numbered])
    journey.made["entry"] = by_rank[0]["id"]
    late = {"roundId": journey.made["round"], "designId": journey.made["designs"][0]}
    refusal = journey.members[journey.size.buyers()[-1]].refusal("PickDesign", "too-late", **late)
    expect("a pick after the end", refusal["code"], "CLOSED")
