"""The preview of a mail file: who writes, under two headings, each with a box that nobody has ticked yet."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar

from app.exchange.importers.applying import Preview
from app.exchange.importers.happened import Told
from app.relationships.vendors import shown_contact
from app.ui.imports import words as import_words
from app.ui.pages import Page
from app.ui.render import as_date, as_money
from app.ui.view import view
from vault.records import Commitment, Interaction, MailSeen, Vendor

SHOWN = 6
"""Purchases and promises of one sender that are shown; the rest is counted."""


@view
class SenderRow:
    """A sender. `number` is the value of its box, `known` says what is here already: `new`, `gains` or `same`."""

    number: int
    name: str
    where: str
    mails: int
    first: date | None
    last: date | None
    unsubscribe: bool
    one_click: bool
    known: str
    told: tuple[str, ...]
    told_more: int
    ticked: bool


@view(kw_only=True)
class SendersPage(Page):
    """The senders of a mail file."""

    template: ClassVar[str] = "imports/senders.html"
    import_id: str
    format: str
    file_name: str
    companies: tuple[SenderRow, ...]
    perhaps: tuple[SenderRow, ...]
    mails: int
    people: int
    purchases: int
    promises: int
    dropped: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    left_out_more: int = 0
    ticked: str


def page(waiting: Preview, *, import_id: str, format: str, dropped: tuple[str, ...], tick: str) -> SendersPage:
    """The page; `tick` is a heading whose boxes come filled in, or `all`."""
    numbers = _numbers(waiting.sorts)
    fresh = {key: "new" for key, _vendor in waiting.plan.new} | {key: "gains" for change in waiting.plan.changed for key in change.keys}
    rows: dict[str, list[SenderRow]] = {"company": [], "perhaps": []}
    for key, vendor in sorted(waiting.vendors, key=_most_mails):
        sort = waiting.sorts.get(key, "perhaps")
        told = waiting.told.get(key, ())
        known = fresh.get(key, "same")
        ticked = tick in {"all", sort} and (known != "same" or bool(told))
        rows[sort].append(_row(numbers[key], vendor, sort, known, told, ticked=ticked))
    every = [one for told in waiting.told.values() for one in told]
    return SendersPage(
        import_id=import_id,
        format=format,
        file_name=waiting.head.file_name,
        companies=tuple(rows["company"]),
        perhaps=tuple(rows["perhaps"]),
        mails=waiting.head.summary.get("dropped.mail", 0),
        people=waiting.head.summary.get("dropped.mail_people", 0),
        purchases=sum(isinstance(one, Interaction) for one in every),
        promises=sum(isinstance(one, Commitment) for one in every),
        dropped=dropped,
        ticked=tick,
    )


def chosen(sorts: Mapping[str, str], ticked: Sequence[str]) -> frozenset[str]:
    """The staged vendors whose boxes were ticked."""
    wanted = {number for number in ticked if number.isascii() and number.isdigit()}
    return frozenset(key for key, number in _numbers(sorts).items() if str(number) in wanted)


def _numbers(sorts: Mapping[str, str]) -> dict[str, int]:
    # A box carries a short number instead of the id of 32 letters: two thousand of them must fit into one form.
    return {key: number for number, key in enumerate(sorted(sorts), 1)}


def _most_mails(staged: tuple[str, Vendor]) -> tuple[int, str]:
    return -(staged[1].mail.count if staged[1].mail else 0), staged[1].name.casefold()


def _row(number: int, vendor: Vendor, sort: str, known: str, told: Sequence[Told], *, ticked: bool) -> SenderRow:
    mail = vendor.mail or MailSeen()
    return SenderRow(
        number=number,
        name=vendor.name,
        where=", ".join(vendor.domains) if sort == "company" else ", ".join(shown_contact(contact) for contact in vendor.contacts[:3]),
        mails=mail.count,
        first=mail.first,
        last=mail.last,
        unsubscribe=bool(mail.unsubscribe),
        one_click=mail.one_click,
        known=known,
        told=tuple(_told(one) for one in told[:SHOWN]),
        told_more=max(0, len(told) - SHOWN),
        ticked=ticked,
    )


def _told(one: Told) -> str:
    if isinstance(one, Interaction):
        return import_words.purchase(as_date(one.happened_at), one.title, as_money(one.amount, one.currency))
    return import_words.promise(as_date(one.due_date or one.due_at), one.promise, mine=one.by == "me")
