"""Offers that have reached the owner become message records, once the vault is open; what a match left behind goes."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, delete, select

from app.exchange import nearby, offers, zones
from app.tables import Message, Offer, OfferMarker, OfferMatch
from consent.places import Area, load
from consent.store import Grant
from vault import shredding, store
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.mailbox import OpenMailbox
from vault.records import MessageRecord


def waiting(db: Session, account_id: str) -> bool:
    """Whether an offer has reached the owner since: one look before a write transaction is opened."""
    return db.exec(select(OfferMatch.match_id).where(OfferMatch.account_id == account_id).limit(1)).first() is not None


def count(db: Session, account_id: str) -> int:
    """How many offers have reached the owner since."""
    return len(db.exec(select(OfferMatch.match_id).where(OfferMatch.account_id == account_id)).all())


def collect(db: Session, keyring: Keyring, mailbox: OpenMailbox, *, now: datetime) -> int:
    """Make a record of every offer that reached the owner, each with an id of its own; how many.

    An offer that was taken back since, or whose permission has ended, is gone. A row that does not open was tampered with
    and goes as well. Must be called under the account's lock.
    """
    mine = keyring.account_id
    rows = db.exec(select(OfferMatch).where(OfferMatch.account_id == mine)).all()
    found = [message for row in rows if (message := _offer(db, mailbox, row)) is not None]
    for words in found:
        store.add(db, keyring, MessageRecord.model_validate({**words, "received_at": now}), now=now)
    if rows:
        db.exec(delete(OfferMatch).where(col(OfferMatch.account_id) == mine))
        shredding.mark(db, "offer_match")
        _tidy_markers(db, keyring)
    return len(found)


def records(db: Session, keyring: Keyring) -> dict[str, str]:
    """The records of location offers by the id that their clients know."""
    digests = store.digests(db, keyring, MessageRecord)
    return {str(digest.values["message_id"]): digest.record_id for digest in digests if digest.values.get("message_id")}


@dataclass(frozen=True)
class OpenOffer:
    """An offer that holds, opened for its owner."""

    message_id: str
    client_id: str
    sender: str
    title: str
    valid_until: datetime
    area: Area = field(repr=False)


def open_offers(db: Session, account_id: str, mailbox: OpenMailbox, *, now: datetime) -> list[OpenOffer]:
    """Every offer of this account that holds now; one that does not open is left out."""
    given = (col(Grant.account_id) == col(Offer.account_id)) & (col(Grant.grant_id) == col(Offer.grant_id))
    holding = (
        select(Offer, Grant.client_id)
        .join(Grant, given)
        .where(Offer.account_id == account_id, col(Offer.valid_from) <= now, col(Offer.valid_until) > now, Grant.status == "given")
    )
    found = []
    for offer, client_id in db.exec(holding):
        try:
            said = words(mailbox, offer, client_id)
        except Sealed:
            continue
        found.append(OpenOffer(offer.message_id, client_id, str(said["sender"]), str(said["title"]), offer.valid_until, load(offer.area)))
    return found


def words(mailbox: OpenMailbox, offer: Offer, client_id: str) -> dict[str, object]:
    """What an open offer says. Raises `Sealed`."""
    found: dict[str, object] = json.loads(mailbox.open(offers.PURPOSE, (client_id, offer.message_id), offer.sealed))
    return {**found, "message_id": offer.message_id}


def _offer(db: Session, mailbox: OpenMailbox, row: OfferMatch) -> dict[str, object] | None:
    try:
        message_id = nearby.open_match(mailbox.open(nearby.PURPOSE, (row.match_id,), row.sealed))
        offer, message = db.get(Offer, (row.account_id, message_id)), db.get(Message, (row.account_id, message_id))
        return words(mailbox, offer, message.client_id) if offer and message else None
    except Sealed:
        return None


def _tidy_markers(db: Session, keyring: Keyring) -> None:
    """Markers of offers that are gone mark nothing; those that the ledger's daily entry has still to count stay until then."""
    opened = zones.opened(db, keyring)
    live = {opened.marker(message_id) for message_id in db.exec(select(Offer.message_id).where(Offer.account_id == opened.account_id))}
    noted = select(OfferMarker.marker).where(OfferMarker.account_id == opened.account_id, col(OfferMarker.day).is_(None))
    for marker in set(db.exec(noted)) - live:
        db.exec(delete(OfferMarker).where(col(OfferMarker.account_id) == opened.account_id, col(OfferMarker.marker) == marker))
