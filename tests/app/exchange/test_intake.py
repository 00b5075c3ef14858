"""The intake: decide, seal, write down, whatever waits in one transaction."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select, update

from app import clock
from app.api.messages import _render
from app.api.schemas import MessageAccepted
from app.exchange import intake as intake_module
from app.exchange import marks, unchanged
from app.exchange.bearers import Nobody
from app.exchange.idempotency import Conflict, Kept
from app.exchange.intake import Accepted, Arrival, Draft, Intake, Outcome, Repeatable, Verdict
from app.exchange.tokens import hashed
from app.tables import Message
from consent import ledger
from consent.decision import Refused
from consent.errors import TermsChanged
from consent.ledger import Verified
from consent.store import Grant, LedgerEntry, LedgerHead, RefusalCount
from tests.app.api.loop import Owner, Shop, make_owner, make_relationship
from tests.instances import Instance
from vault.mailbox import Together

DRAFT = Draft(kind="offer", purpose="dpv:DirectMarketing", channel="inbox", title="New bread", body="From eight.")
FOREIGN = Draft(kind="offer", purpose="dpv:DeliveryOfGoods", channel="inbox", title="x", body="y")


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


@pytest.fixture
def shop(instance: Instance, owner: Owner) -> Shop:
    return make_relationship(instance, owner)


@pytest.fixture
def intake(instance: Instance) -> Iterator[Intake]:
    intake = Intake(instance.stores, instance.app.state.instance)
    yield intake
    intake.close()


def arrival(shop: Shop, *, days: float = 0, draft: Draft = DRAFT, repeatable: Repeatable | None = None) -> Arrival:
    """One message, `days` from now."""
    return Arrival(hashed(shop.grant_token), draft.ask, clock.now() + timedelta(days=days), draft, repeatable)


def together(intake: Intake, arrivals: Sequence[Arrival]) -> list[Outcome | BaseException]:
    """All of them at once; what comes of each."""

    async def all_of_them() -> list[Outcome | BaseException]:
        return list(await asyncio.gather(*(intake.take(each) for each in arrivals), return_exceptions=True))

    return asyncio.run(all_of_them())


def alone(intake: Intake, each: Arrival) -> Outcome | BaseException:
    return together(intake, [each])[0]


def verified(db: Session, account_id: str) -> int:
    """How many entries the account's ledger has; it must hold."""
    head = db.get_one(LedgerHead, account_id)
    mine = select(LedgerEntry).where(LedgerEntry.account_id == account_id).order_by(col(LedgerEntry.seq))
    assert isinstance(ledger.verify(head, db.exec(mine).all()), Verified)
    return head.size


def test_window_slides(intake: Intake, shop: Shop) -> None:
    """Two a week: what came over a week ago no longer counts; `retry_after` is true to the second."""
    assert [type(alone(intake, arrival(shop, days=day))) for day in (0, 3)] == [Accepted, Accepted]
    refused = alone(intake, arrival(shop, days=4))
    assert isinstance(refused, Refused)
    assert refused.retry_after is not None
    assert abs(refused.retry_after - 3 * 86400) <= 2
    assert isinstance(alone(intake, arrival(shop, days=4 + refused.retry_after / 86400)), Accepted)


def test_cap_holds_within_one_batch(instance: Instance, intake: Intake, owner: Owner, shop: Shop) -> None:
    """Eight in one transaction, two get in; the others are one entry and five repeats. The mark follows the ledger."""
    outcomes = together(intake, [arrival(shop) for _ in range(8)])
    assert [type(outcome) for outcome in outcomes].count(Accepted) == 2
    with instance.stores.main.reading() as db:
        assert len(db.exec(select(Message)).all()) == 2
        size = verified(db, owner.account_id)
        assert [count.repeats for count in db.exec(select(RefusalCount))] == [5]
        head = db.get_one(LedgerHead, owner.account_id).head
    intake.close()  # what comes after the answers is done then
    assert marks.mark_of(instance.stores.state, owner.account_id) == (size, head)


