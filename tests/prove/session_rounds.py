"""Ending sessions, 200 times: whoever was ended is shut out at the next request, and writes nothing after the acknowledgement."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.settings import Settings
from tests.databases import sqlite_copy, sqlite_template
from tests.factories import make_account
from tests.instances import running
from tests.prove import Proved
from tests.session_rounds import Rounds

ROUNDS = 200


def run() -> Iterator[Proved]:
    """All rounds."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        folder = Path(copied)
        sqlite_copy(sqlite_template(Path(made)), folder)
        settings = Settings(
            data_dir=folder / "data", state_dir=folder / "state", base_url="http://localhost:8000", kdf="floor", log_level="error"
        )
        with running(settings) as instance:
            account, keyring, _mailbox = make_account(instance.stores)
            rounds = Rounds(instance.stores, settings, instance.new_client, account, keyring)
            for _number in range(ROUNDS):
                rounds.round()
            assert rounds.committed + rounds.refused == ROUNDS
            yield Proved("session-rounds", ROUNDS)
