"""A few hostile bodies of every kind in a real browser; all of them in `make prove`."""

import pytest
from playwright.sync_api import Browser

from tests.hostile_html import looked_at, payloads
from tests.serving import Server

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_hostile_bodies_run_nothing_load_nothing_and_stay_in_their_box(browser: Browser, server: Server) -> None:
    """With our content security policy on; the network log is watched."""
    assert len(payloads()) >= 500
    context = browser.new_context(base_url=server.url, viewport={"width": 390, "height": 844})
    assert looked_at(server, context, payloads()[:24]) == 24
    context.close()
