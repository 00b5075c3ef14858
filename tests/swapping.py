"""The swap matrix: a sealed value put into another row, kind or account must not open there.

A `Lock` is one sealed value in its place, with the verb that opens it there with the key of its owner. Every column of
the vault's SEALED list has some; a sealed column that has none is found missing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session, SQLModel, col, select

from app.auth.resealing import relationship_key_place
from app.exchange import nearby, offers, zones
from app.exchange.intake import PURPOSE
from app.tables import Client, Message, Offer, OfferMatch, Zones
from consent.filing import OPENING_PURPOSE
from consent.ledger import SEAL_PURPOSE
from consent.store import LedgerEntry, LedgerHead, Receipt, RelationshipKey, Succession
from tests import conversing, pledging, reminding
from tests.browsing import PASSPHRASE
from tests.instances import Instance
from tests.populating import PASSKEY_SECRET, Populated, open_account
from vault import accounts, attachments, capabilities, resealing, slot_set, slots, store
from vault.attachments import Attachment, AttachmentChunk
from vault.envelope import Place
from vault.errors import Sealed, SlotsTampered
from vault.instance import InstanceKeys
from vault.records import MODELS, Kind
from vault.resealing import retired_place
from vault.store import Account, MailboxKey, Record, RetiredKey, Segment, Slot

# The id of the mailbox key stands in the first bytes of what is sealed to it.
KEY_ID_WITHIN = 10

Open = Callable[[Session], object]


@dataclass(frozen=True)
class Lock:
    """One sealed value. `open_` opens what stands in its place now, and raises `refusal` when it does not belong there."""

    row: SQLModel
    column: str
    open_: Open
    refusal: type[Exception] = Sealed

    @property
    def name(self) -> str:
        """`table.column`, as the vault's lists have it."""
        return f"{type(self.row).__tablename__}.{self.column}"

    @property
    def value(self) -> bytes:
        """The bytes that stand there now."""
        found: bytes = getattr(self.row, self.column)
        return found

    def put(self, db: Session, value: bytes) -> None:
        """Put other bytes in its place."""
        setattr(self.row, self.column, value)
        db.add(self.row)
        db.flush()


def locks(db: Session, one: Populated, instance: InstanceKeys) -> Iterator[Lock]:
    """Every sealed value of an account, and of the client that it knows."""
    yield from _vault(db, one)
    yield from _mail(db, one)
    yield from _slots(db, one)
    yield from _places(db, one)
    for row, column, opens in pledging.sealed(db, one.keyring):
        yield Lock(row, column, opens)
    for row, column, opens in conversing.sealed(db, one.keyring, one.shop, one.release_key):
        yield Lock(row, column, opens)
    for row, column, opens in reminding.sealed(db, one.account.account_id, one.calendar_secret, one.keyring, instance):
        yield Lock(row, column, opens)
    client = db.get_one(Client, one.shop.client["client_id"])
    yield Lock(client, "webhook_secret", lambda _db: instance.unwrap("webhook secret", client.client_id, client.webhook_secret))
    if client.previous_webhook_secret is not None:
        yield Lock(client, "previous_webhook_secret", lambda _db: _unwrapped(instance, client))


def _unwrapped(instance: InstanceKeys, client: Client) -> bytes:
    return instance.unwrap("webhook secret before", client.client_id, client.previous_webhook_secret or b"")


def swap_all(db: Session, every: Sequence[Lock]) -> int:
    """Put every value into every other place; how many moves were refused.

    Raises AssertionError at the first that opened, or was refused otherwise than all others of its place.
    """
    refused = 0
    values = [lock.value for lock in every]
    for lock, own in zip(every, values, strict=True):
        lock.open_(db)
        for other, value in zip(every, values, strict=True):
            if other is not lock:
                lock.put(db, value)
                assert _refuses(db, lock), f"{other.name} opened as {lock.name}: {other.row!r} in {lock.row!r}"
                refused += 1
        lock.put(db, own)
        lock.open_(db)
    return refused


