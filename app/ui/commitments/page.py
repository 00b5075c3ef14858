"""The page of one promise: what it says, what backs it, its times, its proofs, how it went, and what may be done next."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from app.auth.form import Form
from app.auth.owner import Owner
from app.errors import NotFound
from app.exchange import clocks
from app.i18n import _
from app.relationships import commitments
from app.relationships.commitments import Act
from app.ui import dates, wording
from app.ui.commitments import form as promise_form
from app.ui.commitments import proofs, schedule_words
from app.ui.commitments.proofs import Proofs
from app.ui.letters import matter_parts, matter_words
from app.ui.letters.matter_parts import MatterLine
from app.ui.pages import Page
from app.ui.render import as_date
from app.ui.requests import terms_in_words
from app.ui.requests.terms_in_words import Fact
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.vendors.words import Link, external, plain
from app.ui.view import view
from consent import grants
from vault import store
from vault.records import Commitment, CommitmentEvent, Cycle, Following, LetterRecord

SHOWN = 24
"""Times in the list of a promise that counts more than once: the latest that have passed, and the next."""
AHEAD = 3
"""How many of these lie ahead."""


@view
class Step:
    """One event of a promise's life; `late` when it was written down on a later day than it happened."""

    text: str
    happened_at: datetime
    recorded_at: datetime
    note: str
    side: str
    late: bool
    occurrence: date | None
    through: date | None
    amount: str


@view
class Report:
    """What they report and the owner has not decided on: the question, their words, since when."""

    question: str
    words: str
    link: Link | None
    came_at: datetime


@view
class Time:
    """One time of a promise that counts more than once. `href` where something may be said of it; `chosen` when it is."""

    day: date
    due: str
    state: str
    tone: str
    overdue: bool
    href: str
    chosen: bool


@view
class LetterLine:
    """A letter about the promise."""

    letter_id: str
    subject: str
    written_at: datetime
    sent: bool


@view
class Deciding:
    """What may be said, and of which time: `acts` are (verb, words). `through` ends a row of times that wait, `waiting` says how many."""

    acts: tuple[tuple[str, str], ...]
    time: date | None = None
    through: date | None = None
    waiting: int = 0
    money: bool = False


@view(kw_only=True)
class ShowPage(Page):
    """One promise. `whole` is what may be said of all of it, `deciding` of the time that is chosen, or of a promise that counts once.

    `stands` is what stands behind it, in a word with its tone; `claim_first` when the claim letter is what comes next.
    """

    template: ClassVar[str] = "commitments/show.html"
    commitment_id: str
    promise: str
    known: Known | None
    by: str
    state: str
    tone: str
    overdue: bool
    waits: str
    waits_until: str
    stands: tuple[str, str]
    law: bool
    why: str
    facts: tuple[Fact, ...]
    due_at: datetime | None
    due_date: date | None
    scheduled: bool
    zone: str
    grant_id: str | None
    message_id: str | None
    steps: tuple[Step, ...]
    report: Report | None
    offered: bool
    suspended: bool
    times: tuple[Time, ...]
    proofs: Proofs
    letters: tuple[LetterLine, ...]
    matter: MatterLine | None
    claimable: bool
    claim_first: bool
    deciding: Deciding
    whole: Deciding | None
    late_since: date | None
    values: Mapping[str, str]
    errors: Mapping[str, str]


def day_of(typed: str) -> date | None:
    """A day that a page of ours put into a link or a form; None for none. Raises NotFound for anything else."""
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise NotFound from None


