"""Promises and letters on Today: broken and not made good, due, answered, not answered, not sent yet."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from app.auth.owner import Owner
from app.i18n import _, ngettext
from app.relationships import commitments
from app.ui import dates
from app.ui.commitments import schedule_words
from app.ui.render import as_ago, as_date
from app.ui.today.parts import Task
from app.ui.vendors.words import plain
from vault.records import Commitment
from vault.segments import Digest

SOON = timedelta(days=7)
UNANSWERED = timedelta(days=30)
"""A letter without an answer is told from so long after it went, and for as long again twice."""

Named = tuple[str, Commitment]


def broken(owner: Owner, promises: Iterable[Named], vendors: Mapping[str, str]) -> Iterator[Task]:
    """What companies broke and neither made good nor were let off, the newest breach first."""
    found = [
        (breach.happened_at, record_id, promise)
        for record_id, promise in promises
        if promise.by == "them"
        and commitments.state(promise.events) == "broken"
        and commitments.waiting(promise.events) is None
        and (breach := commitments.open_breach(promise.events)) is not None
    ]
    for at, record_id, promise in sorted(found, key=lambda row: (row[0], row[1]), reverse=True):
        claimable = "claim" in commitments.acts(promise)
        late = commitments.overdue(promise, now=owner.now)
        yield Task(
            title=plain(promise.promise),
            text=_("%(name)s broke it %(ago)s.") % {"name": _of(promise, vendors), "ago": as_ago(at, owner.now)}
            + (f" {_('What they owe you is overdue, too.')}" if late else ""),
            href=f"/commitments/{record_id}",
            act=_("Claim what they owe you") if claimable else _("Say what came of it"),
            act_href=f"/commitments/{record_id}/claim-letter" if claimable else f"/commitments/{record_id}#acts",
            side="theirs",
            badge=_("overdue") if late else _("broken"),
            tone="bad",
        )


def due(owner: Owner, promises: Iterable[Named], vendors: Mapping[str, str]) -> Iterator[Task]:
    """What is overdue, then what falls due within seven days. Broken ones have a place of their own."""
    waiting = []
    for record_id, promise in promises:
        running = commitments.state(promise.events) in {"active", "offered", "disputed"} or promise.schedule is not None
        if running or (promise.by == "me" and _owed(promise)):
            pending = commitments.deadline(promise, now=owner.now)
            if pending is not None and _day(pending.at, promise) <= dates.today(owner) + SOON:
                waiting.append((pending.at, record_id, promise))
    for at, record_id, promise in sorted(waiting, key=lambda row: row[:2]):
        yield _due(owner, at, record_id, promise, _of(promise, vendors))


def letters(owner: Owner, found: Iterable[Digest]) -> Iterator[Task]:
    """Letters with an answer that was not read, without an answer for a month, and those that were kept and have not gone."""
    rows: list[tuple[str, Mapping[str, Any]]] = sorted(((one.record_id, one.values) for one in found), key=lambda row: _written(row[1]))
    for letter_id, values in reversed(rows):
        if values["unread"]:
            yield _answered(letter_id, values)
    for letter_id, values in rows:
        sent = datetime.fromisoformat(values["sent_at"]) if values["sent_at"] else None
        if sent is not None and _is_silent(values, owner.now - sent):
            yield _silent(letter_id, values, as_ago(sent, owner.now), as_date(sent))
    for letter_id, values in rows:
        if values["sent_at"] is None:
            yield _kept(letter_id, values)


def _owed(promise: Commitment) -> bool:
    return commitments.state(promise.events) == "broken"


def _day(at: datetime, promise: Commitment) -> date:
    return schedule_words.day(at, promise.time_zone)


def _of(promise: Commitment, vendors: Mapping[str, str]) -> str:
    return vendors.get(promise.vendor_id, _("A company"))


def _due(owner: Owner, at: datetime, record_id: str, promise: Commitment, name: str) -> Task:
    late, mine = at <= owner.now, promise.by == "me"
    keep = mine and "keep" in commitments.acts(promise)
    who = _("You promised %(name)s") if mine else _("The law asks it of %(name)s") if promise.source == "law" else _("%(name)s promised")
    return Task(
        title=plain(promise.promise),
        text=_("%(who)s; due %(ago)s.") % {"who": who % {"name": name}, "ago": as_ago(_day(at, promise), owner.now)},
        href=f"/commitments/{record_id}",
        act=_("I kept it") if keep else _("Say how it went") if late else _("Look at it"),
        act_href=f"/commitments/{record_id}/keep" if keep else f"/commitments/{record_id}#acts" if late else "",
        post=keep,
        side="mine" if mine else "theirs",
        badge=_("overdue") if late else _("due soon"),
        tone="bad" if late else "wait",
    )


def _written(values: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(values["written_at"])


def _is_silent(values: Mapping[str, Any], since: timedelta) -> bool:
    # A letter whose answer a clock waits for is a promise, and told as one; after three months it is for the list of letters.
    return not values["replies"] and not values.get("commitment_id") and UNANSWERED <= since < 3 * UNANSWERED


def _answered(letter_id: str, values: Mapping[str, Any]) -> Task:
    count = int(values["unread"])
    return Task(
        title=_("%(name)s answered: %(subject)s") % {"name": plain(values["to"]), "subject": plain(values["subject"])},
        text=ngettext("%(n)d answer that you have not read.", "%(n)d answers that you have not read.", count) % {"n": count},
        href=f"/letters/{letter_id}",
        act=_("Read it"),
        side="theirs",
        badge=_("answered"),
    )


def _silent(letter_id: str, values: Mapping[str, Any], ago: str, day: str) -> Task:
    again = values["vendor_id"] or values["grant_id"]
    return Task(
        title=_("No answer yet: %(subject)s") % {"subject": plain(values["subject"])},
        text=_("You wrote to %(name)s %(ago)s, on %(date)s.") % {"name": plain(values["to"]), "ago": ago, "date": day},
        href=f"/letters/{letter_id}",
        act=_("Write again") if again else _("Look at it"),
        act_href=f"/letters/new?to={again}" if again else "",
        side="mine",
        badge=_("no answer"),
        tone="wait",
    )


def _kept(letter_id: str, values: Mapping[str, Any]) -> Task:
    return Task(
        title=_("Your letter has not gone yet: %(subject)s") % {"subject": plain(values["subject"])},
        text=_("To %(name)s. Print it or mail it, then say that it has gone.") % {"name": plain(values["to"])},
        href=f"/letters/{letter_id}",
        act=_("Send it"),
        side="mine",
    )
