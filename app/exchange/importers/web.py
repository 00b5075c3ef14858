"""Addresses of sites as password stores write them: what they say about the vendor, and what may be kept of them."""

from urllib.parse import urlsplit

from app.relationships.domains import host_of, registrable

_APPS = {"androidapp": "Android app", "android": "Android app", "iosapp": "iOS app"}


def site(address: str) -> tuple[str | None, tuple[str, str] | None]:
    """(domain, contact): the host name, or, where there is none, (label, value) of what it is instead (an app, a network share).

    Paths and queries of logins are left out: they carry reset codes and session ids, and the host is what names the vendor.
    """
    text = address.strip()
    if not text:
        return None, None
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() in _APPS:
        return None, (_APPS[scheme.lower()], rest.rpartition("@")[2].strip("/")[:200])
    host = host_of(text)
    if host:
        return host, None
    return None, ("", _bare(text))


def name_of(host: str) -> str:
    """What to call a vendor of whom only the host is known: the registered name."""
    return registrable(host)


def _bare(text: str) -> str:
    # What is neither web nor app (a regular expression, `chrome://`, a device): kept without user, query and fragment.
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return text[:200]
    return f"{parts.scheme}://{host}{parts.path}"[:200] if parts.scheme and "://" in text else text.partition("?")[0][:200]
