"""A mailbox of some megabytes, sent to a real server: the quick form of the proof `import-mail`."""

import pytest
from httpx2 import Client

from tests.browsing import Browsing
from tests.importing_mail import imported
from tests.serving import Server

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_mailbox_is_read_while_it_comes(server: Server) -> None:
    """Every mail is counted and every sender found, and the server takes no more memory than for a small one."""
    with Client(base_url=server.url) as client:
        browsing = Browsing(client)
        browsing.sign_up(server.set_up.removeprefix(server.url))
        browsing.get("/imports/new")
        assert imported(server, browsing, 8_000_000).mails > 100
