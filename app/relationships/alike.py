"""Whether two writings say the same: e-mail addresses, phone numbers, dates, names, postal addresses, anything else. Pure.

Nobody is accused because of spelling: case, accents, spaces, punctuation, the order of a name, a country code that one side
left out, a day written another way make no difference. What can be read in two ways is the same when one of them fits.
A value is always alike to itself.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

LONGEST = 4000
"""Characters that are looked at; nobody's address is longer."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe"})
_TITLES = frozenset("mr mrs ms miss mx dr prof herr frau monsieur madame mme sr sra".split())
_SHORT: Mapping[str, str] = MappingProxyType(
    {
        "st": "street", "str": "strasse", "rd": "road", "ave": "avenue", "av": "avenue", "blvd": "boulevard", "bd": "boulevard",
        "ln": "lane", "dr": "drive", "sq": "square", "pl": "place", "apt": "apartment", "no": "number", "nr": "number", "ct": "court",
    }
)  # fmt: skip
"""How parts of addresses are shortened; both writings count as the long one."""

_MONTHS: Mapping[str, int] = MappingProxyType(
    {
        "jan": 1, "feb": 2, "fev": 2, "mar": 3, "mrz": 3, "maer": 3, "apr": 4, "avr": 4, "may": 5, "mai": 5, "jun": 6, "jul": 7, "aug": 8,
        "aou": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12,
    }
)  # fmt: skip
_ISO = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?")
_NUMBERS = re.compile(r"(\d{1,4})[./\-\s]+(\d{1,2})[./\-\s]+(\d{1,4})\.?")
_WORDY = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th|\.)?\s+([^\W\d]{3,12})\.?|([^\W\d]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?),?\s+(\d{4})")
_TRUNK = re.compile(r"\(\s*0\s*\)")


def alike(term: str, one: str, other: str) -> bool:
    """Whether two values of a kind (a `pd:` term; any other text is compared as words) say the same."""
    one, other = one[:LONGEST], other[:LONGEST]
    return one == other or _COMPARED.get(term, _words)(one, other)


def within(part: str, whole: str) -> bool:
    """Whether one writing is a part of a postal address: its street, its town, its house number. Nothing is no part."""
    wholes = _pieces(whole[:LONGEST])
    return any(bool(pieces) and not pieces - those for pieces in _pieces(part[:LONGEST]) for those in wholes)


@lru_cache(maxsize=4096)
def folded(text: str) -> frozenset[str]:
    """The text without case, accents and doubled spaces: as one writes it without umlauts, and as one leaves their dots out."""
    lower = unicodedata.normalize("NFKC", text).casefold()
    forms = (lower, unicodedata.normalize("NFC", lower).translate(_UMLAUTS))
    return frozenset(" ".join(_bare(form).split()) for form in forms)


def _bare(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter) and letter.isprintable())


def _split(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(re.findall(r"\w+", form.replace("'", "").replace("’", ""))) for form in folded(text.replace("\n", " ")))


def _words(one: str, other: str) -> bool:
    """The same words in the same order, whatever stands between them; what has no words is compared as it stands."""
    mine, theirs = _split(one), _split(other)
    if () in mine or () in theirs:
        return bool(folded(one) & folded(other))
    return bool(mine & theirs)


def _solid(one: str, other: str) -> bool:
    """Letters and digits alone: numbers of customers and accounts, postcodes."""
    mine, theirs = ({"".join(words) for words in _split(text)} for text in (one, other))
    return bool(mine & theirs)


def _mail(one: str, other: str) -> bool:
    """Addresses of mail; the local part, too, without case, as mail servers do it."""
    mine, theirs = ({form.removeprefix("mailto:").replace(" ", "") for form in _lower(text)} for text in (one, other))
    return bool(mine & theirs)


def _lower(text: str) -> frozenset[str]:
    return frozenset({unicodedata.normalize("NFKC", text).casefold().strip()})


