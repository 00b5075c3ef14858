"""What of each kind of record can be found, and by which words. Pure.

`SEARCHED` says for each kind what its title is, what else it says, when it was, and whether its digest tells all of that or
the record has to be read. Values are a record's fields, or its digest's, as JSON; a record of an older version lacks some.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from html import unescape
from typing import Any

from app.relationships.search import Line
from app.relationships.shelves import microseconds
from consent import vocabulary
from vault.records import (
    DIGEST_TEXT,
    AddressRecord,
    Commitment,
    Elsewhere,
    Fields,
    Held,
    Incident,
    Interaction,
    Item,
    Job,
    LetterRecord,
    MessageRecord,
    Policy,
    Prices,
    Vendor,
)
from vault.segments import Digest

Values = Mapping[str, Any]

_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Searched:
    """A kind of record. `title` and `body` are made of its fields, `when` is the field that says when it was, if one does.

    `clipped` says whether a digest leaves out something that could be looked for: then the record is read.
    """

    model: type[Fields]
    title: Callable[[Values], str]
    body: Callable[[Values], str]
    when: str = ""
    clipped: Callable[[Values], bool] = lambda _values: True

    def line(self, record_id: str, values: Values, updated_at: datetime) -> Line:
        """What is found of one record."""
        at = _at(values.get(self.when)) or updated_at
        return Line(record_id, microseconds(at), self.title(values), self.body(values))

    def to_read(self, digests: Iterable[Digest]) -> list[str]:
        """The records whose digests do not say all."""
        return [digest.record_id for digest in digests if self.clipped(digest.values)]


def texts(value: object) -> Iterator[str]:
    """Every text inside a value, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts(part)


def _fields(*names: str) -> Callable[[Values], str]:
    return lambda values: " · ".join(text for name in names for text in texts(values.get(name)) if text)


def _full(*names: str) -> Callable[[Values], bool]:
    return lambda values: any(len(str(values.get(name) or "")) >= DIGEST_TEXT for name in names)


def _vendor(values: Values) -> str:
    contacts = [contact[part] for contact in values.get("contacts") or () for part in ("label", "value")]
    free = [field[part] for field in values.get("fields") or () for part in ("name", "value")]
    known = _fields("domains", "job", "tags", "customer_numbers", "owned_by", "privacy", "substitutes", "notes")
    return " · ".join(filter(None, (known(values), *contacts, *free)))


def _item(values: Values) -> str:
    label = vocabulary.data_label(str(values["term"]))
    return f"{label}: {values['label']}" if values.get("label") else label


def _message(values: Values) -> str:
    body = str(values.get("body") or "")
    # Only for looking: what is shown of it goes through what shows vendors' words.
    return unescape(_TAG.sub(" ", body)) if values.get("format") == "html" else body


def _commitment(values: Values) -> str:
    notes = [event.get("note") or "" for event in values.get("events") or ()]
    remedy = (values.get("remedy") or {}).get("note") or ""
    return " · ".join(filter(None, (values.get("metric"), remedy, *notes)))


def _letter(values: Values) -> str:
    replies = [reply[part] for reply in values.get("replies") or () for part in ("title", "body")]
    return " · ".join(filter(None, (values.get("to"), values.get("body"), *replies)))


def _job(values: Values) -> str:
    said = [step.get(part) or "" for step in values.get("steps") or () for part in ("name", "note")]
    return " · ".join(filter(None, (*(values.get("outcomes") or ()), values.get("note"), *said)))


def _elsewhere(values: Values) -> str:
    notes = [step.get("note") or "" for step in values.get("steps") or ()]
    return " · ".join(filter(None, (_fields("data", "place", "wording", "note")(values), *notes)))


def _held(values: Values) -> str:
    things = [thing[part] for name in ("fields", "scores") for thing in values.get(name) or () for part in ("name", "value")]
    return " · ".join([*things, *(values.get("segments") or ())])


SEARCHED: Mapping[str, Searched] = {
    "vendor": Searched(Vendor, _fields("name"), _vendor),
    "commitment": Searched(Commitment, _fields("promise"), _commitment),
    "message": Searched(MessageRecord, _fields("title"), _message, "received_at"),
    "letter": Searched(LetterRecord, _fields("subject"), _letter, "written_at"),
    "elsewhere": Searched(Elsewhere, _fields("what"), _elsewhere, "recorded_at"),
    "interaction": Searched(Interaction, _fields("title"), _fields("note"), "happened_at", _full("note")),
    "job": Searched(Job, _fields("title"), _job),
    "item": Searched(Item, _item, _fields("value", "note"), "", _full("value", "note")),
    "held": Searched(Held, _fields("segments"), _held, "received_at"),
    "incident": Searched(Incident, _fields("title"), _fields("note", "source"), "happened_on", _full("note", "source")),
    "prices": Searched(Prices, _fields("what"), _fields("source"), "seen_on", _full("source")),
    "policy": Searched(Policy, _fields("title"), _fields("url", "text"), "seen_on"),
    "address": Searched(AddressRecord, _fields("label"), lambda _values: "", "created_at", lambda _values: False),
}


def _at(value: object) -> datetime | None:
    if not value:
        return None
    text = str(value)
    return datetime.combine(date.fromisoformat(text), time(12), UTC) if len(text) == len("2026-11-21") else datetime.fromisoformat(text)
