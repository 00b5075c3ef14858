"""An owner with some data, and a shop that may read it: from a contact link to what the shop can fetch."""

from typing import Any

from sqlmodel import col, select

from app import clock
from app.exchange import addresses
from app.state import ReleaseKey
from app.tables import Release, ReleaseFetch
from consent import ledger
from consent.store import Event
from tests.browsing import Browsing
from tests.factories import make_details
from tests.instances import Instance
from tests.populating import open_account
from tests.shop import Shop
from vault import store
from vault.records import Item, Vendor

READS = {"purpose": "dpv:DeliveryOfGoods", "actions": ["read_data"], "channels": [], "datatypes": ["pd:PhysicalAddress"]}
HOME, WORK = "1 Harbour Street", "Desk 4, Quay House"


def reading(**changes: Any) -> list[dict[str, Any]]:
    """What a shop asks for that wants to deliver: the postal address, to read."""
    details = make_details(now=clock.now(), **{**READS, **changes})
    del details[1]["frequency"], details[1]["channels"]
    return details


class Scene:
    """Robin's browser and a shop that was given a link."""

    def __init__(self, instance: Instance, browsing: Browsing, *values: str) -> None:
        self.instance, self.robin = instance, browsing
        self.account, self.keyring = open_account(instance.stores, "robin")
        self.items = [self.keep(value) for value in values]
        with instance.stores.main.writing() as db:
            ledger.lock(db, self.account.account_id)
            self.vendor_id = store.add(db, self.keyring, Vendor(name="Corner Shop", domains=("shop.example",)), now=clock.now())
            self.address_id, handle = addresses.open_address(
                db, self.keyring, self.account.account_id, instance.app.state.instance,
                vendor_id=self.vendor_id, label="", expires_at=None, now=clock.now(),
            )  # fmt: skip
        self.link = addresses.url(instance.settings, handle)
        self.shop = Shop(instance.new_client()).register(self.link)

    def keep(self, value: str, term: str = "pd:PhysicalAddress") -> str:
        """Keep an item; its id."""
        with self.instance.stores.main.writing() as db:
            ledger.lock(db, self.account.account_id)
            return store.add(db, self.keyring, Item(term=term, value=value), now=clock.now())

    def grant(self, details: list[dict[str, Any]] | None = None, **form: Any) -> "Scene":
        """Ask, and be granted all of it."""
        self.shop.ask(details or reading())
        request_id = self.shop.asked["request_id"]
        self.robin.get(f"/requests/{request_id}")
        answer = self.robin.submit(f"/requests/{request_id}/approve", {"keep-0": "1", **form})
        assert answer.status_code == 303, answer.text
        self.shop.collect()
        return self

    @property
    def grant_id(self) -> str:
        """The permission."""
        return str(self.shop.granted["grant_id"])

    def press(self, verb: str, form: dict[str, Any] | None = None) -> None:
        """Send a form of the permission's page."""
        self.robin.get(f"/grants/{self.grant_id}")
        answer = self.robin.post(f"/grants/{self.grant_id}/{verb}", form or {})
        assert answer.status_code == 303, answer.text

    def edit(self, item_id: str, value: str) -> None:
        """Change an item by its page."""
        self.robin.get(f"/items/{item_id}/edit")
        assert self.robin.submit(f"/items/{item_id}/edit", {"value": value}).status_code == 303

    def events(self) -> list[str]:
        """The types of what clients were told."""
        with self.instance.stores.main.reading() as db:
            return [row.type for row in db.exec(select(Event).order_by(col(Event.at)))]

    def keys(self) -> int:
        """How many release keys there are."""
        with self.instance.stores.state.reading() as db:
            return len(db.exec(select(ReleaseKey)).all())

    def rows(self, table: type[Release] | type[ReleaseFetch]) -> int:
        """How many rows there are."""
        with self.instance.stores.main.reading() as db:
            return len(db.exec(select(table)).all())
