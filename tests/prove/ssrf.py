"""Nothing a company chooses leads inside: addresses in every dress, misleading web addresses, redirects, rebinding, proxies."""

from collections.abc import Iterator

from tests.hostile_addresses import addresses, attempts, urls
from tests.prove import Proved


def run() -> Iterator[Proved]:
    """Every attempt, with a counting listener inside: 0 connects."""
    assert len(addresses()) >= 100
    assert len(urls(443)) >= 100
    yield Proved("ssrf", attempts())
