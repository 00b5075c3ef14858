"""One archive has one form; whatever is odd about it is refused, one fault at a time."""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archives import pack
from vault import archive
from vault.archive import unpack
from vault.errors import BadArchive

ALL = (re.compile(r".*", re.DOTALL),)
SOME = {"bothways.json": b"{}", "records/item.json": b'[{"id":"1"}]' * 50, "records/vendor.json": b"[]"}
NAMES = st.from_regex(archive.NAME, fullmatch=True)


@given(st.dictionaries(NAMES, st.binary(max_size=2000), max_size=6))
def test_what_is_packed_is_unpacked(entries: dict[str, bytes]) -> None:
    """The same entries, and the same bytes each time, in whatever order they were given."""
    packed = pack(entries)
    assert unpack(packed, ALL) == entries
    assert pack(dict(reversed(entries.items()))) == packed


def test_others_can_read_it() -> None:
    """It is a ZIP file like any other."""
    with zipfile.ZipFile(BytesIO(pack(SOME))) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == SOME


def test_our_own_archives_are_no_bombs() -> None:
    """What would unpack to more than a hundred times its size is stored as it is, so that nothing we write is refused."""
    dull = {"dull.json": b"a" * 1_000_000}
    assert unpack(pack(dull), ALL) == dull


def test_what_is_named_as_stored_is_stored() -> None:
    """Documents are packed as they are; the reader takes them either way."""
    plain = archive.pack(iter(sorted(SOME.items())), stored={"records/item.json"})
    with zipfile.ZipFile(BytesIO(plain)) as read:
        kinds = {entry.filename: entry.compress_type for entry in read.infolist()}
    assert kinds["records/item.json"] == zipfile.ZIP_STORED and plain != pack(SOME)
    assert unpack(plain, ALL) == unpack(pack(SOME), ALL) == SOME


