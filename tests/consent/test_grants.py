"""Requests and grants: every step, every step that is none, and what each leaves in the ledger."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.database import Stores
from consent import filing, grants, ledger, receipts
from consent.act import Act, Signer
from consent.decision import RULES_VERSION, Allowed, Ask, Refused, Usage, decide
from consent.errors import IllegalTransition, NotFound, SignerMissing, TermsChanged, TermsError
from consent.store import Grant, LedgerEntry, Receipt, Relationship, RelationshipKey, Request
from consent.terms import LineChoice, Terms, canonical, narrow, parse
from tests.consent.samples import terms
from tests.factories import NOW, make_account, make_signer, owner_act
from vault import accounts
from vault.keyring import Keyring
from vault.mailbox import Mailbox
from vault.store import Account

CLIENT = "c" * 32
FACTS = receipts.ClientFacts(CLIENT, "Corner Shop")
TEXT = "Corner Shop may send you messages."
OFFER = Ask("offer", "dpv:DirectMarketing", "inbox")
BOTH = {0: LineChoice(keep=True), 1: LineChoice(keep=True)}
MESSAGES = {0: LineChoice(keep=True, actions=("send_message",))}


@dataclass
class House:
    """One owner, the database, and short words for what happens there."""

    stores: Stores
    account: Account
    keyring: Keyring
    mailbox: Mailbox

    def act(self, now: datetime = NOW, *, actor: str = "owner", signer: Signer | None = None) -> Act:
        return replace(owner_act(self.account, self.mailbox, now=now, signer=signer), actor=actor)

    def ask(self, request_id: str = "1" * 32, *, asked: Terms | None = None, grant_id: str | None = None, now: datetime = NOW) -> Request:
        with self.stores.main.writing() as db:
            return grants.receive(
                db,
                self.act(now, actor=f"client:{CLIENT}"),
                request_id=request_id,
                client_id=CLIENT,
                address_id=None,
                details=asked or terms(),
                client_reference="customer 4711",
                grant_id=grant_id,
                expires_at=now + timedelta(days=14),
            )

    def give(self, request: Request | None = None, *, granted: Terms | None = None, now: datetime = NOW) -> tuple[Grant, Receipt]:
        with self.stores.main.writing() as db:
            return give(db, self.act(now), request or self.ask(), granted or terms())

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.stores.main.writing() as db:
            yield db

    def grant(self, grant_id: str) -> Grant:
        with self.stores.main.reading() as db:
            found = grants.find(db, self.account.account_id, grant_id)
            assert found is not None
            return found

    def history(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Type, actor and opened details of every entry, after the chain and the details have been verified."""
        with self.stores.main.reading() as db:
            head = ledger.lock(db, self.account.account_id)
            rows = db.exec(select(LedgerEntry).where(LedgerEntry.account_id == head.account_id).order_by(col(LedgerEntry.seq))).all()
            mailbox = accounts.open_mailbox(db, self.keyring)

            def opened(row: LedgerEntry) -> bytes:
                return mailbox.open(ledger.SEAL_PURPOSE, (head.ledger_id, str(row.seq)), row.sealed)

            assert isinstance(ledger.verify(head, rows, open_details=opened), ledger.Verified)
            return [(row.type, row.actor, json.loads(opened(row)[ledger.SALT_BYTES :])) for row in rows]


def give(db: Session, act: Act, request: Request, granted: Terms, **changes: Any) -> tuple[Grant, Receipt]:
    words: dict[str, Any] = {"client": FACTS, "text_shown": TEXT, "language": "en", "rules_version": RULES_VERSION}
    return grants.give(db, act, request, granted, **words | changes)


@pytest.fixture
def house(stores: Stores) -> House:
    return House(stores, *make_account(stores))


