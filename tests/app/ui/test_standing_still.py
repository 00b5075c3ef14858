"""What stands still and why, in the browser: promises in return, the share that is of use, pauses, quiet hours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from app import clock
from app.tables import CommitmentClock
from app.worker import Worker
from consent.store import Event, Foreseen, Grant
from tests.app.api.loop import Shop, message
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_details
from tests.instances import Instance
from vault.records import Commitment, MessageRecord, MyTerms, Vendor

REPAIR: dict[str, Any] = {"promise": "Free repair", "within": "P14D", "remedy": {"kind": "refund", "within": "P7D"}}


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


class Days:
    """A clock that is moved by hand, with the worker and the owner's browser behind it."""

    def __init__(self, robin: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
        self.robin, self._patch, self.start = robin, monkeypatch, clock.now()
        self.worker: Worker = robin.instance.app.state.worker
        self.worker.stop()

    def later(self, days: float) -> None:
        """So many days after the start: the worker looks, the owner unlocks."""
        moment = self.start + timedelta(days=days)
        self.to(moment)

    def to(self, moment: datetime) -> None:
        """To an instant."""
        self._patch.setattr(clock, "now", lambda: moment)
        self.worker.tick(moment)
        self.robin.browser.unlock()


@pytest.fixture
def days(robin: Visit, monkeypatch: pytest.MonkeyPatch) -> Days:
    """The clock in hand."""
    return Days(robin, monkeypatch)


def asking(count: int = 2, **head: Any) -> list[dict[str, Any]]:
    details = make_details(now=clock.now(), frequency={"count": count, "per": "P1W"})
    details[0] |= head
    return details


def grant(robin: Visit) -> Grant:
    (found,) = robin.rows(select(Grant))
    return found  # type: ignore[no-any-return]  # rows of any query


def told(robin: Visit) -> list[str]:
    return [event.type for event in robin.rows(select(Event))]


def bound(robin: Visit) -> tuple[Shop, str]:
    """A shop whose permission rests on a promise; the path of its page."""
    shop = robin.granted(asking(in_return=[REPAIR]))
    (found,) = robin.rows(select(CommitmentClock))
    return shop, f"/commitments/{found.commitment_id}"


def test_a_broken_promise_is_said_where_the_owner_looks_and_ends_with_a_word(robin: Visit, days: Days) -> None:
    """Today, the permission and the promise say why; noting that it was made good resumes it at once."""
    shop, path = bound(robin)
    days.later(22)
    assert grant(robin).status == "suspended"
    today = words(robin.browser.get("/today").text)
    assert "has suspended itself They broke a promise that it rests on" in today
    page = robin.browser.get(f"/grants/{shop.grant_id}")
    assert f'href="{path}"' in page.text
    promise = words(robin.browser.get(path).text)
    for said in ("has suspended itself", "Broken: its day passed, and they had shown nothing", "They made it good"):
        assert said in promise, said
    done = robin.browser.post(f"{path}/remedy")
    assert done.headers["location"] == f"{path}?done=noted-resumed"
    assert grant(robin).status == "given"
    assert {"consent.resumed", "commitment.accepted"} <= set(told(robin))
    assert "Standing still" not in words(robin.browser.get("/today").text)


def test_resuming_in_spite_of_it_is_one_press(robin: Visit, days: Days) -> None:
    shop, path = bound(robin)
    days.later(22)
    robin.browser.get(f"/grants/{shop.grant_id}")
    assert robin.browser.submit(f"/grants/{shop.grant_id}/resume").headers["location"].endswith("done=resumed")
    days.later(23)
    assert grant(robin).status == "given"
    assert "has suspended itself" not in words(robin.browser.get(path).text)


@pytest.mark.parametrize(
    ("verb", "state", "event"), [("keep", "kept", "commitment.accepted"), ("dispute", "disputed", "commitment.broken")]
)
def test_evidence_waits_for_a_word(robin: Visit, days: Days, verb: str, state: str, event: str) -> None:
    """Their words are shown as theirs, with what they link to; the clock stands until one press; they are told."""
    shop, path = bound(robin)
    body = {"text": "<b>Repaired</b> on Monday", "url": "https://shop.example/r/1"}
    assert shop.post(f"/commitments/{path.rsplit('/', 1)[1]}/evidence", body).status_code == 200
    assert "says that it was kept" in words(robin.browser.get("/today").text)
    assert "waits for your word" in words(robin.browser.get("/commitments").text)
    page = robin.browser.get(path).text
    assert "&lt;b&gt;Repaired&lt;/b&gt; on Monday" in page
    assert 'href="https://shop.example/r/1"' in page
    assert "the clock stands still" in page
    days.later(400)
    robin.browser.get(path)
    robin.browser.post(f"{path}/{verb}", {"note": "seen it"})
    assert robin.read(Commitment, path.rsplit("/", 1)[1]).events[-1].type == state
    assert event in told(robin)
    assert robin.browser.post(f"{path}/dispute").headers["location"].endswith("done=already")


def test_a_promise_of_their_own_is_taken_up_or_left(robin: Visit) -> None:
    """It is said whose it is; taking it up tells them, a bad note does not."""
    shop = robin.granted()
    made = shop.post("/commitments", {"promise": "Delivery on Sundays", "after": "my call", "within": "P1D"}).json()
    assert "binds itself by this" in words(robin.browser.get("/today").text)
    path = f"/commitments/{made['id']}"
    said = words(robin.browser.get(path).text)
    for text in ("offered", "They bind themselves by this", "through their system", "my call: P1D", "just words"):
        assert text in said, text
    assert robin.browser.post(f"{path}/accept", {"happened_on": "soon"}).status_code == 422
    assert robin.browser.post(f"{path}/keep").headers["location"].endswith("done=already")
    assert robin.browser.post(f"{path}/accept").status_code == 303
    assert shop.get("/commitments").json()["items"][0]["state"] == "active"
    assert "commitment.accepted" in told(robin)
    assert robin.browser.post(f"{path}/waive").status_code == 303
    assert shop.get("/commitments").json()["items"][0]["state"] == "waived"


def voted(robin: Visit, shop: Shop, *votes: str) -> None:
    """Messages of the shop, each rated."""
    for vote in votes:
        sent = shop.post("/messages", message()).json()
        robin.browser.get(f"/inbox/{sent['id']}")
        assert robin.browser.post(f"/inbox/{sent['id']}/vote", {"vote": vote}).status_code == 303


def granted_with(robin: Visit, share: str) -> Shop:
    """A shop whose permission rests on a share."""
    shop, answer, request_id = robin.asked(asking(20))
    page = robin.browser.get(f"/requests/{request_id}")
    assert "does not matter" in page.text
    done = robin.browser.submit(f"/requests/{request_id}/approve", {"keep-0": "1", "usefulness_share": share})
    assert done.status_code == 303, words(done.text)
    token = shop.poll(answer["device_code"]).json()
    shop.grant_token, shop.grant_id = token["access_token"], token["grant_id"]
    return shop


def test_too_little_use_stops_it_at_midnight(robin: Visit, days: Days) -> None:
    """The owner sees the count, and that it will stop; the company learns the class of reason at midnight, nothing before."""
    shop = granted_with(robin, "0.5")
    voted(robin, shop, "useful", "useful", "not_useful", "not_useful")
    page = words(robin.browser.get(f"/grants/{shop.grant_id}").text)
    assert "At least 5 in ten of the messages you rate, from 5 rated on." in page
    assert "So far 2 of 4 were of use" in page
    assert "tonight" not in page
    voted(robin, shop, "not_useful")
    assert "It suspends itself on" in words(robin.browser.get(f"/grants/{shop.grant_id}").text)
    assert "suspends itself at midnight UTC 2 of 5 messages" in words(robin.browser.get("/today").text)
    assert "consent.suspended" not in told(robin)
    assert shop.post("/messages", message()).status_code == 202
    days.to((days.start + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0))
    assert grant(robin).status == "suspended"
    (event,) = [event for event in robin.rows(select(Event)) if event.type == "consent.suspended"]
    assert '"reason":"usefulness"' in event.data
    assert "2 of 5 messages that you rated were of use" in words(robin.browser.get(f"/grants/{shop.grant_id}").text)
    assert shop.post("/messages", message()).json()["type"].endswith("/consent-suspended")


def test_a_better_vote_before_midnight_calls_it_off(robin: Visit) -> None:
    shop = granted_with(robin, "0.5")
    voted(robin, shop, "useful", "useful", "not_useful", "not_useful", "not_useful")
    assert len(robin.rows(select(Foreseen))) == 1
    voted(robin, shop, "useful")
    assert robin.rows(select(Foreseen)) == []


def test_offers_tied_to_a_place_are_left_out(robin: Visit) -> None:
    """Neither counted nor a reason to count."""
    shop = granted_with(robin, "0.5")
    place = {"grant_id": shop.grant_id, "client_id": shop.client_id, "sender": "Shop", "kind": "location_offer", "purpose": "p"}
    for _number in range(6):
        kept = robin.keep(MessageRecord.model_validate({**place, "channel": "inbox", "title": "Near", "received_at": clock.now()}))
        robin.browser.get(f"/inbox/{kept}")
        robin.browser.post(f"/inbox/{kept}/vote", {"vote": "not_useful"})
    assert robin.rows(select(Foreseen)) == []
    assert "So far 0 of 0 were of use" in words(robin.browser.get(f"/grants/{shop.grant_id}").text)


def test_the_share_of_ones_own_terms_stands_in_the_form(robin: Visit) -> None:
    """As the choice that is made; another may be chosen, nonsense may not; where nothing is sent it is not asked."""
    robin.keep(MyTerms(usefulness_share="0.6"))
    _shop, _answer, request_id = robin.asked()
    robin.browser.get(f"/requests/{request_id}")
    (form,) = [form for form in robin.browser.forms if form.action.endswith("/approve")]
    assert form.fields["usefulness_share"] == ["0.6"]
    bad = robin.browser.submit(f"/requests/{request_id}/approve", {"keep-0": "1", "usefulness_share": "2"})
    assert bad.status_code == 422
    assert "Choose one of those offered." in words(bad.text)


def test_everything_pauses_and_resumes_in_one_press(robin: Visit) -> None:
    """Every client is refused and told; Today and the settings say so; a single permission keeps what it was."""
    one, other = robin.granted(), robin.granted()
    robin.browser.get(f"/grants/{other.grant_id}")
    robin.browser.submit(f"/grants/{other.grant_id}/pause")
    robin.browser.get("/settings")
    assert robin.browser.submit("/settings/pause").headers["location"] == "/today?done=all-paused"
    assert robin.browser.post("/settings/pause").headers["location"] == "/today?done=already"
    for path in ("/today", "/settings", f"/grants/{one.grant_id}"):
        assert "verything is paused" in words(robin.browser.get(path).text), path
    for shop in (one, other):
        assert shop.post("/messages", message()).json()["type"].endswith("/consent-paused")
        assert shop.get("/grant").json()["status"] == "paused"
        listed = shop.get("/grants", shop.client_token()).json()["items"]
        assert {item["status"] for item in listed} == {"paused"}
        assert shop.oauth("introspect", token=shop.grant_token).json()["status"] == "paused"
    robin.browser.get("/today")
    assert robin.browser.submit("/settings/resume").headers["location"] == "/today?done=all-resumed"
    assert robin.browser.post("/settings/resume").headers["location"] == "/today?done=already"
    assert one.post("/messages", message()).status_code == 202
    assert other.post("/messages", message()).status_code == 403
    assert sorted(kind for kind in told(robin) if kind != "consent.granted") == ["consent.paused", "consent.paused", "consent.resumed"]


def test_a_company_is_paused_with_all_its_permissions(robin: Visit) -> None:
    """From its own page, and resumed from there; others are not touched."""
    shop, bystander = robin.granted(), robin.granted()
    with robin.instance.stores.main.reading() as db:
        from vault import store  # noqa: PLC0415 - beside the session that needs it

        vendor_id = next(one.record_id for one in store.all_of(db, robin.owner.keyring, Vendor) if shop.client_id in one.fields.client_ids)
    robin.browser.get(f"/vendors/{vendor_id}")
    assert robin.browser.submit(f"/vendors/{vendor_id}/pause").headers["location"].endswith("done=vendor-paused")
    assert shop.post("/messages", message()).json()["type"].endswith("/consent-paused")
    assert bystander.post("/messages", message()).status_code == 202
    assert robin.browser.post(f"/vendors/{vendor_id}/pause").headers["location"].endswith("done=already")
    robin.browser.get(f"/vendors/{vendor_id}")
    assert robin.browser.submit(f"/vendors/{vendor_id}/resume").headers["location"].endswith("done=vendor-resumed")
    assert shop.post("/messages", message()).status_code == 202


def quiet(robin: Visit, start: str, end: str) -> Any:
    robin.browser.get("/settings")
    return robin.browser.submit("/settings/quiet-hours", {"quiet_from": start, "quiet_to": end})


def test_quiet_hours_hold_what_comes(robin: Visit, days: Days) -> None:
    """202 as ever; not shown and not counted while they last, there when they end; said without a number."""
    shop = robin.granted()
    night = (days.start + timedelta(days=2)).replace(hour=22, minute=0, second=0, microsecond=0, tzinfo=UTC)
    days.to(night - timedelta(hours=1))
    assert quiet(robin, "22:00", "07:00").status_code == 303
    assert shop.post("/messages", message(title="Before")).status_code == 202
    days.to(night + timedelta(hours=1))
    assert shop.post("/messages", message(title="Within")).status_code == 202
    assert "1 message you have not opened" in words(robin.browser.get("/today").text)
    inbox = words(robin.browser.get("/inbox").text)
    assert "Your quiet hours last until" in inbox
    assert ("Before" in inbox, "Within" in inbox) == (True, False)
    assert "1 message you have not opened" in words(robin.browser.get("/today").text)
    days.to(night + timedelta(hours=9))
    inbox = words(robin.browser.get("/inbox").text)
    assert ("Within" in inbox, "Your quiet hours" in inbox) == (True, False)
    assert "2 messages you have not opened" in words(robin.browser.get("/today").text)


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("22:00", "", "Give both times"),
        ("", "07:00", "Give both times"),
        ("late", "07:00", "Times such as"),
        ("07:00", "07:00", "are the same"),
    ],
)
def test_quiet_hours_that_are_none_say_what_is_wrong(robin: Visit, start: str, end: str, says: str) -> None:
    answer = quiet(robin, start, end)
    assert answer.status_code == 422
    assert says in words(answer.text)


def test_other_settings_leave_the_quiet_hours(robin: Visit) -> None:
    """And they can be taken off again."""
    quiet(robin, "22:00", "07:00")
    robin.browser.get("/settings")
    robin.browser.submit("/settings/profile", {"idle_minutes": "12"})
    robin.browser.get("/settings")
    (form,) = [form for form in robin.browser.forms if form.action == "/settings/quiet-hours"]
    assert (form.fields["quiet_from"], form.fields["quiet_to"]) == (["22:00"], ["07:00"])
    assert quiet(robin, "", "").status_code == 303
    robin.browser.get("/settings")
    (form,) = [form for form in robin.browser.forms if form.action == "/settings/quiet-hours"]
    assert form.fields["quiet_from"] == [""]
