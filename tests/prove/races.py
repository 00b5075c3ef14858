"""Withdrawal against message, against fetch, against webhook, 1,000 times each; a cap against fifty senders at once."""

from collections.abc import Iterator

from tests.prove import Proved
from tests.races import arena, race_caps, race_messages, race_releases, race_webhooks

ROUNDS = 1_000
CAPS = 40


def run() -> Iterator[Proved]:
    """Half of the rounds on each database."""
    done = {"message": 0, "release": 0, "webhook": 0, "cap": 0}
    for kind in ("sqlite", "postgresql"):
        with arena(kind) as here:
            done["message"] += race_messages(here, ROUNDS // 2)
            done["release"] += race_releases(here, ROUNDS // 2)
            done["webhook"] += race_webhooks(here, ROUNDS // 2)
            done["cap"] += race_caps(here, CAPS // 2)
    for name, count in done.items():
        yield Proved(f"race-{name}", count)
