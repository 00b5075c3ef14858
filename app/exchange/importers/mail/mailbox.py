"""A mail file from its first byte to a reading: vendors with what their mails say, and what happened with them."""

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from app.exchange.importers.mail import happenings
from app.exchange.importers.mail.senders import Group, Senders
from app.exchange.importers.mail.stream import Splitter
from app.exchange.importers.reading import Happened, ImportRefused, Incoming, Reading, short_name
from app.relationships.domains import canonical
from vault.records import Contact, MailSeen, Vendor

LIMIT = 1 << 30
"""Largest mail file, in bytes."""

MOST = 2_000
"""Senders that are offered, those with most mails first; any further are counted."""

SOURCE = "mail"
BEFORE = b"\r\n \t\xef\xbb\xbf"
"""What may stand before the first line: blank lines, and a byte order mark."""
NOBODY = "0" * 32
"""The vendor of what happened, until it is staged."""

_KNOWN = frozenset("from date subject received message-id return-path delivered-to to mime-version x-mailer reply-to sender".split())
_HEAD = re.compile(rb"([!-9;-~]{1,60})[ \t]*:")
_ENOUGH = 2


def form(start: bytes) -> str | None:
    """`mbox` or `eml` by the first bytes of a file; None when it is neither."""
    lines = re.split(rb"\r*\n|\r", start.lstrip(BEFORE))
    if lines[0].startswith(b"From ") and len(lines) > 1 and _HEAD.match(lines[1].removeprefix(b">")):
        return "mbox"
    names = set()
    for line in lines:
        found = _HEAD.match(line)
        if not line.strip() or not (found or line[:1] in {b" ", b"\t"}):
            break
        if found:
            names.add(found[1].decode().lower())
    return "eml" if len(names & _KNOWN) >= _ENOUGH else None


class Mailbox:
    """Takes a mail file in pieces. `whole` tells what is in it, once it has ended."""

    def __init__(self, form: str, *, zone: str, now: datetime) -> None:
        self.form, self._zone, self._now = form, zone, now
        self._senders = Senders(zone=ZoneInfo(zone), now=now)
        self._begun = False
        self._splitter = Splitter(self._senders.take, mbox=form == "mbox")

    @property
    def mails(self) -> int:
        """Mails so far."""
        return self._senders.mails

    @property
    def senders(self) -> int:
        """Senders so far."""
        return len(self._senders.groups)

    def write(self, data: bytes) -> None:
        """The next bytes."""
        if not self._begun:
            data = data.lstrip(BEFORE)
            self._begun = bool(data)
        self._splitter.write(data)

    def whole(self) -> Reading:
        """The file has ended. Raises ImportRefused `mail_none` when no mail with a head was in it."""
        self._splitter.close()
        groups = self._senders.whole()
        if not self.mails:
            raise ImportRefused("mail_none")
        counts = self._senders.counts
        counts["few"] += len(groups[MOST:])
        vendors = tuple(Incoming(_vendor(group), sort=group.sort or "") for group in groups[:MOST])
        happened = tuple(one for position, group in enumerate(groups[:MOST]) for one in self._happened(position, group))
        dropped = tuple(sorted((f"mail_{code}", count) for code, count in counts.items() if count and code != "mails"))
        return Reading(SOURCE, vendors, (), (("mail", self.mails), *dropped), happened=happened)

    def _happened(self, position: int, group: Group) -> Iterator[Happened]:
        for one in sorted(group.found.values(), key=lambda one: (one.at, one.key)):
            if (interaction := happenings.interaction(one, NOBODY, now=self._now)) is not None:
                yield Happened(position, interaction)
            if (promise := happenings.commitment(one, NOBODY, zone=self._zone, now=self._now)) is not None:
                yield Happened(position, promise)


def _contact(group: Group, address: str, of: str) -> Contact:
    # The name beside an address is worth keeping where it is not the company's own.
    called, _whole = short_name(group.called.get(address, ""))
    return Contact(label=called if called.casefold() not in of.casefold() else "", kind="email", value=address)


def _vendor(group: Group) -> Vendor:
    # Anybody can call a mailbox by a company's name: beside its address it is taken for nobody else.
    name, _whole = short_name(f"{group.name} ({group.domain})" if group.private and group.names else group.name)
    domain = None if group.private else canonical(group.domain)
    return Vendor(
        name=name or group.domain[:200],
        domains=(domain,) if domain else (),
        contacts=tuple(_contact(group, address, name or group.domain) for address, _count in group.addresses.most_common()),
        mail=MailSeen(
            first=group.first.date() if group.first else None,
            last=group.last.date() if group.last else None,
            count=group.count,
            unsubscribe=group.unsubscribe,
            one_click=group.one_click,
        ),
        sources=(SOURCE,),
    )
