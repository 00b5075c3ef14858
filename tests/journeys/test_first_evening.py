"""A person's first evening, counted: from a mailbox and a password export to a claim, a balance that tipped, and an export."""

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from httpx2 import Client
from playwright.sync_api import Browser, Locator, Page, expect

from app import clock
from app.auth import invitations
from app.database import open_stores
from app.demo.browser import Browser as Owner
from app.main import create_app
from app.settings import Settings
from tests.browsing import PASSPHRASE
from tests.journeys.test_every_page import TAGS
from tests.mailboxes import html_mail, json_ld
from tests.shop import Shop
from tests.watching import watched

MOST = 60
"""Clicks, choices and things typed, from the first unlock to the file in hand."""

SENDERS = ("Northwind Broadband", "Harbour Energy", "Nine Lives Insurance", "Corner Shop", "Quay Bank", "Gull Mobile", "Lantern Films")
LOGINS = b"name,url,username,password\nTown Library,https://library.example,robin,x\nFerry,https://ferry.example,robin,x\n" + (
    b"Pension Office,https://pension.example,robin,x\nCorner Shop,https://corner-shop.example,robin,x\n"
)

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass
class Hand:
    """A hand on the page. Every click, choice and typed field counts as one; no page may be a dead end."""

    page: Page
    done: int = 0
    seen: dict[str, str] = field(default_factory=dict)

    def press(self, name: str | re.Pattern[str], role: str = "button", *, within: str = "main", nth: int = 0) -> None:
        """Press a button, or follow a link."""
        self.count(self.page.locator(within).get_by_role(role, name=name).nth(nth)).click()  # type: ignore[arg-type]  # a role in a variable
        self.page.wait_for_load_state()
        assert self.page.locator("main a, main button").count(), f"a dead end at {self.page.url}"

    def follow(self, name: str | re.Pattern[str], *, within: str = "main") -> None:
        """Follow a link."""
        self.press(name, "link", within=within)

    def fill(self, label: str | re.Pattern[str], text: str) -> None:
        """Type into a field."""
        self.count(self.page.get_by_label(label, exact=isinstance(label, str)).first).fill(text)

    def choose(self, label: str | re.Pattern[str], option: str) -> None:
        """Choose from a list."""
        self.count(self.page.get_by_label(label).first).select_option(option)

    def tick(self, label: str | re.Pattern[str]) -> None:
        """Tick a box, or one of several."""
        self.count(self.page.get_by_label(label).first).check()

    def send(self, name: str, data: bytes) -> None:
        """Choose a file, and show what it would do."""
        files = {"name": name, "mimeType": "text/plain", "buffer": data}
        self.count(self.page.locator("input[type=file]")).set_input_files(files)  # type: ignore[arg-type]  # a payload, spelled as a dict
        self.press("Show what it would do")

    def count(self, found: Locator) -> Locator:
        """One more touch."""
        self.done += 1
        return found


class Evening:
    """The clock of the whole instance, which can be moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.later = timedelta(0)
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + self.later)


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The app on its port, in this process so that its clock can be moved; the path by which the first owner signs up."""
    stores = open_stores(settings)
    with stores.main.writing() as db:
        token = invitations.set_up(db, now=clock.now())
    stores.close()
    server = uvicorn.Server(uvicorn.Config(create_app(settings), host="127.0.0.1", port=settings.port, log_config=None))
    thread = threading.Thread(target=server.run, name="evening")
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"/sign-up/{token}"
    server.should_exit = True
    thread.join(timeout=30)


def mailbox() -> bytes:
    """A mail of each company with an order in it, and one of a friend."""
    at = datetime.now(UTC) - timedelta(days=20)
    pieces = []
    for number, name in enumerate(SENDERS):
        site = f"{name.lower().replace(' ', '-')}.example"
        order = {"@type": "Order", "orderNumber": f"N-{number}", "price": "40.00", "priceCurrency": "EUR", "merchant": {"name": name}}
        pieces.append(html_mail(f"{name} <orders@{site}>", json_ld(order), at=at + timedelta(hours=number)))
    return b"".join(pieces) + html_mail("A friend <friend@gmail.com>", "<p>See you soon?</p>", at=at)


