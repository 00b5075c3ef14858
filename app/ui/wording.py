"""The words for what the engines name by codes: ledger types, statuses, refusals, promises. Terms: `terms_in_words`.

Every text goes through gettext. A code without words is shown as it is rather than hidden.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from app.i18n import Lazy, _, lazy, ngettext
from app.ui.requests.terms_in_words import (
    PromiseInWords,
    TermsInWords,
    action,
    channel,
    duration,
    frequency,
    in_words,
    money,
    remedy,
    territory,
)

__all__ = [
    "PromiseInWords",
    "TermsInWords",
    "action",
    "channel",
    "duration",
    "frequency",
    "in_words",
    "money",
    "remedy",
    "territory",
]

Side = Literal["mine", "theirs", "neutral"]
Tone = Literal["mine", "theirs", "neutral", "good", "bad", "wait"]

LEDGER: Mapping[str, Lazy] = {
    "account.opened": lazy("You opened this account"),
    "slot.changed": lazy("A way into your account changed"),
    "keys.rotated": lazy("You replaced every key and every way in"),
    "keys.resealed": lazy("Everything is sealed under the new key; the old one is destroyed"),
    "key.succeeded": lazy("A new key of yours signs towards them"),
    "address.opened": lazy("You made a contact link"),
    "address.closed": lazy("You closed a contact link"),
    "request.received": lazy("They asked for your permission"),
    "request.declined": lazy("You declined their request"),
    "request.expired": lazy("Their request ran out"),
    "request.dropped": lazy("They took their request back"),
    "request.turned_away": lazy("They asked, and your terms did not let them"),
    "request.countered": lazy("You made them a counter-offer"),
    "counter.accepted": lazy("They accepted your counter-offer"),
    "counter.refused": lazy("They refused your counter-offer"),
    "standing.changed": lazy("You changed your terms"),
    "grant.given": lazy("You gave permission"),
    "grant.changed": lazy("You changed a permission"),
    "grant.paused": lazy("You paused a permission"),
    "grant.resumed": lazy("You resumed a permission"),
    "grant.suspended": lazy("A permission suspended itself"),
    "grant.withdrawn": lazy("You withdrew a permission"),
    "grant.expired": lazy("A permission ran out"),
    "grant.handed_back": lazy("They handed a permission back"),
    "gate.paused": lazy("You paused everything"),
    "gate.resumed": lazy("You resumed everything"),
    "message.accepted": lazy("A message of theirs was let in"),
    "message.refused": lazy("A message of theirs was refused"),
    "message.refused_again": lazy("More of the same was refused"),
    "message.taken_back": lazy("They took a message back"),
    "message.voted": lazy("You rated a message"),
    "offer.matched": lazy("Offers tied to a place reached you"),
    "offer.redeemed": lazy("The code of an offer was redeemed"),
    "device.added": lazy("You added a device of yours"),
    "device.removed": lazy("You removed a device of yours"),
    "calendar.linked": lazy("You made a calendar link"),
    "calendar.unlinked": lazy("You removed your calendar link"),
    "calendar.changed": lazy("You chose what your calendar shows"),
    "reminders.started": lazy("You confirmed an address for reminders by mail"),
    "reminders.ended": lazy("You ended reminders by mail"),
    "commitment.made": lazy("A promise was written down"),
    "commitment.accepted": lazy("You took up a promise of theirs"),
    "commitment.reported": lazy("They reported on a promise"),
    "commitment.due": lazy("A promise fell due"),
    "commitment.kept": lazy("You recorded a promise as kept"),
    "commitment.broken": lazy("A promise was recorded as broken"),
    "commitment.claimed": lazy("You claimed what a promise owes you"),
    "commitment.remedied": lazy("You recorded a broken promise as made good"),
    "commitment.waived": lazy("You let a promise go"),
    "commitment.disputed": lazy("You disputed what they reported on a promise"),
    "commitment.ended": lazy("A promise ended"),
    "commitment.noted": lazy("You wrote down what came of a promise"),
    "commitment.refused": lazy("They refused what a broken promise owes you"),
    "commitment.started": lazy("You said when the time of a promise began to run"),
    "commitment.cancelled": lazy("You gave notice"),
    "token.replaced": lazy("They replaced their access token"),
    "data.released": lazy("Data that you granted was sealed for them"),
    "key.accepted": lazy("You accepted their new key"),
    "letter.sent": lazy("You wrote them a letter"),
    "letter.answered": lazy("They answered a letter of yours"),
    "crm.recorded": lazy("They told you what they hold on you"),
    "elsewhere.noted": lazy("You noted a permission that you gave elsewhere"),
    "elsewhere.changed": lazy("You changed your note of a permission given elsewhere"),
    "client.tied": lazy("You said which company a system belongs to"),
    "data.read": lazy("They fetched data that you granted"),
    "profile.changed": lazy("You changed your settings"),
    "restore.confirmed": lazy("You confirmed that this service was restored from a backup"),
    "export.made": lazy("You exported your data"),
    "import.applied": lazy("You applied an import"),
    "import.undone": lazy("You undid an import"),
    "session.ended": lazy("You ended a session"),
    "alarm.raised": lazy("Something is wrong: look at this"),
    "alarm.settled": lazy("You said that the alarm is dealt with"),
}

STATUS: Mapping[str, Lazy] = {
    "given": lazy("live"),
    "paused": lazy("paused"),
    "suspended": lazy("suspended"),
    "withdrawn": lazy("withdrawn"),
    "expired": lazy("ran out"),
    "handed_back": lazy("handed back"),
}
STATUS_MEANS: Mapping[str, Lazy] = {
    "given": lazy("They may do what is written here."),
    "paused": lazy("You paused it: everything of theirs is refused until you resume."),
    "suspended": lazy("It suspended itself: everything of theirs is refused until you resume."),
    "withdrawn": lazy("You withdrew it: everything of theirs is refused, for good."),
    "expired": lazy("Its time is over: everything of theirs is refused."),
    "handed_back": lazy("They gave it back: everything of theirs is refused."),
}
STATUS_TONE: Mapping[str, Tone] = {
    "given": "good",
    "paused": "wait",
    "suspended": "wait",
    "withdrawn": "neutral",
    "expired": "neutral",
    "handed_back": "neutral",
}

REQUEST: Mapping[str, Lazy] = {
    "pending": lazy("waiting for you"),
    "countered": lazy("your offer is with them"),
    "granted": lazy("granted"),
    "refused": lazy("declined"),
    "declined": lazy("declined"),
    "expired": lazy("ran out"),
}

REFUSAL: Mapping[str, Lazy] = {
    "consent-withdrawn": lazy("you had withdrawn the permission"),
    "consent-paused": lazy("the permission was paused"),
    "consent-suspended": lazy("the permission had suspended itself"),
    "consent-expired": lazy("the permission had run out"),
    "action-not-granted": lazy("you have not allowed them to do this"),
    "purpose-not-granted": lazy("you have not allowed this purpose"),
    "channel-not-granted": lazy("you have not allowed this way of reaching you"),
    "outside-hours": lazy("it came outside the hours you allowed"),
    "over-frequency": lazy("they had already sent as many as you allowed"),
    "area-too-large": lazy("its place was larger than you allowed"),
    "rate-limited": lazy("they asked too often"),
    "malformed": lazy("it was not well formed"),
    "too-large": lazy("it was too large"),
    "commitment": lazy("a promise that it rests on was broken, and not made good in time"),
    "usefulness": lazy("too little of what they sent was of use to you"),
}

COMMITMENT: Mapping[str, Lazy] = {
    "offered": lazy("offered"),
    "active": lazy("active"),
    "kept": lazy("kept"),
    "broken": lazy("broken"),
    "remedied": lazy("made good"),
    "waived": lazy("let go"),
    "disputed": lazy("disputed"),
    "ended": lazy("ended"),
}
COMMITMENT_TONE: Mapping[str, Tone] = {
    "offered": "wait",
    "active": "neutral",
    "kept": "good",
    "broken": "bad",
    "remedied": "good",
    "waived": "neutral",
    "disputed": "bad",
    "ended": "neutral",
}
EVENT: Mapping[str, Lazy] = {
    "offered": lazy("Offered"),
    "accepted": lazy("Promised"),
    "kept": lazy("Kept"),
    "broken": lazy("Broken"),
    "claimed": lazy("Remedy claimed"),
    "remedied": lazy("Made good"),
    "waived": lazy("Let go"),
    "disputed": lazy("Disputed"),
    "ended": lazy("Ended"),
    "refused": lazy("Remedy refused"),
    "started": lazy("Time began to run"),
    "cancelled": lazy("Notice given"),
    "evidence": lazy("They reported that they kept it"),
    "made_good": lazy("They reported that they made it good"),
    "noted": lazy("Noted"),
}
BY_CLOCK: Mapping[str, Lazy] = {"broken": lazy("Broken: its day passed, and they had shown nothing")}
ACT: Mapping[str, Lazy] = {
    "accept": lazy("I take them up on it"),
    "keep": lazy("It was kept"),
    "break": lazy("It was broken"),
    "claim": lazy("I claimed the remedy"),
    "remedy": lazy("They made it good"),
    "waive": lazy("I let it go"),
    "dispute": lazy("It is not so: I dispute it"),
    "refuse": lazy("They refused it"),
    "start": lazy("Its time begins to run"),
    "cancel": lazy("I gave notice"),
    "end": lazy("It has ended"),
}
ACT_MINE: Mapping[str, Lazy] = {
    "keep": lazy("I kept it"),
    "break": lazy("I broke it"),
    "remedy": lazy("I made it good"),
    "waive": lazy("They let it go"),
}
"""Of the owner's own promises, where the words differ."""
BACKING: Mapping[str, Lazy] = {
    "remedy": lazy("Backed: breaking it costs them something that is written down."),
    "no_remedy": lazy("Just words: nothing follows if they break it."),
    "no_time": lazy("Just words: it is not said by when they keep it."),
    "own": lazy("Your own promise."),
}
SOURCE: Mapping[str, Lazy] = {
    "message": lazy("in a message"),
    "contract": lazy("in a contract"),
    "phone": lazy("on the phone"),
    "website": lazy("on their website"),
    "api": lazy("through their system"),
    "mail": lazy("in a mail"),
    "other": lazy("elsewhere"),
}
MESSAGE: Mapping[str, Lazy] = {"service": lazy("message"), "offer": lazy("offer"), "location_offer": lazy("offer tied to a place")}

