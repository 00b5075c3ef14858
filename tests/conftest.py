"""Fixtures. Whatever touches a database runs on SQLite and on PostgreSQL; whatever says `server` talks to a real process."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from zlib import crc32

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, Page, sync_playwright
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.database import Stores, open_stores
from app.main import create_app
from app.settings import Settings
from tests.browsing import Browsing
from tests.databases import Database, postgres_copy, postgres_template, sqlite_copy, sqlite_template
from tests.factories import make_account
from tests.instances import Instance, running
from tests.postgres import Cluster, PostgresMissing, cluster
from tests.receiving import Receiver, receiving
from tests.serving import Server, free_port
from tests.watching import watched

# Two cores run databases and browsers beside the tests: an example's time says nothing about the code.
hypothesis_settings.register_profile(
    "bothways", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("bothways")


LONG = frozenset({"test_every_page.py", "test_killing.py", "test_roles.py", "test_whole_loop.py", "test_swaps.py"})
DOORS = tuple(
    Path(__file__).parent / door
    for door in (
        "app/ui",
        "app/api",
        "app/devices/test_calendar.py",
        "app/exchange/importers",
        "app/test_cli.py",
        "app/test_restoring.py",
        "journeys",
        "test_roles.py",
    )
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--in-full`: see `pytest_collection_modifyitems`."""
    parser.addoption(
        "--in-full", action="store_true", help="Run the tests of the doors on both databases, and look at the pages in all four dresses."
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Doors meet the database through the rooms below them, whose tests run on both: a test of a door runs on one of the two,
    by the name of the test, so that half of them meet each. Every page is looked at on a phone in the light and on a desk in
    the dark, so that each width and each scheme is there. `make prove` runs all of it."""
    # What takes minutes begins first: else one process works on at the end while the others wait.
    items.sort(key=lambda item: item.path.name not in LONG)
    if config.getoption("--in-full"):
        return
    left = [item for item in items if _on_the_other(item) or _in_another_dress(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in set(left)]


def _on_the_other(item: pytest.Item) -> bool:
    return any(item.path.is_relative_to(door) for door in DOORS) and _database(item) not in {None, _chosen(item)}


def _in_another_dress(item: pytest.Item) -> bool:
    worn = getattr(item, "callspec", None)
    return worn is not None and (worn.params.get("width"), worn.params.get("scheme")) in {(390, "dark"), (1280, "light")}


def _database(item: pytest.Item) -> str | None:
    """The database that a test runs on, where it is one that runs on both."""
    spec = getattr(item, "callspec", None)
    both = any(mark.args[:1] == ("database",) for mark in item.iter_markers("parametrize"))
    return None if spec is None or both else spec.params.get("database")


def _chosen(item: pytest.Item) -> str:
    return ("sqlite", "postgresql")[crc32(item.nodeid.split("[")[0].encode()) % 2]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One throw-away cluster per test process, with migrated databases to copy."""
    try:
        with cluster() as started:
            yield postgres_template(started, tmp_path_factory.mktemp("template"))
    except PostgresMissing as missing:
        pytest.fail(str(missing))


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with migrated SQLite files to copy."""
    return sqlite_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The test's own two databases, migrated and empty; once on each kind."""
    if request.param == "sqlite":
        yield sqlite_copy(request.getfixturevalue("sqlite"), tmp_path)
    else:
        with postgres_copy(request.getfixturevalue("postgres")) as database:
            yield database


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A company's server on this machine."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def settings(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings of a fresh instance on this machine; where a test has a `receiver`, the operator allows it."""
    port = free_port()
    allowed = [f"127.0.0.1:{request.getfixturevalue('receiver').port}"] if "receiver" in request.fixturenames else []
    on_postgres = database.kind == "postgresql"
    return Settings(
        data_dir=tmp_path / "data",
        state_dir=tmp_path / "state",
        database_url=SecretStr(database.main_url) if on_postgres else None,
        state_database_url=SecretStr(database.state_url) if on_postgres else None,
        base_url=f"http://localhost:{port}",
        port=port,
        outbound_allow=allowed,
        kdf="floor",
    )


@pytest.fixture
def stores(settings: Settings) -> Iterator[Stores]:
    """Both stores, open."""
    stores = open_stores(settings)
    yield stores
    stores.close()


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """The app, put together and not started."""
    return create_app(settings)


@pytest.fixture
def instance(app: FastAPI, settings: Settings) -> Iterator[Instance]:
    """The app, started, behind a test client that speaks as a browser on this machine would."""
    with running(settings, app) as instance:
        yield instance


@pytest.fixture
def client(instance: Instance) -> TestClient:
    """A visitor: no cookies, no tokens."""
    return instance.client


@pytest.fixture
def new_browser(instance: Instance) -> Callable[[], Browsing]:
    """Makes further browsers of the same instance, each with cookies of its own."""
    return lambda: Browsing(instance.new_client())


@pytest.fixture
def owner_browser(instance: Instance, new_browser: Callable[[], Browsing]) -> Browsing:
    """The browser of the owner `robin`, unlocked."""
    make_account(instance.stores)
    return new_browser().unlock()


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[Server]:
    """A real server process on a free port."""
    server = Server(settings, tmp_path / "server.log").start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail("Chromium is not installed: `apt-get install chromium`, or run `make test`, which does so")
    with sync_playwright() as playwright:
        # Root in a container has no user namespace to build Chromium's sandbox in; it only ever opens our own pages.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page at the server. A script error, a CSP violation or a request to another host fails the test.

    Options of the browser context come by `@pytest.mark.context(color_scheme="dark", …)`.
    """
    mark = request.node.get_closest_marker("context")
    context = browser.new_context(base_url=server.url, **cast("dict[str, Any]", mark.kwargs if mark else {}))
    with watched(context, server.url):
        yield context.new_page()
    context.close()
