"""An owner with places: a private zone, a phone, an open offer, one that has reached the owner."""

from dataclasses import dataclass
from datetime import timedelta

from app import clock
from app.database import Stores
from app.exchange import nearby, offers, zones
from app.tables import Message
from consent import grants, ledger
from consent.canonical import dumps
from consent.places import parse, text_of
from consent.store import Grant
from tests.places import HOME, circle
from vault import accounts
from vault.instance import InstanceKeys
from vault.keyring import Keyring

AREA = text_of(parse(circle(at=[HOME[1], HOME[0]], radius_m=250)))
OFFERS = ("0ffe" * 8, "0fff" * 8)


@dataclass(frozen=True)
class Phone:
    """A device of the owner's; its token is what no database holds."""

    device_id: str
    token: str


def settle(stores: Stores, keyring: Keyring, instance: InstanceKeys, grant_id: str, *, word: str) -> Phone:
    """Put zones where a new phone finds them, and leave two offers, of which one has come. `word` stands in what must be sealed."""
    mine, now = keyring.account_id, clock.now()
    with stores.main.writing() as db:
        head = ledger.lock(db, mine)
        opened, mailbox = zones.project(db, keyring), accounts.mailbox(db, mine)
        phone = zones.add_device(db, keyring, word, kind="owntracks", now=now)
        grant = grants.find(db, mine, grant_id)
        assert grant is not None and head is not None
        for start in OFFERS:
            message_id = start[:28] + mine[:4]
            until = now + timedelta(days=7)
            offered = offers.prepare(instance, parse(circle()), valid_from=now, valid_until=until)
            db.add(
                Message(
                    account_id=mine,
                    message_id=message_id,
                    grant_id=grant_id,
                    client_id=grant.client_id,
                    kind=offers.KIND,
                    purpose="dpv:DirectMarketing",
                    channel="inbox",
                    accepted_at=now - timedelta(days=30),
                    valid_until=until,
                )
            )
            db.flush()
            sealed = mailbox.seal(offers.PURPOSE, (grant.client_id, message_id), dumps(_words(grant, offered, word)))
            offers.put(db, grant, message_id, offered, sealed, now=now)
        nearby.deliver(db, stores, opened, [OFFERS[0][:28] + mine[:4]], now=now)
    return Phone(phone.device_id, phone.token)


def _words(grant: Grant, offered: offers.Offered, word: str) -> dict[str, str | None]:
    said = {"title": word, "body": f"{word} at its place", "sender": "Corner Shop", "kind": offers.KIND, "channel": "inbox"}
    ids = {"grant_id": grant.grant_id, "client_id": grant.client_id, "purpose": "dpv:DirectMarketing"}
    return {**said, **ids, "area": text_of(offered.area), "code": offered.code, "valid_until": offered.valid_until.isoformat()}
