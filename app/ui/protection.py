"""`/protection`: what is and what is not protected, in plain words, for anybody. `vault/THREATS.md` says it in full."""

from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.i18n import Lazy, lazy
from app.settings import Settings
from app.ui.pages import Page
from app.ui.render import render
from app.ui.view import view

router = APIRouter(include_in_schema=False)

PROTECTED: tuple[tuple[Lazy, Lazy], ...] = (
    (
        lazy("The database, or a backup of it, is stolen"),
        lazy(
            "What you wrote, what you keep and what companies wrote to you stays closed. "
            "It opens only with your passphrase, a passkey of yours or your recovery code."
        ),
    ),
    (
        lazy("A company uses more than you allowed"),
        lazy("Its message is refused before it reaches you, with the reason, and the refusal is in your history."),
    ),
    (
        lazy("You withdraw a permission"),
        lazy("The very next thing they try is refused. Nothing is cached, nothing runs on until tomorrow."),
    ),
    (
        lazy("Two companies compare notes"),
        lazy("Each knows you under a name of its own. On a host with several people nothing here tells them that you are the same person."),
    ),
    (
        lazy("Somebody changes your history"),
        lazy("Every entry is chained to the one before. A change, a gap or a false order is found when you check."),
    ),
    (
        lazy("You leave the browser open"),
        lazy("It locks after thirty idle minutes at the latest, and after twelve hours in any case."),
    ),
)
NOT_PROTECTED: tuple[tuple[Lazy, Lazy], ...] = (
    (
        lazy("A host that is dishonest, or broken into, while you are unlocked"),
        lazy("Pages are made on the host. Whoever controls it then sees what you see. Use a host you trust, or your own."),
    ),
    (
        lazy("What you gave away"),
        lazy("Withdrawing stops what comes next. It does not take back what a company has already fetched or written down."),
    ),
    (
        lazy("That there is something"),
        lazy(
            "Your login name, how many things you keep and when they changed, which company has which permission on what terms, and when "
            "promises fall due stand unencrypted, because the gate must work while you are away."
        ),
    ),
    (
        lazy("A host with one person"),
        lazy("Companies that know the address of this host can tell that they deal with the same person."),
    ),
    (
        lazy("A passkey used as a second factor"),
        lazy(
            "It stops somebody who tries your passphrase here. It does not stop a thief of the database who knows your passphrase: the "
            "program asks for it, nothing is encrypted with it. A passkey that opens the vault by itself is different: it holds a key."
        ),
    ),
    (
        lazy("A weak passphrase"),
        lazy("Guessing is made slow, not impossible. Four or five words that do not belong together are out of reach."),
    ),
    (
        lazy("Passphrase and recovery code both lost"),
        lazy("Nobody can open your account then, and nobody can reset it."),
    ),
)


@view(kw_only=True)
class ProtectionPage(Page):
    """Two columns. `secure`: whether this host is reached over TLS."""

    template: ClassVar[str] = "protection/index.html"
    protected: tuple[tuple[Lazy, Lazy], ...]
    not_protected: tuple[tuple[Lazy, Lazy], ...]
    secure: bool


@router.get("/protection")
def index(request: Request) -> Response:
    """The page."""
    settings: Settings = request.app.state.settings
    return render(request, ProtectionPage(protected=PROTECTED, not_protected=NOT_PROTECTED, secure=settings.secure))
