"""Imports: choose a file, see how far it is, and which imports wait or are past."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import clock
from app.auth import sessions
from app.auth.owner import Owner, Reader, Sender, Unread
from app.auth.upload_stream import AROUND, Received, receive
from app.errors import BadForm, ForgedForm, TooLarge
from app.exchange.importers import staging
from app.exchange.importers.arriving import Arriving
from app.exchange.importers.mail.mailbox import LIMIT
from app.exchange.importers.reading import ImportRefused
from app.exchange.importers.staging import Staged, Stopped
from app.i18n import Lazy
from app.ui.imports import words as import_words
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from vault import store
from vault.records import Import
from vault.store import Opened

router = APIRouter(include_in_schema=False)

AGAIN = "5"
"""Seconds after which the page of the progress loads itself again."""

SILENT = timedelta(minutes=2)
"""After so long without a sign an upload has stopped."""


@view
class PastRow:
    """An import that was applied."""

    import_id: str
    format: str
    file_name: str
    at: datetime
    added: int
    changed: int
    undone: bool


@view
class WaitingRow:
    """An import that is being read, or waits for the owner. `share` is how much of the file has come, in percent."""

    import_id: str
    format: str
    file_name: str
    at: datetime
    state: str
    mails: int
    senders: int
    size: int
    share: int
    stopped: bool

    @property
    def moving(self) -> bool:
        """Whether it is being read right now."""
        return self.state == "reading" and not self.stopped


@view(kw_only=True)
class IndexPage(Page):
    """Imports that wait, and those that were applied."""

    template: ClassVar[str] = "imports/index.html"
    waiting: tuple[WaitingRow, ...]
    past: tuple[PastRow, ...]


@view(kw_only=True)
class ProgressPage(Page):
    """How far a file is; loads itself again while one is being read."""

    template: ClassVar[str] = "imports/progress.html"
    waiting: tuple[WaitingRow, ...]
    moving: bool


@view(kw_only=True)
class NewPage(Page):
    """The form for a file."""

    template: ClassVar[str] = "imports/new.html"
    never: tuple[Lazy, ...] = import_words.NEVER
    errors: Mapping[str, str]


class Taking:
    """Where an upload goes, once its form has shown the session's token. `finish` raises what the file was refused for."""

    def __init__(self, sender: Sender, announced: int) -> None:
        self._sender, self._announced = sender, announced
        self.arriving: Arriving | None = None
        self._refused: ImportRefused | TooLarge | None = None

    def begin(self, fields: Mapping[str, str]) -> Arriving:
        """The fields before the file. Raises ForgedForm."""
        sender = self._sender
        if not sender.session.csrf_ok(fields.get("csrf", "")):
            raise ForgedForm
        with sender.reading() as owner:
            zone = owner.profile.time_zone
        self.arriving = Arriving(
            sender.stores.main,
            sender.keyring,
            name=fields["file"],
            announced=self._announced,
            alive=lambda: sessions.keep_alive(sender.stores.state, sender.session.id_hash, now=clock.now()),
            zone=zone,
        )
        return self.arriving

    def finish(self, received: Received | None) -> str:
        """All of it has come: the import id. Raises ImportRefused."""
        if self._refused is not None:
            raise self._refused
        if received is None or self.arriving is None:
            raise ImportRefused("missing")
        return self.arriving.finish()

    async def between(self) -> None:
        """After each piece: let the file be read, outside of the event loop.

        A browser shows the answer only once it has sent everything, so the rest of a refused file is taken and dropped.
        """
        if self.arriving is not None and self.arriving.due:
            try:
                await run_in_threadpool(self.arriving.work)
            except (ImportRefused, TooLarge) as refused:
                self._refused = refused
                self.arriving.drop()


@router.get("/imports")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """Imports that wait and that were applied, the newest first."""
    found = sorted(store.digests(owner.db, owner.keyring, Import), key=lambda digest: digest.created_at, reverse=True)
    past = tuple(_past(digest.record_id, digest.created_at, digest.values) for digest in found)
    return render(request, IndexPage(waiting=_waiting(owner), past=past), owner=owner)


@router.get("/imports/new")
def new(request: Request, owner: Reader) -> HTMLResponse:
    """The form."""
    return render(request, NewPage(errors={}), owner=owner)


@router.get("/imports/progress")
def progress(request: Request, owner: Reader) -> HTMLResponse:
    """How far the files are that are being read."""
    waiting = _waiting(owner)
    moving = any(row.moving for row in waiting)
    answer = render(request, ProgressPage(waiting=waiting, moving=moving), owner=owner)
    if moving:
        answer.headers["refresh"] = AGAIN
    return answer


@router.post("/imports/new", max_body_size=LIMIT + AROUND)
async def create(request: Request, sender: Unread) -> Response:
    """Read the file as it comes, stage what is in it, and go to the preview. A refused file leaves no row."""
    announced = request.headers.get("content-length", "")
    taking = Taking(sender, int(announced) if announced.isdigit() else 0)
    import_id = ""
    try:
        received = await receive(request, taking.begin, limit=LIMIT, between=taking.between)
        import_id = await run_in_threadpool(taking.finish, received)
    except Stopped:
        return see_other("/imports/new?done=import-discarded")
    except (ImportRefused, TooLarge, BadForm) as refused:
        return await run_in_threadpool(_refused, request, sender, refused)
    finally:
        if not import_id and taking.arriving is not None:
            taking.arriving.abandon()
    return see_other(f"/imports/{import_id}")


def _refused(request: Request, sender: Sender, refused: Exception) -> Response:
    with sender.reading() as owner:
        words, status = import_words.refusal("bad_form"), 422
        if isinstance(refused, ImportRefused):
            words = import_words.refusal(refused)
        elif isinstance(refused, TooLarge):
            words, status = import_words.refusal("too_large"), 413
        return render(request, NewPage(errors={"file": words}), owner=owner, status=status)


def format_in_words(code: str) -> str:
    """What a format is called."""
    return str(import_words.FORMATS.get(code, code))


def _waiting(owner: Owner) -> tuple[WaitingRow, ...]:
    return tuple(_waiting_row(opened, owner.now) for opened in staging.waiting(owner.db, owner.keyring))


def _waiting_row(opened: Opened[Staged], now: datetime) -> WaitingRow:
    head = opened.fields
    counts = head.summary
    announced, read = counts.get("announced", 0), counts.get("bytes", 0)
    return WaitingRow(
        import_id=opened.record_id,
        format=format_in_words(head.format),
        file_name=head.file_name,
        at=opened.created_at,
        state=head.state,
        mails=counts.get("mails", 0) or counts.get("dropped.mail", 0),
        senders=counts.get("senders", 0),
        size=read,
        share=min(100, 100 * read // announced) if announced else 0,
        stopped=head.state == "reading" and now - opened.updated_at > SILENT,
    )


def _past(import_id: str, at: datetime, values: Mapping[str, object]) -> PastRow:
    counts = values.get("summary")
    summary = counts if isinstance(counts, dict) else {}
    return PastRow(
        import_id,
        format_in_words(str(values["format"])),
        str(values["file_name"]),
        at,
        int(summary.get("added", 0)),
        int(summary.get("changed", 0)),
        values["state"] == "undone",
    )