def test_request_waits_until_it_is_decided(house: House) -> None:
    asked = house.ask()
    assert (asked.state, asked.details, asked.client_reference) == ("pending", canonical(terms()).decode(), "customer 4711")
    with house.writing() as db:
        account_id = house.account.account_id
        assert [each.request_id for each in grants.open_requests(db, account_id)] == [asked.request_id]
        assert grants.open_requests(db, account_id, now=asked.expires_at) == []
        assert len(grants.open_requests(db, account_id, now=NOW)) == 1
        assert filing.refusal_of(db, account_id, asked.request_id) is None
        receipt = grants.decline(db, house.act(), asked, client=FACTS)
        assert grants.open_requests(db, account_id) == []
        assert filing.refusal_of(db, account_id, asked.request_id) == receipt
    digest = sha256(canonical(terms())).hexdigest()
    assert house.history() == [
        ("request.received", f"client:{CLIENT}", {"client_id": CLIENT, "request_id": asked.request_id, "terms_sha256": digest}),
        (
            "request.declined",
            "owner",
            {"client_id": CLIENT, "request_id": asked.request_id, "receipt_id": receipt.receipt_id},
        ),
    ]


def test_request_expires_when_its_time_is_over_and_not_before(house: House) -> None:
    asked = house.ask()
    with house.writing() as db, pytest.raises(IllegalTransition):
        grants.expire_request(db, house.act(asked.expires_at - timedelta(seconds=1)), asked)
    with house.writing() as db:
        grants.expire_request(db, house.act(asked.expires_at, actor="instance"), asked)
    with house.writing() as db, pytest.raises(IllegalTransition):
        grants.expire_request(db, house.act(asked.expires_at), asked)
    assert [each[0] for each in house.history()] == ["request.received", "request.expired"]


def test_terms_that_cannot_stand_now_are_not_received(house: House) -> None:
    with pytest.raises(TermsError):
        house.ask(now=terms().expires)


def test_grant_holds_exactly_what_was_granted(house: House) -> None:
    granted = narrow(terms(), MESSAGES, expires=terms().expires - timedelta(days=30))
    grant, receipt = house.give(granted=granted)
    stored = house.grant(grant.grant_id)
    assert stored.terms.encode() == canonical(granted)
    assert stored.terms_sha256 == sha256(canonical(granted)).hexdigest()
    assert (stored.status, stored.given_at, stored.expires_at) == ("given", NOW, granted.expires)
    assert grants.standing(stored).terms == granted
    assert isinstance(decide(OFFER, grants.standing(stored), Usage(), NOW), Allowed)
    told = receipts.verify(receipt.jws, receipts.jwk(make_signer().public))
    assert told["bw:terms"] == json.loads(canonical(granted))
    assert told["bw:termsSha256"] == stored.terms_sha256
    assert told["dpv:hasRecordOfActivity"]["dpv:hasNotice"][0]["bw:textSha256"] == sha256(TEXT.encode()).hexdigest()
    assert (told["bw:grantId"], told["bw:requestId"], told["bw:clientReference"]) == (grant.grant_id, "1" * 32, "customer 4711")


def test_receipt_commits_to_the_ledger_with_its_own_entry(house: House) -> None:
    """The opening, sealed to the owner, shows size and head; the commitment alone shows nothing."""
    grant, receipt = house.give()
    told = receipts.verify(receipt.jws, receipts.jwk(make_signer().public))
    with house.writing() as db:
        opening = accounts.open_mailbox(db, house.keyring).open("receipt", (receipt.receipt_id,), receipt.opening)
        head = ledger.lock(db, house.account.account_id)
        assert grants.receipt_of(db, house.account.account_id, grant.grant_id).jws == receipt.jws
    assert sha256(opening).hexdigest() == told["bw:ledgerCheckpoint"]
    assert opening[32:] == (2).to_bytes(8, "big") + head.head
    kind, actor, details = house.history()[1]
    assert (kind, actor, details["receipt_id"]) == ("grant.given", "owner", receipt.receipt_id)
    assert details["terms_sha256"] == told["bw:termsSha256"]


def test_subject_is_of_the_relationship(house: House) -> None:
    _, receipt = house.give()
    told = receipts.verify(receipt.jws, receipts.jwk(make_signer().public))
    with house.writing() as db:
        relationship = db.get(Relationship, (house.account.account_id, CLIENT))
    assert relationship is not None
    assert told["dpv:hasRecordOfActivity"]["dpv:hasDataSubject"]["dpv:hasIdentifier"] == relationship.subject
    assert house.account.account_id not in json.dumps(told)
    assert house.account.login not in json.dumps(told)


def wider() -> Terms:
    asked = terms()
    return replace(asked, purposes=(replace(asked.purposes[0], channels=("sms",)),))


