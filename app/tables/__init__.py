"""Tables of the main database that belong to neither the vault nor consent: who calls, where a call leads, what passes.

The routing tables (`ROUTING`) are the only ones that are read across accounts; each answers one question by one key.
"""

from app.tables.callers import Client, ClientToken, GrantToken, IdempotentAnswer, Invitation, KeySuccession
from app.tables.commitments import CommitmentClock, Pledge, PledgeReport
from app.tables.instance import InstanceEntry, InstanceHead
from app.tables.messages import CrmRecord, Letter, LetterAnswer, Message
from app.tables.offers import Device, Offer, OfferMarker, OfferMatch, Redemption, Zones
from app.tables.outbox import Delivery
from app.tables.releases import Recipient, Release, ReleaseFetch
from app.tables.reminders import Calendar, MailReminder
from app.tables.routes import Address, DeviceCode
from consent.store import Event

__all__ = [
    "ROUTING", "Address", "Calendar", "Client", "ClientToken", "CommitmentClock", "CrmRecord", "Delivery", "Device", "DeviceCode",
    "Event", "GrantToken", "IdempotentAnswer", "InstanceEntry", "InstanceHead", "Invitation", "KeySuccession", "Letter", "LetterAnswer",
    "MailReminder", "Message", "Offer", "OfferMarker", "OfferMatch", "Pledge", "PledgeReport", "Recipient", "Redemption", "Release",
    "ReleaseFetch", "Zones",
]  # fmt: skip

ROUTING = (
    Client, ClientToken, KeySuccession, GrantToken, Address, DeviceCode, Invitation, CommitmentClock, IdempotentAnswer, Event, Delivery,
    Redemption, Device, Calendar, MailReminder,
)  # fmt: skip
