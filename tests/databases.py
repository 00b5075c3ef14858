"""Migrated databases for tests: migrated once per run, copied for each test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from app import migrations
from app.database import open_stores
from app.settings import Settings
from tests.postgres import Cluster

_numbers = count(1)


@dataclass(frozen=True)
class Database:
    """Where a test keeps its two stores. `cluster` is there on PostgreSQL only."""

    kind: str
    main_url: str
    state_url: str
    cluster: Cluster | None = None

    @property
    def names(self) -> tuple[str, str]:
        """On PostgreSQL the names of the two databases, on SQLite the paths of the two files."""
        if self.cluster is None:
            return self.main_url.removeprefix("sqlite:///"), self.state_url.removeprefix("sqlite:///")
        main, state = (url.split("@/")[1].split("?")[0] for url in (self.main_url, self.state_url))
        return main, state


def sqlite_template(folder: Path) -> Path:
    """A folder with two migrated files to copy."""
    _migrate(Settings(data_dir=folder / "data", state_dir=folder / "state"))
    return folder


def sqlite_copy(template: Path, folder: Path) -> Database:
    """A test's own copy, where the settings' defaults expect it."""
    for name in ("data", "state"):
        shutil.copytree(template / name, folder / name)
    copied = Settings(data_dir=folder / "data", state_dir=folder / "state")
    return Database("sqlite", copied.main_url, copied.state_url)


def postgres_template(cluster: Cluster, folder: Path) -> Cluster:
    """Two migrated databases to copy, `main` and `state`."""
    main, state = SecretStr(cluster.create("main")), SecretStr(cluster.create("state"))
    _migrate(Settings(data_dir=folder / "data", state_dir=folder / "state", database_url=main, state_database_url=state))
    return cluster


@contextmanager
def postgres_copy(cluster: Cluster) -> Iterator[Database]:
    """A test's own two databases, dropped when the block ends."""
    number = next(_numbers)
    names = f"main_{number}", f"state_{number}"
    main, state = (cluster.create(name, template=name.split("_")[0]) for name in names)
    try:
        yield Database("postgresql", main, state, cluster)
    finally:
        for name in names:
            cluster.drop(name)


def _migrate(settings: Settings) -> None:
    stores = open_stores(settings)
    try:
        migrations.upgrade(settings)
        for store in (stores.main, stores.state):
            store.shred()  # so that the file alone is the whole database
    finally:
        stores.close()
