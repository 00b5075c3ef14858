"""What is due, made known while the owner is away: a calendar under a secret of its own, and the times of reminders by mail.

Both are made from the owner's records while the account is open, and made anew with every change of them, in the transaction
of that change. The calendar's secret opens only its projection; a mail's times say nothing of what is due.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import structlog
from sqlmodel import Session, col, func, select

from app import i18n
from app.exchange import mail_reminders, promises, tokens
from app.exchange.tokens import PREFIX
from app.i18n import Lazy, _, lazy
from app.relationships import reminding
from app.relationships.reminding import Due
from app.tables import Calendar, Client, MailReminder
from consent import grants
from consent.canonical import dumps
from consent.store import Grant
from vault import capabilities, cipher, shredding, store
from vault.envelope import Place
from vault.errors import Sealed
from vault.instance import InstanceKeys
from vault.keyring import Keyring
from vault.records import Commitment, Kind, Profile, Vendor
from vault.store import Segment

PROJECTION: Final = "calendar"
"""What a calendar's secret seals for."""

AHEAD: Final = {"none": None, "day": 0, "day_before": 1, "week_before": 7}
"""Days before the day at which a calendar rings, by what the owner chose."""

DESCRIPTION: Final = 1000

HEAD: Final = 64
"""Bytes at the start of a sealed value that are new whenever it is: they hold its random salt."""

_WHAT: Final[dict[str, Lazy]] = {
    "promise": lazy("Promised to you, and due"),
    "mine": lazy("Promised by you, and due"),
    "remedy": lazy("Owed to you since a broken promise"),
    "notice": lazy("Last day to give notice"),
    "end": lazy("Ends"),
    "permission": lazy("A permission of yours ends"),
}

log = structlog.get_logger("reminders")


@dataclass(frozen=True)
class Entry:
    """One event of a calendar: a whole day (`on`), or an instant (`at`) told in `zone`."""

    uid: str
    summary: str
    description: str
    on: date | None
    at: datetime | None
    zone: str


@dataclass(frozen=True)
class Shown:
    """All that a calendar shows, and since when it is so. `ahead_days`: so many days before it rings; None, not at all."""

    name: str
    made_at: datetime
    ahead_days: int | None
    entries: tuple[Entry, ...]


def calendar_of(db: Session, account_id: str) -> Calendar | None:
    """The owner's calendar link, if there is one."""
    return db.exec(select(Calendar).where(Calendar.account_id == account_id)).one_or_none()


def make_calendar(db: Session, keyring: Keyring, profile: Profile, *, now: datetime) -> str:
    """Make the link's secret, in place of an older one, which leads nowhere from then on. The caller shows it once."""
    end_calendar(db, keyring.account_id)
    secret = tokens.make(PREFIX.calendar)
    row = Calendar(
        secret_hash=tokens.hashed(secret),
        account_id=keyring.account_id,
        sealed=keyring.seal_bytes(secret_place(keyring.account_id), secret.encode()),
        projection=b"",
        made_from=b"",
        created_at=now,
    )
    db.add(row)
    db.flush()
    made_from = _made_from(db, keyring.account_id, profile, now)
    _project(db, keyring, profile, row, things=due(db, keyring, profile, now=now), made_from=made_from, now=now)
    return secret


def end_calendar(db: Session, account_id: str) -> bool:
    """Remove the link; whether there was one."""
    row = calendar_of(db, account_id)
    if row is None:
        return False
    db.delete(row)
    db.flush()
    shredding.mark(db, "calendar")
    return True


def secret_place(account_id: str) -> Place:
    """Where the secret of the calendar's link is sealed under the account key."""
    return Place(table="calendar", kind="secret", record_id=account_id, account_id=account_id, schema_version=1)


def fetch(db: Session, secret: str) -> Shown | None:
    """What the calendar with this secret shows; None when there is none. Opens the projection and nothing else."""
    row = db.get(Calendar, tokens.hashed(secret)) if secret.startswith(PREFIX.calendar) else None
    if row is None:
        return None
    try:
        return read(secret.encode(), row.account_id, row.projection)
    except Sealed:
        return None


def read(secret: bytes, account_id: str, projection: bytes) -> Shown:
    """What a projection holds. Raises `Sealed`."""
    held: dict[str, Any] = json.loads(capabilities.open_(secret, PROJECTION, account_id, projection))
    return Shown(held["name"], datetime.fromisoformat(held["made_at"]), held["ahead_days"], tuple(_entry(one) for one in held["entries"]))


def renew(db: Session, keyring: Keyring, profile_now: Callable[[], Profile], instance: InstanceKeys, *, now: datetime) -> None:
    """Bring the calendar and the times of mails up to what the records say now, if anything of it has changed.

    The last act of every transaction of an unlocked owner. A record that was tampered with keeps nobody from writing: then
    all stays as it was.
    """
    calendar = calendar_of(db, keyring.account_id)
    mail = db.get(MailReminder, keyring.account_id)
    if calendar is None and mail is None:
        return
    db.flush()
    try:
        profile = profile_now()
        i18n.speak(profile.language)
        made_from = _made_from(db, keyring.account_id, profile, now)
        if {row.made_from for row in (calendar, mail) if row is not None} == {made_from}:
            return
        things = due(db, keyring, profile, now=now)
        if calendar is not None:
            _project(db, keyring, profile, calendar, things=things, made_from=made_from, now=now)
        if mail is not None:
            mail_reminders.set_times(db, instance, mail, reminding.mornings(things, profile.time_zone, now=now), made_from)
    except Sealed:
        log.warning("a sealed value does not open; reminders stay as they were")


