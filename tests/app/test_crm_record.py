"""What a company says that it holds: taken in validated, sealed to the owner, kept version by version."""

from typing import Any

import pytest
from httpx2 import Response
from sqlmodel import select

from app.tables import CrmRecord
from consent.store import LedgerEntry
from tests.browsing import Browsing
from tests.instances import Instance
from tests.reading_shop import Scene
from vault import store
from vault.records import Held

STREET = {"name": "Street", "value": "1 Harbour Street", "source": "an order", "basis": "stated", "collected_at": "2026-05-03T10:00:00Z"}
GUESS = {"name": "Children", "value": 2, "basis": "inferred"}


@pytest.fixture
def scene(instance: Instance, owner_browser: Browsing) -> Scene:
    """A shop that holds a permission."""
    return Scene(instance, owner_browser, "1 Harbour Street").grant()


def tell(scene: Scene, *fields: dict[str, Any], **more: Any) -> Response:
    """The shop says what it holds."""
    said = {"fields": list(fields), **more}
    return scene.shop.http.put("/api/v1/crm-record", json=said, headers=scene.shop.bearer)


def test_each_version_is_kept_sealed_and_shown_with_what_changed(scene: Scene) -> None:
    """Nothing of it lies in the clear; the page shows the last version, and for each what is not as it was."""
    more = {"segments": ["loyal"], "scores": [{"name": "Churn", "value": 0.7, "meaning": "of 1"}]}
    assert tell(scene, STREET, GUESS, **more).status_code == 204
    assert tell(scene, STREET | {"value": "2 Harbour Street"}, segments=["leaving"]).status_code == 204
    assert tell(scene, STREET | {"value": "2 Harbour Street"}, segments=["leaving"]).status_code == 204
    with scene.instance.stores.main.reading() as db:
        rows = db.exec(select(CrmRecord)).all()
        assert [row.version for row in rows] == [1, 2, 3] and all(b"Harbour" not in (row.sealed or b"") for row in rows)
        assert len(db.exec(select(LedgerEntry).where(LedgerEntry.type == "crm.recorded")).all()) == 3
    page = scene.robin.get(f"/vendors/{scene.vendor_id}/mirror").text
    for said in (
        "2 Harbour Street",
        "1 Harbour Street",
        "you told them",
        "Children",
        "Churn",
        "leaving",
        "loyal",
        "The same as before",
        "The first that there is",
    ):
        assert said in page, said
    with scene.instance.stores.main.reading() as db:
        assert all(row.sealed is None for row in db.exec(select(CrmRecord)))
        assert sorted(one.fields.version for one in store.all_of(db, scene.keyring, Held)) == [1, 2, 3]
    assert f"/vendors/{scene.vendor_id}/mirror" in scene.robin.get(f"/vendors/{scene.vendor_id}").text


def test_a_company_that_has_not_said_is_asked(scene: Scene) -> None:
    """An empty page says what to do."""
    page = scene.robin.get(f"/vendors/{scene.vendor_id}/mirror").text
    assert "They have not said" in page and f"/letters/new?to={scene.vendor_id}" in page
    assert scene.robin.get(f"/vendors/{'0' * 32}/mirror").status_code == 404


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({}, "/fields"),
        ({"fields": [], "more": 1}, "/more"),
        ({"fields": [{"name": "x", "value": "y"}]}, "/fields/0/basis"),
        ({"fields": [{"name": "x", "value": "y", "basis": "guessed"}]}, "/fields/0/basis"),
        ({"fields": [{"name": " ", "value": "y", "basis": "stated"}]}, "/fields/0/name"),
        ({"fields": [{"name": "x", "value": None, "basis": "stated"}]}, "/fields/0/value"),
        ({"fields": [{"name": "x", "value": "y" * 4001, "basis": "stated"}]}, "/fields/0/value"),
        ({"fields": [{"name": "x", "value": "y", "basis": "stated", "collected_at": 5}]}, "/fields/0/collected_at"),
        ({"fields": [GUESS] * 501}, "/fields"),
        ({"fields": [], "segments": ["x"] * 101}, "/segments"),
        ({"fields": [], "scores": [{"value": 1}]}, "/scores/0/name"),
    ],
)
def test_what_is_not_well_formed_is_named(scene: Scene, said: dict[str, Any], pointer: str) -> None:
    """422 with a pointer; nothing is kept."""
    answer = scene.shop.http.put("/api/v1/crm-record", json=said, headers=scene.shop.bearer)
    assert answer.status_code == 422 and any(one["pointer"].startswith(pointer) for one in answer.json()["errors"]), answer.text
    with scene.instance.stores.main.reading() as db:
        assert db.exec(select(CrmRecord)).first() is None


def test_it_is_allowed_while_the_relationship_lives(scene: Scene) -> None:
    """Paused or not; after the end it is refused with its slug; and nobody floods an owner with versions."""
    scene.press("pause")
    assert tell(scene, STREET).status_code == 204
    codes = [tell(scene, STREET).status_code for _number in range(60)]
    assert codes.count(204) == 59 and codes[-1] == 429
    scene.press("withdraw")
    assert tell(scene, STREET).json()["type"].endswith("/consent-withdrawn")


def test_what_was_tampered_with_stays_where_it_is(scene: Scene) -> None:
    """The other versions come in."""
    tell(scene, STREET)
    tell(scene, GUESS)
    with scene.instance.stores.main.writing() as db:
        row = db.exec(select(CrmRecord).where(CrmRecord.version == 1)).one()
        row.sealed = (row.sealed or b"")[:-1] + b"x"
        db.add(row)
    page = scene.robin.get(f"/vendors/{scene.vendor_id}/mirror").text
    assert "Children" in page and "Harbour" not in page
