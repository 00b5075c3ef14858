"""Makes `vault/attachments.json`, the pinned bytes of a document, from vault/FORMAT.md alone.

Run it to write the file anew: `python -m tests.vectors.make_attachments`.
A full piece is 64 KiB of ciphertext; of those the file holds the hash.
"""

import hashlib
import json
from typing import Any

from tests.vectors.format_by_hand import pad, seal_envelope
from tests.vectors.make_vault import ACCOUNT, AMK, FOLDER

PIECE = 65_532
RECORD, DOCUMENT = "1" * 32, "2" * 32
DATA = bytes(number * 7 % 256 for number in range(PIECE)) + b"the end of it"
FILE = FOLDER / "attachments.json"


def place(table: str, record_id: str) -> dict[str, Any]:
    return {"table": table, "kind": "document", "record_id": record_id, "account_id": ACCOUNT, "schema_version": 1}


def attachments() -> dict[str, Any]:
    said = {"chunks": 2, "media_type": "application/pdf", "name": "Küche.pdf", "size": len(DATA)}
    description = json.dumps(said, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()
    whole = place("attachment", f"{RECORD}.{DOCUMENT}")
    full, last = (place("attachment_chunk", f"{DOCUMENT}.{name}") for name in ("0.more", "1.last"))
    salts = [bytes([number]) * 24 for number in (1, 2, 3)]
    sealed = seal_envelope(AMK, full, 1, salts[1], pad(DATA[:PIECE]))
    return {
        "amk": AMK.hex(),
        "record_id": RECORD,
        "document_id": DOCUMENT,
        "description": {
            "place": whole,
            "data": description.hex(),
            "sealed": seal_envelope(AMK, whole, 1, salts[0], pad(description)).hex(),
        },
        "full": {"place": full, "salt": salts[1].hex(), "length": len(sealed), "sha256": hashlib.sha256(sealed).hexdigest()},
        "last": {"place": last, "data": DATA[PIECE:].hex(), "sealed": seal_envelope(AMK, last, 1, salts[2], pad(DATA[PIECE:])).hex()},
        "refused": [
            {"what": what, "place": place("attachment_chunk", record_id)}
            for what, record_id in (
                ("another number", f"{DOCUMENT}.0.last"),
                ("not the last", f"{DOCUMENT}.1.more"),
                ("another document", f"{'3' * 32}.1.last"),
            )
        ],
    }


def text() -> str:
    return json.dumps(attachments(), indent=1, ensure_ascii=True, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="ascii")
