"""Backup files on disk, as they are or sealed with age."""

import io
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from app import snapshot
from app.restoring import Source
from app.snapshot import BadBackup
from vault import age
from vault.errors import BadArchive


def write(engine: Engine, path: Path, *, passphrase: str = "", recipient: str = "", now: datetime) -> int:
    """Write a backup, sealed where a passphrase or a recipient `age1…` is given; how many rows. What is sealed is sealed in memory.

    Raises FileExistsError, BadBackup.
    """
    if not passphrase and not recipient:
        return snapshot.write(path, lambda file: snapshot.dump(engine, file, now=now))
    plain = io.BytesIO()
    count = snapshot.dump(engine, plain, now=now)
    try:
        sealed = age.seal_to(plain.getvalue(), recipient) if recipient else age.seal_with_passphrase(plain.getvalue(), passphrase)
    except BadArchive:
        raise BadBackup("the recipient is not an age public key (age1…)") from None
    snapshot.write(path, lambda file: file.write(sealed))
    return count


def is_sealed(path: Path) -> bool:
    """Whether a secret is needed to read this file."""
    with path.open("rb") as file:
        return age.is_sealed(file.read(len(age.HEADER)))


def source(path: Path, *, passphrase: str = "", identity: str = "") -> Source:
    """Reads a backup line by line. Raises BadBackup when a sealed one does not open."""
    if not is_sealed(path):
        return lambda: _lines(path)
    try:
        data = path.read_bytes()
        opened = age.open_with_identity(data, identity) if identity else age.open_with_passphrase(data, passphrase)
    except BadArchive:
        raise BadBackup("the backup does not open with that") from None
    return lambda: io.BytesIO(opened)


def _lines(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        yield from file
