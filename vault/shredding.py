"""What a transaction deleted for good is noted on its session, so that whoever commits it also empties what remembers it.

Deleting in a database is not erasing: SQLite's write-ahead log keeps the old pages, PostgreSQL the old rows. The vault knows
when something must be gone, the caller knows the database; between the two stands this note.
"""

from sqlmodel import Session

_NOTE = "shred"


def mark(db: Session, *tables: str) -> None:
    """Note that rows of these tables, or values in them, were deleted for good in this transaction."""
    db.info.setdefault(_NOTE, set()).update(tables)


def marked(db: Session) -> frozenset[str]:
    """The tables noted since the last call; the note is taken off."""
    return frozenset(db.info.pop(_NOTE, ()))
