"""A code from a till: typed in, it brings a request; whatever does not open answers alike."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from app.auth import throttle
from app.auth.throttle import Limit
from consent.store import Request
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def asked_at_a_till(robin: Visit) -> str:
    """A code as a till shows it."""
    return str(robin.shop().ask(None).json()["user_code"])


@pytest.mark.parametrize(
    "typed", [lambda code: code, str.lower, lambda code: code.replace("-", ""), lambda code: f" {code[:2]} {code[2:]} "]
)
def test_a_code_brings_the_request(robin: Visit, typed: Callable[[str], str]) -> None:
    """Case, blanks and the dash do not matter; nothing is granted by it."""
    code = asked_at_a_till(robin)
    robin.browser.get("/device")
    answer = robin.browser.submit("/device", {"user_code": typed(code)})
    (request,) = robin.rows(select(Request))
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/requests/{request.request_id}?done=claimed-code"
    page = words(robin.browser.get(answer.headers["location"]).text)
    assert "You entered their code yourself" in page
    assert request.state == "pending"


def test_the_link_behind_the_code_only_fills_it_in(robin: Visit) -> None:
    """Following it changes nothing."""
    code = asked_at_a_till(robin)
    page = robin.browser.get(f"/device?user_code={code}")
    assert f'value="{code}"' in page.text
    assert robin.rows(select(Request)) == []


def test_what_does_not_open_answers_alike(robin: Visit, new_browser: Callable[[], Browsing]) -> None:
    """Unknown, claimed by somebody else, and addressed to an inbox: the same words."""
    code = asked_at_a_till(robin)
    make_account(robin.instance.stores, "sasha")
    other = new_browser().unlock("sasha")
    other.get("/device")
    assert other.submit("/device", {"user_code": code}).status_code == 303
    _shop, addressed, _request_id = robin.asked()
    said = set()
    for typed in (code, "BCDF-GHJK", str(addressed["user_code"]), "?!"):
        robin.browser.get("/device")
        answer = robin.browser.submit("/device", {"user_code": typed})
        assert answer.status_code == 422
        said.add(words(answer.text))
    assert len(said) == 1
    assert "This code opens nothing" in said.pop()


def test_an_empty_field_is_not_a_try(robin: Visit) -> None:
    """It asks for the code."""
    robin.browser.get("/device")
    answer = robin.browser.submit("/device", {"user_code": " "})
    assert answer.status_code == 422
    assert "Type the code" in words(answer.text)


def test_guessing_is_throttled(robin: Visit) -> None:
    """After the limit even the right code has to wait."""
    code = asked_at_a_till(robin)
    robin.browser.get("/device")
    for _try in range(throttle.USER_CODE.tries):
        assert robin.browser.submit("/device", {"user_code": "BCDF-GHJK"}).status_code == 422
    answer = robin.browser.submit("/device", {"user_code": code})
    assert answer.status_code == 429
    assert "Too many tries" in words(answer.text)
    assert robin.rows(select(Request)) == []


def test_guessing_from_one_network_address_is_throttled(robin: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several accounts behind one address share a limit of their own: whoever has many accounts has not many more guesses."""
    monkeypatch.setattr(throttle, "USER_CODE_ADDRESS", Limit(1, timedelta(minutes=10)))
    code = asked_at_a_till(robin)
    make_account(robin.instance.stores, "sasha")
    other = Browsing(robin.instance.new_client()).unlock("sasha")
    other.get("/device")
    assert other.submit("/device", {"user_code": "BCDF-GHJK"}).status_code == 422
    robin.browser.get("/device")
    assert robin.browser.submit("/device", {"user_code": code}).status_code == 429


def test_a_code_opens_once(robin: Visit) -> None:
    """Also for the one who has opened it: the request is there, the code is spent."""
    code = asked_at_a_till(robin)
    robin.browser.get("/device")
    assert robin.browser.submit("/device", {"user_code": code}).status_code == 303
    robin.browser.get("/device")
    assert robin.browser.submit("/device", {"user_code": code}).status_code == 422
    assert len(robin.rows(select(Request))) == 1


def test_a_code_has_no_letter_that_reads_as_another(robin: Visit) -> None:
    """Twenty consonants, eight of them (RFC 8628 section 6.1): more than 2^34 codes."""
    code = asked_at_a_till(robin).replace("-", "")
    assert len(code) == 8 and set(code) <= set("BCDFGHJKLMNPQRSTVWXZ")
    assert 20**8 > 2**34


def test_a_code_typed_opens_though_nobody_may_ask(robin: Visit) -> None:
    """Typing it is the owner's own act: the gate is for those who come by a link."""
    robin.browser.get("/my-terms")
    assert robin.browser.submit("/my-terms", {"may_ask": "nobody"}).status_code == 303
    code = asked_at_a_till(robin)
    robin.browser.get("/device")
    assert robin.browser.submit("/device", {"user_code": code}).status_code == 303
