"""Documents: sealed in pieces that open in their order, all of them, or not at all."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select, update

from app.database import Stores
from tests.factories import NOW, make_account
from vault import attachments, store
from vault.attachments import CHUNK, LIMIT, Attachment, AttachmentChunk, Document, Sealer
from vault.errors import DocumentTooLarge, NoSuchRecord, Sealed
from vault.keyring import Keyring
from vault.records import Item

ITEM = "1" * 32
OTHER = "2" * 32


@pytest.fixture
def keyring(stores: Stores) -> Keyring:
    """An owner with two items."""
    _account, keyring, _mailbox = make_account(stores)
    with stores.main.writing() as db:
        for record_id in (ITEM, OTHER):
            store.add(db, keyring, Item(term="pd:Name", value="Robin"), now=NOW, record_id=record_id)
    return keyring


def attach(stores: Stores, keyring: Keyring, data: bytes, *, record_id: str = ITEM, name: str = "lease.pdf", step: int = 10_000) -> str:
    sealer = Sealer(keyring, record_id)
    for start in range(0, len(data), step):
        sealer.write(data[start : start + step])
    with stores.main.writing() as db:
        return attachments.add(db, sealer.draft(name, "application/pdf", now=NOW))


def read(stores: Stores, keyring: Keyring, attachment_id: str, *, record_id: str = ITEM) -> bytes:
    with stores.main.reading() as db:
        return b"".join(attachments.read(db, keyring, record_id, attachment_id))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17])
def test_what_goes_in_comes_out(stores: Stores, keyring: Keyring, size: int) -> None:
    """At every edge of a chunk; every full piece fills its size class exactly."""
    data = bytes(number % 251 for number in range(size))
    attachment_id = attach(stores, keyring, data)
    assert read(stores, keyring, attachment_id) == data
    with stores.main.reading() as db:
        (document,) = attachments.of_record(db, keyring, ITEM)
        pieces = db.exec(select(AttachmentChunk).order_by(col(AttachmentChunk.number))).all()
        assert attachments.find(db, keyring, ITEM, attachment_id) == document
        assert (attachments.count(db, keyring.account_id, ITEM), attachments.count(db, keyring.account_id, OTHER)) == (1, 0)
    assert document == Document(attachment_id, ITEM, "lease.pdf", "application/pdf", size, NOW)
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert len(pieces) == max(1, -(-size // CHUNK))
    assert {len(piece.sealed) for piece in pieces[:-1]} <= {30 + 64 * 1024 + 16}


def test_the_limit_holds_to_the_byte() -> None:
    sealer = Sealer(Keyring.create("a" * 32), ITEM)
    sealer.write(bytes(LIMIT))
    assert sealer.draft("", "", now=NOW).chunks[-1].last
    with pytest.raises(DocumentTooLarge):
        Sealer(Keyring.create("a" * 32), ITEM).write(bytes(LIMIT + 1))


def test_a_document_belongs_to_a_record(stores: Stores, keyring: Keyring) -> None:
    """There is none without its record, and none under another's."""
    with pytest.raises(NoSuchRecord):
        attach(stores, keyring, b"x", record_id="3" * 32)
    attachment_id = attach(stores, keyring, b"x")
    with stores.main.reading() as db:
        assert attachments.find(db, keyring, OTHER, attachment_id) is None
        assert attachments.of_record(db, keyring, OTHER) == []
    with pytest.raises(NoSuchRecord):
        read(stores, keyring, attachment_id, record_id=OTHER)


def test_removing(stores: Stores, keyring: Keyring) -> None:
    """A document goes with all its pieces, alone or with its record."""
    first, second = attach(stores, keyring, bytes(2 * CHUNK)), attach(stores, keyring, b"stays")
    with stores.main.writing() as db:
        assert attachments.remove(db, keyring.account_id, ITEM, first)
        assert not attachments.remove(db, keyring.account_id, ITEM, first)
    assert read(stores, keyring, second) == b"stays"
    with stores.main.writing() as db:
        assert store.remove(db, keyring, Item, ITEM)
    with stores.main.reading() as db:
        assert [db.exec(select(func.count()).select_from(table)).one() for table in (Attachment, AttachmentChunk)] == [0, 0]


def _piece(which: int, **values: object) -> Callable[[Session], object]:
    return lambda db: db.exec(update(AttachmentChunk).where(col(AttachmentChunk.number) == which).values(**values))


def _gone(number: int) -> Callable[[Session], object]:
    return lambda db: db.delete(db.exec(select(AttachmentChunk).where(AttachmentChunk.number == number)).one())


def _swapped(db: Session) -> None:
    first, second = db.exec(select(AttachmentChunk).where(col(AttachmentChunk.number) < 2).order_by(col(AttachmentChunk.number))).all()
    first.sealed, second.sealed = second.sealed, first.sealed
    db.add_all([first, second])


def _cut(db: Session) -> None:
    """The last piece away, and the one before it called the last."""
    _gone(2)(db)
    db.flush()
    _piece(1, last=True)(db)


def _doubled(db: Session) -> None:
    last = db.exec(select(AttachmentChunk).where(AttachmentChunk.number == 2)).one()
    db.add(AttachmentChunk(**{**last.model_dump(), "number": 3}))


@pytest.mark.parametrize("fault", [_piece(0, number=7), _gone(0), _gone(1), _gone(2), _swapped, _cut, _doubled, _piece(1, sealed=b"")])
def test_a_piece_moved_or_missing(stores: Stores, keyring: Keyring, fault: Callable[[Session], object]) -> None:
    """Left out, cut off, doubled, swapped or renumbered: it opens no more, with the one error."""
    attachment_id = attach(stores, keyring, bytes(2 * CHUNK + 5))
    with stores.main.writing() as db:
        fault(db)
    with pytest.raises(Sealed):
        read(stores, keyring, attachment_id)


def test_the_claims_of_a_row_are_worth_nothing(stores: Stores, keyring: Keyring) -> None:
    """`last` in the row is for whoever seals again: reading goes by the sealed description."""
    attachment_id = attach(stores, keyring, bytes(2 * CHUNK + 5))
    with stores.main.writing() as db:
        _piece(0, last=True)(db)
    assert len(read(stores, keyring, attachment_id)) == 2 * CHUNK + 5


def test_a_description_of_another_size_does_not_fit(stores: Stores, keyring: Keyring) -> None:
    """Should a description and its pieces ever differ, nothing is handed out as whole."""
    sealer = Sealer(keyring, ITEM)
    sealer.write(b"four")
    sealer.size = 5
    with stores.main.writing() as db:
        attachment_id = attachments.add(db, sealer.draft("", "", now=NOW))
    with pytest.raises(Sealed):
        read(stores, keyring, attachment_id)


def test_pieces_of_another_document_do_not_open(stores: Stores, keyring: Keyring) -> None:
    first, second = attach(stores, keyring, b"first"), attach(stores, keyring, b"other")
    with stores.main.writing() as db:
        one, two = (db.get_one(AttachmentChunk, (keyring.account_id, ITEM, which, 0)) for which in (first, second))
        one.sealed = two.sealed
        db.add(one)
    with pytest.raises(Sealed):
        read(stores, keyring, first)


def test_what_is_in_memory_shows_nothing() -> None:
    sealer = Sealer(Keyring.create("a" * 32), ITEM)
    sealer.write(b"a word of mine")
    draft = sealer.draft("name of mine", "text/plain", now=NOW)
    document = Document("a", "b", "name of mine", "text/plain", 3, NOW)
    assert "of mine" not in f"{sealer!r} {draft!r} {document!r} {replace(document, size=4)!r}"
