"""An owner of the instance, opened for writing records, and the same owner's browser."""

from collections.abc import Callable

import pytest

from tests.app.ui.keeping import Opened
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance


@pytest.fixture
def opened(instance: Instance) -> Opened:
    """The owner `robin`."""
    return make_account(instance.stores)


@pytest.fixture
def robin(opened: Opened, new_browser: Callable[[], Browsing]) -> Browsing:
    """The browser of `robin`, unlocked."""
    return new_browser().unlock()
