"""Who leans on whom: the pages."""

import re
from datetime import timedelta

import pytest

from app import clock
from app.relationships.ranges import Range
from app.ui.balance import words as balance_words
from tests.app.ui.keeping import CLIENT, Opened, grant, keep
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.records import (
    Alternative,
    Commitment,
    CommitmentEvent,
    Correction,
    Held,
    HeldField,
    Hired,
    Interaction,
    Job,
    Looked,
    Price,
    Prices,
    Remedy,
    Signpost,
    Vendor,
    Weighed,
    Yardstick,
)

NOW = clock.now()


def days(count: float) -> dict[str, object]:
    """So many days ago."""
    return {"happened_at": NOW - timedelta(days=count), "recorded_at": NOW - timedelta(days=count)}


@pytest.fixture
def vendor_id(instance: Instance, opened: Opened) -> str:
    return keep(instance, opened, Vendor(name="Northwind Broadband", client_ids=(CLIENT,)))[0]


@pytest.fixture
def lived(instance: Instance, opened: Opened, vendor_id: str) -> str:
    """A company with evidence of every kind."""
    other = keep(instance, opened, Vendor(name="Corner Shop"))[0]
    broken = [CommitmentEvent.model_validate({"type": kind, **days(9 - at)}) for at, kind in enumerate(("accepted", "broken"))]
    steps = (
        Weighed.model_validate({"ordinary": "all", **days(90)}),
        Hired.model_validate({"vendor_id": vendor_id, "bound": "free", **days(89)}),
        Alternative.model_validate(
            {"alternative_id": "e" * 32, "name": "Harbour Fibre", "effort": "little", "ways": ("Ring them",), **days(80)}
        ),
        Looked.model_validate(days(79)),
    )
    paid = {"kind": "purchase", "amount": "40", "currency": "EUR"}
    keep(
        instance, opened,
        Job(title="A line that does not drop", steps=steps),
        Commitment(vendor_id=vendor_id, promise="No line fails a day", remedy=Remedy(kind="refund", within="P14D"), events=tuple(broken)),
        Commitment(vendor_id=vendor_id, promise="We call you back", events=(broken[0],)),
        Commitment(vendor_id=vendor_id, promise="Always friendly", events=tuple(broken)),
        Interaction.model_validate({"vendor_id": vendor_id, "title": "Line rental", **paid, **days(20)}),
        Interaction.model_validate({"vendor_id": other, "title": "Apples", **paid, **days(10)}),
        *(Interaction.model_validate({"vendor_id": vendor_id, "title": "Down", "kind": "problem", **days(3 + at)}) for at in range(3)),
        Held.model_validate({"grant_id": "a" * 32, "client_id": CLIENT, "version": 1, "received_at": NOW, "segments": ("churner",),
            "fields": (HeldField(name="income", value="?", basis="bought"),)}),
    )  # fmt: skip
    grant(instance, opened)
    return vendor_id


def test_nothing_written_down_is_open_everywhere(robin: Browsing, vendor_id: str) -> None:
    """No number is invented: the page says that it does not know, and where to begin."""
    page = robin.get(f"/vendors/{vendor_id}/balance").text
    assert "Not known yet" in page and "Nothing here guesses" in page and "What would settle most" in page
    assert len(re.findall(r'see the evidence">unknown</a>', page)) == 11
    assert page.count('<a href="#mine">unknown</a>') == 2
    assert "Nothing to weigh yet" in robin.get("/balance").text


