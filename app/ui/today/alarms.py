"""What must not be overlooked on Today: a history that went back or was changed, ways in that somebody changed."""

from collections.abc import Iterator

from app.auth import restored, ways_in
from app.auth.owner import Owner
from app.exchange import marks
from app.exchange.marks import Standing
from app.i18n import _
from app.ui.render import as_datetime
from app.ui.view import view


@view
class Alarm:
    """Something that must not be overlooked. `settle`: it stays until the owner says that it is dealt with; `confirm`: until then
    companies find every permission paused."""

    title: str
    text: str
    href: str
    act: str
    settle: bool = False
    confirm: bool = False


def alarms(owner: Owner) -> Iterator[Alarm]:
    """Those that stand now."""
    standing = marks.standing(owner.db, owner.stores.state, owner.account_id)
    if standing is not Standing.LEVEL:
        title, text = _restored(standing)
        yield Alarm(title=title, text=text, href="/ledger/verify", act=_("Check the history"), confirm=True)
    raised = ways_in.unsettled(owner.db, owner.account_id)
    what = ways_in.details_of(owner.db, owner.keyring, raised).get("what") if raised else None
    if raised is not None and what != restored.WHAT:
        title, text = _slots_went_back() if what == "slots-went-back" else _slots_tampered()
        yield Alarm(
            title=title, text=text % {"when": as_datetime(raised.at)}, href="/settings#ways", act=_("Look at the ways in"), settle=True
        )


def _restored(standing: Standing) -> tuple[str, str]:
    paused = _("Until you confirm, companies find every permission paused.")
    withdrawn = _("What you had withdrawn stays withdrawn.")
    if standing is Standing.BEHIND:
        told = _(
            "This host was probably restored from a backup. What happened since then is missing here: look over your permissions and "
            "promises, and do again what is not there."
        )
        return _("Your history is shorter than it was"), f"{told} {paused} {withdrawn}"
    if standing is Standing.FORKED:
        told = _(
            "It is not the history that this service last wrote. If this host was restored from a backup, that is why. If it was not, ask "
            "whoever runs it what happened before you confirm."
        )
        return _("Your history was changed"), f"{told} {paused} {withdrawn}"
    told = _(
        "It keeps a note, apart from its database, of how far your history went, and that note is gone: after a move or a restore that "
        "is normal. Look over your permissions: one that you withdrew after the backup was made is alive again unless you withdraw it now."
    )
    return _("This service does not remember you"), f"{told} {paused}"


def _slots_went_back() -> tuple[str, str]:
    return (
        _("Your passphrase, recovery code or passkeys are older ones again"),
        _(
            "Noticed %(when)s. If this host was restored from a backup, that is why: make your last change again. If it was not, "
            "somebody who can write to its database put back a way in that you had removed: choose a new passphrase and make a new "
            "recovery kit now, and if anything else looks wrong, use “I was compromised” in the settings."
        ),
    )


def _slots_tampered() -> tuple[str, str]:
    return (
        _("Somebody changed the ways into your account"),
        _(
            "Noticed %(when)s: the stored passphrase, recovery code or passkeys were not the ones last written here, and nothing was "
            "opened with them. They are in order now. Ask whoever runs this host who can write to its database."
        ),
    )
