"""Passkeys at the browser's door, against an authenticator that lies in one thing at a time."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select, update

from app import clock
from app.auth.owner import STEP_UP
from app.auth.passkeys import available, sweep
from app.auth.sessions import HALF_WAY
from app.settings import Settings
from app.state import Challenge, Session
from consent.store import LedgerEntry
from tests.authenticator import PRESENT, VERIFIED, SoftAuthenticator, b64
from tests.browsing import PASSPHRASE, Browsing
from tests.instances import Instance

SECRET = bytes(range(32))


@pytest.fixture
def robin(instance: Instance) -> Browsing:
    """An owner by the whole way in."""
    browsing = Browsing(instance.new_client())
    browsing.sign_up(instance.invite())
    return browsing


@pytest.fixture
def device(instance: Instance) -> SoftAuthenticator:
    """The owner's authenticator."""
    return SoftAuthenticator(origin=instance.settings.base_url)


def asked(browsing: Browsing, path: str, mode: str) -> dict[str, Any]:
    """The question that the script would fetch."""
    answer = browsing.post(path, {"for": mode})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def enrol(browsing: Browsing, device: SoftAuthenticator, *, second: bool = False, **lies: Any) -> tuple[int, str]:
    """Add a passkey; the status, and where it leads or what the page says."""
    browsing.get("/settings/passkeys")
    credential = device.make(asked(browsing, "/settings/passkeys/challenge", "enrol"), **lies)
    role = {"role": "second"} if second else {"secret": b64(SECRET)}
    answer = browsing.post("/settings/passkeys", {"label": "the blue key", "credential": credential, **role})
    return answer.status_code, answer.headers.get("location") or answer.text


def unlock(browsing: Browsing, device: SoftAuthenticator, *, secret: bytes = SECRET, **lies: Any) -> int:
    """Unlock with the passkey; the status."""
    browsing.get("/unlock")
    credential = device.show(asked(browsing, "/unlock/challenge", "open"), **lies)
    return browsing.post("/unlock/passkey", {"credential": credential, "secret": b64(secret)}).status_code


def age(instance: Instance) -> None:
    """Let every session's last unlock lie more than five minutes back."""
    with instance.stores.state.writing() as db:
        db.exec(update(Session).values(unlocked_at=clock.now() - STEP_UP - timedelta(seconds=1)))


def test_a_passkey_opens_alone_and_counts(instance: Instance, robin: Browsing, device: SoftAuthenticator) -> None:
    """Enrolled, listed, used; its name stands nowhere in the clear; once removed it opens nothing."""
    assert enrol(robin, device) == (303, "/settings/passkeys?done=passkey-added")
    page = robin.get("/settings/passkeys").text
    assert "the blue key" in page and "not used yet" in page
    other = Browsing(instance.new_client())
    assert unlock(other, device) == 303
    assert other.get("/today").status_code == 200
    assert "the blue key" in other.get("/settings").text
    slot_id = re.search(r"/settings/passkeys/([0-9a-f]{32})/remove", robin.get("/settings/passkeys").text)
    assert slot_id
    assert robin.post(f"/settings/passkeys/{slot_id[1]}/name", {"label": "the green key"}).status_code == 303
    assert "the green key" in robin.get("/settings/passkeys").text
    assert robin.post(f"/settings/passkeys/{slot_id[1]}/remove").status_code == 303
    assert robin.post(f"/settings/passkeys/{slot_id[1]}/remove").status_code == 404
    assert unlock(Browsing(instance.new_client()), device) == 422
    with instance.stores.main.reading() as db:
        assert [entry.type for entry in db.exec(select(LedgerEntry).order_by(col(LedgerEntry.seq)))].count("slot.changed") == 2


@pytest.mark.parametrize(
    "lies",
    [
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"rp_id": "elsewhere.example"},
        {"client": {"origin": "https://elsewhere.example"}},
        {"client": {"type": "webauthn.create"}},
        {"client": {"crossOrigin": True}},
        {"client": {"challenge": b64(bytes(32))}},
        {"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"},
        {"handle": b64(bytes(16))},
        {"handle": ""},
        {"count": 1},
        {"secret": bytes(32)},
        {"secret": bytes(31)},
    ],
    ids=repr,
)
def test_an_answer_with_one_lie_opens_nothing(instance: Instance, robin: Browsing, device: SoftAuthenticator, lies: dict[str, Any]) -> None:
    """Another user, host, page, kind, question, signature, account, an older count, another secret."""
    assert enrol(robin, device)[0] == 303
    device.count = 7
    assert unlock(Browsing(instance.new_client()), device) == 303
    assert unlock(Browsing(instance.new_client()), device, **lies) == 422
    device.count = 20
    assert unlock(Browsing(instance.new_client()), device) == 303


