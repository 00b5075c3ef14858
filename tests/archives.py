"""Archives for tests: made of a mapping, and every file of one."""

from collections.abc import Mapping

from vault import archive


def pack(entries: Mapping[str, bytes]) -> bytes:
    """The archive of these entries, whatever their order."""
    return archive.pack(sorted(entries.items()))


def unpack(data: bytes) -> dict[str, bytes]:
    """Every entry, whatever its name."""
    return archive.unpack(data, (archive.NAME,))
