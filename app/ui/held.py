"""What a company says that it holds on the owner, version by version, and what changed. The company's words, quoted as claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.auth.owner import Owner, Reader
from app.errors import NotFound
from app.i18n import Lazy, _, lazy
from app.relationships import crm_mirror
from app.relationships.crm_mirror import Difference, Value
from app.ui import arriving, clients, wording
from app.ui.pages import Page
from app.ui.render import render
from app.ui.vendor_words import plain
from vault import store
from vault.records import Held, HeldField, Vendor

router = APIRouter(include_in_schema=False)

SHOWN: Final = 20
BASIS: Final[Mapping[str, Lazy]] = {
    "stated": lazy("you told them"),
    "observed": lazy("they saw it"),
    "inferred": lazy("they concluded it"),
    "bought": lazy("they got it from others"),
}
CHANGE: Final[Mapping[str, Lazy]] = {"came": lazy("new"), "went": lazy("gone"), "changed": lazy("changed")}


@dataclass(frozen=True)
class Thing:
    """One thing that they hold. `doubtful` marks what the owner did not tell them."""

    name: str
    value: str
    basis: str
    doubtful: bool
    source: str
    collected_at: datetime | None


@dataclass(frozen=True)
class Changed:
    """One change from the version before."""

    kind: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """One version, with what changed in it. `first` has nothing before it."""

    number: int
    received_at: datetime
    changes: tuple[Changed, ...]
    first: bool


@dataclass(frozen=True)
class Mirror:
    """What one of their systems says by one permission: its latest version, and the versions, the latest first."""

    grant_id: str
    who: str
    received_at: datetime
    things: tuple[Thing, ...]
    segments: tuple[str, ...]
    scores: tuple[tuple[str, str, str], ...]
    versions: tuple[Version, ...]
    older: int


@dataclass(frozen=True, kw_only=True)
class ShowPage(Page):
    """One company's mirror."""

    template: ClassVar[str] = "held/show.html"
    vendor_id: str
    name: str
    mirrors: tuple[Mirror, ...]


@router.get("/vendors/{vendor_id}/held")
def show(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """The page, with what has come since."""
    arriving.collect(owner)
    opened = store.get(owner.db, owner.keyring, Vendor, vendor_id)
    if opened is None:
        raise NotFound
    page = ShowPage(vendor_id=vendor_id, name=opened.fields.name, mirrors=_mirrors(owner, opened.fields))
    return render(request, page, owner=owner)


def _mirrors(owner: Owner, vendor: Vendor) -> tuple[Mirror, ...]:
    by_grant: dict[str, list[tuple[int, str]]] = {}
    for one in store.digests(owner.db, owner.keyring, Held):
        if one.values["client_id"] in vendor.client_ids:
            by_grant.setdefault(str(one.values["grant_id"]), []).append((int(str(one.values["version"])), one.record_id))
    known = clients.of_ids(owner.db, vendor.client_ids)
    names = {client_id: plain(client.name) for client_id, client in known.items()}
    mirrors = (_mirror(owner, grant_id, sorted(rows, reverse=True), names) for grant_id, rows in by_grant.items())
    return tuple(sorted(mirrors, key=lambda one: one.received_at, reverse=True))


def _mirror(owner: Owner, grant_id: str, rows: list[tuple[int, str]], names: Mapping[str, str]) -> Mirror:
    opened = [store.get(owner.db, owner.keyring, Held, record_id) for _number, record_id in rows[: SHOWN + 1]]
    found = [one.fields for one in opened if one is not None]
    latest = found[0]
    pairs = zip(found[:SHOWN], [*found[1:], None], strict=False)
    return Mirror(
        grant_id=grant_id,
        who=names.get(latest.client_id, _("a system you do not know")),
        received_at=latest.received_at,
        things=tuple(_thing(one) for one in latest.fields),
        segments=tuple(plain(name) for name in latest.segments),
        scores=tuple((plain(one.name), plain(one.value), plain(one.meaning)) for one in latest.scores),
        versions=tuple(_version(now, before) for now, before in pairs),
        older=max(0, len(rows) - SHOWN),
    )


def _thing(one: HeldField) -> Thing:
    doubtful = one.basis in {"inferred", "bought"}
    return Thing(plain(one.name), plain(one.value), str(BASIS[one.basis]), doubtful, plain(one.source), one.collected_at)


def _version(now: Held, before: Held | None) -> Version:
    changes = tuple(
        Changed(wording.of_code(CHANGE, one.kind), plain(one.name), _words(one, one.before), _words(one, one.after))
        for one in crm_mirror.differences(before, now)
    )
    return Version(now.version, now.received_at, changes, first=before is None)


def _words(change: Difference, values: tuple[Value, ...]) -> str:
    """The values; with how they came by them where that alone changed."""
    said = []
    for value, basis, source in values:
        told = [str(BASIS[basis])] if basis else []
        more = ", ".join((*told, plain(source))) if change.same_words else ""
        said.append(f"{plain(value)} ({more.strip(', ')})" if more.strip(", ") else plain(value))
    return "; ".join(said)