def rewritten(change: Callable[[zipfile.ZipInfo], None] = lambda _entry: None, entries: dict[str, bytes] | None = None) -> bytes:
    """The archive as another program would write it, every entry changed."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, data in sorted((entries or SOME).items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            change(entry)
            out.writestr(entry, data)
    return made.getvalue()


def twice() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as out, pytest.warns(UserWarning, match="Duplicate"):
        for _ in range(2):
            out.writestr("bothways.json", b"{}")
    return made.getvalue()


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new) and old in data
    return data.replace(old, new)


def in_directory(offset: int, value: bytes, data: bytes | None = None) -> bytes:
    """A field of the first entry of the central directory changed."""
    whole = bytearray(data or pack(SOME))
    at = whole.index(b"PK\1\2") + offset
    whole[at : at + len(value)] = value
    return bytes(whole)


def in_both(offset: int, value: bytes, data: bytes | None = None) -> bytes:
    """The same field in the local header too, which begins two bytes later in the directory."""
    whole = bytearray(in_directory(offset + 2, value, data))
    whole[offset : offset + len(value)] = value
    return bytes(whole)


def bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(10_000_000)) + packer.flush()
    plain = pack({"bothways.json": b"x" * len(packed)})
    start = plain.index(b"x" * len(packed))
    whole = bytearray(plain[:start] + packed + plain[start + len(packed) :])
    sizes = struct.pack("<III", zlib.crc32(bytes(10_000_000)), len(packed), 10_000_000)
    for at in (14, whole.index(b"PK\1\2") + 16):
        whole[at : at + 12] = sizes
    for at in (8, whole.index(b"PK\1\2") + 10):
        whole[at : at + 2] = b"\x08\0"
    return bytes(whole)


PACKED = pack(SOME)
FAULTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no-archive"),
    "text": (b"hello", "no-archive"),
    "cut": (PACKED[:-30], "no-archive"),
    "another end": (PACKED + PACKED, "odd-entry"),
    "before": (b"#!/bin/sh\n" + PACKED, "odd-entry"),
    "after": (PACKED + b"more", "trailing-data"),
    "comment": (PACKED[:-2] + b"\x04\0more", "trailing-data"),
    "between": (PACKED[: PACKED.index(b"PK\1\2")] + b"gap" + PACKED[PACKED.index(b"PK\1\2") :], "odd-entry"),
    "twice": (twice(), "twice"),
    "out of order": (patched(PACKED, b"records/item.json", b"a_cords/item.json"), "order"),
    "climbing": (patched(PACKED, b"bothways.json", b"../hways.json"), "unknown-entry"),
    "absolute": (patched(PACKED, b"bothways.json", b"/othways.json"), "unknown-entry"),
    "backslash": (patched(PACKED, b"bothways.json", b"b\\thways.json"), "unknown-entry"),
    "nul": (patched(PACKED, b"bothways.json", b"both\0ays.json"), "unknown-entry"),
    "capitals": (patched(PACKED, b"bothways.json", b"Bothways.json"), "unknown-entry"),
    "a folder": (rewritten(entries={"a/": b""}), "unknown-entry"),
    "encrypted": (in_both(6, b"\x01\0"), "encrypted"),
    "sizes later": (in_both(6, b"\x08\0"), "odd-entry"),
    "utf-8 flag": (in_both(6, b"\0\x08"), "odd-entry"),
    "another time": (rewritten(lambda entry: setattr(entry, "date_time", (2026, 1, 1, 0, 0, 0))), "odd-entry"),
    "a link": (rewritten(lambda entry: setattr(entry, "external_attr", 0o120777 << 16)), "odd-entry"),
    "an entry's comment": (rewritten(lambda entry: setattr(entry, "comment", b"more")), "odd-entry"),
    "an extra field": (rewritten(lambda entry: setattr(entry, "extra", b"\x99\x99\x04\0more")), "odd-entry"),
    "bzip2": (rewritten(lambda entry: setattr(entry, "compress_type", zipfile.ZIP_BZIP2)), "odd-entry"),
    "another name inside": (PACKED.replace(b"bothways.json", b"bothwayz.json", 1), "odd-entry"),
    "another size inside": (PACKED[:22] + b"\x09" + PACKED[23:], "odd-entry"),
    "another crc": (in_both(14, b"\1\2\3\4"), "damaged"),
    "stored, other bytes": (patched(PACKED, b"{}", b"[]"), "damaged"),
    "deflated, no stream": (in_both(8, b"\x08\0"), "damaged"),
    "deflated, no such block": (in_both(8, b"\x08\0", pack({"bothways.json": b"\xff\xff"})), "damaged"),
    "bomb": (bomb(), "bomb"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_odd_is_refused(name: str) -> None:
    """Each with its own reason."""
    data, reason = FAULTS[name]
    with pytest.raises(BadArchive) as refused:
        unpack(data, ALL)
    assert refused.value.reason == reason


def test_a_bomb_that_lies_about_its_size_gets_no_further() -> None:
    """The stream is read as far as was said, and one byte more."""
    whole = bytearray(bomb())
    for at in (22, whole.index(b"PK\1\2") + 24):
        whole[at : at + 4] = struct.pack("<I", 1000)
    with pytest.raises(BadArchive, match="damaged"):
        unpack(bytes(whole), ALL)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stated limit holds at its edge."""
    monkeypatch.setattr(archive, "ENTRIES", 3)
    assert unpack(PACKED, ALL) == SOME
    monkeypatch.setattr(archive, "ENTRIES", 2)
    with pytest.raises(BadArchive, match="too-many-entries"):
        unpack(PACKED, ALL)
    monkeypatch.undo()
    monkeypatch.setattr(archive, "WHOLE", size := sum(map(len, SOME.values())))
    assert unpack(PACKED, ALL) == SOME
    monkeypatch.setattr(archive, "WHOLE", size - 1)
    with pytest.raises(BadArchive, match="too-large"):
        unpack(PACKED, ALL)


def test_only_names_that_are_allowed() -> None:
    with pytest.raises(BadArchive, match=r"unknown-entry: records/item.json"):
        unpack(PACKED, (re.compile("bothways.json"),))