def test_give_refuses_what_was_not_asked_and_leaves_nothing(house: House) -> None:
    asked = house.ask()
    faults: list[tuple[type[Exception], Act, Terms, dict[str, Any]]] = [
        (TermsError, house.act(), wider(), {}),
        (TermsError, house.act(), replace(terms(), expires=NOW), {}),
        (NotFound, house.act(), terms(), {"client": receipts.ClientFacts("d" * 32, "Another Shop")}),
        (SignerMissing, replace(house.act(), signer=None), terms(), {}),
        (IllegalTransition, house.act(asked.expires_at), terms(), {}),
    ]
    for error, act, granted, changes in faults:
        with pytest.raises(error), house.writing() as db:
            give(db, act, asked, granted, **changes)
    assert [each[0] for each in house.history()] == ["request.received"]
    with house.writing() as db:
        assert db.exec(select(Grant)).all() == []
        assert db.exec(select(Receipt)).all() == []


def test_request_is_decided_once(house: House) -> None:
    asked = house.ask()
    house.give(asked)
    with house.writing() as db:
        stale = Request(**asked.model_dump() | {"state": "pending"})
    for verb in (lambda db: give(db, house.act(), stale, terms()), lambda db: grants.decline(db, house.act(), stale, client=FACTS)):
        with pytest.raises(IllegalTransition), house.writing() as db:
            verb(db)
    missing = Request(**asked.model_dump() | {"request_id": "9" * 32})
    with pytest.raises(NotFound), house.writing() as db:
        grants.decline(db, house.act(), missing, client=FACTS)


VERBS = ("pause", "resume", "suspend", "withdraw", "hand_back", "expire")


def step(db: Session, act: Act, grant: Grant, verb: str) -> Grant:
    if verb == "suspend":
        return grants.suspend(db, act, grant, reason="commitment-broken")
    done: Grant | tuple[Grant, Receipt] = getattr(grants, verb)(db, act, grant)
    return done[0] if isinstance(done, tuple) else done


def put(house: House, grant: Grant, status: str) -> None:
    """Bring a grant to a status by the verbs alone."""
    for verb, transition in grants.TRANSITIONS.items():
        if transition.target == status and verb != "resume":
            with house.writing() as db:
                step(db, house.act(grant.expires_at if verb == "expire" else NOW), grant, verb)


@pytest.mark.parametrize("status", grants.STATUSES)
def test_every_transition_from_every_status(house: House, status: str) -> None:
    """What `TRANSITIONS` lists happens and is written down; everything else is refused and leaves nothing."""
    for number, verb in enumerate(VERBS):
        grant, _ = house.give(house.ask(f"{number}" * 32))
        put(house, grant, status)
        before = len(house.history())
        transition = grants.TRANSITIONS[verb]
        act = house.act(grant.expires_at if verb == "expire" else NOW)
        if status in transition.sources:
            with house.writing() as db:
                assert step(db, act, grant, verb).status == transition.target
            kind, _, details = house.history()[-1]
            assert (kind, details["grant_id"], len(house.history())) == (transition.type, grant.grant_id, before + 1)
            assert house.grant(grant.grant_id).status == transition.target
        else:
            with pytest.raises(IllegalTransition), house.writing() as db:
                step(db, act, grant, verb)
            assert len(house.history()) == before
            assert house.grant(grant.grant_id).status == status


ANSWERS = {
    "given": None,
    "paused": "consent-paused",
    "suspended": "consent-suspended",
    "withdrawn": "consent-withdrawn",
    "handed_back": "consent-withdrawn",
    "expired": "consent-expired",
}


@pytest.mark.parametrize("status", grants.STATUSES)
def test_gate_follows_the_status(house: House, status: str) -> None:
    grant, _ = house.give()
    put(house, grant, status)
    answer = decide(OFFER, grants.standing(house.grant(grant.grant_id)), Usage(), NOW)
    assert (answer.reason if isinstance(answer, Refused) else None) == ANSWERS[status]


