"""What an HTML mail says for machines: JSON-LD and microdata of schema.org (html.spec.whatwg.org/multipage/microdata.html, json-ld.org).

Both come out as the same things: `{"@type": "Order", "orderNumber": "1234", ...}`, values as text or as things inside.
The scanner below passes once over the text; the parser of the standard library takes time by the square of what a
hostile mail leaves open.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.exchange.importers.reading import one_line

Thing = dict[str, Any]

THINGS = 60
"""Things of one mail that are taken."""
DEPTH = 12
"""Things inside things, and elements whose text is being gathered."""
VALUES = 40
"""Values of one property."""
PROPERTIES = 80
TEXT = 2_000
"""Longest value, in characters; a longer one is cut, for what is kept of it is a title or a number."""
OPEN = 300
"""Elements that are open at once; what lies deeper belongs to the last of them."""

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,30})((?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>")
_ATTRIBUTE = re.compile(r"([^\s=>\"'/]{1,60})(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_LINKS = {"a": "href", "link": "href", "area": "href", "img": "src"}


class Tag(NamedTuple):
    """A tag, or the text before the next one (`name` is empty then)."""

    name: str
    attributes: dict[str, str]
    closing: bool
    text: str


def read(document: str) -> tuple[list[Thing], int]:
    """Every thing of a document, JSON-LD first as it stands; and how many scripts could not be read. Never raises."""
    if not document:
        return [], 0
    things: list[Thing] = []
    broken = 0
    items = _Items()
    for tag in _tags(document):
        if tag.name == "script" and not tag.closing:
            if tag.attributes.get("type", "").strip().lower() == "application/ld+json":
                found = _json(tag.text)
                broken += found is None
                things += found or []
        else:
            items.take(tag)
    return (things + items.whole())[:THINGS], broken


def type_of(thing: Thing) -> str:
    """The type without its vocabulary: `http://schema.org/Order` is `Order`. Of several, the first."""
    kind = thing.get("@type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    return re.split(r"[/#:]", kind)[-1] if isinstance(kind, str) else ""


def text_of(value: object, depth: int = 0) -> str:
    """A value as one line of text: itself, or the name of the thing that it is; of several, the first that says something."""
    if depth > DEPTH:
        return ""
    if isinstance(value, list):
        return next((text for one in value[:VALUES] if (text := text_of(one, depth + 1))), "")
    if isinstance(value, dict):
        return next((text for key in ("name", "@value", "value") if (text := text_of(value.get(key), depth + 1))), "")
    return one_line(str(value)[:TEXT]) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def things_of(value: object) -> list[Thing]:
    """The things among the values of a property."""
    values = value if isinstance(value, list) else [value]
    return [one for one in values[:VALUES] if isinstance(one, dict)]


def _json(text: str) -> list[Thing] | None:
    try:
        # Mail programs wrap such scripts in comments, and old templates leave a comma at the end of a list.
        document = json.loads(text.strip().removeprefix("<!--").removesuffix("-->"), strict=False)
    except (ValueError, RecursionError):
        return None
    return list(_flattened(document, 0))[:THINGS]


def _flattened(value: object, depth: int) -> Iterator[Thing]:
    if depth > DEPTH:
        return
    if isinstance(value, list):
        for one in value[:THINGS]:
            yield from _flattened(one, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value
        yield from _flattened(value.get("@graph"), depth + 1)


def _tags(document: str) -> Iterator[Tag]:
    place, end = 0, len(document)
    while place < end:
        start = document.find("<", place)
        if start < 0:
            break
        if start > place:
            yield Tag("", {}, closing=False, text=document[place:start])
        if document.startswith("<!--", start):
            closed = document.find("-->", start)
            place = closed + 3 if closed >= 0 else end
            continue
        found = _TAG.match(document, start)
        if found is None:
            place = start + 1
            continue
        name, place, text = found[2].lower(), found.end(), ""
        if name in {"script", "style"} and not found[1]:
            closed_at = _SCRIPT_END.search(document, place) if name == "script" else None
            until = closed_at.start() if closed_at else document.find("</", place)
            until = until if until >= 0 else end
            text, place = document[place:until], until
        yield Tag(name, _attributes(found[3]), closing=bool(found[1]), text=text)


def _attributes(written: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(written):
        value = found[2] or ""
        value = value[1:-1] if value[:1] in {'"', "'"} else value
        given.setdefault(found[1].lower(), html.unescape(value))
    return given


@dataclass
class _Element:
    """An open element: the thing that it is, and the property whose text is being gathered in it."""

    name: str
    thing: Thing | None = None
    owner: Thing | None = None
    prop: str = ""
    text: list[str] = field(default_factory=list)


class _Items:
    """Microdata: items, their properties, and items inside items."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._whole: list[Thing] = []

    def whole(self) -> list[Thing]:
        """Every item that stands by itself and has a type."""
        while self._open:
            self._close(self._open.pop())
        return [thing for thing in self._whole if type_of(thing)]

    def take(self, tag: Tag) -> None:
        """The next tag or text."""
        if not tag.name:
            for element in reversed(self._open):
                if element.prop and len(element.text) < VALUES:
                    element.text.append(tag.text[:TEXT])
                    break
        elif tag.closing:
            self._end(tag.name)
        else:
            self._start(tag)

    def _start(self, tag: Tag) -> None:
        attributes = tag.attributes
        within = next((element.thing for element in reversed(self._open) if element.thing is not None), None)
        thing: Thing | None = None
        props = attributes.get("itemprop", "").split()[:3]
        if "itemscope" in attributes:
            thing = {"@type": (attributes.get("itemtype", "").split() or [""])[0][:TEXT]}
            if not props:
                if len(self._whole) < THINGS:
                    self._whole.append(thing)
            elif within is not None:
                for prop in props:
                    _put(within, prop, thing)
        element = _Element(tag.name, thing=thing)
        if props and thing is None and within is not None:
            value = _value(tag)
            if value is None:
                element.owner, element.prop = within, props[0]
            else:
                for prop in props:
                    _put(within, prop, value)
        if tag.name not in _VOID and len(self._open) < OPEN:
            self._open.append(element)

    def _end(self, name: str) -> None:
        if not any(element.name == name for element in self._open):
            return
        while True:
            element = self._open.pop()
            self._close(element)
            if element.name == name:
                return

    def _close(self, element: _Element) -> None:
        if element.owner is not None:
            _put(element.owner, element.prop, html.unescape(" ".join("".join(element.text).split()))[:TEXT])


def _value(tag: Tag) -> str | None:
    """The value that the tag itself carries; None when it is the text inside."""
    given = tag.attributes
    if "content" in given:
        return given["content"][:TEXT]
    if tag.name in _LINKS:
        return given.get(_LINKS[tag.name], "")[:TEXT]
    if tag.name == "time" and "datetime" in given:
        return given["datetime"][:TEXT]
    return None


def _put(thing: Thing, prop: str, value: object) -> None:
    if prop not in thing:
        if len(thing) < PROPERTIES:
            thing[prop[:60]] = value
    elif isinstance(thing[prop], list):
        if len(thing[prop]) < VALUES:
            thing[prop].append(value)
    else:
        thing[prop] = [thing[prop], value]
