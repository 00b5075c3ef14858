"""What happened with a company, written down as evidence."""

from datetime import UTC, datetime, timedelta

import pytest

from app import clock
from app.auth.profiles import profile_id
from tests.app.ui.keeping import Opened, keep
from tests.app.ui.visits import words
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.records import Interaction, Profile, Vendor

FORM = {
    "kind": "problem",
    "title": "Two weeks without a line",
    "date": "2026-03-29",
    "time": "18:05",
    "initiative": "me",
    "feeling": "bad",
    "amount": "1 012,50",
    "currency": "eur",
    "note": "Called three times.",
}


@pytest.fixture
def vendor_id(instance: Instance, opened: Opened) -> str:
    with instance.stores.main.writing() as db:
        store.add(db, opened[1], Profile(time_zone="Europe/Dublin"), now=clock.now(), record_id=profile_id(opened[0].account_id))
    return keep(instance, opened, Vendor(name="Northwind Broadband"))[0]


def kept(instance: Instance, opened: Opened) -> list[Interaction]:
    with instance.stores.main.reading() as db:
        return [one.fields for one in store.all_of(db, opened[1], Interaction)]


def test_written_into_the_timeline(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Local time becomes an instant, the amount a number, and when it was written down stands beside when it happened."""
    form = robin.get(f"/vendors/{vendor_id}/interactions/new").text
    assert f'value="{clock.now().date().isoformat()}"' in form
    before = clock.now()
    answer = robin.post(f"/vendors/{vendor_id}/interactions/new", FORM, follow=True)
    assert "Written into the timeline." in answer.text
    (interaction,) = kept(instance, opened)
    assert interaction.happened_at == datetime(2026, 3, 29, 17, 5, tzinfo=UTC)
    assert before <= interaction.recorded_at <= clock.now()
    assert (interaction.amount, interaction.currency, interaction.feeling, interaction.initiative) == ("1012.50", "EUR", "bad", "me")
    assert "Two weeks without a line" in answer.text
    assert "€1,012.50" in answer.text
    assert "Problem, felt bad · €1,012.50" in words(answer.text)


def test_without_time_and_money(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Noon of that day stands for no time; today's never lies in the future."""
    robin.get(f"/vendors/{vendor_id}/interactions/new")
    robin.post(f"/vendors/{vendor_id}/interactions/new", {**FORM, "time": "", "amount": "", "currency": "x"})
    today = clock.now().date().isoformat()
    robin.post(f"/vendors/{vendor_id}/interactions/new", {**FORM, "date": today, "time": "23:59", "title": "now"})
    by_title = {one.title: one for one in kept(instance, opened)}
    assert by_title[FORM["title"]].happened_at == datetime(2026, 3, 29, 11, 0, tzinfo=UTC)
    assert by_title[FORM["title"]].amount is None
    assert by_title["now"].happened_at <= by_title["now"].recorded_at


@pytest.mark.parametrize(
    "case",
    [
        ({"title": ""}, "title", "say in a few words"),
        ({"title": "x" * 201}, "title", "At most 200"),
        ({"note": "x" * 20_001}, "note", "At most 20000"),
        ({"kind": "fight"}, "kind", "Choose one of these."),
        ({"initiative": "nobody"}, "initiative", "Say who began"),
        ({"initiative": ""}, "initiative", "Say who began"),
        ({"feeling": "mixed"}, "feeling", "Choose one of these."),
        ({"date": ""}, "date", "Please fill this in."),
        ({"date": "29.3.2026"}, "date", "year-month-day"),
        ({"date": "0001-01-01"}, "date", "before 1900"),
        ({"date": (clock.now() + timedelta(days=2)).date().isoformat()}, "date", "still to come"),
        ({"time": "six"}, "time", "hours:minutes"),
        ({"amount": "a lot"}, "amount", "in figures"),
        ({"amount": "12345678901234"}, "amount", "in figures"),
        ({"currency": "euro"}, "currency", "three letters"),
    ],
)
def test_a_bad_form_comes_back_as_it_was(
    instance: Instance, opened: Opened, robin: Browsing, vendor_id: str, case: tuple[dict[str, str], str, str]
) -> None:
    """422, the error beside its field and linked, what was typed still there, nothing written."""
    change, field, message = case
    robin.get(f"/vendors/{vendor_id}/interactions/new")
    answer = robin.post(f"/vendors/{vendor_id}/interactions/new", {**FORM, **change})
    assert answer.status_code == 422
    assert message in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert f'id="f-{field}"' in answer.text
    assert "Called three times." in answer.text or field == "note"
    assert kept(instance, opened) == []


def test_no_company_no_interaction(robin: Browsing, vendor_id: str) -> None:
    unknown = vendor_id[::-1] if vendor_id != vendor_id[::-1] else "0" * 32
    assert robin.get(f"/vendors/{unknown}/interactions/new").status_code == 404
    assert robin.post(f"/vendors/{unknown}/interactions/new", FORM).status_code == 404
