"""What the server does not load until it is asked for it (decision 11)."""

import subprocess
import sys

from tests.serving import ROOT

LATER = "alembic greenlet icalendar markdown_it nh3 psycopg pyrage pygments rich segno sqlalchemy.dialects.postgresql webauthn"
ASKED = "import app.cli, app.logs, app.main, sys; print(*(name for name in sys.argv[1:] if name in sys.modules))"


def test_server_starts_without_what_few_requests_need() -> None:
    """In the order of `bothways serve`, nothing of the list is there before the first request."""
    done = subprocess.run([sys.executable, "-c", ASKED, *LATER.split()], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
