"""Gathering what the balance is weighed from: the owner's records, opened, in the shape that the rules read."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.auth.owner import Owner
from app.exchange import promises
from app.relationships import jobs, leaning
from app.relationships.evidence import Asking, Consent, Correcting, Evidence, Happening, Holding, Noted, Promise, Purchase, Work, rate
from app.ui.vendors import happened
from app.ui.view import view
from consent import grants
from consent.store import Grant, Request
from consent.vocabulary import purpose_label
from vault import store
from vault.records import Commitment, Correction, Held, Interaction, Job, Prices, Signpost, Vendor, Yardstick
from vault.segments import Digest

FEW_CLIENTS = 500
"""So many clients are named in a query; beyond, all grants are read."""

SELLING = frozenset({"dpv:SellDataToThirdParties", "dpv:SellInsightsFromData"})


@dataclass
class _Sorted:
    """Evidence by vendor while it is gathered."""

    found: dict[str, dict[str, list[Any]]] = field(default_factory=dict)

    def put(self, vendor_id: str, part: str, one: object) -> None:
        self.found.setdefault(vendor_id, {}).setdefault(part, []).append(one)

    def evidence(self, vendor_id: str) -> Evidence:
        return Evidence(vendor_id, **{part: tuple(ones) for part, ones in self.found.get(vendor_id, {}).items()})


@view
class Gathered:
    """The names of all vendors, the evidence of each that has some, what was paid to whom, and the owner's measures."""

    vendors: dict[str, str]
    evidence: dict[str, Evidence]
    purchases: list[Purchase]
    yardsticks: list[Yardstick]


def of_vendor(owner: Owner, vendor_id: str, vendor: Vendor) -> Evidence:
    """All that concerns one vendor, whole records."""
    sorted_ = _Sorted()
    marked = {mark.record_id for mark in happened.of_vendor(owner, "interaction", (vendor_id,))}
    for record_id, happening in store.get_many(owner.db, owner.keyring, Interaction, marked).items():
        sorted_.put(vendor_id, "happenings", Happening(record_id, happening.fields))
    for one in _of(owner, Commitment, vendor_id):
        opened = store.get(owner.db, owner.keyring, Commitment, one.record_id)
        if opened:
            sorted_.put(vendor_id, "promises", Promise(one.record_id, opened.fields, opened.created_at))
    for one in _of(owner, Prices, vendor_id):
        sorted_.put(vendor_id, "prices", Noted(one.record_id, Prices.model_validate(one.values)))
    theirs = dict.fromkeys(vendor.client_ids, vendor_id)
    _consents(owner, sorted_, theirs)
    _holdings(owner, sorted_, theirs, {vendor_id})
    _said(owner, sorted_, {vendor_id})
    return sorted_.evidence(vendor_id)


def of_all(owner: Owner) -> Gathered:
    """Every vendor, from digests where they say enough. Happenings are left out: only what was paid weighs, and that is beside."""
    known: dict[str, Any] = {one.record_id: one for one in owner.digests(Vendor)}
    sorted_ = _Sorted()
    _promises(sorted_, promises.told(owner.db, owner.keyring, owner.digests(Commitment)), known.keys())
    theirs = {client_id: vendor_id for vendor_id, one in known.items() for client_id in one.values["client_ids"]}
    _consents(owner, sorted_, theirs)
    _holdings(owner, sorted_, theirs, known.keys())
    _said(owner, sorted_, known.keys())
    evidence = {vendor_id: sorted_.evidence(vendor_id) for vendor_id in sorted_.found if vendor_id in known}
    return Gathered({one.record_id: str(one.values["name"]) for one in known.values()}, evidence, purchases(owner), yardsticks(owner))


def of_leaning(
    owner: Owner, vendors: Mapping[str, Mapping[str, Any]], made: Iterable[store.Opened[Commitment]], works: Iterable[store.Opened[Job]]
) -> dict[str, Evidence]:
    """Those vendors of which something written down could make it certain that the owner depends, without what was paid.

    Everything is from digests but promises and jobs, which the caller has read, and what these few vendors say that they hold.
    """
    sorted_ = _Sorted()
    _promises(sorted_, made, vendors.keys())
    _jobs(sorted_, works, vendors.keys())
    for one in owner.digests(Correction):
        if (vendor_id := str(one.values["vendor_id"])) in vendors:
            sorted_.put(vendor_id, "corrections", Correcting(one.record_id, Correction.model_validate(one.values)))
    wanted = [vendor_id for vendor_id in sorted_.found if leaning.may_lean(sorted_.evidence(vendor_id))]
    theirs = {client_id: vendor_id for vendor_id in wanted for client_id in vendors[vendor_id]["client_ids"]}
    _consents(owner, sorted_, theirs)
    _holdings(owner, sorted_, theirs, wanted)
    return {vendor_id: sorted_.evidence(vendor_id) for vendor_id in wanted}


@view
class _Paid:
    """The purchases of one segment."""

    purchases: tuple[Purchase, ...]

    @property
    def size(self) -> int:
        return 500 * len(self.purchases)