def _phone(one: str, other: str) -> bool:
    """The same subscriber. A number without a country code fits one that has it and ends alike."""
    (mine, abroad), (theirs, their_abroad) = _number(one), _number(other)
    if mine == theirs:
        return bool(mine) or _words(one, other)
    if abroad == their_abroad:
        return False
    whole, local = (mine, theirs) if abroad else (theirs, mine)
    return len(local) >= 6 and len(whole) - len(local) <= 3 and whole.endswith(local)


def _number(text: str) -> tuple[str, bool]:
    """The digits without any prefix, and whether they begin with a country code."""
    digits = _TRUNK.sub("", unicodedata.normalize("NFKC", text).strip().removeprefix("tel:"))
    abroad = digits.startswith(("+", "00"))
    bare = "".join(str(unicodedata.digit(letter)) for letter in digits if letter.isdigit() and unicodedata.digit(letter, -1) >= 0)
    return (bare.lstrip("0"), abroad) if abroad or bare.startswith("0") else (bare, False)


def _day(one: str, other: str) -> bool:
    """Days in any usual writing; `03/05/1980` is the third of May and the fifth of March, and fits both."""
    return bool(days(one) & days(other)) or _words(one, other)


def days(text: str) -> frozenset[date]:
    """Every day that a text may mean."""
    text = unicodedata.normalize("NFKC", text).strip()
    found: list[tuple[int, int, int]] = []
    if iso := _ISO.fullmatch(text):
        found.append((int(iso[1]), int(iso[2]), int(iso[3])))
    elif numbers := _NUMBERS.fullmatch(text):
        a, b, c = (int(number) for number in numbers.groups())
        found += [(a, b, c)] if len(numbers[1]) == 4 else [(year, *pair) for year in _years(numbers[3]) for pair in ((b, a), (a, b))]
    elif wordy := _WORDY.fullmatch(text):
        word = _bare((wordy[2] or wordy[3]).casefold())
        month = _MONTHS.get(word[:4]) or _MONTHS.get(word[:3])
        found += [(int(wordy[5]), month, int(wordy[1] or wordy[4]))] if month else []
    return frozenset(day for year, month, number in found if (day := _date(year, month, number)))


def _years(text: str) -> tuple[int, ...]:
    return (int(text),) if len(text) == 4 else (1900 + int(text), 2000 + int(text)) if len(text) == 2 else ()


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _name(one: str, other: str) -> bool:
    """The same words in any order, without titles."""
    return _words(one, other) or bool(_bags(one) & _bags(other))


def _bags(text: str) -> frozenset[tuple[str, ...]]:
    bags = (tuple(sorted(word for word in words if word not in _TITLES)) for words in _split(text))
    return frozenset(bag for bag in bags if bag)


def _address(one: str, other: str) -> bool:
    """The same pieces in any order; a country or a region that only one side names makes no difference."""
    mine, theirs = _pieces(one), _pieces(other)
    return any(_same_place(these, those) for these in mine for those in theirs) or _words(one, other)


def _same_place(mine: Counter[str], theirs: Counter[str]) -> bool:
    more, less = mine - theirs, theirs - mine
    named = more or less
    return not (more and less) and not any(letter.isdigit() for piece in named for letter in piece) and _whole(mine & theirs)


def _whole(pieces: Counter[str]) -> bool:
    """Enough of an address to be one: a number and two words beside it."""
    return any(piece.isdigit() for piece in pieces) and sum(pieces.values()) >= 3


def _pieces(text: str) -> list[Counter[str]]:
    """The words and numbers of an address, shortened ones written out; `Hauptstr.` is `hauptstrasse`."""
    return [Counter(_SHORT.get(word, re.sub(r"(?<=\w{3})str$", "strasse", word)) for word in words) for words in sorted(_split(text))]


_COMPARED: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {
        "pd:EmailAddress": _mail,
        "pd:TelephoneNumber": _phone,
        "pd:BirthDate": _day,
        "pd:Name": _name,
        "pd:PhysicalAddress": _address,
        "pd:Identifier": _solid,
        "pd:PostalCode": _solid,
        "pd:OfficialID": _solid,
    }
)
