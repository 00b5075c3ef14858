"""What a file tells of, beside the vendors: purchases and promises, each with its vendor once that is known, and none twice."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.exchange import clocks
from vault import store
from vault.keyring import Keyring
from vault.records import Commitment, Interaction
from vault.store import Opened

Told = Interaction | Commitment
Mark = tuple[object, ...]


@dataclass
class Known:
    """What is there already, so that the same file changes nothing a second time."""

    marks: set[Mark] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, db: Session, keyring: Keyring) -> "Known":
        """Every purchase and promise of the account, by its digest."""
        marks = {_mark_of_interaction(one.values) for one in store.digests(db, keyring, Interaction)}
        return cls(marks | {_mark_of_promise(one.values) for one in store.digests(db, keyring, Commitment)})

    def fresh(self, told: Told) -> bool:
        """Whether it is new; from now on it is known."""
        values = told.model_dump(mode="json")
        mark = _mark_of_promise(values) if isinstance(told, Commitment) else _mark_of_interaction(values)
        if mark in self.marks:
            return False
        self.marks.add(mark)
        return True


def placed(told: Iterable[Told], homes: Mapping[str, str]) -> Iterator[Told]:
    """Those whose staged vendor has become one of the account's, with its id."""
    for one in told:
        if one.vendor_id in homes:
            yield one.model_copy(update={"vendor_id": homes[one.vendor_id]})


def keep(db: Session, keyring: Keyring, told: Iterable[Told], *, now: datetime) -> list[tuple[str, Told]]:
    """Write down what is new of these, promises with their clocks. Returns (record id, what it is)."""
    known = Known.of(db, keyring)
    fresh = [(secrets.token_hex(16), one) for one in told if known.fresh(one)]
    store.add_drafts(db, keyring, [store.draft(keyring, Opened(record_id, one, now, now)) for record_id, one in fresh])
    for record_id, one in fresh:
        if isinstance(one, Commitment):
            clocks.set_clock(db, keyring.account_id, record_id, one)
    return fresh


def _mark_of_interaction(values: Mapping[str, Any]) -> Mark:
    return "interaction", *(values[name] for name in ("vendor_id", "kind", "title", "amount", "currency")), _moment(values["happened_at"])


def _mark_of_promise(values: Mapping[str, Any]) -> Mark:
    return "commitment", *(values[name] for name in ("vendor_id", "promise", "due_date")), _moment(values["due_at"])


def _moment(written: object) -> object:
    return datetime.fromisoformat(written) if isinstance(written, str) else written
