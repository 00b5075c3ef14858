"""What a client says that it holds on the owner: sealed to the owner as it comes, version by version, opened at unlock."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import rfc8785
from sqlmodel import Session, col, func, select

from app.tables import CrmRecord
from consent import ledger
from consent.act import Act
from consent.store import Grant
from vault import shredding, store
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.mailbox import OpenMailbox
from vault.records import Held

PURPOSE: Final = "crm record"


def record(db: Session, act: Act, grant: Grant, said: Mapping[str, Any]) -> int:
    """Keep a version of what the client holds, under the account's lock; its number. `said` has the members of a `Held`."""
    mine = (col(CrmRecord.account_id) == grant.account_id, col(CrmRecord.grant_id) == grant.grant_id)
    version = int(db.exec(select(func.coalesce(func.max(CrmRecord.version), 0)).where(*mine)).one()) + 1
    db.add(
        CrmRecord(
            account_id=grant.account_id,
            grant_id=grant.grant_id,
            version=version,
            client_id=grant.client_id,
            received_at=act.now,
            sealed=act.seal(PURPOSE, (grant.client_id, grant.grant_id, str(version)), rfc8785.dumps(dict(said))),
        )
    )
    db.flush()
    counted = {name: len(said.get(name, ())) for name in ("fields", "segments", "scores")}
    ledger.append(db, act, "crm.recorded", {"grant_id": grant.grant_id, "client_id": grant.client_id, "version": version, **counted})
    return version


def waiting(db: Session, account_id: str) -> bool:
    """Whether a version is still sealed."""
    mine = (CrmRecord.account_id == account_id, col(CrmRecord.sealed).is_not(None))
    return db.exec(select(CrmRecord.version).where(*mine).limit(1)).first() is not None


def collect(db: Session, keyring: Keyring, mailbox: OpenMailbox, *, now: datetime) -> int:
    """Move every sealed version into a record of the owner's; how many. One that does not open stays where it is."""
    mine = (CrmRecord.account_id == keyring.account_id, col(CrmRecord.sealed).is_not(None))
    came = 0
    for row in db.exec(select(CrmRecord).where(*mine).order_by(col(CrmRecord.grant_id), col(CrmRecord.version))).all():
        try:
            words = json.loads(mailbox.open(PURPOSE, (row.client_id, row.grant_id, str(row.version)), row.sealed or b""))
        except Sealed:
            continue
        about = {"grant_id": row.grant_id, "client_id": row.client_id, "version": row.version, "received_at": row.received_at}
        store.add(db, keyring, Held.model_validate({**words, **about}), now=now)
        row.sealed = None
        db.add(row)
        came += 1
    if came:
        shredding.mark(db, "crm_record")
    return came
