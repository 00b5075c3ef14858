"""Signing up: an invitation, a name, a passphrase, and a recovery kit that must be in safe hands before anything else."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import select

from app import clock
from app.auth import invitations
from app.auth.invitations import Guest
from app.settings import Opening
from tests.browsing import PASSPHRASE, Browsing
from tests.instances import Instance
from vault.store import Account, Record

GOOD = {"login": "robin", "passphrase": PASSPHRASE, "again": PASSPHRASE, "time_zone": "Europe/Berlin"}


def invite(instance: Instance, *, operator: bool = False) -> str:
    """An invitation's token."""
    with instance.stores.main.writing() as db:
        return invitations.invite(db, Guest.OWNER, now=clock.now(), operator=operator)


def sign_up(browser: Browsing, token: str, **changes: str) -> "tuple[int, str]":
    """Send the form; the status, and where it leads or what it says."""
    browser.get(f"/sign-up/{token}")
    answer = browser.post("/sign-up", {**GOOD, "token": token, **changes})
    return answer.status_code, answer.headers.get("location") or answer.text


def kit_groups(page: str) -> list[str]:
    """The groups of the code on the kit page."""
    return re.findall(r"<code>([0-9A-Z]{4})</code>", page)


def answers(page: str, groups: list[str]) -> dict[str, str]:
    """The right answers to the three groups that a kit page asks for."""
    asked = re.findall(r'name="group-(\d+)"', page)
    return {"asked": ",".join(asked), **{f"group-{position}": groups[int(position) - 1] for position in asked}}


def test_sign_up_leads_to_the_kit(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """A good form makes one account and goes on to the recovery kit, unlocked."""
    browser = new_browser()
    assert sign_up(browser, invite(instance)) == (303, "/recovery-kit")
    page = browser.get("/recovery-kit")
    assert len(kit_groups(page.text)) == 8
    assert '<svg role="img"' in page.text
    with instance.stores.main.reading() as db:
        assert [account.login for account in db.exec(select(Account))] == ["robin"]


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"login": "R!"}, "login", "lower-case letters"),
        ({"login": ""}, "login", "lower-case letters"),
        ({"passphrase": "seven77", "again": "seven77"}, "passphrase", "At least 8 characters"),
        ({"passphrase": "x" * 1025, "again": "x" * 1025}, "passphrase", "At most 1,024"),
        ({"login": "robinson", "passphrase": "Robinson", "again": "Robinson"}, "passphrase", "must not be the login name"),
        ({"again": "something else"}, "again", "differ"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "No such time zone"),
    ],
)
def test_sign_up_says_what_is_wrong(
    instance: Instance, new_browser: Callable[[], Browsing], changes: dict[str, str], field: str, words: str
) -> None:
    """Each field says what it needs, beside itself and in the summary; what was typed stays, passphrases do not."""
    token = invite(instance)
    status, page = sign_up(new_browser(), token, **changes)
    assert status == 422
    assert f'<a href="#f-{field}">' in page
    assert f'id="e-{field}"' in page
    assert words in page
    assert f'value="{token}"' in page
    assert f'value="{changes.get("time_zone", "Europe/Berlin")}"' in page
    assert (changes.get("passphrase") or PASSPHRASE) not in page
    with instance.stores.main.reading() as db:
        assert db.exec(select(Account)).all() == []


