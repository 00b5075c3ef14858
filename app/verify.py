"""Verdicts for the command line: does a ledger hold, does a receipt hold."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlmodel import col, select

from app.database import Store, Stores
from consent import checking, ledger
from consent.checking import keys_in
from consent.errors import ReceiptError
from consent.store import LedgerEntry, LedgerHead
from vault.store import Account


@dataclass(frozen=True)
class Verdict:
    """Whether it holds, and one line that says so."""

    holds: bool
    line: str


def ledger_verdict(stores: Stores, *, login: str | None, mark_of: Callable[[Store, str], tuple[int, bytes] | None]) -> Iterator[Verdict]:
    """Check the chain of every account, or of one, against the mark that the state store kept."""
    with stores.main.reading() as db:
        chosen = select(Account).order_by(Account.login)
        for account in db.exec(chosen if login is None else chosen.where(Account.login == login)):
            head = db.get(LedgerHead, account.account_id)
            if head is None:
                yield Verdict(False, f"{account.login}: broken, the ledger is gone")
                continue
            entries = db.exec(select(LedgerEntry).where(LedgerEntry.account_id == account.account_id).order_by(col(LedgerEntry.seq)))
            found = ledger.verify(head, entries, mark=mark_of(stores.state, account.account_id))
            if isinstance(found, ledger.Verified):
                yield Verdict(True, f"{account.login}: holds, {found.size} entries, head {found.head.hex()}")
            else:
                where = "" if found.seq is None else f" at entry {found.seq}"
                yield Verdict(False, f"{account.login}: broken{where}, {found.what}")


def receipt_verdict(text: str, key: str) -> Verdict:
    """Check a receipt (compact JWS) with a public JWK or JWKS, and say what it says."""
    try:
        offered = json.loads(key)
    except ValueError:
        return Verdict(False, "broken: the key file is not JSON; it must hold a JWK or a JWKS")
    try:
        found = checking.check(text, keys_in(offered))
    except ReceiptError as refused:
        return Verdict(False, f"broken: {refused}")
    return Verdict(True, "holds: " + json.dumps(found.payload, ensure_ascii=False, sort_keys=True))
