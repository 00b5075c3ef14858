"""Ten thousand companies and a hundred thousand interactions: Today, a company's page, the timeline and search.

Beside each page stands the bare cost of what it shows: the same page of an account that has no more records than it shows (Today
tells of every open promise, so both have these), which opens them one by one.
"""

import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from app import clock
from app.settings import Settings
from tests.bench.lists import vendor
from tests.bench.timing import Timing, tail
from tests.browsing import Browsing
from tests.databases import sqlite_copy, sqlite_template
from tests.factories import keep_many, make_account
from tests.instances import Instance, running
from vault.keyring import Keyring
from vault.records import Commitment, Interaction

VENDORS, HAPPENED, PROMISES = 10_000, 100_000, 500
TWICE = 2.0
TENTH = 0.1
WORDS = "bread delivery invoice refund meter line engineer counter parcel loaf receipt cable policy claim apples cat broken late kind slow"


@dataclass(frozen=True)
class Lived:
    """An owner with very much, and one with no more than the first's pages show; the company that is looked at has the same in both."""

    much: Browsing
    little: Browsing
    vendor_ids: tuple[str, str]


def run() -> Iterator[Timing]:
    """Each page as a browser asks for it, after the first time, as it is for whoever is unlocked."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        folder = Path(copied)
        sqlite_copy(sqlite_template(Path(made)), folder)
        settings = Settings(data_dir=folder / "data", state_dir=folder / "state", base_url="http://localhost:8000", kdf="floor")
        with running(settings) as instance:
            lived = live(instance)
            for name, path in (("today", "/today"), ("company", "/vendors/{}"), ("timeline", "/timeline")):
                ours, bare = (
                    partial(shown, browsing, path.format(vendor_id))
                    for browsing, vendor_id in zip((lived.much, lived.little), lived.vendor_ids, strict=True)
                )
                yield tail(f"{name}-among-{VENDORS}-companies-and-{HAPPENED}-interactions", ours, bare, target=TWICE)
            yield tail(f"search-among-{VENDORS}-companies-and-{HAPPENED}-interactions", searching(lived.much), None, target=TENTH)


def live(instance: Instance) -> Lived:
    """Fill both accounts and look at each page once."""
    much, many = _owner(instance, "much", VENDORS, HAPPENED, PROMISES)
    little, few = _owner(instance, "little", 30, 60, PROMISES)
    return Lived(much, little, (many[0], few[0]))


def shown(browsing: Browsing, path: str) -> None:
    """A page, whole."""
    assert browsing.get(path).status_code == 200


def searching(browsing: Browsing) -> Callable[[], None]:
    """Looks for one thing after the other, as somebody who types would: short beginnings, words, two words, a number, nothing."""
    asked = ("br", "bread", "bread li", "engineer slow", "corner shop 77", "c 00000421", '"parcel late"', "zzz", "the", "shop")
    turn = 0

    def search() -> None:
        nonlocal turn
        answer = browsing.post("/search", {"q": asked[turn % len(asked)], "part": "1"})
        turn += 1
        assert answer.status_code == 200

    browsing.get("/search")
    return search


def _owner(instance: Instance, login: str, vendors: int, happened: int, promises: int) -> tuple[Browsing, list[str]]:
    keyring: Keyring
    _account, keyring, _mailbox = make_account(instance.stores, login)
    ids = keep_many(instance.stores, keyring, (vendor(number) for number in range(vendors)))
    chance = random.Random(5)  # noqa: S311 - the same account every time; nothing secret
    keep_many(instance.stores, keyring, (_interaction(chance, number, ids, happened) for number in range(happened)))
    keep_many(instance.stores, keyring, (_promise(chance, ids) for _number in range(promises)))
    return Browsing(instance.new_client()).unlock(login), ids


def _interaction(chance: random.Random, number: int, ids: list[str], count: int) -> Interaction:
    """The last forty are with the first company, all others with whomever."""
    at = clock.now() - timedelta(minutes=5 * (count - number) + 1)
    return Interaction(
        vendor_id=ids[0] if number >= count - 40 else chance.choice(ids[1:]),
        kind=chance.choice(("purchase", "contact", "problem", "praise", "visit")),
        title=" ".join(chance.choices(WORDS.split(), k=4)),
        note=" ".join(chance.choices(WORDS.split(), k=12)),
        initiative=chance.choice(("me", "them")),
        feeling=chance.choice(("good", "neutral", "bad", "unsaid")),
        happened_at=at,
        recorded_at=at,
    )


def _promise(chance: random.Random, ids: list[str]) -> Commitment:
    words = " ".join(chance.choices(WORDS.split(), k=5))
    return Commitment(vendor_id=chance.choice(ids), promise=words, due_at=clock.now() + timedelta(days=chance.randrange(30, 400)))
