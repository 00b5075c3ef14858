"""A fix reads the bounds of its owner's offers, and nothing else of them."""

from app.database import Stores
from app.exchange import nearby


def test_fix_reads_bounds_from_their_index(stores: Stores) -> None:
    """On SQLite the plan goes by the index of the bounds; on PostgreSQL the same statement runs."""
    values = {"token_hash": bytes(32), "x": 0, "y": 0}
    with stores.main.engine.connect() as db:
        assert nearby._ARRIVING.rows(db, values) == []
        if stores.main.sqlite:
            made = nearby._ARRIVING._for(db)
            plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {made.text}", tuple(made.given(values))).all()
            assert any("USING INDEX ix_offer_bounds (account_id=? AND west>?)" in row[3] for row in plan), plan
