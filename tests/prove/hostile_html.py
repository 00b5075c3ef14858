"""A vendor's HTML in a real browser: nothing runs, nothing is asked for elsewhere, nothing is outside its box."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from app.settings import Settings
from tests.hostile_html import looked_at, payloads
from tests.prove import Proved
from tests.serving import Server, free_port


def run() -> Iterator[Proved]:
    """Every payload, on a page of its own, on a telephone's screen."""
    executable = shutil.which("chromium")
    assert executable, "Chromium is not installed: `apt-get install chromium`"
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder, port = Path(made), free_port()
        settings = Settings(
            data_dir=folder / "data",
            state_dir=folder / "state",
            base_url=f"http://localhost:{port}",
            port=port,
            kdf="floor",
            log_level="error",
        )
        server = Server(settings, folder / "server.log").start()
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        try:
            context = browser.new_context(base_url=server.url, viewport={"width": 390, "height": 844})
            yield Proved("hostile-html", looked_at(server, context, payloads()))
        finally:
            browser.close()
            server.stop()
