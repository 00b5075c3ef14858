"""`/settings/export` and `/settings/import`: take everything along, without asking whoever runs the host."""

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar

from fastapi import APIRouter, Request
from sqlmodel import col, func, select
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Sender, Sent, Unread
from app.auth.profiles import profile_id
from app.auth.upload_stream import receive
from app.errors import BadForm, ForgedForm, TooLarge
from app.exchange import moving
from app.i18n import Lazy, _, lazy, ngettext
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from vault import archive
from vault.errors import BadArchive, ExportTooLarge, NotEmpty, Sealed
from vault.records import Kind
from vault.store import Record

router = APIRouter(include_in_schema=False)

SHORTEST = 12
"""A file can be guessed at for ever, wherever it lies."""

SEALS = ("passphrase", "recipient", "plain")
REFUSALS: Mapping[str, Lazy] = {
    "no-archive": lazy("This is not an export made by Bothways."),
    "wrong-version": lazy("This export was made by a newer Bothways (%(where)s). Update this one first."),
    "sealed": lazy("This file is sealed. Type its passphrase, or its secret key."),
    "does-not-open": lazy("The file does not open with that passphrase or secret key."),
    "too-many-entries": lazy("There are more files in this archive than an export has."),
    "too-large": lazy("This file is larger than an export may be: %(limit)d MiB."),
    "cut-short": lazy("The file did not arrive whole. Try again."),
    "bomb": lazy("“%(where)s” would unpack to far more than it could hold. The archive was not opened further."),
    "encrypted": lazy("“%(where)s” is locked with a ZIP password. Exports are sealed with age, as a whole."),
    "unknown-entry": lazy("“%(where)s” does not belong into an export."),
    "missing": lazy("“%(where)s” is missing from the archive."),
    "twice": lazy("“%(where)s” is there twice."),
    "trailing-data": lazy("There is something before, between or after the files of the archive."),
    "damaged": lazy("“%(where)s” is damaged."),
    "broken-ledger": lazy("The history in “%(where)s” was changed after it was written."),
    "broken-receipt": lazy("A receipt in “%(where)s” is not signed by a key that came with it."),
    "own-ledger": lazy("This export was made from this very account."),
    "zone": lazy("A private zone in this export is not a place. Nothing was taken in."),
    "no-recipient": lazy("This is not an age public key. It begins with age1."),
}
ODD = lazy("The archive is not in the form in which Bothways writes it (%(where)s). It was changed by another program.")


@view(kw_only=True)
class ExportPage(Page):
    """How the file shall be sealed."""

    template: ClassVar[str] = "moving/export.html"
    limit: int = archive.WHOLE >> 20
    seal: str = "passphrase"
    recipient: str = ""
    shortest: int = SHORTEST
    errors: FormErrors = field(default_factory=FormErrors)


@view(kw_only=True)
class ImportPage(Page):
    """The form for an export; for an account that holds something already, why there is none."""

    template: ClassVar[str] = "moving/import.html"
    empty: bool
    limit: int = archive.WHOLE >> 20
    errors: FormErrors = field(default_factory=FormErrors)


@view(kw_only=True)
class TakenPage(Page):
    """What came in, in one line."""

    template: ClassVar[str] = "moving/taken.html"
    said: str


class Arriving:
    """A file that is being sent, in memory and never on disk: it may be in the clear."""

    def __init__(self, sender: Sender) -> None:
        self._sender, self.secret, self._data = sender, "", bytearray()

    def begin(self, fields: Mapping[str, str]) -> "Arriving":
        """The fields before the file. Raises ForgedForm."""
        if not self._sender.session.csrf_ok(fields.get("csrf", "")):
            raise ForgedForm
        self.secret = fields.get("secret", "")
        return self

    def write(self, data: bytes) -> None:
        """The next bytes of the file."""
        self._data += data

    def take(self) -> bytes:
        """The whole file, which is not held here any longer."""
        data, self._data = bytes(self._data), bytearray()
        return data


@router.get("/settings/export")
def show_export(request: Request, owner: Reader) -> Response:
    """The form."""
    owner.require_step_up()
    return render(request, ExportPage(), owner=owner)


