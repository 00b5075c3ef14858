"""Alembic's environment: which metadata belongs to which store."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import app.tables
import consent.store
import vault.attachments
import vault.store
from app.database import open_stores
from app.settings import Settings
from app.state import State
from consent.store import PARTIAL

MAIN_TABLES = (app.tables, consent.store, vault.attachments, vault.store)


def metadata_of(store: str) -> MetaData:
    """The tables that belong to one store (`main` or `state`)."""
    metadata = State.metadata if store == "state" else SQLModel.metadata
    for index in (index for table in metadata.tables.values() for index in table.indexes if PARTIAL in index.info):
        for dialect in ("sqlite", "postgresql"):
            index.dialect_options[dialect]["where"] = text(index.info[PARTIAL])
    return metadata


def plainly(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write a column type of ours as the plain type below it: migrations must not change when the code does."""
    if kind != "type":
        return False
    if isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return "sa.DateTime(timezone=True)" if isinstance(item, TypeDecorator) else False


def run(connection: Connection, store: str) -> None:
    """Run the asked migrations over one connection."""
    context.configure(connection=connection, target_metadata=metadata_of(store), render_as_batch=True, render_item=plainly)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
chosen = context.config.attributes.get("store", "main")
if given is not None:
    run(given, chosen)
else:
    stores = open_stores(Settings())
    with (stores.main if chosen == "main" else stores.state).writer.begin() as opened:
        run(opened, chosen)
