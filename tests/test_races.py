"""The races of `tests.prove.races`, a few rounds of each."""

import pytest

from tests.races import arena, race_caps, race_messages, race_releases, race_webhooks

ROUNDS = 8


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_races_with_the_owner(kind: str) -> None:
    """After the withdrawal's answer nothing gets in or out, and of fifty senders exactly as many as the cap."""
    with arena(kind) as here:
        race_messages(here, ROUNDS)
        race_releases(here, ROUNDS)
        race_webhooks(here, ROUNDS)
        race_caps(here, 2)
