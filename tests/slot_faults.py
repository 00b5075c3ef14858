"""The one-fault vectors of a set of slots, as rows of a real database, and the try to unlock with each."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import col, delete

from app.auth import slot_marks, throttle, unlocking
from app.auth.accounts import WhoAsks
from app.database import Stores
from app.settings import Settings
from consent import ledger
from tests.factories import NOW, owner_act
from tests.vectors.make_vault import FOLDER
from vault import cipher, slot_set, slots
from vault.errors import SlotsTampered
from vault.keyring import Keyring
from vault.mailbox import mailbox_of, new_mailbox
from vault.slot_set import Mark
from vault.store import Account, Slot

VECTORS: dict[str, Any] = json.loads((FOLDER / "slot_sets.json").read_text(encoding="ascii"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IN_TIME = 0.05
"""Seconds in which a set that is not as it was written is refused."""


@dataclass(frozen=True)
class Fault:
    """A set with one thing wrong."""

    what: str
    account: Account
    rows: list[Slot]


def account_of(told: dict[str, Any], **changes: Any) -> Account:
    """The account row of a set in the vectors."""
    return Account(
        account_id=VECTORS["account_id"],
        login="robin",
        generation=changes.get("generation", 1),
        slot_counter=changes.get("counter", told["counter"]),
        slot_mac=bytes.fromhex(changes.get("mac", told["mac"])),
        mailbox_key_id="0" * 16,
        created_at=NOW,
    )


def row_of(told: dict[str, Any]) -> Slot:
    """A slot row of the vectors."""
    columns = {**told, "commitment": bytes.fromhex(told["commitment"]), "wrapped": bytes.fromhex(told["wrapped"])}
    return Slot(created_at=EPOCH + timedelta(microseconds=columns.pop("created_us")), **columns)


def mark() -> Mark:
    """What the state store remembers of the sound set."""
    return Mark(VECTORS["set"]["counter"], bytes.fromhex(VECTORS["set"]["mac"]), bytes.fromhex(VECTORS["mark"]))


def faults() -> Iterator[Fault]:
    """Every fault of the vectors."""
    told = VECTORS["set"]
    for fault in VECTORS["faults"]:
        rows = [dict(row) for row in told["slots"]] + fault.get("add", [])
        if "at" in fault:
            rows[fault["at"]] |= fault["set"]
        if fault.get("drop") == "all":
            rows = []
        elif "drop" in fault:
            del rows[fault["drop"]]
        changes = {} if "at" in fault else fault.get("set", {})
        yield Fault(fault["what"], account_of(told, **changes), [row_of(row) for row in rows])


def settle_in(stores: Stores) -> None:
    """The vectors' account, with its sound set, as this service would have left it."""
    keyring = Keyring(VECTORS["account_id"], 1, bytes.fromhex(VECTORS["amk"]))
    key = new_mailbox(keyring, now=NOW)
    with stores.main.writing() as db:
        account = account_of(VECTORS["set"])
        account.mailbox_key_id = key.key_id
        db.add(account)
        db.flush()
        db.add_all([key, *(row_of(row) for row in VECTORS["set"]["slots"])])
        ledger.open_ledger(db, owner_act(account, mailbox_of(key)))
    slot_marks.remember(stores.state, keyring.account_id, mark(), now=NOW)


def put(stores: Stores, account: Account, rows: list[Slot]) -> None:
    """Write a set past this service, as somebody with the database in hand would."""
    with stores.main.writing() as db:
        kept = db.get_one(Account, VECTORS["account_id"])
        kept.generation, kept.slot_counter, kept.slot_mac = account.generation, account.slot_counter, account.slot_mac
        db.exec(delete(Slot).where(col(Slot.account_id) == kept.account_id))
        db.add(kept)
        db.flush()
        # A row of another account is nobody's here: it is not among the slots that this account's unlock reads.
        db.add_all([Slot(**row.model_dump()) for row in rows if row.account_id == kept.account_id])


def storable(fault: Fault) -> bool:
    """Whether a database could hold it at all: no two rows of one id, and for another account's row only the pure check."""
    return len({row.slot_id for row in fault.rows}) == len(fault.rows) and all(
        row.account_id == VECTORS["account_id"] for row in fault.rows
    )


def refuse(stores: Stores, settings: Settings, fault: Fault) -> float:
    """Try both secrets against a fault; the seconds of the quickest of three tries to unlock with the passphrase.

    Raises AssertionError when anything opens, or an Argon2id derivation was begun.
    """
    _refused_unread(fault)
    if not storable(fault):
        return 0.0
    put(stores, fault.account, fault.rows)
    before, spent = int(cipher.derivations), []
    for number in range(3):
        throttle.forgive(stores.state, "unlock/robin")
        who = WhoAsks(address=f"{fault.what} {number}")
        started = time.perf_counter()
        try:
            opened = unlocking.unlock(stores, settings, login="robin", passphrase=VECTORS["passphrase"], who=who, now=NOW)
            raise AssertionError(f"{fault.what}: {'opened' if opened else 'taken for a wrong passphrase'}")
        except SlotsTampered:
            spent.append(time.perf_counter() - started)
    try:
        unlocking.unlock_with_recovery(stores, login="robin", code=VECTORS["code"], who=WhoAsks(address=fault.what), now=NOW)
        raise AssertionError(f"{fault.what}: opened by the code")
    except SlotsTampered:
        assert int(cipher.derivations) == before, f"{fault.what}: something was derived"
    return min(spent)


def _refused_unread(fault: Fault) -> None:
    before = int(cipher.derivations)
    try:
        slot_set.compare(fault.account, fault.rows, mark())
    except SlotsTampered:
        assert int(cipher.derivations) == before
        return
    raise AssertionError(f"{fault.what}: passed")


def sound(stores: Stores, settings: Settings) -> None:
    """The set without a fault opens, with one derivation: what is refused above is refused for its fault."""
    put(stores, account_of(VECTORS["set"]), [row_of(row) for row in VECTORS["set"]["slots"]])
    throttle.forgive(stores.state, "unlock/robin")
    before = int(cipher.derivations)
    opened = unlocking.unlock(stores, settings, login="robin", passphrase=VECTORS["passphrase"], who=WhoAsks(address="sound"), now=NOW)
    assert opened is not None and not opened.session.whole and int(cipher.derivations) == before + 1
    account, rows = account_of(VECTORS["set"]), [row_of(row) for row in VECTORS["set"]["slots"]]
    assert slots.open_with_passkey(account, rows, "4" * 32, bytes.fromhex(VECTORS["passkey_secret"])) is not None
