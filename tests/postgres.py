"""A throw-away PostgreSQL cluster: made in a fresh folder, reached through a socket in it, gone with whoever asked for it.

A keeper process of its own owns the cluster and lives as long as its standard input stays open. A test run that is killed
closes that pipe like one that ends, so nothing is left running and no folder stays behind.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

START_SECONDS = 60
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


ALONE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
# With the role of a replica no foreign key asks in which order rows go.
EMPTY = """
DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
END $$
"""
SHAPE = """
SELECT relation.relname::text, attribute.attname::text, attribute.atttypid::text
FROM pg_class AS relation JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid
WHERE relation.relnamespace = 'public'::regnamespace AND attribute.attnum > 0
UNION ALL SELECT 'version', version_num, '' FROM alembic_version ORDER BY 1, 2, 3
"""


class PostgresMissing(Exception):
    """No PostgreSQL server programs are installed."""


def programs() -> Path:
    """Folder of `initdb` and `postgres`, the newest version first.

    Raises PostgresMissing with what to install.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise PostgresMissing("PostgreSQL is not installed: `apt-get install postgresql`, or run `make test`, which does so")


@dataclass(frozen=True)
class Cluster:
    """A running cluster; `folder` holds its socket."""

    folder: Path

    def url(self, name: str) -> str:
        """Address of one of its databases, as a setting takes it."""
        return f"postgresql://{_user()}@/{name}?host={self.folder}"

    def create(self, name: str, *, template: str = "template0") -> str:
        """Make a database, by default an empty one; answers its address."""
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def empty(self, name: str, *, like: str) -> bool:
        """Delete every row of a database that nobody uses any more; whether it now has the tables and the schema's number of `like`.

        A copy costs two checkpoints and a second; emptying one that was used costs a twentieth of that.
        """
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [name]
            )
            connection.execute(EMPTY)
            return self._shape(connection) == self.shape(like)

    def shape(self, name: str) -> tuple[Any, ...]:
        """Tables, columns and indexes of a database, and the number of its schema."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            return self._shape(connection)

    @staticmethod
    def _shape(connection: psycopg.Connection[Any]) -> tuple[Any, ...]:
        return tuple(connection.execute(SHAPE).fetchall())

    def dump(self, name: str) -> bytes:
        """What `pg_dump` writes of a database, all of it."""
        return subprocess.run([programs() / "pg_dump", "--dbname", self.url(name)], check=True, capture_output=True).stdout

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A cluster for the length of the block. `durable` keeps fsync on, for tests that cut the power."""
    programs()
    command = [sys.executable, "-m", "tests.postgres", *(["durable"] if durable else [])]
    # A session of its own: Ctrl-C in the terminal reaches the test run, which then closes the pipe in order.
    keeper = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True, cwd=Path(__file__).parents[1]
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        folder = keeper.stdout.readline().strip()
        if not folder:
            raise RuntimeError(f"PostgreSQL did not start; its keeper ended with {keeper.wait()}, see above")
        yield Cluster(Path(folder))
    finally:
        keeper.stdin.close()
        keeper.wait(timeout=START_SECONDS)
        keeper.stdout.close()


def keep(*, durable: bool) -> None:
    """Run a cluster until standard input ends. Prints the folder once the cluster answers."""
    folder = Path(tempfile.mkdtemp(prefix="bothways-pg-"))
    server: subprocess.Popen[bytes] | None = None
    try:
        server = _start(folder, durable=durable)
        print(folder, flush=True)
        sys.stdin.read()
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=START_SECONDS)
        shutil.rmtree(folder)


def _start(folder: Path, *, durable: bool) -> "subprocess.Popen[bytes]":
    bin_folder, as_user = programs(), _switch()
    if as_user:
        shutil.chown(folder, _user(), _user())
    data = folder / "data"
    initdb: list[str | Path] = [
        bin_folder / "initdb",
        "--pgdata",
        data,
        "--username",
        _user(),
        "--auth",
        "trust",
        "--encoding",
        "UTF8",
        "--locale",
        "C",
        "--no-sync",
    ]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/", **as_user)
    options = {"listen_addresses": "", "unix_socket_directories": str(folder), "max_connections": "300"} | ({} if durable else QUICK)
    arguments: list[str | Path] = [bin_folder / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **as_user)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(Cluster(folder).url("postgres")).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                print((folder / "log").read_text(errors="replace"), file=sys.stderr)
                raise
            time.sleep(0.05)
        else:
            return server


def _switch() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; Debian's package made a user for it."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _user() -> str:
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


if __name__ == "__main__":
    keep(durable="durable" in sys.argv)
