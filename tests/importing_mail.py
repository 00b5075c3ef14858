"""A mailbox sent to a running server as a browser sends it, and how much memory the server took at most."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from httpx2 import Client

from tests.browsing import Browsing
from tests.mailboxes import Expected, mbox
from tests.serving import Server

MEMORY = 300 << 20
"""Most that a server may take while it reads a mailbox of any size, in bytes."""

BOUNDARY = "between-the-fields"
HOURS = 3600.0


def imported(server: Server, browsing: Browsing, size: int) -> Expected:
    """Send a mailbox of `size` bytes and look at the preview; what was in it. Raises AssertionError when anything is otherwise."""
    expected = Expected()
    path = send(browsing, _Body(size, expected, browsing.csrf))
    page = browsing.get(path).text
    tally = [int(number) for number in re.findall(r'<strong class="num">(\d+)</strong>', page)]
    companies = expected.senders - {"people.example"}
    assert tally[:3] == [expected.mails, len(companies), int("people.example" in expected.senders)], (tally, expected.mails)
    assert f"{expected.spam} mails marked as spam" in page
    assert server.process is not None
    peak = peak_of(server.process.pid)
    assert peak < MEMORY, f"{peak >> 20} MiB"
    return expected


def send(browsing: Browsing, body: "_Body") -> str:
    """Send the form; the path that the answer leads to."""
    client: Client = browsing.client
    origin = str(client.base_url).rstrip("/")
    headers = {
        "accept": "text/html",
        "origin": origin,
        "sec-fetch-site": "same-origin",
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    content: Any = iter(body)
    answer = client.post("/imports/new", content=content, headers=headers, timeout=HOURS, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def peak_of(pid: int) -> int:
    """The most memory that a process has had at once, in bytes (proc(5), VmHWM), as getrusage counts it for itself."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10


class _Body:
    """A form with a token and a mailbox, made while it is sent."""

    def __init__(self, size: int, expected: Expected, csrf: str) -> None:
        self._size, self._expected, self._csrf = size, expected, csrf

    def __iter__(self) -> Iterator[bytes]:
        field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{self._csrf}\r\n'
        file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="All mail.mbox"\r\n\r\n'
        yield (field + file).encode()
        yield from mbox(self._size, self._expected)
        yield f"\r\n--{BOUNDARY}--\r\n".encode()