def _refuses(db: Session, lock: Lock) -> bool:
    try:
        lock.open_(db)
    except lock.refusal as refusal:
        # One error, word for word: what is wrong is not told.
        return str(refusal) == str(lock.refusal()) and refusal.__cause__ is None
    return False


def _vault(db: Session, one: Populated) -> Iterator[Lock]:
    mine, keyring = one.account.account_id, one.keyring

    def sealed(row: RelationshipKey | Succession | RetiredKey, place: Place) -> Lock:
        return Lock(row, "sealed", lambda _db: keyring.open_bytes(place, row.sealed or b""))

    for record in db.exec(select(Record).where(Record.account_id == mine)):
        yield Lock(record, "sealed", _record(one, Kind(record.kind), record.record_id))
    for segment in db.exec(select(Segment).where(Segment.account_id == mine)):
        yield Lock(segment, "sealed", _list(one, Kind(segment.kind)))
    for document in db.exec(select(Attachment).where(Attachment.account_id == mine)):
        yield Lock(document, "sealed", _document(one, document.record_id, document.attachment_id))
    for chunk in db.exec(select(AttachmentChunk).where(AttachmentChunk.account_id == mine)):
        yield Lock(chunk, "sealed", _document(one, chunk.record_id, chunk.attachment_id))
    for key in db.exec(select(RelationshipKey).where(RelationshipKey.account_id == mine)):
        yield sealed(key, relationship_key_place(mine, key.client_id, key.kid))
    for successor in db.exec(select(Succession).where(Succession.account_id == mine, col(Succession.sealed).is_not(None))):
        yield sealed(successor, relationship_key_place(mine, successor.client_id, successor.kid))
    for retired in db.exec(select(RetiredKey).where(RetiredKey.account_id == mine)):
        yield sealed(retired, retired_place(retired))


def _mail(db: Session, one: Populated) -> Iterator[Lock]:
    mine = one.account.account_id
    ledger_id = db.get_one(LedgerHead, mine).ledger_id

    def letter(row: Message | LedgerEntry | Receipt, column: str, purpose: str, *context: str) -> Lock:
        return Lock(row, column, lambda db: accounts.open_mailbox(db, one.keyring).open(purpose, context, getattr(row, column)))

    messages = db.exec(select(Message).where(Message.account_id == mine, col(Message.sealed).is_not(None))).all()
    entries = db.exec(select(LedgerEntry).where(LedgerEntry.account_id == mine)).all()
    receipts = db.exec(select(Receipt).where(Receipt.account_id == mine)).all()
    letters = [
        *(letter(message, "sealed", PURPOSE, message.client_id, message.message_id) for message in messages),
        *(letter(entry, "sealed", SEAL_PURPOSE, ledger_id, str(entry.seq)) for entry in entries),
        *(letter(receipt, "opening", OPENING_PURPOSE, receipt.receipt_id) for receipt in receipts),
    ]
    yield from letters
    # A mailbox key opens nothing by itself; it is asked to open what is sealed to its public half.
    for key in db.exec(select(MailboxKey).where(MailboxKey.account_id == mine)):
        to_it = bytes.fromhex(key.key_id)
        yield Lock(key, "sealed", next(lock.open_ for lock in letters if to_it in lock.value[:KEY_ID_WITHIN]))


