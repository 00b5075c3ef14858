"""The owner of the scenes that are killed: one with something of everything, in an unlocked browser."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from app import clock
from consent import ledger
from tests.browsing import PASSPHRASE, Browsing
from tests.instances import Instance
from tests.kill_findings import contents_of, pairs, unlocked
from tests.killing import Scene, Stage
from tests.populating import Populated
from tests.samples import sample
from vault import store
from vault.records import Item

WORD = "canary"
ITEMS = 36


class OfOwner(Scene):
    """One owner with something of everything, in an unlocked browser."""

    def prepare(self, instance: Instance) -> dict[str, Any]:
        """The owner, and what they have."""
        robin = instance.populate("robin", word=WORD)
        with instance.stores.main.writing() as db:
            ledger.lock(db, robin.account.account_id)
            for number in range(ITEMS):
                store.add(db, robin.keyring, sample(Item, WORD, value=str(number)), now=clock.now())
        robin.browsing.get("/inbox")
        more = self.more(instance, robin)
        return {"code": robin.recovery_code, "contents": pairs(contents_of(instance.stores.main, robin.keyring)), **more}

    def more(self, instance: Instance, robin: Populated) -> dict[str, Any]:
        """What else a scene needs."""
        return {}


class AtTheDoor(OfOwner):
    """What an unlocked owner does in the browser."""

    def act(self, stage: Stage, ready: Callable[[], None]) -> None:
        """Through the door, unlocked just before: some of it asks for that."""
        self.do(unlocked(stage, PASSPHRASE), stage, ready)

    @abstractmethod
    def do(self, browsing: Browsing, stage: Stage, ready: Callable[[], None]) -> None:
        """The operation itself."""


def nothing() -> None:
    """Nobody counts."""
