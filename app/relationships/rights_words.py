"""The words of rights letters: plain text, in the owner's language, with the law, what is asked and by when. Pure.

A letter says of the owner only what finds them in the company's files (GDPR art. 5(1)(c) binds the company; this binds us), and
leaves to the owner what only the owner knows. Each text is a proposal in a form, never sent as it is without being seen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.i18n import Lazy, _, lazy
from app.relationships.elsewhere import ConsentFacts
from app.relationships.rights import RULES, Law, Right

BLANK = "…"
"""What stands in a letter where only the owner knows the words. Nothing else of ours is written so."""

_BLANK = re.compile(rf"(?<!\w){BLANK}")

LAWS: dict[Law, Lazy] = {Law.GDPR: lazy("GDPR"), Law.UK: lazy("UK GDPR"), Law.CALIFORNIA: lazy("California Consumer Privacy Act")}

ARTICLES: dict[Law, dict[Right, str]] = {
    Law.GDPR: {
        Right.ACCESS: "GDPR art. 15",
        Right.RECTIFICATION: "GDPR art. 16",
        Right.ERASURE: "GDPR art. 17",
        Right.PORTABILITY: "GDPR art. 20",
        Right.OBJECTION: "GDPR art. 21",
        Right.WITHDRAWAL: "GDPR art. 7(3)",
    },
    Law.UK: {
        Right.ACCESS: "UK GDPR art. 15",
        Right.RECTIFICATION: "UK GDPR art. 16",
        Right.ERASURE: "UK GDPR art. 17",
        Right.PORTABILITY: "UK GDPR art. 20",
        Right.OBJECTION: "UK GDPR art. 21",
        Right.WITHDRAWAL: "UK GDPR art. 7(3)",
    },
    Law.CALIFORNIA: {
        Right.ACCESS: "Cal. Civ. Code § 1798.110",
        Right.RECTIFICATION: "Cal. Civ. Code § 1798.106",
        Right.ERASURE: "Cal. Civ. Code § 1798.105",
        Right.PORTABILITY: "Cal. Civ. Code § 1798.130",
        Right.OPT_OUT: "Cal. Civ. Code § 1798.120",
    },
}
"""The provision that a letter names."""

SUBJECTS: dict[Right, Lazy] = {
    Right.ACCESS: lazy("Access to my personal data"),
    Right.RECTIFICATION: lazy("Please correct my personal data"),
    Right.ERASURE: lazy("Please erase my personal data"),
    Right.PORTABILITY: lazy("My personal data, to take with me"),
    Right.OBJECTION: lazy("I object to the use of my personal data"),
    Right.WITHDRAWAL: lazy("I withdraw my consent"),
    Right.OPT_OUT: lazy("Do not sell or share my personal information"),
}

PROMISES: dict[Right, Lazy] = {
    Right.ACCESS: lazy("Answer my access request"),
    Right.RECTIFICATION: lazy("Correct what is wrong about me"),
    Right.ERASURE: lazy("Erase my data"),
    Right.PORTABILITY: lazy("Hand me my data to take with me"),
    Right.OBJECTION: lazy("Stop what I objected to"),
    Right.WITHDRAWAL: lazy("Stop what I withdrew my consent to"),
    Right.OPT_OUT: lazy("Stop selling and sharing my data"),
}
"""What the company owes, as the promise that tracks it is called."""

_ASKS: dict[Right, tuple[Lazy, ...]] = {
    Right.ACCESS: (
        lazy("a copy of all of it, in a common electronic form"),
        lazy("for which purposes you use it, and for how long you keep it"),
        lazy("to whom you have given it or will give it, by name"),
        lazy("from where you have what you did not get from me"),
        lazy("which scores, groups and automatic decisions there are about me, how they come about and what follows from them"),
    ),
    Right.PORTABILITY: (
        lazy("what I gave you and what my use of your service has left with you"),
        lazy("in a structured, commonly used and machine-readable format, such as JSON or CSV"),
    ),
    Right.ERASURE: (
        lazy("erase it, and what you have worked out from it"),
        lazy("tell everybody to whom you gave it to do the same, and tell me who they are"),
        lazy("name what you must keep, if anything, with the law that says so, and for how long"),
    ),
}


@dataclass(frozen=True)
class Said:
    """One thing that they hold, to be named in a letter: what it is, what they have, and what is right (empty where unknown)."""

    name: str
    value: str = field(repr=False)
    right: str = field(default="", repr=False)


@dataclass(frozen=True)
class Facts:
    """What a letter is filled in with. `known_by` says how the company knows the owner; `signed` is empty where no name is needed.

    `given_on` is the day of the consent as the owner's language says it, "" where it is not known.
    """

    known_by: tuple[str, ...] = ()
    signed: str = ""
    lines: tuple[Said, ...] = ()
    consent: ConsentFacts | None = None
    given_on: str = ""


@dataclass(frozen=True)
class Words:
    """A letter as it is proposed."""

    subject: str
    body: str = field(repr=False)


@dataclass(frozen=True)
class Asked:
    """What a reminder or a complaint looks back on: when which letter went, by when the answer was due, and what came since
    (days with words, oldest first). Days are as the owner's language says them."""

    right: Right
    law: Law
    company: str
    sent_on: str
    due: str
    came: tuple[tuple[str, str], ...] = ()


