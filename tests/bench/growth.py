"""What a crowd costs: the same operations in a small instance and in one of a million messages and a hundred thousand grants.

And a fix of one owner against a thousand open areas, with a million in the instance.
"""

import base64
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from app import clock
from app.exchange import zones
from app.exchange.tokens import hashed
from app.settings import Settings
from app.tables import ClientToken
from consent import ledger
from consent.places import parse, text_of
from tests.app.api.loop import bearer
from tests.bench.crowd import CLIENT, Crowd, crowd, messages, offers
from tests.bench.load import http, raw
from tests.bench.rivals import Side, bare_server, compared, figures, ratio
from tests.bench.timing import Timing, paired
from tests.databases import sqlite_copy, sqlite_template
from tests.factories import make_account
from tests.instances import Instance, running
from tests.places import HOME, circle
from tests.serving import Server, free_port

FEW_MESSAGES, MANY_MESSAGES = 1_000, 1_000_000
FEW_GRANTS, MANY_GRANTS = 10, 100_000
AREAS, OF_ONE = 1_000_000, 1_000
TARGET, FIX = 5.0, 0.6
ASK = {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox"}
WORDS = {**ASK, "title": "New bread", "body": "From eight o'clock."}


@dataclass(frozen=True)
class Town:
    """An instance, the grants in it, and a client token of the company that holds them."""

    instance: Instance
    crowd: Crowd
    client_token: str


def run() -> Iterator[Timing]:
    """Each operation as it is called over the doors, a hundred times in a row in either town."""
    with _town(FEW_MESSAGES, FEW_GRANTS) as small, _town(MANY_MESSAGES, FEW_GRANTS) as talkative, _town(FEW_MESSAGES, MANY_GRANTS) as wide:
        for name, call in _operations().items():
            yield paired(f"{name}-at-{MANY_MESSAGES}-messages", call(talkative), call(small), target=TARGET)
            yield paired(f"{name}-at-{MANY_GRANTS}-grants", call(wide), call(small), target=TARGET)
    yield _fixes()


def _operations() -> dict[str, Callable[[Town], Callable[[], None]]]:
    def calling(method: str, path: str, status: int, body: object = None) -> Callable[[Town], Callable[[], None]]:
        def of(town: Town) -> Callable[[], None]:
            tokens = cycle(town.crowd.tokens[:: max(1, len(town.crowd.tokens) // 100)])

            def call() -> None:
                for _ in range(100):
                    token = town.client_token if path.startswith("/api/v1/grants") else next(tokens)
                    answer = town.instance.client.request(method, path, json=body, headers=bearer(token))
                    assert answer.status_code == status, answer.text

            return call

        return of

    return {
        "message": calling("POST", "/api/v1/messages", 202, WORDS),
        "decision": calling("POST", "/api/v1/decisions", 200, ASK),
        "page-of-grants": calling("GET", "/api/v1/grants?limit=20", 200),
        "worker": _ticking,
    }


def _ticking(town: Town) -> Callable[[], None]:
    return lambda: town.instance.app.state.worker.tick(clock.now())


@contextmanager
def _town(stored: int, grants: int) -> Iterator[Town]:
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        folder = Path(copied)
        sqlite_copy(sqlite_template(Path(made)), folder)
        settings = Settings(data_dir=folder / "data", state_dir=folder / "state", base_url="http://localhost:8000", kdf="floor")
        with running(settings) as instance:
            now, token = clock.now(), f"bwt_{secrets.token_urlsafe(32)}"
            people = crowd(instance.stores, grants, now=now)
            # Long ago, so that no cap counts them.
            messages(instance.stores, people.places, stored, at=now - timedelta(days=300))
            with instance.stores.main.writing() as db:
                db.add(ClientToken(token_hash=hashed(token), client_id=CLIENT, expires_at=now + timedelta(hours=9)))
            yield Town(instance, people, token)


def _fixes() -> Timing:
    """The phone of an owner with a thousand open areas, none of which holds it, beside the bare route."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        folder, port = Path(copied), free_port()
        sqlite_copy(sqlite_template(Path(made)), folder)
        settings = Settings(
            data_dir=folder / "data", state_dir=folder / "state", port=port, base_url=f"http://localhost:{port}", kdf="floor"
        )
        token = _settle(settings)
        server = Server(settings, folder / "log").start()
        try:
            with bare_server() as bare:
                asked = [_fix(port, token)]
                ours = Side(port, asked, frozenset({"200"}))
                nothing = Side(bare, [http("POST", "/nothing", host="localhost", body={**WORDS, "body": "x" * 900})], frozenset({"202"}))
                pairs = compared(ours, nothing, connections=16)
        finally:
            server.stop()
    return Timing(f"fix-among-{OF_ONE}-of-{AREAS}", ratio(pairs, lambda one: one.rate), FIX, at_least=True, figures=figures(pairs))


def _settle(settings: Settings) -> str:
    with running(settings) as instance:
        now, stores = clock.now(), instance.stores
        account, keyring, _mailbox = make_account(stores, now=now)
        people = crowd(stores, AREAS // OF_ONE, now=now)
        mine = crowd(stores, 1, now=now, owner=account.account_id)
        area = parse(circle())
        for place in (*mine.places, *people.places):
            offers(stores, place, OF_ONE, text_of(area), area.bounds, at=now)
        with stores.main.writing() as db:
            ledger.lock(db, account.account_id)
            zones.project(db, keyring)
            return zones.add_device(db, keyring, "phone", kind="owntracks", now=now).token


def _fix(port: int, token: str) -> str:
    """Where no area is. Its time lies ahead, as far as it may, so that it stays fresh while it is sent again and again."""
    said: dict[str, Any] = {
        "_type": "location",
        "lat": HOME[0] + 1,
        "lon": HOME[1] + 1,
        "tst": int(clock.now().timestamp()) + 200,
        "acc": 10,
    }
    basic = base64.b64encode(f"robin:{token}".encode()).decode()
    return raw("POST", "/devices/owntracks", host=f"localhost:{port}", authorization=f"Basic {basic}", body=said)
