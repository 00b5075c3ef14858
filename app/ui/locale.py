"""How dates, numbers and lists are written for the reader."""

from babel import Locale
from babel.core import UnknownLocaleError

from app.i18n import language


def locale() -> Locale:
    """The reader's locale. The English of these pages is written as in Britain: 21 November 2026, 18:05."""
    tag = language()
    try:
        return Locale.parse("en-GB" if tag == "en" else tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")