def blanks(text: str) -> tuple[str, ...]:
    """The lines of a letter that still wait for words: those that hold a “…”. One that trails a word off is no blank."""
    return tuple(line.strip() for line in text.splitlines() if _BLANK.search(line))


def article(law: Law, right: Right) -> str:
    """The provision, empty where this law has no such right."""
    return ARTICLES[law].get(right, "")


def promise(law: Law, right: Right) -> str:
    """What the company owes, with its provision: `Answer my access request (GDPR art. 15)`."""
    return f"{PROMISES[right]} ({article(law, right)})"


def request(law: Law, right: Right, facts: Facts) -> Words:
    """The letter that asks. Raises KeyError for a right that the law does not know."""
    where = {"article": ARTICLES[law][right]}
    body = [_("Good day,"), *_asked(law, right, where, facts), _known(facts), _deadline(law, right), *_ending(facts)]
    return Words(f"{SUBJECTS[right]} ({where['article']})", "\n\n".join(part for part in body if part))


def reminder(asked: Asked, facts: Facts) -> Words:
    """The letter that reminds, two weeks long (a fair time of ours: the law's own is over, or was not used)."""
    told = {"date": asked.sent_on, "article": article(asked.law, asked.right), "due": asked.due}
    said = _came(asked.came)
    body = [
        _("Good day,"),
        _("On %(date)s I wrote to you under %(article)s: “%(subject)s”.") % {**told, "subject": str(SUBJECTS[asked.right])},
        _("Since then this has come from you:") + "\n" + said if said else _("I have had no answer."),
        _("The time that the law gives you ends on %(due)s, or has ended. Please do what I asked, in full, within two weeks.") % told,
        _("After that I turn to the authority that watches over this law."),
        _known(facts),
        *_ending(facts),
    ]
    return Words(_("Reminder: %(subject)s") % {"subject": str(SUBJECTS[asked.right])}, "\n\n".join(part for part in body if part))


def complaint(asked: Asked, facts: Facts) -> Words:
    """The letter to the authority (GDPR art. 77; UK: Data Protection Act 2018 s. 165; California: Cal. Civ. Code § 1798.199.45)."""
    told = {"date": asked.sent_on, "article": article(asked.law, asked.right), "due": asked.due, "company": asked.company}
    said = _came(asked.came)
    basis = {Law.GDPR: "GDPR art. 77", Law.UK: "Data Protection Act 2018 s. 165", Law.CALIFORNIA: "Cal. Civ. Code § 1798.199.45"}[asked.law]
    body = [
        _("Good day,"),
        _("I complain about %(company)s (%(basis)s).") % {**told, "basis": basis},
        _("On %(date)s I wrote to them under %(article)s: “%(subject)s”.") % {**told, "subject": str(SUBJECTS[asked.right])},
        _("The time for their answer ended, or ends, on %(due)s.") % told,
        _("Since then this has come from them:") + "\n" + said if said else _("They have not answered."),
        _("I enclose copies of my letters and of what they answered."),
        _("Please look into it, see to it that they do what the law asks of them, and tell me what comes of it."),
        *_ending(facts, always=True),
    ]
    return Words(_("Complaint about %(company)s") % told, "\n\n".join(part for part in body if part))


