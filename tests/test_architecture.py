"""The house stays as it was drawn."""

import ast
import re
from pathlib import Path

import pytest
from importlinter.api import read_configuration
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports
from sqlmodel import SQLModel

import app.tables
import consent.store
import vault.store

ROOT = Path(__file__).parents[1]
ROOMS = ("app", "vault", "consent")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "versions" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BANNED = {"utils", "util", "helpers", "common", "core", "base", "manager", "service", "services"}
LONGEST = 400
# An exception from ruff or mypy that ends without ` - why` or ` # why`.
BARE = re.compile(r"#\s(?:noqa|type:\signore)(?!(?::\s*[A-Z0-9, ]+|\[[a-z, -]+\])\s+(?:-|#)\s*\S)\b")
HOLES = {"MagicMock", "Mock", "skip", "skipif", "importorskip", "xfail", "unittest.mock"}  # banned: a test that tries nothing passes
INSTANCE_WIDE = {"instance_head", "instance_entry"}


def test_every_import_is_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The contracts of `pyproject.toml` hold, and there are some."""
    assert len(read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]) == 7
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_the_top_level_is_fixed() -> None:
    """Four folders, and those that tools require."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()} - ignored - {".git"}
    assert {name for name in folders if not name.endswith(".egg-info") and name != "__pycache__"} == {
        "app",
        "vault",
        "consent",
        "tests",
        ".ci",
        ".github",
    }


def test_a_file_is_one_thing() -> None:
    """Nothing has a name that says nothing, and no file is too long to be read."""
    assert [path for path in SOURCES if path.stem in BANNED] == []
    assert [path for path in SOURCES if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST] == []


def test_every_exception_from_a_check_says_why() -> None:
    """A `noqa` or `type: ignore` stands beside its reason."""
    lines = [
        (path, number, line) for path in (*SOURCES, *TESTS) for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    ]
    assert [f"{path.relative_to(ROOT)}:{number}: {line.strip()}" for path, number, line in lines if BARE.search(line)] == []


def test_tests_run_and_mock_nothing_of_ours() -> None:
    """No mocks, nothing skipped, nothing expected to fail."""
    used = [(path, name) for path in TESTS for name in _names(ast.parse(path.read_text(encoding="utf-8")))]
    assert [(path, name) for path, name in used if name in HOLES] == []


def test_every_owners_row_lives_on_the_owners_island() -> None:
    """Whatever belongs to an owner has `account_id` first in its key and goes with the account; routing tables are listed."""
    routing = {table.__tablename__ for table in app.tables.ROUTING} | INSTANCE_WIDE
    tables = [table for table in SQLModel.metadata.sorted_tables if table.name not in routing]
    assert {str(vault.store.Account.__tablename__), str(consent.store.Grant.__tablename__)} <= {table.name for table in tables}
    for table in tables:
        assert next(iter(table.primary_key.columns)).name == "account_id", table.name
        foreign = [constraint for constraint in table.foreign_key_constraints if "account_id" in constraint.column_keys]
        assert table.name == "account" or foreign, table.name
        assert all(constraint.ondelete == "CASCADE" for constraint in foreign), table.name


def _names(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return attributes | modules | {node.id for node in nodes if isinstance(node, ast.Name)}
