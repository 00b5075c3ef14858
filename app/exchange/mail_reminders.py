"""Reminders by mail: an address that its owner has confirmed, the hours at which something is due, and one mail a day at most.

A mail goes out while the owner is away, so what it needs is wrapped by the instance: the address, the language, the times. It
says that something is due and nothing else. Two processes send one: a lease tells them apart.
"""

import json
import secrets
from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from sqlalchemy import or_
from sqlmodel import Session, col, delete, func, select, update

from app import i18n
from app.i18n import _
from app.relationships import reminding
from app.tables import MailReminder
from consent.canonical import dumps
from vault import cipher, padding, shredding
from vault.errors import Sealed
from vault.instance import InstanceKeys

PURPOSE: Final = "mail reminder"
"""What the instance wraps for."""

CODE_LIFE: Final = timedelta(hours=1)
CODE_TRIES: Final = 5
CODE_DIGITS: Final = 8

LEASE: Final = timedelta(minutes=5)
A_DAY: Final = timedelta(hours=20)
"""After a mail the next one waits so long: a day by any clock, the shortest of them and a late start allowed for."""

BACKOFF: Final = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 600))
"""Waits between tries; after the last the reminder is let go, for it would be about yesterday."""

FOR_GOOD: Final = frozenset({"refused"})


@dataclass(frozen=True)
class Kept:
    """What is wrapped. `code` while the address waits to be confirmed; `times` are the hours still to come."""

    address: str = field(repr=False)
    language: str
    code: str = field(default="", repr=False)
    times: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Leased:
    """A mail that this sender alone may send now."""

    account_id: str
    lease: str = field(repr=False)
    kept: Kept
    confirmed: bool
    before: datetime | None


def of_account(db: Session, account_id: str) -> MailReminder | None:
    """The owner's reminders by mail."""
    return db.get(MailReminder, account_id, populate_existing=True)


def kept(instance: InstanceKeys, row: MailReminder) -> Kept:
    """What is wrapped in a row. Raises `Sealed`."""
    try:
        held: dict[str, Any] = json.loads(padding.unpad(instance.unwrap(PURPOSE, row.account_id, row.wrapped)))
    except ValueError:
        raise Sealed from None
    times = tuple(datetime.fromtimestamp(hour * 3600, UTC) for hour in held["hours"])
    return Kept(held["address"], held["language"], held["code"], times)


def ask(db: Session, instance: InstanceKeys, account_id: str, address: str, *, language: str, now: datetime) -> None:
    """Mail a code to an address, in place of whatever was there; nothing else goes to it before the code has come back."""
    remove(db, account_id)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    row = MailReminder(account_id=account_id, wrapped=_wrapped(instance, account_id, Kept(address, language, code)))
    row.code_until, row.next_at = now + CODE_LIFE, now
    db.add(row)
    db.flush()


def confirm(db: Session, instance: InstanceKeys, row: MailReminder, code: str, *, now: datetime) -> bool:
    """Whether the code is the one that was mailed, in time and within its tries; then the address counts. Its times come by `set_times`."""
    row.code_tries += 1
    held = kept(instance, row)
    in_time = row.code_until is not None and now < row.code_until and row.code_tries <= CODE_TRIES
    right = bool(held.code) and cipher.same("".join(code.split()).encode(), held.code.encode())
    if in_time and right:
        row.wrapped = _wrapped(instance, row.account_id, Kept(held.address, held.language))
        row.confirmed_at, row.code_until, row.next_at, row.outcome, row.attempts = now, None, None, "", 0
        row.lease = row.leased_until = row.sent_at = None
    db.add(row)
    db.flush()
    return in_time and right


def open_for_code(row: MailReminder, *, now: datetime) -> bool:
    """Whether a code can still be given."""
    return row.confirmed_at is None and row.code_until is not None and now < row.code_until and row.code_tries < CODE_TRIES


def remove(db: Session, account_id: str) -> bool:
    """End reminders by mail, at once and with the address; whether there were any."""
    gone = db.exec(delete(MailReminder).where(col(MailReminder.account_id) == account_id)).rowcount > 0
    if gone:
        db.expire_all()
        shredding.mark(db, "mail_reminder")
    return gone


def set_times(db: Session, instance: InstanceKeys, row: MailReminder, times: Sequence[datetime], made_from: bytes) -> None:
    """Set when to remind, once the address is confirmed. A missed one is let go: the owner who makes this change is here."""
    row = db.get_one(MailReminder, row.account_id, populate_existing=True, with_for_update=True)
    held = kept(instance, row)
    if row.confirmed_at is None:
        return
    row.made_from = made_from
    if (held.language, held.times) != (i18n.language(), tuple(times)):
        row.wrapped = _wrapped(instance, row.account_id, Kept(held.address, i18n.language(), times=tuple(times)))
        row.next_at, row.attempts = times[0] if times else None, 0
    db.add(row)
    db.flush()


def due(db: Session, *, now: datetime, limit: int = 50) -> list[str]:
    """The accounts to which a mail may go now."""
    free = or_(col(MailReminder.leased_until).is_(None), col(MailReminder.leased_until) <= now)
    found = select(MailReminder.account_id).where(col(MailReminder.next_at) <= now, free)
    return list(db.exec(found.order_by(col(MailReminder.next_at)).limit(limit)))


