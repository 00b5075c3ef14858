"""vCards (2.1, 3.0, 4.0) as vendors: an organisation with its people, or a person who is one's own business.

A card with an organisation becomes that organisation, the person on it one of its contacts; cards of one organisation
come together by domain or name when they are staged. What is about a machine rather than a person (photos, keys, sounds,
revision marks) is dropped and counted.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from app.exchange.importers.contentlines import Card, Property, cards
from app.exchange.importers.reading import (
    MANY,
    NAME,
    ImportRefused,
    Incoming,
    Reading,
    Skipped,
    check_text,
    clean,
    counted,
    fitting,
    one_line,
    short_name,
)
from app.relationships.domains import PLATFORMS, host_of, mail_host, registrable
from vault.records import Contact, Field, Vendor

SOURCE = "vcard"

DROPPED = {"PHOTO": "photo", "LOGO": "photo", "SOUND": "sound", "KEY": "key", "AGENT": "agent"}
"""What a person would notice is missing."""

TECHNICAL = frozenset(
    "PRODID REV UID CREATED CLASS SORT-STRING MAILER PROFILE SOURCE NAME XML CLIENTPIDMAP FBURL CALURI CALADRURI KIND GEO TZ LANG "
    "X-ABUID X-ABADR X-ABSHOWAS X-IMAGEHASH X-IMAGETYPE X-SHARED-PHOTO-DISPLAY-PREF X-ABCROP-RECTANGLE X-ADDRESSING-GRAMMAR".split()
)
"""Marks of the writing program; not counted one by one."""

NAMED = {
    "TITLE": "Title",
    "ROLE": "Role",
    "NICKNAME": "Nickname",
    "BDAY": "Birthday",
    "ANNIVERSARY": "Anniversary",
    "GENDER": "Gender",
    "RELATED": "Related",
    "X-ABRELATEDNAMES": "Related",
    "X-ABDATE": "Date",
    "X-ANNIVERSARY": "Anniversary",
    "X-SPOUSE": "Spouse",
    "X-MANAGER": "Manager",
    "X-ASSISTANT": "Assistant",
    "X-PHONETIC-FIRST-NAME": "Phonetic first name",
    "X-PHONETIC-LAST-NAME": "Phonetic last name",
    "X-PHONETIC-ORG": "Phonetic name",
    "X-MAIDENNAME": "Maiden name",
}
CHATS = {
    "IMPP": "",
    "X-ICQ": "ICQ",
    "X-AIM": "AIM",
    "X-MSN": "MSN",
    "X-YAHOO": "Yahoo",
    "X-JABBER": "Jabber",
    "X-SKYPE": "Skype",
    "X-SKYPE-USERNAME": "Skype",
    "X-GOOGLE-TALK": "Google Talk",
    "X-QQ": "QQ",
    "X-TWITTER": "Twitter",
    "X-SOCIALPROFILE": "",
    "SOCIALPROFILE": "",
    "X-GADUGADU": "Gadu-Gadu",
    "X-GROUPWISE": "GroupWise",
}
Kind = Literal["email", "phone", "address", "url", "login", "other"]
LONGEST_CONTACT = 1_000
_APPLE = ("_$!<", ">!$_")
_PLAIN_TYPES = frozenset({"internet", "pref", "voice", "x400"})


def read(data: bytes) -> Reading:
    """Understand a file of cards. Raises ImportRefused with the line of the fault."""
    dropped: Counter[str] = Counter()
    vendors: list[Incoming] = []
    skipped: list[Skipped] = []
    ansi = False
    found = cards(check_text(data))
    groups = _groups(found)
    for card in found:
        if _is_group(card):
            continue
        with fitting(line=card.line):
            vendor = _Reader(card, dropped, groups.get(_uid(card), ())).vendor()
        ansi = ansi or card.ansi
        if vendor is None:
            skipped.append(Skipped(card.line, "", "no_name"))
        else:
            vendors.append(Incoming(vendor))
    return Reading(SOURCE, tuple(vendors), (), counted(dropped), tuple(skipped), ("windows_1252",) if ansi else ())


def _is_group(card: Card) -> bool:
    """A list of other cards (RFC 6350 section 6.1.4, and as Apple writes it in version 3.0)."""
    return any(item.text.strip().lower() == "group" for item in card.all("KIND", "X-ADDRESSBOOKSERVER-KIND"))


def _groups(found: list[Card]) -> dict[str, list[str]]:
    """Names of groups by the UID of their members; they become tags."""
    groups: dict[str, list[str]] = {}
    for card in (card for card in found if _is_group(card)):
        name = next((name for item in card.all("FN", "N") if (name := one_line(item.parts()[0])[:100])), "")
        for item in card.all("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER") if name else ():
            groups.setdefault(_bare_uid(item.text), []).append(name)
    groups.pop("", None)
    return groups


def _uid(card: Card) -> str:
    return next((_bare_uid(item.text) for item in card.all("UID")), "")


def _bare_uid(text: str) -> str:
    return text.strip().lower().removeprefix("urn:uuid:")


def _preferred(items: list[Property]) -> list[Property]:
    """In the order of PREF, 1 first (RFC 6350 section 5.3), those without after them as they stand."""

    def rank(item: Property) -> int:
        written = "".join(item.params.get("PREF", ()))
        return int(written) if written.isascii() and written.isdigit() and len(written) <= len("100") else 101

    return sorted(items, key=rank)


class _Reader:
    def __init__(self, card: Card, dropped: Counter[str], groups: Sequence[str]) -> None:
        self.card, self.dropped = card, dropped
        self.labels = {item.group: _plain_label(item.text) for item in card.all("X-ABLABEL") if item.group}
        self.domains: dict[str, None] = {}
        self.contacts: list[Contact] = []
        self.fields: list[Field] = []
        self.notes: list[str] = []
        self.tags: dict[str, None] = dict.fromkeys(groups)
        self.person = self._person()
        self.organisation, self.department = self._organisation()
        # Of whom the rest of the card speaks, where that is not the vendor itself.
        self.whose = self.person if self.organisation and self.person.casefold() != self.organisation.casefold() else ""

    def vendor(self) -> Vendor | None:
        """The card as a vendor; None when it names nobody."""
        readers: Mapping[str, Callable[[Property], None]] = {
            "TEL": self._phone,
            "EMAIL": self._mail,
            "ADR": self._address,
            "URL": self._url,
            "NOTE": self._note,
            "CATEGORIES": self._categories,
            "LABEL": self._label_line,
        }
        if self.whose:
            self._contact("other", self.whose, one_line(next((item.text for item in self.card.all("TITLE")), "")))
        if self.department:
            self.fields.append(Field(name="Department", value=self.department))
        for item in self.card.properties:
            if item.name in readers:
                readers[item.name](item)
            else:
                self._other(item)
        if len(self.contacts) + len(self.fields) + len(self.domains) > MANY:
            raise ImportRefused("too_many_fields", line=self.card.line, what=str(MANY))
        return self._made()

    def _made(self) -> Vendor | None:
        name, whole = short_name(
            self.organisation or self.person or next((contact.value for contact in self.contacts), "") or next(iter(self.domains), "")
        )
        if not name:
            return None
        fields = (Field(name="Name", value=whole), *self.fields) if whole else tuple(self.fields)
        return Vendor(
            name=name,
            domains=tuple(self.domains),
            contacts=tuple(dict.fromkeys(self.contacts)),
            fields=tuple(dict.fromkeys(fields)),
            notes="\n\n".join(self.notes),
            tags=tuple(self.tags),
            sources=(SOURCE,),
        )

    def _person(self) -> str:
        formatted = next((name for item in _preferred(self.card.all("FN")) if (name := one_line(item.text))), "")
        if formatted:
            return formatted
        for item in self.card.all("N"):
            family, given, middle, prefix, suffix = [*item.parts(), "", "", "", "", ""][:5]
            if name := one_line(" ".join([prefix, given, middle, family, suffix])):
                return name
        return next((name for item in self.card.all("NICKNAME") if (name := one_line(item.text))), "")

    def _organisation(self) -> tuple[str, str]:
        for item in self.card.all("ORG"):
            name, *units = [one_line(part) for part in item.parts()]
            units = [unit for unit in units if unit]
            if name or units:
                return (name, ", ".join(units)) if name else (units[0], ", ".join(units[1:]))
        return "", ""

    def _contact(self, kind: Kind, value: str, label: str = "") -> None:
        if len(value) > LONGEST_CONTACT:
            self.fields.append(Field(name=label[:NAME] or kind.capitalize(), value=value))
        elif value:
            self.contacts.append(Contact(label=label[:NAME], kind=kind, value=value))

    def _label(self, item: Property) -> str:
        own = self.labels.get(item.group, "") if item.group else ""
        types = [own] if own else sorted(item.types - _PLAIN_TYPES)
        return ", ".join(part for part in [self.whose, *types] if part)

    def _phone(self, item: Property) -> None:
        value = one_line(item.text)
        self._contact("phone", value[4:] if value[:4].lower() == "tel:" else value, self._label(item))

    def _mail(self, item: Property) -> None:
        value = one_line(item.text)
        value = value[7:] if value[:7].lower() == "mailto:" else value
        if host := mail_host(value):
            self.domains[host] = None
        self._contact("email", value, self._label(item))

    def _address(self, item: Property) -> None:
        box, extended, street, city, region, code, country = ([one_line(part.replace("\n", ", ")) for part in item.parts()] + [""] * 7)[:7]
        if box.isdigit():
            box = f"P.O. Box {box}"
        lines = [extended, street, box, " ".join(part for part in (code, city) if part), region, country]
        self._contact("address", "\n".join(line.strip(", ") for line in lines if line.strip(", ")), self._label(item))

    def _label_line(self, item: Property) -> None:
        # The printed form of an address (2.1, 3.0): the same words as ADR, so it only counts where there is none.
        if not self.card.all("ADR"):
            self._contact("address", clean(item.text), self._label(item))

    def _url(self, item: Property) -> None:
        value = one_line(item.text)
        host = host_of(value) if not value.lower().startswith("mailto:") else None
        if host and "." in host and registrable(host) not in PLATFORMS:
            self.domains[host] = None
        self._contact("url", value, self._label(item))

    def _note(self, item: Property) -> None:
        if (text := clean(item.text)) and text not in self.notes:
            self.notes.append(text)

    def _categories(self, item: Property) -> None:
        self.tags.update((tag, None) for part in item.parts(",") if (tag := one_line(part)[:100]) and tag.casefold() != "mycontacts")

    def _other(self, item: Property) -> None:
        if item.name in DROPPED:
            self.dropped[DROPPED[item.name]] += 1
        elif item.name in {"FN", "N", "ORG", "X-ABLABEL"} or item.name in TECHNICAL or item.name.startswith("X-MS-"):
            self._second_names(item)
        elif item.name in CHATS:
            self._contact("other", one_line(item.text), CHATS[item.name] or self._label(item))
        elif item.raw[:5].lower() == "data:" or (
            "ENCODING" in item.params and "QUOTED-PRINTABLE" not in "".join(item.params["ENCODING"]).upper()
        ):
            self.dropped["attachment"] += 1
        elif value := clean(" ".join(part for part in item.parts() if part)):
            name = self.labels.get(item.group, "") if item.group else ""
            if not (item.name == "TITLE" and self.whose):
                name = name or NAMED.get(item.name) or item.name.removeprefix("X-").replace("-", " ").capitalize()
                self.fields.append(Field(name=f"{name} ({self.whose})"[:NAME] if self.whose else name[:NAME], value=value))

    def _second_names(self, item: Property) -> None:
        value = one_line(item.text)
        if item.name == "FN" and value and value.casefold() not in {self.person.casefold(), self.organisation.casefold()}:
            self.fields.append(Field(name="Name", value=value))
        if (
            item.name == "ORG"
            and (whole := ", ".join(part for text in item.parts() if (part := one_line(text))))
            and self.organisation not in whole
        ):
            self.fields.append(Field(name="Organisation", value=whole))


def _plain_label(text: str) -> str:
    plain = one_line(text)
    return plain.removeprefix(_APPLE[0]).removesuffix(_APPLE[1]) if plain.startswith(_APPLE[0]) else plain