def test_a_first_evening_takes_fewer_than_sixty_touches(
    browser: Browser, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Import twice, tidy ten, note a promise, see it broken, claim, see the balance tip, narrow a permission, export."""
    evening = Evening(monkeypatch)
    with serving(settings) as link:
        Owner(settings.base_url).sign_up(link, login="robin", passphrase=PASSPHRASE)
        context = browser.new_context(base_url=settings.base_url, accept_downloads=True, reduced_motion="reduce")
        with watched(context, settings.base_url):
            hand = Hand(context.new_page())
            hand.page.goto("/unlock")
            _unlock(hand)
            _bring(hand)
            _tidy(hand)
            _lean(hand)
            _note(hand)
            before = _balance(hand)
            evening.later = timedelta(days=9)
            _claim(hand)
            after = _balance(hand)
            assert before != after, "the balance did not tip"
            _narrow(hand, settings)
            _export(hand, tmp_path)
        assert hand.done < MOST, f"{hand.done} touches"
        faults = list(
            _axe(
                browser, settings, context.cookies(), ("/today", "/first-evening?step=importance", "/first-evening?step=letter", "/balance")
            )
        )
        assert not faults, "\n".join(faults)
        context.close()


def _unlock(hand: Hand) -> None:
    hand.fill("Login name", "robin")
    hand.fill("Passphrase", PASSPHRASE)
    hand.press("Unlock")


def _bring(hand: Hand) -> None:
    """A mailbox, then what a browser exports."""
    hand.follow("Begin")
    hand.follow("Import a mailbox or a password export")
    hand.send("All mail.mbox", mailbox())
    hand.follow("Tick all companies")
    hand.press("Take what is ticked")
    hand.follow("Imports")
    hand.follow(re.compile("^Import"))
    hand.send("passwords.csv", LOGINS)
    hand.press("Apply")
    expect(hand.page.get_by_role("heading", name="What the import did")).to_be_visible()


def _tidy(hand: Hand) -> None:
    """Ten companies: of two it matters, the others are just service."""
    hand.follow("Tidy them up")
    expect(hand.page.locator(".tidy > li")).to_have_count(10)
    row = hand.page.locator(".tidy > li", has=hand.page.get_by_role("link", name="Northwind Broadband"))
    hand.count(row.get_by_label("For")).fill("A line that does not drop")
    hand.count(row.get_by_label("Closeness")).select_option("arms_length")
    hand.press("Keep it; the others here are just service")
    expect(hand.page.get_by_text("10 companies")).to_be_visible()


def _lean(hand: Hand) -> None:
    """What hangs on the line; and that nobody else would do."""
    hand.follow("Today", within="nav")
    hand.follow("Go on")
    hand.choose(re.compile("Northwind Broadband"), "all")
    hand.press("Keep it")


def _note(hand: Hand) -> None:
    """The next step of the guide: a promise with a day."""
    hand.choose("Company", "Northwind Broadband")
    hand.tick("They did")
    hand.fill(re.compile("^What was promised"), "Mend the line within a week")
    hand.fill("By which day?", (datetime.now(UTC) + timedelta(days=7)).date().isoformat())
    hand.press("Write it down")
    expect(hand.page.get_by_role("heading", name="One letter")).to_be_visible()


def _balance(hand: Hand) -> Sequence[str]:
    """What the balance says of the line."""
    hand.follow("Companies", within="nav")
    hand.follow("Northwind Broadband")
    hand.follow("Who leans on whom")
    return hand.page.locator(".verdict dd").all_inner_texts()


def _claim(hand: Hand) -> None:
    """Nine days later: unlocked again, it stands on top of Today; broken, and claimed by letter."""
    hand.follow("Today", within="nav")
    _unlock(hand)
    expect(hand.page.get_by_text("overdue")).to_be_visible()
    hand.follow(re.compile("^Say how it went"))
    hand.press("It was broken")
    hand.follow("Write a claim letter")
    hand.press("Keep it")
    expect(hand.page.get_by_text("Mend the line within a week").first).to_be_visible()


def _narrow(hand: Hand, settings: Settings) -> None:
    """A contact link handed over; what is asked over it is granted smaller."""
    hand.follow("Northwind Broadband")
    hand.press("Make a contact link")
    found = re.search(rf"{settings.base_url}/a/[\w-]+", hand.page.content())
    assert found is not None
    shop = Shop(Client(base_url=settings.base_url), name="Northwind Broadband").register(found[0]).ask()
    hand.follow("Today", within="nav")
    hand.follow(re.compile("asks for your permission"))
    hand.tick(re.compile("Grant this line"))
    hand.count(hand.page.get_by_text("Grant less of it").first).click()
    hand.fill("At most so many", "1")
    hand.press("Grant what I ticked")
    shop.collect()
    assert shop.granted["authorization_details"][1]["frequency"]["count"] == 1


def _export(hand: Hand, folder: Path) -> None:
    """All of it in one file."""
    hand.follow("Me", within="nav")
    hand.follow(re.compile("^Settings"))
    hand.follow("Export everything")
    hand.tick(re.compile("not at all"))
    with hand.page.expect_download() as download:
        hand.press("Make the file")
    download.value.save_as(folder / "export.zip")
    assert (folder / "export.zip").stat().st_size > 1000


def _axe(browser: Browser, settings: Settings, cookies: list, paths: Sequence[str]) -> Iterator[str]:  # type: ignore[type-arg]  # cookies
    """What axe finds on pages that no other journey meets in this state. It measures with styles that our policy refuses."""
    context = browser.new_context(
        base_url=settings.base_url, bypass_csp=True, reduced_motion="reduce", viewport={"width": 390, "height": 844}
    )
    context.add_cookies(cookies)
    page = context.new_page()
    for path in paths:
        page.goto(path)
        for violation in Axe().run(page, options=TAGS).response["violations"]:
            yield f"{path}: {violation['id']}: {violation['nodes'][0]['html'][:200]}"
    context.close()
