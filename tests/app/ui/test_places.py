"""Pages of places: private zones, phones, what is nearby, and a location offer in the inbox."""

import base64
import json
import re
from collections.abc import Callable

import pytest
from sqlmodel import select

from app.exchange import zones
from app.tables import Device, OfferMatch
from consent.places import Fix, load, parse
from tests.app.api import loop
from tests.app.api.loop import Shop
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import PASSPHRASE, Browsing
from tests.instances import Instance
from tests.places import INSIDE, OUTSIDE, basic, circle, offer, offered_details, position
from vault.records import MessageRecord, Zone


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    return visit(instance, new_browser)


@pytest.fixture
def shop(robin: Visit) -> Shop:
    return loop.make_relationship(robin.instance, robin.owner, offered_details())


def look(robin: Visit, at: tuple[float, float] = INSIDE, **more: str) -> str:
    """Press *Look around me* there; what the page says."""
    robin.browser.get("/nearby")
    answer = robin.browser.submit("/nearby", {"latitude": str(at[0]), "longitude": str(at[1]), **more})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_zones_are_added_named_and_removed(robin: Visit) -> None:
    """By hand, without a script; what devices find follows at once."""
    robin.browser.get("/zones")
    added = robin.browser.submit("/zones", {"name": "home", "latitude": "53,3498", "longitude": "-6.2603", "radius": "250"}, follow=True)
    assert "no offer reaches you there" in words(added.text) or "home" in words(added.text)
    assert "53.3498, -6.2603, 500 m across" in words(added.text)
    assert '<svg class="map" role="img"' in added.text
    with robin.instance.stores.main.writing() as db:
        (hidden,) = zones.opened(db, robin.owner.keyring).zones
    assert hidden.hides(Fix.at(-6.2603, 53.3498))
    (zone_id,) = re.findall(r"/zones/([0-9a-f]{32})/name", added.text)
    assert "den" in words(robin.browser.submit(f"/zones/{zone_id}/name", {"name": "den"}, follow=True).text)
    robin.browser.submit(f"/zones/{zone_id}/name", {"name": ""})
    assert [zone.name for zone in robin.all(Zone)] == ["den"]
    assert robin.browser.submit(f"/zones/{zone_id}/remove").status_code == 303
    assert robin.all(Zone) == []
    with robin.instance.stores.main.writing() as db:
        assert zones.opened(db, robin.owner.keyring).zones == ()
    for path in (f"/zones/{zone_id}/name", f"/zones/{zone_id}/remove"):
        assert robin.browser.post(path).status_code == 404


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"latitude": "north"}, "latitude"),
        ({"latitude": "91"}, "latitude"),
        ({"longitude": "nan"}, "longitude"),
        ({"radius": "9"}, "radius"),
        ({"radius": "100001"}, "radius"),
        ({"name": "x" * 61}, "name"),
    ],
)
def test_a_zone_that_makes_no_sense_comes_back(robin: Visit, typed: dict[str, str], field: str) -> None:
    """422, the error at its field, and what was typed."""
    robin.browser.get("/zones")
    answer = robin.browser.submit("/zones", {"name": "home", "latitude": "53", "longitude": "-6", "radius": "250", **typed})
    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text and f'value="{next(iter(typed.values()))}"' in answer.text
    assert robin.all(Zone) == []


