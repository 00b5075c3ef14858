"""Whole pages through the web application: a long list beside the bare cost of its records, and one record among very many."""

import tempfile
from collections.abc import Callable, Iterator
from json import loads
from pathlib import Path

from starlette.testclient import TestClient

from app.settings import Settings
from tests.bench.lists import RECORDS, bare_copies, vendor
from tests.bench.timing import Timing, paired
from tests.browsing import Browsing
from tests.databases import sqlite_copy, sqlite_template
from tests.factories import keep_many, make_account
from tests.instances import Instance, running
from vault.records import Fields, Item

LIST = 3.0
FLAT = 1.25
FEW, MANY = 100, 100_000


def run() -> Iterator[Timing]:
    """Each page as a browser asks for it: session, decryption, template, headers."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        folder = Path(copied)
        sqlite_copy(sqlite_template(Path(made)), folder)
        settings = Settings(data_dir=folder / "data", state_dir=folder / "state", base_url="http://localhost:8000", kdf="floor")
        with running(settings) as instance:
            yield _long_list(instance)
            yield _one_of("item", instance, lambda number: Item(term="pd:EmailAddress", value=f"robin-{number}@mail.example"))
            yield _one_of("company", instance, vendor)


def _long_list(instance: Instance) -> Timing:
    browsing = _owner(instance, "list", RECORDS, vendor)[0]
    cipher, sealed = bare_copies()

    def page() -> None:
        answer = browsing.get("/vendors")
        assert answer.status_code == 200
        assert str(RECORDS) in answer.text

    def bare() -> None:
        for nonce, ciphertext in sealed:
            loads(cipher.decrypt(nonce, ciphertext, b""))

    return paired(f"page-of-{RECORDS}-records", page, bare, target=LIST)


def _one_of(what: str, instance: Instance, make: Callable[[int], Fields]) -> Timing:
    noun = {"item": "items", "company": "vendors"}[what]
    pages = [_owner(instance, f"{what}-{count}", count, make) for count in (MANY, FEW)]

    def show(browsing: Browsing, record_id: str) -> Callable[[], None]:
        def page() -> None:
            assert browsing.get(f"/{noun}/{record_id}").status_code == 200

        return page

    among_many, among_few = (show(*one) for one in pages)
    return paired(f"page-of-one-{what}-among-{MANY}-and-{FEW}", among_many, among_few, target=FLAT, rounds=25)


def _owner(instance: Instance, login: str, count: int, make: Callable[[int], Fields]) -> tuple[Browsing, str]:
    """An owner with so many records, unlocked; and the id of the last."""
    _account, keyring, _mailbox = make_account(instance.stores, login)
    last = keep_many(instance.stores, keyring, (make(number) for number in range(count)))[-1]
    client: TestClient = instance.new_client()
    return Browsing(client).unlock(login), last
