"""Imports in the browser: choose, look, apply or discard; every refusal in words and without a trace."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import func, select

from app.auth.form import UPLOAD_LIMIT
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance
from tests.vectors.make_imports import SECRETS, faulty, good
from vault.store import Record

GOOD = good()
FAULTY = faulty()


def upload(browser: Browsing, name: str, data: bytes) -> Any:
    browser.get("/imports/new")
    return browser.post("/imports/new", files={"file": (name, data, "application/octet-stream")})


def staged(browser: Browsing, name: str) -> str:
    answer = upload(browser, name, GOOD[name])
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def rows(instance: Instance) -> int:
    with instance.stores.main.reading() as db:
        return int(db.exec(select(func.count()).select_from(Record)).one())


def test_said_before_preview_and_after(owner_browser: Browsing) -> None:
    """What is never kept is said before a file is chosen, in the preview with counts, and after applying."""
    before = owner_browser.get("/imports/new").text
    for words in ("passwords", "one-time code secrets", "passkeys", "cards", "secure notes", "hidden fields"):
        assert words in before
    path = staged(owner_browser, "bitwarden.json")
    preview = owner_browser.get(path).text
    counted = (
        "4 passwords",
        "1 one-time code secret (TOTP)",
        "1 passkey",
        "1 card",
        "1 secure note",
        "2 hidden fields",
        "1 SSH key",
        "5 old passwords",
    )
    assert [words for words in counted if words not in preview] == []
    assert "Corner Shop" in preview
    assert "Me at home" in preview
    assert [secret for secret in SECRETS if secret in preview] == []
    after = owner_browser.post(f"{path}/apply", follow=True)
    assert after.status_code == 200
    assert "Import applied." in after.text
    assert [words for words in counted if words not in after.text] == []
    assert "The notes of 2 logins were dropped." in after.text


def test_the_box_for_notes_is_not_ticked(owner_browser: Browsing) -> None:
    """Notes of logins are kept only when the owner ticks the box."""
    path = staged(owner_browser, "bitwarden.json")
    preview = owner_browser.get(path).text
    box = preview[preview.index('name="keep_login_notes"') :].split(">", 1)[0]
    assert "checked" not in box
    after = owner_browser.post(f"{path}/apply", {"keep_login_notes": "1"}, follow=True).text
    assert "You kept the notes of 2 logins." in after
    assert "Opens at nine." in owner_browser.get("/vendors?q=nine").text or "Corner Shop" in owner_browser.get("/vendors?q=opens").text


def test_what_changes_is_shown_field_by_field(owner_browser: Browsing) -> None:
    """A second file about a known company shows what the company gains, and applying adds exactly that."""
    owner_browser.get(staged(owner_browser, "bitwarden.json"))
    first = staged(owner_browser, "bitwarden.json")
    owner_browser.get(first)
    owner_browser.post(f"{first}/apply")
    path = staged(owner_browser, "iphone.vcf")
    preview = owner_browser.get(path).text
    assert "What changes" in preview
    assert "Deli counter: 01 555 0103" in preview
    assert "What is added" not in preview
    owner_browser.post(f"{path}/apply")
    again = owner_browser.get(staged(owner_browser, "iphone.vcf")).text
    assert "There is nothing to apply" in again


def test_applying_twice_and_discarding_afterwards(owner_browser: Browsing) -> None:
    """A form sent twice does it once; what was applied cannot be discarded."""
    path = staged(owner_browser, "chrome.csv")
    owner_browser.get(path)
    for _time in range(2):
        assert owner_browser.post(f"{path}/apply").status_code == 303
    assert owner_browser.post(f"{path}/discard").status_code == 404
    assert owner_browser.get("/vendors").text.count("vendors/") > 3
    assert "chrome.csv" in owner_browser.get("/imports").text


def test_discarded_leaves_nothing(instance: Instance, owner_browser: Browsing) -> None:
    """Discarding removes every staged row."""
    before = rows(instance)
    path = staged(owner_browser, "bitwarden.json")
    owner_browser.get(path)
    assert rows(instance) > before
    assert "Nothing of the file was kept." in owner_browser.post(f"{path}/discard", follow=True).text
    assert rows(instance) == before
    assert owner_browser.get(path).status_code == 404
    assert owner_browser.post(f"{path}/apply").status_code == 404


@pytest.mark.parametrize("name", sorted(FAULTY))
def test_a_refused_file_leaves_no_row(instance: Instance, owner_browser: Browsing, name: str) -> None:
    """A faulty file is answered 422 with words beside the field, and nothing of it is in the database."""
    before = rows(instance)
    data, _code, line = FAULTY[name]
    answer = upload(owner_browser, name, data)
    assert answer.status_code == 422, answer.text
    assert 'id="e-file"' in answer.text
    assert line is None or line == 1 or str(line) in answer.text
    assert rows(instance) == before


def test_no_file_is_said(owner_browser: Browsing) -> None:
    """A browser sends an unchosen file as a file without name and content; a form without any is no form of ours."""
    owner_browser.get("/imports/new")
    field = f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{owner_browser.csrf}\r\n'
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--b--\r\n'
    origin = str(owner_browser.client.base_url).rstrip("/")
    headers = {"origin": origin, "sec-fetch-site": "same-origin", "content-type": "multipart/form-data; boundary=b"}
    answer = owner_browser.client.post("/imports/new", content=(field + file).encode(), headers=headers)
    assert answer.status_code == 422
    assert "Choose a file first." in answer.text
    assert "did not arrive whole" in owner_browser.post("/imports/new", {"other": "x"}).text


def test_an_encrypted_export_is_named_as_such(owner_browser: Browsing) -> None:
    """Encrypted exports of both kinds say that they are encrypted and what to do."""
    for name in ("bitwarden-encrypted-account.json", "bitwarden-encrypted-password.json"):
        text = upload(owner_browser, name, FAULTY[name][0]).text
        assert "is encrypted" in text
        assert "Export vault" in text


def test_a_file_over_the_limit_is_refused_before_parsing(instance: Instance, owner_browser: Browsing) -> None:
    """One byte too many is refused by what the request announces; the limit itself is read."""
    before = rows(instance)
    answer = upload(owner_browser, "big.vcf", b"x" * (UPLOAD_LIMIT + 1))
    assert answer.status_code == 413
    assert "25 MiB" in answer.text
    assert rows(instance) == before
    assert upload(owner_browser, "large.txt", b"x" * (UPLOAD_LIMIT - 4096)).status_code == 422


def test_a_form_without_its_token_is_refused(instance: Instance, owner_browser: Browsing) -> None:
    """The token is a field of the multipart form and is checked like every other."""
    before = rows(instance)
    owner_browser.get("/imports/new")
    owner_browser.csrf = "0" * 64
    answer = owner_browser.post("/imports/new", files={"file": ("chrome.csv", GOOD["chrome.csv"], "text/csv")})
    assert answer.status_code == 403
    assert rows(instance) == before


def test_a_form_from_elsewhere_is_refused(owner_browser: Browsing) -> None:
    page = owner_browser.get("/imports/new")
    assert page.status_code == 200
    headers = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
    answer = owner_browser.client.post(
        "/imports/new", data={"csrf": owner_browser.csrf}, files={"file": ("a.csv", b"x", "text/csv")}, headers=headers
    )
    assert answer.status_code == 403


def test_a_broken_multipart_is_said(owner_browser: Browsing) -> None:
    """A body that is no multipart form is refused in words, whatever it announces."""
    owner_browser.get("/imports/new")
    origin = str(owner_browser.client.base_url).rstrip("/")
    for kind, body in (("multipart/form-data; boundary=x", b"--y\r\nnothing"), ("application/json", b"{}")):
        answer = owner_browser.client.post(
            "/imports/new", content=body, headers={"origin": origin, "sec-fetch-site": "same-origin", "content-type": kind}
        )
        assert answer.status_code in {403, 422}


def test_another_owner_finds_nothing(instance: Instance, owner_browser: Browsing, new_browser: Callable[[], Browsing]) -> None:
    """A preview belongs to its owner; to another it does not exist."""
    path = staged(owner_browser, "chrome.csv")
    make_account(instance.stores, "sam")
    sam = new_browser().unlock("sam")
    assert sam.get(path).status_code == 404
    assert sam.post(f"{path}/apply").status_code == 404
    assert sam.post(f"{path}/discard").status_code == 404
    assert owner_browser.get(path).status_code == 200


def test_a_long_preview_says_how_many_more(owner_browser: Browsing) -> None:
    """500 rows are shown and the rest is counted."""
    lines = "".join(f"site{number},https://site{number}.example/,robin,pw\n" for number in range(503))
    answer = upload(owner_browser, "many.csv", f"name,url,username,password\n{lines}".encode())
    preview = owner_browser.get(answer.headers["location"]).text
    assert "and 3 more" in preview
    assert "503" in preview
