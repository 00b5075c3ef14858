"""A shop binds itself to an owner, and reports on it: both wait sealed until the owner unlocks."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from app.exchange import pledges
from app.tables import Pledge, PledgeReport
from tests.shop import Shop
from vault import accounts
from vault.keyring import Keyring


def pledge(shop: Shop, word: str) -> str:
    """Promise something and say that it is kept; the promise's id."""
    promised = {"promise": f"{word} promised", "after": word, "within": "P14D", "remedy": {"kind": "other", "within": "P1W"}}
    made = shop.http.post("/api/v1/commitments", json=promised, headers=shop.bearer)
    assert made.status_code == 201, made.text
    commitment_id = str(made.json()["id"])
    said = {"text": f"{word} was kept", "url": "https://shop.example/kept"}
    told = shop.http.post(f"/api/v1/commitments/{commitment_id}/evidence", json=said, headers=shop.bearer)
    assert told.status_code == 200, told.text
    return commitment_id


def sealed(db: Session, keyring: Keyring) -> Iterator[tuple[Any, str, Any]]:
    """Every sealed promise and report: a row, the column that is sealed, and what opens what stands there with a session."""
    mine = keyring.account_id
    for made in db.exec(select(Pledge).where(Pledge.account_id == mine, col(Pledge.sealed).is_not(None))):
        yield made, "sealed", _mail(keyring, made, pledges.PURPOSE, (made.client_id, made.commitment_id))
    for report in db.exec(select(PledgeReport).where(PledgeReport.account_id == mine, col(PledgeReport.sealed).is_not(None))):
        yield report, "sealed", _mail(keyring, report, pledges.REPORT_PURPOSE, (report.client_id, report.report_id))


def _mail(keyring: Keyring, row: Pledge | PledgeReport, purpose: str, context: tuple[str, ...]) -> Any:
    return lambda db: accounts.open_mailbox(db, keyring).open(purpose, context, row.sealed or b"")
