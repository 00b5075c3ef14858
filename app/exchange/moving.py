"""An owner takes everything along: one archive out of this account, or into an empty one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, select

from app.exchange import arrivals, mailroom, past, standing, zones
from app.exchange.clocks import set_clock
from consent import ledger
from consent.act import Act
from consent.errors import AreaError
from consent.store import Grant, LedgerHead, Relationship, Request
from vault import age, transfer
from vault.errors import BadArchive, NotEmpty
from vault.instance import InstanceKeys
from vault.keyring import Keyring
from vault.mailbox import OpenMailbox
from vault.records import Commitment, Kind, MyTerms, Profile
from vault.store import Draft
from vault.transfer import Contents

IDENTITY = "AGE-SECRET-KEY-1"


@dataclass(frozen=True)
class Moving:
    """An export that is ready to be taken in: read, checked, its records sealed to the account that takes it."""

    contents: Contents
    drafted: Sequence[Draft] = field(repr=False)


def export(
    db: Session, keyring: Keyring, mailbox: OpenMailbox, act: Act, *, instance: InstanceKeys, profile: Profile, made: dict[str, str]
) -> bytes:
    """The whole account as one archive, under the account's lock; the ledger's last entry says that it was made.

    What waits in the mailbox comes into the records first. Raises `vault.errors.Sealed` when something does not open, and
    `vault.errors.ExportTooLarge`.
    """
    mailroom.collect(db, keyring, mailbox, now=act.now)
    arrivals.collect(db, keyring, mailbox, now=act.now)
    ledger.append(db, act, "export.made", {})
    history = past.told(db, keyring.account_id, mailbox, instance.signing_public)
    return transfer.export(db, keyring, profile, history, made={"at": act.now.isoformat(), **made})


def seal(archive: bytes, *, passphrase: str = "", recipient: str = "") -> bytes:
    """Seal an archive with age: to a public key where one is given, else with a passphrase. Raises BadArchive for a bad key."""
    return age.seal_to(archive, recipient) if recipient else age.seal_with_passphrase(archive, passphrase)


def opened(data: bytes, secret: str) -> bytes:
    """The archive in a file; `secret` is the passphrase, or the secret key, of one that is sealed with age. Raises BadArchive."""
    if not age.is_sealed(data):
        return data
    if not secret:
        raise BadArchive("sealed")
    return age.open_with_identity(data, secret) if secret.strip().startswith(IDENTITY) else age.open_with_passphrase(data, secret)


def read(archive: bytes, keyring: Keyring, *, now: datetime, profile_id: str) -> Moving:
    """Read and check an archive and seal its records to this account: slow, and before any transaction. Raises BadArchive."""
    contents = transfer.read(archive)
    past.check(contents.history)
    return Moving(contents, transfer.draft(keyring, contents, now=now, profile_id=profile_id))


def take_in(db: Session, keyring: Keyring, act: Act, moving: Moving) -> int:
    """Store it all in the caller's transaction, under the account's lock; how many records. Raises NotEmpty, BadArchive."""
    head = db.get_one(LedgerHead, keyring.account_id)
    if any(ledger_id == head.ledger_id for ledger_id, _part in moving.contents.history):
        raise BadArchive("own-ledger")
    if bound(db, keyring.account_id):
        raise NotEmpty
    transfer.take_in(db, keyring, moving.drafted, moving.contents.documents)
    for opened_ in moving.contents.records.get(Kind.COMMITMENT, ()):
        assert isinstance(opened_.fields, Commitment)
        set_clock(db, keyring.account_id, opened_.record_id, opened_.fields)
    for opened_ in moving.contents.records.get(Kind.MY_TERMS, ()):
        assert isinstance(opened_.fields, MyTerms)
        standing.apply(db, keyring, act, opened_.fields)
    if moving.contents.records.get(Kind.ZONE):
        _project(db, keyring)
    count = moving.contents.count
    ledger.append(db, act, "import.applied", {"format": transfer.FORMAT, "count": count})
    return count


def _project(db: Session, keyring: Keyring) -> None:
    """Private zones hide the owner from the first fix on. Raises BadArchive for one that is no area."""
    try:
        zones.project(db, keyring)
    except (ValueError, AreaError):
        raise BadArchive("zone") from None


def bound(db: Session, account_id: str) -> bool:
    """Whether a company has ever asked here."""
    tables = (Relationship, Request, Grant)
    return any(db.exec(select(table).where(table.account_id == account_id).limit(1)).first() is not None for table in tables)
