"""What surrounds every page: the five places with what waits there, the form token, what was just done."""

from typing import Any

from fastapi import Request
from sqlmodel import col, func, select

from app.auth.owner import Owner
from app.exchange import matched
from app.i18n import _, language, ngettext
from app.tables import LetterAnswer
from app.ui import wording
from app.ui.inbox import quiet
from app.ui.view import view
from consent.store import Request as ConsentRequest
from vault.records import LetterRecord, MessageRecord

# Which place a path belongs to: everything that is not one of the first four lies one step inside Me.
INSIDE = {
    "/today": ("/today", "/first-evening", "/search"),
    "/vendors": ("/vendors", "/imports", "/balance", "/timeline"),
    "/inbox": ("/inbox", "/letters", "/nearby"),
    "/commitments": ("/commitments",),
    "/me": (
        "/me",
        "/jobs",
        "/my-terms",
        "/till",
        "/items",
        "/requests",
        "/device",
        "/grants",
        "/elsewhere",
        "/ledger",
        "/addresses",
        "/zones",
        "/devices",
        "/settings",
        "/operator",
    ),
}


@view
class Place:
    """One of the five places. `count` says how much waits there, `counted` what was counted."""

    text: str
    href: str
    icon: str
    current: bool
    here: bool
    count: int = 0
    counted: str = ""


@view
class Chrome:
    """The frame of a page, handed to every template as `chrome`."""

    path: str
    language: str
    csrf: str
    done: str | None = None
    signed_in: bool = False
    login: str = ""
    operator: bool = False
    time_zone: str = "UTC"
    places: tuple[Place, ...] = ()


def for_visitor(request: Request, csrf: str) -> Chrome:
    """The frame of a public page."""
    return Chrome(path=request.url.path, language=language(), csrf=csrf, done=_done(request))


def for_owner(request: Request, owner: Owner) -> Chrome:
    """The frame of an owner's page; counts what waits. Until the recovery kit is in safe hands no place can be entered."""
    path = request.url.path
    return Chrome(
        path=path,
        language=language(),
        csrf=owner.session.csrf,
        done=_done(request),
        signed_in=True,
        login=owner.account.login,
        operator=owner.account.operator,
        time_zone=owner.profile.time_zone,
        places=() if path == "/recovery-kit" else places(path, requests=waiting_requests(owner), unread=unread_messages(owner)),
    )


def for_stranded(request: Request, owner: Owner) -> Chrome:
    """The frame of an error page of an owner whose transaction is over: nothing more is read from the database."""
    return Chrome(
        path=request.url.path,
        language=language(),
        csrf=owner.session.csrf,
        signed_in=True,
        time_zone=owner.profile.time_zone,
        places=places(request.url.path),
    )


def places(path: str, *, requests: int = 0, unread: int = 0) -> tuple[Place, ...]:
    """The five places, in order."""
    today = (_("Today"), "/today", "today", requests, ngettext("request waiting", "requests waiting", requests))
    inbox = (_("Inbox"), "/inbox", "inbox", unread, ngettext("unread message", "unread messages", unread))
    rows = (
        today,
        (_("Companies"), "/vendors", "companies", 0, ""),
        inbox,
        (_("Promises"), "/commitments", "promises", 0, ""),
        (_("Me"), "/me", "me", 0, ""),
    )
    return tuple(
        Place(text=text, href=href, icon=icon, current=_inside(path, href), here=path == href, count=count, counted=counted)
        for text, href, icon, count, counted in rows
    )


def waiting_requests(owner: Owner) -> int:
    """How many requests wait for the owner's answer."""
    waiting = select(func.count()).where(
        col(ConsentRequest.account_id) == owner.account_id,
        col(ConsentRequest.state) == "pending",
        col(ConsentRequest.expires_at) > owner.now,
    )
    return int(owner.db.exec(waiting).one())


def unread_messages(owner: Owner) -> int:
    """How many messages have not been opened: those still sealed, and those collected but not read; none that quiet hours hold."""
    offers = 0 if quiet.until(owner) else matched.count(owner.db, owner.account_id)
    collected = sum(_unread(digest.values) and not quiet.held(owner, digest.values) for digest in owner.digests(MessageRecord))
    return quiet.sealed_unread(owner) + offers + collected + _unread_answers(owner)


def _unread_answers(owner: Owner) -> int:
    sealed = select(func.count()).where(col(LetterAnswer.account_id) == owner.account_id, col(LetterAnswer.sealed).is_not(None))
    opened = sum(int(str(digest.values["unread"])) for digest in owner.digests(LetterRecord))
    return int(owner.db.exec(sealed).one()) + opened


def _unread(values: dict[str, Any]) -> bool:
    return not values.get("read") and not values.get("read_at") and not values.get("taken_back_at")


def _inside(path: str, href: str) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in INSIDE[href])


def _done(request: Request) -> str | None:
    code = request.query_params.get("done")
    return wording.done(code) if code else None
