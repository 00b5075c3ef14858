"""A message arrives: decide, seal, write down, all in the caller's transaction under the account's lock.

A refusal is a value, not an exception: raising would roll its ledger entry back.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import rfc8785
from sqlalchemy import insert, select
from sqlmodel import Session, col

from app.tables import Message
from consent import grants, ledger
from consent.act import Act
from consent.decision import Ask, Refused, Usage, decide
from consent.store import Grant
from vault import shredding

PURPOSE: Final = "message"
FORMATS: Final = ("text", "markdown", "html")


@dataclass(frozen=True)
class Sender:
    """Who sends: the grant that it calls on, and the name under which the client registered."""

    act: Act
    grant: Grant
    name: str


@dataclass(frozen=True)
class Draft:
    """A message as it came, validated. `channel` other than `inbox` means that the vendor delivers it, after our yes."""

    kind: str
    purpose: str
    channel: str
    title: str = field(repr=False)
    body: str = field(default="", repr=False)
    format: str = "text"
    url: str | None = field(default=None, repr=False)
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    thread: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The message is in."""

    message_id: str


def weigh(db: Session, grant: Grant, ask: Ask, *, now: datetime) -> Refused | None:
    """What the gate says to `ask` at this moment, counting what came before; None is yes. Writes nothing."""
    standing = grants.standing(grant)
    verdict = decide(ask, standing, _usage(db, grant, ask.purpose, now=now), now)
    return verdict if isinstance(verdict, Refused) else None


def accept(db: Session, sender: Sender, draft: Draft, now: datetime) -> Accepted | Refused:
    """Let a message in, or say why not; either way the owner's ledger has it when the caller commits."""
    ask = Ask(kind=draft.kind, purpose=draft.purpose, channel=draft.channel)  # type: ignore[arg-type]  # a kind that decide() knows, checked by the schema
    refused = weigh(db, sender.grant, ask, now=now)
    if refused is not None:
        refuse(db, sender, refused, ask)
        return refused
    message_id = secrets.token_hex(16)
    # A Core statement: this is the hot route, and the row is not needed again.
    db.execute(
        insert(Message).values(
            account_id=sender.grant.account_id,
            message_id=message_id,
            grant_id=sender.grant.grant_id,
            client_id=sender.grant.client_id,
            kind=draft.kind,
            purpose=draft.purpose,
            channel=draft.channel,
            accepted_at=now,
            valid_until=draft.valid_until,
            sealed=sender.act.seal(PURPOSE, (sender.grant.client_id, message_id), _words(sender, draft, now)),
        )
    )
    ledger.append(db, sender.act, "message.accepted", {"message_id": message_id, **_about(sender, ask)})
    return Accepted(message_id)


def refuse(db: Session, sender: Sender, refused: Refused, ask: Ask) -> None:
    """Write a refusal into the owner's ledger; repeats of one reason in one hour become one counted entry."""
    ledger.append_refusal(db, sender.act, sender.grant.grant_id, refused.reason, {"rule": refused.rule, **_about(sender, ask)})


def take_back(db: Session, sender: Sender, message_id: str, *, now: datetime) -> bool:
    """Take back a message of this grant. What the owner has not opened is erased; what was, stays, marked at the next unlock."""
    message = find(db, sender.grant, message_id)
    if message is None or message.taken_back_at is not None:
        return False
    message.taken_back_at, message.sealed = now, None
    db.flush()
    shredding.mark(db, "message")
    ledger.append(db, sender.act, "message.taken_back", {"message_id": message_id, "grant_id": sender.grant.grant_id})
    return True


def find(db: Session, grant: Grant, message_id: str) -> Message | None:
    """A message of this grant."""
    message = db.get(Message, (grant.account_id, message_id))
    return message if message and message.grant_id == grant.grant_id else None


def _usage(db: Session, grant: Grant, purpose: str | None, *, now: datetime) -> Usage:
    """When messages of that purpose came inside its window, newest first; no more than the cap needs to be seen."""
    _index, line = grants.standing(grant).terms.lines.get(purpose or "", (0, None))
    if line is None or line.frequency is None:
        return Usage()
    at = col(Message.accepted_at)
    counted = (
        select(at)
        .where(col(Message.account_id) == grant.account_id, col(Message.grant_id) == grant.grant_id)
        .where(col(Message.purpose) == purpose, at > line.frequency.window.before(now))
        .order_by(at.desc())
        .limit(line.frequency.count)
    )
    return Usage(recent=tuple(db.execute(counted).scalars()))


def _about(sender: Sender, ask: Ask) -> dict[str, str | None]:
    return {"grant_id": sender.grant.grant_id, "kind": ask.kind, "purpose": ask.purpose, "channel": ask.channel}


def _words(sender: Sender, draft: Draft, now: datetime) -> bytes:
    """The fields of the owner's message record; who sent it is what the token said, not what the message says."""
    return rfc8785.dumps(
        {
            "grant_id": sender.grant.grant_id,
            "client_id": sender.grant.client_id,
            "sender": sender.name,
            "kind": draft.kind,
            "purpose": draft.purpose,
            "channel": draft.channel,
            "title": draft.title,
            "body": draft.body,
            "format": draft.format,
            "url": draft.url,
            "valid_from": draft.valid_from.isoformat() if draft.valid_from else None,
            "valid_until": draft.valid_until.isoformat() if draft.valid_until else None,
            "thread": draft.thread,
            "received_at": now.isoformat(),
        }
    )
