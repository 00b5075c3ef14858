"""Core statements for hot routes: compiled once for each kind of database, then run on the driver's own cursor.

The usual way through SQLAlchemy costs 45 microseconds a statement, the driver itself 10. A message takes seven statements.
What goes in and comes out is still translated by the columns' own types, and the transaction is still the Connection's.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, DateTime, Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

Row: TypeAlias = tuple[Any, ...]
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class _Compiled:
    """The text for one driver, what each parameter and each column of an answer passes through.

    `row` is the part of an INSERT that repeats with its rows, where the driver takes parameters by name.
    """

    text: str
    row: str | None
    places: tuple[tuple[str, Callable[[Any], Any] | None], ...] | None
    fixed: Values
    into: tuple[tuple[str, Callable[[Any], Any]], ...]
    out: tuple[tuple[int, Callable[[Any], Any]], ...]

    def given(self, values: Values) -> Sequence[Any] | Values:
        """Parameters as the driver takes them: by place where `places` says in which order, else by name."""
        if self.fixed:
            values = {**self.fixed, **values}
        if self.places is not None:
            return [
                values[name] if translate is None or values[name] is None else translate(values[name]) for name, translate in self.places
            ]
        return {**values, **{name: translate(values[name]) for name, translate in self.into if values[name] is not None}}

    def several(self, rows: Sequence[Any]) -> tuple[str, Values]:
        """The text of an INSERT of so many rows, and its parameters."""
        assert self.row is not None
        numbered = ", ".join(self.row.replace("%(", f"%(r{number}_") for number in range(len(rows)))
        return self.text.replace(self.row, numbered), {f"r{number}_{name}": row[name] for number, row in enumerate(rows) for name in row}

    def taken(self, rows: Iterable[Row]) -> list[Row]:
        """Rows as the columns' types have them."""
        if not self.out:
            return list(rows)
        found = []
        for row in rows:
            made = list(row)
            for index, translate in self.out:
                made[index] = translate(made[index])
            found.append(tuple(made))
        return found


class Statement:
    """One statement with named parameters, made when it is first needed."""

    def __init__(self, make: Callable[[], Executable]) -> None:
        self._make = make
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, db: Connection, values: Values) -> list[Row]:
        """Run it once; its rows."""
        compiled = self._for(db)
        return compiled.taken(_driver(db).execute(compiled.text, compiled.given(values)).fetchall())

    def rows_each(self, db: Connection, many: Sequence[Values]) -> list[list[Row]]:
        """Run it for each set of values; the rows of each. On PostgreSQL all of them go out before the first answer is awaited."""
        compiled, driver = self._for(db), _driver(db)
        if len(many) < 2 or db.dialect.name == "sqlite":
            return [compiled.taken(driver.execute(compiled.text, compiled.given(values)).fetchall()) for values in many]
        with driver.pipeline():
            cursors = [driver.execute(compiled.text, compiled.given(values)) for values in many]
            return [compiled.taken(cursor.fetchall()) for cursor in cursors]

    def run_each(self, db: Connection, many: Sequence[Values]) -> None:
        """Run it for each set of values, where no rows are wanted. Inside `together` the answers are not awaited.

        On PostgreSQL the rows of an INSERT go in by one statement.
        """
        compiled, driver = self._for(db), _driver(db)
        if len(many) == 1:
            driver.execute(compiled.text, compiled.given(many[0]))
        elif many and compiled.row is not None:
            driver.execute(*compiled.several([compiled.given(values) for values in many]))
        elif many:
            driver.cursor().executemany(compiled.text, [compiled.given(values) for values in many])

    def _for(self, db: Connection) -> _Compiled:
        name = db.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _compile(self._make(), db.dialect)
        return self._compiled[name]


class Lookup:
    """A SELECT whose last condition is a list of keys: `make` gets the parameters' names, one for each key."""

    SIZES = (1, 4, 16, 64)

    def __init__(self, make: Callable[[list[str]], Executable]) -> None:
        def sized(size: int) -> Statement:
            return Statement(lambda: make([f"key_{n}" for n in range(size)]))

        self._statements = {size: sized(size) for size in self.SIZES}

    def rows(self, db: Connection, keys: Sequence[Any]) -> list[Row]:
        """The rows of these keys, in the statement's order within each 64 keys."""
        return [row for statement, values in self._parts(keys) for row in statement.rows(db, values)]

    def run(self, db: Connection, keys: Sequence[Any]) -> None:
        """Run it where its rows are not wanted, only what it does: lock."""
        for statement, values in self._parts(keys):
            statement.run_each(db, [values])

    def _parts(self, keys: Sequence[Any]) -> Iterator[tuple[Statement, Values]]:
        if len(keys) == 1:
            yield self._statements[1], {"key_0": keys[0]}
            return
        for start in range(0, len(keys), self.SIZES[-1]):
            part = keys[start : start + self.SIZES[-1]]
            size = next(size for size in self.SIZES if size >= len(part))
            # A key that is there twice is found once: the list is filled up with its last.
            filled = [*part, *[part[-1]] * (size - len(part))]
            yield self._statements[size], {f"key_{n}": key for n, key in enumerate(filled)}


def together(db: Connection) -> AbstractContextManager[Any]:
    """A stretch of statements that PostgreSQL is sent without waiting for each answer; an error comes at its end, or with rows.

    Only for statements of this module: SQLAlchemy asks for counts at once, which are not there yet.
    """
    return nullcontext() if db.dialect.name == "sqlite" else _driver(db).pipeline()


def _driver(db: Connection) -> Any:
    return db.connection.dbapi_connection


def _into(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return _written if _is_text(type_, dialect) else type_.dialect_impl(dialect).bind_processor(dialect)


def _out(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return _read if _is_text(type_, dialect) else type_.dialect_impl(dialect).result_processor(dialect, None)


def _is_text(type_: TypeEngine[Any], dialect: Dialect) -> bool:
    """Whether this is an instant where it is kept as text: the columns' own type takes ten times as long to say the same."""
    return dialect.name == "sqlite" and isinstance(type_, TypeDecorator) and isinstance(type_.impl_instance, DateTime)


def _written(moment: datetime) -> str:
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat(" ", "microseconds")[:_NAIVE]


_NAIVE = len("2026-01-01 00:00:00.000000")


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")


# In `VALUES (%(a)s::VARCHAR, %(b)s)`: the parentheses, up to their end or what follows them.
_ROW = re.compile(r"\bVALUES (\(.*\))(?= ON CONFLICT|$)", re.DOTALL)


def _compile(statement: Executable, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every statement that is run has it
    assert isinstance(compiled, SQLCompiler)
    into = {name: _into(bind.type, dialect) for bind, name in compiled.bind_names.items()}
    places = tuple((name, into[name]) for name in compiled.positiontup) if compiled.positiontup is not None else None
    fixed = {name: bind.effective_value for bind, name in compiled.bind_names.items() if not bind.required and bind.value is not None}
    columns = getattr(statement, "selected_columns", ())
    out = [(index, _out(column.type, dialect)) for index, column in enumerate(columns)]
    text = str(compiled)
    row = _ROW.search(text) if places is None else None
    return _Compiled(
        text=text,
        row=row[1] if row else None,
        places=places,
        fixed=fixed,
        into=tuple((name, translate) for name, translate in into.items() if translate is not None),
        out=tuple((index, translate) for index, translate in out if translate is not None),
    )
