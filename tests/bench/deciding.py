"""`decide()` alone, on one core: rounds of asks that meet every rule of a message, as many of them allowed as refused."""

import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import median

from consent import terms
from consent.decision import Allowed, Ask, Standing, Usage, decide
from tests.bench.timing import Timing
from tests.factories import NOW, make_details

TARGET = 200_000
ROUNDS = 2_000


def run() -> Iterator[Timing]:
    """The ratio is decisions a second to 200,000 of them."""
    hours = {"from": "09:00", "to": "20:00", "time_zone": "Europe/Dublin"}
    granted = terms.parse(make_details(now=NOW, hours=hours), now=NOW)
    given = Standing("given", granted.expires, granted)
    night, ask = NOW.replace(hour=3), Ask("offer", "dpv:DirectMarketing", "inbox")
    once, full = Usage((NOW - timedelta(hours=1),)), Usage((NOW - timedelta(hours=1), NOW - timedelta(days=2)))
    refused = [
        (ask, Standing("withdrawn", granted.expires, granted), Usage(), NOW),
        (ask, Standing("given", NOW, granted), Usage(), NOW),
        (ask, Standing("suspended", granted.expires, granted), Usage(), NOW),
        (ask, Standing("paused", granted.expires, granted), Usage(), NOW),
        (Ask("offer", "dpv:DeliveryOfGoods", "inbox"), given, Usage(), NOW),
        (Ask("location_offer", "dpv:DirectMarketing", "inbox"), given, Usage(), NOW),
        (Ask("offer", "dpv:DirectMarketing", "post"), given, Usage(), NOW),
        (ask, given, once, night),
        (ask, given, full, NOW),
    ]
    asks = [*refused, *[(ask, given, once, NOW)] * len(refused)]
    assert [isinstance(decide(*each), Allowed) for each in asks] == [False] * len(refused) + [True] * len(refused)
    rates = []
    for _ in range(9):
        started = time.perf_counter()
        for _ in range(ROUNDS):
            for each in asks:
                decide(*each)
        rates.append(ROUNDS * len(asks) / (time.perf_counter() - started))
    yield Timing("decide", median(rates) / TARGET, 1.0, at_least=True, figures=f"{median(rates):,.0f}/s")
