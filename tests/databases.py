"""Migrated databases for tests: migrated once per run, copied for each test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from app import migrations
from app.database import open_stores
from app.settings import Settings
from tests.postgres import Cluster

_numbers = count(1)
_used: dict[Cluster, list[tuple[str, str]]] = {}


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
    """A test's own two databases: copies of the migrated ones, or those of a test before it, emptied again."""
    pairs = _used.setdefault(cluster, [])
    names = pairs.pop() if pairs else _copied(cluster, next(_numbers))
    try:
        yield Database("postgresql", cluster.url(names[0]), cluster.url(names[1]), cluster)
    finally:
        as_new = [cluster.empty(name, like=name.split("_")[0]) for name in names]
        if all(as_new):
            pairs.append(names)
        else:
            for name in names:
                cluster.drop(name)


def _copied(cluster: Cluster, number: int) -> tuple[str, str]:
    names = f"main_{number}", f"state_{number}"
    for name in names:
        cluster.create(name, template=name.split("_")[0])
    return names


def _migrate(settings: Settings) -> None:
    stores = open_stores(settings)
    try:
        migrations.upgrade(settings)
        for store in (stores.main, stores.state):
            store.shred()  # so that the file alone is the whole database
    finally:
        stores.close()


@contextmanager
def fresh() -> Iterator[Settings]:
    """Settings of an instance on new SQLite databases, migrated and empty, gone after the block."""
    with TemporaryDirectory() as made, TemporaryDirectory() as copied:
        folder = Path(copied)
        sqlite_copy(sqlite_template(Path(made)), folder)
        yield Settings(
            data_dir=folder / "data", state_dir=folder / "state", base_url="http://localhost:8000", kdf="floor", log_level="error"
        )
