"""Schemas of both stores, step by step, by Alembic. `upgrade` is run before every start and by `bothways migrate`."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from app.database import open_store
from app.settings import Settings

HERE = Path(__file__).parent
STORES = ("main", "state")


class NewerSchema(Exception):
    """The database was written by a newer version of Bothways; this one does not touch it."""


def upgrade(settings: Settings, *, say: Callable[[str], None] = lambda _line: None) -> None:
    """Bring both databases to this version's schema.

    Raises NewerSchema when one of them is ahead of this version; nothing is changed then.
    """
    for name, url in zip(STORES, (settings.main_url, settings.state_url), strict=True):
        store = open_store(url)
        try:
            _upgrade(name, store.writer, say)
        finally:
            store.close()


def config(name: str) -> Config:
    """Alembic's configuration for one store (`main` or `state`)."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("version_locations", str(HERE / name / "versions"))
    made.set_main_option("path_separator", "newline")
    made.attributes["store"] = name
    return made


def _upgrade(name: str, engine: Engine, say: Callable[[str], None]) -> None:
    made = config(name)
    scripts = ScriptDirectory.from_config(made)
    head = scripts.get_current_head()
    with engine.begin() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == head:
            return
        if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
            raise NewerSchema(
                f"the {name} database has schema {current}, which this version does not know; use the newer Bothways that wrote it"
            )
        say(f"migrating the {name} database to {head}")
        made.attributes["connection"] = connection
        command.upgrade(made, "head")


def behind(settings: Settings) -> list[str]:
    """The stores (`main`, `state`) whose schema is not this version's."""
    found = []
    for name, url in zip(STORES, (settings.main_url, settings.state_url), strict=True):
        store = open_store(url)
        with store.engine.connect() as connection:
            if (
                MigrationContext.configure(connection).get_current_revision()
                != ScriptDirectory.from_config(config(name)).get_current_head()
            ):
                found.append(name)
        store.close()
    return found
