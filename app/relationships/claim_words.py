"""The words of a claim letter, filled from a promise's record. Pure; the owner edits them before they go anywhere.

Dates and amounts come in as words, for they are told in the reader's language.
"""

from dataclasses import dataclass

from app.i18n import _


@dataclass(frozen=True)
class Claim:
    """What the letter says. Empty parts are left out of it.

    `said_on` is the day on which it was promised, `where` a phrase (`on the phone`), `due` by when, `went` what happened; `owed` is
    the remedy in words, `refused` what they answered to an earlier claim, `evidence` each document with what it shows, `by` the day to
    answer by.
    """

    company: str
    promise: str
    said_on: str = ""
    where: str = ""
    due: str = ""
    went: str = ""
    broken_on: str = ""
    claimed_on: str = ""
    refused_on: str = ""
    refused: str = ""
    owed: str = ""
    owed_note: str = ""
    evidence: tuple[str, ...] = ()
    by: str = ""
    customer_number: str = ""
    sender: str = ""


def subject(claim: Claim) -> str:
    """The line above the letter."""
    number = _(" (customer number %(number)s)") % {"number": claim.customer_number} if claim.customer_number else ""
    return (_("What you promised me: %(promise)s") % {"promise": claim.promise})[: 200 - len(number)] + number


def body(claim: Claim) -> str:
    """The letter as plain text: paragraphs parted by empty lines."""
    paragraphs = (
        _("Dear %(company)s,") % {"company": claim.company},
        _made(claim),
        f"    {claim.promise}",
        _("It was due: %(due)s.") % {"due": claim.due} if claim.due else "",
        *_breach(claim),
        *_earlier(claim),
        *_evidence(claim),
        *_owed(claim),
        _("Yours sincerely,"),
        claim.sender,
    )
    return "\n\n".join(part for part in paragraphs if part)


def _made(claim: Claim) -> str:
    said = {"day": claim.said_on, "where": claim.where}
    if claim.said_on:
        return (_("On %(day)s, %(where)s, you promised me:") if claim.where else _("On %(day)s you promised me:")) % said
    return _("You promised me %(where)s:") % said if claim.where else _("You promised me:")


def _breach(claim: Claim) -> tuple[str, ...]:
    kept = _("You have not kept this promise.") if not claim.broken_on else _("You broke it on %(day)s.") % {"day": claim.broken_on}
    return (f"{kept} {_('What happened: %(words)s') % {'words': claim.went}}" if claim.went else kept,)


def _earlier(claim: Claim) -> tuple[str, ...]:
    if claim.refused_on:
        said = _("You refused what I am owed on %(day)s.") % {"day": claim.refused_on}
        quoted = _("You said: “%(words)s”") % {"words": claim.refused} if claim.refused else ""
        return (" ".join(part for part in (said, quoted, _("I do not accept that.")) if part),)
    return (_("I asked for it on %(day)s, and have not received it.") % {"day": claim.claimed_on},) if claim.claimed_on else ()


def _evidence(claim: Claim) -> tuple[str, ...]:
    if not claim.evidence:
        return ()
    return ("\n".join([_("As evidence I have:"), *(f"- {one}" for one in claim.evidence)]),)


def _owed(claim: Claim) -> tuple[str, ...]:
    asked = _("By your own promise you owe me for this: %(owed)s.") % {"owed": claim.owed} if claim.owed else ""
    if not asked:
        asked = _("Please keep it now, or tell me how you will make it good.")
    more = _("As it was said: %(note)s") % {"note": claim.owed_note} if claim.owed_note else ""
    limit = _("I expect it, or your reasoned answer, by %(day)s.") % {"day": claim.by} if claim.by else ""
    return (" ".join(part for part in (asked, more, limit) if part),)
