"""To whom a letter goes, and by which ways it could: through the client's system, by the owner's e-mail, on paper."""

from typing import Final, Literal
from urllib.parse import quote

from sqlmodel import col, select

from app.auth.owner import Owner
from app.exchange import sealing_keys
from app.exchange.sealing_keys import SealingKey
from app.i18n import _
from app.tables import Client
from app.ui.vendors import clients
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import grants
from consent.store import Grant
from vault import store
from vault.records import Item, LetterRecord, MessageRecord, Vendor
from vault.store import Opened

LONGEST_LINK: Final = 1900
"""Characters of a mailto link; browsers and mail programs cut longer ones off."""

SUBJECT: Final = 200


@view
class Addressee:
    """Whom the owner writes to. `to` is what the form was asked with. With `key` the letter can go through their system by
    `grant`; `kind`, `subject` and `about` are set where it answers a message."""

    to: str
    name: str
    vendor_id: str | None
    grant_id: str | None
    client_id: str | None
    grant: Grant | None
    key: SealingKey | None
    kind: str = "question"
    subject: str = ""
    about: str | None = None


def addressee(owner: Owner, to: str) -> Addressee | None:
    """By the id of a company, a permission or a message; None when it is none of the owner's."""
    grant = grants.find(owner.db, owner.account_id, to)
    if grant is not None:
        return _by_grant(owner, to, grant)
    message = store.get(owner.db, owner.keyring, MessageRecord, to)
    if message is not None:
        return _by_message(owner, to, message.fields)
    vendor = store.get(owner.db, owner.keyring, Vendor, to)
    return _by_vendor(owner, to, vendor.fields) if vendor else None


def mailto(owner: Owner, letter: LetterRecord) -> str:
    """A link that opens the owner's own mail program with the letter in it; without the words where they are too many. Empty where
    no e-mail address of theirs is known: a mail to nobody helps nobody."""
    vendor = store.get(owner.db, owner.keyring, Vendor, letter.vendor_id) if letter.vendor_id else None
    address = _privacy(letter, vendor, "email") or _contact(vendor, "email")
    if not address:
        return ""
    start = f"mailto:{quote(address, safe='@+')}?subject={quote(letter.subject)}"
    # Lines end in CRLF there (RFC 6068 section 5).
    lines = "\r\n".join(letter.body.splitlines())
    whole = f"{start}&body={quote(lines)}"
    return whole if len(whole) <= LONGEST_LINK else start


def letterhead(owner: Owner) -> tuple[str, ...]:
    """The owner's name and postal address, where there is exactly one of each."""
    return tuple(line for term in ("pd:Name", "pd:PhysicalAddress") for line in only(owner, term).splitlines())


def only(owner: Owner, term: str) -> str:
    """What the owner keeps of a kind (a `pd:` term), where it is exactly one; empty where there is none or a choice."""
    mine = [one.record_id for one in owner.digests(Item) if one.values["term"] == term]
    opened = store.get(owner.db, owner.keyring, Item, mine[0]) if len(mine) == 1 else None
    return opened.fields.value if opened else ""


def recipient(owner: Owner, letter: LetterRecord) -> tuple[str, ...]:
    """The company's name and postal address, as the owner has them; of a rights letter those of the privacy contact."""
    vendor = store.get(owner.db, owner.keyring, Vendor, letter.vendor_id) if letter.vendor_id else None
    named = _privacy(letter, vendor, "name")
    address = _privacy(letter, vendor, "address") or _contact(vendor, "address")
    return (letter.to, *((named,) if named else ()), *(line.strip() for line in address.replace(", ", "\n").splitlines() if line.strip()))


def _privacy(letter: LetterRecord, vendor: Opened[Vendor] | None, part: Literal["name", "email", "address"]) -> str:
    """What the owner knows of the company's privacy contact, for letters that are meant for it."""
    contact = vendor.fields.privacy if vendor and letter.right else None
    return str(getattr(contact, part)) if contact else ""


def _contact(vendor: Opened[Vendor] | None, kind: str) -> str:
    return next((one.value for one in vendor.fields.contacts if one.kind == kind), "") if vendor else ""


def _by_vendor(owner: Owner, to: str, vendor: Vendor) -> Addressee:
    live = select(Grant).where(
        Grant.account_id == owner.account_id,
        col(Grant.client_id).in_(vendor.client_ids),
        col(Grant.status).in_(grants.LIVE),
        Grant.expires_at > owner.now,
    )
    for grant in owner.db.exec(live.order_by(col(Grant.given_at).desc())):
        if (key := _key(owner, grant)) is not None:
            return Addressee(to, vendor.name, to, grant.grant_id, grant.client_id, grant, key)
    return Addressee(to, vendor.name, to, None, None, None, None)


def _by_grant(owner: Owner, to: str, grant: Grant) -> Addressee:
    known = clients.tied(owner).get(grant.client_id)
    client = owner.db.get(Client, grant.client_id)
    name = known.name if known else plain(client.name) if client else _("a system you do not know")
    vendor_id = known.vendor_id if known else None
    live = grant.status in grants.LIVE and owner.now < grant.expires_at
    key = _key(owner, grant) if live else None
    return Addressee(to, name, vendor_id, grant.grant_id, grant.client_id, grant if key else None, key)


def _by_message(owner: Owner, to: str, message: MessageRecord) -> Addressee | None:
    grant = grants.find(owner.db, owner.account_id, message.grant_id)
    title = plain(message.title)
    subject = (_("Re: %(title)s") % {"title": title})[:SUBJECT] if title else ""
    about = _by_grant(owner, to, grant) if grant else None
    if about is None:
        known = clients.tied(owner).get(message.client_id)
        about = Addressee(to, known.name if known else plain(message.sender), known.vendor_id if known else None, None, None, None, None)
    return Addressee(to, about.name, about.vendor_id, about.grant_id, about.client_id, about.grant, about.key, "answer", subject, about=to)


def _key(owner: Owner, grant: Grant) -> SealingKey | None:
    """The key that the owner knows; where this permission has none yet, the client's present one, known from this letter on."""
    known = sealing_keys.of_grant(owner.db, grant)
    client = None if known else owner.db.get(Client, grant.client_id)
    return known or (sealing_keys.of_client(owner.stores.state, client, now=owner.now) if client else None)