def test_every_number_opens_to_its_evidence(robin: Browsing, lived: str) -> None:
    """Each factor leads to a page with its rule, its reason and its evidence, on both kinds of day."""
    page = robin.get(f"/vendors/{lived}/balance")
    assert page.status_code == 200
    paths = re.findall(rf'href="(/vendors/{lived}/balance/[a-z_]+)"', page.text)
    assert len(set(paths)) == 11
    shown = {path.rsplit("/", 1)[1]: robin.get(path).text for path in paths}
    assert "A line that does not drop" in shown["importance"] and "You said: everything." in shown["importance"]
    assert "Line rental" in shown["spend"] and "0.50" in shown["spend"]
    assert "What they say that they hold" in shown["data"] and "They stated 2 things" in shown["data"]
    assert "1 other would do. You have looked around." in shown["substitutes"]
    assert "You are free to go." in shown["lock_in"]
    assert "No line fails a day" in shown["remedies"] and "1 backed promise counts." in shown["remedies"]
    assert "Out of 3 promises of theirs." in shown["kept"]
    assert "of 1 live permissions" in shown["terms"]
    need = robin.get(f"/vendors/{lived}/balance?day=need").text
    assert f"/vendors/{lived}/balance/importance?day=need" in need
    assert "Of the day you need them, nothing yet" in robin.get(f"/vendors/{lived}/balance/importance?day=need").text
    assert "1 more perhaps" in robin.get(f"/vendors/{lived}/balance/substitutes?day=need").text
    assert robin.get(f"/vendors/{lived}/balance/charm").status_code == 404


def test_advice_and_warnings_follow(robin: Browsing, lived: str) -> None:
    """What to do leads to where it is done; what to beware of is said with its figures."""
    page = robin.get(f"/vendors/{lived}/balance").text
    for words in (
        "Line up a second source", "Harbour Fibre", "Ring them", "Ask for a commitment", "“We call you back” is just words",
        "Narrow what they may do", "Think about leaving", "Problems are 3 of 4 things", "1 thing that they hold on you was bought",
    ):  # fmt: skip
        assert words in page, words
    assert "By the job" in page and "The same as a table" in page


def test_the_map_has_every_company_that_can_be_weighed(robin: Browsing, lived: str) -> None:
    """Numbers on the map are those of the table; who cannot be weighed is counted."""
    page = robin.get("/balance").text
    assert "Northwind Broadband" in page and "Corner Shop" in page
    assert robin.get("/balance?day=need&on=2020-02-29&known=now").status_code == 200
    assert "Nothing to weigh yet" not in page
    assert page.count('class="spot-number"') == page.count('class="map-number"')


def test_a_correction_counts_and_is_only_added(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """What the owner knows better takes the rule's place, says why, and can be taken back."""
    path = f"/vendors/{vendor_id}/balance/revenue"
    robin.get(path)
    assert robin.post(path, {"says": "range", "low": "0", "high": "0,05", "day": "both", "why": "One of thousands"}).status_code == 303
    page = robin.get(path).text
    assert "0.00 to 0.05" in page and "One of thousands" in page and "By the evidence alone it would be: unknown." in page
    assert robin.post(path, {"says": "taken_back", "day": "both", "why": "I do not know", "since": "2026-01-31"}).status_code == 303
    with instance.stores.main.reading() as db:
        kept = sorted((one.fields for one in store.all_of(db, opened[1], Correction)), key=lambda one: one.recorded_at)
    assert [(one.says, one.low, one.high) for one in kept] == [("range", "0.0000", "0.0500"), ("taken_back", None, None)]
    assert kept[1].happened_at.date().isoformat() == "2026-01-31"
    single = {"says": "range", "low": "0.25", "high": "", "day": "need", "why": "x"}
    assert robin.post(path, single).status_code == 303
    assert "0.25" in robin.get(f"{path}?day=need").text
    robin.get(f"/vendors/{vendor_id}/balance/exit")
    assert robin.post(f"/vendors/{vendor_id}/balance/exit", {"says": "all_known", "day": "both", "why": "I read it all"}).status_code == 303
    assert "This is all there is" in robin.get(f"/vendors/{vendor_id}/balance").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"says": "", "why": "x"}, "Choose one of these."),
        ({"says": "all_known", "why": "x"}, "Choose one of these."),
        ({"says": "range", "low": "0.1", "why": ""}, "Say why"),
        ({"says": "range", "low": "2", "why": "x"}, "A number from 0 to 1"),
        ({"says": "range", "low": "1e-1", "why": "x"}, "A number from 0 to 1"),
        ({"says": "range", "low": "nan", "why": "x"}, "A number from 0 to 1"),
        ({"says": "range", "low": "0.5", "high": "0.2", "why": "x"}, "The lower end first."),
        ({"says": "range", "low": "0.5", "why": "x", "day": "never"}, "Choose one of these."),
        ({"says": "range", "low": "0.5", "why": "x", "since": "2999-01-01"}, "This day has not come yet."),
    ],
)
def test_a_correction_that_does_not_fit_goes_back(  # noqa: PLR0917 - fixtures and parameters
    instance: Instance, opened: Opened, robin: Browsing, vendor_id: str, form: dict[str, str], said: str
) -> None:
    """Said at the field, nothing kept."""
    path = f"/vendors/{vendor_id}/balance/revenue"
    robin.get(path)
    answer = robin.post(path, {"day": "both", **form})
    assert answer.status_code == 422 and said in answer.text
    with instance.stores.main.reading() as db:
        assert list(store.all_of(db, opened[1], Correction)) == []


