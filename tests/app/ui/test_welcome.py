"""The front page, the page about protection, and what a stranger sees when there is nothing to see."""

from collections.abc import Callable

import pytest

from app.settings import Opening
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance


def test_front_page_says_what_this_is(new_browser: Callable[[], Browsing]) -> None:
    """A stranger reads what this is, sees the balance with a text alternative, and finds the way in."""
    page = new_browser().get("/")
    assert page.status_code == 200
    assert "Your side of the relationship" in page.text
    assert '<svg class="picture"' in page.text
    assert 'aria-labelledby="beam-title"' in page.text
    assert 'href="/unlock"' in page.text
    assert 'href="/protection"' in page.text


def test_front_page_leaves_no_cookie(new_browser: Callable[[], Browsing]) -> None:
    """A page without a form sets no cookie."""
    for path in ("/", "/protection", "/no-such-page"):
        assert "set-cookie" not in new_browser().get(path).headers


def test_front_page_offers_sign_up_only_where_it_is_open(new_browser: Callable[[], Browsing], instance: Instance) -> None:
    """By default people come by invitation, and the page says so."""
    make_account(instance.stores)
    page = new_browser().get("/")
    assert 'href="/sign-up"' not in page.text
    assert "by invitation" in page.text
    instance.app.state.settings = instance.settings.model_copy(update={"sign_up": Opening.OPEN})
    assert 'href="/sign-up"' in new_browser().get("/").text


def test_front_page_tells_who_has_just_started_it_where_to_begin(new_browser: Callable[[], Browsing], instance: Instance) -> None:
    """While nobody has an account the page names the line in the terminal; from the first account on it says nothing of it."""
    fresh = new_browser().get("/").text
    assert "<code>Set up:</code>" in fresh and "by invitation" not in fresh
    assert "button-primary" not in fresh
    make_account(instance.stores)
    lived_in = new_browser().get("/").text
    assert "Set up:" not in lived_in
    assert 'button-primary" href="/unlock"' in lived_in


def test_front_page_sends_an_owner_to_today(owner_browser: Browsing) -> None:
    """Whoever is unlocked has no use for the front page."""
    page = owner_browser.get("/", follow=False)
    assert (page.status_code, page.headers["location"]) == (303, "/today")


def test_protection_says_what_is_not_protected(new_browser: Callable[[], Browsing]) -> None:
    """The page names the host that is broken into, the clear list, and the lost passphrase."""
    text = new_browser().get("/protection").text
    for words in ("while you are unlocked", "stand unencrypted", "both lost", "on the way (http)"):
        assert words in text


@pytest.mark.parametrize("path", ["/no-such-page", "/sign-up/a/b", "/static/no-such-file"])
def test_nothing_here_is_a_page(new_browser: Callable[[], Browsing], path: str) -> None:
    """An unknown address answers 404 in the layout, with a way back."""
    page = new_browser().get(path)
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    assert 'href="/"' in page.text
