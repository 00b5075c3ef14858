"""The owner's promises: one, or every one as lists and pictures need it."""

from app.auth.owner import Owner
from app.errors import NotFound
from app.exchange import promises
from vault import store
from vault.records import Commitment


def find(owner: Owner, commitment_id: str) -> Commitment:
    """A promise of the owner's record. Raises NotFound."""
    opened = store.get(owner.db, owner.keyring, Commitment, commitment_id)
    if opened is None:
        raise NotFound
    return opened.fields


def of_owner(owner: Owner, *, vendor_id: str | None = None) -> list[tuple[str, Commitment]]:
    """Every promise, or those of one company, with its record id."""
    chosen = (one for one in owner.digests(Commitment) if vendor_id in {None, one.values["vendor_id"]})
    return [(one.record_id, one.fields) for one in promises.told(owner.db, owner.keyring, chosen)]
