"""What was found over a connection, for as long as nobody else has changed anything."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from sqlalchemy import Connection

from app.database import driver_of

MOST = 4096
"""How much is kept."""


class Unchanged:
    """Keeps what was found in SQLite until somebody else commits, in any process; where PostgreSQL has a part in it, nothing.

    Each connection is told of others' commits (https://sqlite.org/pragma.html#pragma_data_version), never of its own: whoever finds
    something here either writes nothing over these connections, or nothing that changes what is kept.
    """

    def __init__(self) -> None:
        self._as_of: tuple[int, ...] = ()
        self._kept: dict[Hashable, Any] = {}

    def get(self, connections: Iterable[Connection], keys: Iterable[Any], find: Callable[[list[Any]], dict[Any, Any]]) -> dict[Any, Any]:
        """What `find` has for each key, asked only for those that are not known as of now; what it leaves out is asked again.

        `connections` are what it reads from, always the same ones.
        """
        connections, keys = tuple(connections), list(keys)
        if any(one.dialect.name != "sqlite" for one in connections):
            return find(keys)
        as_of = tuple(int(driver_of(one).execute("PRAGMA data_version").fetchone()[0]) for one in connections)
        if as_of != self._as_of or len(self._kept) > MOST:
            self._as_of, self._kept = as_of, {}
        missing = [key for key in keys if key not in self._kept]
        if missing:
            self._kept.update(find(missing))
        return {key: self._kept[key] for key in keys if key in self._kept}
