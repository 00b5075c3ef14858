"""Every page of a lived-in account, on phone and desk, light and dark: nothing for axe to find, nothing wider than the screen."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from app import clock
from app.demo.browser import Browser as Owner
from app.demo.story import tell
from tests.browsing import CSRF, PASSPHRASE
from tests.mailboxes import Expected, mbox
from tests.serving import Server
from tests.watching import watched

TAGS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
FIRST = (
    "/", "/unlock", "/unlock/recovery", "/protection", "/receipts/check", "/problems/consent-withdrawn", "/api/docs", "/a/no-such-handle",
    "/nowhere",
)  # fmt: skip
INSIDE = (
    "/today", "/today?all=due", "/first-evening?step=companies", "/first-evening?step=importance", "/first-evening?step=promise",
    "/first-evening?step=letter", "/vendors", "/vendors/tidy", "/vendors/new", "/imports", "/imports/new", "/imports/progress",
    "/items", "/items/new", "/search", "/timeline", "/timeline?kind=promise", "/requests", "/device", "/grants", "/elsewhere",
    "/elsewhere/new", "/inbox", "/letters", "/letters/new", "/rights", "/jobs", "/jobs/new", "/balance", "/balance?day=need",
    "/commitments", "/commitments/new", "/commitments/scorecard", "/ledger", "/ledger/verify", "/ledger/past", "/addresses", "/my-terms",
    "/till", "/me", "/settings", "/operator", "/operator/outbox", "/nearby", "/zones", "/devices", "/reminders", "/settings/passkeys",
    "/settings/compromised", "/settings/export", "/settings/import", "/settings/delete-account",
)  # fmt: skip
DESK = 1280
FILES = (
    ("All mail.mbox", b"".join(mbox(400_000, Expected()))),
    ("companies.csv", b"company;town;PIN\nCorner Shop;Dublin;1234\nNorthwind;;\n"),
    ("passwords.csv", b"name,url,username,password\nShop,https://shop7.example,robin,x\n"),
)
NOUNS = "vendors|requests|grants|inbox|letters|commitments|addresses|items|till|jobs|elsewhere"
WITHIN = r"edit|remove|mirror|rights|balance(?:/revenue)?|signposts|print|interactions/new|claim-letter|receipts/[0-9a-f-]{36}/check"
FOLLOWED = re.compile(rf'href="(/(?:{NOUNS})/[0-9a-f]{{32}}(?:/(?:{WITHIN}))?)"')

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def lived_in(server: Server) -> Owner:
    """An owner with the demo's history behind them."""
    robin = Owner(server.url)
    robin.sign_up(urlsplit(server.set_up).path, login="robin", passphrase=PASSPHRASE)
    tell(robin, now=clock.now())
    robin.send("/till", "/till", {})
    return robin


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900)])
def test_axe_finds_nothing_and_nothing_overflows(
    browser: Browser, lived_in: Owner, server: Server, request: pytest.FixtureRequest, *, width: int, height: int, scheme: str
) -> None:
    """WCAG 2.2 AA on every page in every dress; one page of each kind is followed from the lists.

    `make test` has axe look at every second page on the phone and at the others on the desk, and lays out all of them in both.
    """
    paths = [*FIRST, *INSIDE, *_followed(lived_in), *_known(lived_in), *_asked(lived_in), *_imports(lived_in)]
    assert len(paths) > len(FIRST) + len(INSIDE) + 8
    # At rest: a colour on its way to another has no contrast to speak of.
    dress = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "reduced_motion": "reduce"}
    with _context(browser, server, lived_in, **dress) as plain, watched(plain, server.url):
        faults = [f"{path}: {over} px too wide" for path, over in _overflows(plain.new_page(), paths)]
    # axe measures with inline styles of its own, which our policy would refuse.
    mine = paths if request.config.getoption("--in-full") else paths[width == DESK :: 2]
    with _context(browser, server, lived_in, bypass_csp=True, **dress) as looked_at:
        faults += [f"{path}: {fault}" for path, fault in _axe(looked_at.new_page(), mine)]
    assert not faults, "\n".join(faults)


