"""What tests of consent stand on."""

import pytest

from app.database import Stores
from tests.consent.house import House
from tests.factories import make_account


@pytest.fixture
def house(stores: Stores) -> House:
    """One owner, the database empty but for the account."""
    return House(stores, *make_account(stores))
