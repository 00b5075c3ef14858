"""What was the owner's is in no memory of the process that outlasts the request: not after the lock, not in another account."""

import gc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import _lru_cache_wrapper
from zoneinfo import ZoneInfo

import pytest

from app.exchange.importers.mail.senders import Senders
from app.exchange.importers.mail.stream import Mail
from app.relationships.alike import alike, within
from app.relationships.crm_mirror import Mine, lines, overlap
from app.relationships.policies import compare
from consent.places import load
from vault.records import Held, HeldField

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WORD = "7731415"
"""Stands in everything that is done here, and nowhere else."""


def remembered() -> Iterator[str]:
    """The keys of every memory of the process that hold the word."""
    for memory in gc.get_objects():
        if isinstance(memory, _lru_cache_wrapper):
            kept = (key for held in gc.get_referents(memory) if isinstance(held, dict) for key in held)
            yield from (text for key in kept if WORD in (text := repr(key)))


def _mirror() -> None:
    held = Held(version=1, received_at=NOW, fields=(HeldField(name="Street", value=f"7 {WORD} Row", basis="stated"),))
    mine = (Mine("pd:PhysicalAddress", f"7 {WORD} Row\nDublin"),)
    overlap(lines(held, mine, ()), mine, ())


def _mails() -> None:
    senders = Senders(zone=ZoneInfo("UTC"), now=NOW)
    senders.take(Mail(heads={b"from": [f"Shop <news@{WORD}.example>".encode()]}, things=[], unreadable=False))
    assert [group.domain for group in senders.whole()] == [f"{WORD}.example"]


@pytest.mark.parametrize(
    "run",
    [
        lambda: alike("pd:Name", f"Robin {WORD}", "Robin Doe") or within(WORD, f"7 {WORD} Row"),
        _mirror,
        _mails,
        lambda: compare(f"The {WORD} of old.", f"The {WORD} of new."),
        lambda: load(f'{{"type": "Point", "coordinates": [1.{WORD}, 2.5], "radius_m": 50}}'),
    ],
)
def test_nothing_of_the_owners_is_remembered(run: Callable[[], object]) -> None:
    run()
    assert list(remembered()) == []
