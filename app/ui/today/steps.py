"""What comes next on Today, while there is something that the owner has not tried: the first evening, and what follows it."""

from app.auth.owner import Owner
from app.exchange import standing
from app.i18n import _
from app.ui.today.first_evening_words import STEPS
from app.ui.view import view
from vault.records import AddressRecord, Import, Item


@view
class Step:
    """A step; `done` when it has been taken."""

    title: str
    text: str
    href: str
    act: str
    done: bool
    also: tuple[str, str] | None = None


def steps(owner: Owner, evening: frozenset[str]) -> tuple[Step, ...]:
    """The first evening, of which the steps named are done, and what comes after it; nothing once each has been taken."""
    found = (_evening(len(evening)), _import(owner), _link(owner), _address(owner), _terms(owner))
    return () if all(step.done for step in found) else found


def _evening(done: int) -> Step:
    of = len(STEPS)
    told = _("%(done)d of %(of)d done.") % {"done": done, "of": of}
    return Step(
        title=_("The first evening"),
        text=_("Three companies, what hangs on them, one promise, one letter. Ten minutes at most; every step can be skipped.")
        + (f" {told}" if done else ""),
        href="/first-evening",
        act=_("Go on") if done else _("Begin"),
        done=done == of,
        also=("/vendors/new", _("or add one company")),
    )


def _import(owner: Owner) -> Step:
    states = {str(one.values["state"]) for one in owner.digests(Import)}
    return Step(
        title=_("Bring what is written down elsewhere"),
        text=_("A mailbox finds who writes to you, a password export where you have an account. Passwords are never kept."),
        href="/imports/new",
        act=_("Import a file"),
        done="applied" in states,
    )


def _link(owner: Owner) -> Step:
    return Step(
        title=_("Hand out a contact link"),
        text=_("Over it one company may ask for your permission, and nobody else. You close it when you like."),
        href="/vendors",
        act=_("Choose the company"),
        done=bool(owner.digests(AddressRecord)),
    )


def _address(owner: Owner) -> Step:
    return Step(
        title=_("Keep your e-mail address here"),
        text=_("Encrypted, and in one place; from here you decide which company gets to know it."),
        href="/items/new?term=pd:EmailAddress",
        act=_("Save an address"),
        done=any(one.values["term"] == "pd:EmailAddress" for one in owner.digests(Item)),
    )


def _terms(owner: Owner) -> Step:
    return Step(
        title=_("Say your own terms"),
        text=_("What you would agree to, and who may ask at all. What a company asks beyond them is marked as such."),
        href="/my-terms",
        act=_("Say them"),
        done=standing.of(owner.db, owner.keyring) is not None,
    )