def test_cap_holds_when_all_come_at_once_by_two_processes(instance: Instance, intake: Intake, owner: Owner, shop: Shop) -> None:
    """Two gates on one database stand for two processes: the account's lock makes them queue, and the ledger stays whole."""
    other = Intake(instance.stores, instance.app.state.instance)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: alone((intake, other)[n % 2], arrival(shop)), range(8)))
    other.close()
    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) == 2
    with instance.stores.main.reading() as db:
        assert len(db.exec(select(Message)).all()) == 2
        verified(db, owner.account_id)


def test_batch_holds_many_accounts(instance: Instance, intake: Intake) -> None:
    """Several owners in one transaction: each ledger is its own, each message is sealed to its own owner."""
    owners = [make_owner(instance, login) for login in ("robin", "wren", "sparrow")]
    shops = [make_relationship(instance, owner) for owner in owners]
    outcomes = together(intake, [arrival(shop) for shop in shops] + [arrival(shop, draft=FOREIGN) for shop in shops])
    assert [type(outcome) for outcome in outcomes] == [Accepted] * 3 + [Refused] * 3
    with instance.stores.main.reading() as db:
        assert {row.account_id for row in db.exec(select(Message))} == {owner.account_id for owner in owners}
        for owner in owners:
            verified(db, owner.account_id)
            types = db.exec(select(LedgerEntry.type).where(LedgerEntry.account_id == owner.account_id).order_by(col(LedgerEntry.seq))).all()
            assert types[-2:] == ["message.accepted", "message.refused"]


def test_refusal_survives_and_message_does_not(instance: Instance, intake: Intake, shop: Shop) -> None:
    """A refusal is committed with its entry; no row of a message is left."""
    assert alone(intake, arrival(shop, draft=FOREIGN)) == Refused("purpose-not-granted", "R5")
    with instance.stores.main.reading() as db:
        assert db.exec(select(Message)).all() == []
        assert "message.refused" in {entry.type for entry in db.exec(select(LedgerEntry))}


