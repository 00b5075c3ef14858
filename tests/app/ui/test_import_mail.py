"""Mail files, tables and undoing in the browser: nothing comes without a tick, progress is told, what was done can be taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import func, select

from app import clock
from app.errors import NotUnlocked
from app.exchange.importers import arriving, staging
from app.exchange.importers.arriving import Arriving
from app.exchange.importers.staging import Staged, Stopped
from tests.browsing import Browsing
from tests.factories import NOW, make_account
from tests.instances import Instance
from tests.mailboxes import html_mail, json_ld, mail
from tests.populating import open_account
from vault import store
from vault.records import Commitment, Import, Interaction, Vendor
from vault.store import Record

DUE = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
INVOICE = {"@type": "Invoice", "accountId": "K-7", "paymentDueDate": DUE, "totalPaymentDue": {"price": 49.9, "priceCurrency": "EUR"}}
LEAVE = ("List-Unsubscribe: <https://corner-shop.example/leave>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click")
MAILBOX = (
    html_mail("Corner Shop <orders@corner-shop.example>", json_ld(INVOICE), heads=LEAVE)
    + html_mail("Northwind Broadband <info@northwind.example>", "<p>Hello</p>")
    + html_mail("Kim Example <kim.example@firm.example>", "<p>Hello</p>")
    + mail(["From: Friend <friend@gmail.com>", "Date: Sat, 02 Mar 2019 09:30:00 +0000"], b"Hi\n")
)
TABLE = "Firma;Ort;Passwort;Farbe\r\nMüller;Köln;geheim-canary;rot\r\nCorner Shop;Dublin;x;blau\r\n".encode("cp1252")


def upload(browser: Browsing, name: str, data: bytes) -> Any:
    browser.get("/imports/new")
    return browser.post("/imports/new", files={"file": (name, data, "application/octet-stream")})


def staged(browser: Browsing, name: str, data: bytes) -> str:
    answer = upload(browser, name, data)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def rows(instance: Instance) -> int:
    with instance.stores.main.reading() as db:
        return int(db.exec(select(func.count()).select_from(Record)).one())


def names(instance: Instance) -> list[str]:
    _account, keyring = open_account(instance.stores, "robin")
    with instance.stores.main.reading() as db:
        return sorted(str(digest.values["name"]) for digest in store.digests(db, keyring, Vendor))


def ticks(page: str) -> dict[str, str]:
    """The number of each sender's box by the name beside it."""
    found = {}
    for row in page.split('name="take"')[1:]:
        number = row.split('value="', 1)[1].split('"', 1)[0]
        found[row.split(f'for="take-{number}">', 1)[1].split("<", 1)[0]] = number
    return found


def test_nothing_is_taken_without_a_tick(instance: Instance, owner_browser: Browsing) -> None:
    """No box is ticked; applying without one takes nothing; what is ticked comes, and nobody else."""
    path = staged(owner_browser, "All mail.mbox", MAILBOX)
    page = owner_browser.get(path).text
    assert "checked" not in page
    for words in (
        "Corner Shop",
        "can be unsubscribed in one click",
        "Kim Example",
        "from you: To pay: Invoice K-7",
        "1 person with a private mailbox",
    ):
        assert words in page
    assert "friend@gmail.com" not in page
    nothing = owner_browser.post(f"{path}/apply", {"keep_told": "1"}, follow=True).text
    assert "Nothing was ticked" in nothing
    assert names(instance) == []
    boxes = ticks(owner_browser.get(path).text)
    after = owner_browser.post(f"{path}/apply", {"take": [boxes["Corner Shop"]], "keep_told": "1"}, follow=True).text
    assert "Import applied." in after
    assert "promise was added" in after
    assert names(instance) == ["Corner Shop"]
    (vendor,) = [row for row in owner_browser.get("/vendors").text.split('href="') if row.startswith("/vendors/") and "Corner Shop" in row]
    shown = owner_browser.get(vendor.split('"', 1)[0]).text
    assert "at least 1, 2 Mar 2019" in " ".join(shown.split())
    assert 'href="https://corner-shop.example/leave"' in shown
    _account, keyring = open_account(instance.stores, "robin")
    with instance.stores.main.reading() as db:
        assert [len(store.digests(db, keyring, kind)) for kind in (Interaction, Commitment)] == [1, 1]