TERMS_ERRORS: Mapping[str, Lazy] = {
    "wider": lazy("This is more than they asked for. You can only give less."),
    "nothing-left": lazy("No line is kept. Tick what you want to grant, or decline."),
    "missing": lazy("With nothing chosen here the line means nothing. Keep something, or leave the whole line out."),
    "contradiction": lazy("This does not go together with the rest of the line."),
    "same": lazy("This is exactly what they asked. Grant it, or change something first."),
    "agreement": lazy("The agreement that you chose rules this line out. Leave it out, or choose another agreement."),
    "out-of-bounds": lazy("This is outside what can be granted. Keep something, or leave the whole line out."),
}
"""By the code of a `consent.terms.TermsError`; those without words show its detail."""

DONE: Mapping[str, Lazy] = {
    "granted": lazy("Permission given. They can use it from now on."),
    "declined": lazy("Request declined. They are told no, and nothing else."),
    "countered": lazy("Counter-offer made. It is their turn; nothing is granted until they accept."),
    "my-terms-kept": lazy("Your terms are kept. Every request is held against them from now on."),
    "till-open": lazy("Ready. Let them scan it."),
    "till-closed": lazy("Closed. Nobody can ask over it any more."),
    "paused": lazy("Paused. From this moment everything of theirs is refused."),
    "resumed": lazy("Resumed. What is written here holds again."),
    "withdrawn": lazy("Withdrawn. From this moment everything of theirs is refused."),
    "already": lazy("This was already decided; nothing was changed."),
    "full": lazy("Nothing was noted: this promise holds as many steps as it can."),
    "voted": lazy("Thank you, noted. They are not told."),
    "promised": lazy("Promise recorded."),
    "noted": lazy("Noted in the promise's history."),
    "proof-kept": lazy("Noted: this document belongs to the promise."),
    "proof-gone": lazy("Noted. The document itself stays where it is."),
    "claim-kept": lazy("Claim letter kept. Print it or send it, then say that it has gone."),
    "noted-resumed": lazy("Noted in the promise's history. The permission that rests on it has resumed."),
    "all-paused": lazy("Everything is paused. Each company is refused until you resume."),
    "all-resumed": lazy("Resumed. Each permission holds again as it is written."),
    "vendor-paused": lazy("Every permission of this company is paused."),
    "vendor-resumed": lazy("Every permission of this company holds again."),
    "address-made": lazy("Contact link made. Hand it to one company only."),
    "address-closed": lazy("Contact link closed. It answers as if it had never been."),
    "kit-kept": lazy("Your recovery kit is yours alone now: the code has left this host."),
    "first-evening-empty": lazy("That was the first evening. Nothing is written down yet; begin when you like, one company is enough."),
    "first-evening": lazy("That was the first evening. What you wrote down is below; what comes next is under it."),
    "locked": lazy("Locked. The key has left this host."),
    "passkey-added": lazy("Passkey added. It opens your vault from now on."),
    "second-factor-added": lazy("Passkey added. It is asked for after the passphrase from now on."),
    "passkey-renamed": lazy("Renamed."),
    "passkey-removed": lazy("Passkey removed. It opens nothing any more; you may delete it from the device as well."),
    "alarm-settled": lazy("Noted. The alarm stays in your history."),
    "passphrase-changed": lazy("Passphrase changed. Every other browser is locked."),
    "resealed": lazy("Everything is sealed under the new key. The old one is destroyed."),
    "account-deleted": lazy("Your account is gone. Nothing of it is left on this host."),
    "restore-confirmed": lazy("Confirmed. Your permissions hold again as they are written here."),
    "profile-saved": lazy("Saved."),
    "session-ended": lazy("That browser is locked."),
    "sessions-ended": lazy("Every other browser is locked."),
    "claimed-code": lazy("Found it. Read what they ask before you decide."),
    "measure-kept": lazy("Your measure is kept, and holds from now on."),
    "corrected": lazy("Added. The number has changed where what you said holds now."),
    "signposts-kept": lazy("Answers kept."),
    "job-kept": lazy("Job written down."),
    "job-changed": lazy("Changes kept."),
    "job-step": lazy("Written down."),
    "job-removed": lazy("Job removed, with its history."),
    "tidied": lazy("Kept."),
    "vendor-kept": lazy("Company written down."),
    "vendor-changed": lazy("Changes kept."),
    "vendor-removed": lazy("Company removed, with all that belonged to it."),
    "interaction-kept": lazy("Written into the timeline."),
    "imported": lazy("Import applied."),
    "import-discarded": lazy("Import discarded. Nothing of the file was kept."),
    "import-undone": lazy("Import undone."),
    "import-nothing": lazy("Nothing was ticked, so nothing was taken."),
    "answer-read": lazy("Read. The mirror shows it now."),
    "answer-removed": lazy("Taken back. Nothing of that answer is left."),
    "columns-forgotten": lazy("Forgotten. The next such file asks again."),
    "item-kept": lazy("Item kept."),
    "item-changed": lazy("Item changed."),
    "item-removed": lazy("Item removed for good."),
    "together": lazy("Noted: they belong together."),
    "items-chosen": lazy("Done. From now on they can fetch exactly what is ticked."),
    "key-accepted": lazy("Their new key is the one from now on. Your data is sealed to it."),
    "letter-sent": lazy("Sent. Their system finds it sealed."),
    "letter-changed": lazy("Changes kept."),
    "letter-kept": lazy("Kept. Print it or send it, then say that it has gone."),
    "letter-gone": lazy("Noted: it has gone."),
    "zone-added": lazy("Private zone kept. From now on no offer reaches you there."),
    "zone-renamed": lazy("Renamed."),
    "zone-removed": lazy("Private zone removed. Offers can reach you there again."),
    "zones-full": lazy("That is as many zones as one account can have. Remove one first."),
    "calendar-chosen": lazy("Saved. Your calendar sees it the next time it looks."),
    "calendar-unlinked": lazy("Link removed. It answers as if it had never been."),
    "code-mailed": lazy("A code is on its way to you."),
    "reminders-on": lazy("Confirmed. You get a mail on a morning when something is due."),
    "reminders-off": lazy("Ended. Your address is forgotten."),
    "device-removed": lazy("Device removed. What it sends from now on is refused."),
    "events-retried": lazy("They are tried again."),
    "events-dropped": lazy("Let go."),
    "elsewhere-kept": lazy("Noted. Nobody is told; you can withdraw it by letter."),
    "elsewhere-changed": lazy("Changes kept."),
    "elsewhere-step": lazy("Written down."),
    "elsewhere-removed": lazy("Note removed. What you allowed there still stands."),
    "incident-kept": lazy("Written down."),
    "prices-kept": lazy("Prices written down."),
    "policy-kept": lazy("Copy kept."),
    "policy-agreed": lazy("Noted: this is the text that you agreed to."),
    "policy-removed": lazy("Copy removed for good."),
    "document-kept": lazy("Document attached."),
    "document-removed": lazy("Document removed for good."),
}
"""What `?done=<code>` says on the next page."""


