"""The container of an export: a ZIP file with one possible form, and a reader that takes no other.

Written: names in order, every time 1980-01-01, no comments, no extra fields. Read: what the central directory lists, what
the local headers say and what the file holds must be one and the same, byte after byte, and nothing may lie between.
"""

import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Container, Iterable
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from vault.errors import BadArchive

ENTRIES = 10_000
WHOLE = 256 * 1024 * 1024
"""Bytes of all entries together, unpacked. An archive is written and read in memory."""
FILE = WHOLE + 8 * 1024 * 1024
"""Bytes of the file: what ZIP and age put around a full archive is less."""
RATIO = 100
"""No entry unpacks to more than this many times its size in the archive; what would is stored as it is."""
NAME = re.compile(r"[a-z0-9]+(?:[._/-][a-z0-9]+){0,8}")

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_END_BYTES = 22
_MODE = 0o600 << 16
_LEVEL = 6


def pack(entries: Iterable[tuple[str, bytes]], *, stored: Container[str] = ()) -> bytes:
    """The archive of these entries, which come in the order of their names and are taken one at a time.

    The same entries give the same bytes (with the same zlib). Those named in `stored` are not deflated.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", allowZip64=False) as out:
        for name, data in entries:
            entry = _entry(name, b"" if name in stored else data)
            out.writestr(entry, data, compresslevel=_LEVEL)
    return made.getvalue()


def unpack(data: bytes, allowed: Iterable[re.Pattern[str]]) -> dict[str, bytes]:
    """Every entry of an archive, each name of one of the `allowed` forms. Raises BadArchive, which names the entry."""
    try:
        listed = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, UnicodeDecodeError):  # or a ZIP version unknown to zipfile
        raise BadArchive("no-archive") from None
    _check_whole(listed)
    forms, at = tuple(allowed), 0
    found: dict[str, bytes] = {}
    for entry in listed:
        _check_entry(entry, forms)
        found[entry.filename], at = _read(data, entry, at)
    _check_end(data, listed, at)
    return found


def _entry(name: str, data: bytes) -> ZipInfo:
    made = ZipInfo(name, _EPOCH)
    made.create_system, made.external_attr = 3, _MODE
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    size = len(packer.compress(data)) + len(packer.flush())
    made.compress_type = ZIP_DEFLATED if size < len(data) <= RATIO * size else ZIP_STORED
    return made


def _check_whole(listed: list[ZipInfo]) -> None:
    if len(listed) > ENTRIES:
        raise BadArchive("too-many-entries")
    if sum(entry.file_size for entry in listed) > WHOLE:
        raise BadArchive("too-large")
    names = [entry.filename for entry in listed]
    if len(set(names)) != len(names):
        raise BadArchive("twice", Counter(names).most_common(1)[0][0])
    if names != sorted(names):
        raise BadArchive("order")


def _check_entry(entry: ZipInfo, forms: tuple[re.Pattern[str], ...]) -> None:
    name = entry.filename
    # `orig_filename` is the name before zipfile cut it at a NUL or turned a backslash around.
    if name != entry.orig_filename or not NAME.fullmatch(name) or not any(form.fullmatch(name) for form in forms):
        raise BadArchive("unknown-entry", name)
    if entry.flag_bits & 0x1:
        raise BadArchive("encrypted", name)
    plain = (entry.flag_bits, entry.date_time, entry.comment, entry.extra, entry.volume, entry.internal_attr, entry.external_attr)
    if plain != (0, _EPOCH, b"", b"", 0, 0, _MODE):
        raise BadArchive("odd-entry", name)
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise BadArchive("odd-entry", name)
    if entry.file_size > RATIO * entry.compress_size:
        raise BadArchive("bomb", name)


def _read(data: bytes, entry: ZipInfo, at: int) -> tuple[bytes, int]:
    """An entry that begins exactly at `at`, and where the next must begin."""
    name = entry.filename.encode()
    wanted = (b"PK\3\4", entry.extract_version, 0, entry.compress_type, 0, 0x21, entry.CRC, entry.compress_size, entry.file_size)
    header = data[at : at + _LOCAL.size]
    start = at + _LOCAL.size + len(name)
    if len(header) != _LOCAL.size or entry.header_offset != at or data[start - len(name) : start] != name:
        raise BadArchive("odd-entry", entry.filename)
    if _LOCAL.unpack(header) != (*wanted, len(name), 0):
        raise BadArchive("odd-entry", entry.filename)
    packed = data[start : start + entry.compress_size]
    plain = packed if entry.compress_type == ZIP_STORED else _inflate(packed, entry)
    if len(plain) != entry.file_size or zlib.crc32(plain) != entry.CRC:
        raise BadArchive("damaged", entry.filename)
    return plain, start + len(packed)


def _inflate(packed: bytes, entry: ZipInfo) -> bytes:
    unpacker = zlib.decompressobj(-15)
    try:
        # One byte more than was said is enough to see that it was wrong; a bomb does not get further.
        plain = unpacker.decompress(packed, entry.file_size + 1)
    except zlib.error:
        raise BadArchive("damaged", entry.filename) from None
    if not unpacker.eof or unpacker.unused_data:
        raise BadArchive("damaged", entry.filename)
    return plain


def _check_end(data: bytes, listed: list[ZipInfo], at: int) -> None:
    """The central directory follows the last entry, and the end of it is the end of the file."""
    directory = sum(46 + len(entry.filename) for entry in listed)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(listed), len(listed), directory, at, 0)
    if data[at + directory :] != end or len(end) != _END_BYTES:
        raise BadArchive("trailing-data")
