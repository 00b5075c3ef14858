"""What an import would do, and then what it did: looked at, chosen from, applied whole or thrown away."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange.importers import applying, staging, undoing
from app.exchange.importers.applying import Choice, Preview
from app.exchange.importers.mail.mailbox import SOURCE
from app.relationships.vendors import Added, shown_mail
from app.ui.imports import senders as import_senders
from app.ui.imports import words as import_words
from app.ui.imports.handlers import format_in_words
from app.ui.imports.senders import SendersPage
from app.ui.items.handlers import FRIENDLY, term_in_words
from app.ui.pages import Page
from app.ui.render import in_zone, render, see_other
from app.ui.view import view
from vault import store
from vault.records import Import, Item, Vendor

router = APIRouter(include_in_schema=False)

ROWS = 500
"""Rows of one table of a preview; the rest is counted."""

COUNTS = ("added", "changed", "items", "same", "full", "login_notes", "notes_kept", "notes_full", "interactions", "commitments")
UNDONE = ("undone_removed", "undone_back", "undone_stayed")


@view
class Row:
    """A vendor that would be added: its name and what comes with it, field by field."""

    name: str
    fields: tuple[tuple[str, tuple[str, ...]], ...]


@view
class ChangeRow:
    """A vendor that is there and would gain something."""

    vendor_id: str
    name: str
    fields: tuple[tuple[str, tuple[str, ...]], ...]


@view(kw_only=True)
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
    columns: bool
    rows: int = ROWS


@view(kw_only=True)
class ShowPage(Page):
    """What an applied import did, and whether it can be undone or was."""

    template: ClassVar[str] = "imports/show.html"
    import_id: str
    format: str
    file_name: str
    at: datetime
    counts: Mapping[str, int]
    dropped: tuple[str, ...]
    left_out: tuple[str, ...]
    left_out_more: int
    undone: bool
    can_undo: bool
    stayed: tuple[str, ...]
    mail: bool


@router.get("/imports/{import_id}")
def show(request: Request, import_id: str, owner: Reader, tick: str = "") -> Response:
    """The preview of an import that waits, or what an applied one did. `?tick=company` or `all` fills in boxes, nothing more."""
    waiting = applying.preview(owner.db, owner.keyring, import_id)
    if waiting is not None:
        with in_zone(owner.profile.time_zone):
            page: Page = senders(waiting, import_id, tick) if waiting.head.format == SOURCE else _preview(import_id, waiting)
        return render(request, page, owner=owner)
    head = staging.head(owner.db, owner.keyring, import_id)
    if head is not None:
        return see_other(f"/imports/{import_id}/columns" if head.state == "columns" else "/imports/progress")
    opened = store.get(owner.db, owner.keyring, Import, import_id)
    if opened is None:
        raise NotFound
    page = _applied(owner, opened.fields, opened.created_at)
    return render(request, page, owner=owner)


@router.post("/imports/{import_id}/apply")
def apply(import_id: str, owner: Writer) -> Response:
    """Do what the preview said, in this one transaction. Sent twice, the second finds it done."""
    head = staging.head(owner.db, owner.keyring, import_id)
    keys = None
    if head is not None and head.format == SOURCE:
        keys = import_senders.chosen(applying.sorts(owner.db, owner.keyring, import_id), owner.form.getlist("take"))
    if keys is not None and not keys:
        return see_other(f"/imports/{import_id}?done=import-nothing")
    choice = Choice(keep_login_notes=owner.form.checked("keep_login_notes"), keep_told=owner.form.checked("keep_told"), keys=keys)
    done = applying.apply(owner.db, owner.keyring, owner.act(), import_id, choice=choice, now=owner.now)
    if done is None and not _was_applied(owner, import_id):
        raise NotFound
    return see_other(f"/imports/{import_id}?done=imported")


@router.post("/imports/{import_id}/discard")
def discard(import_id: str, owner: Writer) -> Response:
    """Throw a waiting import away; an applied one stays as it is."""
    if not store.discard(owner.db, owner.account_id, import_id):
        raise NotFound
    return see_other("/imports/new?done=import-discarded")


def senders(waiting: Preview, import_id: str, tick: str) -> SendersPage:
    """The preview of a mail file: a row for each sender, with a box."""
    return import_senders.page(
        waiting, import_id=import_id, format=format_in_words(waiting.head.format), dropped=dropped(waiting.head), tick=tick
    )


def _was_applied(owner: Owner, import_id: str) -> bool:
    return store.get(owner.db, owner.keyring, Import, import_id) is not None


def _preview(import_id: str, waiting: Preview) -> PreviewPage:
    plan, head = waiting.plan, waiting.head
    return PreviewPage(
        import_id=import_id,
        format=format_in_words(head.format),
        file_name=head.file_name,
        added=tuple(_row(vendor) for _key, vendor in sorted(plan.new, key=_by_name)[:ROWS]),
        changed=tuple(
            ChangeRow(change.known_id, change.before.name, in_words(change.gains))
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
        dropped=dropped(head),
        left_out=_left_out(head),
        left_out_more=_left_out_more(head),
        login_notes=head.summary.get("login_notes", 0),
        ansi="remark.windows_1252" in head.summary,
        columns=head.format == "table",
    )


def _applied(owner: Owner, done: Import, at: datetime) -> ShowPage:
    return ShowPage(
        import_id=done.import_id,
        format=format_in_words(done.format),
        file_name=done.file_name,
        at=at,
        counts={key: done.summary.get(key, 0) for key in (*COUNTS, *UNDONE)},
        dropped=dropped(done),
        left_out=_left_out(done),
        left_out_more=_left_out_more(done),
        undone=done.state == "undone",
        can_undo=undoing.can(owner.db, owner.keyring, done.import_id),
        stayed=tuple(import_words.stayed(line) for line in done.stayed),
        mail=done.format == SOURCE,
    )


def _by_name(staged: tuple[str, Vendor]) -> str:
    return staged[1].name.casefold()


def _in_order(item: Item) -> tuple[bool, str, str]:
    return item.term not in FRIENDLY, term_in_words(item.term), item.value


def dropped(head: Import) -> tuple[str, ...]:
    """What was met in the file and not kept, in words."""
    return tuple(
        import_words.dropped(key.removeprefix("dropped."), count)
        for key, count in sorted(head.summary.items())
        if key.startswith("dropped.") and key != "dropped.mail"
    )


def _left_out(head: Import) -> tuple[str, ...]:
    return tuple(import_words.left_out(note) for note in head.notes)


def _left_out_more(head: Import) -> int:
    return max(0, head.summary.get("skipped", 0) - len(head.notes))


def _row(vendor: Vendor) -> Row:
    from_nothing = (
        Added("domains", vendor.domains),
        Added("customer_numbers", vendor.customer_numbers),
        Added("contacts", tuple(f"{contact.label}: {contact.value}" if contact.label else contact.value for contact in vendor.contacts)),
        Added("since", (vendor.since.isoformat(),) if vendor.since else ()),
        Added("job", (vendor.job,) if vendor.job else ()),
        Added("fields", tuple(f"{field.name}: {field.value}" for field in vendor.fields)),
        Added("tags", vendor.tags),
        Added("notes", (vendor.notes,) if vendor.notes else ()),
        Added("mail", shown_mail(vendor.mail) if vendor.mail else ()),
    )
    return Row(vendor.name, in_words([gain for gain in from_nothing if gain.values]))


def in_words(gains: tuple[Added, ...] | list[Added]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a company gains, each field by its name on the page."""
    return tuple((str(import_words.FIELDS.get(gain.field, gain.field)), gain.values) for gain in gains if gain.field != "sources")


def _item(item: Item) -> tuple[str, str, str]:
    return term_in_words(item.term), item.label, item.value
