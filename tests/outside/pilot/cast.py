"""The owner hires, a KOC founds a community, members join it."""

import secrets

from .client import Person
from .journey import Journey, abreast, expect

SOURCES = ["INVITE_CODE", "QR_CODE", "SHARE_CARD", "GROUP"]


def cast(journey: Journey) -> None:
    for role in ["MERCHANDISER", "DESIGNER", "SUPPORT"]:
        _hire(journey, role)
    _found_community(journey)
    journey.members = abreast(lambda number: _join(journey, number), range(journey.size.members))
    _doors_hold(journey)


def _hire(journey: Journey, role: str) -> None:
    name = role.lower()
    email = f"{name}-{journey.world.run}@{journey.brand}.example"
    password = secrets.token_urlsafe(18)
    journey.owner.act("CreateStaffAccount", f"hire-{name}", email=email, name=name, role=role, password=password)
    journey.staff[name] = journey.sign_in_staff(name, email, password)


def _found_community(journey: Journey) -> None:
    koc = journey.sign_in_member("koc")
    expect("a member's code for owning a community", _refused_door(koc), "FORBIDDEN")
    journey.staff["merchandiser"].act("GrantKoc", "koc", memberId=koc.id)
    community = koc.act(
        "CreateCommunity", "community", kocId=koc.id, name="小个子通勤 Petite at work", need="160 cm, slim waist"
    )["community"]
    journey.koc = koc
    journey.made["community"] = community["id"]
    journey.made["invite"] = community["inviteCode"]


def _refused_door(member: Person) -> str:
    fields = {"idempotencyKey": "not-a-koc-yet", "kocId": member.id, "name": "x", "need": "y"}
    return member.error_code("CreateCommunity", input=fields)


def _join(journey: Journey, number: int) -> Person:
    member = journey.sign_in_member(f"member-{number:03}")
    source = SOURCES[number % len(SOURCES)]
    member.act("JoinCommunity", "join", inviteCode=journey.made["invite"], source=source)
    viewer = member.ask("Viewer")["viewer"]
    expect("communities of a member", [its["id"] for its in viewer["communities"]], [journey.made["community"]])
    return member


def _doors_hold(journey: Journey) -> None:
    """Who may not, is told so by a code; and a session that ends on one server has ended on all."""
    expect("a stranger's code for the team", journey.person("stranger").error_code("Team"), "UNAUTHENTICATED")
    expect("a member's code for the team", journey.members[0].error_code("Team"), "FORBIDDEN")
    leaver = journey.sign_in_member("leaver")
    servers = range(len(journey.world.apis))
    for server in servers:
        leaver.ask("Viewer", server=server)
    leaver.ask("SignOut", server=0)
    for server in servers:
        expect(f"after signing out, at server {server}", leaver.error_code("Viewer", server=server), "UNAUTHENTICATED")
