"""What quiet hours mean for what is shown: a message that came in them is as if it had not come yet, until they end."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, func, select

from app.auth.owner import Owner
from app.auth.profiles import quiet_of
from app.tables import Message

LONGEST = timedelta(hours=26)
"""No quiet hours last longer, on the night on which an hour comes twice."""


def until(owner: Owner) -> datetime | None:
    """When the quiet hours that last now end; None when there are none now."""
    quiet = quiet_of(owner.profile)
    return quiet.ends(owner.now) if quiet else None


def held(owner: Owner, values: Mapping[str, Any]) -> bool:
    """Whether a message (its digest) came in quiet hours that still last: then it is as if it had not come yet."""
    quiet = quiet_of(owner.profile)
    return quiet is not None and quiet.holds(datetime.fromisoformat(str(values["received_at"])), now=owner.now)


def sealed_unread(owner: Owner) -> int:
    """How many messages wait sealed in the mailbox, those aside that quiet hours hold."""
    waiting = (
        col(Message.account_id) == owner.account_id,
        col(Message.sealed).is_not(None),
        col(Message.taken_back_at).is_(None),
    )
    count = int(owner.db.exec(select(func.count()).where(*waiting)).one())
    quiet = quiet_of(owner.profile)
    if not count or quiet is None or not quiet.contains(owner.now):
        return count
    lately = select(Message.accepted_at).where(*waiting, col(Message.accepted_at) > owner.now - LONGEST)
    return count - sum(quiet.holds(at, now=owner.now) for at in owner.db.exec(lately))