def _places(db: Session, one: Populated) -> Iterator[Lock]:
    """The zone key and what it opens, the owner's devices, offers and what says that one has come."""
    mine, keyring = one.account.account_id, one.keyring

    def letter(row: Offer | OfferMatch, purpose: str, *context: str) -> Lock:
        return Lock(row, "sealed", lambda db: accounts.open_mailbox(db, keyring).open(purpose, context, row.sealed))

    for offer in db.exec(select(Offer).where(Offer.account_id == mine)):
        yield letter(offer, offers.PURPOSE, db.get_one(Message, (mine, offer.message_id)).client_id, offer.message_id)
    for match in db.exec(select(OfferMatch).where(OfferMatch.account_id == mine)):
        yield letter(match, nearby.PURPOSE, match.match_id)
    own = db.get_one(Zones, mine)
    key = keyring.open_bytes(zones.key_place(mine), own.sealed)
    yield Lock(own, "sealed", lambda _db: keyring.open_bytes(zones.key_place(mine), own.sealed))
    yield Lock(own, "projection", lambda _db: zones.read(key, mine, own.projection))
    for device in zones.devices(db, mine):
        place, secret = zones.label_place(mine, device.device_id), one.phone.token.encode()
        yield Lock(device, "label", lambda _db, row=device, place=place: keyring.open_bytes(place, row.label))  # type: ignore[misc]  # bound now
        yield Lock(
            device,
            "wrapped",
            lambda _db, row=device, secret=secret: capabilities.open_(secret, zones.KEY, mine, row.wrapped, context=row.device_id),  # type: ignore[misc]  # as above
        )


def _slots(db: Session, one: Populated) -> Iterator[Lock]:
    mine = one.account.account_id
    ways: dict[str, Callable[[Account, list[Slot]], object]] = {
        slot_set.PASSPHRASE: lambda account, found: slots.open_with_passphrase(account, found, PASSPHRASE),
        slot_set.RECOVERY: lambda account, found: slots.open_with_recovery(account, found, one.recovery_code),
        slot_set.PASSKEY: lambda account, found: slots.open_with_passkey(account, found, one.passkey_id, PASSKEY_SECRET),
    }

    def wrapped(slot: Slot) -> Lock:
        way = ways[slot.kind]
        return Lock(slot, "wrapped", lambda db: _opened(way(db.get_one(Account, mine), slots.slots_of(db, mine))), SlotsTampered)

    def label(slot: Slot) -> Lock:
        return Lock(slot, "label", lambda _db: slots.label_of(one.keyring, slot))

    for slot in slots.slots_of(db, mine):
        slots.rename(db, one.keyring, slot, "my key")
        db.refresh(slot)
        yield wrapped(slot)
        yield label(slot)


def _opened(opening: object) -> object:
    assert opening is not None, "the secret is right, so the slot is either whole or tampered with"
    return opening


def _record(one: Populated, kind: Kind, record_id: str) -> Open:
    return lambda db: store.get(db, one.keyring, MODELS[kind], record_id)


def _document(one: Populated, record_id: str, attachment_id: str) -> Open:
    return lambda db: list(attachments.read(db, one.keyring, record_id, attachment_id))


def _list(one: Populated, kind: Kind) -> Open:
    return lambda db: store.digests(db, one.keyring, MODELS[kind])


def after_compromise(instance: Instance, one: Populated, *, finished: bool) -> Populated:
    """The same owner after changing every key: with what is sealed still under the old ones, or all of it under the new."""
    browsing = one.browsing
    browsing.get("/settings/compromised")
    answer = browsing.submit("/settings/compromised", {"passphrase": PASSPHRASE, "again": PASSPHRASE, "sure": "1"})
    assert answer.status_code == 303, answer.text
    # Until the new kit is put away no other page opens, and nothing is sealed again.
    code = browsing.confirm_kit() if finished else browsing.read_kit()
    account, keyring = open_account(instance.stores, one.account.login)
    with instance.stores.main.reading() as db:
        assert resealing.remember(db, keyring) is not finished
    return replace(one, account=account, keyring=keyring, recovery_code=code)


def three_owners(instance: Instance) -> list[Populated]:
    """As they are after sign-up, in the middle of changing every key, and after it."""
    fresh, begun, changed = (instance.populate(login, word="canary") for login in ("fresh", "begun", "changed"))
    return [fresh, after_compromise(instance, begun, finished=False), after_compromise(instance, changed, finished=True)]
