"""What a crash between the two databases may leave: a release's key whose permission has ended, a sealed copy whose key is
gone, a withdrawal that the journal does not know. A few are looked at in every tick, one after the other, so that none is
missed for long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from app.database import Stores
from app.exchange import marks, releases, withdrawals
from app.state import ReleaseKey, Withdrawal
from app.tables import Release
from consent import grants, ledger
from consent.store import Grant
from vault.store import Account

PAGE = 200
NEW = timedelta(minutes=10)
"""A key is made shortly before what it closes: a younger one is not missing anything yet."""


@dataclass
class Sweeper:
    """Where the last look at each of the three ended; a look begins again at the start when it has reached the end."""

    stores: Stores
    keys: tuple[str, str] = ("", "")
    copies: tuple[str, str] = ("", "")
    grants: tuple[str, str] = ("", "")

    def sweep(self, now: datetime) -> int:
        """Look at the next keys, copies and permissions; how many loose ends were tied up."""
        return self._sweep_keys(now) + self._sweep_copies(now) + self._sweep_grants(now)

    def _sweep_keys(self, now: datetime) -> int:
        where = (col(ReleaseKey.account_id), col(ReleaseKey.grant_id))
        with self.stores.state.reading() as state:
            rows = state.exec(select(ReleaseKey).where(tuple_(*where) > self.keys).order_by(*where).limit(PAGE)).all()
        with self.stores.main.reading() as db:
            orphans = [row for row in rows if self._closes_nothing(db, row, now)]
        for row in orphans:
            with self.stores.state.writing() as state:
                releases.destroy_key(state, row.account_id, row.grant_id)
        self.keys = (rows[-1].account_id, rows[-1].grant_id) if len(rows) == PAGE else ("", "")
        return len(orphans)

    def _closes_nothing(self, db: Session, key: ReleaseKey, now: datetime) -> bool:
        if db.get(Account, key.account_id) is None:
            return now - key.made_at > NEW
        if marks.held(db, self.stores.state, key.account_id):
            return False
        grant = grants.find(db, key.account_id, key.grant_id)
        if grant is not None and (grant.status not in grants.LIVE or grant.expires_at <= now):
            return True
        return db.get(Release, (key.account_id, key.grant_id)) is None and now - key.made_at > NEW

    def _sweep_copies(self, now: datetime) -> int:
        where = (col(Release.account_id), col(Release.grant_id))
        chosen = select(Release.account_id, Release.grant_id).where(tuple_(*where) > self.copies)
        with self.stores.main.reading() as db:
            rows = db.exec(chosen.order_by(*where).limit(PAGE)).all()
            orphans = [row for row in rows if self._opens_no_more(db, row[0], row[1], now)]
        for account_id, grant_id in orphans:
            with self.stores.main.writing() as db:
                ledger.lock(db, account_id)
                if self._opens_no_more(db, account_id, grant_id, now):
                    releases.forget(db, account_id, grant_id)
        self.copies = (rows[-1][0], rows[-1][1]) if len(rows) == PAGE else ("", "")
        return len(orphans)

    def _opens_no_more(self, db: Session, account_id: str, grant_id: str, now: datetime) -> bool:
        if marks.held(db, self.stores.state, account_id):
            return False
        grant = grants.find(db, account_id, grant_id)
        if grant is None or grant.status not in grants.LIVE or grant.expires_at <= now:
            return True
        with self.stores.state.reading() as state:
            return state.get(ReleaseKey, (account_id, grant_id)) is None

    def _sweep_grants(self, now: datetime) -> int:
        """A withdrawal that was committed when the process died, and never reached the journal, is noted there now."""
        where = (col(Grant.account_id), col(Grant.grant_id))
        chosen = select(Grant.account_id, Grant.grant_id, Grant.status).where(tuple_(*where) > self.grants)
        with self.stores.main.reading() as db:
            rows = db.exec(chosen.order_by(*where).limit(PAGE)).all()
        withdrawn = [(account_id, grant_id) for account_id, grant_id, status in rows if status == "withdrawn"]
        with self.stores.state.reading() as state:
            loose = [each for each in withdrawn if state.get(Withdrawal, each) is None]
        for account_id, grant_id in loose:
            withdrawals.journal(self.stores.state, account_id, grant_id, now=now)
        self.grants = (rows[-1][0], rows[-1][1]) if len(rows) == PAGE else ("", "")
        return len(loose)
