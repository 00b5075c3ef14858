"""Schemas of both stores, step by step. `upgrade` is run before every start and by `bothways migrate`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from app import clock, snapshot
from app.database import open_store
from app.settings import Settings

STORES = ("main", "state")
# The schema that this version writes; a test holds it against the last step in `<store>/versions`.
SCHEMAS = {"main": "main_0004", "state": "state_0002"}


class NewerSchema(Exception):
    """The database was written by a newer version of Bothways; this one does not touch it."""


def upgrade(settings: Settings, *, say: Callable[[str], None] = lambda _line: None) -> None:
    """Bring both databases to this version's schema.

    Raises NewerSchema when one of them is ahead of this version; nothing is changed then.
    """
    for name, url in zip(STORES, (settings.main_url, settings.state_url), strict=True):
        store = open_store(url)
        try:
            _upgrade(name, store.writer, say, keep=partial(_keep, settings.data_dir) if name == "main" else None)
        finally:
            store.close()


def behind(settings: Settings) -> list[str]:
    """The stores (`main`, `state`) whose schema is not this version's."""
    found = []
    for name, url in zip(STORES, (settings.main_url, settings.state_url), strict=True):
        store = open_store(url)
        with store.engine.connect() as connection:
            if snapshot.revision(connection) != SCHEMAS[name]:
                found.append(name)
        store.close()
    return found


def _keep(folder: Path, engine: Engine, schema: str, say: Callable[[str], None]) -> None:
    """A backup before the schema changes, in the data folder, named with the schema that it has."""
    now = clock.now()
    path = folder / f"before-{schema}-{now:%Y%m%dT%H%M%S%f}.backup"
    snapshot.write(path, lambda file: snapshot.dump(engine, file, now=now))
    say(f"backup before the change: {path}")


def _upgrade(
    name: str, engine: Engine, say: Callable[[str], None], *, keep: Callable[[Engine, str, Callable[[str], None]], None] | None
) -> None:
    with engine.connect() as connection:
        current = snapshot.revision(connection)
        if current == SCHEMAS[name]:
            return
        empty = snapshot.is_empty(connection)
    from app.migrations import steps  # noqa: PLC0415 - Alembic takes a third of a second to load, and most starts need no step

    if current is not None and current not in steps.known(name):
        raise NewerSchema(
            f"the {name} database has schema {current}, which this version does not know; use the newer Bothways that wrote it"
        )
    if keep is not None and current is not None and not empty:
        keep(engine, current, say)
    say(f"migrating the {name} database to {SCHEMAS[name]}")
    steps.take(name, engine)
