"""What I know of them: incidents and prices are evidence, kept with the day and told in plain words."""

import pytest

from app import clock
from tests.app.ui.keeping import Opened, keep
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.records import Fields, Incident, Price, Prices, PrivacyContact, Signpost, Vendor

TODAY = clock.now().date().isoformat()
INCIDENT = {"kind": "breach", "title": "Addresses <b>copied</b>", "on": "2026-05-06", "source": "https://news.example/x", "note": "n" * 400}
PRICES = {
    "what": "Line 500",
    "mine": "45,00",
    "mine_per": "P1M",
    "new": "29.90",
    "new_per": "P1M",
    "currency": "eur",
    "on": "2026-05-06",
    "source": "a leaflet",
}


@pytest.fixture
def vendor_id(instance: Instance, opened: Opened) -> str:
    known = PrivacyContact(
        name="Data office", email="privacy@northwind.example", address="1 Quay Street", url="https://northwind.example/p"
    )
    return keep(instance, opened, Vendor(name="Northwind", owned_by="Gale Holdings", privacy=known, substitutes=("Harbour Fibre",)))[0]


def kept(instance: Instance, opened: Opened, model: type[Fields]) -> list[Fields]:
    with instance.stores.main.reading() as db:
        return [one.fields for one in store.all_of(db, opened[1], model)]


def test_what_is_known_is_shown_and_grows(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Who they are, what happened, what others pay, beware; on the page of it all and, in short, on the company's."""
    here = f"/vendors/{vendor_id}"
    empty = robin.get(f"{here}/known").text
    for words in ("Gale Holdings", "Harbour Fibre", "Data office", "1 Quay Street", "not asked yet", "loyalty often costs"):
        assert words in empty, words
    robin.get(f"{here}/incidents/new")
    assert "Written down." in robin.post(f"{here}/incidents/new", INCIDENT, follow=True).text
    robin.get(f"{here}/prices/new")
    assert "Prices written down." in robin.post(f"{here}/prices/new", PRICES, follow=True).text
    now = clock.now()
    keep(instance, opened, Signpost(vendor_id=vendor_id, competes="no", sells="yes", happened_at=now, recorded_at=now))
    page = robin.get(f"{here}/known").text
    for words in ("Addresses &lt;b&gt;copied", "n" * 400, "news.example", "Data breach", "€45.00 a month", "a leaflet"):
        assert words in page, words
    assert "You pay €181.20 a year more than a new customer." in page
    short = robin.get(here).text
    assert "€181.20 a year more" in short and "They sell me" in short and "They compete" not in short and "Addresses" in short
    (incident,), (prices,) = kept(instance, opened, Incident), kept(instance, opened, Prices)
    assert isinstance(incident, Incident) and isinstance(prices, Prices)
    assert incident.happened_on.isoformat() == "2026-05-06" and incident.recorded_at.date().isoformat() == TODAY
    assert (prices.mine, prices.new) == (Price(amount="45.00", currency="EUR", per="P1M"), Price(amount="29.90", currency="EUR", per="P1M"))


REFUSED: tuple[tuple[str, dict[str, str], str], ...] = (
    ("incidents", {"title": " "}, "what happened"),
    ("incidents", {"kind": "scandal"}, "Choose one of these."),
    ("incidents", {"on": "2999-01-01"}, "has not come yet"),
    ("incidents", {"on": "1066-10-14"}, "before 1900"),
    ("incidents", {"on": "soon"}, "year-month-day"),
    ("incidents", {"source": "x" * 1001}, "At most 1000"),
    ("incidents", {"title": "x" * 201}, "At most 200"),
    ("prices", {"what": ""}, "what is paid for"),
    ("prices", {"mine": "", "new": ""}, "one price at least"),
    ("prices", {"mine": "much"}, "in figures"),
    ("prices", {"mine": "-1"}, "not below nothing"),
    ("prices", {"currency": "euro"}, "three letters"),
    ("prices", {"new_per": "P2D"}, "Choose one of these."),
)


def test_what_does_not_fit_goes_back(robin: Browsing, vendor_id: str) -> None:
    """422, said beside the field, what was typed still there."""
    for form, change, said in REFUSED:
        robin.get(f"/vendors/{vendor_id}/{form}/new")
        answer = robin.post(f"/vendors/{vendor_id}/{form}/new", {**(INCIDENT if form == "incidents" else PRICES), **change})
        assert answer.status_code == 422 and said in answer.text, (form, change)


SAID: tuple[tuple[dict[str, str], str], ...] = (
    ({"new": "", "new_per": ""}, "What a new customer pays is not known yet."),
    ({"mine": ""}, "What you pay is not written down."),
    ({"new_per": ""}, "Only one of them recurs"),
    ({"mine_per": "", "new_per": ""}, "You paid €15.10 more than a new customer pays."),
    ({"mine": "20", "mine_per": "", "new_per": ""}, "You paid €9.90 less"),
    ({"mine": "29.90"}, "You pay what a new customer pays."),
    ({"mine": "20"}, "€118.80 a year less"),
)


def test_the_difference_in_words(robin: Browsing, vendor_id: str) -> None:
    """Money where there is some to tell, and else why there is none."""
    for change, said in SAID:
        robin.get(f"/vendors/{vendor_id}/prices/new")
        assert said in robin.post(f"/vendors/{vendor_id}/prices/new", {**PRICES, **change}, follow=True).text, change