def test_failure_leaves_nothing_and_costs_nobody_else(
    instance: Instance, intake: Intake, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of a batch fails while it is sealed: it is undone, the others are in, and no ledger has a gap."""
    other = make_owner(instance, "wren")
    theirs = make_relationship(instance, other)
    seal = Together.seal

    def broken(self: Together, purpose: str, context: Sequence[str], data: bytes) -> bytes:
        if self.mailbox.account_id == other.account_id and purpose == "message":
            raise OSError("no entropy")
        return seal(self, purpose, context, data)

    monkeypatch.setattr(Together, "seal", broken)
    outcomes = together(intake, [arrival(shop), arrival(theirs), arrival(shop)])
    assert [type(outcome) for outcome in outcomes] == [Accepted, OSError, Accepted]
    with instance.stores.main.reading() as db:
        assert len(db.exec(select(Message)).all()) == 2
        verified(db, other.account_id)
        entries = db.exec(select(LedgerEntry.type).where(LedgerEntry.account_id == other.account_id)).all()
        assert "message.accepted" not in entries


def test_tampered_terms_cost_nobody_else(instance: Instance, intake: Intake, shop: Shop) -> None:
    """Terms that are not the hashed ones shut their own gate only."""
    theirs = make_relationship(instance, make_owner(instance, "wren"))
    with instance.stores.main.writing() as db:
        db.exec(update(Grant).where(col(Grant.grant_id) == theirs.grant_id).values(terms="[]"))
    assert [type(outcome) for outcome in together(intake, [arrival(theirs), arrival(shop)])] == [TermsChanged, Accepted]


def test_one_key_twice_in_one_batch_sends_once(instance: Instance, intake: Intake, shop: Shop) -> None:
    """The second finds the first's answer; another body under the same key is a conflict; an unknown token is nobody."""

    def keyed(body: bytes) -> Arrival:
        return arrival(shop, repeatable=Repeatable("messages", "k1", body, _render))

    stranger = Arrival(b"?" * 32, DRAFT.ask, clock.now(), DRAFT)
    first, again, conflict, nobody = together(intake, [keyed(b"1"), keyed(b"1"), keyed(b"2"), stranger])
    assert isinstance(first, Accepted)
    assert isinstance(again, Kept)
    assert MessageAccepted.model_validate_json(again.answer) == MessageAccepted(id=first.message_id, status="accepted")
    assert isinstance(conflict, Conflict)
    assert nobody == Nobody(guessed=True)
    with instance.stores.main.reading() as db:
        assert len(db.exec(select(Message)).all()) == 1


def test_answer_reads_as_the_schema_writes_it() -> None:
    """The hot route spells its one answer out; byte for byte as the schema would."""
    made = _render(Accepted("ab" * 16))
    assert made.answer == MessageAccepted(id="ab" * 16, status="accepted").model_dump_json().encode()


def test_dry_run_takes_no_lock(instance: Instance, intake: Intake, owner: Owner, shop: Shop) -> None:
    """A question is answered while somebody writes; only the refusal after an end is written down, and waits for its turn."""
    asked = Arrival(hashed(shop.grant_token), DRAFT.ask, clock.now())
    with instance.stores.main.writing() as db:
        ledger.lock(db, owner.account_id)
        assert asyncio.run(intake.weigh(asked)) == Verdict(None)
    owner.end(shop.grant_id, "withdraw")
    assert asyncio.run(intake.weigh(asked)) == Refused("consent-withdrawn", "R1")
    with instance.stores.main.reading() as db:
        assert db.exec(select(LedgerEntry.type).order_by(col(LedgerEntry.seq).desc())).first() == "message.refused"


def test_held_account_answers_as_paused(instance: Instance, intake: Intake, owner: Owner, shop: Shop) -> None:
    """Where the ledger went back, companies find everything paused, and the mark stays where it was."""
    ahead = (10_000, bytes(32))
    marks.raise_mark(instance.stores.state, owner.account_id, size=ahead[0], head=ahead[1], now=clock.now())
    assert alone(intake, arrival(shop)) == Refused("consent-paused", "R4")
    assert marks.mark_of(instance.stores.state, owner.account_id) == ahead


def test_one_agreement_for_a_few_seconds(
    instance: Instance, intake: Intake, owner: Owner, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages of one moment share their encapsulated key with each other and their entries; a moment later it is forgotten.

    The third is over the cap: its entry alone shows the new one.
    """
    monkeypatch.setattr(intake_module, "AGREED", 0.2)

    async def three() -> None:
        await intake.take(arrival(shop))
        await intake.take(arrival(shop))
        await asyncio.sleep(0.4)
        await intake.take(arrival(shop))

    asyncio.run(three())
    with instance.stores.main.reading() as db:
        sealed = [one.sealed or b"" for one in db.exec(select(Message).order_by(col(Message.accepted_at))).all()]
        mine = select(LedgerEntry).where(LedgerEntry.account_id == owner.account_id, col(LedgerEntry.type).like("message.%"))
        entries = [entry.sealed for entry in db.exec(mine.order_by(col(LedgerEntry.seq))).all()]
        verified(db, owner.account_id)
    *alike, other = [one[:42] for one in (*sealed, *entries)]
    assert len(alike) == 4
    assert set(alike) == {alike[0]} != {other}
    assert len({*sealed, *entries}) == 5


def test_agreement_of_what_was_undone_seals_nothing_twice(
    instance: Instance, intake: Intake, owner: Owner, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry's number that comes again after its batch was undone is sealed under a key agreed upon for it alone."""
    fails = {"left": 1}
    written = ledger.append_all

    def once(*given: Any) -> None:
        written(*given)
        fails["left"] -= 1
        if fails["left"] == 0:
            raise OSError("the disk is full")

    asyncio.run(intake.take(arrival(shop)))
    monkeypatch.setattr(ledger, "append_all", once)
    outcomes = together(intake, [arrival(shop)])
    assert [type(outcome) for outcome in outcomes] == [Accepted]
    with instance.stores.main.reading() as db:
        mine = select(LedgerEntry).where(LedgerEntry.account_id == owner.account_id, LedgerEntry.type == "message.accepted")
        first, again = [entry.sealed[:42] for entry in db.exec(mine.order_by(col(LedgerEntry.seq))).all()]
        verified(db, owner.account_id)
    assert first != again


def test_question_sees_what_others_commit(instance: Instance, intake: Intake, owner: Owner, shop: Shop) -> None:
    """Whom a token leads to is kept from one question to the next, until anybody commits to either database."""
    asked = Arrival(hashed(shop.grant_token), DRAFT.ask, clock.now())
    assert [asyncio.run(intake.weigh(asked)) for _ in range(3)] == [Verdict(None)] * 3
    owner.end(shop.grant_id, "pause")
    assert [asyncio.run(intake.weigh(asked)) for _ in range(2)] == [Verdict("consent-paused")] * 2
    owner.end(shop.grant_id, "resume")
    assert asyncio.run(intake.weigh(asked)) == Verdict(None)
    marks.raise_mark(instance.stores.state, owner.account_id, size=10_000, head=bytes(32), now=clock.now())
    assert asyncio.run(intake.weigh(asked)) == Verdict("consent-paused")


def test_message_sees_what_others_commit(instance: Instance, intake: Intake, owner: Owner, shop: Shop) -> None:
    """What one message found the next finds again, and no more once the owner has spoken; the ledger goes on where it ends."""
    assert isinstance(alone(intake, arrival(shop)), Accepted)
    assert alone(intake, arrival(shop, draft=FOREIGN)) == Refused("purpose-not-granted", "R5")
    owner.end(shop.grant_id, "pause")
    assert alone(intake, arrival(shop)) == Refused("consent-paused", "R4")
    owner.end(shop.grant_id, "resume")
    assert isinstance(alone(intake, arrival(shop)), Accepted)
    owner.end(shop.grant_id, "withdraw")
    assert alone(intake, arrival(shop)) == Refused("consent-withdrawn", "R1")
    with instance.stores.main.reading() as db:
        verified(db, owner.account_id)


def test_question_keeps_so_many_and_no_more(
    instance: Instance, intake: Intake, owner: Owner, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the bound they are looked up anew, and the answer is the same."""
    monkeypatch.setattr(unchanged, "MOST", 0)
    asked = Arrival(hashed(shop.grant_token), DRAFT.ask, clock.now())
    assert [asyncio.run(intake.weigh(asked)) for _ in range(3)] == [Verdict(None)] * 3
    assert asyncio.run(intake.weigh(Arrival(bytes(32), DRAFT.ask, clock.now()))) == Nobody(guessed=True)


def test_agreement_of_whoever_went_away_is_forgotten_too(
    instance: Instance, intake: Intake, owner: Owner, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that hangs up while its message waits for somebody else's transaction."""
    monkeypatch.setattr(intake_module, "AGREED", 0.2)

    async def hangs_up() -> None:
        with instance.stores.main.writing() as db:
            db.connection()
            ledger.lock(db, owner.account_id)
            sending = asyncio.create_task(intake.take(arrival(shop)))
            await asyncio.sleep(0.1)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
        await asyncio.sleep(1)

    asyncio.run(hangs_up())
    with instance.stores.main.reading() as db:
        assert len(db.exec(select(Message)).all()) == 1
    assert repr(intake._agreements) == "Agreements(<0 redacted>)"
