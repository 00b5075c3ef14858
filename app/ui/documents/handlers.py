"""Documents of an item, a company or a promise: attached, listed, opened, saved, removed.

An upload is sealed from the request stream, see `upload_stream`; the transaction is opened when all of it is sealed, so
that a slow line holds no lock.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Sender, Unread, Writer
from app.auth.upload_stream import receive
from app.errors import BadForm, ForgedForm, NotFound, TooLarge
from app.i18n import Lazy, _, lazy
from app.ui import media_types
from app.ui.forms import FormErrors
from app.ui.media_types import Sniffer
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from vault import attachments, store
from vault.attachments import LIMIT, Document, Sealer
from vault.records import Commitment, Item, Proof, Vendor

router = APIRouter(include_in_schema=False)

TYPES: Mapping[str, Lazy] = {
    "image/png": lazy("picture (PNG)"),
    "image/jpeg": lazy("picture (JPEG)"),
    "image/gif": lazy("picture (GIF)"),
    "image/webp": lazy("picture (WebP)"),
    "application/pdf": lazy("PDF"),
    media_types.TEXT: lazy("plain text"),
    media_types.ZIP: lazy("ZIP archive"),
    media_types.UNKNOWN: lazy("file"),
}
SHOWN_ALONE = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A document is shown in an origin of its own that may load and run nothing. The style is what browsers put around a picture."""


MOST_PROOFS = 100
"""As many as the record of a promise takes."""


@view
class Row:
    """A document in a list."""

    href: str
    name: str
    kind: str
    size: int
    at: datetime
    opens: bool


@view(kw_only=True)
class NewPage(Page):
    """The form again, after a file that was not taken. `shows` is what evidence was said to show, None where a file is no evidence."""

    template: ClassVar[str] = "documents/new.html"
    holder: str
    name: str
    shows: str | None
    errors: Mapping[str, str]


@view(kw_only=True)
class RemovePage(Page):
    """The question before a document goes."""

    template: ClassVar[str] = "documents/remove.html"
    holder: str
    name: str
    row: Row


class Sealing:
    """Where an upload goes: past the sniffer into the sealer, once its form has shown the session's token."""

    def __init__(self, sender: Sender, record_id: str) -> None:
        self._sender, self.sealer, self.sniffer = sender, Sealer(sender.keyring, record_id), Sniffer()
        self.shows = ""

    def begin(self, fields: Mapping[str, str]) -> "Sealing":
        """The fields before the file. Raises ForgedForm."""
        if not self._sender.session.csrf_ok(fields.get("csrf", "")):
            raise ForgedForm
        self.shows = fields.get("shows", "").strip()[:1000]
        return self

    def write(self, data: bytes) -> None:
        """The next bytes of the file."""
        self.sniffer.write(data)
        self.sealer.write(data)


@view
class Kind:
    """What can hold documents: the kind of record, and what one of it is called."""

    model: type[Any]
    name: Callable[[Any], str]


HOLDERS: Mapping[str, Kind] = {
    "items": Kind(Item, lambda item: item.label or item.value),
    "vendors": Kind(Vendor, lambda vendor: vendor.name),
    "commitments": Kind(Commitment, lambda promise: promise.promise),
}
"""By the first part of the path of their pages."""


def _held_by(noun: str) -> APIRouter:
    """The routes of the documents that records of one kind hold."""
    routes = APIRouter(prefix=f"/{noun}/{{record_id}}/documents", include_in_schema=False)

    @routes.post("")
    async def attach(request: Request, record_id: str, sender: Unread) -> Response:
        """Attach a file; for a promise it is evidence, and `shows` says of what."""
        return await _attach(request, sender, f"/{noun}/{record_id}")

    @routes.get("/{document_id}")
    def show(request: Request, record_id: str, document_id: str, owner: Reader) -> Response:
        """A document; `?save=1` hands it out to be saved."""
        return _handed_out(request, owner, f"/{noun}/{record_id}", document_id)

    @routes.get("/{document_id}/remove")
    def ask_remove(request: Request, record_id: str, document_id: str, owner: Reader) -> Response:
        """Ask before removing."""
        return _asked(request, owner, f"/{noun}/{record_id}", document_id)

    @routes.post("/{document_id}/remove")
    def remove(record_id: str, document_id: str, owner: Writer) -> Response:
        """Remove a document for good."""
        return _removed(owner, f"/{noun}/{record_id}", document_id)

    return routes


for held_by in HOLDERS:
    router.include_router(_held_by(held_by))


def rows(owner: Owner, holder: str) -> tuple[Row, ...]:
    """The documents of a record for its page, newest first. `holder` is the path of that page."""
    return tuple(_row(holder, one) for one in attachments.of_record(owner.db, owner.keyring, _record_id(holder)))


