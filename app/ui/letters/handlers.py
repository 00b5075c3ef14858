"""Letters: the owner answers or writes first; what the company answers stands under the letter."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import ValidationError
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import letters, sealing_keys
from app.i18n import Lazy, _, lazy
from app.relationships import rights_words
from app.ui import arriving
from app.ui.forms import FormErrors
from app.ui.letters import matter_parts, rights_letters, writing_to
from app.ui.letters.matter_parts import MatterLine
from app.ui.letters.rights_letters import Drafted
from app.ui.letters.writing_to import SUBJECT, Addressee
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors import clients
from app.ui.vendors.words import letter as shown_safely
from app.ui.vendors.words import plain
from app.ui.view import view
from vault import store
from vault.records import LetterRecord
from vault.segments import Digest

router = APIRouter(include_in_schema=False)

KINDS: Final[Mapping[str, Lazy]] = {
    "question": lazy("Question"),
    "answer": lazy("Answer"),
    "claim": lazy("Claim"),
    "rights": lazy("Rights request"),
    "other": lazy("Other"),
}
WAYS: Final[Mapping[str, Lazy]] = {
    "api": lazy("through their system"),
    "email": lazy("by e-mail"),
    "post": lazy("on paper"),
    "other": lazy("another way"),
}
LONGEST: Final = 20_000


@view
class Row:
    """A letter in a list."""

    letter_id: str
    subject: str
    to: str
    kind: str
    way: str
    written_at: datetime
    sent_at: datetime | None
    replies: int
    unread: int
    replied_at: datetime | None


@view
class Said:
    """An answer in a thread. `body` has been through `vendors.words`."""

    sender: str
    title: str
    body: Markup
    received_at: datetime
    unread: bool


@view(kw_only=True)
class IndexPage(Page):
    """Every letter, those with something new first."""

    template: ClassVar[str] = "letters/index.html"
    rows: tuple[Row, ...]


@view(kw_only=True)
class ChoosePage(Page):
    """To whom: one of the owner's companies."""

    template: ClassVar[str] = "letters/choose.html"
    companies: tuple[tuple[str, str], ...]


@view(kw_only=True)
class NewPage(Page):
    """The form; with `asked` it is a rights letter."""

    template: ClassVar[str] = "letters/new.html"
    to: Addressee
    asked: Drafted | None
    values: Mapping[str, str]
    kinds: tuple[tuple[str, str], ...]
    ways: tuple[tuple[str, str], ...]
    errors: Mapping[str, str]


@view(kw_only=True)
class ShowPage(Page):
    """One letter and its thread. `mailto` is empty without an e-mail address of theirs, which can be written down here where they
    are `reachable`; `blanks` are the lines still to fill in, and `pressed` is the way by which it was said to have gone with them.
    `adrift` when it asks for a right, and the company that would have to answer was removed."""

    template: ClassVar[str] = "letters/show.html"
    letter_id: str
    letter: LetterRecord
    kind: str
    way: str
    mailto: str
    reachable: bool
    blanks: tuple[str, ...]
    adrift: bool
    pressed: str
    values: Mapping[str, str]
    errors: Mapping[str, str]
    thread: tuple[Said, ...]
    can_answer: bool
    matter: MatterLine | None


@view(kw_only=True)
class PrintPage(Page):
    """The letter as it goes onto paper. `sender` and `recipient` are lines; empty ones are left to be filled in by hand."""

    template: ClassVar[str] = "letters/print.html"
    letter_id: str
    letter: LetterRecord
    sender: tuple[str, ...]
    recipient: tuple[str, ...]
    day: datetime


