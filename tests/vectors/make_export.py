"""Makes `vault/export.json`, a pinned export of one item with one document, from vault/FORMAT.md alone.

Run it to write the file anew: `python -m tests.vectors.make_export`. Every entry is stored: what deflate makes is zlib's affair.
"""

import hashlib
import json
import struct
import zlib
from typing import Any

from tests.vectors.make_vault import FOLDER

ITEM, DOCUMENT = "1" * 32, "2" * 32
AT = "2026-11-21T12:00:00+00:00"
DATA = b"%PDF-1.7 a lease"
FILE = FOLDER / "export.json"
FIELDS = {"term": "pd:Name", "label": "", "value": "Robin", "note": "", "previous": []}


def canonical(value: Any) -> bytes:
    """RFC 8785, for values without floating numbers and with ASCII keys."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()


def files() -> dict[str, bytes]:
    document: dict[str, Any] = {
        "id": DOCUMENT,
        "record_id": ITEM,
        "name": "Küche.pdf",
        "media_type": "application/pdf",
        "size": len(DATA),
        "created_at": AT,
    }
    document["size"] = len(DATA)
    made = {
        "attachments.json": canonical([document]),
        f"attachments/{DOCUMENT}": DATA,
        "profile.json": canonical(
            {
                "time_zone": "Europe/Dublin",
                "language": "en",
                "idle_minutes": 15,
                "quiet_from": "22:00",
                "quiet_to": "07:00",
                "calendar_shows": "company",
                "calendar_ahead": "week_before",
            }
        ),
        "records/item.json": canonical([{"id": ITEM, "created_at": AT, "updated_at": AT, "fields": FIELDS}]),
    }
    said = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in made.items()}
    return {**made, "bothways.json": canonical({"format": "bothways-export", "version": 1, "made": {"at": AT}, "files": said})}


def archive(entries: dict[str, bytes]) -> bytes:
    """PKWARE APPNOTE 4.3: local headers with data, the central directory, its end. 1980-01-01 is 0x0021, Unix is 3."""
    local, directory = b"", b""
    for name, data in sorted(entries.items()):
        common = struct.pack("<5H3I2H", 20, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(name), 0)
        directory += b"PK\1\2" + bytes([20, 3]) + common + struct.pack("<3H2I", 0, 0, 0, 0o600 << 16, len(local)) + name.encode()
        local += b"PK\3\4" + common + name.encode() + data
    return local + directory + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, len(entries), len(entries), len(directory), len(local), 0)


def text() -> str:
    entries = files()
    pinned = {"files": {name: data.decode() for name, data in entries.items()}, "archive": archive(entries).hex()}
    return json.dumps(pinned, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="ascii")
