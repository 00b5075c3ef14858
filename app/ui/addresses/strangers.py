"""A contact link that was handed to one company and is used by another's system: noticed, and said without accusing.

A company may well have two names, or a supplier that asks in its stead. The owner says which it is: they belong together, or
the link is closed.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, func, select

from app.auth.owner import Owner
from app.exchange import addresses
from app.exchange.approvals import vendor_of
from app.i18n import _
from app.relationships import vendors as vendor_rules
from app.tables import Client
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.vendors.words import plain
from app.ui.view import view
from consent.store import Request
from vault.records import AddressRecord, Vendor


@view
class Stranger:
    """A system that asked through a link which was given to somebody else. `client_name` and `host` are its own claims."""

    address_id: str
    label: str
    given_to: Known
    client_id: str
    client_name: str
    host: str
    last_at: datetime

    @property
    def text(self) -> str:
        """What is the matter, in plain words."""
        said = {"vendor": self.given_to.name, "client": self.client_name, "host": self.host}
        if self.host:
            return _("You gave this contact link to %(vendor)s; “%(client)s” at %(host)s is using it.") % said
        return _("You gave this contact link to %(vendor)s; “%(client)s” is using it.") % said


def is_stranger(given_to: Known, client: Client, *, tied: Iterable[str]) -> bool:
    """Whether a client is not known as the company to which a link was given, and does not claim to be it either, by domain or,
    where one of the two names no domain, by name."""
    if client.client_id in tied:
        return False
    claimed = vendor_of(client)
    index = vendor_rules.Index.of([(given_to.vendor_id, given_to.name, given_to.domains)])
    return not any(index.match(name, claimed.domains) for name in (claimed.name, client.name))


def of_request(owner: Owner, address_id: str | None, client: Client) -> Stranger | None:
    """Whether the client of one request is a stranger to the link that it came by."""
    found = of_owner(owner, address_id=address_id, client_id=client.client_id) if address_id else []
    return found[0] if found else None


def of_owner(
    owner: Owner, *, address_id: str | None = None, client_id: str | None = None, since: datetime | None = None, open_only: bool = False
) -> list[Stranger]:
    """Every stranger at every contact link, or at one, or one client, or only those that asked since; the latest first.

    `open_only` leaves out links that are closed or over.
    """
    asked = select(Request.address_id, Request.client_id, func.max(Request.created_at)).where(
        Request.account_id == owner.account_id, col(Request.address_id).is_not(None)
    )
    asked = asked.where(Request.address_id == address_id) if address_id else asked
    asked = asked.where(Request.client_id == client_id) if client_id else asked
    asked = asked.where(col(Request.created_at) >= since) if since else asked
    rows = owner.db.exec(asked.group_by(col(Request.address_id), col(Request.client_id))).all()
    if not rows:
        return []
    routes = addresses.rows(owner.db, owner.account_id) if open_only else {}
    links = {
        one.record_id: one.values
        for one in owner.digests(AddressRecord)
        if not open_only or ((route := routes.get(one.record_id)) is not None and addresses.is_open(route, owner.now))
    }
    mine = clients.vendors(owner)
    tied = {one.record_id: _ids(one.values["client_ids"]) for one in owner.digests(Vendor)}
    known = clients.of_ids(owner.db, {row[1] for row in rows})
    found = []
    for address, client, at in rows:
        link = links.get(address or "")
        given_to = mine.get(str(link["vendor_id"])) if link else None
        if (
            link is None
            or given_to is None
            or client not in known
            or not is_stranger(given_to, known[client], tied=tied[given_to.vendor_id])
        ):
            continue
        host = next(iter(vendor_of(known[client]).domains), "")
        found.append(Stranger(address or "", str(link["label"]), given_to, client, plain(known[client].name), host, at))
    return sorted(found, key=lambda one: one.last_at, reverse=True)


def _ids(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