@router.get("/letters")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list, with what has come since."""
    arriving.collect(owner)
    return render(request, IndexPage(rows=tuple(sorted(_rows(owner), key=_latest, reverse=True))), owner=owner)


@router.get("/letters/new")
def new(request: Request, owner: Reader) -> HTMLResponse:
    """The form. `?to=` is a company, a permission, or a message that is answered; `?right=` or `?matter=` make a rights letter of it."""
    to = request.query_params.get("to", "")
    if not to:
        return render(request, _choose_page(owner), owner=owner)
    errors = FormErrors()
    query = Form({name: request.query_params.getlist(name) for name in request.query_params})
    asked = rights_letters.drafted(owner, _addressee(owner, to), query, errors)
    addressee = asked.addressee if asked else _addressee(owner, to)
    values = {"subject": addressee.subject, "body": "", "kind": addressee.kind, "way": "api" if addressee.key else "email"}
    if asked:
        values |= {"subject": asked.words.subject, "body": asked.words.body}
    return render(request, _new_page(addressee, asked, values, errors), owner=owner)


@router.post("/letters/new")
def create(request: Request, owner: Writer) -> Response:
    """Send it, or keep it to be printed or mailed."""
    form = owner.form
    if not form.get("to"):
        return render(request, _choose_page(owner), status=422, owner=owner)
    errors = FormErrors()
    asked = rights_letters.drafted(owner, _addressee(owner, form.get("to")), form, errors)
    addressee = asked.addressee if asked else _addressee(owner, form.get("to"))
    if asked:
        asked.check(form, errors)
    letter = _read(addressee, form, errors, kind="rights" if asked else form.get("kind"), now=owner.now)
    if letter is None:
        values = {name: form.get(name) for name in ("subject", "body", "kind", "way")} | (asked.renewed(form) if asked else {})
        return render(request, _new_page(addressee, asked, values, errors), status=422, owner=owner)
    if asked:
        letter = asked.on(letter)
    if letter.way == "api" and addressee.grant and addressee.key:
        letter = rights_letters.gone(owner, letter, way="api")
        sealing_keys.settle(owner.db, addressee.grant, addressee.key, now=owner.now)
        letter_id = letters.send(owner.db, owner.act(), owner.keyring, addressee.grant, letter, key=addressee.key)
        return see_other(f"/letters/{letter_id}?done=letter-sent")
    return see_other(f"/letters/{letters.draft(owner.db, owner.keyring, letter, now=owner.now)}?done=letter-kept")


@router.get("/letters/{letter_id}")
def show(request: Request, letter_id: str, owner: Reader) -> HTMLResponse:
    """One letter; opening it counts as reading its answers, unless another site sent the browser here."""
    arriving.collect(owner)
    letter = find(owner, letter_id)
    if any(reply.read_at is None for reply in letter.replies) and request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}:
        read = tuple(reply.model_copy(update={"read_at": reply.read_at or owner.now}) for reply in letter.replies)
        with arriving.writing(owner) as db:
            store.replace(db, owner.keyring, letter_id, letter.model_copy(update={"replies": read}), now=owner.now)
    return render(request, page_of(owner, letter_id, letter), owner=owner)


def page_of(
    owner: Owner,
    letter_id: str,
    letter: LetterRecord,
    *,
    pressed: str = "",
    values: Mapping[str, str] = MappingProxyType({}),
    errors: Mapping[str, str] = MappingProxyType({}),
) -> ShowPage:
    """The page of one letter."""
    reachable = bool(letter.vendor_id and letter.vendor_id in clients.vendors(owner))
    return ShowPage(
        letter_id=letter_id,
        letter=letter,
        kind=str(KINDS[letter.kind]),
        way=str(WAYS[letter.way]),
        mailto=writing_to.mailto(owner, letter),
        reachable=reachable,
        blanks=() if letter.sent_at else rights_words.blanks(f"{letter.subject}\n{letter.body}"),
        adrift=letter.step == "request" and not letter.sent_at and not reachable,
        pressed=pressed,
        values=values,
        errors=errors,
        thread=tuple(
            Said(plain(one.sender), plain(one.title), shown_safely(one.body, one.format), one.received_at, one.read_at is None)
            for one in letter.replies
        ),
        can_answer=bool(letter.grant_id) or reachable,
        matter=matter_parts.of_letter(owner, letter),
    )


@router.get("/letters/{letter_id}/print")
def paper(request: Request, letter_id: str, owner: Reader) -> HTMLResponse:
    """The letter on paper."""
    letter = find(owner, letter_id)
    sender, recipient = writing_to.letterhead(owner), writing_to.recipient(owner, letter)
    page = PrintPage(letter_id=letter_id, letter=letter, sender=sender, recipient=recipient, day=letter.sent_at or owner.now)
    return render(request, page, owner=owner)


def of_grant(owner: Owner, grant_id: str) -> tuple[Row, ...]:
    """The letters that went by one permission, the latest first."""
    mine = (one for one in owner.digests(LetterRecord) if one.values["grant_id"] == grant_id)
    return tuple(sorted((_row(one) for one in mine), key=_latest, reverse=True))


def answered(owner: Owner) -> list[tuple[str, Row]]:
    """Letters with answers, each with the client that answered, for the inbox."""
    found = ((str(one.values["client_id"]), _row(one)) for one in owner.digests(LetterRecord))
    return [(client_id, row) for client_id, row in found if row.replies]


def _rows(owner: Owner) -> list[Row]:
    return [_row(one) for one in owner.digests(LetterRecord)]


def _row(digest: Digest) -> Row:
    values: Mapping[str, Any] = digest.values
    return Row(
        letter_id=digest.record_id,
        subject=values["subject"],
        to=values["to"],
        kind=str(KINDS[values["kind"]]),
        way=str(WAYS[values["way"]]),
        written_at=datetime.fromisoformat(values["written_at"]),
        sent_at=datetime.fromisoformat(values["sent_at"]) if values["sent_at"] else None,
        replies=values["replies"],
        unread=values["unread"],
        replied_at=datetime.fromisoformat(values["replied_at"]) if values["replied_at"] else None,
    )


def _latest(row: Row) -> tuple[bool, datetime]:
    return row.unread > 0, row.replied_at or row.sent_at or row.written_at


def find(owner: Owner, letter_id: str) -> LetterRecord:
    """A letter of the owner's. Raises NotFound."""
    opened = store.get(owner.db, owner.keyring, LetterRecord, letter_id)
    if opened is None:
        raise NotFound
    return opened.fields