def show_page(
    owner: Owner, commitment_id: str, commitment: Commitment, form: Form, errors: Mapping[str, str], *, time: date | None = None
) -> ShowPage:
    """One promise in words, with the form as it stands; `time` is the one of several that is chosen."""
    state = commitments.state(commitment.events)
    backing = commitments.backing(commitment)
    waits = commitments.deadline(commitment, now=owner.now)
    many = isinstance(commitment.schedule, (Cycle, Following))
    time = time or _first_waiting(commitment, owner.now)
    one = commitments.alone(commitment, time) if many and time else commitment
    return ShowPage(
        commitment_id=commitment_id,
        promise=plain(commitment.promise),
        known=clients.vendors(owner).get(commitment.vendor_id),
        by=commitment.by,
        state=wording.of_code(wording.COMMITMENT, state),
        tone=wording.COMMITMENT_TONE[state],
        overdue=commitments.overdue(commitment, now=owner.now),
        waits=wording.of_code(schedule_words.WAITS, waits.of) if waits and (many or waits.of != "promise") else "",
        waits_until=schedule_words.when(waits.at, commitment.time_zone) if waits else "",
        stands=schedule_words.behind(commitment),
        law=commitment.source == "law",
        why=_why(commitment, backing),
        facts=(*_from_terms(owner, commitment), *schedule_words.facts(commitment.schedule), *_facts(commitment)),
        due_at=commitment.due_at,
        due_date=commitment.due_date,
        scheduled=commitment.schedule is not None,
        zone=commitment.time_zone,
        grant_id=commitment.grant_id,
        message_id=commitment.said_in,
        steps=tuple(_step(event, commitment.by) for event in reversed(commitment.events)),
        report=_report(commitment) if state in commitments.OPEN else None,
        offered=state == "offered",
        suspended=_suspended(owner, commitment_id, commitment),
        times=_times(commitment_id, commitment, time, owner.now) if many else (),
        proofs=proofs.of(owner, commitment_id, commitment),
        letters=_letters(owner, commitment_id),
        matter=matter_parts.of_promise(owner, commitment_id),
        claimable=backing.promised and state != "offered",
        claim_first=commitments.state(one.events) == "broken",
        deciding=_of_time(commitment, time, owner.now) if many else _deciding(commitment, commitments.acts(commitment)),
        whole=_deciding(commitment, commitments.acts(commitment)) if many else None,
        late_since=late_since(commitment, owner),
        values={name: form.get(name) for name in ("happened_on", "note", "amount", "currency")},
        errors=errors,
    )


def late_since(commitment: Commitment, owner: Owner) -> date | None:
    """The first day on which a promise of one time was late; None while it can still be kept in time."""
    due = commitments.due(commitment) if commitment.schedule is None and "break" in commitments.acts(commitment) else None
    if due is None or due > owner.now:
        return None
    return min(due.astimezone(ZoneInfo(commitment.time_zone)).date(), dates.today(owner))


def _letters(owner: Owner, commitment_id: str) -> tuple[LetterLine, ...]:
    """The letters about it, the latest first."""
    found = [
        LetterLine(
            one.record_id, str(one.values["subject"]), datetime.fromisoformat(str(one.values["written_at"])), bool(one.values["sent_at"])
        )
        for one in store.digests(owner.db, owner.keyring, LetterRecord)
        if commitment_id in {one.values["about"], one.values.get("commitment_id")}
    ]
    return tuple(sorted(found, key=lambda one: one.written_at, reverse=True))


def _why(commitment: Commitment, backing: commitments.Backing) -> str:
    """What stands behind it, and who loses what when it breaks."""
    owed = promise_form.remedy_words(commitment.remedy) if commitment.remedy else ""
    if commitment.by == "me":
        lost = _("Your own promise. If you break it, you owe them: %(remedy)s.") % {"remedy": owed}
        return lost if owed else _("Your own promise. Nothing is written down that you would lose by breaking it.")
    if backing.reason == "law":
        return _("The law asks it of them, whether they promised it or not: it is neither backed nor just words.")
    if backing.backed:
        return _("Backed: they have tied their hands. If they break it, they lose by it, and owe you: %(remedy)s.") % {"remedy": owed}
    return wording.of_code(wording.BACKING, backing.reason)


def _first_waiting(commitment: Commitment, now: datetime) -> date | None:
    """The time that is longest overdue, or else the last one that is broken."""
    breach = commitments.open_breach(commitment.events)
    overdue = (one.occurrence for one in commitments.overdue_times(commitment, now=now))
    return next(overdue, breach.occurrence if breach else None)


def _deciding(commitment: Commitment, acts: tuple[Act, ...], *, time: date | None = None, row: Sequence[date] = ()) -> Deciding:
    mine = commitment.by == "me"
    said = tuple((act, str(wording.ACT_MINE.get(act, wording.ACT[act]) if mine else wording.ACT[act])) for act in acts)
    money = commitment.remedy is not None and bool({"claim", "remedy"} & set(acts))
    several = len(row) > 1 and row[0] == time
    return Deciding(said, time, row[-1] if several else None, len(row) if several else 0, money=money)


def _of_time(commitment: Commitment, time: date | None, now: datetime) -> Deciding:
    if time is None:
        return Deciding(())
    waiting = [one.occurrence for one in commitments.overdue_times(commitment, now=now) if one.of == "promise" and one.occurrence]
    row = [day for day in waiting if day >= time]
    return _deciding(commitment, commitments.acts_on_time(commitment, time), time=time, row=row)


