"""The mirror: what a company holds on the owner, line by line beside what the owner holds and allowed, version by version.

Their words are quoted as claims. Every line leads to a letter that names it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.auth.owner import Owner, Reader
from app.i18n import _
from app.relationships import authorities, crm_mirror
from app.relationships.crm_mirror import Difference, Line, Value
from app.relationships.rights import RULES, Law, Right
from app.ui import arriving, wording
from app.ui.letters import matter_parts, rights_letters
from app.ui.letters.matter_parts import MatterLine
from app.ui.mirror import drawing as mirror_drawing
from app.ui.mirror import lines as mirror_lines
from app.ui.mirror import words
from app.ui.mirror.drawing import Sets
from app.ui.mirror.lines import Beside
from app.ui.pages import Page
from app.ui.render import render
from app.ui.vendors import clients
from app.ui.vendors import handlers as vendors
from app.ui.vendors.words import plain
from app.ui.view import view
from app.ui.wording import Tone
from vault import store
from vault.records import Held, Vendor

router = APIRouter(include_in_schema=False)

SHOWN: Final = 20
"""Versions of one source that are told."""


@view
class Row:
    """One thing that they hold. `ref` goes into a letter; `verdicts` are (words, tone), by the first of which it is sorted; `act` is
    what the line asks for, as words and link."""

    ref: str
    name: str
    value: str
    verdicts: tuple[tuple[str, Tone], ...]
    mine: tuple[str, ...]
    why: str
    basis: str
    source: str
    collected_at: datetime | None
    fetched_at: datetime | None
    act: tuple[str, str] | None


@view
class Conclusion:
    """A group or a figure that they gave the owner, with a plain word about it."""

    ref: str
    name: str
    value: str
    meaning: str
    about: str


@view
class Changed:
    """One change from the version before."""

    kind: str
    name: str
    before: str
    after: str


@view
class Version:
    """One version, with what changed in it. `first` has nothing before it. `brought` is its record where the owner brought it in."""

    number: int
    received_at: datetime
    changes: tuple[Changed, ...]
    first: bool
    file_name: str
    brought: str


@view
class Told:
    """What one source says: one of their systems by a permission (`grant_id`), or the answers that the owner brought in."""

    grant_id: str
    who: str
    received_at: datetime
    rows: tuple[Row, ...]
    conclusions: tuple[Conclusion, ...]
    versions: tuple[Version, ...]
    older: int


@view(kw_only=True)
class ShowPage(Page):
    """One company's mirror. `asks` are (right, words) that ticked lines can go into; `waiting` are answers not yet read."""

    template: ClassVar[str] = "mirror/show.html"
    vendor_id: str
    name: str
    law: str
    place: str
    told: tuple[Told, ...]
    counts: tuple[tuple[str, int, Tone], ...]
    sets: Sets
    asks: tuple[tuple[str, str], ...]
    waiting: tuple[tuple[str, str], ...]
    matters: tuple[MatterLine, ...]
    access: str
    errors: Mapping[str, str]


