"""Who is on the other side: a client in its own unverified words, and the company that the owner knows it as."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self

from sqlmodel import Session, col, select

from app.auth.owner import Owner
from app.exchange.approvals import metadata
from app.i18n import _
from app.tables import Client
from app.ui.requests import terms_in_words as words
from app.ui.requests.terms_in_words import Fact
from app.ui.vendors.words import Link, external, plain
from app.ui.view import view
from vault.records import Vendor
from vault.segments import Digest


@view
class Known:
    """A company in the owner's own record."""

    vendor_id: str
    name: str
    domains: tuple[str, ...] = ()


@view
class ClientInWords:
    """What a client says about itself: `name` and `facts` are quoted, `links` lead to hosts that it names."""

    client_id: str
    name: str
    facts: tuple[Fact, ...]
    links: tuple[tuple[str, Link], ...]
    since: datetime


def in_words(client: Client) -> ClientInWords:
    """A client's registration, said as its claim."""
    said = metadata(client)
    organisation = said.get("organisation") or {}
    country = organisation.get("country")
    facts = (
        ("name", _("Organisation"), organisation.get("name")),
        ("address", _("Address"), organisation.get("address")),
        ("country", _("Country"), words.territory(country) if country else None),
        ("email", _("E-mail"), organisation.get("email")),
        ("phone", _("Phone"), organisation.get("phone")),
    )
    links = (
        (_("Website"), said.get("client_uri")),
        (_("Privacy policy"), said.get("policy_uri")),
        (_("Terms of service"), said.get("tos_uri")),
    )
    return ClientInWords(
        client_id=client.client_id,
        name=plain(client.name),
        facts=tuple(Fact(key, label, plain(str(text))) for key, label, text in facts if text),
        links=tuple((label, link) for label, url in links if url and (link := external(str(url)))),
        since=client.created_at,
    )


def of_ids(db: Session, ids: Iterable[str]) -> dict[str, Client]:
    """Clients by id. Routing table: asked for by key only."""
    wanted = set(ids)
    return {row.client_id: row for row in db.exec(select(Client).where(col(Client.client_id).in_(wanted)))} if wanted else {}


def vendors(owner: Owner) -> dict[str, Known]:
    """The owner's companies by record id, in the order of their names."""
    known = (one for names in _names(owner) for one in names.vendors.values())
    return {one.vendor_id: one for one in sorted(known, key=lambda one: one.name.casefold())}


def name_of(known: Mapping[str, Known], vendor_id: str) -> str:
    """What to call a company, also one that is gone."""
    return known[vendor_id].name if vendor_id in known else _("a company that you removed")


def of_parties(owner: Owner, ids: Iterable[str]) -> dict[str, Known]:
    """The owner's companies by any of these ids that is theirs: of the record, or of a client of theirs."""
    pieces = _names(owner)
    found = ((party, names.vendors.get(party) or names.tied.get(party)) for party in set(ids) for names in pieces)
    return {party: known for party, known in found if known is not None}


def tied(owner: Owner) -> dict[str, Known]:
    """The owner's companies by the clients that are theirs."""
    return {client_id: known for names in _names(owner) for client_id, known in names.tied.items()}


@view
class _Names:
    """The companies of one segment, by their own ids and by those of their clients."""

    vendors: dict[str, Known]
    tied: dict[str, Known]

    @property
    def size(self) -> int:
        return 600 * len(self.vendors)

    @classmethod
    def of(cls, digests: list[Digest]) -> Self:
        vendors: dict[str, Known] = {}
        tied: dict[str, Known] = {}
        for digest in digests:
            values: dict[str, Any] = digest.values
            known = Known(digest.record_id, values["name"], tuple(values["domains"]))
            vendors[digest.record_id] = known
            tied |= dict.fromkeys(values["client_ids"], known)
        return cls(vendors, tied)


def _names(owner: Owner) -> list[_Names]:
    return owner.stores.memory.pieces(owner.db, owner.keyring, Vendor, "names", _Names.of)


def names(owner: Owner, ids: Iterable[str]) -> dict[str, str]:
    """What to call each client: the owner's name for the company where there is one, else the client's own, quoted."""
    known = tied(owner)
    unknown = of_ids(owner.db, [client_id for client_id in ids if client_id not in known])
    return {client_id: vendor.name for client_id, vendor in known.items()} | {
        client_id: _("“%(name)s”") % {"name": plain(client.name)} for client_id, client in unknown.items()
    }
