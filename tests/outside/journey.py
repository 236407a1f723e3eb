#!/usr/bin/env python3
"""Plays the pilot from outside, with the `gql` client, over one or several servers, and checks every figure.

Needs a running server, its worker, the WeChat stand-in, a brand with an owner, and a factory's API key; tests/together
sets all of that up. Installs its libraries into target/outside-venv on first use.
"""

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import bootstrap

bootstrap.enter()

from pilot import cast, make, sell, show, verify, vote  # noqa: E402
from pilot.client import JourneyError, Person, World  # noqa: E402
from pilot.journey import Journey, Size, new_run  # noqa: E402
from pilot.standin import Standin  # noqa: E402

SCHEMA = Path(__file__).resolve().parents[2] / "schema.graphql"

STAGES: dict[str, tuple[str, Callable[[Journey], None]]] = {
    "cast": ("the owner hires, members join", cast.cast),
    "vote": ("designs are shown, members pick", vote.vote),
    "show": ("the KOC tries the sample on", show.show),
    "sell": ("members order and pay", sell.sell),
    "make": ("the factory makes it, parcels arrive", make.make),
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Secrets come from the environment: JOURNEY_OWNER_PASSWORD and JOURNEY_FACTORY_TOKEN.",
    )
    parser.add_argument(
        "--api", action="append", required=True, metavar="URL", help="a server; repeat it: they are asked in turn"
    )
    parser.add_argument("--standin", required=True, metavar="URL", help="the WeChat stand-in")
    parser.add_argument("--standin-account", type=int, default=1, metavar="N", help="the brand's test account (1)")
    parser.add_argument("--brand", required=True, metavar="SLUG")
    parser.add_argument("--owner", required=True, metavar="E-MAIL", help="who hires the rest of the team")
    parser.add_argument("--schema", type=Path, default=SCHEMA, help="what operations are validated against")
    parser.add_argument("--members", type=int, default=30)
    parser.add_argument("--designs", type=int, default=6)
    parser.add_argument("--orders", type=int, default=8, help="one more is paid, cancelled and refunded")
    parser.add_argument("--patience", type=float, default=300, metavar="SECONDS", help="for anything a worker does")
    parser.add_argument(
        "--before",
        action="append",
        default=[],
        type=hook,
        metavar="STAGE=COMMAND",
        help=f"run a command before a stage ({', '.join(STAGES)})",
    )
    return parser.parse_args()


def hook(text: str) -> tuple[str, str]:
    stage, _, command = text.partition("=")
    if stage not in STAGES or not command:
        raise argparse.ArgumentTypeError(f"{text!r} is not STAGE=COMMAND")
    return stage, command


def main() -> int:
    given = arguments()
    try:
        size = Size(given.members, given.designs, given.orders)
        password, token = os.environ["JOURNEY_OWNER_PASSWORD"], os.environ["JOURNEY_FACTORY_TOKEN"]
    except (KeyError, ValueError) as error:
        print(f"journey: missing or wrong: {error}", file=sys.stderr)
        return 2
    world = World(given.api, given.schema, new_run())
    journey = Journey(
        world=world,
        standin=Standin(given.standin, given.standin_account),
        brand=given.brand,
        size=size,
        patience=given.patience,
        owner=Person(world, "owner"),
        factory=Person(world, "factory", token),
    )
    try:
        journey.owner = journey.sign_in_staff("owner", given.owner, password)
        play(journey, dict(given.before))
    except JourneyError as error:
        print(f"journey: {error}", file=sys.stderr)
        return 1
    return 0


def play(journey: Journey, before: dict[str, str]) -> None:
    for name, (words, run) in STAGES.items():
        if name in before:
            subprocess.run(shlex.split(before[name]), check=True)
        began = time.monotonic()
        run(journey)
        print(f"ok  {name:<5} {words} ({time.monotonic() - began:.1f} s)", flush=True)
    print(verify.verify(journey))


if __name__ == "__main__":
    sys.exit(main())
