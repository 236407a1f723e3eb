"""What the stages share: who takes part, how many, and what has been made so far."""

import secrets
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .client import JourneyError, Person, World
from .standin import Standin

T = TypeVar("T")

# Requests under way at once.
ABREAST = 6


@dataclass(frozen=True)
class Size:
    """How many people do how much."""

    members: int
    designs: int
    orders: int

    def __post_init__(self) -> None:
        if self.designs < 2 or self.designs > self.picks(1):
            raise ValueError(f"there must be 2 to {self.picks(1)} designs for {self.members} members")
        if self.orders < 2 or self.picker_orders + 1 > self.picks(1):
            raise ValueError("there must be at least 2 orders, and fewer than members who pick the first design")
        if self.orders - self.picker_orders > self.members - self.picks(1):
            raise ValueError("too many orders for the members who did not pick the first design")

    def picks(self, design: int) -> int:
        """How many members pick the design (1 is the first): each has fewer than the one before it."""
        return (self.members * 2 // 5) * (self.designs + 1 - design) // self.designs

    def pickers(self, design: int) -> list[int]:
        """Numbers of the members who pick the design."""
        return [(design * 7 + k) % self.members for k in range(self.picks(design))]

    @property
    def picker_orders(self) -> int:
        """Orders of members who picked the first design; the rest comes from the others."""
        return self.orders * 3 // 4

    def buyers(self) -> list[int]:
        """Numbers of the members whose orders are made."""
        pickers = self.pickers(1)
        others = [member for member in range(self.members) if member not in pickers]
        return pickers[: self.picker_orders] + others[: self.orders - self.picker_orders]

    def doubter(self) -> int:
        """The picker who pays and then cancels."""
        return self.pickers(1)[self.picker_orders]


@dataclass
class Journey:
    world: World
    standin: Standin
    brand: str
    size: Size
    # Seconds to wait for anything that a worker does.
    patience: float
    owner: Person
    factory: Person
    staff: dict[str, Person] = field(default_factory=dict)
    koc: Person = field(init=False)
    members: list[Person] = field(default_factory=list)
    # Ids of what was made, by a name of ours.
    made: dict[str, Any] = field(default_factory=dict)
    # The pieces that were ordered and paid for good, by SKU.
    pieces: dict[str, int] = field(default_factory=dict)
    # Order id → number of the member.
    orders: dict[str, int] = field(default_factory=dict)
    # Held while two buyers may count at once.
    lock: threading.Lock = field(default_factory=threading.Lock)

    def person(self, name: str) -> Person:
        return Person(self.world, name)

    def openid(self, name: str) -> str:
        return f"outside-{self.world.run}-{name}"

    def tracking_no(self, number: int) -> str:
        """A carrier gives a number once; so does a run."""
        return f"SF{int(self.world.run, 16):010}{number:05}"

    def sign_in_member(self, name: str) -> Person:
        """Signs in with a fresh `wx.login` code."""
        code = self.standin.login_code(self.openid(name))
        payload = self.person(name).act_plain("SignInMember", brand=self.brand, code=code)
        expect("the kind of viewer", payload["viewer"]["kind"], "MEMBER")
        member = Person(self.world, name, payload["accessToken"])
        member.id = payload["viewer"]["member"]["id"]
        return member

    def sign_in_staff(self, name: str, email: str, password: str) -> Person:
        payload = self.person(name).act_plain("SignInStaff", brand=self.brand, email=email, password=password)
        expect("the kind of viewer", payload["viewer"]["kind"], "STAFF")
        return Person(self.world, name, payload["accessToken"])


def new_run() -> str:
    """A name for this run, so that several may share a database."""
    return secrets.token_hex(4)


def abreast(work: Callable[..., T], items: Iterable[Any]) -> list[T]:
    """Runs `work` for all items, a few at a time; the first failure ends it."""
    with ThreadPoolExecutor(ABREAST) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def expect(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise JourneyError(f"{what}: expected {wanted!r}, found {found!r}")