def test_resumed_grant_is_as_it_was(house: House) -> None:
    grant, _ = house.give()
    for verb in ("pause", "suspend", "resume"):
        with house.writing() as db:
            step(db, house.act(), grant, verb)
    assert isinstance(decide(OFFER, grants.standing(house.grant(grant.grant_id)), Usage(), NOW), Allowed)
    assert house.history()[-2][2]["reason"] == "commitment-broken"


@pytest.mark.parametrize("verb", ["pause", "suspend"])
def test_grant_past_its_end_can_only_end(house: House, verb: str) -> None:
    """Between its last second and the visit of the worker the row still says given."""
    grant, _ = house.give()
    with pytest.raises(IllegalTransition) as refused, house.writing() as db:
        step(db, house.act(grant.expires_at), grant, verb)
    assert refused.value.state == "expired"
    with house.writing() as db:
        assert step(db, house.act(grant.expires_at), grant, "withdraw").status == "withdrawn"


def test_grant_does_not_expire_before_its_end(house: House) -> None:
    grant, _ = house.give()
    with pytest.raises(IllegalTransition), house.writing() as db:
        grants.expire(db, house.act(grant.expires_at - timedelta(seconds=1)), grant)


@pytest.mark.parametrize(
    ("verb", "event", "status", "by"),
    [
        ("withdraw", "grant.withdrawn", "dpv:ConsentWithdrawn", "dpv:DataSubject"),
        ("hand_back", "grant.handed_back", "dpv:ConsentRevoked", "dpv:DataController"),
        ("expire", "grant.expired", "dpv:ConsentExpired", "bw:Instance"),
    ],
)
def test_end_leaves_a_receipt_signed_by_who_was_there(house: House, verb: str, event: str, status: str, by: str) -> None:
    grant, given = house.give()
    instance = replace(make_signer(bytes([7] * 32)), attested_by="instance")
    with house.writing() as db:
        ended, receipt = getattr(grants, verb)(db, house.act(grant.expires_at, signer=instance), grant)
        assert grants.receipt_of(db, house.account.account_id, grant.grant_id).receipt_id == receipt.receipt_id
    assert ended.status in {"withdrawn", "handed_back", "expired"}
    told = receipts.verify(receipt.jws, receipts.jwk(instance.public))
    assert (told["bw:event"], told["bw:attestedBy"], told["dct:replaces"]) == (event, "instance", given.receipt_id)
    last = told["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"][-1]
    assert (last["@type"], last["dpv:isIndicatedBy"]) == (status, by)
    assert house.history()[-1][2]["receipt_id"] == receipt.receipt_id


def test_newest_receipt_is_the_last_one_made_whatever_the_clock_says(house: House) -> None:
    """Given and withdrawn in the same microsecond, or the clock set back in between."""
    for moment in (NOW, NOW - timedelta(days=1)):
        grant, given = house.give(house.ask(f"{moment.day}" * 16))
        with house.writing() as db:
            _, ended = grants.withdraw(db, house.act(moment), grant)
        with house.writing() as db:
            assert grants.receipt_of(db, house.account.account_id, grant.grant_id).receipt_id == ended.receipt_id != given.receipt_id


def test_end_needs_a_signer_and_changes_nothing_without(house: House) -> None:
    grant, _ = house.give()
    with pytest.raises(SignerMissing), house.writing() as db:
        grants.withdraw(db, replace(house.act(), signer=None), grant)
    assert house.grant(grant.grant_id).status == "given"


def test_grant_that_is_not_there(house: House) -> None:
    grant, _ = house.give()
    gone = Grant(**grant.model_dump() | {"grant_id": "9" * 32})
    with house.writing() as db:
        assert grants.find(db, house.account.account_id, gone.grant_id) is None
        with pytest.raises(NotFound):
            grants.pause(db, house.act(), gone)
        with pytest.raises(NotFound):
            grants.receipt_of(db, house.account.account_id, gone.grant_id)


