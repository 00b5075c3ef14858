"""Search: everything that is kept, in the body of a POST, marked where the word stands; and nothing that was locked."""

import json
from datetime import timedelta
from urllib.parse import quote

import pytest

from app import clock
from app.relationships.searched import SEARCHED
from app.ui.search import finding
from app.ui.search import handlers as search
from tests.app.ui.keeping import CLIENT, Opened, grant, keep
from tests.browsing import Browsing
from tests.factories import make_details
from tests.instances import Instance
from tests.samples import sample
from vault.records import Interaction, Job, Vendor

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WORD = "ambergris"


def test_every_kind_is_found_and_leads_to_its_page(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """One word in everything: each kind is a group of its own, the word marked, and what it links to opens."""
    (vendor_id,) = keep(instance, opened, Vendor(name=f"{WORD} Shop", client_ids=(CLIENT,)))
    grant(instance, opened)
    for code, searched in SEARCHED.items():
        if code != "vendor":
            fitting = {"vendor_id": vendor_id, "client_id": CLIENT, "waiting": False, "area": None, "time_zone": "UTC", "schedule": None}
            keep(instance, opened, sample(searched.model, WORD, **fitting))
    robin.get(f"/vendors/{vendor_id}")
    robin.post(f"/vendors/{vendor_id}/documents", files={"csrf": (None, robin.csrf), "file": (f"{WORD}.txt", b"x", "text/plain")})
    robin.get("/search")
    page = robin.post("/search", {"q": WORD.upper()[:5]}).text
    for kind in search.KINDS:
        assert f'id="found-{kind}"' in page, kind
    assert f"<mark>{WORD}</mark>" in page
    found = page[page.index("data-results") :]
    paths = {part.partition('"')[0].replace("&amp;", "&") for part in found.split('href="')[1:]}
    assert len(paths) >= len(search.KINDS) - 2
    assert [path for path in sorted(paths) if robin.get(path).status_code != 200] == []


def test_terms_that_are_found_are_told_for_people(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """No clock times, versions and sums between the words; where their notice is can be looked for."""
    grant(instance, opened)
    robin.get("/search")
    page = robin.post("/search", {"q": "openings"}).text
    excerpt = page[page.index('id="found-consent"') :]
    assert "twice a week at most. · " in excerpt and "Until:" not in excerpt and "UTC" not in excerpt
    assert "found-consent" in robin.post("/search", {"q": "shop.example"}).text
    now = clock.now()
    statement, purpose = make_details(now=now)
    statement |= {"notice": {**statement["notice"], "version": "7.2", "sha256": "0" * 64}}
    text = finding.text_of(json.dumps([statement, purpose]), now)
    assert text.endswith("https://shop.example/privacy") and "Version" not in text and "000" not in text


def test_what_is_typed_is_answered_in_parts(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """A script gets the results without the frame; too little is said to be too little; more of a kind is one press away."""
    keep(instance, opened, *(Job(title=f"Bread {number:03}") for number in range(20)))
    robin.get("/search")
    part = robin.post("/search", {"q": "bre", "part": "1"}).text
    assert "<html" not in part
    assert "20 found" in part
    assert part.count("<mark>Bread</mark>") == search.FEW
    whole = robin.post("/search", {"q": "bre", "kind": "job"}).text
    assert whole.count("<mark>Bread</mark>") == 20
    assert "Show every kind" in whole
    assert "two letters" in robin.post("/search", {"q": "b"}).text
    nothing = robin.post("/search", {"q": '<script>"', "kind": "nonsense"}).text
    assert "Nothing found" in nothing
    assert "<script>&#34;" not in nothing.replace("&lt;script&gt;&#34;", "")


def test_a_change_is_found_at_once_and_a_lock_forgets(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Search never answers from the past; and with the session what is kept of the account leaves the memory."""
    (vendor_id,) = keep(instance, opened, Vendor(name="Corner Shop"))
    robin.get("/search")
    assert "1 found" in robin.post("/search", {"q": "corner"}).text
    robin.get(f"/vendors/{vendor_id}/edit")
    robin.post(f"/vendors/{vendor_id}/edit", {"name": "Northwind", "closeness": "unsaid"})
    assert "Nothing found" in robin.post("/search", {"q": "corner"}).text
    assert "1 found" in robin.post("/search", {"q": "northw"}).text
    memory = instance.app.state.stores.memory
    assert memory.accounts() == (opened[0].account_id,)
    robin.post("/lock")
    assert memory.accounts() == ()


def test_the_worker_forgets_whoever_was_away_too_long(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """What another process locked, or time did, is forgotten at the next tick."""
    keep(instance, opened, Vendor(name="Corner Shop"))
    robin.get("/vendors")
    stores, worker = instance.app.state.stores, instance.app.state.worker
    worker.tick(clock.now())
    assert stores.memory.accounts() == (opened[0].account_id,)
    worker.tick(clock.now() + timedelta(hours=1))
    assert stores.memory.accounts() == ()


def test_the_timeline_of_all_companies(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Newest first, with names; chosen by kind and by whose move, in links that combine and count; a cursor goes on."""
    assert "Nothing yet" in robin.get("/timeline").text
    ids = keep(instance, opened, Vendor(name="Corner Shop", client_ids=(CLIENT,)), Vendor(name="Northwind"))
    at = clock.now() - timedelta(days=1)
    keep(
        instance,
        opened,
        *(
            Interaction(
                vendor_id=ids[n % 2],
                kind="visit",
                title=f"Visit {n:02}",
                initiative="me" if n % 3 else "them",
                happened_at=at - timedelta(hours=n),
                recorded_at=at,
            )
            for n in range(60)
        ),
    )
    grant(instance, opened)
    page = robin.get("/timeline").text
    assert page.index("You gave permission") < page.index("They asked for your permission") < page.index("Visit 00")
    assert "Visit 47" in page
    assert "Visit 48" not in page
    older = page[page.index("before=") :].partition('"')[0]
    assert "Visit 59" in robin.get(f"/timeline?{older}").text
    theirs = robin.get("/timeline?kind=contact&side=theirs").text
    assert "Visit 00" in theirs
    assert "Visit 01" not in theirs
    assert "You gave permission" not in theirs
    one = robin.get(f"/timeline?company={ids[1]}").text
    assert "Visit 01" in one
    assert "Visit 00" not in one
    assert "Nothing of this kind" in robin.get(f"/timeline?company={ids[1]}&kind=letter").text
    assert robin.get(f"/timeline?company={'0' * 32}").status_code == 404
    assert "Visit 00" in robin.get("/timeline?kind=nonsense&before=nonsense").text


def test_companies_are_narrowed_by_what_they_have(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Facets combine with each other and the search; each says how many it would leave; sorting keeps what is chosen."""
    ids = keep(
        instance,
        opened,
        Vendor(name="Aardvark", tags=("Food",), closeness="close", client_ids=(CLIENT,)),
        Vendor(name="Bakery", tags=("Food", "Near"), sources=("vcard",)),
        Vendor(name="Cable", tags=("Home",), job="Keeps me online"),
    )
    at = clock.now()
    heard = Interaction(vendor_id=ids[1], kind="contact", title="They rang", initiative="them", happened_at=at, recorded_at=at)
    keep(instance, opened, heard)
    grant(instance, opened)

    def shown(query: str) -> list[str]:
        page = robin.get(f"/vendors?{query}").text
        listed = page.partition('class="list vendor-list"')[2]
        return sorted((name for name in ("Aardvark", "Bakery", "Cable") if f">{name}</a>" in listed), key=listed.index)

    assert shown("tag=Food") == ["Aardvark", "Bakery"]
    assert shown("tag=Food&consent=no") == ["Bakery"]
    assert shown("consent=yes") == ["Aardvark"]
    assert shown("heard=not") == ["Cable"]
    assert shown("source=vcard") == ["Bakery"]
    assert shown("job=Keeps+me+online&q=cab") == ["Cable"]
    assert shown("tag=Food&job=Keeps+me+online") == []
    assert shown("sort=added") == ["Aardvark", "Bakery", "Cable"] or len(shown("sort=added")) == 3
    assert shown("sort=heard")[-1] == "Cable"
    page = robin.get("/vendors?tag=Food&closeness=close").text
    assert f'href="/vendors?closeness=close&amp;tag={quote("Near")}"' not in page
    assert "1 company found" in page
    assert 'name="tag" value="Food"' in page
