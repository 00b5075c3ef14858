"""The CLEAR list is true and is told."""

from pathlib import Path

from sqlalchemy import LargeBinary
from sqlmodel import SQLModel

import app.tables
import consent.store
import vault.store
from vault.clear import CLEAR, HASHED, SEALED

OF_THE_OWNER = (vault.store.Record, consent.store.Grant, app.tables.Message)
COLUMNS = {f"{table.name}.{column.name}": column for table in SQLModel.metadata.sorted_tables for column in table.columns}
LISTED = [column for columns in CLEAR.values() for column in columns]
# Bytes that are meant to be read.
PUBLIC = {"mailbox_key.public", "relationship_key.public", "succession.public"}


def test_every_column_is_clear_sealed_or_hashed_on_purpose() -> None:
    assert sorted([*LISTED, *SEALED, *HASHED]) == sorted(COLUMNS)


def test_no_bytes_are_clear_but_public_keys() -> None:
    assert {name for name in LISTED if isinstance(COLUMNS[name].type, LargeBinary)} == PUBLIC


def test_every_table_of_an_owner_leads_with_the_account() -> None:
    tables = [SQLModel.metadata.tables[str(model.__tablename__)] for model in OF_THE_OWNER]
    assert {table.primary_key.columns.keys()[0] for table in tables} == {"account_id"}


def test_threats_lists_the_clear_list_word_for_word() -> None:
    text = (Path(vault.store.__file__).parent / "THREATS.md").read_text(encoding="utf-8")
    listed = text.split("## The CLEAR list")[1]
    assert [line.removeprefix("- ") for line in listed.splitlines() if line.startswith("- ")] == list(CLEAR)


def test_threats_begins_with_the_claim() -> None:
    text = (Path(vault.store.__file__).parent / "THREATS.md").read_text(encoding="utf-8")
    claim, limits = text.split("\n\n")[1].split("**Not zero-knowledge**")
    assert claim.startswith("**Protected at rest while locked**")
    assert "compromised host sees" in limits and "host name itself links" in limits