def _times(commitment_id: str, commitment: Commitment, chosen: date | None, now: datetime) -> tuple[Time, ...]:
    """The latest times that have passed and the next ones, newest first."""
    zone = ZoneInfo(commitment.time_zone)
    ahead = commitments.occurrences(commitment, (now, now + timedelta(days=366)))
    next_days = [one.occurrence for one in ahead if one.of == "promise" and one.occurrence][:AHEAD]
    passed = []
    for day in commitments.times(commitment):
        if day > now.astimezone(zone).date() or day in next_days:
            break
        passed.append(day)
    days = sorted({*passed[-SHOWN:], *next_days, *([chosen] if chosen else [])}, reverse=True)
    return tuple(_time(commitment_id, commitment, day, now, chosen=day == chosen) for day in days)


def _time(commitment_id: str, commitment: Commitment, day: date, now: datetime, *, chosen: bool) -> Time:
    single = commitments.alone(commitment, day)
    due = commitments.due(single)
    state = commitments.state(single.events)
    may = commitments.acts_on_time(commitment, day)
    return Time(
        day=day,
        due="" if due is None or (said := schedule_words.when(due, single.time_zone)) == as_date(day) else said,
        state=wording.of_code(wording.COMMITMENT, state),
        tone=wording.COMMITMENT_TONE[state],
        overdue=commitments.overdue(single, now=now),
        href=f"/commitments/{commitment_id}?time={day.isoformat()}#acts" if may else "",
        chosen=chosen,
    )


def _report(commitment: Commitment) -> Report | None:
    waits = commitments.waiting(commitment.events)
    if waits is None:
        return None
    text, __, url = waits.note.rpartition("\n") if waits.note.rpartition("\n")[2].startswith("http") else (waits.note, "", "")
    question = _("They say that they kept it") if waits.type == "evidence" else _("They say that they made it good")
    return Report(question, plain(text), external(url) if url else None, waits.happened_at)


def _suspended(owner: Owner, commitment_id: str, commitment: Commitment) -> bool:
    """Whether a permission stands still because of this promise."""
    clock = clocks.find(owner.db, owner.account_id, commitment_id)
    if clock is None or clock.lapsed_at is None or commitment.grant_id is None:
        return False
    grant = grants.find(owner.db, owner.account_id, commitment.grant_id)
    return grant is not None and grant.status == "suspended" and grant.suspended_for == clocks.REASON


def _from_terms(owner: Owner, commitment: Commitment) -> tuple[Fact, ...]:
    """When a promise in return is due, as its terms put it, while it has no date yet."""
    grant = grants.find(owner.db, owner.account_id, commitment.grant_id) if commitment.grant_id else None
    if grant is None or commitments.due(commitment) is not None:
        return ()
    given = (
        terms_in_words.promise_in_words(promise)
        for promise in grants.standing(grant).terms.in_return
        if promise.promise == commitment.promise
    )
    return tuple(fact for promise in given for fact in promise.facts if fact.key == "within")[:1]


def _facts(commitment: Commitment) -> tuple[Fact, ...]:
    owed = commitment.remedy
    facts = (
        Fact("source", _("Where it was said"), "" if commitment.source == "law" else wording.of_code(wording.SOURCE, commitment.source)),
        Fact("metric", _("How to tell that it was kept"), commitment.metric),
        Fact("remedy", _("If it is broken"), promise_form.remedy_words(owed) if owed else ""),
        Fact("remedy_note", _("About that"), owed.note if owed else ""),
    )
    return tuple(fact for fact in facts if fact.text)


def _step(event: CommitmentEvent, by: str) -> Step:
    # Who moved: the one who promised kept, broke, reported, refused or made good; the owner claimed, disputed and let go.
    theirs = by == "them" and event.type not in {"claimed", "waived", "disputed", "started", "cancelled", "ended"}
    theirs = event.by == "them" if event.step else theirs
    words = wording.BY_CLOCK if event.by == "clock" and event.type in wording.BY_CLOCK else wording.EVENT
    return Step(
        text=str(matter_words.STEP[event.step]) if event.step else wording.of_code(words, event.type),
        happened_at=event.happened_at,
        recorded_at=event.recorded_at,
        note=plain(event.note),
        side="bad" if event.type in {"broken", "refused"} else "theirs" if theirs else "mine",
        late=(event.recorded_at - event.happened_at).total_seconds() > 86_400,
        occurrence=event.occurrence,
        through=event.through,
        amount=terms_in_words.money(event.amount, event.currency or "") if event.amount else "",
    )
