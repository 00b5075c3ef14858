"""Deleted for good, on both databases: 200 marked rows and 5 documents, each looked for in every place and encoding."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from app.settings import Settings
from tests.databases import Database, postgres_copy, postgres_template, sqlite_copy, sqlite_template
from tests.postgres import cluster
from tests.prove import Proved
from tests.residue import searched
from tests.serving import free_port

ROWS, DOCUMENTS = 200, 5


def run() -> Iterator[Proved]:
    """Both databases, one number."""
    yield Proved("residue-searches", _on_sqlite() + _on_postgres())


def _on_sqlite() -> int:
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        return _searched(Path(copied), sqlite_copy(sqlite_template(Path(made)), Path(copied)))


def _on_postgres() -> int:
    with (
        cluster() as started,
        tempfile.TemporaryDirectory() as made,
        tempfile.TemporaryDirectory() as copied,
        postgres_copy(postgres_template(started, Path(made))) as database,
    ):
        return _searched(Path(copied), database)


def _searched(folder: Path, database: Database) -> int:
    on_postgres = database.cluster is not None
    settings = Settings(
        data_dir=folder / "data",
        state_dir=folder / "state",
        database_url=SecretStr(database.main_url) if on_postgres else None,
        state_database_url=SecretStr(database.state_url) if on_postgres else None,
        base_url=f"http://localhost:{free_port()}",
        kdf="floor",
    )
    return searched(settings, database, rows=ROWS, documents=DOCUMENTS)
