"""The mail server that the operator names in one setting, taken apart. Pure: nothing is connected to."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

Tls = Literal["at once", "starttls", "none"]

_SCHEMES: Final[dict[str, tuple[Tls, int]]] = {"smtps": ("at once", 465), "smtp+starttls": ("starttls", 587), "smtp": ("none", 25)}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9a-fA-F:.]{2,45}")
# The part of RFC 5321 that everybody uses: a dot-string of ASCII before the @, a domain or its A-label after it.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class OddMailServer(ValueError):
    """This does not name a mail server in a way that is used."""


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed in. Credentials are shown nowhere."""

    host: str
    port: int
    tls: Tls
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def parse_server(url: str) -> MailServer:
    """`smtps://user:password@host` (TLS at once, port 465), `smtp+starttls://…` (587), or `smtp://localhost` (25, in the clear).

    Without TLS only a server on this machine is used: a password or an address on the line would be everybody's. Raises
    OddMailServer; its text holds no part of the setting.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OddMailServer("this is not a web address") from None
    if parts.scheme not in _SCHEMES or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise OddMailServer("must look like smtps://user:password@host, smtp+starttls://user:password@host or smtp://localhost")
    host = parts.hostname or ""
    if not _HOST.fullmatch(host):
        raise OddMailServer("the host is not a name or an address")
    tls, usual = _SCHEMES[parts.scheme]
    if tls == "none" and not _here(host):
        raise OddMailServer("without TLS only a server on this machine is used; write smtps:// or smtp+starttls://")
    return MailServer(host, port or usual, tls, unquote(parts.username or ""), unquote(parts.password or ""))


def normal_address(text: str) -> str | None:
    """A mail address in the form it is used in, its domain in lower-case ASCII; None for what is none, or needs quoting."""
    local, at, domain = text.strip().rpartition("@")
    try:
        ascii_domain = domain.lower() if domain.isascii() else domain.encode("idna").decode().lower()
    except UnicodeError:
        return None
    labels = ascii_domain.split(".")
    whole = len(local) <= 64 and len(local) + len(ascii_domain) <= 253
    fine = at and whole and len(labels) > 1 and _LOCAL.fullmatch(local) and all(_LABEL.fullmatch(label) for label in labels)
    return f"{local}@{ascii_domain}" if fine else None


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
