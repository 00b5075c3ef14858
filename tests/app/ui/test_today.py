"""Today: what waits now, each with one thing to do, and first steps for a new account."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from app import clock
from app.exchange import marks
from app.tables import Client
from consent import grants, ledger
from consent.act import Act
from consent.terms import parse
from tests.app.api.loop import make_owner, make_relationship, message
from tests.browsing import Browsing
from tests.factories import make_account, make_details, owner_act
from tests.instances import Instance
from vault import store
from vault.keyring import Keyring
from vault.mailbox import Mailbox
from vault.records import (
    AddressRecord,
    Commitment,
    CommitmentEvent,
    Correction,
    Fields,
    Hired,
    Import,
    Item,
    Job,
    LetterRecord,
    Looked,
    MyTerms,
    Remedy,
    Reply,
    Vendor,
    Weighed,
    Yardstick,
)
from vault.store import Account

Opened = tuple[Account, Keyring, Mailbox]


@pytest.fixture
def opened(instance: Instance) -> Opened:
    """The owner `robin`, opened for writing records."""
    return make_account(instance.stores)


@pytest.fixture
def browser(opened: Opened, new_browser: Callable[[], Browsing]) -> Browsing:
    """The same owner's browser."""
    return new_browser().unlock()


def keep(instance: Instance, opened: Opened, fields: Fields) -> str:
    """Keep a record."""
    with instance.stores.main.writing() as db:
        return store.add(db, opened[1], fields, now=clock.now())


def promise(vendor_id: str, text: str, due_at: datetime, *events: str, by: str = "them") -> Commitment:
    """A promise with a date and steps."""
    now = clock.now()
    steps = tuple(CommitmentEvent(type=kind, happened_at=now, recorded_at=now) for kind in ("accepted", *events))
    return Commitment(vendor_id=vendor_id, promise=text, due_at=due_at, by=by, events=steps)


def test_a_new_account_is_led_to_the_first_evening(browser: Browsing) -> None:
    """The guide stands on top; beside it an import, a company, an e-mail address, terms of one's own."""
    page = browser.get("/today").text
    assert "A first evening" in page
    for href in ("/first-evening", "/imports/new", "/vendors/new", "/items/new?term=pd:EmailAddress", "/my-terms"):
        assert f'href="{href}"' in page


def test_steps_taken_are_marked_and_then_gone(instance: Instance, opened: Opened, browser: Browsing) -> None:
    """A step that was taken says so, the first evening by what is there; with the last one the list goes."""
    now = clock.now()
    vendor_id, *_others = (keep(instance, opened, Vendor(name=name)) for name in ("Corner Shop", "Harbour Fibre", "The bank"))
    keep(instance, opened, promise(vendor_id, "Deliver the shelf", now + timedelta(days=60)))
    assert "2 of 4 done." in browser.get("/today").text
    hired = Hired(vendor_id=vendor_id, happened_at=now, recorded_at=now)
    letter = LetterRecord(vendor_id=vendor_id, to="Corner Shop", way="email", subject="Good day", body="Well?", written_at=now, sent_at=now)
    for one in (Job(title="Food", steps=(hired,)), letter, Item(term="pd:EmailAddress", value="robin@home.example")):
        keep(instance, opened, one)
    assert browser.get("/today").text.count("step-done") == 2
    keep(instance, opened, MyTerms(agreements=("SD-BASE",)))
    keep(instance, opened, AddressRecord(handle="h", label="l", created_at=now))
    assert browser.get("/today").text.count("step-done") == 4
    keep(instance, opened, Import(import_id="a" * 32, format="csv", state="applied"))
    page = browser.get("/today").text
    assert "step-mark" not in page and "Nothing waits for you." in page
    for counted in ("3 companies", "1 open promise", "1 letter", "1 job"):
        assert counted in page


def test_a_group_is_short_until_all_of_it_is_asked_for(instance: Instance, opened: Opened, browser: Browsing) -> None:
    """Five of a kind, how many there are, and a link to the rest."""
    shop = keep(instance, opened, Vendor(name="Corner Shop"))
    for number in range(7):
        keep(instance, opened, promise(shop, f"Refund no. {number}", clock.now() - timedelta(days=1)))
    page = browser.get("/today").text
    assert page.count("badge-bad") == 5 and 'href="/today?all=due#group-due"' in page and "all 7" in page
    page = browser.get("/today?all=due").text
    assert page.count("badge-bad") == 7 and "all 7" not in page


