"""Webhooks as Standard Webhooks 1.0 has them: what is sent, how it is signed, and how a client changes its secret."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from app.exchange import clients
from app.tables import Client
from consent import events
from consent.canonical import dumps
from consent.store import Event
from vault.cipher import mac
from vault.instance import InstanceKeys

BOTH_VALID: Final = timedelta(hours=24)
_PURPOSE: Final = "webhook secret"
_BEFORE: Final = "webhook secret before"


def body_of(event: Event) -> bytes:
    """The payload: `type`, `timestamp` (when it happened) and `data`, canonical JSON, so that every try sends the same bytes."""
    return dumps(events.payload(event))


def headers_of(client: Client, instance: InstanceKeys, event: Event, body: bytes, *, now: datetime) -> dict[str, str]:
    """`webhook-id` stays over all tries, `webhook-timestamp` is this try's; while a secret changes, both sign."""
    stamp = str(int(now.timestamp()))
    signed = f"{event.event_id}.{stamp}.".encode() + body
    signatures = (f"v1,{base64.b64encode(mac(key, signed)).decode()}" for key in _keys(client, instance, now=now))
    return {
        "Content-Type": "application/json",
        "webhook-id": event.event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def uri_of(client: Client) -> str:
    """Where the client wants to be called."""
    return str(clients.metadata(client)["webhook_uri"])


def change_secret(db: Session, client: Client, instance: InstanceKeys, *, now: datetime) -> str:
    """A new secret, told once. The one before signs beside it for a day."""
    key = secrets.token_bytes(32)
    before = instance.unwrap(_PURPOSE, client.client_id, client.webhook_secret)
    client.previous_webhook_secret = instance.wrap(_BEFORE, client.client_id, before)
    client.previous_webhook_until = now + BOTH_VALID
    client.webhook_secret = instance.wrap(_PURPOSE, client.client_id, key)
    db.add(client)
    db.flush()
    return "whsec_" + base64.b64encode(key).decode()


def _keys(client: Client, instance: InstanceKeys, *, now: datetime) -> list[bytes]:
    keys = [instance.unwrap(_PURPOSE, client.client_id, client.webhook_secret)]
    if client.previous_webhook_secret is not None and client.previous_webhook_until is not None and now < client.previous_webhook_until:
        keys.append(instance.unwrap(_BEFORE, client.client_id, client.previous_webhook_secret))
    return keys
