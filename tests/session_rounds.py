"""Five unlocked browsers of one owner, one of them in the middle of a form, while a sixth act ends all others but one."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from httpx2 import Client, Response
from sqlmodel import col, func, select

from app import clock
from app.auth import sessions
from app.auth.owner import cookie_name
from app.database import Stores
from app.settings import Settings
from consent.store import LedgerHead
from tests.browsing import PASSPHRASE, Browsing
from vault.keyring import Keyring
from vault.store import Account, Record

BROWSERS = 5


@dataclass
class Rounds:
    """One owner, over many rounds. `committed` and `refused`: how the form under way ended, where it ended before and after."""

    stores: Stores
    settings: Settings
    new_client: Callable[[], Client]
    account: Account
    keyring: Keyring
    passphrase: str = PASSPHRASE
    number: int = 0
    committed: int = 0
    refused: int = 0

    def round(self) -> None:
        """Begin five sessions, end four by a change of passphrase or by locking all others, and hold everyone to it.

        Raises AssertionError when one of the four still gets in, or writes anything after the ending was acknowledged.
        """
        self.number += 1
        browsers = [self._unlocked() for _ in range(BROWSERS)]
        here, under_way, others = browsers[0], browsers[1], browsers[1:]
        for browser in (here, under_way):
            browser.get("/settings" if browser is here else "/vendors/new")
        answers: list[Response] = []
        form = threading.Thread(target=lambda: answers.append(under_way.post("/vendors/new", {"name": f"Corner Shop {self.number}"})))
        form.start()
        ended = self._change_passphrase(here) if self.number % 2 else here.post("/settings/sessions/end-others")
        assert ended.status_code == 303, ended.text
        acknowledged = self._written()
        for other in others[1:]:
            self._shut_out(other)
        form.join()
        assert self._written() == acknowledged, f"round {self.number}: written after the ending was acknowledged"
        self._count(answers[0])
        self._shut_out(under_way)
        assert here.get("/today", follow=False).status_code == 200

    def _unlocked(self) -> Browsing:
        # Begun as an unlock begins one, but for the derivation: a thousand of them would prove nothing more.
        begun = sessions.start(self.stores.state, self.keyring, browser="", idle_minutes=30, now=clock.now())
        browsing = Browsing(self.new_client())
        browsing.client.cookies.set(cookie_name(self.settings), begun.cookie)
        return browsing

    def _change_passphrase(self, here: Browsing) -> Response:
        new = f"passphrase of round {self.number}"
        answer = here.post("/settings/passphrase", {"current": self.passphrase, "passphrase": new, "again": new})
        self.passphrase = new
        return answer

    def _shut_out(self, browser: Browsing) -> None:
        page = browser.get("/today", follow=False)
        assert (page.status_code, page.headers["location"]) == (303, "/unlock?next=/today"), f"round {self.number}: {page.status_code}"
        assert browser.post("/vendors/new", {"name": "Too late"}).status_code == 401, f"round {self.number}"

    def _count(self, answer: Response) -> None:
        assert answer.status_code in {303, 401}, answer.text
        self.committed += answer.status_code == 303
        self.refused += answer.status_code == 401

    def _written(self) -> tuple[int, int]:
        """How many records and ledger entries there are."""
        mine = self.account.account_id
        with self.stores.main.reading() as db:
            records = db.exec(select(func.count()).select_from(Record).where(col(Record.account_id) == mine)).one()
            return records, db.get_one(LedgerHead, mine).size
