"""What a stage is looked at with after the kill: that it opens, that nothing is lost, that the history holds."""

from typing import Any

from httpx2 import Response
from sqlmodel import col, select

from app.auth import resealing as steps
from app.auth.profiles import kit_id
from consent import ledger, receipts
from consent.store import LedgerEntry, LedgerHead, Receipt, RelationshipKey
from tests.browsing import Browsing
from tests.killing import Stage
from tests.populating import open_account
from vault import accounts, attachments, slots, store
from vault.keyring import Keyring
from vault.records import MODELS, Kind, Kit
from vault.resealing import remember
from vault.store import Account

Contents = dict[str, dict[str, Any]]


def done(answer: Response) -> None:
    """A form that went through."""
    assert answer.status_code == 303, f"{answer.status_code} {answer.text[:2000]}"


def only_one_opens(stage: Stage, *passphrases: str) -> tuple[str, Keyring]:
    """The one passphrase that opens the account, and its key. Raises AssertionError for none, and for two."""
    account, rows = owner_slots(stage)
    opening = [passphrase for passphrase in passphrases if slots.open_with_passphrase(account, rows, passphrase)]
    assert len(opening) == 1, f"{len(opening)} of {len(passphrases)} passphrases open the account"
    _account, keyring = open_account(stage.stores, "robin", opening[0])
    with stage.stores.main.reading() as db:
        remember(db, keyring)
    return opening[0], keyring


def opens_by_code(stage: Stage, code: str) -> bool:
    """Whether a recovery code does."""
    account, rows = owner_slots(stage)
    return slots.open_with_recovery(account, rows, code) is not None


def kit_codes(stage: Stage, keyring: Keyring) -> list[str]:
    """The code of the kit that waits, if one does."""
    with stage.stores.main.reading() as db:
        kit = store.get(db, keyring, Kit, kit_id(keyring.account_id))
    return [kit.fields.code] if kit else []


def unlocked(stage: Stage, passphrase: str) -> Browsing:
    """A new browser, unlocked through the door, which finds nothing wrong with the ways in."""
    browsing = stage.browsing()
    browsing.get("/unlock")
    done(browsing.submit("/unlock", {"login": "robin", "passphrase": passphrase}))
    browsing.get("/today")
    with stage.stores.main.reading() as db:
        assert db.exec(select(LedgerEntry).where(LedgerEntry.type == "alarm.raised")).all() == []
    return browsing


def whole(stage: Stage, keyring: Keyring) -> None:
    """Nothing is lost, nothing came to it, all of it opens."""
    assert pairs(contents_of(stage.stores.main, keyring)) == stage.memory["contents"]
    verified(stage, keyring)


def verified(stage: Stage, keyring: Keyring) -> None:
    """The ledger holds, its details open and are those that were written; so do receipts and the keys that sign."""
    with stage.stores.main.reading() as db:
        mailbox, head = accounts.open_mailbox(db, keyring), db.get_one(LedgerHead, keyring.account_id)
        mine = LedgerEntry.account_id == keyring.account_id
        entries = db.exec(select(LedgerEntry).where(mine).order_by(col(LedgerEntry.seq))).all()

        def details(entry: LedgerEntry) -> bytes:
            return mailbox.open(ledger.SEAL_PURPOSE, (head.ledger_id, str(entry.seq)), entry.sealed)

        assert ledger.verify(head, entries, open_details=details) == ledger.Verified(head.size, head.head)
        keys = list(db.exec(select(RelationshipKey).where(RelationshipKey.account_id == keyring.account_id)))
        for key in keys:
            keyring.open_bytes(steps.relationship_key_place(key.account_id, key.client_id, key.kid), key.sealed)
        for receipt in db.exec(select(Receipt).where(Receipt.account_id == keyring.account_id)):
            assert any(_signed(receipt.jws, key.public) for key in keys)
            mailbox.open("receipt", (receipt.receipt_id,), receipt.opening)


def contents_of(main: Any, keyring: Keyring) -> Contents:
    """Every record but a kit that waits, opened, each in the list of its kind too; and every document."""
    found: Contents = {}
    with main.reading() as db:
        for kind, model in MODELS.items():
            if kind is not Kind.KIT:
                found[kind.value] = {one.record_id: one.fields.model_dump(mode="json") for one in store.all_of(db, keyring, model)}
                assert {digest.record_id for digest in store.digests(db, keyring, model)} == set(found[kind.value])
        found["document"] = {
            one.attachment_id: [one.record_id, one.name, b"".join(attachments.read(db, keyring, one.record_id, one.attachment_id)).hex()]
            for one in attachments.all_of(db, keyring)
        }
    return found


def pairs(contents: Contents) -> list[Any]:
    """As it comes back from what a stage remembers."""
    return [list(pair) for pair in contents.items()]


def _signed(jws: str, public: bytes) -> bool:
    try:
        receipts.verify(jws, receipts.jwk(public))
    except receipts.ReceiptError:
        return False
    return True


def owner_slots(stage: Stage) -> tuple[Account, list[Any]]:
    with stage.stores.main.reading() as db:
        account = accounts.by_login(db, "robin")
        assert account is not None
        return account, slots.slots_of(db, account.account_id)
