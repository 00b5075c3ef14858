"""Is this the vendor that I already have, and what would joining the two change? Pure.

An incoming vendor is the same as a known one when they share a registered domain or, where neither has one that says
otherwise, the same normalised name. Joining never loses a word: what is the owner's stays first, what is new is added.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Self, TypeVar

from app.relationships.domains import registrable
from app.relationships.search import fold
from vault.records import Contact, Field, MailSeen, Vendor

ALSO_CALLED = "Also called"
"""Name of the field in which a second name of one vendor is kept; a page shows it in the reader's language."""

T = TypeVar("T", bound=Hashable)

_LEGAL_FORM = re.compile(
    r"(?:\b(?:ltd|limited|llc|inc|incorporated|corp|corporation|plc|gmbh|ag|bv|nv|sa|sas|sarl|srl|spa|oy|ab|as|aps|kg|co|company|dac|clg|uc)\b\s*)+$"
)
_NOT_WORD = re.compile(r"[^\w]+", re.UNICODE)
_DIALLED = re.compile(r"[^\d+]")


@dataclass(frozen=True)
class Added:
    """One field of a vendor that would gain values. `field` is a field of Vendor, `values` are words of the owner's to show."""

    field: str
    values: tuple[str, ...]


@dataclass
class Index:
    """Finds a known vendor by domain or name. `ids` are the caller's; the first known keeps a name or domain that two share."""

    by_domain: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)
    domains_of: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Iterable[tuple[str, str, Sequence[str]]]) -> Self:
        """Build from (id, name, domains)."""
        index = cls()
        for key, name, domains in known:
            index.add(key, name, domains)
        return index

    def add(self, key: str, name: str, domains: Sequence[str]) -> None:
        """Make one more vendor findable, or one that is there findable by more."""
        registered = frozenset(registrable(domain) for domain in domains)
        for domain in registered:
            self.by_domain.setdefault(domain, key)
        if plain := plain_name(name):
            self.by_name.setdefault(plain, key)
        self.domains_of[key] = self.domains_of.get(key, frozenset()) | registered

    def match(self, name: str, domains: Sequence[str]) -> str | None:
        """The id of the same vendor, None when it is new."""
        return next(iter(self.matches(name, domains)), None)

    def matches(self, name: str, domains: Sequence[str]) -> list[str]:
        """Every id that shares a registered domain, in the order of the domains; else the one of the same name.

        A name does not count where both sides have domains and share none: those are two.
        """
        registered = [registrable(domain) for domain in domains]
        shared = list(dict.fromkeys(self.by_domain[domain] for domain in registered if domain in self.by_domain))
        found = self.by_name.get(plain_name(name))
        if shared or found is None or (registered and self.domains_of[found]):
            return shared
        return [found]


def plain_name(name: str) -> str:
    """A name without case, accents, punctuation and legal form, for comparing only: `"Corner Shop, Ltd."` is `"corner shop"`."""
    words = _NOT_WORD.sub(" ", fold(name).replace("&", " and ")).strip()
    # A name of nothing but signs (an emoji, a star) is compared as it is: without a name it would be new at every import.
    return _LEGAL_FORM.sub("", words).strip() or words or " ".join(name.casefold().split())


def merge(mine: Vendor, incoming: Vendor) -> Vendor:
    """Both in one. Single values of `mine` stay; a different name or job of `incoming` is kept beside them.

    `merge(merge(a, b), b) == merge(a, b)`, so that the same file twice changes nothing.
    """
    fields = _joined(mine.fields, (*_also_called(mine, incoming), *incoming.fields), key=_field_key)
    notes = _joined_text(mine.notes, incoming.notes)
    if incoming.job and mine.job and incoming.job != mine.job:
        notes = _joined_text(notes, incoming.job)
    return mine.model_copy(
        update={
            "domains": _joined(mine.domains, incoming.domains, key=str),
            "customer_numbers": _joined(mine.customer_numbers, incoming.customer_numbers, key=str),
            "contacts": _joined(mine.contacts, incoming.contacts, key=contact_key),
            "since": mine.since or incoming.since,
            "job": mine.job or incoming.job,
            "closeness": incoming.closeness if mine.closeness == "unsaid" else mine.closeness,
            "notes": notes,
            "tags": _joined(mine.tags, incoming.tags, key=str.casefold),
            "client_ids": _joined(mine.client_ids, incoming.client_ids, key=str),
            "fields": fields,
            "sources": _joined(mine.sources, incoming.sources, key=str),
            "mail": _joined_mail(mine.mail, incoming.mail),
            "owned_by": mine.owned_by or incoming.owned_by,
            "privacy": mine.privacy or incoming.privacy,
            "substitutes": _joined(mine.substitutes, incoming.substitutes, key=str.casefold),
        }
    )


