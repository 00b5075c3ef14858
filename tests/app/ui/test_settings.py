"""Settings: the passphrase, the profile, and the browsers that are unlocked."""

import re
from collections.abc import Callable

import pytest

from app.auth.throttle import UNLOCK_ACCOUNT
from app.ui.settings.handlers import browser_name
from tests.browsing import PASSPHRASE, Browsing
from tests.factories import make_account
from tests.instances import Instance

NEW = "another four words entirely"


def change(browser: Browsing, current: str = PASSPHRASE, new: str = NEW, again: str | None = None) -> "tuple[int, str]":
    """Send the passphrase form; the status, and where it leads or what it says."""
    browser.get("/settings")
    answer = browser.post("/settings/passphrase", {"current": current, "passphrase": new, "again": new if again is None else again})
    return answer.status_code, answer.headers.get("location") or answer.text


def test_passphrase_changes_and_others_are_locked(owner_browser: Browsing, new_browser: Callable[[], Browsing]) -> None:
    """The new passphrase unlocks, the old does not, this browser stays and every other one is locked."""
    other = new_browser().unlock()
    assert change(owner_browser) == (303, "/settings?done=passphrase-changed")
    assert owner_browser.get("/today").status_code == 200
    assert "/unlock" in str(other.get("/today").url)
    other.get("/unlock")
    assert other.post("/unlock", {"login": "robin", "passphrase": PASSPHRASE}).status_code == 422
    new_browser().unlock(passphrase=NEW)


@pytest.mark.parametrize(
    ("current", "new", "again", "field"),
    [
        ("not my passphrase", NEW, NEW, "current"),
        (PASSPHRASE, "seven77", "seven77", "passphrase"),
        (PASSPHRASE, "x" * 1025, "x" * 1025, "passphrase"),
        (PASSPHRASE, "Robin", "Robin", "passphrase"),
        (PASSPHRASE, NEW, "something else", "again"),
    ],
)
def test_passphrase_form_says_what_is_wrong(owner_browser: Browsing, current: str, new: str, again: str, field: str) -> None:
    """The field is named, nothing is sent back, and the old passphrase still opens."""
    status, page = change(owner_browser, current, new, again)
    assert status == 422
    assert f'id="e-{field}"' in page
    assert NEW not in page
    owner_browser.unlock()


def test_passphrase_is_not_guessed_here(owner_browser: Browsing) -> None:
    """An unlocked browser left alone is no oracle for the passphrase: tries are counted."""
    for _ in range(UNLOCK_ACCOUNT.tries):
        assert change(owner_browser, "not my passphrase")[0] == 422
    assert change(owner_browser)[0] == 429


def test_profile_is_kept(owner_browser: Browsing) -> None:
    """Time zone and idle minutes are kept, twice in a row, and dates follow the zone."""
    for zone in ("Europe/Berlin", "Asia/Tokyo"):
        owner_browser.get("/settings")
        answer = owner_browser.post("/settings/profile", {"time_zone": zone, "language": "en", "idle_minutes": "30"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings?done=profile-saved")
        assert f'value="{zone}"' in owner_browser.get("/settings").text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time_zone": "Atlantis"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"language": "tlh"}, "language"),
        ({"idle_minutes": "0"}, "idle_minutes"),
        ({"idle_minutes": "31"}, "idle_minutes"),
        ({"idle_minutes": "soon"}, "idle_minutes"),
    ],
)
def test_profile_form_says_what_is_wrong(owner_browser: Browsing, changes: dict[str, str], field: str) -> None:
    """The field is named and what was typed stays."""
    owner_browser.get("/settings")
    answer = owner_browser.post("/settings/profile", {"time_zone": "Asia/Tokyo", "language": "en", "idle_minutes": "7", **changes})
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text
    assert f'value="{changes.get("time_zone", "Asia/Tokyo")}"' in answer.text
    assert f'value="{changes.get("idle_minutes", "7")}"' in answer.text


def sessions_listed(page: str) -> list[str]:
    """The ids of the sessions on the page."""
    return re.findall(r'action="/settings/sessions/([0-9a-f]+)/end"', page)


def test_sessions_are_listed_and_ended(owner_browser: Browsing, new_browser: Callable[[], Browsing]) -> None:
    """Both browsers are listed, one is this one; ending the other locks it and leaves this one open."""
    other = new_browser().unlock()
    page = owner_browser.get("/settings").text
    assert len(sessions_listed(page)) == 2
    assert page.count("this one") == 1
    mine = re.search(r"this one</span>\s*<form[^>]*action=\"/settings/sessions/([0-9a-f]+)/end\"", page)
    assert mine
    (theirs,) = set(sessions_listed(page)) - {mine[1]}
    answer = owner_browser.post(f"/settings/sessions/{theirs}/end")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings?done=session-ended")
    assert "/unlock" in str(other.get("/today").url)
    assert owner_browser.get("/today").status_code == 200


def test_all_other_sessions_end_at_once(owner_browser: Browsing, new_browser: Callable[[], Browsing]) -> None:
    """Two others are locked by one act."""
    others = [new_browser().unlock(), new_browser().unlock()]
    owner_browser.get("/settings")
    assert owner_browser.post("/settings/sessions/end-others").status_code == 303
    assert ["/unlock" in str(other.get("/today").url) for other in others] == [True, True]
    assert len(sessions_listed(owner_browser.get("/settings").text)) == 1


def test_ending_this_session_locks(owner_browser: Browsing) -> None:
    """Ending the session one is in is locking."""
    (mine,) = sessions_listed(owner_browser.get("/settings").text)
    assert owner_browser.post(f"/settings/sessions/{mine}/end").headers["location"] == "/unlock?done=locked"
    assert "/unlock" in str(owner_browser.get("/today").url)


def test_nobody_elses_session_ends(instance: Instance, owner_browser: Browsing, new_browser: Callable[[], Browsing]) -> None:
    """Another owner's session, and one that never was, look the same."""
    make_account(instance.stores, login="sandy")
    sandy = new_browser().unlock("sandy")
    (theirs,) = sessions_listed(sandy.get("/settings").text)
    owner_browser.get("/settings")
    for session_id in (theirs, "00" * 32, "not-hex"):
        assert owner_browser.post(f"/settings/sessions/{session_id}/end").status_code == 404
    assert sandy.get("/today").status_code == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("testclient", "testclient"),
        ("", "A browser that does not say what it is"),
    ],
)
def test_browsers_have_names(agent: str, name: str) -> None:
    """What a browser says of itself is told in two words."""
    assert browser_name(agent) == name