def due(db: Session, keyring: Keyring, profile: Profile, *, now: datetime) -> list[Due]:
    """Everything of the owner's that has a date ahead, or was just missed: what promises wait for, and ends of permissions."""
    by_record, by_client = _companies(db, keyring)
    found = list(_permissions(db, keyring.account_id, by_client, profile))
    for one in promises.told(db, keyring, store.digests(db, keyring, Commitment)):
        found += reminding.of_commitment(one.record_id, one.fields, by_record.get(one.fields.vendor_id, ""), now=now)
    return found


def _permissions(db: Session, account_id: str, by_client: Mapping[str, str], profile: Profile) -> Iterator[Due]:
    for grant in db.exec(_live(account_id)):
        company = by_client.get(grant.client_id)
        if company is None:
            client = db.get(Client, grant.client_id)
            company = client.name if client is not None else ""
        yield reminding.of_permission(grant.grant_id, grant.expires_at, company, profile.time_zone)


def _companies(db: Session, keyring: Keyring) -> tuple[dict[str, str], dict[str, str]]:
    """The names of the owner's companies, by record and by client."""
    by_record: dict[str, str] = {}
    by_client: dict[str, str] = {}
    for digest in store.digests(db, keyring, Vendor):
        values: dict[str, Any] = digest.values
        by_record[digest.record_id] = values["name"]
        by_client |= dict.fromkeys(values["client_ids"], values["name"])
    return by_record, by_client


def _live(account_id: str):  # type: ignore[no-untyped-def]  # a select of grants, whose name SQLModel keeps to itself
    mine = select(Grant).where(Grant.account_id == account_id, col(Grant.status).in_(grants.LIVE))
    return mine.order_by(col(Grant.grant_id))


def _project(
    db: Session, keyring: Keyring, profile: Profile, row: Calendar, *, things: Iterable[Due], made_from: bytes, now: datetime
) -> None:
    """Seal the projection anew. What it shows as before keeps its time, so that a calendar sees no change where there is none."""
    row.made_from = made_from
    secret = keyring.open_bytes(secret_place(keyring.account_id), row.sealed)
    entries = tuple(entry(one, profile, keyring) for one in reminding.nearest(things, now=now))
    shown = Shown(_("Bothways"), now, AHEAD[profile.calendar_ahead], entries)
    before = read(secret, keyring.account_id, row.projection) if row.projection else None
    if before is None or (before.name, before.ahead_days, before.entries) != (shown.name, shown.ahead_days, shown.entries):
        row.projection = capabilities.seal(secret, PROJECTION, keyring.account_id, _written(shown))
    db.add(row)
    db.flush()


def entry(thing: Due, profile: Profile, keyring: Keyring) -> Entry:
    """What the calendar says of one thing: no more than the owner chose. Its id stays the same and tells nothing."""
    uid = f"{keyring.mac('calendar', thing.key.encode()).hex()[:32]}@bothways"
    summary, description = _("Something is due"), ""
    if profile.calendar_shows != "something" and thing.company:
        summary = _("%(company)s: something is due") % {"company": thing.company}
    if profile.calendar_shows == "words":
        what = str(_WHAT[thing.what])
        summary = _("%(company)s: %(what)s") % {"company": thing.company, "what": what} if thing.company else what
        description = thing.words[:DESCRIPTION]
    return Entry(uid, summary, description, thing.on, thing.at, thing.zone)


def _made_from(db: Session, account_id: str, profile: Profile, now: datetime) -> bytes:
    """A hash over what reminders are made from, as it stands sealed: equal while nothing of it changes, and for a month at most."""
    kinds = (Kind.COMMITMENT.value, Kind.VENDOR.value)
    segments = select(Segment.kind, Segment.number, func.substr(col(Segment.sealed), 1, HEAD)).where(
        Segment.account_id == account_id, col(Segment.kind).in_(kinds)
    )
    parts = [f"{kind}/{number}".encode() + bytes(head) for kind, number, head in db.exec(segments)]
    parts += [f"{grant.grant_id}/{grant.status}/{grant.expires_at.isoformat()}".encode() for grant in db.exec(_live(account_id))]
    chosen = (profile.time_zone, profile.language, profile.calendar_shows, profile.calendar_ahead, f"{now:%Y-%m}")
    return cipher.sha256(cipher.join(*sorted(parts), *(part.encode() for part in chosen)))


def _written(shown: Shown) -> bytes:
    return dumps(
        {
            "name": shown.name,
            "made_at": shown.made_at.isoformat(),
            "ahead_days": shown.ahead_days,
            "entries": [
                {
                    "uid": one.uid,
                    "summary": one.summary,
                    "description": one.description,
                    "on": one.on.isoformat() if one.on else None,
                    "at": one.at.isoformat() if one.at else None,
                    "zone": one.zone,
                }
                for one in shown.entries
            ],
        }
    )


def _entry(held: dict[str, Any]) -> Entry:
    on, at = held["on"], held["at"]
    return Entry(
        held["uid"],
        held["summary"],
        held["description"],
        date.fromisoformat(on) if on else None,
        datetime.fromisoformat(at) if at else None,
        held["zone"],
    )
