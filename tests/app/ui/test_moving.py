"""Out by one page and in by another, without whoever runs the host; sealed as the owner wants, refused in plain words."""

import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pyrage
import pytest
import rfc8785
from httpx2 import Response
from sqlmodel import SQLModel, col, select, update

from app.ui.settings.moving import ODD, REFUSALS, refusal
from consent.store import LedgerEntry
from tests.archives import pack, unpack
from tests.browsing import Browsing
from tests.instances import Instance
from tests.populating import Populated, attach, open_account
from vault import age, archive, transfer
from vault.errors import BadArchive
from vault.records import Kind
from vault.store import Record

WORD = "canary"
LONG = "a long enough one"


@pytest.fixture
def robin(instance: Instance) -> Populated:
    """An owner with something of everything."""
    return instance.populate("robin", word=WORD)


@pytest.fixture
def wren(instance: Instance, new_browser: Callable[[], Browsing]) -> Browsing:
    """Somebody who has just signed up."""
    browsing = new_browser()
    browsing.sign_up(instance.invite(), "wren")
    return browsing


def export(browsing: Browsing, **form: str) -> Response:
    """What the form answers."""
    assert browsing.get("/settings/export").status_code == 200
    return browsing.submit("/settings/export", form)


def send(browsing: Browsing, data: bytes, secret: str = "") -> Response:
    """Offer a file."""
    assert browsing.get("/settings/import").status_code == 200
    return browsing.post("/settings/import", {"secret": secret}, files={"file": ("export.zip", data, "application/zip")})


def rows_of(instance: Instance, login: str) -> dict[str, Any]:
    """Every row of one account but its history."""
    account, _keyring = open_account(instance.stores, login)
    with instance.stores.main.reading() as db:
        return {
            table.name: db.connection().execute(select(*table.columns).where(table.c.account_id == account.account_id)).all()
            for table in SQLModel.metadata.sorted_tables
            if "account_id" in table.columns and table.name not in {"slot"}
        }


def test_an_owner_moves(instance: Instance, robin: Populated, wren: Browsing) -> None:
    """Sealed with a passphrase on the way; the pages of the new account show what the old one had."""
    made = export(robin.browsing, seal="passphrase", passphrase=LONG, again=LONG)
    assert made.status_code == 200 and made.headers["content-disposition"].endswith('.zip.age"')
    assert made.headers["cache-control"] == "no-store"
    asked = send(wren, made.content)
    assert asked.status_code == 422 and "Type its passphrase" in asked.text
    assert "does not open" in send(wren, made.content, "another").text
    led = send(wren, made.content, LONG)
    assert led.status_code == 303, led.text
    assert "are here again" in wren.get(led.headers["location"]).text
    for path in (
        *("/today", "/vendors", "/inbox", "/commitments", "/addresses", "/items", "/ledger", "/me", "/imports", "/grants", "/settings"),
        *(f"/vendors/{robin.vendor_id}", f"/inbox/{robin.message_id}", f"/addresses/{robin.address_id}"),
        *(f"/commitments/{robin.record_ids[Kind.COMMITMENT]}", f"/items/{robin.record_ids[Kind.ITEM]}/edit"),
    ):
        assert wren.get(path).status_code == 200, path
    for holder, document in robin.documents.items():
        assert wren.get(f"{holder}/documents/{document}").content == robin.browsing.get(f"{holder}/documents/{document}").content
    assert WORD in wren.get("/vendors").text
    newest, *_older = re.findall(r"/ledger/past/[0-9a-f]{32}", wren.get("/ledger/past").text)
    brought = wren.get(newest).text
    assert "none is missing" in brought and "You gave permission" in brought and robin.shop.name in brought
    assert "From elsewhere" in wren.get("/ledger").text
    assert wren.get(f"/ledger/past/{'0' * 32}").status_code == 404
    assert "holds something already" in wren.get("/settings/import").text
    assert send(wren, made.content, LONG).status_code == 422
    with instance.stores.main.reading() as db:
        told = [entry.type for entry in db.exec(select(LedgerEntry).order_by(col(LedgerEntry.at)))]
    assert told.count("export.made") == told.count("import.applied") == 1


