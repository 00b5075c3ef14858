"""What an export says is read strictly: canonical, whole, as the models say, and sealed in a form that the age program opens."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyrage
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select, update

from app.database import Stores
from tests.archives import pack, unpack
from tests.factories import NOW, make_account
from tests.samples import AN_ID, sample
from vault import age, archive, attachments, store, transfer
from vault.attachments import CHUNK, LIMIT, Attachment, AttachmentChunk, Document, Sealer
from vault.errors import BadArchive, ExportTooLarge, NotEmpty, Sealed
from vault.keyring import Keyring
from vault.records import MODELS, Fields, Item, Kind, Past, Profile, Vendor
from vault.store import Opened

Files = dict[str, Any]
PROFILE_ID = "a" * 32
MADE = {"at": "2026-11-21T12:00:00+00:00"}


def files_of(data: bytes) -> Files:
    return {name: json.loads(text) for name, text in unpack(data).items()}


def packed(files: Files, *, raw: dict[str, bytes] | None = None, said: Callable[[Files], None] = lambda _manifest: None) -> bytes:
    """An archive of these values with a manifest that fits; `raw` entries as they are, `said` changes the manifest."""
    texts = {name: rfc8785.dumps(value) for name, value in files.items() if name != transfer.MANIFEST} | (raw or {})
    manifest: Files = {
        "format": transfer.FORMAT,
        "version": transfer.VERSION,
        "made": MADE,
        "files": {name: {"bytes": len(text), "sha256": sha256(text).hexdigest()} for name, text in texts.items()},
    }
    said(manifest)
    return pack({transfer.MANIFEST: rfc8785.dumps(manifest), **texts})


def record(number: int = 1) -> dict[str, Any]:
    at = NOW.isoformat()
    return {"id": f"{number:032x}", "created_at": at, "updated_at": at, "fields": sample(Item, "word").model_dump(mode="json")}


GOOD: Files = {"profile.json": Profile().model_dump(mode="json"), "records/item.json": [record(1), record(2)]}
HISTORY = f"history/{AN_ID}/clients.json"


def changed(**fields: Any) -> Files:
    return {**GOOD, "records/item.json": [{**record(1), **fields}]}


def paper(number: int = 1, **said: Any) -> dict[str, Any]:
    """What an export says of a document of the first record, which holds `x`."""
    facts = {"record_id": f"{1:032x}", "name": "lease.pdf", "media_type": "application/pdf", "size": 1, "created_at": NOW.isoformat()}
    return {"id": f"{number:032x}", **facts, **said}


def papers(*rows: dict[str, Any], data: bytes = b"x") -> bytes:
    """An archive with these documents."""
    raw = {f"attachments/{row['id']}": data for row in rows if re.fullmatch(r"[0-9a-f]{32}", str(row["id"]))}
    return packed({**GOOD, "attachments.json": list(rows)}, raw=raw)


def without(files: Files, name: str) -> Files:
    return {key: value for key, value in files.items() if key != name}


FAULTS: dict[str, tuple[bytes, str]] = {
    "no manifest": (pack({"profile.json": b"{}"}), "missing"),
    "another format": (packed(GOOD, said=lambda it: it.update(format="other")), "no-archive"),
    "manifest is a list": (pack({"bothways.json": b"[]"}), "no-archive"),
    "newer": (packed(GOOD, said=lambda it: it.update(version=2)), "wrong-version"),
    "version true": (packed(GOOD, said=lambda it: it.update(version=True)), "wrong-version"),
    "more in the manifest": (packed(GOOD, said=lambda it: it.update(more=1)), "odd-file"),
    "files is a list": (packed(GOOD, said=lambda it: it.update(files=[])), "odd-file"),
    "a file not said": (packed(GOOD, said=lambda it: it["files"].pop("profile.json")), "unknown-entry"),
    "a file not there": (packed(GOOD, said=lambda it: it["files"].update({HISTORY: {}})), "missing"),
    "another hash": (packed(GOOD, said=lambda it: it["files"]["profile.json"].update(sha256="0" * 64)), "damaged"),
    "no profile": (packed(without(GOOD, "profile.json")), "missing"),
    "odd profile": (packed({**GOOD, "profile.json": {"idle_minutes": 0}}), "odd-record"),
    "not json": (packed(GOOD, raw={"records/item.json": b"[{"}), "odd-file"),
    "not utf-8": (packed(GOOD, raw={"records/item.json": b'["\xff"]'}), "odd-file"),
    "not canonical": (packed(GOOD, raw={"records/item.json": b'[{"id": 1}]'}), "odd-file"),
    "a key twice": (packed(GOOD, raw={"records/item.json": b'[{"id":1,"id":1}]'}), "odd-file"),
    "not a number": (packed(GOOD, raw={"records/item.json": b"[NaN]"}), "odd-file"),
    "a number too large": (packed(GOOD, raw={"records/item.json": b"[9007199254740993]"}), "odd-file"),
    "deep": (packed(GOOD, raw={"records/item.json": b"[" * 100_000}), "odd-file"),
    "an object": (packed({**GOOD, "records/item.json": {}}), "odd-file"),
    "empty": (packed({**GOOD, "records/item.json": []}), "odd-file"),
    "texts": (packed({**GOOD, "records/item.json": ["x"]}), "odd-file"),
    "a key more": (packed(changed(more=1)), "odd-file"),
    "a number as id": (packed(changed(id=1)), "odd-file"),
    "a short id": (packed(changed(id="12")), "odd-file"),
    "no time": (packed(changed(created_at=None)), "odd-record"),
    "a time without zone": (packed(changed(created_at="2026-11-21T12:00:00")), "odd-record"),
    "a time elsewhere": (packed(changed(updated_at="2026-11-21T12:00:00+01:00")), "odd-record"),
    "a time in another form": (packed(changed(updated_at="2026-11-21T12:00+00:00")), "odd-record"),
    "an unknown field": (packed(changed(fields={**record()["fields"], "more": 1})), "odd-record"),
    "fields are text": (packed(changed(fields="x")), "odd-record"),
    "out of order": (packed({**GOOD, "records/item.json": [record(2), record(1)]}), "order"),
    "an id twice": (packed({**GOOD, "records/item.json": [record(1), record(1)]}), "twice"),
    "a document that is not there": (packed({**GOOD, "attachments.json": [paper()]}), "missing"),
    "a document nobody named": (packed(GOOD, raw={f"attachments/{1:032x}": b"x"}), "unknown-entry"),
    "one document more": (
        packed({**GOOD, "attachments.json": [paper()]}, raw={f"attachments/{n:032x}": b"x" for n in (1, 2)}),
        "unknown-entry",
    ),
    "no documents in the list": (packed({**GOOD, "attachments.json": []}), "odd-file"),
    "a longer document": (papers(paper(), data=b"xx"), "damaged"),
    "a shorter document": (papers(paper(), data=b""), "damaged"),
    "a document with another hash": (
        packed(
            {**GOOD, "attachments.json": [paper()]},
            raw={f"attachments/{1:032x}": b"x"},
            said=lambda it: it["files"][f"attachments/{1:032x}"].update(sha256="0" * 64),
        ),
        "damaged",
    ),
    "a document of nothing": (papers(paper(record_id="f" * 32)), "odd-record"),
    "a document twice": (papers(paper(), paper()), "order"),
    "documents out of order": (papers(paper(2), paper(1)), "order"),
    "more said of a document": (papers(paper(more=1)), "odd-file"),
    "less said of a document": (papers(without(paper(), "name")), "odd-file"),
    "a document without an id": (papers({**paper(), "id": "1"}), "odd-file"),
    "a document without a name": (papers(paper(name="")), "odd-file"),
    "a name of two lines": (papers(paper(name="a\nb")), "odd-file"),
    "a name that turns around": (papers(paper(name="a\u202eb")), "odd-file"),
    "a long name": (papers(paper(name="x" * 201)), "odd-file"),
    "a type that is a header": (papers(paper(media_type="text/html\r\nset-cookie: a=b")), "odd-file"),
    "a size in words": (papers(paper(size="1")), "odd-file"),
    "a size that is true": (papers(paper(size=True)), "odd-file"),
    "a document over its limit": (papers(paper(size=LIMIT + 1)), "odd-file"),
    "a document of no time": (papers(paper(created_at="yesterday")), "odd-file"),
    "a document of another zone": (papers(paper(created_at="2026-11-21T12:00:00+01:00")), "odd-file"),
    "a kit": (packed(GOOD, raw={"records/kit.json": b"[]"}), "unknown-entry"),
    "another part": (packed(GOOD, raw={f"history/{AN_ID}/secrets.json": b"[]"}), "unknown-entry"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_odd_is_refused(name: str) -> None:
    """One thing wrong, one reason."""
    data, reason = FAULTS[name]
    with pytest.raises(BadArchive) as refused:
        transfer.read(data)
    assert refused.value.reason == reason


def test_every_kind_goes_out_and_comes_in(stores: Stores) -> None:
    """Ids, times and fields are kept, lists know the records, the recovery kit stays, and the export is the same again."""
    _account, keyring, _mailbox = make_account(stores)
    with stores.main.writing() as db:
        for kind, model in MODELS.items():
            if kind is not Kind.PAST:
                store.add(db, keyring, sample(model, "word"), now=NOW)
        rows: list[Any] = [{"n": number, "text": "x" * 150_000} for number in range(5)]
        for number, part in enumerate((rows[:2], rows[2:])):
            texts = [rfc8785.dumps(row).decode() for row in part]
            store.add(db, keyring, Past(ledger_id=AN_ID, part="clients", number=number, rows=tuple(texts)), now=NOW)
        first = transfer.export(db, keyring, Profile(), {("b" * 32, "ledger"): [{"seq": 1}]}, made=MADE)
    files = files_of(first)
    assert files[HISTORY] == rows
    assert set(files) == {"bothways.json", "profile.json", HISTORY, f"history/{'b' * 32}/ledger.json"} | {
        f"records/{kind}.json" for kind in transfer.KINDS
    }
    _other, its, _its_mailbox = make_account(stores, "wren")
    contents = transfer.read(first)
    with stores.main.writing() as db:
        store.add(db, its, Profile(time_zone="Europe/Dublin"), now=NOW, record_id=PROFILE_ID)
        transfer.take_in(db, its, transfer.draft(its, contents, now=NOW, profile_id=PROFILE_ID))
    with stores.main.reading() as db:
        assert transfer.export(db, its, Profile(), {}, made=MADE) == first
        assert {one.record_id for one in store.digests(db, its, Vendor)} == {row["id"] for row in files["records/vendor.json"]}
        found = store.get(db, its, Profile, PROFILE_ID)
        assert found is not None and found.fields == Profile()
        assert len(list(store.all_of(db, its, Past))) == 4
    with stores.main.writing() as db, pytest.raises(NotEmpty):
        transfer.take_in(db, its, transfer.draft(its, contents, now=NOW, profile_id=PROFILE_ID))


def account_with_papers(stores: Stores, *texts: bytes) -> Keyring:
    """One item, and these documents on it."""
    _account, keyring, _mailbox = make_account(stores)
    with stores.main.writing() as db:
        item = store.add(db, keyring, sample(Item, "word"), now=NOW)
        for number, text in enumerate(texts):
            sealer = Sealer(keyring, item, attachment_id=f"{number:032x}")
            sealer.write(text)
            attachments.add(db, sealer.draft(f"number {number} – é.txt", "text/plain", now=datetime(2025, 1, 1 + number, tzinfo=UTC)))
    return keyring


def test_documents_go_out_and_come_in(stores: Stores) -> None:
    """Bytes as they are, name, type, time and record in the list; sealed again to the other account, and the same export from there."""
    texts = (b"", b"short", bytes(CHUNK), b"long" * CHUNK)
    keyring = account_with_papers(stores, *texts)
    with stores.main.reading() as db:
        first = transfer.export(db, keyring, Profile(), {}, made=MADE)
        there = attachments.all_of(db, keyring)
    files = unpack(first)
    assert tuple(files[f"attachments/{number:032x}"] for number in range(4)) == texts
    rows = json.loads(files["attachments.json"])
    assert rows[1] == {
        "id": f"{1:032x}",
        "record_id": there[1].record_id,
        "name": "number 1 – é.txt",
        "media_type": "text/plain",
        "size": 5,
        "created_at": "2025-01-02T00:00:00+00:00",
    }
    _other, its, _its_mailbox = make_account(stores, "wren")
    contents = transfer.read(first)
    with stores.main.writing() as db:
        transfer.take_in(db, its, transfer.draft(its, contents, now=NOW, profile_id=PROFILE_ID), contents.documents)
    with stores.main.reading() as db:
        assert transfer.export(db, its, Profile(), {}, made=MADE) == first
        assert attachments.all_of(db, its) == there
        sealed = [row.sealed for row in db.exec(select(AttachmentChunk).where(AttachmentChunk.attachment_id == f"{1:032x}"))]
        assert len(set(sealed)) == 2


def test_a_document_that_does_not_open_stops_the_export(stores: Stores) -> None:
    """Its description as well as its bytes."""
    keyring = account_with_papers(stores, b"short")
    for table in (AttachmentChunk, Attachment):
        with stores.main.writing() as db:
            db.exec(update(table).values(sealed=b"\x01\x01damaged"))
        with stores.main.reading() as db, pytest.raises(Sealed):
            transfer.export(db, keyring, Profile(), {}, made=MADE)


def test_what_does_not_fit_is_not_exported(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written that would be refused on the other side; the limit is told before any document is opened."""
    keyring = account_with_papers(stores, b"x" * 5000)
    with stores.main.reading() as db:
        whole = transfer.export(db, keyring, Profile(), {}, made=MADE)
        size = sum(map(len, unpack(whole).values()))
        monkeypatch.setattr(archive, "WHOLE", size + 2000)
        assert transfer.read(transfer.export(db, keyring, Profile(), {}, made=MADE)).documents
        monkeypatch.setattr(archive, "WHOLE", size - 1)
        with pytest.raises(ExportTooLarge) as refused:
            transfer.export(db, keyring, Profile(), {}, made=MADE)
        assert size < refused.value.size < size + 2000
        monkeypatch.undo()
        monkeypatch.setattr(archive, "ENTRIES", 4)
        with pytest.raises(ExportTooLarge):
            transfer.export(db, keyring, Profile(), {}, made=MADE)


