"""A backup is one moment of a running instance; a restore is all of it or nothing, and the owner is told."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import text
from sqlmodel import SQLModel, select

from app import backup_files, clock, migrations, restoring
from app.database import Stores, open_store
from app.exchange import marks
from app.migrations import NewerSchema
from app.snapshot import BadBackup
from app.state import LedgerMark
from consent.store import Grant, LedgerEntry
from tests.databases import Database, postgres_copy, sqlite_copy
from tests.instances import Instance
from tests.populating import Populated
from vault import attachments

WORD = "canary"
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def elsewhere(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Two empty databases of the other kind."""
    with ExitStack() as stack:
        if database.kind == "postgresql":
            (tmp_path / "other").mkdir()
            other = sqlite_copy(request.getfixturevalue("sqlite"), tmp_path / "other")
        else:
            other = stack.enter_context(postgres_copy(request.getfixturevalue("postgres")))
        main, state = (open_store(url.replace("postgresql://", "postgresql+psycopg://")) for url in (other.main_url, other.state_url))
        stores = Stores(main=main, state=state)
        yield stores
        stores.close()


@pytest.fixture
def robin(instance: Instance) -> Populated:
    """An owner with something of everything."""
    return instance.populate("robin", word=WORD)


def rows(stores: Stores) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the main database, but for what a restore itself writes."""
    with stores.main.reading() as db:
        return {
            table.name: sorted((tuple(row) for row in db.connection().execute(select(*table.columns))), key=repr)
            for table in SQLModel.metadata.sorted_tables
            if not table.name.startswith("instance_")
        }


def backup(instance: Instance, path: Path, **sealed: str) -> Path:
    """A backup file."""
    assert backup_files.write(instance.stores.main.engine, path, now=clock.now(), **sealed) > 20
    return path


def restore(instance: Instance, path: Path, *, replace: bool = True, **opened: str) -> restoring.Restored:
    """Put back."""
    source = backup_files.source(path, **opened)
    return restoring.restore(instance.stores, instance.app.state.instance, source, replace=replace, now=clock.now())


def test_a_backup_restores_every_row(instance: Instance, robin: Populated, tmp_path: Path) -> None:
    """What was there comes back, and what came since is gone; the file is the owner's to read and nobody else's."""
    before, path = rows(instance.stores), backup(instance, tmp_path / "a.backup")
    assert path.stat().st_mode & 0o777 == 0o600
    assert WORD.encode() not in path.read_bytes()
    robin.browsing.post("/vendors/new", {"name": "Corner Shop"})
    done = restore(instance, path)
    assert rows(instance.stores) == before
    assert (done.withdrawn, done.heading.database) == (0, instance.stores.main.engine.dialect.name)
    assert robin.browsing.get("/today", follow=False).status_code == 303


def test_documents_come_back(instance: Instance, robin: Populated, elsewhere: Stores, tmp_path: Path) -> None:
    """One removed since the backup, as it was, in a database of either kind; in the file it is sealed."""
    holder, document = next(iter(robin.documents.items()))
    before, path = rows(instance.stores), backup(instance, tmp_path / "a.backup")
    assert b"in a document" not in path.read_bytes() and len(before["attachment"]) == 3 < len(before["attachment_chunk"])
    assert robin.browsing.get(f"{holder}/documents/{document}/remove").status_code == 200
    assert robin.browsing.post(f"{holder}/documents/{document}/remove").status_code == 303
    for stores in (instance.stores, elsewhere):
        source = backup_files.source(path)
        restoring.restore(stores, instance.app.state.instance, source, replace=stores is instance.stores, now=clock.now())
        with stores.main.reading() as db:
            read = attachments.read(db, robin.keyring, holder.split("/")[2], document)
            assert b"".join(read) == f"{WORD} in a document\n".encode() * 4000


def test_after_a_restore_the_account_is_held_until_its_owner_confirms(instance: Instance, robin: Populated, tmp_path: Path) -> None:
    """Companies find it paused, Today says why, one act ends it; both are in the history."""
    path = backup(instance, tmp_path / "a.backup")
    assert robin.shop.send().status_code == 202
    restore(instance, path)
    refused = robin.shop.send()
    assert refused.status_code == 403 and refused.json()["type"].endswith("/consent-paused")
    assert robin.shop.http.get("/api/v1/grant", headers=robin.shop.bearer).json()["status"] == "paused"
    listed = robin.shop.http.get("/api/v1/grants", headers=robin.shop.client_token()).json()["items"]
    asked = robin.shop.http.post("/oauth/introspect", data={"token": robin.shop.granted["access_token"]}, auth=robin.shop.basic)
    assert [listed[0]["status"], asked.json()["status"]] == ["paused", "paused"]
    robin.browsing.unlock()
    assert "restored from a backup" in robin.browsing.get("/today").text
    assert robin.shop.send().status_code == 403
    assert robin.browsing.submit("/today/restored").status_code == 303
    assert "restored from a backup" not in robin.browsing.get("/today").text
    assert robin.shop.send().status_code == 202
    with instance.stores.main.reading() as db:
        told = [entry.type for entry in db.exec(select(LedgerEntry)) if entry.type.startswith(("alarm", "restore"))]
        assert told == ["alarm.raised", "restore.confirmed", "alarm.settled"]
        assert marks.standing(db, instance.stores.state, robin.account.account_id) is marks.Standing.LEVEL
    robin.browsing.unlock()
    assert robin.browsing.post("/today/restored").status_code == 303


def test_a_lost_state_store_holds_the_account_too(instance: Instance, robin: Populated) -> None:
    """Without the mark nobody knows whether this is the newest history."""
    with instance.stores.state.writing() as state:
        for row in state.exec(select(LedgerMark)).all():
            state.delete(row)
    assert robin.shop.send().status_code == 403
    assert "does not remember you" in robin.browsing.get("/today").text
    robin.browsing.submit("/today/restored")
    assert robin.shop.send().status_code == 202


def test_withdrawn_stays_withdrawn(instance: Instance, robin: Populated, tmp_path: Path) -> None:
    """The journal of the state store is applied to a database from before the withdrawal."""
    path = backup(instance, tmp_path / "a.backup")
    robin.browsing.get(f"/grants/{robin.grant_id}")
    assert robin.browsing.post(f"/grants/{robin.grant_id}/withdraw").status_code == 303
    assert restore(instance, path).withdrawn == 1
    assert robin.shop.send().json()["type"].endswith("/consent-withdrawn")
    robin.browsing.unlock()
    robin.browsing.submit("/today/restored")
    assert robin.shop.send().json()["type"].endswith("/consent-withdrawn")
    with instance.stores.main.reading() as db:
        assert db.exec(select(Grant.status)).all() == ["withdrawn"]


def test_a_database_in_use_is_left_alone(instance: Instance, robin: Populated, tmp_path: Path) -> None:
    """Unless it is said that it may go."""
    path, before = backup(instance, tmp_path / "a.backup"), rows(instance.stores)
    with pytest.raises(restoring.InstanceInUse):
        restore(instance, path, replace=False)
    assert rows(instance.stores) == before
    with pytest.raises(FileExistsError):
        backup(instance, path)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("seal", ["passphrase", "recipient"])
def test_a_sealed_backup(instance: Instance, robin: Populated, tmp_path: Path, seal: str) -> None:
    """It opens with its secret only."""
    identity = pyrage.x25519.Identity.generate()
    given = {"passphrase": "a long one"} if seal == "passphrase" else {"recipient": str(identity.to_public())}
    before, path = rows(instance.stores), backup(instance, tmp_path / "a.backup", **given)
    assert b"robin" not in path.read_bytes()
    with pytest.raises(BadBackup, match="does not open"):
        backup_files.source(path, passphrase="another")
    if seal == "passphrase":
        restore(instance, path, passphrase="a long one")
    else:
        restore(instance, path, identity=str(identity))
    assert rows(instance.stores) == before
    with pytest.raises(BadBackup, match="age public key"):
        backup_files.write(instance.stores.main.engine, tmp_path / "b.backup", recipient="age1nobody", now=clock.now())


BREAKS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "cut": lambda lines: lines[:-1],
    "cut in a line": lambda lines: [*lines[:-2], lines[-2][:5]],
    "a row gone": lambda lines: [*lines[:8], *lines[9:]],
    "a row changed": lambda lines: [*lines[:2], lines[2].replace(b"robin", b"wrens"), *lines[3:]],
    "more after the end": lambda lines: [*lines, lines[-2]],
    "another file": lambda _lines: [b"{}\n"],
    "nothing": lambda _lines: [],
    "not json": lambda lines: [lines[0], b"[[[\n"],
    "another format": lambda lines: [lines[0].replace(b'"version":1', b'"version":2'), *lines[1:]],
    "a row before its table": lambda lines: [lines[0], lines[2], *lines[1:]],
    "no base64": lambda lines: [line.replace(b'{"b":"', b'{"b":"!') for line in lines],
}


def test_a_broken_backup_changes_nothing(instance: Instance, robin: Populated, tmp_path: Path) -> None:
    """Whatever is wrong with the file is found before the first statement."""
    lines = backup(instance, tmp_path / "a.backup").read_bytes().splitlines(keepends=True)
    before = rows(instance.stores)
    for name, broken in BREAKS.items():
        path = tmp_path / "broken.backup"
        path.write_bytes(b"".join(broken(lines)))
        with pytest.raises(BadBackup):
            restore(instance, path)
        assert rows(instance.stores) == before, name


def test_a_newer_backup_is_refused(instance: Instance, robin: Populated, tmp_path: Path) -> None:
    """This version does not guess what a schema of the future means."""
    with instance.stores.main.writing() as db:
        db.connection().execute(text("UPDATE alembic_version SET version_num = 'main_9999'"))
    path = backup(instance, tmp_path / "a.backup")
    with pytest.raises(NewerSchema, match="main_9999"):
        restore(instance, path)


def test_a_backup_of_one_database_restores_into_the_other(instance: Instance, robin: Populated, elsewhere: Stores, tmp_path: Path) -> None:
    """The file knows no database."""
    path, before = backup(instance, tmp_path / "a.backup"), rows(instance.stores)
    restoring.restore(elsewhere, instance.app.state.instance, backup_files.source(path), replace=False, now=clock.now())
    assert rows(elsewhere) == before


def test_a_migration_takes_a_backup_first(instance: Instance, robin: Populated, tmp_path: Path) -> None:
    """When there is something in the database, and before anything is changed."""
    said: list[str] = []
    migrations._keep(instance.settings.data_dir, instance.stores.main.engine, "main_0000", said.append)
    (path,) = instance.settings.data_dir.glob("before-main_0000-*.backup")
    assert path.stat().st_mode & 0o777 == 0o600 and str(path) in said[0]
    restore(instance, path)


def test_the_drill_of_the_readme(instance: Instance, robin: Populated, tmp_path: Path) -> None:
    """Word for word, against a running instance."""
    (drill,) = re.findall(r"```sh\n(\( set -e.*?drill \))\n```", README, re.DOTALL)
    shim = tmp_path / "bin" / "bothways"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m app.cli "$@"\n')
    shim.chmod(0o755)
    settings = instance.settings
    given = {"BOTHWAYS_DATA_DIR": str(settings.data_dir), "BOTHWAYS_STATE_DIR": str(settings.state_dir), "BOTHWAYS_KDF": "floor"}
    if settings.database_url and settings.state_database_url:
        given |= {
            "BOTHWAYS_DATABASE_URL": settings.database_url.get_secret_value(),
            "BOTHWAYS_STATE_DATABASE_URL": settings.state_database_url.get_secret_value(),
        }
    environment = {**os.environ, **given, "PATH": f"{shim.parent}:{os.environ['PATH']}", "PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run(["sh", "-euc", drill], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "restored\n" in ran.stdout and "ledger of robin: holds" in ran.stdout and "WRONG" not in ran.stdout
    assert not (tmp_path / "drill").exists()
