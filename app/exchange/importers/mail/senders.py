"""From mails to those who wrote them: one group for each registered domain, what is known of it, and whether it is a company.

Only sums and a few words of each sender are held, so that a mailbox of any size takes the memory of its senders.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from app.exchange.importers.mail import happenings, headers, roles
from app.exchange.importers.mail.happenings import Happening
from app.exchange.importers.mail.headers import Sender
from app.exchange.importers.mail.stream import Mail
from app.relationships.domains import registrable

Sort = Literal["company", "perhaps"]

GROUPS = 20_000
"""Senders that are told apart; mails of any further are counted only."""
WORDS = 12
"""Addresses, and names, of one sender that are kept apart."""
RECIPIENTS = 4_000
HAPPENINGS = 200
"""Orders and the like of one sender."""
OWN = 0.2
"""From this share of a file's mails on, whoever they go to is taken for its owner."""
OWN_AT_LEAST = 3


@dataclass
class Group:
    """What the mails of one registered domain (or of one mailbox where anybody can have one) add up to."""

    domain: str
    private: bool
    count: int = 0
    bulk: int = 0
    offices: int = 0
    first: datetime | None = None
    last: datetime | None = None
    addresses: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    called: dict[str, str] = field(default_factory=dict)
    unsubscribe: tuple[str, ...] = ()
    one_click: bool = False
    left_at: datetime | None = None
    found: dict[tuple[str, str], Happening] = field(default_factory=dict)

    @property
    def sort(self) -> Sort | None:
        """A company, perhaps one, or a person with a private mailbox (None): how is said on the page of the preview."""
        marked = bool(self.bulk or self.found)
        if self.private:
            return "perhaps" if marked else None
        return "company" if marked or self.offices else "perhaps"

    @property
    def name(self) -> str:
        """What it calls itself most often, else its domain."""
        best = max(self.names.items(), key=lambda one: (one[1], one[0]), default=("", 0))[0]
        return best or self.domain


class Senders:
    """Takes one mail after the other."""

    def __init__(self, *, zone: ZoneInfo, now: datetime) -> None:
        self._zone, self._now = zone, now
        self.groups: dict[str, Group] = {}
        self.counts: Counter[str] = Counter()
        self._recipients: Counter[str] = Counter()
        # One memory for each import: whom the owner hears from must not outlast it.
        self._registered = lru_cache(maxsize=50_000)(registrable)

    @property
    def mails(self) -> int:
        """How many mails there were so far."""
        return self.counts["mails"]

    def take(self, mail: Mail) -> None:
        """The next mail."""
        self.counts["mails"] += 1
        self.counts["markup_broken"] += mail.unreadable
        if _spam(mail):
            self.counts["spam"] += 1
            return
        self._to(mail)
        who = headers.sender(mail.get(b"from"))
        if who is None:
            self.counts["no_sender"] += 1
            return
        group = self._group(who)
        if group is None:
            self.counts["too_many_senders"] += 1
            return
        self._add(group, who, mail)

    def whole(self) -> list[Group]:
        """Every group but the owner's own addresses and people with a private mailbox, those who write most first."""
        own = {
            address for address, count in self._recipients.items() if count >= max(OWN_AT_LEAST, OWN * (self.mails - self.counts["spam"]))
        }
        kept = []
        for group in self.groups.values():
            for address in own & set(group.addresses):
                self.counts["own"] += group.addresses.pop(address)
            if not group.addresses:
                continue
            if group.sort is None:
                self.counts["people"] += 1
            else:
                kept.append(group)
        return sorted(kept, key=lambda group: (group.sort != "company", -group.count, group.domain))

    def _group(self, who: Sender) -> Group | None:
        domain = self._registered(who.host)
        private = roles.private(who.host)
        key = who.address if private else domain
        group = self.groups.get(key)
        if group is None and len(self.groups) < GROUPS:
            group = self.groups[key] = Group(key if private else domain, private)
        return group

    def _add(self, group: Group, who: Sender, mail: Mail) -> None:
        group.count += 1
        at = headers.when(mail.get(b"date"), mail.heads.get(b"received", []), now=self._now)
        if at is not None:
            group.first, group.last = min(group.first or at, at), max(group.last or at, at)
        talk = b"list-post" in mail.heads or mail.get(b"precedence").strip().lower() == b"list"
        leave = () if talk else headers.unsubscribe(mail.get(b"list-unsubscribe"))
        group.bulk += not talk and _bulk(mail)
        office = roles.office(who.local)
        group.offices += office
        _count(group.addresses, who.address)
        if who.name and who.address in group.addresses:
            group.called.setdefault(who.address, who.name)
        if who.name and (office or not roles.personal(who.name, who.local, group.domain)):
            _count(group.names, who.name)
        if leave and (group.left_at is None or (at is not None and at >= group.left_at)):
            group.unsubscribe, group.left_at = leave, at
            group.one_click = leave[0].lower().startswith("https:") and b"one-click" in mail.get(b"list-unsubscribe-post").lower()
        if mail.things and not _forged(mail):
            self._happened(group, mail, at)

    def _happened(self, group: Group, mail: Mail, at: datetime | None) -> None:
        if at is None:
            self.counts["undated"] += 1
            return
        for one in happenings.read(mail.things, at=at, zone=self._zone):
            if one.key in group.found:
                group.found[one.key] = happenings.joined(group.found[one.key], one)
            elif len(group.found) < HAPPENINGS:
                group.found[one.key] = one
            else:
                self.counts["too_many_happenings"] += 1

    def _to(self, mail: Mail) -> None:
        fields = [mail.get(name) for name in (b"to", b"delivered-to", b"x-original-to")]
        seen = {who.address for raw in fields if (who := headers.sender(raw))}
        for address in seen:
            if address in self._recipients or len(self._recipients) < RECIPIENTS:
                self._recipients[address] += 1


def _count(counter: Counter[str], word: str) -> None:
    if word in counter or len(counter) < WORDS:
        counter[word] += 1


def _bulk(mail: Mail) -> bool:
    """Whether a program sent it to many: RFC 2369, RFC 3834, and what large senders write."""
    automatic = mail.get(b"auto-submitted").strip().lower()
    return (
        b"list-unsubscribe" in mail.heads
        or b"feedback-id" in mail.heads
        or mail.get(b"precedence").strip().lower() == b"bulk"
        or automatic.startswith(b"auto-generated")
    )


def _spam(mail: Mail) -> bool:
    """Whether the owner's own mail service put it aside."""
    labels = {label.strip().lower() for label in mail.get(b"x-gmail-labels").split(b",")}
    return mail.get(b"x-spam-flag").strip().lower() == b"yes" or not labels.isdisjoint({b"spam", b"trash"})


def _forged(mail: Mail) -> bool:
    """Whether the receiving server found that the sender is not who they say (RFC 8601, RFC 7489)."""
    return b"dmarc=fail" in mail.get(b"authentication-results").lower()
