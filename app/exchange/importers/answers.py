"""A company's answer to "what do you hold on me?", as a file: JSON of any shape, or a table. Read into columns, whose meaning the owner
says; then into what a mirror shows. A file may be made to cost: what comes of it is counted while it is read, and reading ends
with the first row, column or value too many.

A file has no vocabulary of its own: a column is a fact about the owner, a group, a figure, or one of the columns of a list of
facts (name, value, source ...). JSON is laid out as a table first: every path is a column, every element of a list a row.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from app.exchange.importers import tables
from app.exchange.importers.reading import ImportRefused, check_text, clean, fitting, one_line, utf8
from app.relationships import kinds
from vault.records import Held, HeldField, HeldScore, Sheet

LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a file. What somebody holds on one person is longer only where it is a log."""
ROWS, COLUMNS, DEPTH = 2000, 200, 40
FIELDS, GROUPS = 2000, 100
KEY, PATH = 200, 1000
"""Characters of one key, which is cut, and of all that lead to a value together."""
KEY_LOOKED_AT = 2000
"""Characters of a key in which a word for a secret is looked for."""
KEYS = 10 * COLUMNS
"""Most different keys, of which many may lead to nothing."""
LOOKED_AT = 500_000
"""Most values, empty ones and those that hold others among them."""

TERMS = ("pd:EmailAddress", "pd:TelephoneNumber", "pd:PhysicalAddress", "pd:Name", "pd:BirthDate", "pd:Identifier", "pd:Username")
"""Kinds of facts that can be chosen, because there is one right answer to them."""
LISTED = ("name", "value", "source", "basis", "collected")
"""What the columns of a list of facts are."""
MEANINGS = (*TERMS, "fact", "observed", "inferred", "bought", "segment", "score", *LISTED)

_SCORE = frozenset("score scores rating risk probability propensity likelihood clv ltv rank percentile churn".split())
_GROUP = frozenset("segment segments cluster audience audiences persona target_group cohort profile_type groups".split())
_LISTED: Mapping[str, str] = {
    "name": "name", "field": "name", "attribute": "name", "key": "name", "label": "name", "what": "name",
    "value": "value", "content": "value", "data": "value",
    "source": "source", "origin": "source", "obtained_from": "source", "meaning": "source",
    "basis": "basis", "how": "basis", "collected_at": "collected", "collected": "collected", "date": "collected", "since": "collected",
}  # fmt: skip
_BASIS: Mapping[str, tuple[str, ...]] = {
    "inferred": ("infer", "deriv", "calculat", "comput", "predict", "profil", "model"),
    "bought": ("bought", "third", "purchas", "broker", "partner", "provider"),
    "observed": ("observ", "track", "log", "usage", "device", "cookie"),
    "stated": ("stated", "provided", "customer", "you", "form", "contract"),
}


def read(data: bytes, file_name: str) -> Sheet:
    """A whole file as a sheet, its columns not yet named. Raises ImportRefused."""
    if len(data) > LIMIT:
        raise ImportRefused("too_large")
    text = check_text(data)
    names, rows = _json(text) if text.lstrip()[:1] in {b"{", b"["} else _table(data)
    with fitting():
        return Sheet(file_name=file_name[-200:], names=names, rows=rows)


def guess(names: Sequence[str]) -> tuple[str, ...]:
    """A meaning for each column by its name; what says nothing is a fact all the same."""
    lists = {_head(name) for name in names if _listed(name) == "value"} & {_head(name) for name in names if _listed(name) == "name"}
    return tuple(_guessed(name, in_list=_head(name) in lists) for name in names)


