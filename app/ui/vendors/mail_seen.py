"""What a company's page says of its mails: how many and since when, and the way to be left alone."""

from datetime import date
from urllib.parse import urlsplit

from app.i18n import _
from app.ui.view import view
from vault.records import Vendor

SCHEMES = ("https://", "http://", "mailto:")


@view
class MailFacts:
    """As the page shows it. `leave` are links as (text, href)."""

    count: int
    first: date | None
    last: date | None
    leave: tuple[tuple[str, str], ...]
    one_click: bool


def facts(vendor: Vendor) -> MailFacts | None:
    """None where no mail file has told of them."""
    mail = vendor.mail
    if mail is None:
        return None
    leave = tuple((_text(link), link) for link in mail.unsubscribe if link.lower().startswith(SCHEMES))
    return MailFacts(mail.count, mail.first, mail.last, leave, mail.one_click)


def _text(link: str) -> str:
    if link.lower().startswith("mailto:"):
        return _("by e-mail")
    try:
        return urlsplit(link).hostname or link
    except ValueError:
        return link
