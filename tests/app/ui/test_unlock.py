"""Unlocking and locking: the same answer for a wrong passphrase and an unknown name, and nothing left when locked."""

from collections.abc import Callable

import pytest

from app.auth.throttle import UNLOCK_ACCOUNT
from app.ui.ways_in.unlock import inside, wait
from tests.browsing import PASSPHRASE, Browsing
from tests.factories import make_account
from tests.instances import Instance


def test_unlock_goes_where_one_was_going(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """A locked page leads to unlock, and unlock back to it."""
    make_account(instance.stores)
    browser = new_browser()
    page = browser.get("/settings")
    assert 'name="next" value="/settings"' in page.text
    answer = browser.post("/unlock", {"login": "robin", "passphrase": PASSPHRASE, "next": "/settings"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize(("login", "passphrase"), [("robin", "wrong wrong wrong"), ("nobody", PASSPHRASE)])
def test_wrong_and_unknown_look_the_same(instance: Instance, new_browser: Callable[[], Browsing], login: str, passphrase: str) -> None:
    """What the page says does not tell whether the name exists."""
    make_account(instance.stores)
    browser = new_browser()
    browser.get("/unlock")
    answer = browser.post("/unlock", {"login": login, "passphrase": passphrase})
    assert answer.status_code == 422
    assert "Name and passphrase do not open an account here." in answer.text
    assert f'value="{login}"' in answer.text
    assert passphrase not in answer.text


def test_empty_fields_are_named(new_browser: Callable[[], Browsing]) -> None:
    """Both fields say that they are empty."""
    browser = new_browser()
    for path, names in (("/unlock", ("login", "passphrase")), ("/unlock/recovery", ("login", "code"))):
        browser.get(path)
        answer = browser.post(path, {})
        assert answer.status_code == 422
        assert all(f'id="e-{name}"' in answer.text for name in names)


def test_too_many_tries_wait(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """After the last try even the right passphrase waits, and the page says how long."""
    make_account(instance.stores)
    browser = new_browser()
    browser.get("/unlock/recovery")
    for _ in range(UNLOCK_ACCOUNT.tries):
        assert browser.post("/unlock/recovery", {"login": "robin", "code": "0000"}).status_code == 422
    for path, field in (("/unlock/recovery", "code"), ("/unlock", "passphrase")):
        answer = browser.post(path, {"login": "robin", field: PASSPHRASE})
        assert (answer.status_code, "Too many tries" in answer.text) == (429, True)


def test_lock_leaves_nothing(owner_browser: Browsing) -> None:
    """After locking, pages ask to unlock, forms are refused, and the browser is told to forget."""
    answer = owner_browser.post("/lock")
    assert (answer.status_code, answer.headers["location"]) == (303, "/unlock?done=locked")
    assert "cache" in answer.headers["clear-site-data"]
    assert str(owner_browser.get("/today").url).endswith("/unlock?next=/today")
    assert owner_browser.post("/lock").status_code == 401


def test_lock_needs_the_form_token(owner_browser: Browsing) -> None:
    """Another site cannot lock you."""
    owner_browser.csrf = "0" * 64
    refused = owner_browser.post("/lock")
    assert (refused.status_code, "Nothing was changed." in refused.text) == (403, True)
    assert owner_browser.get("/today").status_code == 200


def test_another_sites_form_is_refused(instance: Instance, owner_browser: Browsing) -> None:
    """A form sent from another origin is refused even with the right token."""
    answer = owner_browser.client.post("/lock", data={"csrf": owner_browser.csrf}, headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/settings", "/settings"),
        ("/vendors?q=shop", "/vendors?q=shop"),
        ("//elsewhere.example", ""),
        ("https://elsewhere.example", ""),
        ("/\\elsewhere.example", ""),
        ("/\t/elsewhere.example", ""),
        ("javascript:alert(1)", ""),
        ("/unlock", ""),
        ("/lock", ""),
        ("", ""),
    ],
)
def test_next_stays_here(path: str, kept: str) -> None:
    """Unlock never leads to another host."""
    assert inside(path) == kept


def test_wait_is_told_in_whole_minutes() -> None:
    """One second is a minute, 61 seconds are two."""
    assert "1 minute." in wait(1)
    assert "2 minutes." in wait(61)