def test_what_was_broken_stays_until_something_came_of_it(instance: Instance, opened: Opened, browser: Browsing) -> None:
    """A broken promise leads to the claim where something is owed; one of the owner's own is settled by one press."""
    now = clock.now()
    shop = keep(instance, opened, Vendor(name="Corner Shop"))
    backed = promise(shop, "Deliver the shelf", now - timedelta(days=9), "broken").model_copy(update={"remedy": Remedy(kind="refund")})
    keep(instance, opened, backed)
    keep(instance, opened, promise(shop, "Call back", now - timedelta(days=9), "broken"))
    mine = keep(instance, opened, promise(shop, "Pay the invoice", now + timedelta(days=1), by="me"))
    page = browser.get("/today").text
    assert "Claim what they owe you" in page and "Say what came of it" in page
    assert "I kept it" in page
    assert browser.submit(f"/commitments/{mine}/keep").status_code == 303
    assert "Pay the invoice" not in browser.get("/today").text


def test_letters_wait_for_their_answer_and_for_the_post(instance: Instance, opened: Opened, browser: Browsing) -> None:
    """An unread answer, a month of silence and a letter that has not gone are each told with the act; a fresh one is not."""
    now = clock.now()
    shop = keep(instance, opened, Vendor(name="Corner Shop"))
    said = {"vendor_id": shop, "to": "Corner Shop", "way": "email", "body": "b", "written_at": now - timedelta(days=50)}
    reply = Reply(answer_id="a" * 32, sender="Shop", body="Yes", received_at=now)
    for subject, more in (
        ("Answered", {"sent_at": now - timedelta(days=40), "replies": (reply,)}),
        ("Silent", {"sent_at": now - timedelta(days=40)}),
        ("Fresh", {"sent_at": now - timedelta(days=4)}),
        ("Long ago", {"sent_at": now - timedelta(days=140)}),
        ("Kept", {}),
    ):
        keep(instance, opened, LetterRecord.model_validate({**said, "subject": subject, **more}))
    page = browser.get("/today").text
    assert "Corner Shop answered: Answered" in page and "No answer yet: Silent" in page and "has not gone yet: Kept" in page
    assert f'href="/letters/new?to={shop}"' in page
    assert "Fresh" not in page and "Long ago" not in page


def test_whom_the_owner_leans_on_is_told_until_their_own_measure_says_otherwise(
    instance: Instance, opened: Opened, browser: Browsing
) -> None:
    """Past the threshold it is said with the first thing that helps; a measure of this company alone settles it."""
    now = clock.now()
    line = keep(instance, opened, Vendor(name="Northwind Broadband"))
    when = {"happened_at": now - timedelta(days=9), "recorded_at": now - timedelta(days=9)}
    steps = (
        Weighed(ordinary="all", **when),
        Hired(vendor_id=line, bound="until", bound_until=date(now.year + 2, 1, 1), **when),
        Looked(**when),
    )
    job = keep(instance, opened, Job(title="A line that does not drop", steps=steps))
    assert "You lean on" not in browser.get("/today").text
    for factor in ("revenue", "remedies", "kept", "terms"):
        said = {"vendor_id": line, "factor": factor, "says": "range", "low": "0", "high": "0", "why": "I asked", **when}
        keep(instance, opened, Correction.model_validate(said))
    page = browser.get("/today").text
    assert "You lean on Northwind Broadband" in page and "lopsided" in page
    assert f'href="/jobs/{job}#alternatives"' in page
    keep(instance, opened, Yardstick(vendor_id=line, lopsided="0.95", close="0.5", happened_at=now, recorded_at=now))
    assert "lopsided" not in browser.get("/today").text


def test_promises_stand_by_urgency(instance: Instance, opened: Opened, browser: Browsing) -> None:
    """Overdue first, then what falls due within seven days; later ones, kept ones and dropped ones are not here."""
    now = clock.now()
    shop = keep(instance, opened, Vendor(name="Corner Shop"))
    keep(instance, opened, promise(shop, "Bring the shelf", now + timedelta(days=6)))
    keep(instance, opened, promise(shop, "Refund the lamp", now - timedelta(days=2)))
    keep(instance, opened, promise(shop, "Pay the invoice", now + timedelta(days=3), by="me"))
    keep(instance, opened, promise(shop, "Hold the price", now + timedelta(days=8)))
    keep(instance, opened, promise(shop, "Mend the door", now - timedelta(days=1), "kept"))
    keep(instance, opened, promise(shop, "Send a catalogue", now - timedelta(days=1), "waived"))
    page, ahead = browser.get("/today").text.split("What lies ahead")
    assert "Hold the price" in ahead
    shown = [
        words
        for words in ("Refund the lamp", "Pay the invoice", "Bring the shelf", "Hold the price", "Mend the door", "Send a catalogue")
        if words in page
    ]
    assert shown == ["Refund the lamp", "Pay the invoice", "Bring the shelf"]
    assert page.index("Refund the lamp") < page.index("Pay the invoice") < page.index("Bring the shelf")
    assert page.count("badge-bad") == 1
    assert "overdue" in page
    assert "You promised Corner Shop" in page