@given(
    name=st.text(
        st.characters(
            exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        ),
        min_size=1,
        max_size=200,
    ),
    data=st.binary(max_size=50),
)
def test_every_name_comes_back(name: str, data: bytes) -> None:
    """Whatever a document may be called."""
    (brought,) = transfer.read(papers(paper(name=name, size=len(data)), data=data)).documents
    assert (brought.document, brought.data) == (Document(f"{1:032x}", f"{1:032x}", name, "application/pdf", len(data), NOW), data)


def test_the_manifest_says_a_line_of_each_entry() -> None:
    """So much room is left for it."""
    data = papers(*(paper(number, size=LIMIT) for number in range(1, 2)), data=bytes(LIMIT))
    files = unpack(data)
    assert len(files["bothways.json"]) < transfer.LINE * len(files)


def test_an_empty_account_is_exported_too(stores: Stores) -> None:
    """And nothing at all can be taken in."""
    _account, keyring, _mailbox = make_account(stores)
    with stores.main.writing() as db:
        data = transfer.export(db, keyring, Profile(), {}, made=MADE)
        contents = transfer.read(data)
        assert contents.count == 0
        transfer.take_in(db, keyring, transfer.draft(keyring, contents, now=NOW, profile_id=PROFILE_ID))
        store.add_drafts(db, keyring, [])