def _addressee(owner: Owner, to: str) -> Addressee:
    found = writing_to.addressee(owner, to)
    if found is None:
        raise NotFound
    return found


def _choose_page(owner: Owner) -> ChoosePage:
    return ChoosePage(companies=tuple((one.vendor_id, one.name) for one in clients.vendors(owner).values()))


def _new_page(addressee: Addressee, asked: Drafted | None, values: Mapping[str, str], errors: Mapping[str, str]) -> NewPage:
    kinds = tuple((code, str(words)) for code, words in KINDS.items() if code != "answer" or addressee.kind == "answer")
    offered = [code for code in ("api", "email", "post") if code != "api" or addressee.key]
    ways = tuple((code, str(WAYS[code])) for code in offered)
    return NewPage(to=addressee, asked=asked, values=values, kinds=kinds, ways=ways, errors=errors)


def words(form: Form, errors: FormErrors) -> tuple[str, str]:
    """Subject and body as typed; what is wrong with them is noted."""
    subject, body = form.get("subject"), form.get("body")
    errors.limit("subject", errors.require("subject", subject, _("Say in a few words what it is about.")), SUBJECT)
    errors.limit("body", errors.require("body", body, _("A letter needs words.")), LONGEST)
    return subject, body


def _read(addressee: Addressee, form: Form, errors: FormErrors, *, kind: str, now: datetime) -> LetterRecord | None:
    subject, body, way = *words(form, errors), form.get("way")
    if kind not in KINDS:
        errors.add("kind", _("Choose what kind of letter it is."))
    if way not in WAYS or way == "other" or (way == "api" and not addressee.key):
        errors.add("way", _("Choose how it is to go."))
    blanks = rights_words.blanks(f"{subject}\n{body}")
    if way == "api" and blanks:
        errors.add("body", _("It would go at once, and a “…” is still to be filled in, or taken out: %(line)s") % {"line": blanks[0]})
    if errors:
        return None
    # The message, which only an answer is about: a claim is about a promise.
    about = addressee.about if kind == "answer" else None
    said = {"to": addressee.name, "kind": kind, "way": way, "subject": subject, "body": body, "about": about, "written_at": now}
    mine = {"vendor_id": addressee.vendor_id, "grant_id": addressee.grant_id, "client_id": addressee.client_id}
    try:
        return LetterRecord.model_validate({**said, **mine})
    except ValidationError:
        errors.add("body", _("This contains characters that cannot be kept. Type it again."))
        return None
