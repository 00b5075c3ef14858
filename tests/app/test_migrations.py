"""The schema that migrations build is the schema of the tables, on both databases."""

import pytest
from alembic import command
from sqlalchemy import text
from sqlmodel import SQLModel

from app import migrations
from app.database import open_store
from app.migrations import SCHEMAS, STORES, NewerSchema, steps
from app.settings import Settings
from consent.store import PARTIAL


def test_migrations_build_exactly_the_tables(settings: Settings) -> None:
    """`alembic check` finds nothing to add."""
    for name, url in zip(STORES, (settings.main_url, settings.state_url), strict=True):
        store = open_store(url)
        config = steps.config(name)
        with store.writer.begin() as connection:
            config.attributes["connection"] = connection
            command.check(config)
        store.close()


def test_partial_indexes_are_partial(settings: Settings) -> None:
    """`alembic check` does not compare conditions: each index that notes one has it in the database."""
    noted = {index.name for table in SQLModel.metadata.tables.values() for index in table.indexes if PARTIAL in index.info}
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
        if settings.main_url.startswith("sqlite")
        else "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE '% WHERE %'"
    )
    store = open_store(settings.main_url)
    with store.engine.connect() as connection:
        assert set(connection.execute(text(asked)).scalars()) == noted
    store.close()


def test_written_schema_is_the_last_step() -> None:
    """What a start compares with, without loading the steps, is where the steps end."""
    assert {name: steps.newest(name) for name in STORES} == SCHEMAS


def test_second_upgrade_changes_nothing(settings: Settings) -> None:
    """Every start migrates; a current database is left alone and nothing is said."""
    said: list[str] = []
    migrations.upgrade(settings, say=said.append)
    assert said == []
    assert migrations.behind(settings) == []


def test_newer_schema_is_refused(settings: Settings) -> None:
    """A database written by a newer version is not touched."""
    store = open_store(settings.main_url)
    with store.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'main_9999'"))
    store.close()
    with pytest.raises(NewerSchema, match="main_9999"):
        migrations.upgrade(settings)
    assert migrations.behind(settings) == ["main"]
