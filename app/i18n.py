"""Words in the reader's language, through gettext. English is what the source says; a catalogue may say it otherwise."""

import gettext as _gettext
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locale"
DOMAIN = "bothways"

_language: ContextVar[str] = ContextVar("language", default="en")


@lru_cache(maxsize=32)
def translations(language: str) -> _gettext.NullTranslations:
    """The catalogue of a language; the words of the source where there is none."""
    return _gettext.translation(DOMAIN, LOCALES, languages=[language], fallback=True)


def speak(language: str) -> None:
    """Choose the language for the rest of this request."""
    _language.set(language)


def language() -> str:
    """The language of this request, as a BCP 47 tag."""
    return _language.get()


def _(text: str) -> str:
    """The text in the reader's language."""
    return translations(_language.get()).gettext(text)


def ngettext(one: str, many: str, n: int) -> str:
    """The singular or plural text for `n` in the reader's language; the caller fills in the number."""
    return translations(_language.get()).ngettext(one, many, n)


def languages() -> tuple[str, ...]:
    """The languages that have a catalogue; English needs none."""
    found = {path.name for path in LOCALES.iterdir() if path.is_dir()} if LOCALES.is_dir() else set()
    return tuple(sorted(found | {"en"}))


class Lazy:
    """A text that is looked up when it is shown: for constants, which are made before anyone has asked."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return _(self.text)

    def __html__(self) -> str:
        return str(self)


def lazy(text: str) -> Lazy:
    """Mark a constant for translation."""
    return Lazy(text)
