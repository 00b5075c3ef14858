"""What an export says is read strictly: canonical, whole, as the models say, and sealed in a form that the age program opens."""

import json
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

from app.database import Stores
from tests.factories import NOW, make_account
from tests.samples import AN_ID, sample
from vault import age, archive, store, transfer
from vault.errors import BadArchive, NotEmpty
from vault.records import MODELS, Fields, Item, Kind, Past, Profile, Vendor
from vault.store import Opened

Files = dict[str, Any]
PROFILE_ID = "a" * 32
MADE = {"at": "2026-11-21T12:00:00+00:00"}


def files_of(data: bytes) -> Files:
    return {name: json.loads(text) for name, text in archive.unpack(data, (archive.NAME,)).items()}


def packed(files: Files, *, raw: dict[str, bytes] | None = None, said: Callable[[Files], None] = lambda _manifest: None) -> bytes:
    """An archive of these values with a manifest that fits; `raw` entries as they are, `said` changes the manifest."""
    texts = {name: rfc8785.dumps(value) for name, value in files.items() if name != transfer.MANIFEST} | (raw or {})
    manifest = {
        "format": transfer.FORMAT,
        "version": transfer.VERSION,
        "made": MADE,
        "files": {name: {"bytes": len(text), "sha256": sha256(text).hexdigest()} for name, text in texts.items()},
    }
    said(manifest)
    return archive.pack({transfer.MANIFEST: rfc8785.dumps(manifest), **texts})


def record(number: int = 1) -> dict[str, Any]:
    at = NOW.isoformat()
    return {"id": f"{number:032x}", "created_at": at, "updated_at": at, "fields": sample(Item, "word").model_dump(mode="json")}


GOOD: Files = {"profile.json": Profile().model_dump(mode="json"), "records/item.json": [record(1), record(2)]}
HISTORY = f"history/{AN_ID}/clients.json"


def changed(**fields: Any) -> Files:
    return {**GOOD, "records/item.json": [{**record(1), **fields}]}


def without(files: Files, name: str) -> Files:
    return {key: value for key, value in files.items() if key != name}


FAULTS: dict[str, tuple[bytes, str]] = {
    "no manifest": (archive.pack({"profile.json": b"{}"}), "missing"),
    "another format": (packed(GOOD, said=lambda it: it.update(format="other")), "no-archive"),
    "manifest is a list": (archive.pack({"bothways.json": b"[]"}), "no-archive"),
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
        rows = [{"n": number, "text": "x" * 150_000} for number in range(5)]
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