def _asked(law: Law, right: Right, where: dict[str, str], facts: Facts) -> list[str]:  # noqa: PLR0911 - one line a right
    named = _bullets([_("%(name)s: you have “%(value)s”") % {"name": one.name, "value": _short(one.value)} for one in facts.lines])
    match right:
        case Right.ACCESS:
            more = [_("I want to know in particular where you have this from and what you use it for:") + named] if named else []
            return [_("Under %(article)s I ask what you hold on me. Please send me:") % where + _bullets(_ASKS[right]), *more]
        case Right.RECTIFICATION:
            return [_("Under %(article)s I ask you to put right what is wrong in your files on me:") % where + _corrections(facts.lines),
                    _("Please tell everybody to whom you gave it, too.")]  # fmt: skip
        case Right.ERASURE:
            what = _("this:") + named if named else _("everything that you hold on me.")
            return [_("Under %(article)s I ask you to erase") % where + " " + what, _("Please") + _bullets(_ASKS[right])]
        case Right.PORTABILITY:
            return [_("Under %(article)s I ask you to hand me my data:") % where + _bullets(_ASKS[right])]
        case Right.OPT_OUT:
            no_sale = _("Under %(article)s I direct you not to sell or share my personal information.") % where
            return [no_sale, *([_("What I allowed you before I take back:") + _given(facts)] if facts.consent else [])]
        case Right.OBJECTION:
            return _objection(where, named)
        case Right.WITHDRAWAL:
            return _withdrawal(where, facts, law)


def _objection(where: dict[str, str], named: str) -> list[str]:
    marketing = _(
        "Under %(article)s(2) I object to any use of my personal data for direct marketing, profiling for it included. "
        "From now on you may no longer use them for it (paragraph 3)."
    )
    if not named:
        return [marketing % where]
    profiling = _("Under %(article)s(1) I object to this, which you have worked out about me:") % where + named
    return [
        profiling,
        _("Please stop using it, and erase it, unless you show me compelling grounds."),
        marketing % where,
    ]


def _given(facts: Facts) -> str:
    consent = facts.consent
    if consent is None:
        return ""
    given = [
        consent.what,
        _("given on: %(date)s") % {"date": facts.given_on} if facts.given_on else "",
        _("given here: %(place)s") % {"place": consent.place} if consent.place else "",
        _("for: %(purpose)s") % {"purpose": consent.purpose_label} if consent.purpose_label else "",
        _("my data that it is about: %(data)s") % {"data": consent.data} if consent.data else "",
    ]
    return _bullets([one for one in given if one])


def _withdrawal(where: dict[str, str], facts: Facts, law: Law) -> list[str]:
    if facts.consent is None:
        return [_("Under %(article)s I withdraw every consent to the use of my personal data that I have given you.") % where, _stop()]
    said = [_("Under %(article)s I withdraw this consent:") % where + _given(facts), _stop()]
    if facts.consent.marketing:
        object_to = ARTICLES[law].get(Right.OBJECTION, "")
        said.append(_("I also object to any use of my personal data for direct marketing (%(article)s(2)).") % {"article": object_to})
    return said


def _stop() -> str:
    return _("Please stop at once, erase what you hold for this alone, tell those to whom you gave it, and confirm it to me.")


def _corrections(lines: Sequence[Said]) -> str:
    rows = [
        _("%(name)s: you have “%(value)s”, right is “%(right)s”")
        % {"name": one.name, "value": _short(one.value), "right": _short(one.right) or BLANK}
        for one in lines
    ]
    return _bullets(rows or [_("… is wrong, right is …")])


def _known(facts: Facts) -> str:
    if not facts.known_by:
        return _("You know me as: …")
    return _("You know me by: %(facts)s. That is enough to find me; please ask for no more than you need.") % {
        "facts": ", ".join(facts.known_by)
    }


def _deadline(law: Law, right: Right) -> str:
    rule = RULES[law][right]
    if rule.answer is None:
        return _("Withdrawing must be as easy as giving was; no form and no reason is needed.")
    count, unit = rule.answer.count, rule.answer.unit
    span = {
        "month": _("one month"),
        "day": _("%(n)d days") % {"n": count},
        "working_day": _("%(n)d working days") % {"n": count},
    }[unit]
    return _("The law gives you %(span)s from the day on which this letter reaches you (%(source)s). It is free of charge.") % {
        "span": span,
        "source": rule.source.rpartition(", ")[2],
    }


def _ending(facts: Facts, *, always: bool = False) -> list[str]:
    name = facts.signed or (BLANK if always else "")
    return [_("Kind regards") + (f"\n{name}" if name else "")]


def _came(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"- {day}: {words}" for day, words in rows)


def _bullets(rows: Sequence[object]) -> str:
    return "".join(f"\n- {row}" for row in rows)


def _short(value: str) -> str:
    one = " / ".join(line.strip() for line in value.splitlines() if line.strip())
    return one if len(one) <= 200 else f"{one[:195]} ..."