def ledger_type(name: str) -> str:
    """A ledger type in words."""
    return str(LEDGER.get(name, name))


def said_by(actor: str) -> Side:
    """Whose act it was, for the two colours."""
    if actor == "owner":
        return "mine"
    return "theirs" if actor.startswith("client:") else "neutral"


def actor(name: str, clients: Mapping[str, str]) -> str:
    """Who did it: you, a client by its own name, or the instance."""
    kind, __, client_id = name.partition(":")
    if kind == "client":
        return clients.get(client_id, _("a system you do not know"))
    return {"owner": _("you"), "instance": _("this service"), "operator": _("your host")}.get(kind, name)


def refusal(slug: str) -> str:
    """Why something was refused."""
    return str(REFUSAL.get(slug, slug))


def status(name: str) -> str:
    """The status of a permission."""
    return str(STATUS.get(name, name))


def done(code: str) -> str | None:
    """What was done, for the page after a redirect; None for a code that we never send."""
    return str(DONE[code]) if code in DONE else None


def of_code(words: Mapping[str, Lazy], code: str) -> str:
    """The words for a code, or the code."""
    return str(words.get(code, code))


def times(n: int) -> str:
    """How often something happened."""
    return ngettext("%(n)d time", "%(n)d times", n) % {"n": n}


def iso(moment: datetime) -> str:
    """An instant for a `datetime` attribute."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
