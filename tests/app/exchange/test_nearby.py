"""A fix reads the bounds of its owner's offers, and nothing else of them."""

import secrets
from datetime import UTC, datetime, timedelta
from itertools import product

from app.database import Stores
from app.exchange import nearby
from app.exchange.zones import Opened
from app.tables import Message, Offer
from app.tables.offers import NARROW
from consent.places import Fix
from consent.places.rings import HALF
from consent.statements import Statement
from tests.bench.crowd import CLIENT, crowd

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EDGES = (-HALF, -NARROW, -1, 0, NARROW - 1, NARROW, NARROW + 1, 3 * NARROW, HALF)


def test_fix_reads_bounds_from_their_indexes(stores: Stores) -> None:
    """On SQLite the plan goes by the indexes of the bounds; on PostgreSQL the same statements run."""
    for statement, who in ((nearby._ARRIVING, {"token_hash": bytes(32)}), (nearby._AROUND, {"account_id": "a" * 32})):
        plan = _plan(stores, statement, {**who, "x": 0, "y": 0})
        if stores.main.sqlite:
            assert any("ix_offer_bounds (account_id=? AND west>? AND west<?)" in step for step in plan), plan
            assert any("ix_offer_wide (account_id=? AND west>?)" in step for step in plan), plan


def test_every_box_that_holds_a_fix_is_found_once(stores: Stores) -> None:
    """Narrow, just not narrow, wide, a line, a point, and over the antimeridian, at fixes on, inside and outside their edges."""
    ((account_id, grant_id),) = crowd(stores, 1, now=NOW).places
    boxes = {secrets.token_hex(16): pair for pair in product(EDGES, EDGES)}
    with stores.main.writing() as db:
        db.add_all(_message(account_id, grant_id, message_id) for message_id in boxes)
        db.flush()
        db.add_all(_offer(account_id, grant_id, message_id, west, east) for message_id, (west, east) in boxes.items())
    owner = Opened(account_id, bytes(32), ())
    with stores.main.reading() as db:
        for x in {edge + beside for edge in EDGES for beside in (-1, 0, 1) if abs(edge + beside) <= HALF}:
            holding = {one for one, (west, east) in boxes.items() if (west <= x <= east if west <= east else x >= west or x <= east)}
            found = nearby.around(db, owner, Fix((x, 5)))
            assert len(found) == len(holding)
            assert set(found) == holding
            assert nearby.around(db, owner, Fix((x, 11))) == ()


def _plan(stores: Stores, statement: Statement, values: dict[str, object]) -> list[str]:
    with stores.main.engine.connect() as db:
        assert statement.rows(db, values) == []
        if not stores.main.sqlite:
            return []
        made = statement._for(db)
        return [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {made.text}", tuple(made.given(values)))]


def _message(account_id: str, grant_id: str, message_id: str) -> Message:
    return Message(
        account_id=account_id,
        message_id=message_id,
        grant_id=grant_id,
        client_id=CLIENT,
        kind="location_offer",
        purpose="dpv:DirectMarketing",
        channel="inbox",
        accepted_at=NOW,
    )


def _offer(account_id: str, grant_id: str, message_id: str, west: int, east: int) -> Offer:
    return Offer(
        account_id=account_id,
        message_id=message_id,
        grant_id=grant_id,
        west=west,
        south=0,
        east=east,
        north=10,
        area="{}",
        valid_from=NOW,
        valid_until=NOW + timedelta(days=1),
        sealed=b"",
    )
