"""The words of the pages are collected, so that they can be said in another language."""

from pathlib import Path
from typing import cast

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

APP = Path(__file__).parents[1] / "app"


def in_the_source() -> set[object]:
    with (APP / "babel.cfg").open(encoding="utf-8") as config:
        methods, options = parse_mapping_cfg(config)  # type: ignore[no-untyped-call]  # Babel ships half its types
    found = extract_from_dir(APP, methods, options, keywords={**DEFAULT_KEYWORDS, "lazy": None})
    return {_key(message) for _file, _line, message, _comments, _context in found}


def test_the_template_is_current() -> None:
    """What the source says is what `make strings` last wrote: nothing missing, nothing left over."""
    with (APP / "locale" / "bothways.pot").open(encoding="utf-8") as file:
        collected = {_key(message.id) for message in read_po(file) if message.id}
    source = in_the_source()
    assert source - collected == set(), "run `make strings`"
    assert collected - source == set(), "run `make strings`"


def _key(message: object) -> object:
    return tuple(cast("list[str]", message)) if isinstance(message, list | tuple) else message
