"""A company's answer to "what do you hold on me?", as a file: JSON of any shape, or a table. Read into columns, whose meaning the owner
says; then into what a mirror shows.

A file has no vocabulary of its own: a column is a fact about the owner, a group, a figure, or one of the columns of a list of
facts (name, value, source ...). JSON is laid out as a table first: every path is a column, every element of a list a row.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
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
    _bounded(len(names), len(rows))
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
    for number, row in enumerate(sheet.rows, 2):
        with fitting(line=number):
            for name, meaning, cell in zip(sheet.names, meanings, row, strict=True):
                if not cell or not meaning or meaning in LISTED:
                    continue
                if meaning == "segment":
                    segments[_short(cell)] = None
                elif meaning == "score":
                    scores[_called(name), cell] = {"name": _called(name), "value": cell}
                else:
                    fields[_called(name), cell] = _fact(name, meaning, cell)
            for head, said in _lists(sheet.names, meanings, row):
                if _is_score(head):
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
    return {"name": _called(name), "value": cell, "basis": basis, "term": meaning if meaning in TERMS else ""}


def _lists(names: Sequence[str], meanings: Sequence[str], row: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Facts whose name and value stand in columns of their own, by the head of these columns."""
    by: dict[str, dict[str, str]] = {}
    for name, meaning, cell in zip(names, meanings, row, strict=True):
        if meaning in LISTED and cell:
            by.setdefault(_head(name), {}).setdefault(meaning, cell)
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


def _bounded(columns: int, rows: int) -> None:
    if columns > COLUMNS:
        raise ImportRefused("csv_columns", line=1, what=str(columns))
    if rows > ROWS:
        raise ImportRefused("too_many", what=str(ROWS))


def _table(data: bytes) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    table = tables.read(data)
    return tuple(name or f"#{place}" for place, name in enumerate(table.names, 1)), table.rows


def _json(data: bytes) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    try:
        whole = json.loads(utf8(data))
        rows = list(_rows(whole, "", 0))
    except (ValueError, RecursionError) as bad:
        raise ImportRefused("json", line=getattr(bad, "lineno", 1)) from None
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise ImportRefused("empty")
    _bounded(len(names), len(rows))
    return tuple(name[-200:] for name in names), tuple(tuple(row.get(name, "") for name in names) for row in rows)


def _rows(value: object, path: str, depth: int) -> Iterator[dict[str, str]]:
    """The leaves of one value, a row for what stands together and one for each element of each list in it."""
    if depth > DEPTH:
        raise ValueError(path)
    own: dict[str, str] = {}
    lists: list[tuple[str, list[object]]] = []
    _gather(value, path, own, lists, depth)
    if own:
        yield own
    for name, elements in lists:
        for element in elements:
            yield from _rows(element, f"{name}[]", depth + 1)


def _gather(value: object, path: str, own: dict[str, str], lists: list[tuple[str, list[object]]], depth: int) -> None:
    if depth > DEPTH:
        raise ValueError(path)
    if isinstance(value, dict):
        for key, inner in value.items():
            _gather(inner, f"{path}.{one_line(key)}".lstrip("."), own, lists, depth + 1)
    elif isinstance(value, list):
        lists.append((path, value))
    elif value is not None and value != "" and not tables.is_secret(path.rpartition(".")[2]):
        own[path or "value"] = clean(value)