def added(before: Vendor, after: Vendor) -> tuple[Added, ...]:
    """What `after` has and `before` has not, field by field, in the order of the page. Empty when they are equal."""
    gains: Mapping[str, tuple[str, ...]] = {
        "name": (after.name,) if after.name != before.name else (),
        "domains": _gained(before.domains, after.domains),
        "customer_numbers": _gained(before.customer_numbers, after.customer_numbers),
        "contacts": tuple(shown_contact(contact) for contact in _gained(before.contacts, after.contacts)),
        "since": (after.since.isoformat(),) if after.since and after.since != before.since else (),
        "job": (after.job,) if after.job != before.job else (),
        "closeness": (after.closeness,) if after.closeness != before.closeness else (),
        "fields": tuple(f"{item.name}: {item.value}" for item in _gained(before.fields, after.fields)),
        "tags": _gained(before.tags, after.tags),
        "notes": (after.notes.removeprefix(before.notes).strip(),) if after.notes != before.notes else (),
        "client_ids": _gained(before.client_ids, after.client_ids),
        "mail": shown_mail(after.mail) if after.mail and after.mail != before.mail else (),
        "owned_by": (after.owned_by,) if after.owned_by != before.owned_by else (),
        "privacy": tuple(filter(None, after.privacy.model_dump().values())) if after.privacy and after.privacy != before.privacy else (),
        "substitutes": _gained(before.substitutes, after.substitutes),
        "sources": _gained(before.sources, after.sources),
    }
    return tuple(Added(name, values) for name, values in gains.items() if values)


def contact_key(contact: Contact) -> tuple[str, str]:
    """What makes two contacts one: kind and value, however spelt or labelled."""
    value = " ".join(contact.value.split())
    if contact.kind == "phone" and any(letter.isdigit() for letter in value):
        value = _DIALLED.sub("", value.partition(";")[0]) + "".join(value.partition(";")[1:])
    if contact.kind == "url":
        value = value.rstrip("/")
    return contact.kind, value if contact.kind == "login" else value.casefold()


def shown_contact(contact: Contact) -> str:
    """A contact in one line, with its label when it has one."""
    return f"{contact.label}: {contact.value}" if contact.label else contact.value


def shown_mail(mail: MailSeen) -> tuple[str, ...]:
    """What is known of their mails in short lines: how many and from when to when, then how to be left alone."""
    span = f" ({mail.first} – {mail.last})" if mail.first and mail.last else ""
    return (f"{mail.count}{span}", *mail.unsubscribe)


def _joined_mail(mine: MailSeen | None, incoming: MailSeen | None) -> MailSeen | None:
    """What two files say of one sender's mails. They may hold the same mails, so the greater number counts, not the sum."""
    if mine is None or incoming is None:
        return mine or incoming
    days = [day for mail in (mine, incoming) for day in (mail.first, mail.last) if day is not None]
    newer = incoming if incoming.unsubscribe and (not mine.unsubscribe or (incoming.last or date.min) > (mine.last or date.min)) else mine
    return MailSeen(
        first=min(days, default=None),
        last=max(days, default=None),
        count=max(mine.count, incoming.count),
        unsubscribe=newer.unsubscribe,
        one_click=newer.one_click,
    )


def _field_key(item: Field) -> tuple[str, str]:
    return item.name.casefold(), item.value


def _also_called(mine: Vendor, incoming: Vendor) -> tuple[Field, ...]:
    if plain_name(mine.name) == plain_name(incoming.name) or incoming.name.casefold() in mine.domains:
        return ()
    return (Field(name=ALSO_CALLED, value=incoming.name),)


def _joined(first: Sequence[T], second: Sequence[T], *, key: Callable[[T], object]) -> tuple[T, ...]:
    new: dict[object, T] = {}
    for value in second:
        new.setdefault(key(value), value)
    old = {key(value) for value in first}
    return (*first, *(value for name, value in new.items() if name not in old))


def _joined_text(first: str, second: str) -> str:
    if not second.strip() or second.strip() in first:
        return first
    return f"{first}\n\n{second.strip()}" if first.strip() else second.strip()


def _gained(before: Sequence[T], after: Sequence[T]) -> tuple[T, ...]:
    old = set(before)
    return tuple(value for value in after if value not in old)
