"""The app put together in this process, behind test clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.testclient import TestClient

from app import clock
from app.auth import invitations
from app.auth.invitations import Guest
from app.database import Stores, open_stores
from app.main import create_app
from app.settings import Settings
from tests.populating import Populated, populate


@dataclass(frozen=True)
class Instance:
    """A started app, its stores, and a visitor's client without cookies or tokens."""

    settings: Settings
    app: FastAPI
    stores: Stores
    client: TestClient

    def new_client(self) -> TestClient:
        """Another visitor."""
        return TestClient(self.app, base_url=self.settings.base_url, follow_redirects=False)

    def invite(self) -> str:
        """A link by which one person may sign up."""
        with self.stores.main.writing() as db:
            return f"{self.settings.base_url}/sign-up/{invitations.invite(db, Guest.OWNER, now=clock.now())}"

    def populate(self, login: str, *, word: str) -> Populated:
        """An owner with something of everything."""
        return populate(self.new_client, self.stores, self.settings, self.app.state.instance, link=self.invite(), login=login, word=word)


@contextmanager
def running(settings: Settings, app: FastAPI | None = None) -> Iterator[Instance]:
    """Start the app for the length of the block, on databases that are migrated already."""
    app = app or create_app(settings)
    stores = open_stores(settings)
    # A client that is never entered shares the app, but only this one starts and stops it.
    with TestClient(app, base_url=settings.base_url, follow_redirects=False) as client:
        yield Instance(settings=settings, app=app, stores=stores, client=client)
    stores.close()
