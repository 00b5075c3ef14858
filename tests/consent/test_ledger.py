"""The chain: pinned bytes, and no way to touch the past unseen."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from app.database import Stores
from consent import ledger
from consent.act import Act
from consent.canonical import dumps
from consent.errors import NoLedger
from consent.store import LedgerEntry, LedgerHead, RefusalCount
from tests.factories import NOW, make_account, owner_act
from tests.vectors import make_consent as reference
from vault import accounts
from vault.errors import Sealed
from vault.keyring import Keyring

PINNED: dict[str, Any] = json.loads((reference.FOLDER / "ledger.json").read_text(encoding="ascii"))
LEDGER_ID: str = PINNED["ledger_id"]
ACCOUNT = "a" * 32


def entry(seq: int, at: datetime, kind: str, *, actor: str, commitment: bytes, previous: bytes) -> LedgerEntry:
    hashed = ledger.entry_hash(LEDGER_ID, seq, at, kind, actor, commitment, previous)
    return LedgerEntry(
        account_id=ACCOUNT,
        seq=seq,
        version=1,
        at=at,
        type=kind,
        actor=actor,
        commitment=commitment,
        sealed=b"",
        previous=previous,
        hash=hashed,
    )


def pinned_chain() -> tuple[LedgerHead, list[LedgerEntry]]:
    chain = [
        entry(
            row["seq"],
            datetime.fromisoformat(row["at"]),
            row["type"],
            actor=row["actor"],
            commitment=bytes.fromhex(row["commitment"]),
            previous=bytes.fromhex(row["previous"]),
        )
        for row in PINNED["entries"]
    ]
    return LedgerHead(account_id=ACCOUNT, ledger_id=LEDGER_ID, size=len(chain), head=chain[-1].hash), chain


def made_chain(length: int) -> tuple[LedgerHead, list[LedgerEntry]]:
    chain: list[LedgerEntry] = []
    previous = ledger.genesis(LEDGER_ID)
    for seq in range(1, length + 1):
        commitment = sha256(b"%d" % seq).digest()
        at = NOW + timedelta(seconds=seq)
        chain.append(entry(seq, at, "message.accepted", actor="owner", commitment=commitment, previous=previous))
        previous = chain[-1].hash
    return LedgerHead(account_id=ACCOUNT, ledger_id=LEDGER_ID, size=length, head=previous), chain


def test_entries_have_their_pinned_bytes() -> None:
    _, chain = pinned_chain()
    assert [each.hash.hex() for each in chain] == [row["hash"] for row in PINNED["entries"]]
    for row in PINNED["entries"]:
        assert sha256(bytes.fromhex(row["hashed"])).hexdigest() == row["hash"]
        assert sha256(bytes.fromhex(row["salt"]) + dumps(row["details"])).hexdigest() == row["commitment"]


def test_pinned_chain_holds() -> None:
    head, chain = pinned_chain()
    assert ledger.verify(head, chain) == ledger.Verified(4, head.head)
    assert ledger.checkpoint(LEDGER_ID, head.size, head.head).hex() == PINNED["checkpoint"]


def test_every_field_of_an_entry_is_under_its_hash() -> None:
    args: dict[str, Any] = {"ledger_id": "l", "seq": 1, "at": NOW, "type": "t", "actor": "a"}
    args |= {"commitment": b"c", "previous": b"p", "version": 1}
    changes: dict[str, Any] = {"ledger_id": "m", "seq": 2, "at": NOW + timedelta(microseconds=1), "type": "u", "actor": "b"}
    changes |= {"commitment": b"d", "previous": b"q", "version": 2}
    hashes = {ledger.entry_hash(**args), *(ledger.entry_hash(**args | {name: value}) for name, value in changes.items())}
    assert len(hashes) == len(args) + 1
    assert ledger.entry_hash(**args | {"type": "ta", "actor": ""}) != ledger.entry_hash(**args | {"type": "t", "actor": "a"})


Chain = list[LedgerEntry]


def rechained(chain: Chain, start: int = 0) -> Chain:
    """The entries from `start` on hashed anew, as somebody with the whole database would do."""
    done = chain[:start]
    for each in chain[start:]:
        previous = done[-1].hash if done else ledger.genesis(LEDGER_ID)
        done.append(entry(len(done) + 1, each.at, each.type, actor=each.actor, commitment=each.commitment, previous=previous))
    return done


def edited(each: LedgerEntry, **changes: Any) -> LedgerEntry:
    return LedgerEntry(**each.model_dump() | changes)


@dataclass(frozen=True)
class Tampering:
    """What somebody with the database does to a chain of five, and what is found where."""

    what: str
    change: Callable[[Chain], Chain]
    seq: int | None
    found: str


def at(index: int, **changes: Any) -> Callable[[Chain], Chain]:
    return lambda chain: [*chain[:index], edited(chain[index], **changes), *chain[index + 1 :]]


def hash_made_right(chain: Chain) -> Chain:
    return [chain[0], rechained(at(1, type="message.refused")(chain))[1], *chain[2:]]


def numbers_swapped(chain: Chain) -> Chain:
    return [chain[0], edited(chain[2], seq=2), edited(chain[1], seq=3), *chain[3:]]


TAMPERINGS = (
    Tampering("an edited time", at(1, at=NOW), 2, "changed"),
    Tampering("an edited type", at(1, type="message.refused"), 2, "changed"),
    Tampering("an edited actor", at(1, actor="operator"), 2, "changed"),
    Tampering("an edited commitment", at(1, commitment=bytes(32)), 2, "changed"),
    Tampering("a version that is not known", at(1, version=-1), 2, "unknown version"),
    Tampering("an edited hash", at(1, hash=bytes(32)), 2, "changed"),
    Tampering("an edited previous hash", at(1, previous=bytes(32)), 2, "chain"),
    Tampering("an edit with its hash made right", hash_made_right, 3, "chain"),
    Tampering("the first entry deleted", lambda chain: chain[1:], 1, "missing"),
    Tampering("an entry deleted", lambda chain: [*chain[:2], *chain[3:]], 3, "missing"),
    Tampering("the last entry deleted", lambda chain: chain[:-1], None, "truncated"),
    Tampering("everything deleted", lambda chain: [], None, "truncated"),
    Tampering("an entry twice", lambda chain: [*chain[:2], chain[1], *chain[2:]], 3, "out of order"),
    Tampering("an entry inserted", lambda chain: [*chain[:2], edited(chain[1], seq=3), *chain[2:]], 3, "chain"),
    Tampering("two entries swapped", lambda chain: [chain[0], chain[2], chain[1], *chain[3:]], 2, "missing"),
    Tampering("two entries swapped with their numbers", numbers_swapped, 2, "chain"),
    Tampering("an entry of another account", at(1, account_id="b" * 32), 2, "another account"),
    Tampering("an entry appended beside the head", lambda chain: rechained([*chain, chain[-1]]), 6, "beyond head"),
    Tampering("restamped, head left", lambda chain: rechained(at(0, at=NOW)(chain)), None, "head"),
    Tampering("cut and appended, head left", lambda chain: rechained([*chain[:-1], chain[0]], 4), None, "head"),
)


@pytest.mark.parametrize("tampering", [pytest.param(each, id=each.what) for each in TAMPERINGS])
def test_tampering_is_found_without_a_mark(tampering: Tampering) -> None:
    head, chain = made_chain(5)
    assert ledger.verify(head, chain) == ledger.Verified(5, head.head)
    assert ledger.verify(head, tampering.change(chain)) == ledger.Broken(tampering.seq, tampering.found)


def with_head(chain: Chain) -> tuple[LedgerHead, Chain]:
    last = chain[-1].hash if chain else ledger.genesis(LEDGER_ID)
    return LedgerHead(account_id=ACCOUNT, ledger_id=LEDGER_ID, size=len(chain), head=last), chain


@pytest.mark.parametrize(
    ("what", "change", "expected"),
    [
        ("cut", lambda chain: chain[:3], ledger.Broken(None, "truncated")),
        ("emptied", lambda chain: [], ledger.Broken(None, "truncated")),
        ("cut and appended to the same length", lambda chain: rechained([*chain[:3], chain[0], chain[0]], 3), ledger.Broken(4, "fork")),
        ("cut and appended beyond", lambda chain: rechained([*chain[:3], *chain], 3), ledger.Broken(4, "fork")),
        ("restamped", lambda chain: rechained(at(0, at=NOW)(chain)), ledger.Broken(4, "fork")),
        ("one entry slipped in and all restamped", lambda chain: rechained([*chain[:1], *chain]), ledger.Broken(4, "fork")),
    ],
)
def test_history_rewritten_with_its_head_is_found_against_a_mark(
    what: str, change: Callable[[Chain], Chain], expected: ledger.Broken
) -> None:
    """Whoever rewrites entries and head makes a sound chain: only a mark kept elsewhere tells."""
    _, chain = made_chain(5)
    mark = (4, chain[3].hash)
    head, rewritten = with_head(change(chain))
    assert isinstance(ledger.verify(head, rewritten), ledger.Verified), what
    assert ledger.verify(head, rewritten, mark=mark) == expected


def test_mark_of_an_honest_past_holds() -> None:
    head, chain = made_chain(5)
    assert all(isinstance(ledger.verify(head, chain, mark=(each.seq, each.hash)), ledger.Verified) for each in chain)
    assert isinstance(ledger.verify(head, chain, mark=(0, ledger.genesis(LEDGER_ID))), ledger.Verified)
    assert ledger.verify(head, chain, mark=(0, bytes(32))) == ledger.Broken(None, "fork")


def test_ledger_of_another_id_does_not_hold() -> None:
    """A whole ledger put in the place of another fails at its first entry."""
    head, chain = made_chain(2)
    assert ledger.verify(LedgerHead(account_id=ACCOUNT, ledger_id="f" * 32, size=2, head=head.head), chain) == ledger.Broken(1, "chain")


@given(st.data())
def test_random_tampering_is_always_found(data: st.DataObject) -> None:
    """Any list of the true entries, perhaps edited, other than the whole in its order is broken."""
    head, chain = made_chain(6)
    order = data.draw(st.just(list(range(6))) | st.lists(st.integers(0, 5), max_size=8) | st.permutations(range(6)))
    touched = [chain[index] for index in order]
    tampers = data.draw(st.sampled_from([True, False]))
    if touched and tampers:
        index = data.draw(st.integers(0, len(touched) - 1))
        name = data.draw(st.sampled_from(["seq", "version", "at", "type", "actor", "commitment", "previous", "hash", "account_id"]))
        values: dict[str, st.SearchStrategy[Any]] = {
            "seq": st.integers(0, 9),
            "version": st.integers(-9, 9),
            "at": st.integers(-9, 9).map(lambda number: NOW + timedelta(seconds=number)),
            "type": st.sampled_from(sorted(ledger.TYPES)),
            "actor": st.sampled_from(["owner", "instance"]),
            "account_id": st.sampled_from([ACCOUNT, "b" * 32]),
        }
        touched[index] = edited(touched[index], **{name: data.draw(values.get(name, st.binary(min_size=32, max_size=32)))})
    same = [each.model_dump() for each in touched] == [each.model_dump() for each in chain]
    assert isinstance(ledger.verify(head, touched), ledger.Verified) is same


@given(st.integers(0, 2**40), st.binary(min_size=32, max_size=32))
def test_salted_checkpoint_opens_to_its_commitment(size: int, head: bytes) -> None:
    commitment, opening = ledger.salted_checkpoint(size, head)
    assert sha256(opening).digest() == commitment
    assert opening[32:] == size.to_bytes(8, "big") + head
    assert ledger.salted_checkpoint(size, head)[0] != commitment


def entries_of(db: Session, account_id: str) -> list[LedgerEntry]:
    return list(db.exec(select(LedgerEntry).where(LedgerEntry.account_id == account_id).order_by(col(LedgerEntry.seq))).all())


def opener(db: Session, keyring: Keyring, head: LedgerHead) -> Callable[[LedgerEntry], bytes]:
    mailbox = accounts.open_mailbox(db, keyring)
    return lambda each: mailbox.open(ledger.SEAL_PURPOSE, (head.ledger_id, str(each.seq)), each.sealed)


def test_what_is_appended_holds_and_opens(stores: Stores) -> None:
    account, keyring, mailbox = make_account(stores)
    act = owner_act(account, mailbox)
    with stores.main.writing() as db:
        for number in range(5):
            ledger.append(db, act, "message.accepted", {"number": number, "words": "Café"})
    with stores.main.reading() as db:
        head, entries = ledger.lock(db, account.account_id), entries_of(db, account.account_id)
        opened = opener(db, keyring, head)
        assert ledger.verify(head, entries, open_details=opened, mark=(5, head.head)) == ledger.Verified(5, head.head)
        assert [json.loads(opened(each)[ledger.SALT_BYTES :])["number"] for each in entries] == [0, 1, 2, 3, 4]
        assert entries[0].at == NOW
        assert b"Caf" not in entries[0].sealed
        entries[3].sealed = entries[2].sealed
        assert ledger.verify(head, entries, open_details=opened) == ledger.Broken(4, "details")
        assert isinstance(ledger.verify(head, entries), ledger.Verified), "without the key nobody can tell, and nothing else fails"


def test_details_that_are_not_those_committed_to_are_found(stores: Stores) -> None:
    """A sealed value is easy to make for anybody with the public key; its commitment stands under the chain."""
    account, keyring, mailbox = make_account(stores)
    with stores.main.writing() as db:
        forged = ledger.append(db, owner_act(account, mailbox), "message.accepted", {"number": 1})
        head = ledger.lock(db, account.account_id)
        for data in (bytes(32) + b'{"number":2}', b"short"):
            forged.sealed = mailbox.seal(ledger.SEAL_PURPOSE, (head.ledger_id, "1"), data)
            assert ledger.verify(head, [forged], open_details=opener(db, keyring, head)) == ledger.Broken(1, "details")


def test_entry_put_elsewhere_does_not_open(stores: Stores) -> None:
    account, keyring, mailbox = make_account(stores)
    with stores.main.writing() as db:
        first = ledger.append(db, owner_act(account, mailbox), "message.accepted", {"number": 1})
        head = ledger.lock(db, account.account_id)
        with pytest.raises(Sealed):
            accounts.open_mailbox(db, keyring).open(ledger.SEAL_PURPOSE, (head.ledger_id, "2"), first.sealed)


def test_append_takes_listed_types_only(stores: Stores) -> None:
    account, _, mailbox = make_account(stores)
    with stores.main.writing() as db, pytest.raises(ValueError, match="no such ledger type"):
        ledger.append(db, owner_act(account, mailbox), "message.read", {})


def test_newest_of_watched_types(stores: Stores) -> None:
    """The last entry of the watched types asked for, whatever came after it; None when there is none."""
    account, _keyring, mailbox = make_account(stores)
    act = owner_act(account, mailbox)
    with stores.main.writing() as db:
        assert ledger.newest(db, account.account_id, "alarm.raised") is None
        ledger.append(db, act, "alarm.raised", {"what": "first"})
        last = ledger.append(db, act, "alarm.raised", {"what": "second"})
        ledger.append(db, act, "slot.changed", {})
        ledger.append(db, act, "message.voted", {})
        found = ledger.newest(db, account.account_id, "alarm.raised", "alarm.settled")
        assert found is not None
        assert found.seq == last.seq


def test_account_without_ledger_has_nothing_to_lock(stores: Stores) -> None:
    with stores.main.writing() as db, pytest.raises(NoLedger):
        ledger.lock(db, "0" * 32)


def test_two_ledgers_have_nothing_in_common(stores: Stores) -> None:
    """The same details at the same time in two accounts: neither ids, commitments nor hashes show that they are the same."""
    seen: set[object] = set()
    for login in ("robin", "sparrow"):
        account, _, mailbox = make_account(stores, login)
        with stores.main.writing() as db:
            made = ledger.append(db, owner_act(account, mailbox), "message.accepted", {"number": 1})
            seen |= {ledger.lock(db, account.account_id).ledger_id, made.commitment, made.previous, made.hash}
    assert len(seen) == 8


def hourly(act: Act, minutes: int) -> Act:
    return Act(account_id=act.account_id, actor=act.actor, now=NOW + timedelta(minutes=minutes), seal=act.seal)


def test_refusals_of_one_hour_become_two_entries(stores: Stores) -> None:
    account, keyring, mailbox = make_account(stores)
    act = owner_act(account, mailbox)
    grant, other = "1" * 32, "2" * 32
    with stores.main.writing() as db:
        assert ledger.append_refusal(db, hourly(act, 0), grant, "consent-paused", {"rule": "R4"}) is not None
        assert ledger.append_refusal(db, hourly(act, 59), grant, "consent-paused", {}) is None
        assert ledger.append_refusal(db, hourly(act, 59), grant, "consent-paused", {}) is None
        assert ledger.append_refusal(db, hourly(act, 59), grant, "outside-hours", {}) is not None
        assert ledger.append_refusal(db, hourly(act, 59), other, "consent-paused", {}) is not None
        assert ledger.append_refusal(db, hourly(act, 60), grant, "consent-paused", {}) is not None
        assert ledger.append_refusal(db, hourly(act, 61), grant, "consent-paused", {}) is None
    with stores.main.writing() as db:
        assert ledger.close_hours(db, hourly(act, 59)) == 0
        assert ledger.close_hours(db, hourly(act, 60)) == 1
        assert ledger.close_hours(db, hourly(act, 60)) == 0
        left = db.exec(select(RefusalCount)).one()
        assert (left.hour, left.repeats) == (NOW + timedelta(hours=1), 1)
    with stores.main.reading() as db:
        head, entries = ledger.lock(db, account.account_id), entries_of(db, account.account_id)
        opened = opener(db, keyring, head)
        assert isinstance(ledger.verify(head, entries, open_details=opened), ledger.Verified)
        assert [each.type for each in entries] == ["message.refused"] * 4 + ["message.refused_again"]
        said = [json.loads(opened(each)[ledger.SALT_BYTES :]) for each in entries]
        assert said[0] == {"grant_id": grant, "reason": "consent-paused", "rule": "R4"}
        assert said[4] == {"grant_id": grant, "hour": "2026-11-21T12:00:00+00:00", "reason": "consent-paused", "repeats": 2}


def test_entries_in_the_database_hold_whatever_their_moment(stores: Stores) -> None:
    """Both databases give back the microsecond that was hashed."""
    account, _, mailbox = make_account(stores)
    for at_ in (datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2026, 11, 21, 12, 0, 0, 1, tzinfo=UTC), NOW):
        with stores.main.writing() as db:
            ledger.append(db, owner_act(account, mailbox, now=at_), "alarm.raised", {})
    with stores.main.reading() as db:
        head = ledger.lock(db, account.account_id)
        assert ledger.verify(head, entries_of(db, account.account_id)) == ledger.Verified(3, head.head)


def test_a_session_notes_which_ledgers_it_added_to(stores: Stores) -> None:
    """Once, whether or not what was added stays: the head says how far it got."""
    account, _, mailbox = make_account(stores)
    with stores.main.writing() as db:
        assert ledger.touched(db) == frozenset()
        with pytest.raises(LookupError), db.begin_nested():
            ledger.append(db, owner_act(account, mailbox), "alarm.raised", {})
            raise LookupError
        assert ledger.touched(db) == {account.account_id}
        assert ledger.touched(db) == frozenset()
        assert ledger.lock(db, account.account_id).size == 0
