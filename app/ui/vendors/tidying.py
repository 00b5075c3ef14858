"""`/vendors/tidy`: ten companies at a time, each with what it is for and how close it may come, kept by one press."""

from collections.abc import Mapping
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.today.first_evening_words import FORGOTTEN
from app.ui.vendors.form import CLOSENESS_SHORT, LINE
from app.ui.view import view
from vault import store
from vault.records import Vendor

router = APIRouter(include_in_schema=False)

AT_ONCE = 10


@view
class Row:
    """A company of which the owner has not said how close it may come."""

    vendor_id: str
    name: str
    where: str
    job: str
    closeness: str


@view(kw_only=True)
class ShowPage(Page):
    """The next ten. `left` counts all that wait; `jobs` are suggestions."""

    template: ClassVar[str] = "tidying/show.html"
    rows: tuple[Row, ...]
    left: int
    jobs: tuple[str, ...]
    closenesses: tuple[tuple[str, str], ...]
    errors: Mapping[str, str]


@router.get("/vendors/tidy")
def show(request: Request, owner: Reader) -> Response:
    """The next ten, by name."""
    return render(request, _page(owner, _waiting(owner), Form(), {}), owner=owner)


@router.post("/vendors/tidy")
def take(request: Request, owner: Writer) -> Response:
    """Keep what was said. With `rest` those of the page of which nothing was said become just service."""
    errors, waiting = FormErrors(), _waiting(owner)
    asked = [row for row in waiting if row.vendor_id in set(owner.form.getlist("vendor"))][:AT_ONCE]
    changed = {row.vendor_id: _said(row, owner, errors) for row in asked}
    if errors:
        return render(request, _page(owner, asked, owner.form, errors), status=422, owner=owner)
    for vendor_id, vendor in changed.items():
        if vendor is not None:
            store.replace(owner.db, owner.keyring, vendor_id, vendor, now=owner.now)
    return see_other("/vendors/tidy?done=tidied" if _waiting(owner) else "/vendors?done=tidied")


def _waiting(owner: Owner) -> list[Row]:
    values: list[tuple[str, dict[str, Any]]] = [(one.record_id, one.values) for one in owner.digests(Vendor)]
    rows = [
        Row(vendor_id, one["name"], ", ".join(one["domains"][:2]), one["job"], "unsaid")
        for vendor_id, one in values
        if one["closeness"] == "unsaid"
    ]
    return sorted(rows, key=lambda row: (row.name.casefold(), row.vendor_id))


def _said(row: Row, owner: Owner, errors: FormErrors) -> Vendor | None:
    """The company with what was said of it; None where nothing was, or where it does not fit."""
    job = " ".join(owner.form.get(f"job-{row.vendor_id}", row.job).split())
    closeness = owner.form.get(f"closeness-{row.vendor_id}", "unsaid")
    if closeness == "unsaid" and owner.form.get("rest"):
        closeness = "service"
    if closeness not in CLOSENESS_SHORT:
        errors.add(f"closeness-{row.vendor_id}", _("Choose one of these."))
    errors.limit(f"job-{row.vendor_id}", job, LINE)
    opened = store.get(owner.db, owner.keyring, Vendor, row.vendor_id)
    if opened is None or errors or (closeness, job) == ("unsaid", row.job):
        return None
    return opened.fields.model_copy(update={"job": job, "closeness": closeness})


def _page(owner: Owner, waiting: list[Row], form: Form, errors: Mapping[str, str]) -> ShowPage:
    rows = tuple(
        Row(row.vendor_id, row.name, row.where, form.get(f"job-{row.vendor_id}", row.job), form.get(f"closeness-{row.vendor_id}", "unsaid"))
        for row in waiting[:AT_ONCE]
    )
    return ShowPage(
        rows=rows,
        left=len(waiting),
        jobs=tuple(str(job) for _text, job in FORGOTTEN.values()),
        closenesses=tuple((code, str(text)) for code, text in CLOSENESS_SHORT.items()),
        errors=errors,
    )
