"""Jobs: named, weighed, hired for, looked around for, reviewed, put away."""

import pytest

from app import clock
from tests.app.ui.keeping import Opened, keep
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.records import Alternative, Closed, Fired, Gone, Hired, Job, Looked, Reviewed, Vendor, Weighed

TODAY = clock.now().date().isoformat()


@pytest.fixture
def vendor_id(instance: Instance, opened: Opened) -> str:
    return keep(instance, opened, Vendor(name="Northwind Broadband"))[0]


def kept(instance: Instance, opened: Opened) -> list[Job]:
    with instance.stores.main.reading() as db:
        return [one.fields for one in store.all_of(db, opened[1], Job)]


def named(robin: Browsing, **more: str) -> str:
    """A job by its form; its path."""
    robin.get("/jobs/new")
    form = {"title": "A line that does not drop", "outcomes": "Calls hold\n\nFilms run\n", "ordinary": "unsaid", "need": "unsaid", **more}
    led = robin.post("/jobs/new", form)
    assert led.status_code == 303, led.text
    return str(led.headers["location"]).split("?")[0]


def test_a_job_lives(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Every act adds one step with both of its times, and the pages say where it stands."""
    path = named(robin, ordinary="much", need="all")
    acts: tuple[tuple[str, dict[str, str]], ...] = (
        ("weigh", {"ordinary": "some", "need": "all", "since": "2026-01-05"}),
        ("hire", {"vendor": vendor_id, "bound": "until", "bound_until": "2030-01-31", "since": TODAY}),
        ("review", {"vendor": vendor_id, "went": "mixed", "again": "no", "note": "Rain, and it is gone."}),
        ("alternatives", {"name": "Harbour Fibre", "effort": "little", "on_the_day": "no", "ways": "Ring them\nGive notice"}),
        ("look", {}),
    )
    for act, form in acts:
        assert robin.post(f"{path}/{act}", form).status_code == 303, act
    page = robin.get(path).text
    for words in (
        "Harbour Fibre",
        "Give notice",
        "It went so-so. Hire again: no.",
        "bound until 31 Jan 2030",
        "looked around",
        "Films run",
    ):
        assert words in page, words
    (job,) = kept(instance, opened)
    assert [type(step) for step in job.steps] == [Weighed, Weighed, Hired, Reviewed, Alternative, Looked]
    assert job.outcomes == ("Calls hold", "Films run")
    assert job.steps[1].happened_at.date().isoformat() == "2026-01-05" and job.steps[1].recorded_at.date().isoformat() == TODAY
    listed = robin.get("/jobs").text
    assert "hired: Northwind Broadband" in listed and "1 other would do" in listed and "some hangs on it" in listed
    (alternative,) = [step for step in job.steps if isinstance(step, Alternative)]
    for act, form in (("drop", {"alternative": alternative.alternative_id}), ("fire", {"vendor": vendor_id}), ("close", {})):
        assert robin.post(f"{path}/{act}", form).status_code == 303, act
    page = robin.get(path).text
    assert "Harbour Fibre would not do any more" in page and "Let Northwind Broadband go" in page and "Needs doing no more since" in page
    (job,) = kept(instance, opened)
    assert [type(step) for step in job.steps[-3:]] == [Gone, Fired, Closed]
    assert "done with" in robin.get("/jobs").text


def test_words_change_and_steps_stay(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Editing touches the words only."""
    path = named(robin, ordinary="all")
    robin.get(f"{path}/edit")
    assert robin.post(f"{path}/edit", {"title": "Stay online", "outcomes": "", "note": "n"}).status_code == 303
    (job,) = kept(instance, opened)
    assert (job.title, job.outcomes, job.note, len(job.steps)) == ("Stay online", (), "n", 1)
    assert robin.post(f"{path}/edit", {"title": " "}).status_code == 422


@pytest.mark.parametrize(
    ("act", "form", "said"),
    [
        ("weigh", {"ordinary": "very", "need": "all"}, "Choose one of these."),
        ("weigh", {"ordinary": "all", "need": "all", "since": "2999-01-01"}, "This day has not come yet."),
        ("weigh", {"ordinary": "all", "need": "all", "since": "soon"}, "year-month-day"),
        ("weigh", {"ordinary": "all", "need": "all", "since": "0031-01-01"}, "before 1900"),
        ("hire", {"vendor": "f" * 32, "bound": "free"}, "Choose one of your companies."),
        ("hire", {"vendor": "", "bound": "until"}, "Until which day?"),
        ("hire", {"vendor": "", "bound": "until", "bound_until": "x"}, "year-month-day"),
        ("hire", {"vendor": "", "bound": "until", "bound_until": "9000-01-01"}, "after 8999"),
        ("alternatives", {"name": "", "effort": "little", "on_the_day": "no"}, "Who or what would do?"),
        ("alternatives", {"name": "x", "effort": "", "on_the_day": "no"}, "Choose one of these."),
        ("alternatives", {"name": "x", "effort": "none", "on_the_day": "no", "vendor": "f" * 32}, "Choose one of your companies."),
        ("alternatives", {"name": "x", "effort": "none", "on_the_day": "no", "ways": "\n".join("abc" * 31)}, "At most 30 lines"),
        ("drop", {"alternative": "x"}, "what cannot be kept"),
        ("remove", {}, "Tick this first"),
    ],
)
def test_what_does_not_fit_goes_back(  # noqa: PLR0917 - fixtures and parameters
    instance: Instance, opened: Opened, robin: Browsing, act: str, form: dict[str, str], said: str
) -> None:
    """Said beside the form, nothing kept."""
    path = named(robin)
    answer = robin.post(f"{path}/{act}", form)
    assert answer.status_code == 422 and said in answer.text
    assert kept(instance, opened)[0].steps == ()


def test_a_job_without_a_name_is_not_kept(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """What was typed stays in the form."""
    assert "No job is named" in robin.get("/jobs").text
    robin.get("/jobs/new")
    answer = robin.post("/jobs/new", {"title": "", "outcomes": "Calls hold", "ordinary": "unsaid"})
    assert answer.status_code == 422 and "Calls hold" in answer.text
    assert kept(instance, opened) == []


def test_how_much_hangs_on_a_new_job_is_kept_and_its_note_once(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Either of the two days is enough to say; the note is the job's own, and no step has it again."""
    path = named(robin, need="all", note="Ask the neighbours.")
    (job,) = kept(instance, opened)
    (weighed,) = job.steps
    assert isinstance(weighed, Weighed) and (weighed.ordinary, weighed.need, weighed.note) == ("unsaid", "all", "")
    assert job.note == "Ask the neighbours." and robin.get(path).text.count(job.note) == 1
    assert robin.post("/jobs/new", {"title": "x", "note": "n" * 20_001, "need": "all"}).status_code == 422


def test_what_was_typed_of_somebody_who_is_hired_goes_back_to_them(
    instance: Instance, opened: Opened, robin: Browsing, vendor_id: str
) -> None:
    """Open, with the words and the reason at the field of that company, and of no other."""
    (other_id,) = keep(instance, opened, Vendor(name="Another"))
    path = named(robin)
    for one in (other_id, vendor_id):
        robin.post(f"{path}/hire", {"vendor": one, "bound": "unsaid"})
    late = robin.post(f"{path}/fire", {"vendor": vendor_id, "since": "2999-01-01"})
    field = f"fire-{vendor_id}-since"
    assert late.status_code == 422 and late.text.count('value="2999-01-01"') == 1 and f'aria-describedby=" e-{field}"' in late.text
    assert late.text.count('<details class="job-part" open>') == 1
    long = robin.post(f"{path}/review", {"vendor": vendor_id, "went": "bad", "again": "no", "note": "n" * 20_001})
    assert long.status_code == 422 and long.text.count("n" * 20_001) == 1 and f'id="e-review-{vendor_id}-note"' in long.text
    sent = {form.fields["vendor"][0]: form.fields for form in robin.forms if form.action == f"{path}/review"}
    assert (sent[vendor_id]["went"], sent[vendor_id]["again"], sent[other_id]["went"]) == (["bad"], ["no"], ["good"])
    assert len(kept(instance, opened)[0].steps) == 2


def test_removing_needs_a_tick_and_takes_all(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Gone for good, once it was meant."""
    path = named(robin)
    assert robin.post(f"{path}/remove", {"sure": "1"}, follow=True).text.count("Job removed") == 1
    assert kept(instance, opened) == []
    assert robin.get(path).status_code == 404 and robin.post(f"{path}/remove", {"sure": "1"}).status_code == 404


def test_companies_that_were_removed_are_called_so(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """The job keeps its history."""
    path = named(robin)
    robin.post(f"{path}/hire", {"vendor": vendor_id, "bound": "unsaid"})
    robin.get(f"/vendors/{vendor_id}/remove")
    assert robin.post(f"/vendors/{vendor_id}/remove").status_code == 303
    assert "a company that you removed" in robin.get(path).text
    assert "nobody is hired for it" in robin.get("/jobs").text