def understood(sheet: Sheet, meanings: Sequence[str], *, held: Held) -> Held:
    """The record with what its sheet says when the columns mean this. Raises ImportRefused `value_too_long` or `too_many`."""
    fields: dict[tuple[str, str], dict[str, Any]] = {}
    segments: dict[str, None] = {}
    scores: dict[tuple[str, str], dict[str, str]] = {}
    called = tuple(_called(name) for name in sheet.names)
    heads = tuple(_head(name) for name in sheet.names)
    of_scores = {head for head in heads if _is_score(head)}
    for number, row in enumerate(sheet.rows, 2):
        with fitting(line=number):
            for name, meaning, cell in zip(called, meanings, row, strict=True):
                if not cell or not meaning or meaning in LISTED:
                    continue
                if meaning == "segment":
                    segments[_short(cell)] = None
                elif meaning == "score":
                    scores[name, cell] = {"name": name, "value": cell}
                else:
                    fields[name, cell] = _fact(name, meaning, cell)
            for head, said in _lists(heads, meanings, row):
                if head in of_scores:
                    scores[said["name"], said["value"]] = {"name": said["name"], "value": said["value"], "meaning": said["source"]}
                else:
                    fields[said["name"], said["value"]] = said
        if len(fields) > FIELDS or len(segments) > GROUPS or len(scores) > GROUPS:
            raise ImportRefused("too_many", what=str(FIELDS if len(fields) > FIELDS else GROUPS))
    with fitting():
        found = {
            "fields": tuple(HeldField.model_validate(one) for one in fields.values()),
            "segments": tuple(segments),
            "scores": tuple(HeldScore.model_validate(one) for one in scores.values()),
            "sheet": sheet.model_copy(update={"meanings": tuple(meanings)}),
            "waiting": False,
        }
        return held.model_copy(update=found)


def _fact(name: str, meaning: str, cell: str) -> dict[str, Any]:
    basis = meaning if meaning in {"observed", "inferred", "bought"} else "unsaid"
    return {"name": name, "value": cell, "basis": basis, "term": meaning if meaning in TERMS else ""}


