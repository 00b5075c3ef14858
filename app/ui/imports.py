"""Imports: choose a file, see what it would do, then apply it whole or throw it away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange.importers import applying, detect, staging
from app.exchange.importers.applying import Preview
from app.exchange.importers.reading import ImportRefused
from app.i18n import Lazy
from app.relationships.vendors import Added
from app.ui import import_words
from app.ui.items import FRIENDLY, term_in_words
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.uploads import Uploader, Uploading
from vault import store
from vault.records import Import, Item, Vendor

router = APIRouter(include_in_schema=False)

ROWS = 500
"""Rows of one table of a preview; the rest is counted."""


@dataclass(frozen=True)
class Row:
    """A vendor that would be added: its name and what comes with it, field by field."""

    name: str
    fields: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class ChangeRow:
    """A vendor that is there and would gain something."""

    vendor_id: str
    name: str
    fields: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class PastRow:
    """An import that was applied."""

    import_id: str
    format: str
    file_name: str
    at: datetime
    added: int
    changed: int


@dataclass(frozen=True, kw_only=True)
class IndexPage(Page):
    """Imports that were applied."""

    template: ClassVar[str] = "imports/index.html"
    past: tuple[PastRow, ...]


@dataclass(frozen=True, kw_only=True)
class NewPage(Page):
    """The form for a file."""

    template: ClassVar[str] = "imports/new.html"
    never: tuple[Lazy, ...] = import_words.NEVER
    errors: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class PreviewPage(Page):
    """What a file would do."""

    template: ClassVar[str] = "imports/preview.html"
    import_id: str
    format: str
    file_name: str
    added: tuple[Row, ...]
    changed: tuple[ChangeRow, ...]
    full: tuple[str, ...]
    items: tuple[tuple[str, str, str], ...]
    counts: Mapping[str, int]
    dropped: tuple[str, ...]
    left_out: tuple[str, ...]
    left_out_more: int
    login_notes: int
    ansi: bool
    rows: int = ROWS


@dataclass(frozen=True, kw_only=True)
class ShowPage(Page):
    """What an applied import did."""

    template: ClassVar[str] = "imports/show.html"
    format: str
    file_name: str
    at: datetime
    counts: Mapping[str, int]
    dropped: tuple[str, ...]
    left_out: tuple[str, ...]
    left_out_more: int


@router.get("/imports")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """Imports that were applied, the newest first."""
    found = sorted(store.digests(owner.db, owner.keyring, Import), key=lambda digest: digest.created_at, reverse=True)
    past = [_past(digest.record_id, digest.created_at, digest.values) for digest in found]
    return render(request, IndexPage(past=tuple(past)), owner=owner)


@router.get("/imports/new")
def new(request: Request, owner: Reader) -> HTMLResponse:
    """The form."""
    return render(request, NewPage(errors={}), owner=owner)


@router.post("/imports/new")
def create(request: Request, sent: Uploader) -> Response:
    """Read the file, stage what is in it, and go to the preview. A refused file leaves no row."""
    owner = sent.owner
    try:
        reading = detect.read(_file(sent))
    except ImportRefused as refused:
        status = 413 if refused.code == "too_large" else 422
        return render(request, NewPage(errors={"file": import_words.refusal(refused)}), owner=owner, status=status)
    name = sent.file.filename if sent.file else ""
    import_id = staging.stage(owner.stores.main, owner.keyring, reading, file_name=name, now=owner.now)
    return see_other(f"/imports/{import_id}")


@router.get("/imports/{import_id}")
def show(request: Request, import_id: str, owner: Reader) -> HTMLResponse:
    """The preview of an import that waits, or what an applied one did."""
    waiting = applying.preview(owner.db, owner.keyring, import_id)
    if waiting is not None:
        return render(request, _preview(import_id, waiting), owner=owner)
    opened = store.get(owner.db, owner.keyring, Import, import_id)
    if opened is None:
        raise NotFound
    return render(request, _applied(opened.fields, opened.created_at), owner=owner)


@router.post("/imports/{import_id}/apply")
def apply(import_id: str, owner: Writer) -> Response:
    """Do what the preview said, in this one transaction. Sent twice, the second finds it done."""
    keep = owner.form.checked("keep_login_notes")
    done = applying.apply(owner.db, owner.keyring, owner.act(), import_id, keep_login_notes=keep, now=owner.now)
    if done is None and not _was_applied(owner, import_id):
        raise NotFound
    return see_other(f"/imports/{import_id}?done=imported")


@router.post("/imports/{import_id}/discard")
def discard(import_id: str, owner: Writer) -> Response:
    """Throw a waiting import away; an applied one stays as it is."""
    if not store.discard(owner.db, owner.account_id, import_id):
        raise NotFound
    return see_other("/imports/new?done=import-discarded")


def _file(sent: Uploading) -> bytes:
    if sent.refused:
        raise ImportRefused(sent.refused)
    if sent.file is None or not sent.file.filename:
        raise ImportRefused("missing")
    return sent.file.data


def _was_applied(owner: Owner, import_id: str) -> bool:
    return store.get(owner.db, owner.keyring, Import, import_id) is not None


def _preview(import_id: str, waiting: Preview) -> PreviewPage:
    plan, head = waiting.plan, waiting.head
    return PreviewPage(
        import_id=import_id,
        format=_format(head.format),
        file_name=head.file_name,
        added=tuple(_row(vendor) for _key, vendor in sorted(plan.new, key=_by_name)[:ROWS]),
        changed=tuple(
            ChangeRow(change.known_id, change.before.name, _in_words(change.gains))
            for change in sorted(plan.changed, key=lambda one: one.before.name.casefold())[:ROWS]
        ),
        full=tuple(vendor.name for _key, vendor in plan.full[:ROWS]),
        items=tuple(_item(item) for item in sorted(waiting.items, key=_in_order)[:ROWS]),
        counts={
            "added": len(plan.new),
            "changed": len(plan.changed),
            "items": len(waiting.items),
            "same": len(plan.same) + waiting.same_items,
            "full": len(plan.full),
        },
        dropped=_dropped(head),
        left_out=_left_out(head),
        left_out_more=_left_out_more(head),
        login_notes=head.summary.get("login_notes", 0),
        ansi="remark.windows_1252" in head.summary,
    )


def _applied(done: Import, at: datetime) -> ShowPage:
    return ShowPage(
        format=_format(done.format),
        file_name=done.file_name,
        at=at,
        counts={
            key: done.summary.get(key, 0)
            for key in ("added", "changed", "items", "same", "full", "login_notes", "notes_kept", "notes_full")
        },
        dropped=_dropped(done),
        left_out=_left_out(done),
        left_out_more=_left_out_more(done),
    )


def _by_name(staged: tuple[str, Vendor]) -> str:
    return staged[1].name.casefold()


def _in_order(item: Item) -> tuple[bool, str, str]:
    return item.term not in FRIENDLY, term_in_words(item.term), item.value


def _format(code: str) -> str:
    return str(import_words.FORMATS.get(code, code))


def _dropped(head: Import) -> tuple[str, ...]:
    return tuple(
        import_words.dropped(key.removeprefix("dropped."), count)
        for key, count in sorted(head.summary.items())
        if key.startswith("dropped.")
    )


def _left_out(head: Import) -> tuple[str, ...]:
    return tuple(import_words.left_out(note) for note in head.notes)


def _left_out_more(head: Import) -> int:
    return max(0, head.summary.get("skipped", 0) - len(head.notes))


def _row(vendor: Vendor) -> Row:
    from_nothing = (
        Added("domains", vendor.domains),
        Added("contacts", tuple(f"{contact.label}: {contact.value}" if contact.label else contact.value for contact in vendor.contacts)),
        Added("fields", tuple(f"{field.name}: {field.value}" for field in vendor.fields)),
        Added("tags", vendor.tags),
        Added("notes", (vendor.notes,) if vendor.notes else ()),
    )
    return Row(vendor.name, _in_words([gain for gain in from_nothing if gain.values]))


def _in_words(gains: tuple[Added, ...] | list[Added]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((str(import_words.FIELDS.get(gain.field, gain.field)), gain.values) for gain in gains if gain.field != "sources")


def _item(item: Item) -> tuple[str, str, str]:
    return term_in_words(item.term), item.label, item.value


def _past(import_id: str, at: datetime, values: Mapping[str, object]) -> PastRow:
    counts = values.get("summary")
    summary = counts if isinstance(counts, dict) else {}
    return PastRow(
        import_id,
        _format(str(values["format"])),
        str(values["file_name"]),
        at,
        int(summary.get("added", 0)),
        int(summary.get("changed", 0)),
    )