def test_boxes_can_be_filled_in_at_once(owner_browser: Browsing) -> None:
    """By a link of the owner's: companies only, or everybody; what is here already and tells nothing new stays unticked."""
    path = staged(owner_browser, "a.mbox", MAILBOX)
    assert owner_browser.get(f"{path}?tick=company").text.count("checked>") == 2
    everybody = owner_browser.get(f"{path}?tick=all").text
    assert everybody.count("checked>") == 3
    owner_browser.post(f"{path}/apply", {"take": list(ticks(everybody).values()), "keep_told": "1"})
    again = owner_browser.get(staged(owner_browser, "a.mbox", MAILBOX) + "?tick=all").text
    assert again.count("checked>") == 0
    assert again.count("here already") == 3


def test_one_mail_and_an_empty_mailbox(owner_browser: Browsing) -> None:
    one = MAILBOX.split(b"\n", 1)[1].split(b"From sender@", 1)[0]
    assert "Corner Shop" in owner_browser.get(staged(owner_browser, "one.eml", one)).text
    friends = mail(["From: Friend <friend@gmail.com>", "Date: Sat, 02 Mar 2019 09:30:00 +0000"], b"Hi\n")
    assert "No company in this file" in owner_browser.get(staged(owner_browser, "friends.mbox", friends)).text


def test_a_mailbox_without_mails_leaves_nothing(instance: Instance, owner_browser: Browsing) -> None:
    """Refused in words, and its head is gone."""
    before = rows(instance)
    answer = upload(owner_browser, "x.mbox", b"From a@b Sat Nov 21 12:00:00 2026\nX-None: y\n\n\n")
    assert answer.status_code == 422
    assert "There is no mail in this file." in answer.text
    assert rows(instance) == before


def arriving_at(instance: Instance, *, alive: bool = True) -> Arriving:
    _account, keyring = open_account(instance.stores, "robin")
    return Arriving(instance.stores.main, keyring, name="All mail.mbox", announced=40 * len(MAILBOX), alive=lambda: alive, zone="UTC")


