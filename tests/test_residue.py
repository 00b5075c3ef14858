"""Nothing is left of what was deleted for good. 200 rows and 5 documents: `make prove`."""

from app.settings import Settings
from tests.databases import Database
from tests.residue import searched


def test_nothing_is_left_of_what_was_deleted(settings: Settings, database: Database) -> None:
    """In no file of the instance, in no dump, in no encoding."""
    assert searched(settings, database, rows=12, documents=2) > 100
