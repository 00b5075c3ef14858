"""What passes between an owner and a shop beside messages: fetched data, a letter and its answer, what the shop holds."""

import json
from collections.abc import Iterator
from typing import Any

from jwcrypto.common import JWException
from sqlmodel import Session, col, select

from app.database import Stores
from app.exchange import crm_records, letters, releases
from app.state import ReleaseKey
from app.tables import CrmRecord, Letter, LetterAnswer, Release
from consent.terms import PURPOSE_TYPE
from tests.browsing import Browsing
from tests.shop import Shop
from vault import accounts, envelope
from vault.errors import Sealed
from vault.instance import InstanceKeys
from vault.keyring import Keyring

READING: dict[str, Any] = {
    "type": PURPOSE_TYPE,
    "purpose": "dpv:DeliveryOfGoods",
    "actions": ["read_data"],
    "datatypes": ["pd:EmailAddress"],
    "retention": "P1Y",
    "recipients": [],
}
"""The owner's one sample item is of this kind."""


def converse(browsing: Browsing, shop: Shop, grant_id: str, word: str) -> str:
    """Fetch what was granted, write a letter, answer it, say what is held; the letter's id. All of the shop's waits sealed."""
    assert shop.fetch().status_code == 200
    browsing.get(f"/letters/new?to={grant_id}")
    led = browsing.submit("/letters/new", {"subject": f"{word} asked", "body": f"{word} in the letter", "way": "api"})
    assert led.status_code == 303, led.text
    letter_id = led.headers["location"].split("/")[2].split("?")[0]
    said = {"title": word, "body": f"{word} answered"}
    assert shop.http.post(f"/api/v1/letters/{letter_id}/answers", json=said, headers=shop.bearer).status_code == 201
    held = {"fields": [{"name": word, "value": word, "source": word, "basis": "bought"}], "segments": [word], "scores": []}
    assert shop.http.put("/api/v1/crm-record", json=held, headers=shop.bearer).status_code == 204
    return letter_id


def release_key(stores: Stores, instance: InstanceKeys, account_id: str, grant_id: str) -> bytes:
    """The key around a release."""
    with stores.state.reading() as db:
        row = db.get_one(ReleaseKey, (account_id, grant_id))
    return instance.unwrap(releases.KEY_PURPOSE, f"{account_id}/{grant_id}", row.wrapped)


Opening = tuple[Any, str, Any]
"""A row, the column that is sealed, and what opens what stands there with a session."""


def sealed(db: Session, keyring: Keyring, shop: Shop, key: bytes) -> Iterator[Opening]:
    """Every sealed value of releases, letters, answers and CRM records."""
    mine = keyring.account_id
    for release in db.exec(select(Release).where(Release.account_id == mine)):
        where = releases.place(mine, release.grant_id)
        yield release, "sealed", lambda _db, row=release, where=where: envelope.open_bytes(key, where, 0, row.sealed)
    for letter in db.exec(select(Letter).where(Letter.account_id == mine)):
        yield letter, "jwe", lambda _db, row=letter: _opened(shop, row)
    for answer in db.exec(select(LetterAnswer).where(LetterAnswer.account_id == mine, col(LetterAnswer.sealed).is_not(None))):
        context = (answer.client_id, answer.letter_id, answer.answer_id)
        yield answer, "sealed", _mail(keyring, answer, letters.ANSWER_PURPOSE, context)
    for record in db.exec(select(CrmRecord).where(CrmRecord.account_id == mine, col(CrmRecord.sealed).is_not(None))):
        context = (record.client_id, record.grant_id, str(record.version))
        yield record, "sealed", _mail(keyring, record, crm_records.PURPOSE, context)


def _mail(keyring: Keyring, row: LetterAnswer | CrmRecord, purpose: str, context: tuple[str, ...]) -> Any:
    return lambda db: accounts.open_mailbox(db, keyring).open(purpose, context, row.sealed or b"")


def _opened(shop: Shop, row: Letter) -> Any:
    """As the client does: what opens and says another letter's id is not this letter. Raises Sealed."""
    try:
        said = shop.open(row.jwe.decode("ascii"))
    except (JWException, ValueError, json.JSONDecodeError):
        raise Sealed from None
    if said.get("id") != row.letter_id:
        raise Sealed
    return said