def test_many_records_fill_segments(stores: Stores) -> None:
    """More than a segment holds, in one go."""
    _account, keyring, _mailbox = make_account(stores)
    opened: list[Opened[Fields]] = [Opened(f"{number:032x}", sample(Item, "word"), NOW, datetime.now(UTC)) for number in range(2100)]
    with stores.main.writing() as db:
        store.add_drafts(db, keyring, [store.draft(keyring, one) for one in opened])
    with stores.main.reading() as db:
        assert sorted(one.record_id for one in store.digests(db, keyring, Item)) == [one.record_id for one in opened]


def age_opens(sealed: bytes, tmp_path: Path, *, identity: str) -> bytes:
    """What the plain `age` program makes of a file."""
    program = shutil.which("age")
    if program is None:
        # Without the program: the header of the format's own document, and its other implementation.
        assert sealed.startswith(b"age-encryption.org/v1\n-> X25519 ")
        return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)]))
    (tmp_path / "key").write_text(identity)
    (tmp_path / "file").write_bytes(sealed)
    ran = subprocess.run([program, "--decrypt", "--identity", tmp_path / "key", tmp_path / "file"], capture_output=True, check=True)
    return ran.stdout


def test_the_age_program_opens_what_was_sealed(tmp_path: Path) -> None:
    """And nobody without the key."""
    identity = pyrage.x25519.Identity.generate()
    sealed = age.seal_to(b"export", f" {identity.to_public()}\n")
    assert age.is_sealed(sealed) and not age.is_sealed(b"PK")
    assert age_opens(sealed, tmp_path, identity=str(identity)) == b"export"
    assert age.open_with_identity(sealed, str(identity)) == b"export"
    for key in (str(pyrage.x25519.Identity.generate()), "AGE-SECRET-KEY-1NONE"):
        with pytest.raises(BadArchive, match="does-not-open"):
            age.open_with_identity(sealed, key)
    with pytest.raises(BadArchive, match="no-recipient"):
        age.seal_to(b"export", "age1nobody")


def test_a_passphrase_seals_as_the_format_says() -> None:
    """One scrypt stanza (C2SP age.md); another passphrase opens nothing, and neither does one of a file sealed to a key."""
    sealed = age.seal_with_passphrase(b"export", "a long enough one")
    version, stanza = sealed.split(b"\n")[:2]
    assert (version, stanza.split(b" ")[:2]) == (b"age-encryption.org/v1", [b"->", b"scrypt"])
    assert age.open_with_passphrase(sealed, "a long enough one") == b"export"
    for wrong, data in (("another", sealed), ("a long enough one", sealed[:-1]), ("x", b"age-encryption.org/v1\n")):
        with pytest.raises(BadArchive, match="does-not-open"):
            age.open_with_passphrase(data, wrong)
