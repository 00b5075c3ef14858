"""What was found stays found until somebody else commits, where both databases can tell."""

from pathlib import Path

from sqlalchemy import text

from app.database import Stores, open_store
from app.exchange.unchanged import Unchanged
from app.settings import Settings
from tests.databases import postgres_copy
from tests.postgres import Cluster


def test_looked_up_again_after_anybodys_commit(stores: Stores, settings: Settings) -> None:
    """On SQLite once until then; on PostgreSQL each time. What is not there is asked for each time."""
    found = Unchanged()
    asked: list[list[str]] = []
    other = open_store(settings.main_url)

    def find(keys: list[str]) -> dict[str, str]:
        asked.append(keys)
        return {key: key.upper() for key in keys if key != "nobody"}

    with stores.main.engine.connect() as main, stores.state.engine.connect() as state:
        for _ in range(2):
            assert found.get([main, state], ["a", "nobody"], find) == {"a": "A"}
        assert asked == ([["a", "nobody"], ["nobody"]] if stores.main.sqlite else [["a", "nobody"]] * 2)
        with other.writing() as db:
            db.execute(text("CREATE TABLE anything (number INTEGER)"))
        asked.clear()
        assert found.get([main, state], ["a"], find) == {"a": "A"}
    other.close()
    assert asked


def test_where_one_database_cannot_tell_nothing_is_kept(postgres: Cluster, tmp_path: Path) -> None:
    """SQLite for the main database, PostgreSQL for the state store."""
    found = Unchanged()
    asked: list[list[str]] = []

    def find(keys: list[str]) -> dict[str, str]:
        asked.append(keys)
        return dict.fromkeys(keys, "found")

    with postgres_copy(postgres) as copy:
        one, other = open_store(f"sqlite:///{tmp_path / 'one.sqlite3'}"), open_store(copy.main_url)
        with one.engine.connect() as main, other.engine.connect() as state:
            for _ in range(2):
                assert found.get([main, state], ["a"], find) == {"a": "found"}
        one.close()
        other.close()
    assert asked == [["a"], ["a"]]
