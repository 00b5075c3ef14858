"""Ending sessions, 200 times: whoever was ended is shut out at the next request, and writes nothing after the acknowledgement."""

from collections.abc import Iterator

from tests.databases import fresh
from tests.factories import make_account
from tests.instances import running
from tests.prove import Proved
from tests.session_rounds import Rounds

ROUNDS = 200


def run() -> Iterator[Proved]:
    """All rounds."""
    with fresh() as settings, running(settings) as instance:
        account, keyring, _mailbox = make_account(instance.stores)
        rounds = Rounds(instance.stores, settings, instance.new_client, account, keyring)
        for _number in range(ROUNDS):
            rounds.round()
        assert rounds.committed + rounds.refused == ROUNDS
        yield Proved("session-rounds", ROUNDS)