def lease(db: Session, instance: InstanceKeys, account_id: str, *, now: datetime) -> Leased | None:
    """Take a mail to send it; None when another sender has it, when one went out today, or when nothing is left to say."""
    token = secrets.token_hex(16)
    free = or_(col(MailReminder.leased_until).is_(None), col(MailReminder.leased_until) <= now)
    taken = update(MailReminder).where(col(MailReminder.account_id) == account_id, col(MailReminder.next_at) <= now, free)
    if db.exec(taken.values(lease=token, leased_until=now + LEASE).execution_options(synchronize_session=False)).rowcount != 1:
        return None
    row = db.get_one(MailReminder, account_id, populate_existing=True)
    db.add(row)
    held = _or_none(instance, row)
    if held is None or (row.confirmed_at is None and (row.code_until is None or now >= row.code_until)):
        row.next_at = row.lease = row.leased_until = None
        return None
    if row.confirmed_at is not None and row.sent_at is not None and now < row.sent_at + A_DAY:
        row.next_at, row.lease, row.leased_until = row.sent_at + A_DAY, None, None
        return None
    before = row.sent_at
    row.tried_at = row.sent_at = now
    return Leased(account_id, token, held, row.confirmed_at is not None, before)


def sent(db: Session, instance: InstanceKeys, leased: Leased, *, now: datetime) -> None:
    """It has gone: the next one is the next time still to come."""
    row = _mine(db, leased)
    if row is not None:
        row.attempts, row.outcome = 0, "sent"
        _go_on(instance, row, now)
        db.add(row)


def failed(db: Session, instance: InstanceKeys, leased: Leased, outcome: str, *, now: datetime) -> None:
    """It has not gone: try again later, or, after the last try and when it was refused for good, let this one go."""
    row = _mine(db, leased)
    if row is None:
        return
    row.sent_at, row.outcome = leased.before, outcome
    if outcome in FOR_GOOD or row.attempts >= len(BACKOFF):
        row.attempts = 0
        _go_on(instance, row, now)
    else:
        row.next_at, row.attempts = now + BACKOFF[row.attempts], row.attempts + 1
        row.lease = row.leased_until = None
    db.add(row)


def sweep(db: Session, *, now: datetime) -> None:
    """Forget addresses that were never confirmed, a day after their code ran out."""
    old = now - timedelta(days=1)
    db.exec(delete(MailReminder).where(col(MailReminder.confirmed_at).is_(None), col(MailReminder.code_until) < old))


@dataclass(frozen=True)
class Tally:
    """What the operator sees: how many owners are reminded, and how many of the mails failed when last tried, by how."""

    on: int
    failing: dict[str, int]
    tried_at: datetime | None


def tally(db: Session) -> Tally:
    """Counts only: no address, no account, no time of what is due."""
    on = db.exec(select(func.count()).select_from(MailReminder).where(col(MailReminder.confirmed_at).is_not(None))).one()
    bad = select(MailReminder.outcome, func.count()).where(col(MailReminder.outcome).not_in(["", "sent"]))
    newest: datetime | None = db.exec(select(func.max(MailReminder.tried_at))).one()
    return Tally(on, dict(db.exec(bad.group_by(col(MailReminder.outcome))).all()), newest)


def message(leased: Leased, *, sender: str, base_url: str, now: datetime) -> EmailMessage:
    """The mail: that something is due, or the code; where this service is, by its plain address; nothing else.

    There is no List-Unsubscribe: these mails come from the owner's own service and not from a list, and a link that ends them
    without asking who presses it would have to be a secret in a mail that holds none. They end by one press in the settings.
    """
    return copy_context().run(_message, leased, sender, base_url, now)


def _message(leased: Leased, sender: str, base_url: str, now: datetime) -> EmailMessage:
    i18n.speak(leased.kept.language)
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, leased.kept.address
    mail["Subject"] = _("Something is due") if leased.confirmed else _("Your code for reminders")
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"
    # RFC 3834: nobody's out-of-office note should answer a program.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(_lines(leased, base_url)) + "\n")
    return mail


def _lines(leased: Leased, base_url: str) -> list[str]:
    if leased.confirmed:
        return [
            _("Something is due. What it is stands in Bothways, and nowhere else:"),
            base_url,
            _("You asked to be reminded. It ends by one press, under Me, Reminders."),
        ]
    code = f"{leased.kept.code[:4]} {leased.kept.code[4:]}"
    return [
        _("Somebody, most likely you, wants to be reminded at this address when something is due in Bothways:"),
        base_url,
        _("If it is you, this is the code, good for an hour: %(code)s") % {"code": code},
        _("If not, do nothing: without the code nothing more is sent to you."),
    ]


def _go_on(instance: InstanceKeys, row: MailReminder, now: datetime) -> None:
    row.lease = row.leased_until = row.next_at = None
    held = _or_none(instance, row)
    if held is not None and row.confirmed_at is not None:
        ahead = tuple(reminding.left(held.times, now=now))
        row.wrapped = _wrapped(instance, row.account_id, Kept(held.address, held.language, times=ahead))
        row.next_at = ahead[0] if ahead else None


def _mine(db: Session, leased: Leased) -> MailReminder | None:
    chosen = select(MailReminder).where(MailReminder.account_id == leased.account_id, MailReminder.lease == leased.lease)
    return db.exec(chosen.with_for_update().execution_options(populate_existing=True)).one_or_none()


def _or_none(instance: InstanceKeys, row: MailReminder) -> Kept | None:
    try:
        return kept(instance, row)
    except Sealed:
        return None


def _wrapped(instance: InstanceKeys, account_id: str, held: Kept) -> bytes:
    hours = [int(at.timestamp()) // 3600 for at in held.times]
    told = dumps({"address": held.address, "language": held.language, "code": held.code, "hours": hours})
    return instance.wrap(PURPOSE, account_id, padding.pad(told))