@router.get("/vendors/{vendor_id}/mirror")
def show(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """The page, with what has come since."""
    arriving.collect(owner)
    return render(request, page_of(owner, vendor_id, {}), owner=owner)


def page_of(owner: Owner, vendor_id: str, errors: Mapping[str, str]) -> ShowPage:
    """A company's mirror. Raises NotFound."""
    vendor = vendors.find(owner, vendor_id)
    place = rights_letters.place_of(owner, vendor_id, vendor)
    law = authorities.law_at(place) or Law.GDPR
    shown = _Shown(owner, vendor_id, vendor, law, place)
    told = tuple(sorted(shown.told(), key=lambda one: one.received_at, reverse=True))
    lines, against = shown.lines, shown.against
    return ShowPage(
        vendor_id=vendor_id,
        name=vendor.name,
        law=law.value,
        place=place,
        told=told,
        counts=tuple((str(words.VERDICT[one]), n, words.TONE[one]) for one, n in crm_mirror.counts(lines).items()),
        sets=mirror_drawing.sets(crm_mirror.overlap(lines, against.mine, against.allowed)),
        asks=tuple((right.value, str(text)) for right, text in words.ASKS.items() if right in RULES[law]),
        waiting=tuple(shown.waiting),
        matters=tuple(one for one in matter_parts.of_vendor(owner, vendor_id) if one.open),
        access=shown.letter(Right.ACCESS),
        errors=errors,
    )


class _Shown:
    """The sources of one company while they are told: what they say together, and which answers wait."""

    def __init__(self, owner: Owner, vendor_id: str, vendor: Vendor, law: Law, place: str) -> None:
        self._owner, self._vendor_id, self._vendor, self._law, self._place = owner, vendor_id, vendor, law, place
        self.against: Beside = mirror_lines.beside(owner, vendor_id, vendor)
        self.lines: list[Line] = []
        self.waiting: list[tuple[str, str]] = []

    def told(self) -> list[Told]:
        known = clients.of_ids(self._owner.db, self._vendor.client_ids)
        names = {client_id: plain(client.name) for client_id, client in known.items()}
        found = []
        for source, rows in mirror_lines.versions(self._owner, self._vendor_id, self._vendor).items():
            opened = [(row, one) for row in rows[: SHOWN + 1] if (one := store.get(self._owner.db, self._owner.keyring, Held, row.held_id))]
            self.waiting += [(row.held_id, one.fields.sheet.file_name if one.fields.sheet else "") for row, one in opened if row.waiting]
            read = [(row.held_id, one.fields) for row, one in opened if not row.waiting]
            if read:
                who = names.get(read[0][1].client_id or "", _("a system you do not know")) if source else ""
                found.append(self._one(source, who, read, older=max(0, len(rows) - SHOWN)))
        return found

    def letter(self, right: Right, ref: str = "") -> str:
        """The link to a letter, which names one line."""
        asked = {"to": self._vendor_id, "right": right.value, "law": self._law.value, "where": self._place, "line": ref}
        return f"/letters/new?{urlencode({name: value for name, value in asked.items() if value})}"

    def _one(self, source: str, who: str, read: list[tuple[str, Held]], *, older: int) -> Told:
        held_id, latest = read[0]
        lines = self.against.lines(latest)
        self.lines += lines
        pairs = zip(read[:SHOWN], [*(held for _held_id, held in read[1:]), None], strict=False)
        order = {verdict: place for place, verdict in enumerate(crm_mirror.VERDICTS)}
        facts = sorted((line for line in lines if line.group == "field"), key=lambda line: (order[line.verdict], line.name.casefold()))
        return Told(
            grant_id=source,
            who=who,
            received_at=latest.received_at,
            rows=tuple(self._row(held_id, line) for line in facts),
            conclusions=tuple(_conclusion(held_id, line) for line in lines if line.group != "field"),
            versions=tuple(_version(number_id, now, before) for (number_id, now), before in pairs),
            older=older,
        )

    def _row(self, held_id: str, line: Line) -> Row:
        ref = f"{held_id}.{line.key}"
        right = words.RIGHT.get(line.verdict)
        right = right if right in RULES[self._law] else Right.ERASURE if right else None
        return Row(
            ref=ref,
            name=plain(line.name),
            value=plain(line.value),
            verdicts=tuple((str(words.VERDICT[one]), words.TONE[one]) for one in line.verdicts),
            mine=line.mine if line.verdict != "agrees" else (),
            why=words.why(line),
            basis="" if line.basis == "unsaid" and not line.source else str(words.BASIS[line.basis]),
            source=plain(line.source),
            collected_at=line.collected_at,
            fetched_at=self.against.fetched.get(line.term),
            act=(str(words.ACT[right]), self.letter(right, ref)) if right else None,
        )


def _conclusion(held_id: str, line: Line) -> Conclusion:
    about = words.about(line.name, line.group)
    return Conclusion(f"{held_id}.{line.key}", plain(line.name), plain(line.value), plain(line.source), about)


def _version(held_id: str, now: Held, before: Held | None) -> Version:
    changes = tuple(
        Changed(wording.of_code(words.CHANGE, one.kind), plain(one.name), _words(one, one.before), _words(one, one.after))
        for one in crm_mirror.differences(before, now)
    )
    brought = held_id if now.sheet else ""
    return Version(now.version, now.received_at, changes, before is None, now.sheet.file_name if now.sheet else "", brought)


def _words(change: Difference, values: tuple[Value, ...]) -> str:
    """The values; with how they came by them where that alone changed."""
    said = []
    for value, basis, source in values:
        told = [str(words.BASIS[basis])] if basis else []
        more = ", ".join((*told, plain(source))) if change.same_words else ""
        said.append(f"{plain(value)} ({more.strip(', ')})" if more.strip(", ") else plain(value))
    return "; ".join(said)