def test_a_plain_file_and_one_to_a_key(instance: Instance, robin: Populated, wren: Browsing) -> None:
    """As the owner chooses."""
    plain = export(robin.browsing, seal="plain")
    assert plain.headers["content-disposition"].endswith('.zip"') and transfer.read(plain.content).count > 8
    assert b"recovery" not in b"".join(name.encode() for name in unpack(plain.content))
    identity = pyrage.x25519.Identity.generate()
    sealed = export(robin.browsing, seal="recipient", recipient=str(identity.to_public()))
    assert transfer.read(age.open_with_identity(sealed.content, str(identity))).count == transfer.read(plain.content).count
    assert send(wren, sealed.content, str(identity)).status_code == 303


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"seal": "passphrase", "passphrase": "short", "again": "short"}, "At least 12"),
        ({"seal": "passphrase", "passphrase": LONG, "again": "another"}, "not the same"),
        ({"seal": "recipient", "recipient": "age1nobody"}, "not an age public key"),
        ({"seal": "recipient", "recipient": ""}, "not an age public key"),
        ({"seal": "wax"}, "Choose one"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_cannot_be_sealed_is_not_made(owner_browser: Browsing, form: dict[str, str], says: str) -> None:
    answer = export(owner_browser, **form)
    assert answer.status_code == 422 and says in answer.text


def test_an_export_that_would_not_be_whole_is_not_made(instance: Instance, robin: Populated) -> None:
    """A record that does not open stops it, and the history says nothing of an export."""
    with instance.stores.main.writing() as db:
        db.exec(update(Record).where(col(Record.record_id) == robin.record_ids[Kind.ITEM]).values(sealed=b"\x01\x01damaged"))
    answer = export(robin.browsing, seal="plain")
    assert answer.status_code == 422 and "would not be whole" in answer.text
    with instance.stores.main.reading() as db:
        assert "export.made" not in db.exec(select(LedgerEntry.type)).all()


def test_a_refused_file_leaves_no_row(instance: Instance, robin: Populated, wren: Browsing) -> None:
    """Each says what is wrong; nothing is written, not even in the history."""
    whole = export(robin.browsing, seal="plain").content
    files = unpack(whole)
    ledger_file = next(name for name in files if name.endswith("/ledger.json"))
    documents_file = next(name for name in files if name.startswith("attachments/"))
    receipts_file = next(name for name in files if name.endswith("/receipts.json"))
    broken = {
        "not an export": b"hello",
        "before, between or after": whole + b"more",
        "was changed after": _repacked(files, ledger_file, b'"type":"account.opened"', b'"type":"account.closed"'),
        "not signed by a key": _repacked(files, receipts_file, b'"jws":"e', b'"jws":"f'),
        "not in the form": _repacked(files, ledger_file, b'"seq":1,', b'"seq":"",'),
        "is missing from": _without(files, documents_file),
        f"“{documents_file}” is damaged": _repacked(files, documents_file, b"canary in a", b"canary in"),
        "this very account": export(wren, seal="plain").content,
    }
    before = rows_of(instance, "wren")
    for says, data in broken.items():
        answer = send(wren, data)
        assert answer.status_code == 422 and says in answer.text, says
        assert rows_of(instance, "wren") == before, says
    wren.get("/settings/import")
    assert wren.post("/settings/import").status_code == 422


def test_every_refusal_has_words() -> None:
    assert all(refusal(BadArchive(reason, "x.json")) for reason in [*REFUSALS, "odd-entry"])
    assert "x.json" in refusal(BadArchive("odd-entry", "x.json")) and "%" not in str(ODD) % {"where": "x"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_export_that_does_not_fit_says_so(robin: Populated, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limit, and what to do."""
    monkeypatch.setattr(archive, "WHOLE", 1 << 20)
    for holder in robin.documents:
        attach(robin.browsing, holder, "noise.bin", bytes(range(256)) * 4096)
    answer = export(robin.browsing, seal="plain")
    assert answer.status_code == 422
    assert f"1 MiB at most, and your account has {len(robin.documents) + 1} MiB" in answer.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_too_large_is_not_read(wren: Browsing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is named; a form of another session is not read either."""
    monkeypatch.setattr(archive, "FILE", 1000)
    assert "larger than an export may be: 256 MiB" in send(wren, bytes(100_000)).text
    monkeypatch.undo()
    wren.get("/settings/import")
    # As a browser sends it; the test client leaves an empty name out.
    parts = (f'name="csrf"\r\n\r\n{wren.csrf}', 'name="file"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n')
    body = "".join(f"--B\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--B--\r\n"
    headers = {"origin": str(wren.client.base_url).rstrip("/"), "content-type": "multipart/form-data; boundary=B"}
    nothing = wren.client.post("/settings/import", content=body.encode(), headers=headers)
    assert nothing.status_code == 422 and "Choose a file first" in nothing.text
    wren.get("/settings/import")
    assert "did not arrive whole" in wren.post("/settings/import", {"file": "no file"}).text
    assert wren.post("/settings/import", {"csrf": "another"}, files={"file": ("a.zip", b"PK", "application/zip")}).status_code == 403


def _without(files: dict[str, bytes], name: str) -> bytes:
    """The archive with one file left out."""
    return pack({key: data for key, data in files.items() if key != name})


def _repacked(files: dict[str, bytes], name: str, old: bytes, new: bytes) -> bytes:
    """The archive with one file changed, and a manifest that knows nothing of it being wrong."""
    assert old in files[name]
    data = files[name].replace(old, new, 1)
    manifest = json.loads(files[transfer.MANIFEST])
    manifest["files"][name] = {"bytes": len(data), "sha256": sha256(data).hexdigest()}
    return pack({**files, name: data, transfer.MANIFEST: rfc8785.dumps(manifest)})