def test_a_past_day_is_shown_as_it_was(instance: Instance, opened: Opened, robin: Browsing, lived: str) -> None:
    """By what was known then nothing was known; by what is known now about then, some."""
    on = (NOW - timedelta(days=30)).date().isoformat()
    late = Correction(vendor_id=lived, factor="revenue", says="range", low="0.3", high="0.3", why="x",
        happened_at=NOW - timedelta(days=60), recorded_at=NOW)  # fmt: skip
    keep(instance, opened, late)
    revenue = re.compile(rf'href="/vendors/{lived}/balance/revenue[^"]*"\s+aria-label="[^"]*">([^<]+)</a>')
    assert revenue.findall(robin.get(f"/vendors/{lived}/balance?on={on}").text) == ["unknown"]
    assert revenue.findall(robin.get(f"/vendors/{lived}/balance?on={on}&known=now").text) == ["0.30"]
    for odd in ("2999-01-01", "0001-01-01", "x"):
        assert revenue.findall(robin.get(f"/vendors/{lived}/balance?on={odd}").text) == ["0.30"]


def test_the_owners_measure(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Kept with its day; what is no share goes back."""
    assert "Your measure" not in robin.get("/balance").text
    assert robin.post("/balance", {"lopsided": "0,3", "close": "0.5", "why": "calmer"}).status_code == 303
    assert 'value="0.3"' in robin.get("/balance").text
    for odd in ("", "0", "1", "x", "1e-3"):
        assert robin.post("/balance", {"lopsided": odd, "close": "0.5"}).status_code == 422
    with instance.stores.main.reading() as db:
        (kept,) = [one.fields for one in store.all_of(db, opened[1], Yardstick)]
    assert (kept.lopsided, kept.close, kept.why) == ("0.3", "0.5", "calmer")


def test_a_company_may_have_a_measure_of_its_own(robin: Browsing, lived: str) -> None:
    """It goes before the one for all, on this company's page and on the map, until it is taken back."""
    path = f"/vendors/{lived}/balance"
    page = robin.get(path).text
    assert "The measure that you keep for all holds here." in page and "you depend" in page
    assert robin.post(path, {"lopsided": "2", "close": "0.5"}).status_code == 422
    assert robin.post(path, {"lopsided": "0,99", "close": "0.9", "why": "They are my sister"}).status_code == 303
    page = robin.get(path).text
    assert "You keep a measure for this company alone." in page and 'value="0.99"' in page
    assert ">you depend<" not in page and ">you depend<" not in robin.get("/balance").text
    assert 'value="0.2"' in robin.get("/balance").text
    robin.get(path)
    assert robin.post(path, {"as_for_all": "1"}).status_code == 303
    assert 'value="0.2"' in robin.get(path).text


def test_what_is_counted_opens_to_what_it_counts(instance: Instance, opened: Opened, robin: Browsing, lived: str) -> None:
    """Warnings and who cared name their evidence; advice names its numbers and what it would move; a past day can be opened."""
    keep(instance, opened, Signpost.model_validate({"vendor_id": lived, "trust": {"them": "yes", "me": "yes"}, **days(40)}))
    keep(instance, opened, Signpost.model_validate({"vendor_id": lived, "trust": {"them": "no"}, "competes": "yes", **days(4)}))
    page = robin.get(f"/vendors/{lived}/balance").text
    assert page.count('class="counted"') == 2 and "You did 1 of 1 things that keep it alive." in page
    assert re.search(r"Problems are 3 of 4.*?<a class=\"break\" href=\"/vendors/[0-9a-f]{32}#timeline\">Down</a>", page, re.DOTALL)
    assert "What you answered to the signposts" in page
    for side, after in (("Your dependence", r"\."), ("Theirs", ", if it also lets you go")):
        assert re.search(rf"{side}: now [\d.–]+, then [\d.–]+{after}", page), side
    assert '<strong class="theirs">no</strong> (yes)' in page and "you give more" in page
    (day, *_rest) = re.findall(rf'href="/vendors/{lived}/balance\?on=(\d{{4}}-\d\d-\d\d)"', page)
    assert robin.get(f"/vendors/{lived}/balance?on={day}").status_code == 200


def test_signposts_are_asked_both_ways_and_compared(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Nothing is answered beforehand; each time stands beside the one before, and what changed is marked."""
    path = f"/vendors/{vendor_id}/signposts"
    assert " checked" not in robin.get(path).text.replace('value="unsaid"', "")
    assert robin.post(path, {}).status_code == 422
    assert robin.post(path, {"care-them": "maybe"}).status_code == 422
    assert (
        robin.post(
            path, {"care-them": "yes", "care-me": "partly", "competes": "no", "at": "2026-01-05", "note": "At the start"}
        ).status_code
        == 303
    )
    assert robin.post(path, {"care-them": "no", "care-me": "partly", "competes": "yes", "sells": "yes"}).status_code == 303
    page = robin.get(path).text
    assert page.count("changed</span>") == 3 and "At the start" in page
    shown = robin.get(f"/vendors/{vendor_id}/balance").text
    assert "By your own word they compete with you" in shown and "they sell you" in shown and "Asked last on" in shown
    with instance.stores.main.reading() as db:
        assert len(list(store.all_of(db, opened[1], Signpost))) == 2
    robin.get(f"/vendors/{vendor_id}/remove")
    assert robin.post(f"/vendors/{vendor_id}/remove").status_code == 303
    with instance.stores.main.reading() as db:
        assert list(store.all_of(db, opened[1], Signpost)) == []


def test_a_price_that_was_noted_is_spending(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Forty-five a month beside sixty paid elsewhere: nine tenths; the factor opens to the price."""
    noted = Prices(
        vendor_id=vendor_id, what="Line 500", mine=Price(amount="45.00", currency="EUR", per="P1M"), seen_on=NOW.date(), recorded_at=NOW
    )
    keep(instance, opened, noted)
    assert "Only what you pay them is written down" in robin.get(f"/vendors/{vendor_id}/balance/spend").text
    other = keep(instance, opened, Vendor(name="Corner Shop"))[0]
    paid = {"vendor_id": other, "kind": "purchase", "title": "Shelf", "initiative": "me", "amount": "60.00", "currency": "EUR", **days(9)}
    keep(instance, opened, Interaction.model_validate(paid))
    page = robin.get(f"/vendors/{vendor_id}/balance/spend").text
    assert "0.90" in page and "By the prices that you noted" in page
    assert re.search(rf'href="/vendors/{vendor_id}/known#prices">Line 500: €45\.00 a month</a>', page)


def test_two_ranges_in_one_sentence_are_told_apart() -> None:
    """A dash inside each, so that "now" and "then" stand between them."""
    spans = [balance_words.dash(one) for one in (Range(0.25, 1), Range(0.5, 0.5), Range(0, 1))]
    assert spans == ["0.25–1.00", "0.50", "unknown"]
