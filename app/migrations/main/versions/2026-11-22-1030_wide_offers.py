"""wide offers

Revision: main_0004, after main_0003, made 2026-11-22 10:30:00
"""

import sqlalchemy as sa
from alembic import op

revision = "main_0004"
down_revision = "main_0003"
branch_labels = None
depends_on = None

WIDE = "east < west OR west < east - 500000"


def upgrade() -> None:
    """Go one step forward."""
    bounds = ["account_id", "west", "east", "south", "north"]
    op.create_index("ix_offer_wide", "offer", bounds, unique=False, sqlite_where=sa.text(WIDE), postgresql_where=sa.text(WIDE))
