"""The one place where the present moment is read; everything else is handed `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, timezone-aware, in UTC."""
    return datetime.now(UTC)
