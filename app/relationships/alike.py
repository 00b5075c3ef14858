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
from functools import cached_property
from types import MappingProxyType

from app.relationships.search import fold

LONGEST = 300
"""Characters of what is read as an address or a name, which nobody's is longer than. A longer text is compared as it stands, folded."""
GROWTH = 3
"""Two long texts of which one is so many times as long as the other say different things; nothing of them is folded."""

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
_STR = re.compile(r"(?<=\w{3})str$")


class Writing:
    """A value on its way through comparisons. What was read out of it is kept beside it, for as long as it is: a memory of all
    values would outlast the lock and the account that they belong to."""

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def long(self) -> bool:
        """Whether it is more than anybody's address."""
        return len(self.text) > LONGEST

    @cached_property
    def folded(self) -> frozenset[str]:
        """The text without case, accents and doubled spaces: as one writes it without umlauts, and as one leaves their dots out."""
        lower = unicodedata.normalize("NFKC", self.text.replace("\n", " ")).casefold()
        forms = (lower, unicodedata.normalize("NFC", lower).translate(_UMLAUTS))
        return frozenset(" ".join(_bare(form).split()) for form in forms)

    @cached_property
    def split(self) -> frozenset[tuple[str, ...]]:
        """Its words in order."""
        return frozenset(tuple(re.findall(r"\w+", form.replace("'", "").replace("’", ""))) for form in self.folded)

    @cached_property
    def pieces(self) -> tuple[Counter[str], ...]:
        """The words and numbers of an address, shortened ones written out; `Hauptstr.` is `hauptstrasse`."""
        return tuple(Counter(_SHORT.get(word, _STR.sub("strasse", word)) for word in words) for words in sorted(self.split))


def alike(term: str, one: str | Writing, other: str | Writing) -> bool:
    """Whether two values of a kind (a `pd:` term; any other text is compared as words) say the same."""
    one, other = _written(one), _written(other)
    if one.text == other.text:
        return True
    if one.long or other.long:
        short, full = sorted((len(one.text), len(other.text)))
        return full <= GROWTH * short and bool(one.folded & other.folded)
    return _COMPARED.get(term, _words)(one, other)


def within(part: str | Writing, whole: str | Writing) -> bool:
    """Whether one writing is a part of a postal address: its street, its town, its house number. Nothing is no part."""
    part, whole = _written(part), _written(whole)
    if part.long or whole.long:
        return False
    return any(bool(pieces) and pieces <= those for pieces in part.pieces for those in whole.pieces)


def _written(value: str | Writing) -> Writing:
    return Writing(value) if isinstance(value, str) else value


def _bare(text: str) -> str:
    return "".join(letter for letter in fold(text) if letter.isprintable())


def _words(one: Writing, other: Writing) -> bool:
    """The same words in the same order, whatever stands between them; what has no words is compared as it stands."""
    if () in one.split or () in other.split:
        return bool(one.folded & other.folded)
    return bool(one.split & other.split)


def _solid(one: Writing, other: Writing) -> bool:
    """Letters and digits alone: numbers of customers and accounts, postcodes."""
    mine, theirs = ({"".join(words) for words in writing.split} for writing in (one, other))
    return bool(mine & theirs)


def _mail(one: Writing, other: Writing) -> bool:
    """Addresses of mail; the local part, too, without case, as mail servers do it."""
    return _mailbox(one.text) == _mailbox(other.text)


def _mailbox(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip().removeprefix("mailto:").replace(" ", "")


def _phone(one: Writing, other: Writing) -> bool:
    """The same subscriber. A number without a country code fits one that has it and ends alike."""
    (mine, abroad), (theirs, their_abroad) = _number(one.text), _number(other.text)
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


def _day(one: Writing, other: Writing) -> bool:
    """Days in any usual writing; `03/05/1980` is the third of May and the fifth of March, and fits both."""
    return bool(days(one.text) & days(other.text)) or _words(one, other)


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
        word = _bare(wordy[2] or wordy[3])
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


def _name(one: Writing, other: Writing) -> bool:
    """The same words in any order, without titles."""
    return _words(one, other) or bool(_bags(one) & _bags(other))


def _bags(writing: Writing) -> frozenset[tuple[str, ...]]:
    bags = (tuple(sorted(word for word in words if word not in _TITLES)) for words in writing.split)
    return frozenset(bag for bag in bags if bag)


def _address(one: Writing, other: Writing) -> bool:
    """The same pieces in any order; a country or a region that only one side names makes no difference."""
    return any(_same_place(these, those) for these in one.pieces for those in other.pieces) or _words(one, other)


def _same_place(mine: Counter[str], theirs: Counter[str]) -> bool:
    more, less = mine - theirs, theirs - mine
    named = more or less
    return not (more and less) and not any(letter.isdigit() for piece in named for letter in piece) and _whole(mine & theirs)


def _whole(pieces: Counter[str]) -> bool:
    """Enough of an address to be one: a number and two words beside it."""
    return any(piece.isdigit() for piece in pieces) and sum(pieces.values()) >= 3


_COMPARED: Mapping[str, Callable[[Writing, Writing], bool]] = MappingProxyType(
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
