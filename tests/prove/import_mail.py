"""A mailbox of 1 GB, sent to a real server: every mail is counted, every sender found, and the server stays under 300 MiB."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from httpx2 import Client

from app.settings import Settings
from tests.browsing import Browsing
from tests.importing_mail import imported
from tests.prove import Proved
from tests.serving import Server, free_port

SIZE = 1_000_000_000


def run(size: int = SIZE) -> Iterator[Proved]:
    """One upload; the number is that of its mails."""
    with tempfile.TemporaryDirectory() as folder:
        place, port = Path(folder), free_port()
        settings = Settings(data_dir=place / "data", state_dir=place / "state", base_url=f"http://localhost:{port}", port=port, kdf="floor")
        server = Server(settings, place / "server.log").start()
        try:
            with Client(base_url=server.url) as client:
                browsing = Browsing(client)
                browsing.sign_up(urlsplit(server.set_up).path)
                browsing.get("/imports/new")
                yield Proved("import-mail", imported(server, browsing, size).mails)
        finally:
            server.stop()
