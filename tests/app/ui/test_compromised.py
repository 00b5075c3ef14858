"""*I was compromised*, in the browser: the old secrets die at once, the work goes on by itself, nothing is lost."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session as Db
from sqlmodel import SQLModel, col, select

from app import clock
from app.auth import resealing as steps
from app.state import Session
from app.tables import MailReminder
from app.ui.settings import compromised
from app.worker import Worker
from consent import ledger, receipts, successions
from consent.store import LedgerEntry, LedgerHead, Receipt, RelationshipKey, Succession
from tests.browsing import PASSPHRASE, Browsing
from tests.instances import Instance
from tests.populating import Populated, open_account
from vault import accounts, envelope, store
from vault.clear import SEALED
from vault.records import MODELS, Item
from vault.store import Resealing, RetiredKey

NEW = "a wholly different passphrase"


@pytest.fixture
def robin(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Populated:
    """An owner with something of everything, of which a few values at a time are sealed again."""
    monkeypatch.setattr(steps, "STEP", 3)
    monkeypatch.setattr(compromised, "STEP", 3)
    return instance.populate("robin", word="canary")


def replace_everything(browsing: Browsing, passphrase: str = NEW) -> str:
    """Through the form and the new kit; answers the new code."""
    browsing.get("/settings/compromised")
    answer = browsing.submit("/settings/compromised", {"passphrase": passphrase, "again": passphrase, "sure": "1"})
    assert (answer.status_code, answer.headers.get("location")) == (303, "/recovery-kit"), answer.text
    return browsing.confirm_kit()


def finish(browsing: Browsing) -> None:
    for _ in range(200):
        if "data-resealing" not in browsing.get("/settings/compromised").text:
            return
        assert browsing.submit("/settings/compromised/continue").status_code == 303
    raise AssertionError("it does not end")


def locked_out(instance: Instance, **secret: str) -> bool:
    browsing = Browsing(instance.new_client())
    browsing.get("/unlock/recovery" if "code" in secret else "/unlock")
    return browsing.submit("/unlock/recovery" if "code" in secret else "/unlock", {"login": "robin", **secret}).status_code == 422


def test_the_old_secrets_die_and_nothing_is_lost(instance: Instance, robin: Populated) -> None:
    other = Browsing(instance.new_client()).unlock("robin", PASSPHRASE)
    cookies = dict(robin.browsing.client.cookies)
    pages = {path: robin.browsing.get(path).text.count("canary") for path in ("/vendors", "/items", "/inbox", "/commitments", "/grants")}
    code = replace_everything(robin.browsing)
    assert locked_out(instance, passphrase=PASSPHRASE) and locked_out(instance, code=robin.recovery_code)
    assert other.get("/today", follow=False).status_code == 303
    stolen = instance.new_client()
    stolen.cookies.update(cookies)
    assert Browsing(stolen).get("/today", follow=False).headers["location"].startswith("/unlock")
    assert {path: robin.browsing.get(path).text.count("canary") for path in pages} == pages
    assert "being sealed again" in robin.browsing.get("/settings/compromised").text
    finish(robin.browsing)
    assert {path: robin.browsing.get(path).text.count("canary") for path in pages} == pages
    assert not locked_out(instance, passphrase=NEW) and not locked_out(instance, code=code)
    assert "Replace every key" in robin.browsing.get("/settings/compromised").text


def test_what_speaks_while_the_owner_is_away_ends(instance: Instance, robin: Populated) -> None:
    """The calendar's link, and mails to an address that may be another's; the history says so."""
    assert instance.client.get(f"/calendar/{robin.calendar_secret}.ics").status_code == 200
    replace_everything(robin.browsing)
    assert instance.client.get(f"/calendar/{robin.calendar_secret}.ics").status_code == 404
    with instance.stores.main.reading() as db:
        assert db.get(MailReminder, robin.account.account_id) is None
        told = db.exec(select(LedgerEntry.type).where(LedgerEntry.account_id == robin.account.account_id)).all()
    assert {"keys.rotated", "calendar.unlinked", "reminders.ended"} <= set(told)


def test_no_value_is_left_under_the_old_key(instance: Instance, robin: Populated) -> None:
    """In any column of any table: a value that `resealing.SCOPE` forgets would be lost with the old key."""
    robin.browsing.unlock()  # what arrived meanwhile moves into records first
    with instance.stores.main.reading() as db:
        before = {kind: [found.fields for found in store.all_of(db, robin.keyring, model)] for kind, model in MODELS.items()}
    replace_everything(robin.browsing)
    finish(robin.browsing)
    _account, keyring = open_account(instance.stores, "robin", NEW)
    old, seen = envelope.header(1), set()
    with instance.stores.main.reading() as db:
        for name in SEALED:
            table, column = name.split(".")
            for (value,) in db.execute(select(SQLModel.metadata.tables[table].c[column])):
                if value:
                    assert not value.startswith(old), name
                    seen.add(name) if value.startswith(envelope.header(2)) else None
        assert seen >= {"record.sealed", "segment.sealed", "mailbox_key.sealed", "relationship_key.sealed", "succession.sealed"}
        assert seen >= {"attachment.sealed", "attachment_chunk.sealed"}
        assert db.exec(select(RetiredKey)).all() == []
        after = {kind: [found.fields for found in store.all_of(db, keyring, model)] for kind, model in MODELS.items()}
    assert after == before
    for holder, document in robin.documents.items():
        assert robin.browsing.get(f"{holder}/documents/{document}").content == b"canary in a document\n" * 4000


def test_ledger_and_receipts_still_verify(instance: Instance, robin: Populated) -> None:
    replace_everything(robin.browsing)
    finish(robin.browsing)
    _account, keyring = open_account(instance.stores, "robin", NEW)
    with instance.stores.main.reading() as db:
        mine = keyring.account_id
        mailbox, head = accounts.open_mailbox(db, keyring), db.get_one(LedgerHead, mine)
        entries = db.exec(select(LedgerEntry).where(LedgerEntry.account_id == mine).order_by(col(LedgerEntry.seq))).all()

        def details(entry: LedgerEntry) -> bytes:
            return mailbox.open(ledger.SEAL_PURPOSE, (head.ledger_id, str(entry.seq)), entry.sealed)

        assert ledger.verify(head, entries, open_details=details) == ledger.Verified(head.size, head.head)
        ends = ["calendar.unlinked", "reminders.ended"]
        assert [entry.type for entry in entries][-5:] == ["keys.rotated", *ends, "slot.changed", "keys.resealed"]
        keys = {key.kid: key.public for key in db.exec(select(RelationshipKey))}
        for receipt in db.exec(select(Receipt)):
            kid = receipts.jwk(next(iter(keys.values())))["kid"]
            receipts.verify(receipt.jws, receipts.jwk(keys[kid]))
            assert mailbox.open("receipt", (receipt.receipt_id,), receipt.opening)
    assert "holds" in robin.browsing.get("/ledger/verify").text or robin.browsing.get("/ledger/verify").status_code == 200


def test_a_new_relationship_key_follows_at_its_own_time(instance: Instance, robin: Populated) -> None:
    """Signed by the old key and by itself, published by the worker; from then on it signs, and the old one no more."""
    replace_everything(robin.browsing)
    finish(robin.browsing)
    now = clock.now()
    with instance.stores.main.reading() as db:
        row = db.exec(select(Succession)).one()
        assert row.not_before is not None and now <= row.not_before <= now + successions.WINDOW
        moment, old_kid = row.not_before, row.previous_kid
    worker = Worker(instance.stores, instance.app.state.instance)
    worker.tick(moment - timedelta(seconds=1))
    assert [key["kid"] for key in robin.shop.get("/grant").json()["jwks"]["keys"]] == [old_kid]
    worker.tick(moment + timedelta(seconds=20))
    old, new = robin.shop.get("/grant").json()["jwks"]["keys"]
    assert old["valid_until"] == new["valid_from"] and "valid_until" not in new and old["succession"] == []
    said = successions.verify((new["succession"][0], new["succession"][1]), old)
    assert said["to"]["x"] == new["x"] and said["sub"] == robin.shop.granted["subject"]
    robin.browsing.unlock("robin", NEW)
    robin.browsing.get(f"/grants/{robin.grant_id}")
    assert robin.browsing.post(f"/grants/{robin.grant_id}/withdraw").status_code == 303
    with instance.stores.main.reading() as db:
        newest = db.exec(select(Receipt).order_by(col(Receipt.created_at).desc())).first()
        assert newest is not None
        receipts.verify(newest.jws, new)


def test_the_form_asks_again_and_says_why(instance: Instance, owner_browser: Browsing) -> None:
    owner_browser.get("/settings/compromised")
    answer = owner_browser.submit("/settings/compromised", {"passphrase": "short", "again": "short"})
    assert answer.status_code == 422 and "At least 8 characters" in answer.text and "kit can be printed" in answer.text
    assert not locked_out(instance, passphrase=PASSPHRASE)


def test_it_needs_a_fresh_unlock(instance: Instance, owner_browser: Browsing) -> None:
    owner_browser.get("/settings/compromised")
    with instance.stores.state.writing() as db:
        for row in db.exec(select(Session)):
            row.unlocked_at -= timedelta(minutes=6)
            db.add(row)
    assert owner_browser.get("/settings/compromised", follow=False).headers["location"] == "/step-up?next=/settings/compromised"
    answer = owner_browser.post("/settings/compromised", {"passphrase": NEW, "again": NEW, "sure": "1"})
    assert answer.headers["location"].startswith("/step-up")
    assert not locked_out(instance, passphrase=PASSPHRASE)


def test_whatever_the_owner_saves_takes_a_step(
    instance: Instance, owner_browser: Browsing, monkeypatch: pytest.MonkeyPatch, new_browser: Callable[[], Browsing]
) -> None:
    """So does unlocking; the last step destroys the old key, whoever takes it."""
    _account, keyring = open_account(instance.stores, "robin")
    with instance.stores.main.writing() as db:
        for number in range(1200):
            store.add(
                db, keyring, Item(term="pd:Name", label="", value=str(number), note="", previous=()), now=clock.now(), import_id="a" * 32
            )
        store.publish(db, keyring, "a" * 32, now=clock.now())
    replace_everything(owner_browser)
    with instance.stores.main.reading() as db:
        (first,) = done(db)
    new_browser().unlock("robin", NEW)
    with instance.stores.main.reading() as db:
        assert done(db)[0] > first
    owner_browser.get("/settings")
    for _ in range(5):
        owner_browser.submit("/settings/profile")
    with instance.stores.main.reading() as db:
        assert done(db) == [] and db.exec(select(RetiredKey)).all() == []
        assert len(store.digests(db, open_account(instance.stores, "robin", NEW)[1], Item)) == 1200


def done(db: Db) -> list[int]:
    """How far it is; nothing when it is over."""
    return [row.done for row in db.exec(select(Resealing))]