@pytest.mark.parametrize("open_end", ["[", '{"a":'])
def test_an_answer_nested_without_end_is_none(instance: Instance, robin: Browsing, device: SoftAuthenticator, open_end: str) -> None:
    """Neither as a whole nor in what the browser says of the question; unlocking, and when one is made."""
    endless = open_end * 3000
    robin.get("/settings/passkeys")
    made = json.loads(device.make(asked(robin, "/settings/passkeys/challenge", "enrol")))
    made["response"]["clientDataJSON"] = b64(endless.encode())
    for credential in (endless, json.dumps(made)):
        answer = robin.post("/settings/passkeys", {"label": "x", "credential": credential, "secret": b64(SECRET)})
        assert answer.status_code == 422 and "could not be checked" in answer.text
    assert enrol(robin, device)[0] == 303
    other = Browsing(instance.new_client())
    other.get("/unlock")
    shown = json.loads(device.show(asked(other, "/unlock/challenge", "open")))
    shown["response"]["clientDataJSON"] = b64(endless.encode())
    for credential in (endless, json.dumps(shown)):
        assert other.post("/unlock/passkey", {"credential": credential, "secret": b64(SECRET)}).status_code == 422


def test_a_question_is_answered_once_in_one_browser_in_time(instance: Instance, robin: Browsing, device: SoftAuthenticator) -> None:
    """Not twice, not from another browser, not later than five minutes, not for another purpose."""
    assert enrol(robin, device)[0] == 303
    here, there = Browsing(instance.new_client()), Browsing(instance.new_client())
    for browsing in (here, there):
        browsing.get("/unlock")
    secret = {"secret": b64(SECRET)}
    question = asked(here, "/unlock/challenge", "open")
    assert question["allowCredentials"] == []
    assert there.post("/unlock/passkey", {"credential": device.show(question), **secret}).status_code == 422
    used = device.show(question)
    assert here.post("/unlock/passkey", {"credential": used, **secret}).status_code == 303
    here.get("/unlock")
    assert here.post("/unlock/passkey", {"credential": used, **secret}).status_code == 422
    there.get("/unlock")
    late = asked(there, "/unlock/challenge", "open")
    with instance.stores.state.writing() as db:
        db.exec(update(Challenge).values(expires_at=clock.now()))
    assert there.post("/unlock/passkey", {"credential": device.show(late), **secret}).status_code == 422
    there.get("/unlock")
    other = asked(there, "/unlock/challenge", "second")
    assert there.post("/unlock/passkey", {"credential": device.show(other), **secret}).status_code == 422
    sweep(instance.stores.state, now=clock.now() + timedelta(minutes=6))
    with instance.stores.state.reading() as db:
        assert db.exec(select(Challenge)).all() == []


