"""The guide of the first evening: four steps, each skippable, nothing kept but what they make."""

import re
from typing import TypeVar

from app.ui.today.first_evening_words import DRAFTS, FORGOTTEN
from tests.app.ui.keeping import Opened, keep
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.records import Commitment, Fields, Job, LetterRecord, Vendor

HERE = "/first-evening"
F = TypeVar("F", bound=Fields)


def all_of(instance: Instance, opened: Opened, model: type[F]) -> list[F]:
    """Every record of a kind."""
    with instance.stores.main.reading() as db:
        return [one.fields for one in store.all_of(db, opened[1], model)]


def test_four_steps_make_a_record_that_today_shows(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Companies, what hangs on them, a promise, a letter; each leads to the next, the last to Today with what it made."""
    page = robin.get(HERE).text
    assert "0 of 4 done" in page and "Skip this step" in page
    named = {"name-0": "Northwind  Broadband", "job-0": "A line that does not drop", "name-1": "The bank", "name-2": "northwind broadband"}
    assert robin.submit(HERE, named).headers["location"] == f"{HERE}?step=importance"
    assert sorted(one.name for one in all_of(instance, opened, Vendor)) == ["Northwind Broadband", "The bank"]
    page = robin.get(f"{HERE}?step=companies").text
    assert "Here already:" in page and "name-1" not in page
    assert robin.submit(HERE, {"name-0": "Harbour Fibre"}).headers["location"] == f"{HERE}?step=importance"

    page = robin.get(f"{HERE}?step=importance").text
    (line, *others) = re.findall(r'name="importance-([0-9a-f]{32})"', page)
    assert len(others) == 2 and robin.submit(HERE).status_code == 422
    assert robin.submit(HERE, {f"importance-{line}": "nonsense"}).status_code == 422
    assert robin.submit(HERE, {f"importance-{line}": "all"}).headers["location"] == f"{HERE}?step=promise"
    (job,) = all_of(instance, opened, Job)
    assert (job.title, [step.type for step in job.steps]) == ("A line that does not drop", ["weighed", "hired"])

    robin.get(HERE)
    assert robin.submit(HERE, {"promise": "Mend it"}).status_code == 422
    promised = {"vendor": line, "by": "them", "promise": "Mend the line"}
    assert robin.submit(HERE, promised).headers["location"] == f"{HERE}?step=letter"
    assert [one.promise for one in all_of(instance, opened, Commitment)] == ["Mend the line"]

    assert "3 of 4 done" in robin.get(f"{HERE}?step=letter").text
    assert str(DRAFTS["bound"].subject) in robin.submit(HERE, {"about": "bound"}).text
    assert robin.submit(HERE).status_code == 422
    assert robin.submit(HERE, {"to": line}).headers["location"] == "/today?done=first-evening"
    (letter,) = all_of(instance, opened, LetterRecord)
    assert (letter.to, letter.way, letter.sent_at) == ("Northwind Broadband", "email", None)
    page = robin.get("/today?done=first-evening").text
    assert "has not gone yet" in page and "1 open promise" in page and "3 companies" in page
    assert robin.get(HERE, follow=False).headers["location"] == "/today"


def test_nothing_is_lost_and_nothing_is_forced(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """A press fills in a job and keeps what was typed; an empty step says so; a step without a company leads to one."""
    robin.get(HERE)
    page = robin.submit(HERE, {"name-0": "The bank", "suggest": "energy"}).text
    assert 'value="The bank"' in page and f'value="{FORGOTTEN["energy"][1]}"' in page
    assert robin.submit(HERE, {"name-0": ""}).status_code == 422
    assert robin.submit(HERE, {"job-0": "Light"}).status_code == 422
    assert robin.submit(HERE, {"step": "nowhere"}).headers["location"] == HERE
    assert all_of(instance, opened, Vendor) == []
    assert "/today?done=first-evening-empty" in robin.get(f"{HERE}?step=letter").text
    page = " ".join(robin.get("/today?done=first-evening-empty").text.split())
    assert "Nothing is written down yet" in page and "What you wrote down is below" not in page
    assert re.search(r'href="/first-evening"> ?Begin ?<', page)
    for step in ("importance", "promise", "letter"):
        assert "Name a company first" in robin.get(f"{HERE}?step={step}").text
    keep(instance, opened, *(Vendor(name=f"Company {number}") for number in range(8)))
    assert "and more" in robin.get(f"{HERE}?step=companies").text


def test_a_letter_is_begun_without_losing_what_was_chosen_and_typed(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Words of ours give way to each other, the owner's own stay on top; asking what they hold leads to the letter with its clock."""
    bakery, _cable = keep(instance, opened, Vendor(name="Bakery"), Vendor(name="Cable"))
    robin.get(f"{HERE}?step=letter")
    quiet, bound = (str(DRAFTS[code].body).partition("\n")[2].strip()[:30] for code in ("quiet", "bound"))
    page = robin.submit(HERE, {"to": bakery, "about": "quiet"}).text
    assert re.search(rf'value="{bakery}" selected', page) and quiet in page
    page = robin.submit(HERE, {"about": "bound"}).text
    assert bound in page and quiet not in page and str(DRAFTS["bound"].subject) in page
    page = robin.submit(HERE, {"subject": "My bread", "body": "It was cold.", "about": "quiet"}).text
    assert 'value="My bread"' in page and "It was cold." in page and quiet in page
    assert robin.submit(HERE, {"about": "quiet"}).text.count(quiet) == 1
    access = f"/letters/new?to={bakery}&right=access"
    page = robin.submit(HERE, {"about": "held"}).text
    assert access.replace("&", "&amp;") in page and "It was cold." in page and "not kept yet" in page
    unchosen = robin.submit(HERE, {"to": "", "about": "held"})
    assert unchosen.status_code == 422 and "It was cold." in unchosen.text
    assert robin.submit(HERE, {"to": bakery, "subject": "", "body": "", "about": "held"}).headers["location"] == access
    assert "GDPR art. 15" in robin.get(access).text and all_of(instance, opened, LetterRecord) == []
