"""The quick form of `make prove`'s session rounds, and what a thief does with yesterday's cookie."""

import shutil
from collections.abc import Callable
from pathlib import Path

from httpx2 import Client
from sqlmodel import select

from app import clock
from app.auth import sessions
from app.auth.owner import cookie_name
from app.database import open_stores
from app.settings import Settings
from app.state import Session
from tests.browsing import Browsing
from tests.databases import Database
from tests.factories import make_account
from tests.instances import Instance
from tests.session_rounds import Rounds

QUICK = 4


def test_whoever_was_ended_is_shut_out(instance: Instance) -> None:
    """By a change of passphrase and by locking all others, with a form under way."""
    account, keyring, _mailbox = make_account(instance.stores)
    new_client: Callable[[], Client] = instance.new_client
    rounds = Rounds(instance.stores, instance.settings, new_client, account, keyring)
    for _number in range(QUICK):
        rounds.round()
    assert rounds.committed + rounds.refused == QUICK


def test_a_stolen_database_and_yesterdays_cookie_open_nothing(instance: Instance, database: Database, tmp_path: Path) -> None:
    """After logout the cookie is worthless, with everything that lies on the disk beside it."""
    make_account(instance.stores)
    browser = Browsing(instance.new_client()).unlock()
    cookie = browser.client.cookies[cookie_name(instance.settings)]
    identifier, key = bytes.fromhex(cookie)[:32], bytes.fromhex(cookie)[32:]
    wrapped = _wrapped(instance)
    browser.get("/today")
    assert browser.post("/lock").status_code == 303
    if database.cluster is None:
        stolen = tmp_path / "stolen"
        for folder in (instance.settings.data_dir, instance.settings.state_dir):
            shutil.copytree(folder, stolen / folder.name)
        taken = b"".join(path.read_bytes() for path in sorted(stolen.rglob("*")) if path.is_file())
        stores = open_stores(Settings(data_dir=stolen / "data", state_dir=stolen / "state"))
    else:
        # What a dump holds is every live row; rows that are dead but not yet vacuumed are beyond any dump.
        taken = b"".join(database.cluster.dump(name) for name in database.names)
        stores = instance.stores
    assert all(part not in taken and part.hex().encode() not in taken for part in (identifier, key, wrapped))
    assert sessions.resume(stores.state, cookie, now=clock.now()) is None


def _wrapped(instance: Instance) -> bytes:
    with instance.stores.state.reading() as db:
        return db.exec(select(Session)).one().wrapped
