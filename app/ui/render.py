"""From a page to its HTML: one Jinja environment, everything escaped, an unknown name is an error."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path as FilePath
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from app import clock, i18n
from app.auth.owner import Owner
from app.auth.visitor import form_seal, keep_form_cookie
from app.ui import chrome
from app.ui.chrome import Chrome
from app.ui.locale import locale
from app.ui.pages import Page

TEMPLATES = FilePath(__file__).parent / "templates"

_zone: ContextVar[str] = ContextVar("zone", default="UTC")

_A_MINUTE, _A_NIGHT, _IN_DAYS = timedelta(minutes=1), timedelta(hours=6), 60


def render(request: Request, page: Page, *, status: int = 200, owner: Owner | None = None) -> HTMLResponse:
    """Show a page: in the owner's frame with `owner`, in the public one without."""
    if owner:
        return show(page, chrome.for_owner(request, owner), status=status)
    seal = form_seal(request)
    answer = show(page, chrome.for_visitor(request, seal.token), status=status)
    # A page without a form leaves no cookie behind.
    if seal.fresh and seal.token.encode() in bytes(answer.body):
        keep_form_cookie(request, answer, seal)
    return answer


def show(page: Page, frame: Chrome, *, status: int = 200) -> HTMLResponse:
    """Show a page in a given frame. Dates are told in the frame's time zone."""
    with in_zone(frame.time_zone):
        return HTMLResponse(environment.get_template(page.template).render(page=page, chrome=frame), status_code=status)


def see_other(path: str) -> Response:
    """After a form: go and look there (303), so that a reload sends nothing twice. `path` is a path of this instance."""
    return RedirectResponse(path, status_code=303)


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    """Tell times in an IANA time zone for as long as the block lasts."""
    token = _zone.set(name)
    try:
        yield
    finally:
        _zone.reset(token)


def as_date(value: date | datetime | None) -> str:
    """`21 Nov 2026`, in the reader's zone and language; nothing for None."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(_zone.get())) if isinstance(value, datetime) else value
    return format_date(local, format="medium", locale=locale())


def as_day(value: datetime) -> str:
    """`Saturday, 21 November`, in the reader's zone and language."""
    return format_date(value.astimezone(ZoneInfo(_zone.get())), format="EEEE, d MMMM", locale=locale())


def as_datetime(value: datetime | None) -> str:
    """`21 Nov 2026, 18:05`, in the reader's zone and language; nothing for None."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(_zone.get()))
    return f"{as_date(value)}, {format_datetime(local, format='HH:mm', locale=locale())}"


def as_ago(value: datetime | date | None, now: datetime | None = None) -> str:
    """`3 days ago`, `tomorrow`, `in 2 hours`, `just now`; nothing for None.

    Days are those of the calendar, in the reader's zone: what is due tomorrow is so at noon and at midnight. A date is told by
    days alone, an instant of the same day, or of the same night, by hours and minutes.
    """
    if value is None:
        return ""
    moment, zone = now or clock.now(), ZoneInfo(_zone.get())
    today = moment.astimezone(zone).date()
    if not isinstance(value, datetime):
        return _in_days((value - today).days)
    apart, day = value - moment, value.astimezone(zone).date()
    if abs(apart) < _A_MINUTE:
        return i18n._("just now")
    if day != today and abs(apart) >= _A_NIGHT:
        return _in_days((day - today).days)
    return format_timedelta(apart, granularity="minute", add_direction=True, threshold=1.2, locale=locale())


def _in_days(days: int) -> str:
    near = {0: i18n._("today"), 1: i18n._("tomorrow"), -1: i18n._("yesterday")}
    if days in near:
        return near[days]
    # In days for two months, so that it agrees with every count of days elsewhere; then months and years, rounded.
    threshold = 9 if abs(days) <= _IN_DAYS else 1.2
    return format_timedelta(timedelta(days=days), granularity="day", add_direction=True, threshold=threshold, locale=locale())


def as_money(amount: str | int | Decimal | None, currency: str | None = None) -> str:
    """`€12.50`; the amount as it is when it is no number, nothing for None."""
    if amount is None or amount == "":
        return ""
    try:
        number = Decimal(str(amount))
    except InvalidOperation:
        return f"{amount} {currency}".strip() if currency else str(amount)
    return format_currency(number, currency, locale=locale()) if currency else format_decimal(number, locale=locale())


def as_size(value: int) -> str:
    """`812 B`, `64 KB`, `2.4 MB`: bytes, by 1,024."""
    for unit, step in (("MB", 1 << 20), ("KB", 1 << 10)):
        if value >= step:
            return f"{format_decimal(Decimal(value) / step, format='#,##0.#', locale=locale())} {unit}"
    return f"{format_decimal(value, locale=locale())} B"


def as_words(value: str | Sequence[str] | None) -> str:
    """A list as `a, b and c`; a code such as `arms_length` as `arms length`."""
    if not value:
        return ""
    if isinstance(value, str):
        return re.sub(r"[_-]+", " ", value)
    return format_list([str(part) for part in value], locale=locale())


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(i18n._, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]  # added by the i18n extension
    made.filters.update(date=as_date, day=as_day, datetime=as_datetime, ago=as_ago, money=as_money, size=as_size, words=as_words)
    made.policies["ext.i18n.trimmed"] = True
    return made


environment = _environment()


__all__ = ["environment", "in_zone", "render", "see_other", "show"]
