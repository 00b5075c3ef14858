"""What a browser is shown when a page cannot be: what happened, what was kept, what to do. No detail of the inside."""

from typing import ClassVar

from fastapi import Request
from starlette.responses import Response

from app.auth.owner import Owner
from app.i18n import _, ngettext
from app.ui import chrome
from app.ui.pages import Page
from app.ui.render import render, show
from app.ui.view import view


@view(kw_only=True)
class ErrorPage(Page):
    """`kept` says what happened to what was sent; `reference` is an id in the log; `ways` lead on, the best one first."""

    template: ClassVar[str] = "errors/show.html"
    number: int
    title: str
    text: str
    kept: str = ""
    reference: str = ""
    ways: tuple[tuple[str, str], ...] = ()


def error_page(request: Request, status: int, *, reference: str = "", retry_after: int = 0, limit: int = 0) -> Response:
    """The page for a status. In the owner's frame when the request had got as far as an unlocked owner.

    `retry_after` in seconds for 429, `limit` in bytes for 413, `reference` for 500.
    """
    owner: Owner | None = getattr(request.state, "owner", None)
    title, text = _said(status, retry_after, limit)
    kept = _("Nothing was changed.") if request.method == "POST" else ""
    page = ErrorPage(number=status, title=title, text=text, kept=kept, reference=reference, ways=_ways(status, unlocked=owner is not None))
    if owner is not None:
        return show(page, chrome.for_stranded(request, owner), status=status)
    return render(request, page, status=status)


def _ways(status: int, *, unlocked: bool) -> tuple[tuple[str, str], ...]:
    home = (_("To Today"), "/today") if unlocked else (_("To the front page"), "/")
    return ((_("Unlock"), "/unlock"), home) if status == 401 else (home,)


def _said(status: int, retry_after: int, limit: int) -> tuple[str, str]:
    minutes = max(1, -(-retry_after // 60))
    megabytes = limit / 1024 / 1024
    words = {
        400: (_("That could not be read"), _("What arrived is not a form of this page. Go back, reload the page and try again.")),
        401: (_("You are locked"), _("The browser was idle too long, or was locked elsewhere. Unlock, then do it again.")),
        403: (
            _("This form is not from here"),
            _("It came from another page, or the page was open longer than its session. Go back, reload the page and send it again."),
        ),
        404: (_("There is nothing here"), _("The address is mistyped, the thing is gone, or it is not yours to see.")),
        405: (_("Not like this"), _("This address does not take what was sent to it.")),
        409: (
            _("The ways into this account were changed"),
            _(
                "Not by you through this service: the stored passphrase, recovery code or passkeys are not the ones last written here. "
                "Nothing was opened, and it is noted in the account's history. Ask whoever runs this host what happened; a backup from "
                "before puts it right."
            ),
        ),
        413: (_("That is too large"), _("At most %(n).1f MB fit through here. Nothing of it was read.") % {"n": megabytes}),
        422: (_("That does not fit"), _("Something in the form is missing or not as expected. Go back and look at it again.")),
        429: (
            _("Too many tries"),
            ngettext("Wait %(n)d minute, then try again.", "Wait %(n)d minutes, then try again.", minutes) % {"n": minutes},
        ),
        500: (
            _("Something broke on our side"),
            _("It is not your fault. What was saved before is still saved; what you just sent was not."),
        ),
        503: (_("Not just now"), _("The database does not answer. Try again in a minute; nothing is lost.")),
    }
    return words.get(status, words[500 if status >= 500 else 400])
