"""What an account's present ledger has to tell, as rows for an export; and the check of what another host's export tells.

The past is kept and handed on, never acted upon: permissions of another host bind nobody here, and their tokens are not in it.
"""

import json
from binascii import Error as NotHex
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from app.tables import Client
from consent import ledger, receipts
from consent.canonical import dumps
from consent.errors import ReceiptError
from consent.filing import OPENING_PURPOSE
from consent.ledger import SALT_BYTES, SEAL_PURPOSE, Verified
from consent.store import Grant, LedgerEntry, LedgerHead, Receipt, Relationship, RelationshipKey, Request
from vault.errors import BadArchive
from vault.mailbox import OpenMailbox
from vault.transfer import History, Rows

Row = dict[str, Any]


def told(db: Session, account_id: str, mailbox: OpenMailbox, instance_key: bytes) -> History:
    """Ledger with its details opened, receipts, permissions, requests, relationships with their public keys, and who is named.

    Raises `vault.errors.Sealed` when a detail does not open.
    """
    head = db.get_one(LedgerHead, account_id)
    parts: dict[str, list[Row]] = {
        "ledger": [_entry(row, mailbox, head.ledger_id) for row in _rows(db, LedgerEntry, account_id, "seq")],
        "receipts": [_receipt(row, mailbox) for row in _rows(db, Receipt, account_id, "receipt_id")],
        "grants": [_plain(row, terms=json.loads(row.terms)) for row in _rows(db, Grant, account_id, "grant_id")],
        "requests": [_plain(row, details=json.loads(row.details)) for row in _rows(db, Request, account_id, "request_id")],
        "relationships": _relationships(db, account_id),
        "instance": [receipts.jwk(instance_key)],
    }
    named = {row["client_id"] for part in ("grants", "requests", "relationships") for row in parts[part]}
    chosen = select(Client).where(col(Client.client_id).in_(named)).order_by(Client.client_id)
    parts["clients"] = [
        {"client_id": row.client_id, "name": row.name, "metadata": json.loads(row.metadata_json), "created_at": row.created_at.isoformat()}
        for row in db.exec(chosen)
    ]
    return {(head.ledger_id, part): rows for part, rows in parts.items() if rows}


def check(history: History) -> None:
    """Every ledger holds from its first entry to its last, details included; every receipt is signed by a key that came with it.

    Raises BadArchive.
    """
    for (ledger_id, part), rows in history.items():
        name = f"history/{ledger_id}/{part}.json"
        try:
            if part == "ledger":
                _check_ledger(name, ledger_id, rows)
            elif part == "receipts":
                _check_receipts(name, rows, _keys(history, ledger_id))
        except (KeyError, TypeError, ValueError, NotHex, OverflowError):
            raise BadArchive("odd-file", name) from None


def _rows(db: Session, table: type[Any], account_id: str, order: str) -> Any:
    return db.exec(select(table).where(table.account_id == account_id).order_by(getattr(table, order)).execution_options(yield_per=500))


def _plain(row: SQLModel, **instead: Any) -> Row:
    """A row's columns, times as text; without the account, which is another one elsewhere."""
    values = {**row.model_dump(exclude={"account_id"}), **instead}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _entry(row: LedgerEntry, mailbox: OpenMailbox, ledger_id: str) -> Row:
    opened = mailbox.open(SEAL_PURPOSE, (ledger_id, str(row.seq)), row.sealed)
    bytes_ = {"commitment": row.commitment.hex(), "previous": row.previous.hex(), "hash": row.hash.hex()}
    said = {"salt": opened[:SALT_BYTES].hex(), "details": json.loads(opened[SALT_BYTES:])}
    return {"seq": row.seq, "version": row.version, "at": row.at.isoformat(), "type": row.type, "actor": row.actor, **bytes_, **said}


def _receipt(row: Receipt, mailbox: OpenMailbox) -> Row:
    return _plain(row, opening=mailbox.open(OPENING_PURPOSE, (row.receipt_id,), row.opening).hex())


def _relationships(db: Session, account_id: str) -> list[Row]:
    found: dict[str, Row] = {row.client_id: {**_plain(row), "keys": []} for row in _rows(db, Relationship, account_id, "client_id")}
    chosen = select(RelationshipKey).where(RelationshipKey.account_id == account_id)
    for key in db.exec(chosen.order_by(col(RelationshipKey.client_id), col(RelationshipKey.valid_from), col(RelationshipKey.kid))):
        until = key.valid_until.isoformat() if key.valid_until else None
        # The private half stays: it signs for one account on one host, and both are others elsewhere.
        found[key.client_id]["keys"].append({**receipts.jwk(key.public), "valid_from": key.valid_from.isoformat(), "valid_until": until})
    return list(found.values())


def _check_ledger(name: str, ledger_id: str, rows: Rows) -> None:
    entries = [entry_of(row) for row in rows]
    head = LedgerHead(account_id="", ledger_id=ledger_id, size=len(entries), head=entries[-1].hash)
    if not isinstance(ledger.verify(head, entries, open_details=lambda entry: entry.sealed), Verified):
        raise BadArchive("broken-ledger", name)


def entry_of(row: Mapping[str, Any]) -> LedgerEntry:
    """A row of an exported ledger as an entry; what is sealed here stands open there. Raises KeyError, TypeError, ValueError."""
    opened = bytes.fromhex(row["salt"]) + dumps(row["details"])
    return LedgerEntry(
        account_id="",
        seq=row["seq"],
        version=row["version"],
        at=datetime.fromisoformat(row["at"]),
        type=row["type"],
        actor=row["actor"],
        commitment=bytes.fromhex(row["commitment"]),
        sealed=opened,
        previous=bytes.fromhex(row["previous"]),
        hash=bytes.fromhex(row["hash"]),
    )


def _keys(history: History, ledger_id: str) -> list[Row]:
    related = [key for row in history.get((ledger_id, "relationships"), ()) for key in row["keys"]]
    public = [{name: key[name] for name in ("kty", "crv", "x")} for key in (*related, *history.get((ledger_id, "instance"), ()))]
    return [key for number, key in enumerate(public) if key not in public[:number]]


def _check_receipts(name: str, rows: Rows, keys: list[Row]) -> None:
    for row in rows:
        opening = sha256(bytes.fromhex(row["opening"])).hexdigest()
        if not any(_says(row["jws"], key) == (row["receipt_id"], opening) for key in keys):
            raise BadArchive("broken-receipt", name)


def _says(jws: str, key: Row) -> tuple[str, str] | None:
    """A receipt's id and the commitment that its opening must fit; None when this key did not sign it."""
    try:
        payload = receipts.verify(jws, key)
    except ReceiptError:
        return None
    return payload["dct:identifier"], payload["bw:ledgerCheckpoint"]