def ask(instance: Instance, opened: Opened, name: str) -> tuple[str, Act]:
    """A client asks; the request waits."""
    now = clock.now()
    account, _, mailbox = opened
    client_id = name.encode().hex().ljust(32, "0")[:32]
    act = Act(account_id=account.account_id, actor=f"client:{client_id}", now=now, seal=mailbox.seal)
    with instance.stores.main.writing() as db:
        db.add(
            Client(
                client_id=client_id,
                name=name,
                metadata_json="{}",
                auth_method="client_secret_basic",
                registration_token_hash=name.encode(),
                webhook_secret=b"",
                created_at=now,
            )
        )
        db.flush()
        request = grants.receive(
            db,
            act,
            request_id=f"{1:032x}",
            client_id=client_id,
            address_id=None,
            details=parse(make_details(now=now), now=now),
            client_reference=None,
            grant_id=None,
            expires_at=now + timedelta(days=14),
        )
        return request.request_id, act


def test_a_request_waits_with_its_name_quoted(instance: Instance, opened: Opened, browser: Browsing) -> None:
    """Who asks is a claim, so it is quoted and escaped; the place carries the count."""
    request_id, _ = ask(instance, opened, "Corner <b>Shop</b>")
    page = browser.get("/today").text
    assert "“Corner &lt;b&gt;Shop&lt;/b&gt;” asks for your permission" in page
    assert f'href="/requests/{request_id}"' in page
    assert 'class="count">1<' in page


def test_links_and_permissions_that_run_out_are_told(instance: Instance, opened: Opened, browser: Browsing) -> None:
    """A contact link that ends within thirty days is told, one that ends later or never is not."""
    now = clock.now()
    for label, until in (("Soon", now + timedelta(days=5)), ("Later", now + timedelta(days=31)), ("Never", None)):
        keep(instance, opened, AddressRecord(handle=label, label=label, created_at=now, expires_at=until))
    page = browser.get("/today").text
    assert "Your contact link “Soon” ends" in page
    assert "“Later”" not in page
    assert "“Never”" not in page


def test_a_restored_backup_is_noticed(instance: Instance, opened: Opened, browser: Browsing) -> None:
    """When the main database is behind what this service remembers, Today says so first."""
    assert "shorter than it was" not in browser.get("/today").text
    marks.raise_mark(instance.stores.state, opened[0].account_id, size=1000, head=bytes(32), now=clock.now())
    assert "Your history is shorter than it was" in browser.get("/today").text


def test_a_changed_history_is_noticed(instance: Instance, opened: Opened, browser: Browsing) -> None:
    """When the history is another one than this service wrote, Today says so first."""
    with instance.stores.main.writing() as db:
        ledger.append(db, owner_act(opened[0], opened[2], now=clock.now()), "export.made", {})
    marks.raise_mark(instance.stores.state, opened[0].account_id, size=1, head=bytes(32), now=clock.now())
    assert "Your history was changed" in browser.get("/today").text


def test_what_came_and_what_runs_out_is_told(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """An unopened message and a permission that ends within thirty days are told; nobody else sees them."""
    owner = make_owner(instance)
    details = make_details(now=clock.now())
    details[0]["expires"] = (clock.now() + timedelta(days=12)).strftime("%Y-%m-%dT%H:%M:%SZ")
    shop = make_relationship(instance, owner, details)
    assert shop.post("/messages", message()).status_code == 202
    make_account(instance.stores, login="sandy")
    page = new_browser().unlock().get("/today").text
    assert "1 message you have not opened" in page
    assert "Your permission to “Corner Shop” ends" in page
    assert f'href="/grants/{shop.grant_id}"' in page
    assert "Corner Shop" not in new_browser().unlock("sandy").get("/today").text
