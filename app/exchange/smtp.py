"""Handing a mail to the operator's mail server (RFC 5321), over a connection that `outbound` made.

One mail is one connection, ended by one deadline. Whatever the server says is read for its three digits and shown to nobody.
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final

from app.exchange.outbound import Failed, Outbound
from app.mail_server import MailServer

SECONDS: Final = 20.0
"""For the whole of it."""

NAME: Final = "localhost"
"""How this host greets the server: its own name is nobody's business, and servers that take mails in by a password ignore it."""


@dataclass(frozen=True)
class Mailing:
    """Sends mails by one server, from one address."""

    outbound: Outbound
    server: MailServer
    sender: str
    seconds: float = field(default=SECONDS)

    def send(self, message: EmailMessage) -> None:
        """Hand in one mail to its one recipient. Raises Failed: `unreachable`, `tls`, `login`, `sender` (mails from here are not
        taken), `refused` (this recipient, or this mail, for good), `later` (the server says so), `timeout`, or `broken`."""
        over = threading.Event()
        connection = self.outbound.reach(self.server.host, self.server.port)
        # Every wait has the socket's own limit; a server that drips a byte at a time meets the end of the whole. The second handle
        # stays good when TLS takes the first one over.
        handle = connection.dup()
        ending = threading.Timer(self.seconds, _end, (handle, over))
        ending.daemon = True
        ending.start()
        try:
            self._hand_in(connection, message)
        except (smtplib.SMTPException, OSError, ValueError) as failed:
            raise Failed("timeout" if over.is_set() or isinstance(failed, TimeoutError) else _outcome(failed)) from None
        finally:
            ending.cancel()
            handle.close()
            connection.close()

    def _hand_in(self, connection: socket.socket, message: EmailMessage) -> None:
        context, server = self.outbound.secured, self.server
        connection.settimeout(self.seconds)
        if server.tls == "at once":
            connection = context.wrap_socket(connection, server_hostname=server.host)
        smtp = _Smtp(connection, server.host)
        try:
            if server.tls == "starttls":
                smtp.starttls(context=context)
            if server.user:
                _log_in(smtp, server)
            smtp.send_message(message)
            # The mail is taken; a server that hangs up without a word has taken it all the same.
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
        finally:
            smtp.close()


def _log_in(smtp: smtplib.SMTP, server: MailServer) -> None:
    try:
        smtp.login(server.user, server.password)
    except smtplib.SMTPNotSupportedError:
        raise smtplib.SMTPAuthenticationError(504, "no way to log in") from None


class _Smtp(smtplib.SMTP):
    """The standard library's dialogue on a connection that stands already."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._connection = connection
        # `host` is what the certificate must name after STARTTLS; it is not looked up again.
        super().__init__(host, 0, local_hostname=NAME)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._connection


def _end(connection: socket.socket, over: threading.Event) -> None:
    over.set()
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


_NAMES: Final[Sequence[tuple[tuple[type[Exception], ...], str]]] = (
    ((smtplib.SMTPAuthenticationError,), "login"),
    ((smtplib.SMTPSenderRefused,), "sender"),
    ((smtplib.SMTPConnectError,), "later"),
    ((ssl.SSLError, smtplib.SMTPNotSupportedError), "tls"),
)


def _outcome(failed: Exception) -> str:
    match failed:
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            return _by_code(next(iter(recipients.values()))[0])
        case smtplib.SMTPDataError(smtp_code=code) | smtplib.SMTPHeloError(smtp_code=code):
            return _by_code(code)
    return next((name for kinds, name in _NAMES if isinstance(failed, kinds)), "broken")


def _by_code(code: int) -> str:
    """RFC 5321 section 4.2.1: from five hundred on for good, from four hundred on for now; anything else is nonsense."""
    return "refused" if code >= 500 else "later" if code >= 400 else "broken"
