"""Who may read a kind of data, and who could: live permissions that name it, and those that have ended."""

from datetime import datetime

from sqlmodel import col, select

from app.auth.owner import Owner
from app.ui import wording
from app.ui.vendors import clients
from app.ui.view import view
from consent import grants
from consent.store import Grant

READS = "read_data"


@view
class Reach:
    """A permission that names a kind of data. `until` is None while it lives."""

    grant_id: str
    who: str
    since: datetime
    status: str
    words: str
    until: datetime | None = None


def of_owner(owner: Owner) -> dict[str, tuple[Reach, ...]]:
    """Every permission to read data, by the term that it names: oldest first, live ones and ended ones."""
    mine = select(Grant).where(Grant.account_id == owner.account_id).order_by(col(Grant.given_at), col(Grant.grant_id))
    rows = [(row, _terms(row)) for row in owner.db.exec(mine)]
    reading = [(row, terms) for row, terms in rows if terms]
    names = clients.names(owner, (row.client_id for row, _terms in reading))
    found: dict[str, list[Reach]] = {}
    for row, terms in reading:
        until = None if row.status in grants.LIVE else row.changed_at
        one = Reach(row.grant_id, names.get(row.client_id, ""), row.given_at, row.status, wording.status(row.status), until)
        for term in terms:
            found.setdefault(term, []).append(one)
    return {term: tuple(reaches) for term, reaches in found.items()}


def live(reaches: tuple[Reach, ...]) -> tuple[Reach, ...]:
    """Those that hold now."""
    return tuple(one for one in reaches if one.until is None)


def ended(reaches: tuple[Reach, ...]) -> tuple[Reach, ...]:
    """Those that have ended, the last to end first."""
    return tuple(sorted((one for one in reaches if one.until is not None), key=lambda one: one.until or one.since, reverse=True))


def _terms(row: Grant) -> list[str]:
    purposes = grants.standing(row).terms.purposes
    return sorted({term for purpose in purposes if READS in purpose.actions for term in purpose.datatypes})
