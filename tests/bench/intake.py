"""Messages at the gate over real HTTP, ledger entry included, beside a bare route and one with a durable INSERT of its own.

A decision beside the bare route. One process each, loopback; the load generator is a third.
"""

from collections.abc import Iterator

from app import clock
from app.database import Stores
from app.exchange.tokens import hashed
from tests.bench.crowd import Crowd, crowd
from tests.bench.load import http
from tests.bench.rivals import KINDS, Rivals, Side, compared, figures, ratio, rivals
from tests.bench.timing import Timing

GRANTS = 400
ASK = {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox"}
MESSAGE = {**ASK, "title": "New bread", "body": "From eight o'clock. " * 45}
"""1 KiB."""

SENT, PER_SECOND, ALONE, TAIL, DECIDED = frozenset({"202"}), 1.0, 0.6, 2.0, 0.6


def run() -> Iterator[Timing]:
    """On SQLite (`synchronous=FULL`), then on PostgreSQL, with sixteen connections and with one."""
    for kind in KINDS:
        crowds: list[Crowd] = []

        def prepare(stores: Stores, into: list[Crowd] = crowds) -> None:
            into.append(crowd(stores, GRANTS, now=clock.now()))

        with rivals(kind, prepare) as both:
            tokens = list(crowds[0].tokens)
            assert len({hashed(token) for token in tokens}) == GRANTS
            yield from _messages(kind, both, tokens)
            yield from _decisions(kind, both, tokens)


def _messages(kind: str, both: Rivals, tokens: list[str]) -> Iterator[Timing]:
    host = f"localhost:{both.ours.port}"
    ours = Side(both.ours.port, [http("POST", "/api/v1/messages", host=host, token=token, body=MESSAGE) for token in tokens], SENT)
    base = Side(both.bare, [http("POST", "/insert", host="localhost", body=MESSAGE)], SENT)
    nothing = Side(both.bare, [http("POST", "/nothing", host="localhost", body=MESSAGE)], SENT)
    pairs = compared(ours, base, connections=16)
    yield Timing(f"messages-{kind}-16", ratio(pairs, lambda one: one.rate), PER_SECOND, at_least=True, figures=figures(pairs))
    yield Timing(f"messages-{kind}-16-p99", ratio(pairs, lambda one: one.p99), TAIL, figures=figures(pairs))
    pairs = compared(ours, base, connections=1)
    yield Timing(f"messages-{kind}-1", ratio(pairs, lambda one: one.rate), ALONE, at_least=True, figures=figures(pairs))
    pairs = compared(ours, nothing, connections=16, rounds=1)
    yield Timing(f"messages-{kind}-16-beside-nothing", ratio(pairs, lambda one: one.rate), 0.0, at_least=True, figures=figures(pairs))


def _decisions(kind: str, both: Rivals, tokens: list[str]) -> Iterator[Timing]:
    host = f"localhost:{both.ours.port}"
    asked = [http("POST", "/api/v1/decisions", host=host, token=token, body=ASK) for token in tokens]
    nothing = Side(both.bare, [http("POST", "/nothing", host="localhost", body=MESSAGE)], SENT)
    pairs = compared(Side(both.ours.port, asked, frozenset({"200"})), nothing, connections=16)
    yield Timing(f"decisions-{kind}-16", ratio(pairs, lambda one: one.rate), DECIDED, at_least=True, figures=figures(pairs))