def purchases(owner: Owner) -> list[Purchase]:
    """What was paid to anybody, and what recurs by the prices noted, from digests."""
    pieces = owner.stores.memory.pieces(owner.db, owner.keyring, Interaction, "purchases", lambda digests: _Paid(tuple(_paid(digests))))
    noted = (rate(Prices.model_validate(one.values)) for one in owner.digests(Prices))
    return [*(purchase for piece in pieces for purchase in piece.purchases), *(one for one in noted if one)]


def _paid(digests: Iterable[Digest]) -> list[Purchase]:
    rows: Iterable[dict[str, Any]] = (one.values for one in digests)
    return [
        Purchase(
            values["vendor_id"],
            Decimal(values["amount"]),
            values["currency"],
            datetime.fromisoformat(values["happened_at"]),
            datetime.fromisoformat(values["recorded_at"]),
        )
        for values in rows
        if values["kind"] == "purchase" and values["amount"] is not None and values["currency"] is not None
    ]


def yardsticks(owner: Owner) -> list[Yardstick]:
    """Every measure that the owner ever said."""
    return [Yardstick.model_validate(one.values) for one in owner.digests(Yardstick)]


def _of(owner: Owner, model: type[Commitment | Prices], vendor_id: str) -> Iterator[Digest]:
    return (one for one in owner.digests(model) if one.values["vendor_id"] == vendor_id)


def _said(owner: Owner, sorted_: _Sorted, wanted: Collection[str]) -> None:
    """Jobs, corrections and signposts."""
    _jobs(sorted_, store.all_of(owner.db, owner.keyring, Job), wanted)
    for said in store.all_of(owner.db, owner.keyring, Correction):
        if said.fields.vendor_id in wanted:
            sorted_.put(said.fields.vendor_id, "corrections", Correcting(said.record_id, said.fields))
    for asked in store.all_of(owner.db, owner.keyring, Signpost):
        if asked.fields.vendor_id in wanted:
            sorted_.put(asked.fields.vendor_id, "signposts", Asking(asked.record_id, asked.fields))


def _promises(sorted_: _Sorted, made: Iterable[store.Opened[Commitment]], wanted: Collection[str]) -> None:
    for one in made:
        if one.fields.vendor_id in wanted:
            sorted_.put(one.fields.vendor_id, "promises", Promise(one.record_id, one.fields, one.created_at))


def _jobs(sorted_: _Sorted, works: Iterable[store.Opened[Job]], wanted: Collection[str]) -> None:
    for work in works:
        for vendor_id in jobs.vendors(work.fields):
            if vendor_id in wanted:
                sorted_.put(vendor_id, "jobs", Work(work.record_id, work.fields))


def _consents(owner: Owner, sorted_: _Sorted, clients: dict[str, str]) -> None:
    """Permissions of clients that are tied to a vendor."""
    if not clients:
        return
    countered = select(Request.request_id).where(Request.account_id == owner.account_id, col(Request.countered_at).is_not(None))
    answered = set(owner.db.exec(countered))
    for row in owner.db.exec(_granted(owner, clients)):
        if row.client_id in clients:
            sorted_.put(clients[row.client_id], "consents", _consent(row, countered=row.request_id in answered))


def _holdings(owner: Owner, sorted_: _Sorted, clients: Mapping[str, str], wanted: Collection[str]) -> None:
    """What these clients say that they hold, and what the owner brought in of the vendors' answers and has read."""
    for one in owner.digests(Held):
        vendor_id = str(one.values.get("vendor_id") or clients.get(str(one.values["client_id"])))
        counts = vendor_id in wanted and not one.values.get("waiting")
        opened = store.get(owner.db, owner.keyring, Held, one.record_id) if counts else None
        if opened:
            held = opened.fields
            bought = sum(thing.basis == "bought" for thing in held.fields)
            things = len(held.fields) + len(held.segments) + len(held.scores)
            sorted_.put(vendor_id, "holdings", Holding(one.record_id, held.client_id or "", held.received_at, things, bought))


def _granted(owner: Owner, clients: Collection[str]) -> SelectOfScalar[Grant]:
    """The grants of an account, narrowed to those of the clients where these are few enough to name."""
    mine = select(Grant).where(Grant.account_id == owner.account_id)
    return mine.where(col(Grant.client_id).in_(clients)) if len(clients) <= FEW_CLIENTS else mine


def _consent(row: Grant, *, countered: bool) -> Consent:
    terms = grants.standing(row).terms
    mine = {
        "agreement": terms.agreement is not None,
        "counter": countered,
        "proviso": row.proviso is not None,
        "in_return": bool(terms.in_return),
    }
    over = row.expires_at if row.status in grants.LIVE else min(row.changed_at, row.expires_at)
    passed_on = [*(purpose_label(line.purpose) for line in terms.purposes if line.purpose in SELLING)]
    passed_on += [recipient.name for line in terms.purposes for recipient in line.recipients]
    return Consent(
        grant_id=row.grant_id,
        given_at=row.given_at,
        ended_at=over,
        datatypes=frozenset(term for line in terms.purposes for term in line.datatypes),
        mine=frozenset(name for name, holds in mine.items() if holds),
        sells=tuple(dict.fromkeys(passed_on)),
        sends=any(line.sends for line in terms.purposes),
    )
