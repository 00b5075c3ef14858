"""An owner at a browser and vendors' programs at the other door, for the tests of the pages where they meet."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

from app import clock
from consent.terms import PURPOSE_TYPE
from tests.app.api import loop
from tests.app.api.loop import Owner, Shop
from tests.browsing import Browsing
from tests.factories import make_details
from tests.instances import Instance
from vault import store
from vault.records import Fields, Vendor

DELIVERY = {
    "type": PURPOSE_TYPE,
    "purpose": "dpv:DeliveryOfGoods",
    "actions": ["read_data"],
    "datatypes": ["pd:PhysicalAddress", "pd:TelephoneNumber"],
    "retention": "P2Y",
    "recipients": [{"name": "An Post", "country": "IE"}],
}
BACKED = {
    "promise": "Refund the difference if the price falls",
    "after": "claim",
    "within": "P14D",
    "remedy": {"kind": "refund", "amount": "20.00", "currency": "EUR", "within": "P7D"},
}
WORDS = {"promise": "We value your trust"}


@dataclass
class Visit:
    """The owner `robin` with a browser."""

    instance: Instance
    owner: Owner
    browser: Browsing

    def keep(self, fields: Fields) -> str:
        """Keep a record of the owner's; its id."""
        with self.instance.stores.main.writing() as db:
            return store.add(db, self.owner.keyring, fields, now=clock.now())

    def read(self, model: Any, record_id: str) -> Any:
        """The fields of a record."""
        with self.instance.stores.main.reading() as db:
            opened = store.get(db, self.owner.keyring, model, record_id)
        return opened.fields if opened else None

    def all(self, model: Any) -> list[Any]:
        """The fields of every record of a kind."""
        with self.instance.stores.main.reading() as db:
            return [opened.fields for opened in store.all_of(db, self.owner.keyring, model)]

    def rows(self, query: Any) -> list[Any]:
        """Rows of the main database."""
        with self.instance.stores.main.reading() as db:
            return list(db.exec(query))

    def shop(self, handle: str | None = None, **metadata: Any) -> Shop:
        """A client registered by one of the owner's contact links."""
        return loop.make_shop(self.instance, self.owner, handle, **metadata)

    def asked(self, details: list[dict[str, Any]] | None = None, **form: str) -> tuple[Shop, dict[str, Any], str]:
        """A shop whose request waits: the shop, what the door answered, and the request's id."""
        handle = self.owner.link()
        shop = self.shop(handle)
        answer = shop.ask(handle, details or make_details(now=clock.now()), **form).json()
        return shop, answer, str(answer["request_id"])

    def granted(self, details: list[dict[str, Any]] | None = None) -> Shop:
        """A shop that holds a permission, given by the owner's own press."""
        shop, answer, request_id = self.asked(details)
        self.browser.get(f"/requests/{request_id}")
        ticks = {f"keep-{number}": "1" for number in range(len(details) - 1 if details else 1)}
        page = self.browser.submit(f"/requests/{request_id}/approve", ticks)
        assert page.status_code == 303, page.text
        token = shop.poll(answer["device_code"]).json()
        shop.grant_token, shop.grant_id = token["access_token"], token["grant_id"]
        return shop

    def vendor(self, name: str = "Corner Shop", **fields: Any) -> str:
        """A company in the owner's record."""
        return self.keep(Vendor(name=name, **fields))


def words(page: str) -> str:
    """What a page says, without its tags."""
    main = page.split("<main", 1)[-1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def visit(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """Sign in."""
    owner = loop.make_owner(instance)
    return Visit(instance, owner, new_browser().unlock())
