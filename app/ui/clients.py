"""Who is on the other side: a client in its own unverified words, and the company that the owner knows it as."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.auth.owner import Owner
from app.exchange.approvals import metadata
from app.i18n import _
from app.tables import Client
from app.ui import terms_in_words as words
from app.ui.terms_in_words import Fact
from app.ui.vendor_words import Link, external, plain
from vault import store
from vault.records import Vendor


@dataclass(frozen=True)
class Known:
    """A company in the owner's own record."""

    vendor_id: str
    name: str
    domains: tuple[str, ...] = ()


@dataclass(frozen=True)
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
    rows: list[tuple[str, dict[str, Any]]] = [
        (digest.record_id, digest.values) for digest in store.digests(owner.db, owner.keyring, Vendor)
    ]
    known = (Known(record_id, values["name"], tuple(values["domains"])) for record_id, values in rows)
    return {one.vendor_id: one for one in sorted(known, key=lambda one: one.name.casefold())}


def tied(owner: Owner) -> dict[str, Known]:
    """The owner's companies by the clients that are theirs."""
    found: dict[str, Known] = {}
    for digest in store.digests(owner.db, owner.keyring, Vendor):
        values: dict[str, Any] = digest.values
        found |= {client_id: Known(digest.record_id, values["name"]) for client_id in values["client_ids"]}
    return found


def names(owner: Owner, ids: Iterable[str]) -> dict[str, str]:
    """What to call each client: the owner's name for the company where there is one, else the client's own, quoted."""
    known = tied(owner)
    unknown = of_ids(owner.db, [client_id for client_id in ids if client_id not in known])
    return {client_id: vendor.name for client_id, vendor in known.items()} | {
        client_id: _("“%(name)s”") % {"name": plain(client.name)} for client_id, client in unknown.items()
    }
