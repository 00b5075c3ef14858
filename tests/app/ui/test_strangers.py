"""A contact link that was given to one company and is used by another's system."""

import pytest

from tests.browsing import Browsing
from tests.instances import Instance
from tests.reading_shop import Scene
from tests.shop import Shop

SAID = "You gave this contact link to Corner Shop; “Nine Lives Insurance” at ninelives.example is using it."


@pytest.fixture
def scene(instance: Instance, owner_browser: Browsing) -> Scene:
    """A link that was given to the Corner Shop, which has asked by it; and an insurance that asks by it too."""
    return Scene(instance, owner_browser)


def stranger(scene: Scene) -> Shop:
    """It asks."""
    shop = Shop(scene.instance.new_client(), name="Nine Lives Insurance")
    return shop.register(scene.link, client_uri="https://www.ninelives.example").ask()


def pages(scene: Scene, shop: Shop) -> dict[str, bool]:
    """Where it is said."""
    paths = {"request": f"/requests/{shop.asked['request_id']}", "link": f"/addresses/{scene.address_id}", "today": "/today"}
    return {name: SAID in scene.robin.get(path).text for name, path in paths.items()}


def test_it_is_said_on_the_request_the_link_and_today(scene: Scene) -> None:
    """Of the stranger, and not of the company itself."""
    scene.shop.ask()
    assert pages(scene, scene.shop) == {"request": False, "link": False, "today": False}
    assert pages(scene, stranger(scene)) == {"request": True, "link": True, "today": True}


def test_they_belong_together(scene: Scene) -> None:
    """The owner says so: from now on the system is the company's, and nothing is said any more."""
    shop = stranger(scene)
    path = f"/requests/{shop.asked['request_id']}"
    scene.robin.get(path)
    answer = scene.robin.submit(f"/addresses/{scene.address_id}/together")
    assert answer.status_code == 303 and answer.headers["location"] == f"{path}?done=together"
    assert not any(pages(scene, shop).values())
    assert "Nine Lives Insurance" in scene.robin.get(f"/vendors/{scene.vendor_id}").text
    form = {"client": shop.client["client_id"], "back": "//elsewhere.example"}
    assert scene.robin.post(f"/addresses/{scene.address_id}/together", form).status_code == 404


def test_the_way_back_is_one_of_ours(scene: Scene) -> None:
    """Whatever a form says."""
    shop = stranger(scene)
    scene.robin.get(f"/addresses/{scene.address_id}")
    form = {"client": shop.client["client_id"], "back": "//elsewhere.example"}
    answer = scene.robin.post(f"/addresses/{scene.address_id}/together", form)
    assert answer.headers["location"] == f"/addresses/{scene.address_id}?done=together"


def test_closing_the_link_settles_it_for_today(scene: Scene) -> None:
    """The page of the link still tells what happened."""
    shop = stranger(scene)
    scene.robin.get(f"/addresses/{scene.address_id}")
    assert scene.robin.post(f"/addresses/{scene.address_id}/close").status_code == 303
    assert pages(scene, shop) == {"request": True, "link": True, "today": False}


def test_a_claim_without_a_website_is_told_by_its_name(scene: Scene) -> None:
    """No host is made up."""
    Shop(scene.instance.new_client(), name="Nobody").register(scene.link, client_uri=None).ask()
    assert "You gave this contact link to Corner Shop; “Nobody” is using it." in scene.robin.get("/today").text