def disposition(name: str, *, inline: bool) -> str:
    """`Content-Disposition` (RFC 6266): the name in ASCII for old programs, and whole in UTF-8 (RFC 8187)."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in name)
    whole = quote(name, safe="!#$&+-.^_`|~")
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{whole}"


async def _attach(request: Request, sender: Sender, holder: str) -> Response:
    await run_in_threadpool(_name_now, sender, holder)
    sealing = Sealing(sender, _record_id(holder))
    errors = FormErrors()
    try:
        received = await receive(request, sealing.begin, limit=LIMIT)
    except TooLarge:
        errors.add("file", _too_large())
        return await run_in_threadpool(_refused, request, sender, holder, sealing.shows, errors, 413)
    except BadForm:
        errors.add("file", _("The file did not arrive whole. Try again."))
        return await run_in_threadpool(_refused, request, sender, holder, sealing.shows, errors, 400)
    if received is None:
        errors.add("file", _("Choose a file first."))
        return await run_in_threadpool(_refused, request, sender, holder, sealing.shows, errors, 422)
    draft = sealing.sealer.draft(received.name or _("document"), sealing.sniffer.found(), now=sender.now)
    await run_in_threadpool(_keep, sender, holder, draft, sealing.shows)
    return see_other(f"{holder}?done=document-kept#documents")


def _keep(sender: Sender, holder: str, draft: attachments.Draft, shows: str) -> None:
    with sender.writing() as owner:
        _name(owner, holder)
        document_id = attachments.add(owner.db, draft)
        if _proves(holder):
            _prove(owner, _record_id(holder), document_id, shows)


def _prove(owner: Owner, commitment_id: str, document_id: str, shows: str) -> None:
    """Say in the promise itself what the document shows; where that list is full, the document is there all the same."""
    opened = store.get(owner.db, owner.keyring, Commitment, commitment_id)
    if opened is not None and len(opened.fields.proofs) < MOST_PROOFS:
        made = Proof(record_id=commitment_id, document_id=document_id, shows=shows, added_at=owner.now)
        grown = opened.fields.model_copy(update={"proofs": (*opened.fields.proofs, made)})
        store.replace(owner.db, owner.keyring, commitment_id, grown, now=owner.now)


def _proves(holder: str) -> bool:
    """Whether what it holds is evidence."""
    return holder.startswith("/commitments/")


def _refused(request: Request, sender: Sender, holder: str, shows: str, errors: FormErrors, status: int) -> Response:  # noqa: PLR0917 - a form sent back
    with sender.reading() as owner:
        page = NewPage(holder=holder, name=_name(owner, holder), shows=shows if _proves(holder) else None, errors=errors)
        return render(request, page, owner=owner, status=status)


def _too_large() -> str:
    return _("A document has at most %(n)d MB. This one is larger, and nothing of it was kept.") % {"n": LIMIT >> 20}


def _name_now(sender: Sender, holder: str) -> None:
    with sender.reading() as owner:
        _name(owner, holder)


def _name(owner: Owner, holder: str) -> str:
    """What the item, company or promise is called. Raises NotFound."""
    kind = HOLDERS[holder.split("/")[1]]
    opened = store.get(owner.db, owner.keyring, kind.model, _record_id(holder))
    if opened is None:
        raise NotFound
    return kind.name(opened.fields)


def _record_id(holder: str) -> str:
    return holder.split("/")[2]


def _find(owner: Owner, holder: str, document_id: str) -> Document:
    _name(owner, holder)
    found = attachments.find(owner.db, owner.keyring, _record_id(holder), document_id)
    if found is None:
        raise NotFound
    return found


def _handed_out(request: Request, owner: Owner, holder: str, document_id: str) -> Response:
    document = _find(owner, holder, document_id)
    # Whole before the first byte leaves: what turns out to be cut off must not look like a shorter document.
    data = b"".join(attachments.read(owner.db, owner.keyring, document.record_id, document_id))
    inline = document.media_type in media_types.SHOWN and "save" not in request.query_params
    headers = {"content-disposition": disposition(document.name, inline=inline), "content-security-policy": SHOWN_ALONE}
    return Response(data, media_type=document.media_type, headers=headers)


def _asked(request: Request, owner: Owner, holder: str, document_id: str) -> Response:
    page = RemovePage(holder=holder, name=_name(owner, holder), row=_row(holder, _find(owner, holder, document_id)))
    return render(request, page, owner=owner)


def _removed(owner: Owner, holder: str, document_id: str) -> Response:
    _find(owner, holder, document_id)
    attachments.remove(owner.db, owner.account_id, _record_id(holder), document_id)
    return see_other(f"{holder}?done=document-removed#documents")


def _row(holder: str, document: Document) -> Row:
    kind = str(TYPES.get(document.media_type, lazy("office document")))
    href = f"{holder}/documents/{document.attachment_id}"
    return Row(href, document.name, kind, document.size, document.created_at, document.media_type in media_types.SHOWN)