def test_progress_is_told_while_a_file_comes(instance: Instance, owner_browser: Browsing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of the progress shows the mailbox from its first piece on, loads itself again, and stops when there is nothing more."""
    monkeypatch.setattr(arriving, "PACE", timedelta(0))
    assert "No file is being read" in owner_browser.get("/imports/progress").text
    coming = arriving_at(instance)
    for _piece in range(2):
        coming.write(MAILBOX * 10)
        coming.work()
    answer = owner_browser.get("/imports/progress")
    assert answer.headers["refresh"] == "5"
    for words in ("50 % of the file", "4 senders", "being read", "All mail.mbox", "Stop"):
        assert words in answer.text
    assert owner_browser.get(f"/imports/{coming.import_id}", follow=False).headers["location"] == "/imports/progress"
    assert "being read" in owner_browser.get("/imports").text
    import_id = coming.finish()
    done = owner_browser.get("/imports/progress")
    assert "refresh" not in done.headers
    assert f"/imports/{import_id}" in done.text
    assert "ready to look at" in done.text


def test_the_owner_can_stop_a_file(instance: Instance, owner_browser: Browsing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped on the page of the progress, the next piece finds its head gone; nothing stays."""
    monkeypatch.setattr(arriving, "PACE", timedelta(0))
    before = rows(instance)
    coming = arriving_at(instance)
    coming.write(MAILBOX)
    coming.work()
    owner_browser.get("/imports/progress")
    owner_browser.post(f"/imports/{coming.import_id}/discard")
    coming.write(MAILBOX)
    with pytest.raises(Stopped):
        coming.work()
    with pytest.raises(Stopped):
        coming.finish()
    coming.abandon()
    assert rows(instance) == before


def test_a_locked_vault_takes_no_more(instance: Instance, owner_browser: Browsing) -> None:
    """Once the session has ended, what still comes is not kept."""
    before = rows(instance)
    coming = arriving_at(instance, alive=False)
    coming.write(MAILBOX)
    with pytest.raises(NotUnlocked):
        coming.work()
    coming.abandon()
    assert rows(instance) == before


def test_a_file_that_stopped_coming_is_named_so(instance: Instance, owner_browser: Browsing) -> None:
    _account, keyring = open_account(instance.stores, "robin")
    head = Staged(import_id="a" * 32, format="mail", file_name="x.mbox", state="reading")
    staging.begin(instance.stores.main, keyring, head, now=clock.now() - timedelta(minutes=5))
    page = owner_browser.get("/imports/progress")
    assert "stopped" in page.text
    assert "refresh" not in page.headers


def test_a_broken_upload_leaves_nothing(instance: Instance, owner_browser: Browsing) -> None:
    """The form ends in the middle of the mailbox: nothing of it stays, however far it had come."""
    before = rows(instance)
    owner_browser.get("/imports/new")
    origin = str(owner_browser.client.base_url).rstrip("/")
    field = f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{owner_browser.csrf}\r\n'
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="x.mbox"\r\n\r\n'
    answer = owner_browser.client.post(
        "/imports/new",
        content=(field + file).encode() + MAILBOX * 2000,
        headers={"origin": origin, "sec-fetch-site": "same-origin", "content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 422
    assert "did not arrive whole" in answer.text
    assert rows(instance) == before


def test_a_table_is_read_as_its_owner_says(instance: Instance, owner_browser: Browsing) -> None:
    """Columns with their first lines, secret ones emptied; then a preview; and the next such file needs no asking."""
    path = staged(owner_browser, "firmen.csv", TABLE)
    assert owner_browser.get(path, follow=False).headers["location"] == f"{path}/columns"
    page = owner_browser.get(path).text
    for words in ("Firma", "Müller", "Köln", "its name speaks of a secret", "Windows-1252"):
        assert words in page
    assert "geheim-canary" not in page
    nobody = owner_browser.post(f"{path}/columns", {"column-0": "", "column-1": "address", "column-3": "field"})
    assert nobody.status_code == 422
    assert "Say which column has the name" in nobody.text
    sent = {"column-0": "name", "column-1": "address", "column-2": "notes", "column-3": "field"}
    preview = owner_browser.post(f"{path}/columns", sent, follow=True).text
    assert "Farbe: rot" in preview
    assert "2 values of secret columns" in preview
    assert "Change the columns" in preview
    owner_browser.post(f"{path}/apply")
    assert names(instance) == ["Corner Shop", "Müller"]
    again = staged(owner_browser, "firmen.csv", TABLE)
    assert "There is nothing to apply" in owner_browser.get(again).text
    columns = owner_browser.get(f"{again}/columns").text
    assert "Forget this choice" in columns
    assert "Forgotten." in owner_browser.post(f"{again}/columns/forget", follow=True).text
    assert "Forget this choice" not in owner_browser.get(f"{again}/columns").text


def test_a_value_that_does_not_fit_is_said_with_the_columns(owner_browser: Browsing) -> None:
    path = staged(owner_browser, "x.csv", f"company;what\nCorner Shop;{'x' * 1500}\n".encode())
    owner_browser.get(f"{path}/columns")
    answer = owner_browser.post(f"{path}/columns", {"column-0": "name", "column-1": "job"})
    assert answer.status_code == 422
    assert "longer or larger" in answer.text


def test_there_are_no_columns_of_what_is_no_table(owner_browser: Browsing) -> None:
    path = staged(owner_browser, "a.mbox", MAILBOX)
    owner_browser.get(path)
    for wrong in (f"{path}/columns", "/imports/" + "0" * 32 + "/columns"):
        assert owner_browser.get(wrong).status_code == 404
        assert owner_browser.post(wrong, {"column-0": "name"}).status_code == 404
        assert owner_browser.post(f"{wrong}/forget").status_code == 404


def test_an_import_is_undone_in_two_steps(instance: Instance, owner_browser: Browsing) -> None:
    """What would go is said before; afterwards the page of the import says what became of it."""
    path = staged(owner_browser, "a.mbox", MAILBOX)
    boxes = ticks(owner_browser.get(path).text)
    after = owner_browser.post(f"{path}/apply", {"take": list(boxes.values()), "keep_told": "1"}, follow=True).text
    assert f"{path}/undo" in after
    _account, keyring = open_account(instance.stores, "robin")
    with instance.stores.main.writing() as db:
        kim = next(opened for opened in store.all_of(db, keyring, Vendor) if "Kim" in opened.fields.name or "firm" in opened.fields.name)
        store.replace(db, keyring, kim.record_id, kim.fields.model_copy(update={"job": "plumbing"}), now=NOW)
    asked = owner_browser.get(f"{path}/undo").text
    for words in (
        "2 companies that it added go",
        "1 purchase or note that it added goes",
        "1 promise that it added goes",
        "it was changed since",
    ):
        assert words in asked
    done = owner_browser.post(f"{path}/undo", follow=True).text
    assert "This import was undone" in done
    assert "4 records that it made were removed." in done
    assert "it was changed since" in done
    assert names(instance) == [kim.fields.name]
    assert owner_browser.get(f"{path}/undo").status_code == 404
    assert owner_browser.post(f"{path}/undo").status_code == 303
    assert "undone" in owner_browser.get("/imports").text
    assert owner_browser.post("/imports/" + "0" * 32 + "/undo").status_code == 404


def test_another_owner_finds_nothing(instance: Instance, owner_browser: Browsing) -> None:
    """Progress, columns and undoing belong to their owner."""
    path = staged(owner_browser, "firmen.csv", TABLE)
    make_account(instance.stores, "sam")
    sam = Browsing(instance.new_client()).unlock("sam")
    assert sam.get(f"{path}/columns").status_code == 404
    assert "firmen.csv" not in sam.get("/imports/progress").text + sam.get("/imports").text


def test_what_is_past_is_kept_with_what_it_did(instance: Instance, owner_browser: Browsing) -> None:
    path = staged(owner_browser, "a.mbox", MAILBOX)
    boxes = ticks(owner_browser.get(path).text)
    owner_browser.post(f"{path}/apply", {"take": [boxes["Northwind Broadband"]]})
    _account, keyring = open_account(instance.stores, "robin")
    with instance.stores.main.reading() as db:
        (past,) = [opened.fields for opened in store.all_of(db, keyring, Import)]
    assert (past.state, past.summary["added"], past.summary["interactions"]) == ("applied", 1, 0)


def test_a_form_without_a_file_field_is_refused(owner_browser: Browsing) -> None:
    owner_browser.get("/imports/new")
    assert owner_browser.post("/imports/new", files={"other": ("a", b"x", "text/plain")}).status_code == 422


def test_a_large_file_that_is_refused_is_taken_to_its_end(instance: Instance, owner_browser: Browsing) -> None:
    """A browser shows an answer only when all is sent: an archive of some megabytes is refused in words, and nothing stays."""
    before = rows(instance)
    answer = upload(owner_browser, "takeout.zip", b"PK\x03\x04" + bytes(3 << 20))
    assert answer.status_code == 422
    assert "a ZIP archive" in answer.text
    assert rows(instance) == before
