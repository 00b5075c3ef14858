"""Every promise of the owner's, as lists and pictures need it."""

from app.auth.owner import Owner
from app.relationships import commitments
from vault import store
from vault.records import Commitment

CUT_OFF = 20
"""As many steps as a digest tells at most: of a promise with so many the record says more."""


def of_owner(owner: Owner, *, vendor_id: str | None = None) -> list[tuple[str, Commitment]]:
    """Every promise, or those of one company, with its record id."""
    found = []
    for digest in owner.digests(Commitment):
        if vendor_id is not None and digest.values["vendor_id"] != vendor_id:
            continue
        told = commitments.from_digest(digest.values)
        opened = store.get(owner.db, owner.keyring, Commitment, digest.record_id) if len(told.events) >= CUT_OFF else None
        found.append((digest.record_id, opened.fields if opened else told))
    return found