def test_as_many_zones_as_there_can_be(robin: Visit, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form says so, and so does the press on an offer."""
    monkeypatch.setattr(zones, "MOST", 1)
    shop.post("/messages", offer())
    look(robin)
    (record_id,) = re.findall(r"/inbox/([0-9a-f]{32})", robin.browser.get("/inbox").text)
    robin.browser.get("/zones")
    typed = {"name": "home", "latitude": "10", "longitude": "10", "radius": "250"}
    assert [robin.browser.submit("/zones", typed).status_code for _each in range(2)] == [303, 422]
    robin.browser.get(f"/inbox/{record_id}")
    assert robin.browser.submit(f"/inbox/{record_id}/hide").headers["location"] == "/zones?done=zones-full"


def test_looking_around_finds_what_is_here_once(robin: Visit, shop: Shop) -> None:
    """The offer is in the inbox with a code; where the owner was stands in no address and in no row."""
    shop.post("/messages", offer())
    page = look(robin)
    assert "1 new offer reached you here" in words(page)
    assert "Bread while it is warm" in words(page) and "here" in words(page)
    assert "new offer" not in words(look(robin))
    (record,) = robin.all(MessageRecord)
    shown = robin.browser.get(re.findall(r"/inbox/[0-9a-f]{32}", robin.browser.get("/inbox").text)[0]).text
    assert record.code in words(shown) and "QR code of the offer" in shown
    assert "Show this code, once" in words(shown)
    assert shop.post("/redemptions", {"code": record.code}, shop.client_token()).status_code == 200
    again = robin.browser.get(re.findall(r"/inbox/[0-9a-f]{32}", robin.browser.get("/inbox").text)[0]).text
    assert "Redeemed on" in words(again) and record.code not in words(again)


def test_what_is_further_off_is_listed_and_not_opened(robin: Visit, shop: Shop) -> None:
    """Its title and how far; not its code, and no record of it."""
    shop.post("/messages", offer())
    page = words(look(robin, OUTSIDE))
    assert "Bread while it is warm" in page and "19 km" in page
    assert robin.all(MessageRecord) == [] == robin.rows(select(OfferMatch))
    assert "Nothing waits around here" in words(look(robin, (10.0, 10.0)))


def test_in_a_private_zone_nothing_is_looked_at(robin: Visit, shop: Shop) -> None:
    """*Never show me offers here* on the page of the offer makes the zone."""
    shop.post("/messages", offer())
    look(robin)
    path = re.findall(r"/inbox/[0-9a-f]{32}", robin.browser.get("/inbox").text)[0]
    robin.browser.get(path)
    assert robin.browser.submit(f"{path}/hide").headers["location"] == "/zones?done=zone-added"
    (zone,) = robin.all(Zone)
    assert load(zone.area) == parse(circle())
    shop.post("/messages", offer(title="Another"))
    page = words(look(robin))
    assert "You are in a private zone" in page and "Another" not in page
    assert len(robin.all(MessageRecord)) == 1
    assert robin.browser.post("/inbox/" + "0" * 32 + "/hide").status_code == 404


def test_a_rough_fix_delivers_nothing(robin: Visit, shop: Shop) -> None:
    """Within six kilometres is no place."""
    shop.post("/messages", offer())
    assert "too rough" in words(look(robin, accuracy="6000"))
    assert robin.all(MessageRecord) == []


def test_coordinates_that_are_none_come_back(robin: Visit) -> None:
    """422 with the field named; the page without a look says that nothing has come."""
    assert "No offer tied to a place has reached you" in words(robin.browser.get("/nearby").text)
    answer = robin.browser.submit("/nearby", {"latitude": "", "longitude": "5"})
    assert answer.status_code == 422 and 'id="e-latitude"' in answer.text


def test_taken_back_is_marked_when_it_is_opened(robin: Visit, shop: Shop) -> None:
    """Opened before, taken back since: it stays, marked, and its code is shown no more."""
    message_id = shop.post("/messages", offer()).json()["id"]
    look(robin)
    path = re.findall(r"/inbox/[0-9a-f]{32}", robin.browser.get("/inbox").text)[0]
    robin.browser.get(path)
    shop.delete(f"/messages/{message_id}")
    page = words(robin.browser.get(path).text)
    assert "They took this back" in page and "no longer good" in page


def test_a_phone_is_added_shown_once_and_removed(robin: Visit, shop: Shop) -> None:
    """The file that the app reads holds the token; it works until the phone is removed."""
    shop.post("/messages", offer())
    robin.browser.get("/devices")
    made = robin.browser.submit("/devices", {"label": "old phone"})
    assert made.status_code == 200 and "old phone" in words(made.text)
    (file,) = re.findall(r'href="data:application/json;base64,([^"]+)"', made.text)
    read = json.loads(base64.b64decode(file))
    assert (read["_type"], read["mode"], read["url"]) == ("configuration", 3, f"{robin.instance.settings.base_url}/devices/owntracks")
    assert f"owntracks:///config?inline={file}" in made.text.replace("&#43;", "+")
    token = read["password"]
    assert token not in robin.browser.get("/devices").text
    sent = robin.instance.client.post("/devices/owntracks", json=position(INSIDE), headers=basic(token))
    assert (sent.status_code, len(robin.rows(select(OfferMatch)))) == (200, 1)
    assert "1" in words(robin.browser.get("/inbox").text)
    page = robin.browser.get("/devices")
    (device_id,) = re.findall(r"/devices/([0-9a-f]{32})/remove", page.text)
    assert robin.browser.submit(f"/devices/{device_id}/remove").status_code == 303
    assert robin.instance.client.post("/devices/owntracks", json=position(INSIDE), headers=basic(token)).status_code == 401
    assert robin.browser.post(f"/devices/{device_id}/remove").status_code == 404


def test_as_many_phones_as_there_can_be(robin: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "MOST_DEVICES", 1)
    robin.browser.get("/devices")
    assert [robin.browser.submit("/devices", {"label": "phone"}).status_code for _each in range(2)] == [200, 422]
    assert robin.browser.submit("/devices", {"label": "x" * 61}).status_code == 422


def test_after_a_compromise_the_phones_are_gone_and_it_is_said(robin: Visit) -> None:
    """The page says it before; zones are where they were, and a new phone finds them."""
    robin.browser.get("/zones")
    robin.browser.submit("/zones", {"name": "home", "latitude": "53.3498", "longitude": "-6.2603"})
    robin.browser.get("/devices")
    robin.browser.submit("/devices", {"label": "phone"})
    assert "phones that say where you are end as well" in words(robin.browser.get("/settings/compromised").text).lower()
    changed = robin.browser.submit("/settings/compromised", {"passphrase": PASSPHRASE, "again": PASSPHRASE, "sure": "1"})
    assert changed.status_code == 303, changed.text
    robin.browser.confirm_kit()
    assert robin.rows(select(Device)) == []
    assert "home" in words(robin.browser.get("/zones").text)
    assert "You are in a private zone" in words(look(robin))
    robin.browser.get("/devices")
    assert "phone two" in words(robin.browser.submit("/devices", {"label": "phone two"}).text)