@router.post("/settings/export")
def export(request: Request, sender: Sent) -> Response:
    """The file. That it was made is written into the history first."""
    form = sender.form
    seal = form.get("seal", "passphrase")
    errors = _export_errors(form, seal)
    data = b""
    if not errors:
        try:
            data = _made(sender)
        except Sealed:
            errors.add(
                "", _("Something in your vault does not open, so the export would not be whole. Run the check of your history first.")
            )
        except ExportTooLarge as refused:
            errors.add("", _too_much(refused))
    if errors:
        with sender.reading() as owner:
            owner.require_step_up()
            page = ExportPage(seal=seal, recipient=form.get("recipient"), errors=errors)
            return render(request, page, owner=owner, status=422)
    name = f"bothways-{sender.now:%Y-%m-%d}.zip"
    if seal != "plain":
        # Derived and sealed outside the transaction: it takes a second on purpose.
        data = moving.seal(data, passphrase=form.secret("passphrase"), recipient=form.get("recipient") if seal == "recipient" else "")
        name += ".age"
    kind = "application/zip" if seal == "plain" else "application/octet-stream"
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


@router.get("/settings/import")
def show_import(request: Request, owner: Reader) -> Response:
    """The form."""
    return render(request, ImportPage(empty=_empty(owner)), owner=owner)


@router.post("/settings/import")
async def take_in(request: Request, sender: Unread) -> Response:
    """Take an export in, whole or not at all."""
    arriving = Arriving(sender)
    try:
        received = await receive(request, arriving.begin, limit=archive.FILE)
    except (TooLarge, BadForm) as bad:
        refused = BadArchive("too-large" if isinstance(bad, TooLarge) else "cut-short")
        return await run_in_threadpool(_again, request, sender, FormErrors({"file": refusal(refused)}))
    if received is None:
        return await run_in_threadpool(_again, request, sender, FormErrors({"file": _("Choose a file first.")}))
    return await run_in_threadpool(_taken_in, request, sender, arriving)


@router.get("/settings/import/done")
def taken(request: Request, owner: Reader, count: int = 0) -> Response:
    """What came in."""
    said = ngettext("One record is here again.", "%(n)d records are here again.", count) % {"n": count}
    return render(request, TakenPage(said=said), owner=owner)


def refusal(refused: BadArchive) -> str:
    """Why an archive is not taken, in words."""
    return str(REFUSALS.get(refused.reason, ODD)) % {"where": refused.where or refused.reason, "limit": archive.WHOLE >> 20}


def _export_errors(form: Form, seal: str) -> FormErrors:
    errors = FormErrors()
    if seal not in SEALS:
        errors.add("seal", _("Choose one."))
    if seal == "passphrase":
        if len(form.secret("passphrase")) < SHORTEST:
            errors.add("passphrase", _("At least %(n)d characters: a file can be guessed at for ever.") % {"n": SHORTEST})
        elif form.secret("passphrase") != form.secret("again"):
            errors.add("again", _("This is not the same as above."))
    if seal == "recipient":
        try:
            moving.seal(b"", recipient=form.get("recipient") or "-")
        except BadArchive as refused:
            errors.add("recipient", refusal(refused))
    return errors


def _made(sender: Sender) -> bytes:
    with sender.writing() as owner:
        owner.require_step_up()
        made = {"where": owner.settings.base_url, "login": owner.account.login}
        return moving.export(
            owner.db, owner.keyring, owner.open_mailbox, owner.act(), instance=owner.instance, profile=owner.profile, made=made
        )


def _taken_in(request: Request, sender: Sender, arriving: Arriving) -> Response:
    errors = FormErrors()
    try:
        read = moving.read(
            moving.opened(arriving.take(), arriving.secret), sender.keyring, now=sender.now, profile_id=profile_id(sender.account_id)
        )
        with sender.writing() as writer:
            count = moving.take_in(writer.db, writer.keyring, writer.act(), read)
        return see_other(f"/settings/import/done?count={count}")
    except BadArchive as refused:
        errors.add("secret" if refused.reason in {"sealed", "does-not-open"} else "file", refusal(refused))
    except NotEmpty:
        errors.add("", _("This account is not empty any more. An export is taken in by an empty one only."))
    return _again(request, sender, errors)


def _again(request: Request, sender: Sender, errors: FormErrors) -> Response:
    with sender.reading() as owner:
        return render(request, ImportPage(empty=_empty(owner), errors=errors), owner=owner, status=422)


def _too_much(refused: ExportTooLarge) -> str:
    return _(
        "An export holds %(limit)d MiB at most, and your account has %(size)d MiB. "
        "Save your largest documents from their pages, remove them here, and try again."
    ) % {"limit": archive.WHOLE >> 20, "size": -(-refused.size >> 20)}


def _empty(owner: Owner) -> bool:
    others = select(func.count()).where(col(Record.account_id) == owner.account_id, col(Record.kind) != Kind.PROFILE.value)
    return owner.db.exec(others).one() == 0 and not moving.bound(owner.db, owner.account_id)