def _lists(heads: Sequence[str], meanings: Sequence[str], row: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Facts whose name and value stand in columns of their own, by the head of these columns."""
    by: dict[str, dict[str, str]] = {}
    for head, meaning, cell in zip(heads, meanings, row, strict=True):
        if meaning in LISTED and cell:
            by.setdefault(head, {}).setdefault(meaning, cell)
    for head, said in by.items():
        if "name" in said and "value" in said:
            collected = _moment(said.get("collected", ""))
            yield head, {
                "name": _short(said["name"]), "value": said["value"], "source": said.get("source", "")[:1000],
                "basis": _basis(said.get("basis", "")), "collected_at": collected,
            }  # fmt: skip


def _guessed(name: str, *, in_list: bool) -> str:
    if in_list and (listed := _listed(name)):
        return listed
    if tables.is_secret(name):
        return ""
    words = set(kinds.plain(name).split("_"))
    if words & _SCORE:
        return "score"
    if words & _GROUP:
        return "segment"
    term = kinds.of_name(name)
    return term if term in TERMS else "fact"


def _basis(words: str) -> str:
    plain = kinds.plain(words)
    return next((basis for basis, marks in _BASIS.items() if any(mark in plain for mark in marks)), "unsaid")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _listed(name: str) -> str:
    return _LISTED.get(kinds.plain(_called(name)), "")


def _head(name: str) -> str:
    return name.rpartition(".")[0]


def _is_score(head: str) -> bool:
    return bool(set(kinds.plain(head).split("_")) & _SCORE)


def _called(name: str) -> str:
    """The last part of a path, as a person would say it."""
    return _short(name.rpartition(".")[2].removesuffix("[]") or name)


def _short(text: str) -> str:
    plain = one_line(text)
    return plain if len(plain) <= 200 else plain[:199] + "…"


def _table(data: bytes) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    table = tables.read(data, most=ROWS)
    return tuple(name or f"#{place}" for place, name in enumerate(table.names, 1)), table.rows


def _json(data: bytes) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    layout = _Layout()
    try:
        for row in layout.laid_out(json.loads(utf8(data)), _ROOT):
            layout.keep(row)
    except (ValueError, RecursionError) as bad:
        raise ImportRefused("json", line=getattr(bad, "lineno", 1)) from None
    if not layout.columns:
        raise ImportRefused("empty")
    places = range(len(layout.columns))
    return tuple(name[-200:] for name in layout.columns), tuple(tuple(row.get(place, "") for place in places) for row in layout.rows)


@dataclass(frozen=True, slots=True)
class _Way:
    """How one came to a value: the keys, whether the last of them speaks of a secret, and how many there are."""

    path: str = ""
    secret: bool = False
    depth: int = 0


_ROOT = _Way()


class _Layout:
    """JSON laid out as a table: columns by their paths as they turn up, and rows of cells by the number of the column.

    A path is text only in `columns`; a copy of it in each row would make gigabytes of a small file.
    """

    def __init__(self) -> None:
        self.columns: dict[str, int] = {}
        self.rows: list[dict[int, str]] = []
        self._keys: dict[str, tuple[str, bool]] = {}
        self._cut: set[str] = set()
        self._seen = 0

    def keep(self, row: dict[int, str]) -> None:
        """Take a row, if there is room. Raises ImportRefused."""
        if len(self.rows) >= ROWS:
            raise ImportRefused("too_many", what=str(ROWS))
        self.rows.append(row)

    def laid_out(self, value: object, way: _Way) -> Iterator[dict[int, str]]:
        """The leaves of one value, a row for what stands together and one for each element of each list in it."""
        row: dict[int, str] = {}
        self._leaves(value, way, row)
        if row:
            yield row
        for to_list, elements in self._lists(value, way):
            path = f"{to_list.path}[]"
            for element in elements:
                yield from self.laid_out(element, _Way(path, to_list.secret, to_list.depth + isinstance(element, list)))

    def _leaves(self, value: object, way: _Way, row: dict[int, str]) -> None:
        self._look(way)
        if isinstance(value, dict):
            for inner, to_inner in self._within(value, way):
                if not isinstance(inner, list):
                    self._leaves(inner, to_inner, row)
        elif not isinstance(value, list) and value is not None and value != "" and not way.secret:
            row[self._column(way.path or "value")] = clean(value)

    def _lists(self, value: object, way: _Way) -> Iterator[tuple[_Way, list[object]]]:
        # Walked again, because a list of all of them with their paths would be as long as a hostile file likes.
        if isinstance(value, list):
            yield way, value
        elif isinstance(value, dict):
            for inner, to_inner in self._within(value, way):
                yield from self._lists(inner, to_inner)

    def _within(self, value: dict[str, object], way: _Way) -> Iterator[tuple[object, _Way]]:
        for key, inner in value.items():
            if inner is None or inner in ("", [], {}):
                continue
            name, secret = self._key(key)
            yield inner, _Way(f"{way.path}.{name}".lstrip("."), secret, way.depth + 1)

    def _look(self, way: _Way) -> None:
        self._seen += 1
        if self._seen > LOOKED_AT:
            raise ImportRefused("too_many", what=str(ROWS))
        if way.depth > DEPTH:
            raise ValueError(way.depth)
        if len(way.path) > PATH:
            raise ImportRefused("value_too_long", what=way.path[:40])

    def _column(self, path: str) -> int:
        if path not in self.columns and len(self.columns) >= COLUMNS:
            raise ImportRefused("csv_columns", line=1, what=str(COLUMNS))
        return self.columns.setdefault(path, len(self.columns))

    def _key(self, key: str) -> tuple[str, bool]:
        """A key as part of a path, and whether it speaks of a secret; looked at once, however often it stands there."""
        if key not in self._keys:
            if len(self._keys) >= KEYS:
                raise ImportRefused("csv_columns", line=1, what=str(COLUMNS))
            plain = one_line(key[:KEY_LOOKED_AT])
            self._keys[key] = self._short(plain), tables.is_secret(plain.rpartition(".")[2])
        return self._keys[key]

    def _short(self, plain: str) -> str:
        """A key that is not too long. Two that begin alike stay two, or one would take the other's place."""
        if len(plain) <= KEY:
            return plain
        short = plain[: KEY - 1] + "…"
        if short in self._cut:
            short = f"{plain[: KEY - 6]}…{len(self._keys)}"
        self._cut.add(short)
        return short
