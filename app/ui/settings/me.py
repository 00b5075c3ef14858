"""`/me`: the way to everything that lies one step inside."""

from typing import ClassVar

from fastapi import APIRouter, Request
from sqlmodel import col, func, select
from starlette.responses import Response

from app.auth.owner import Owner, Reader
from app.exchange import standing
from app.i18n import _, ngettext
from app.ui.chrome import waiting_requests
from app.ui.pages import Page
from app.ui.render import render
from app.ui.view import view
from consent.store import Grant, LedgerHead
from vault.records import AddressRecord, Item, Job, LetterRecord

router = APIRouter(include_in_schema=False)


@view
class Way:
    """A door: where it leads, and what stands behind it now."""

    text: str
    href: str
    icon: str
    about: str
    count: str = ""


@view(kw_only=True)
class MePage(Page):
    """The hub."""

    template: ClassVar[str] = "me/index.html"
    login: str
    mine: tuple[Way, ...]
    house: tuple[Way, ...]


@router.get("/me")
def index(request: Request, owner: Reader) -> Response:
    """The page."""
    house: tuple[Way, ...] = (
        Way(_("Import"), "/imports/new", "import", _("Companies from your mail, a password manager, a browser or an address book.")),
        Way(_("Settings"), "/settings", "settings", _("Passphrase, passkeys, recovery kit, time zone, open sessions.")),
        Way(_("What is protected"), "/protection", "shield", _("And what is not, in plain words.")),
    )
    if owner.account.operator:
        house = (*house, Way(_("Host"), "/operator", "host", _("Invite people and companies' systems; what was done on this host.")))
    return render(request, MePage(login=owner.account.login, mine=_mine(owner), house=house), owner=owner)


def _mine(owner: Owner) -> tuple[Way, ...]:
    items = len(owner.digests(Item))
    links = len(owner.digests(AddressRecord))
    jobs = len(owner.digests(Job))
    letters = len(owner.digests(LetterRecord))
    live = owner.db.exec(select(func.count()).where(col(Grant.account_id) == owner.account_id, col(Grant.status) == "given")).one()
    waiting = waiting_requests(owner)
    head = owner.db.get(LedgerHead, owner.account_id)
    entries = head.size if head else 0
    return (
        Way(
            _("My data"),
            "/items",
            "data",
            _("What companies ask for, kept by you."),
            ngettext("%(n)d item", "%(n)d items", items) % {"n": items},
        ),
        Way(
            _("Jobs"),
            "/jobs",
            "check",
            _("What you want to get done, and whom you hired for it."),
            ngettext("%(n)d job", "%(n)d jobs", jobs) % {"n": jobs},
        ),
        Way(
            _("Who leans on whom"),
            "/balance",
            "scales",
            _("All companies on one map: who leans more, and how much there is between you."),
        ),
        Way(
            _("Permissions"),
            "/grants",
            "permission",
            _("Who may do what, until when. Withdraw in one step."),
            _("%(n)d live") % {"n": live},
        ),
        Way(
            _("Requests"),
            "/requests",
            "request",
            _("Who asks, for what. A code from a till goes here too."),
            _("%(n)d waiting") % {"n": waiting},
        ),
        Way(
            _("My terms"),
            "/my-terms",
            "shield",
            _("What you would agree to, and who may ask at all. They come before any company's."),
            "" if standing.of(owner.db, owner.keyring) else _("not yet said"),
        ),
        Way(_("Show at the till"), "/till", "qr", _("A contact link for ten minutes, big enough to scan.")),
        Way(
            _("Contact links"),
            "/addresses",
            "link",
            _("One for each company; close it and they are gone."),
            ngettext("%(n)d link", "%(n)d links", links) % {"n": links},
        ),
        Way(_("Reminders"), "/reminders", "clock", _("What is due, in your calendar or by mail. Neither opens your vault.")),
        Way(_("Nearby"), "/nearby", "place", _("Offers tied to a place; private zones, where none reaches you; your phones.")),
        Way(
            _("Letters"),
            "/letters",
            "edit",
            _("What you wrote to companies, and what they answered."),
            ngettext("%(n)d letter", "%(n)d letters", letters) % {"n": letters},
        ),
        Way(
            _("History"),
            "/ledger",
            "history",
            _("All that touched your data or your consent, in a chain that shows tampering."),
            ngettext("%(n)d entry", "%(n)d entries", entries) % {"n": entries},
        ),
    )
