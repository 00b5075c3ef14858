"""Companies: written down, found again, changed, and removed with what belongs to them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlmodel import select

from app import clock
from app.exchange import addresses
from app.tables import CommitmentClock
from consent import grants, ledger
from consent.store import LedgerEntry
from tests.app.ui.keeping import CLIENT, Opened, grant, keep
from tests.browsing import Browsing
from tests.factories import make_account, owner_act
from tests.instances import Instance
from vault import store
from vault.records import AddressRecord, Commitment, CommitmentEvent, Contact, Field, Interaction, MessageRecord, PrivacyContact, Vendor

FORM = {
    "name": "Corner  Shop",
    "job": "Bread and the news",
    "closeness": "arms_length",
    "domains": "https://www.corner-shop.example/deli\npay.corner-shop.example",
    "customer_numbers": "C-1001\nC-1002",
    "since": "2019-04-30",
    "tags": "Food, Local, Food",
    "notes": "Opens at nine.\n<b>Not bold</b>",
    "contact_kind": ["phone", "email", "email"],
    "contact_label": ["Counter", "", ""],
    "contact_value": ["+353 1 555 0100", "hello@corner-shop.example", ""],
    "field_name": ["Till", ""],
    "field_value": ["2", ""],
    "owned_by": "The  Corner Group",
    "substitutes": "The market\n\nThe market",
    "privacy_name": "Data office",
    "privacy_email": "privacy@corner-shop.example",
    "privacy_address": "1 Quay Street\nDublin",
    "privacy_url": "https://corner-shop.example/privacy",
}


def test_the_first_company(robin: Browsing) -> None:
    """An empty list says what to do; a name is enough."""
    assert "No company yet" in robin.get("/vendors").text
    robin.get("/vendors/new")
    answer = robin.post("/vendors/new", {"name": "Nine Lives Insurance"}, follow=True)
    assert "Company written down." in answer.text
    assert "<h1" in answer.text
    assert "Nine Lives Insurance" in robin.get("/vendors").text


def test_everything_of_the_form_is_kept_and_shown(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """What is typed is kept, normalised where that loses nothing, escaped where it is shown."""
    robin.get("/vendors/new")
    path = robin.post("/vendors/new", FORM).headers["location"].partition("?")[0]
    with instance.stores.main.reading() as db:
        kept = store.get(db, opened[1], Vendor, path.rpartition("/")[2])
    assert kept is not None
    assert kept.fields == Vendor(
        name="Corner Shop",
        domains=("corner-shop.example", "pay.corner-shop.example"),
        customer_numbers=("C-1001", "C-1002"),
        contacts=(
            Contact(kind="phone", label="Counter", value="+353 1 555 0100"),
            Contact(kind="email", value="hello@corner-shop.example"),
        ),
        since=datetime(2019, 4, 30, tzinfo=UTC).date(),
        job="Bread and the news",
        closeness="arms_length",
        notes="Opens at nine.\n<b>Not bold</b>",
        tags=("Food", "Local"),
        fields=(Field(name="Till", value="2"),),
        owned_by="The Corner Group",
        substitutes=("The market",),
        privacy=PrivacyContact(
            name="Data office",
            email="privacy@corner-shop.example",
            address="1 Quay Street\nDublin",
            url="https://corner-shop.example/privacy",
        ),
    )
    assert "Quay Street" in robin.get(f"{path}/edit").text
    page = robin.get(path).text
    for words in ("Bread and the news", "arm&#39;s length", "C-1002", "30 Apr 2019", "Counter", "&lt;b&gt;Not bold&lt;/b&gt;", "Till"):
        assert words in page, words
    assert "<b>Not bold" not in page


def test_a_change_keeps_what_the_form_does_not_show(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Tied systems and sources survive an edit; an emptied row goes."""
    (vendor_id,) = keep(
        instance, opened, Vendor(name="Shop", client_ids=(CLIENT,), sources=("vcard",), contacts=(Contact(kind="phone", value="1"),))
    )
    form = robin.get(f"/vendors/{vendor_id}/edit").text
    assert 'value="Shop"' in form
    answer = robin.post(
        f"/vendors/{vendor_id}/edit",
        {"name": "Shop two", "closeness": "close", "contact_kind": "phone", "contact_label": "", "contact_value": ""},
        follow=True,
    )
    assert "Changes kept." in answer.text
    with instance.stores.main.reading() as db:
        kept = store.get(db, opened[1], Vendor, vendor_id)
    assert kept is not None
    assert kept.fields == Vendor(name="Shop two", closeness="close", client_ids=(CLIENT,), sources=("vcard",))


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": " "}, "name", "Please give the company a name."),
        ({"name": "x" * 201}, "name", "At most 200 characters"),
        ({"job": "x" * 1001}, "job", "At most 1000 characters"),
        ({"notes": "x" * 20_001}, "notes", "At most 20000 characters"),
        ({"domains": "not a host!"}, "domains", "is not a website"),
        ({"domains": "\n".join(f"a{n}.example" for n in range(101))}, "domains", "At most 100 websites"),
        ({"customer_numbers": "\n".join(str(n) for n in range(51))}, "customer_numbers", "At most 50"),
        ({"tags": "x" * 201}, "tags", "At most 200 characters"),
        ({"since": "30.4.2019"}, "since", "year-month-day"),
        ({"since": "0001-01-01"}, "since", "before 1900"),
        ({"privacy_url": "javascript:alert(1)"}, "privacy_url", "whole address"),
        ({"closeness": "best friends"}, "closeness", "Choose one of these."),
        ({"contact_label": ["Counter", "", "Lost"]}, "contacts", "has no value"),
        ({"contact_value": ["1" * 1001, "", ""]}, "contacts", "too long"),
        ({"contact_kind": ["pigeon", "email", "email"]}, "contacts", "no kind of contact"),
        ({"field_name": ["", ""]}, "fields", "has no name"),
        ({"field_name": ["x" * 201, ""]}, "fields", "too long"),
        (
            {"contact_kind": ["phone"] * 201, "contact_label": [""] * 201, "contact_value": [str(n) for n in range(201)]},
            "contacts",
            "more than a record holds",
        ),
    ],
)
def test_a_bad_form_comes_back_as_it_was(robin: Browsing, change: dict[str, object], field: str, message: str) -> None:
    """422, the error beside its field and in a summary that links there, what was typed still there, nothing kept."""
    robin.get("/vendors/new")
    answer = robin.post("/vendors/new", {**FORM, **change})  # type: ignore[dict-item] # the parametrised change may be a list
    assert answer.status_code == 422
    assert message in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert f'id="f-{field}"' in answer.text
    assert "Bread and the news" in answer.text or field == "job"
    assert "No company yet" in robin.get("/vendors").text