@contextmanager
def _context(browser: Browser, server: Server, owner: Owner, **dress: Any) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=server.url, **dress)
    cookies: Any = [{"name": cookie.name, "value": cookie.value or "", "url": server.url} for cookie in owner.http.cookies.jar]
    context.add_cookies(cookies)
    yield context
    context.close()


def _known(owner: Owner) -> list[str]:
    """What is known of the company of which most is: all of it, the forms, a copy of its terms, what changed in them, its closeness."""
    vendor = re.search(r'href="(/vendors/[0-9a-f]{32})"[^>]*>\s*Northwind', owner.get("/vendors"))
    assert vendor is not None
    copy = re.search(rf"{vendor[1]}/policies/[0-9a-f]{{32}}", owner.get(f"{vendor[1]}/known"))
    assert copy is not None
    within = ("", "/known", "/closeness", "/incidents/new", "/prices/new", "/policies/new", "/policies/compare")
    return [*(vendor[1] + path for path in within), copy[0]]


def _asked(owner: Owner) -> list[str]:
    """A rights letter as it is written, what became of it, and the columns of an answer."""
    vendor = re.search(r"/vendors/[0-9a-f]{32}", owner.get("/vendors"))
    assert vendor is not None
    asking = f"/letters/new?to={vendor[0][9:]}&right=access&law=gdpr&where=IE"
    words = {"right": "access", "law": "gdpr", "where": "IE", "subject": "Access", "body": "What do you hold?"}
    letter = owner.send(asking, "/letters/new", {"to": vendor[0][9:], "way": "post", **words}).split("?")[0]
    owner.send(letter, f"{letter}/sent", {"way": "post"})
    matter = re.search(r"/rights/[0-9a-f]{32}", owner.get(letter))
    assert matter is not None
    answer = ("answer.csv", b"field;value\nStreet;17 Harbour Row\n", "text/csv")
    token = CSRF.search(owner.get(f"{vendor[0]}/mirror"))
    assert token is not None
    brought = owner.http.post(f"{vendor[0]}/mirror/answers", data={"csrf": token[1]}, files={"file": answer})
    return [asking, matter[0], str(brought.headers["location"])]


def _imports(owner: Owner) -> list[str]:
    """The pages of imports: senders of a mailbox, columns and preview of a table, what was done, and undoing it."""
    mails, table, applied = (_sent(owner, name, data) for name, data in FILES)
    owner.send(mails, f"{applied}/apply", {})
    owner.send(f"{table}/columns", f"{table}/columns", {"column-0": "name", "column-1": "address"})
    return [mails, f"{mails}?tick=all", table, f"{table}/columns", applied, f"{applied}/undo"]


def _sent(owner: Owner, name: str, data: bytes) -> str:
    token = CSRF.search(owner.get("/imports/new"))
    assert token is not None
    answer = owner.http.post("/imports/new", data={"csrf": token[1]}, files={"file": (name, data, "text/plain")})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def _followed(owner: Owner) -> list[str]:
    """One path of each kind that the lists and shown pages link to."""
    found: dict[str, str] = {}
    for start in (*INSIDE, "/vendors"):
        for path in FOLLOWED.findall(owner.get(start)):
            found.setdefault(re.sub(r"[0-9a-f-]{32,36}", "*", path), path)
    for path in list(found.values()):
        for further in FOLLOWED.findall(owner.get(path)):
            found.setdefault(re.sub(r"[0-9a-f-]{32,36}", "*", further), further)
    return sorted(found.values())


def _overflows(page: Page, paths: Sequence[str]) -> Iterator[tuple[str, int]]:
    for path in paths:
        page.goto(path)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            yield path, over


def _axe(page: Page, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        page.goto(path)
        for violation in Axe().run(page, options=TAGS).response["violations"]:
            places = ", ".join(str(node["target"]) for node in violation["nodes"][:3])
            yield path, f"{violation['id']} at {places}: {violation['nodes'][0]['failureSummary'][:300]}"
