"""From an address on the web or in mail to the name that one organisation registered; pure.

What was registered by one organisation is read off the Public Suffix List (publicsuffix.org) that the package
publicsuffixlist carries: nothing is asked of the network, and the list is as old as the lock. Some places where everybody
can have a name are not on it and stand here (`SHARED`). What the list does not know it takes for two labels: two
organisations under one unlisted suffix would then be taken for one, which the preview of an import shows before anything
is written.
"""

import ipaddress
import re
from functools import cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

SHARED = frozenset("sharepoint.com substack.com tumblr.com weebly.com wordpress.com zendesk.com".split())
"""Suffixes below which every name belongs to somebody else, and which the Public Suffix List does not have."""

FREEMAIL = frozenset(
    (
        "gmail.com googlemail.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.it hotmail.es outlook.com "
        "outlook.fr outlook.de live.com live.co.uk live.fr live.nl msn.com passport.com yahoo.com yahoo.co.uk yahoo.fr "
        "yahoo.de yahoo.it yahoo.es yahoo.ca yahoo.co.in yahoo.co.jp yahoo.com.br yahoo.com.au ymail.com rocketmail.com "
        "aol.com icloud.com me.com mac.com gmx.com gmx.net gmx.de gmx.at gmx.ch web.de t-online.de freenet.de mail.com "
        "mail.ru yandex.com yandex.ru protonmail.com protonmail.ch proton.me pm.me tutanota.com tutanota.de tuta.io tuta.com "
        "posteo.de posteo.net mailbox.org fastmail.com fastmail.fm hey.com zoho.com zohomail.eu qq.com 163.com 126.com "
        "sina.com naver.com orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it btinternet.com "
        "eircom.net comcast.net verizon.net att.net bellsouth.net sbcglobal.net cox.net ziggo.nl kpnmail.nl xs4all.nl "
        "bluewin.ch seznam.cz wp.pl o2.pl interia.pl bigpond.com shaw.ca rogers.com uol.com.br "
    ).split()
)
"""Where anybody has a mailbox: such an address says nothing about who its holder works for."""

PLATFORMS = frozenset(
    (
        "facebook.com fb.com instagram.com linkedin.com twitter.com x.com youtube.com youtu.be tiktok.com pinterest.com "
        "etsy.com xing.com vk.com threads.net bsky.app mastodon.social linktr.ee wa.me t.me flickr.com goo.gl g.page "
        "google.com skype.com telegram.me medium.com yelp.com tripadvisor.com "
    ).split()
)
"""Where many organisations keep a page: a page there, in an address book, is not the organisation's own name."""

_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)", re.UNICODE)
_LONGEST = 253


def host_of(address: str) -> str | None:
    """Host name of an http(s) URL or a bare name (RFC 3986 section 3.2.2): lower case, ASCII (IDNA), no `www.`. None without one."""
    text = address.strip()
    scheme, separator, _ = text.partition("://")
    if separator and scheme.lower() not in {"http", "https", "ftp", "ftps"}:
        return None
    try:
        host = urlsplit(text if separator else f"//{text}").hostname
    except ValueError:
        return None
    return canonical(host) if host else None


def mail_host(address: str) -> str | None:
    """Host name of a mail address, without what stands before the `@`. None when it is not a mail address or anybody's mailbox."""
    local, separator, host = address.strip().rpartition("@")
    known = canonical(host) if local and separator else None
    return None if known is None or "." not in known or registrable(known) in FREEMAIL or known in FREEMAIL else known


def registrable(host: str) -> str:
    """The part of a host name that was registered by one organisation; an IP address or a single label stays as it is.

    >>> registrable("accounts.shop.co.uk")
    'shop.co.uk'
    """
    name = host.lower().rstrip(".")
    if "." not in name or _is_ip(name):
        return name
    found = _suffixes().privatesuffix(name) or name
    if found in SHARED and found != name:
        return ".".join(name.split(".")[-found.count(".") - 2 :])
    return found


def canonical(host: str) -> str | None:
    """A host name in lower case and ASCII (IDNA), without `www.`; None when it is none."""
    name = host.strip().rstrip(".").lower()
    if _is_ip(name):
        return name
    if not name or len(name) > _LONGEST or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        return None
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    bare = ascii_name.removeprefix("www.")
    return bare if "." in bare else ascii_name


@cache
def _suffixes() -> PublicSuffixList:
    """Read when it is first asked: ten thousand names, a tenth of a second."""
    return PublicSuffixList()


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
