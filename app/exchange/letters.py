"""Letters: what the owner writes goes sealed to the client's key; what the client answers waits sealed for the owner.

Where there is no API the same letter is a page to print or an e-mail of the owner's own, sent by the owner's word.
"""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import rfc8785
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.exchange.sealing_keys import SealingKey
from app.tables import Letter, LetterAnswer
from consent import events, ledger
from consent.act import Act
from consent.store import Grant
from vault import shredding, store
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.mailbox import OpenMailbox
from vault.padding import size_class
from vault.records import LetterRecord, Reply

ANSWER_PURPOSE: Final = "letter answer"
MOST_ANSWERS: Final = 100


@dataclass(frozen=True)
class Answer:
    """A client's answer as it came, validated."""

    body: str = field(repr=False)
    title: str = field(default="", repr=False)
    format: str = "text"


def send(db: Session, act: Act, keyring: Keyring, grant: Grant, letter: LetterRecord, *, key: SealingKey) -> str:
    """Seal a letter to a client and tell it that one waits. The owner's copy becomes a record; returns the letter's id."""
    letter_id = secrets.token_hex(16)
    kept = letter.model_copy(update={"grant_id": grant.grant_id, "client_id": grant.client_id, "way": "api", "sent_at": act.now})
    db.add(
        Letter(
            account_id=grant.account_id,
            letter_id=letter_id,
            grant_id=grant.grant_id,
            client_id=grant.client_id,
            jwe=key.seal(_payload(letter_id, grant, kept)),
            sent_at=act.now,
        )
    )
    store.add(db, keyring, kept, now=act.now, record_id=letter_id)
    noted = {"letter_id": letter_id, "grant_id": grant.grant_id, "client_id": grant.client_id, "kind": kept.kind, "way": "api"}
    ledger.append(db, act, "letter.sent", noted)
    events.tell(db, act, "letter.received", grant.client_id, grant=grant, letter_id=letter_id)
    return letter_id


def draft(db: Session, keyring: Keyring, letter: LetterRecord, *, now: datetime) -> str:
    """Keep a letter that the owner sends without us; returns its id."""
    return store.add(db, keyring, letter, now=now)


def sent(db: Session, act: Act, keyring: Keyring, letter_id: str, letter: LetterRecord, *, way: str) -> None:
    """The owner says that a letter has gone, and how."""
    said = LetterRecord.model_validate({**letter.model_dump(), "way": way, "sent_at": act.now})
    store.replace(db, keyring, letter_id, said, now=act.now)
    ledger.append(db, act, "letter.sent", {"letter_id": letter_id, "kind": letter.kind, "way": way, "by_word": True})


def page(db: Session, grant: Grant, *, after: str, limit: int) -> list[Letter] | None:
    """A grant's letters in the order in which they went, those behind `after`; None when `after` is none of them."""
    chosen = select(Letter).where(Letter.account_id == grant.account_id, Letter.grant_id == grant.grant_id)
    if after:
        last = find(db, grant, after)
        if last is None:
            return None
        later, same = col(Letter.sent_at) > last.sent_at, col(Letter.sent_at) == last.sent_at
        chosen = chosen.where(later | (same & (col(Letter.letter_id) > last.letter_id)))
    return list(db.exec(chosen.order_by(col(Letter.sent_at), col(Letter.letter_id)).limit(limit)))


def find(db: Session, grant: Grant, letter_id: str) -> Letter | None:
    """A letter that went by this grant."""
    row = db.get(Letter, (grant.account_id, letter_id))
    return row if row and row.grant_id == grant.grant_id else None


def answer(db: Session, act: Act, grant: Grant, letter: Letter, said: Answer, *, sender: str) -> str | None:
    """Take in an answer to a letter; its id, or None when the letter has as many as a thread holds."""
    mine = (col(LetterAnswer.account_id) == grant.account_id, col(LetterAnswer.letter_id) == letter.letter_id)
    if db.exec(select(func.count()).select_from(LetterAnswer).where(*mine)).one() >= MOST_ANSWERS:
        return None
    answer_id = secrets.token_hex(16)
    words = {"sender": sender, "title": said.title, "body": said.body, "format": said.format}
    db.add(
        LetterAnswer(
            account_id=grant.account_id,
            answer_id=answer_id,
            letter_id=letter.letter_id,
            client_id=grant.client_id,
            received_at=act.now,
            sealed=act.seal(ANSWER_PURPOSE, (grant.client_id, letter.letter_id, answer_id), rfc8785.dumps(words)),
        )
    )
    ledger.append(db, act, "letter.answered", {"letter_id": letter.letter_id, "answer_id": answer_id, "grant_id": grant.grant_id})
    return answer_id


def waiting(db: Session, account_id: str) -> bool:
    """Whether an answer is still sealed."""
    mine = (LetterAnswer.account_id == account_id, col(LetterAnswer.sealed).is_not(None))
    return db.exec(select(LetterAnswer.answer_id).where(*mine).limit(1)).first() is not None


def collect(db: Session, keyring: Keyring, mailbox: OpenMailbox, *, now: datetime) -> int:
    """Move every sealed answer under its letter; how many. One that does not open, or whose letter is gone, stays where it is."""
    mine = (LetterAnswer.account_id == keyring.account_id, col(LetterAnswer.sealed).is_not(None))
    came = 0
    for row in db.exec(select(LetterAnswer).where(*mine).order_by(col(LetterAnswer.received_at), col(LetterAnswer.answer_id))).all():
        opened = store.get(db, keyring, LetterRecord, row.letter_id)
        reply = _reply(row, mailbox)
        if opened is None or reply is None:
            continue
        letter = opened.fields.model_copy(update={"replies": (*opened.fields.replies, reply)})
        store.replace(db, keyring, row.letter_id, letter, now=now)
        row.sealed = None
        db.add(row)
        came += 1
    if came:
        shredding.mark(db, "letter_answer")
    return came


def _reply(row: LetterAnswer, mailbox: OpenMailbox) -> Reply | None:
    try:
        words = json.loads(mailbox.open(ANSWER_PURPOSE, (row.client_id, row.letter_id, row.answer_id), row.sealed or b""))
    except Sealed:
        return None
    return Reply.model_validate({**words, "answer_id": row.answer_id, "received_at": row.received_at})


def _payload(letter_id: str, grant: Grant, letter: LetterRecord) -> bytes:
    """The letter as the client reads it. Blanks behind the JSON bring it to a size class: the length of the sealed letter,
    which anybody with the database sees, tells no more than that."""
    said = {
        "id": letter_id,
        "grant_id": grant.grant_id,
        "client_reference": grant.client_reference,
        "kind": letter.kind,
        "subject": letter.subject,
        "body": letter.body,
        "sent_at": letter.sent_at.isoformat().replace("+00:00", "Z") if letter.sent_at else None,
        "message_id": letter.about if letter.kind == "answer" else None,
    }
    plain = json.dumps({name: value for name, value in said.items() if value is not None}, ensure_ascii=False).encode()
    return plain.ljust(size_class(len(plain)))