def test_search_works_as_a_link(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Words anywhere in name, website, tag, job, contact or note find a company, whatever their case and accents."""
    keep(
        instance,
        opened,
        Vendor(name="Ó Sé Butchers", domains=("osebutchers.example",), tags=("Local",), notes="Closed on Mondays"),
        Vendor(name="Northwind Broadband", job="keeps me online", contacts=(Contact(kind="phone", value="+353 1 555 0101"),)),
    )
    for query, found in (
        ("o+se", "Butchers"),
        ("MONDAY", "Butchers"),
        ("local+butch", "Butchers"),
        ("online", "Northwind"),
        ("0101", "Northwind"),
    ):
        page = robin.get(f"/vendors?q={query}").text
        assert "1 company found" in page, query
        assert found in page
    nothing = robin.get("/vendors?q=%3Cscript%3E").text
    assert "Nothing found" in nothing
    assert "<script>" not in nothing


def test_a_long_list_comes_in_windows(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """100 at a time, in the order of names; every window is reachable by links and no company is lost between them."""
    keep(instance, opened, *(Vendor(name=f"Shop {number:03}", tags=("T",)) for number in range(230)))
    path, seen = "/vendors?q=shop", []
    while path:
        page = robin.get(path).text
        seen += re.findall(r">(Shop \d+)</a>", page)
        following = re.search(r'href="([^"]+)">\s*<svg[^>]*><use href="#i-next"/></svg>\s*Next', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"Shop {number:03}" for number in range(230)]
    assert "showing 201 to 230" in page
    assert "showing 101 to 200" in robin.get("/vendors?from=150").text
    assert "showing 201 to 230" in robin.get("/vendors?from=99999").text
    assert "showing 1 to 100" in robin.get("/vendors?from=-1").text
    assert "showing 1 to 100" in robin.get("/vendors?from=99999999999999999999").text


def test_the_page_is_an_open_book(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """My side, what binds us, their side; and everything that passed, newest first, with whose move it was."""
    grant_id = grant(instance, opened)
    (vendor_id,) = keep(
        instance, opened, Vendor(name="Corner Shop", client_ids=(CLIENT,), fields=(Field(name="Also called", value="The Corner"),))
    )
    at = clock.now() - timedelta(days=10)
    event = CommitmentEvent(type="accepted", happened_at=at, recorded_at=at)
    keep(
        instance,
        opened,
        Interaction(
            vendor_id=vendor_id,
            kind="problem",
            title="No bread",
            initiative="them",
            feeling="bad",
            amount="3.20",
            currency="EUR",
            note="n" * 300 + " end",
            happened_at=at,
            recorded_at=clock.now(),
        ),
        Commitment(vendor_id=vendor_id, promise="Bread by nine", events=(event,)),
        MessageRecord(
            grant_id=grant_id,
            client_id=CLIENT,
            sender="x",
            kind="offer",
            purpose="dpv:Marketing",
            channel="inbox",
            title="Rolls",
            received_at=clock.now(),
        ),
        Vendor(name="Somebody else"),
    )
    with instance.stores.main.writing() as db:
        addresses.open_address(
            db,
            opened[1],
            opened[0].account_id,
            instance.app.state.instance,
            vendor_id=vendor_id,
            label="At the counter",
            expires_at=None,
            now=clock.now(),
        )
    page = robin.get(f"/vendors/{vendor_id}").text
    for words in (
        "My side",
        "What binds us",
        "Their side",
        "Also called",
        "At the counter",
        "Bread by nine",
        "Corner Shop CRM",
        "Rolls",
        "No bread",
        "€3.20",
        " end",
        "felt bad",
        "written down",
    ):
        assert words in page, words
    story = page[page.index('class="timeline"') :]
    assert story.index("Rolls") < story.index("No bread")
    assert f'href="/grants/{grant_id}"' in story
    assert f'action="/vendors/{vendor_id}/addresses"' in page


def test_a_long_timeline_is_one_link_away(instance: Instance, opened: Opened, robin: Browsing) -> None:
    (vendor_id,) = keep(instance, opened, Vendor(name="Shop"))
    at = clock.now()
    keep(
        instance,
        opened,
        *(
            Interaction(vendor_id=vendor_id, kind="visit", title=f"Visit {n:03}", happened_at=at - timedelta(hours=n), recorded_at=at)
            for n in range(70)
        ),
    )
    page = robin.get(f"/vendors/{vendor_id}").text
    assert "Visit 029" in page
    assert "Visit 030" not in page
    story = robin.get(f"/timeline?company={vendor_id}").text
    older = re.search(r'href="(/timeline\?[^"]*before=[^"]+)"', story)
    assert older is not None
    assert "Visit 049" in story
    rest = robin.get(unescape(older[1])).text
    assert "Visit 049" not in rest
    assert "Visit 069" in rest


def test_removing_says_what_goes_and_takes_it_all(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Interactions, promises with their clocks and contact links go with the company; another's stay."""
    account, keyring, _mailbox = opened
    vendor_id, other_id = keep(instance, opened, Vendor(name="Shop"), Vendor(name="Other"))
    now = clock.now()
    for owner_of in (vendor_id, other_id):
        _visit, promise_id = keep(
            instance,
            opened,
            Interaction(vendor_id=owner_of, kind="visit", title="v", happened_at=now, recorded_at=now),
            Commitment(vendor_id=owner_of, promise="p"),
        )
        with instance.stores.main.writing() as db:
            db.add(
                CommitmentClock(
                    account_id=account.account_id, commitment_id=promise_id, state="active", next_due_at=now + timedelta(days=1)
                )
            )
            addresses.open_address(
                db, keyring, account.account_id, instance.app.state.instance, vendor_id=owner_of, label="", expires_at=None, now=now
            )
    page = robin.get(f"/vendors/{vendor_id}/remove").text
    for words in ("1 entry of the timeline", "1 promise, with its history", "1 open contact link, which closes", "This stays"):
        assert words in page
    assert "Company removed" in robin.post(f"/vendors/{vendor_id}/remove", follow=True).text
    with instance.stores.main.reading() as db:
        left = {model.__name__: len(store.digests(db, keyring, model)) for model in (Vendor, Interaction, Commitment, AddressRecord)}
        assert left == {"Vendor": 1, "Interaction": 1, "Commitment": 1, "AddressRecord": 1}
        assert len(db.exec(select(CommitmentClock)).all()) == 1
        assert [row.closed_at is None for row in addresses.rows(db, account.account_id).values()].count(True) == 1
        assert "address.closed" in db.exec(select(LedgerEntry.type)).all()
    assert robin.get(f"/vendors/{vendor_id}").status_code == 404


def test_a_company_with_a_live_permission_stays(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Withdrawing comes first; until then nothing is removed, whatever is posted."""
    grant_id = grant(instance, opened)
    (vendor_id,) = keep(instance, opened, Vendor(name="Corner Shop", client_ids=(CLIENT,)))
    page = robin.get(f"/vendors/{vendor_id}/remove").text
    assert "They still have your permission" in page
    assert f'href="/grants/{grant_id}"' in page
    assert robin.post(f"/vendors/{vendor_id}/remove").status_code == 409
    account, _keyring, mailbox = opened
    with instance.stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        live = grants.find(db, account.account_id, grant_id)
        assert live is not None
        grants.withdraw(db, owner_act(account, mailbox, now=clock.now()), live)
    assert robin.post(f"/vendors/{vendor_id}/remove").status_code == 303


@pytest.mark.parametrize("path", ["", "/edit", "/remove"])
def test_what_is_not_there_is_not_found(
    instance: Instance, opened: Opened, robin: Browsing, new_browser: Callable[[], Browsing], path: str
) -> None:
    """Unknown, malformed and another owner's ids look the same."""
    (vendor_id,) = keep(instance, opened, Vendor(name="Shop"))
    make_account(instance.stores, "sam")
    sam = new_browser().unlock("sam")
    for who, identifier in ((sam, vendor_id), (robin, "0" * 32), (robin, "x%00y")):
        assert who.get(f"/vendors/{identifier}{path}").status_code == 404
        if path:
            assert who.post(f"/vendors/{identifier}{path}", {"name": "x"}).status_code == 404
