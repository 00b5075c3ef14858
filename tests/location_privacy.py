"""One vendor's program against three owners: one at the offer's place, one elsewhere, one there in a private zone.

What the program gets to see is written down, ids and times masked. It must be the same.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from sqlmodel import select

from app import clock
from app.exchange import zones
from app.tables import OfferMatch
from consent import ledger
from consent.places import parse, text_of
from tests.app.api.loop import Owner, Shop, bearer, make_owner, make_relationship, message
from tests.instances import Instance
from tests.places import INSIDE, OUTSIDE, basic, circle, offer, offered_details, position
from vault import store
from vault.records import Zone

PLACES = {"inside": INSIDE, "outside": OUTSIDE, "in a private zone": INSIDE}

# Ids, tokens, keys, signatures and instants differ from one owner to the next whatever happens.
_MASKS = (
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "<jws>"),
    (re.compile(r"\bbw[a-z]_[\w-]{43}\b"), "<token>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)"), "<time>"),
    (re.compile(r'("(?:kid|x)":\s*")[\w-]{43}"'), r'\1<key>"'),
    (re.compile(r'("(?:iat|exp|nbf)":\s*)\d+'), r"\1<time>"),
)
_UNSAID = frozenset({"date", "content-length"})


@dataclass
class Scene:
    """An owner with a phone at a place, and the vendor."""

    instance: Instance
    owner: Owner
    shop: Shop
    token: str
    at: tuple[float, float]
    said: list[str] = field(default_factory=list)

    def move(self) -> None:
        """The phone says where it is."""
        answer = self.instance.client.post("/devices/owntracks", json=position(self.at), headers=basic(self.token))
        assert (answer.status_code, answer.text) == (200, "[]")

    def note(self, answer: Any) -> Any:
        """Write down what the vendor sees."""
        headers = sorted((name, value) for name, value in answer.headers.items() if name not in _UNSAID)
        self.said.append(json.dumps([answer.status_code, [(name, masked(value)) for name, value in headers], masked(answer.text)]))
        return answer

    @property
    def matched(self) -> int:
        """How many offers have reached this owner and were not looked at."""
        with self.instance.stores.main.reading() as db:
            return len(db.exec(select(OfferMatch).where(OfferMatch.account_id == self.owner.account_id)).all())


def masked(text: str) -> str:
    """The same for every owner, if it says nothing of any."""
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


def scenes(instance: Instance) -> dict[str, Scene]:
    """The three, before anything has happened."""
    return {where: _scene(instance, f"owner{number}", where) for number, where in enumerate(PLACES)}


def _scene(instance: Instance, login: str, where: str) -> Scene:
    owner = make_owner(instance, login)
    with owner.stores.main.writing() as db:
        ledger.lock(db, owner.account_id)
        # Each has a zone and a phone; whose zone it is that lies at the offer's place is all that differs.
        at = circle(radius_m=900) if where == "in a private zone" else circle(at=[20.0, 20.0], radius_m=900)
        store.add(db, owner.keyring, Zone(name="home", area=text_of(parse(at))), now=clock.now())
        zones.project(db, owner.keyring)
        token = zones.add_device(db, owner.keyring, "phone", kind="owntracks", now=clock.now()).token
    often = {"count": 1000, "per": "PT1M"}
    shop = make_relationship(instance, owner, offered_details(frequency=often), client_reference="C-1")
    return Scene(instance, owner, shop, token, PLACES[where])


def program(scene: Scene) -> list[str]:
    """All that a vendor does in a day, with the owner walking about in between; what it got to see."""
    shop, note = scene.shop, scene.note
    sent = note(shop.post("/messages", offer(), Idempotency_Key="one")).json()["id"]
    scene.move()
    note(shop.get(f"/messages/{sent}"))
    note(shop.post("/messages", offer(area=circle(radius_m=5000))))
    note(shop.post("/decisions", {"kind": "location_offer", "purpose": "dpv:DirectMarketing", "channel": "inbox"}))
    second = note(shop.post("/messages", offer(title="Another"))).json()["id"]
    scene.move()
    note(shop.delete(f"/messages/{second}"))
    note(shop.get(f"/messages/{second}"))
    note(shop.post("/messages", message()))
    scene.move()
    note(shop.get("/grant"))
    token = shop.client_token()
    for path in ("/grants", "/events"):
        note(shop.http.get(f"/api/v1{path}", headers=bearer(token)))
    note(shop.post("/redemptions", {"code": "0000-0000-0000"}, token))
    note(shop.oauth("introspect", token=shop.grant_token))
    note(shop.post("/messages", offer(), Idempotency_Key="one"))
    return scene.said


def timed(here: Scene, there: Scene, pairs: int) -> float:
    """P(X > Y) of the time that a vendor's calls take, about an owner at the place and about one who is not; ties count half.

    Both phones move before either is asked about, in every order: what one call leaves warm for the next falls on both.
    """
    larger = 0.0
    for number in range(pairs):
        order = (here, there) if number % 2 else (there, here)
        spent = {id(scene): [0.0] for scene in order}
        sent = {id(scene): _watch(spent[id(scene)], scene.shop.post, "/messages", offer()).json()["id"] for scene in order}
        for scene in order if number % 4 < 2 else order[::-1]:
            scene.move()
        for scene in order:
            path = f"/messages/{sent[id(scene)]}"
            _watch(spent[id(scene)], scene.shop.get, path)
            _watch(spent[id(scene)], scene.shop.delete, path)
        mine, other = fsum(spent[id(here)]), fsum(spent[id(there)])
        larger += 1.0 if mine > other else 0.5 if mine == other else 0.0
    return larger / pairs


def _watch(seconds: list[float], act: Callable[..., Any], *given: Any) -> Any:
    started = time.perf_counter()
    answer = act(*given)
    seconds.append(time.perf_counter() - started)
    assert answer.status_code < 300, answer.text
    return answer
