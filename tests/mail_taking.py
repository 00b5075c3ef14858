"""A mail server on this machine (RFC 5321, as much as clients use): it takes mails, refuses, or dawdles, as it is told."""

import base64
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailTaking:
    """What came, and how to answer: `refuse` maps a command to the reply it gets instead; `drip` sends the greeting by the byte."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    drip: float = 0
    secured: bool = False
    tls: ssl.SSLContext | None = None
    at_once: bool = False

    def wait_for(self, count: int, *, seconds: float = 10) -> None:
        """Wait until so many mails have come. Fails when they do not."""
        until = time.monotonic() + seconds
        while len(self.mails) < count:
            assert time.monotonic() < until, f"{len(self.mails)} of {count} mails came"
            time.sleep(0.01)


@contextmanager
def taking(*, tls: ssl.SSLContext | None = None, at_once: bool = False) -> Iterator[MailTaking]:
    """A mail server, for the length of the block: with `tls` by STARTTLS, or `at_once`."""
    told = MailTaking(tls=tls, at_once=at_once)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                _talk(self, told)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        told.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        serving.start()
        yield told
        server.shutdown()
        serving.join()


def _secure(handler: socketserver.StreamRequestHandler, told: MailTaking) -> None:
    assert told.tls is not None
    handler.request = told.tls.wrap_socket(handler.request, server_side=True)
    handler.rfile, handler.wfile = handler.request.makefile("rb"), handler.request.makefile("wb", buffering=0)
    told.secured = True


def _talk(handler: socketserver.StreamRequestHandler, told: MailTaking) -> None:
    if told.at_once:
        _secure(handler, told)

    def say(reply: str) -> None:
        for byte in f"{reply}\r\n".encode() if told.drip else b"":
            handler.wfile.write(bytes([byte]))
            time.sleep(told.drip)
        if not told.drip:
            handler.wfile.write(f"{reply}\r\n".encode())

    say(told.refuse.get("GREETING", "220 mail.example ready"))
    while line := handler.rfile.readline().decode().strip():
        verb = line.split(" ")[0].upper()
        if verb in told.refuse:
            say(told.refuse[verb])
        elif verb == "EHLO":
            offers = ["STARTTLS"] if told.tls and not told.secured else ["AUTH PLAIN"]
            say("\r\n".join(["250-mail.example", *(f"250-{offer}" for offer in offers), "250 8BITMIME"]))
        elif verb == "STARTTLS":
            say("220 go on")
            _secure(handler, told)
        elif verb == "AUTH":
            told.logins.append(base64.b64decode(line.split(" ")[2]).decode())
            say("235 welcome")
        elif verb == "DATA":
            say("354 go on")
            told.mails.append(message_from_bytes(_body(handler), policy=policy.default))
            say("250 taken")
        else:
            if verb == "RCPT":
                told.recipients.append(line.split(":", 1)[1])
            say("221 bye" if verb == "QUIT" else "250 fine")


def _body(handler: socketserver.StreamRequestHandler) -> bytes:
    lines = []
    while (line := handler.rfile.readline()) not in {b".\r\n", b""}:
        lines.append(line.removeprefix(b"."))
    return b"".join(lines)