def test_sign_up_limits_hold_at_their_edge(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """Eight characters are enough, and three make a name."""
    assert sign_up(new_browser(), invite(instance), login="abc", passphrase="eight888", again="eight888")[0] == 303


def test_a_name_is_taken_once(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """A second person chooses another name; capitals do not make one."""
    sign_up(new_browser(), invite(instance))
    status, page = sign_up(new_browser(), invite(instance), login="Robin")
    assert (status, "already has this name" in page) == (422, True)


def test_an_invitation_works_once(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """A used invitation opens no form and makes no account."""
    token = invite(instance)
    sign_up(new_browser(), token)
    assert new_browser().get(f"/sign-up/{token}").status_code == 403
    other = new_browser()
    other.get("/unlock")
    refused = other.post("/sign-up", {**GOOD, "login": "sandy", "token": token})
    assert (refused.status_code, "no longer works" in refused.text) == (403, True)


@pytest.mark.parametrize(
    ("opening", "token", "words"),
    [
        (Opening.INVITE, "", "You need an invitation"),
        (Opening.INVITE, "guess", "no longer works"),
        (Opening.CLOSED, "guess", "Sign-up is closed"),
    ],
)
def test_sign_up_is_refused_with_the_reason(
    instance: Instance, new_browser: Callable[[], Browsing], opening: Opening, token: str, words: str
) -> None:
    """Without a good invitation the page says why there is no form."""
    instance.app.state.settings = instance.settings.model_copy(update={"sign_up": opening})
    page = new_browser().get(f"/sign-up/{token}".rstrip("/"))
    assert (page.status_code, words in page.text) == (403, True)


def test_open_sign_up_needs_no_invitation(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """Where the host has opened sign-up, anybody may."""
    instance.app.state.settings = instance.settings.model_copy(update={"sign_up": Opening.OPEN})
    browser = new_browser()
    browser.get("/sign-up")
    assert browser.post("/sign-up", GOOD).status_code == 303


def test_a_forged_sign_up_is_refused(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """A form without the cookie of its page, or with another's token, makes no account."""
    token, browser, other = invite(instance), new_browser(), new_browser()
    other.get(f"/sign-up/{token}")
    browser.csrf = other.csrf
    assert browser.post("/sign-up", {**GOOD, "token": token}).status_code == 403
    browser.get(f"/sign-up/{token}")
    browser.csrf = other.csrf
    assert browser.post("/sign-up", {**GOOD, "token": token}).status_code == 403
    with instance.stores.main.reading() as db:
        assert db.exec(select(Account)).all() == []


def test_nothing_opens_before_the_kit_is_safe(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """Until three groups have come back every page of the owner leads to the kit."""
    browser = new_browser()
    sign_up(browser, invite(instance))
    for path in ("/today", "/me", "/settings", "/"):
        assert str(browser.get(path).url).endswith("/recovery-kit")


def test_wrong_groups_keep_the_kit(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """A wrong group is named, the right ones stay, and the code is still there."""
    browser = new_browser()
    sign_up(browser, invite(instance))
    page = browser.get("/recovery-kit").text
    groups = kit_groups(page)
    right = answers(page, groups)
    wrong = next(name for name in right if name.startswith("group-"))
    answer = browser.post("/recovery-kit", {**right, wrong: "0000" if right[wrong] != "0000" else "1111"})
    assert answer.status_code == 422
    assert answer.text.count('class="field-error"') == 1
    assert f'id="e-{wrong}"' in answer.text
    assert kit_groups(answer.text) == groups
    assert browser.post("/recovery-kit", {"asked": ""}).status_code == 422


def test_the_code_leaves_once_confirmed(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """Three right groups, however they are typed, open Today; afterwards the kit is nowhere and the code still unlocks."""
    browser = new_browser()
    sign_up(browser, invite(instance))
    page = browser.get("/recovery-kit").text
    groups = kit_groups(page)
    typed = {name: f" {value.lower()} " if name.startswith("group-") else value for name, value in answers(page, groups).items()}
    answer = browser.post("/recovery-kit", typed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/first-evening?done=kit-kept")
    assert browser.get("/first-evening?done=kit-kept").status_code == 200
    assert str(browser.get("/recovery-kit").url).endswith("/today")
    with instance.stores.main.reading() as db:
        assert "kit" not in {record.kind for record in db.exec(select(Record))}
    other = new_browser()
    other.get("/unlock/recovery")
    opened = other.post("/unlock/recovery", {"login": "robin", "code": "-".join(groups)})
    assert (opened.status_code, opened.headers["location"]) == (303, "/settings/recovered")