def test_the_raw_prf_output_is_never_kept(instance: Instance, robin: Browsing, device: SoftAuthenticator) -> None:
    """Even a script that sent it along would find it thrown away."""
    assert enrol(robin, device)[0] == 303
    for folder in (instance.settings.data_dir, instance.settings.state_dir):
        assert all(b"raw-prf-output" not in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("lies", [{"flags": PRESENT}, {"rp_id": "elsewhere.example"}, {"client": {"origin": "https://elsewhere.example"}}])
def test_a_passkey_is_made_here_by_its_user(robin: Browsing, device: SoftAuthenticator, lies: dict[str, Any]) -> None:
    """What was made without its user, or for another host, is not kept."""
    status, page = enrol(robin, device, **lies)
    assert status == 422 and "could not be checked" in page
    assert "None yet." in robin.get("/settings/passkeys").text


def test_the_form_says_what_is_wrong(robin: Browsing) -> None:
    """No secret; a name that is too long."""
    robin.get("/settings/passkeys")
    answer = robin.post("/settings/passkeys", {"label": "x" * 61, "credential": "{}"})
    assert answer.status_code == 422
    assert "came without the secret" in answer.text and 'id="e-label"' in answer.text


def test_new_ways_in_need_a_fresh_unlock(instance: Instance, robin: Browsing, device: SoftAuthenticator) -> None:
    """Five minutes after the unlock a secret is asked for again, and the way leads back to where it was needed."""
    assert enrol(robin, device)[0] == 303
    robin.get("/settings/passkeys")
    age(instance)
    assert "show once more" in robin.get("/settings/passkeys").text
    for path in ("/settings/passkeys/challenge", "/settings/passkeys", "/settings/recovery-kit"):
        answer = robin.client.post(
            path,
            data={"csrf": robin.csrf},
            headers={"origin": instance.settings.base_url, "referer": f"{instance.settings.base_url}/settings"},
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/step-up?next=/settings"), path
    assert robin.get("/settings/recovered", follow=False).headers["location"] == "/step-up?next=/settings/recovered"
    page = robin.get("/step-up?next=/settings/passkeys")
    assert "Show a passkey" in page.text
    assert robin.post("/step-up", {"passphrase": "not it", "next": "/settings/passkeys"}).status_code == 422
    answer = robin.post("/step-up", {"passphrase": PASSPHRASE, "next": "/settings/passkeys"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/passkeys")
    assert "show once more" not in robin.get("/settings/passkeys").text
    age(instance)
    robin.get("/step-up")
    question = asked(robin, "/step-up/challenge", "open")
    assert len(question["allowCredentials"]) == 1
    wrong = {"credential": device.show(question), "secret": b64(bytes(32))}
    assert robin.post("/step-up/passkey", wrong).status_code == 422
    right = {"credential": device.show(asked(robin, "/step-up/challenge", "open")), "secret": b64(SECRET), "next": "//elsewhere.example"}
    assert robin.post("/step-up/passkey", right).headers["location"] == "/settings"


def test_a_second_factor_is_asked_for_before_anything_opens(instance: Instance, robin: Browsing, device: SoftAuthenticator) -> None:
    """Half a session opens nothing; its passkey makes it whole, once; the step-up and the passphrase form ask for it too."""
    assert enrol(robin, device, second=True) == (303, "/settings/passkeys?done=second-factor-added")
    browsing = Browsing(instance.new_client())
    browsing.get("/unlock")
    answer = browsing.post("/unlock", {"login": "robin", "passphrase": PASSPHRASE, "next": "/items"})
    assert answer.headers["location"] == "/unlock/second?next=/items"
    half = {name: value for name, value in browsing.client.cookies.items() if name.endswith("-half")}
    assert browsing.get("/today", follow=False).status_code == 303
    browsing.client.cookies.set("bothways", *half.values())
    assert browsing.get("/today", follow=False).headers["location"].startswith("/unlock")
    browsing.client.cookies.delete("bothways")
    assert len(re.findall(r"/settings/sessions/[0-9a-f]+/end", robin.get("/settings").text)) == 1

    assert browsing.get("/unlock/second?next=/items").status_code == 200
    wrong = SoftAuthenticator(origin=instance.settings.base_url, handle=device.handle)
    assert browsing.post("/unlock/second", {"credential": wrong.show(asked(browsing, "/unlock/challenge", "second"))}).status_code == 422
    question = asked(browsing, "/unlock/challenge", "second")
    assert [one["id"] for one in question["allowCredentials"]] == [b64(device.credential_id)]
    used = device.show(question)
    answer = browsing.post("/unlock/second", {"credential": used, "next": "/items"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/items")
    assert browsing.get("/items").status_code == 200
    assert browsing.get("/unlock/second", follow=False).headers["location"] == "/unlock"

    age(instance)
    browsing.get("/settings")
    change = {"current": PASSPHRASE, "passphrase": "another four words", "again": "another four words"}
    assert browsing.post("/settings/passphrase", change).headers["location"].startswith("/step-up")
    browsing.get("/step-up")
    assert browsing.post("/step-up", {"passphrase": PASSPHRASE}).status_code == 422
    shown = {"passphrase": PASSPHRASE, "credential": device.show(asked(browsing, "/step-up/challenge", "second"))}
    assert browsing.post("/step-up", shown).status_code == 303
    browsing.get("/settings")
    assert browsing.post("/settings/passphrase", change).status_code == 303


def test_half_a_session_waits_five_minutes(instance: Instance, robin: Browsing, device: SoftAuthenticator) -> None:
    """Then the passphrase is asked for again."""
    assert enrol(robin, device, second=True)[0] == 303
    browsing = Browsing(instance.new_client())
    browsing.get("/unlock")
    browsing.post("/unlock", {"login": "robin", "passphrase": PASSPHRASE})
    browsing.get("/unlock/second")
    question = asked(browsing, "/unlock/challenge", "second")
    with instance.stores.state.writing() as db:
        db.exec(update(Session).where(col(Session.whole).is_(False)).values(created_at=clock.now() - HALF_WAY))
    assert browsing.post("/unlock/second", {"credential": device.show(question)}).headers["location"] == "/unlock"
    assert asked(browsing, "/unlock/challenge", "second")["allowCredentials"] == []


@pytest.mark.parametrize(
    ("address", "possible"),
    [
        ("http://localhost:8000", True),
        ("https://bothways.example", True),
        ("http://bothways.lan:8000", False),
        ("http://192.168.1.7:8000", False),
        ("https://192.168.1.7", False),
        ("https://[::1]", False),
    ],
)
def test_where_browsers_offer_passkeys(address: str, *, possible: bool) -> None:
    """Over TLS or at localhost, and by a name."""
    assert available(Settings(base_url=address)) is possible
