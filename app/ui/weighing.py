"""Gathering what the balance is weighed from: the owner's records, opened, in the shape that the rules read."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from app.auth.owner import Owner
from app.relationships import commitments, jobs
from app.relationships.evidence import Asking, Consent, Correcting, Evidence, Happening, Holding, Promise, Purchase, Work
from consent import grants
from consent.store import Grant, Request
from consent.vocabulary import purpose_label
from vault import store
from vault.records import Commitment, Correction, Held, Interaction, Job, Signpost, Vendor, Yardstick
from vault.segments import Digest

SELLING = frozenset({"dpv:SellDataToThirdParties", "dpv:SellInsightsFromData"})


@dataclass
class _Sorted:
    """Evidence by vendor while it is gathered."""

    found: dict[str, dict[str, list[Any]]] = field(default_factory=dict)

    def put(self, vendor_id: str, part: str, one: object) -> None:
        self.found.setdefault(vendor_id, {}).setdefault(part, []).append(one)

    def evidence(self, vendor_id: str) -> Evidence:
        return Evidence(vendor_id, **{part: tuple(ones) for part, ones in self.found.get(vendor_id, {}).items()})


@dataclass(frozen=True)
class Gathered:
    """The names of all vendors, the evidence of each that has some, what was paid to whom, and the owner's measures."""

    vendors: dict[str, str]
    evidence: dict[str, Evidence]
    purchases: list[Purchase]
    yardsticks: list[Yardstick]


def of_vendor(owner: Owner, vendor_id: str, vendor: Vendor) -> Evidence:
    """All that concerns one vendor, whole records."""
    sorted_ = _Sorted()
    for one in _of(owner, Interaction, vendor_id):
        sorted_.put(vendor_id, "happenings", Happening(one.record_id, Interaction.model_validate(one.values)))
    for one in _of(owner, Commitment, vendor_id):
        opened = store.get(owner.db, owner.keyring, Commitment, one.record_id)
        if opened:
            sorted_.put(vendor_id, "promises", Promise(one.record_id, opened.fields, opened.created_at))
    _consents(owner, sorted_, dict.fromkeys(vendor.client_ids, vendor_id))
    _said(owner, sorted_, {vendor_id})
    return sorted_.evidence(vendor_id)


def of_all(owner: Owner) -> Gathered:
    """Every vendor, from digests where they say enough. Happenings are left out: only what was paid weighs, and that is beside."""
    known: dict[str, Any] = {one.record_id: one for one in store.digests(owner.db, owner.keyring, Vendor)}
    sorted_ = _Sorted()
    for one in store.digests(owner.db, owner.keyring, Commitment):
        made = commitments.from_digest(one.values)
        sorted_.put(made.vendor_id, "promises", Promise(one.record_id, made, one.created_at))
    _consents(owner, sorted_, {client_id: vendor_id for vendor_id, one in known.items() for client_id in one.values["client_ids"]})
    _said(owner, sorted_, known.keys())
    evidence = {vendor_id: sorted_.evidence(vendor_id) for vendor_id in sorted_.found if vendor_id in known}
    return Gathered({one.record_id: str(one.values["name"]) for one in known.values()}, evidence, purchases(owner), yardsticks(owner))


def purchases(owner: Owner) -> list[Purchase]:
    """What was paid to anybody, from digests."""
    rows: Iterable[dict[str, Any]] = (one.values for one in store.digests(owner.db, owner.keyring, Interaction))
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
    return [Yardstick.model_validate(one.values) for one in store.digests(owner.db, owner.keyring, Yardstick)]


def _of(owner: Owner, model: type[Interaction | Commitment], vendor_id: str) -> Iterator[Digest]:
    return (one for one in store.digests(owner.db, owner.keyring, model) if one.values["vendor_id"] == vendor_id)


def _said(owner: Owner, sorted_: _Sorted, wanted: Collection[str]) -> None:
    """Jobs, corrections and signposts."""
    for work in store.all_of(owner.db, owner.keyring, Job):
        for vendor_id in jobs.vendors(work.fields) & frozenset(wanted):
            sorted_.put(vendor_id, "jobs", Work(work.record_id, work.fields))
    for said in store.all_of(owner.db, owner.keyring, Correction):
        if said.fields.vendor_id in wanted:
            sorted_.put(said.fields.vendor_id, "corrections", Correcting(said.record_id, said.fields))
    for asked in store.all_of(owner.db, owner.keyring, Signpost):
        if asked.fields.vendor_id in wanted:
            sorted_.put(asked.fields.vendor_id, "signposts", Asking(asked.record_id, asked.fields))


def _consents(owner: Owner, sorted_: _Sorted, clients: dict[str, str]) -> None:
    """Permissions of clients that are tied to a vendor, and what these clients say that they hold."""
    if not clients:
        return
    countered = select(Request.request_id).where(Request.account_id == owner.account_id, col(Request.countered_at).is_not(None))
    answered = set(owner.db.exec(countered))
    for row in owner.db.exec(select(Grant).where(Grant.account_id == owner.account_id)):
        if row.client_id in clients:
            sorted_.put(clients[row.client_id], "consents", _consent(row, countered=row.request_id in answered))
    for one in store.digests(owner.db, owner.keyring, Held):
        vendor_id = clients.get(str(one.values["client_id"]))
        opened = store.get(owner.db, owner.keyring, Held, one.record_id) if vendor_id else None
        if vendor_id and opened:
            held = opened.fields
            bought = sum(thing.basis == "bought" for thing in held.fields)
            things = len(held.fields) + len(held.segments) + len(held.scores)
            sorted_.put(vendor_id, "holdings", Holding(one.record_id, held.client_id, held.received_at, things, bought))


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