@pytest.mark.parametrize("status", grants.RENEWABLE)
def test_renewal_keeps_the_grant_and_changes_its_terms(house: House, status: str) -> None:
    """Change and renewal: the same grant id, new frozen terms, a receipt that says renewed; pause and suspension end."""
    grant, first = house.give(granted=narrow(terms(), MESSAGES))
    put(house, grant, status)
    later = grant.expires_at + timedelta(days=1)
    longer = replace(terms(), expires=terms().expires + timedelta(days=366))
    asked = house.ask("2" * 32, asked=longer, grant_id=grant.grant_id, now=later)
    with house.writing() as db:
        renewed, receipt = give(db, house.act(later), asked, longer)
    assert (renewed.grant_id, renewed.status, renewed.given_at, renewed.request_id) == (grant.grant_id, "given", later, "2" * 32)
    assert grants.standing(house.grant(grant.grant_id)).terms == longer
    told = receipts.verify(receipt.jws, receipts.jwk(make_signer().public))
    assert told["bw:event"] == "grant.changed"
    assert told["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"][-1]["@type"][0] == "dpv:RenewedConsentGiven"
    assert receipt.receipt_id != first.receipt_id
    assert [each[0] for each in house.history()][-2:] == ["request.received", "grant.changed"]
    assert house.history()[-2][2]["grant_id"] == grant.grant_id


@pytest.mark.parametrize("status", ["withdrawn", "handed_back"])
def test_what_ended_for_good_is_not_renewed(house: House, status: str) -> None:
    grant, _ = house.give()
    waiting = house.ask("3" * 32, grant_id=grant.grant_id)
    put(house, grant, status)
    with pytest.raises(IllegalTransition):
        house.ask("2" * 32, grant_id=grant.grant_id)
    with pytest.raises(IllegalTransition):
        house.give(waiting)


def test_grant_of_another_client_is_not_renewed(house: House) -> None:
    grant, _ = house.give()
    with house.writing() as db:
        grant = db.merge(grant)
        grant.client_id = "d" * 32
    with pytest.raises(NotFound):
        house.ask("2" * 32, grant_id=grant.grant_id)
    with pytest.raises(NotFound):
        house.ask("2" * 32, grant_id="9" * 32)


def test_terms_changed_in_the_database_shut_the_gate(house: House) -> None:
    grant, _ = house.give(granted=narrow(terms(), MESSAGES))
    wide = Grant(**grant.model_dump() | {"terms": canonical(terms()).decode()})
    with pytest.raises(TermsChanged):
        grants.standing(wide)


def test_client_sees_its_grants_of_every_owner(stores: Stores) -> None:
    houses = [House(stores, *make_account(stores, login)) for login in ("robin", "sparrow")]
    given = sorted(house.give()[0].grant_id for house in houses)
    with stores.main.reading() as db:
        assert [grant.grant_id for grant in grants.by_client(db, CLIENT)] == given
        assert grants.by_client(db, "d" * 32) == []


def test_relationship_has_one_subject_and_one_valid_key(house: House) -> None:
    made: list[str] = []

    def new_key() -> tuple[str, bytes, bytes]:
        made.append(f"kid-{len(made)}")
        return made[-1], bytes(32), b"sealed"

    with house.writing() as db:
        first = grants.relationship(db, house.act(), CLIENT, new_key).subject
    with house.writing() as db:
        assert grants.relationship(db, house.act(), CLIENT, new_key).subject == first
        assert grants.relationship(db, house.act(), "d" * 32, new_key).subject != first
        assert made == ["kid-0", "kid-1"]
        old = db.get(RelationshipKey, (house.account.account_id, CLIENT, "kid-0"))
        assert old is not None
        old.valid_until = NOW
        grants.relationship(db, house.act(), CLIENT, new_key)
    assert made == ["kid-0", "kid-1", "kid-2"]


def test_two_hands_on_one_grant_end_it_once(house: House) -> None:
    """The account's lock makes the second see what the first did: one withdrawal, one receipt, one entry."""
    grant, _ = house.give()

    def withdraw(_: int) -> str:
        try:
            with house.writing() as db:
                grants.withdraw(db, house.act(), grant)
        except IllegalTransition as refused:
            return refused.state
        return "done"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(withdraw, range(4))) == ["done", "withdrawn", "withdrawn", "withdrawn"]
    assert [each[0] for each in house.history()].count("grant.withdrawn") == 1


def test_choices_of_the_page_make_a_grant(house: House) -> None:
    asked = house.ask()
    granted = narrow(parse(json.loads(asked.details), now=asked.created_at), BOTH)
    grant, _ = house.give(asked, granted=granted)
    assert grants.standing(grant).terms == terms()
