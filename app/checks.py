"""`bothways check`: what an operator would want to know before somebody else finds out."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from app import migrations
from app.database import Stores, open_stores, ready
from app.exchange import marks
from app.settings import Settings
from app.verify import ledger_verdict

LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    fine: bool
    text: str


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at settings, files, databases, schemas and ledgers, in that order."""
    yield from _settings(settings)
    yield from _files(settings)
    stores = open_stores(settings)
    try:
        yield from _databases(settings, stores)
    finally:
        stores.close()


def _settings(settings: Settings) -> Iterator[Finding]:
    host = urlsplit(settings.base_url).hostname or ""
    local = host in LOCAL
    yield Finding(
        settings.secure or local,
        f"base URL {settings.base_url}"
        + ("" if settings.secure or local else ": without TLS browsers refuse passkeys and secure cookies; use https"),
    )
    server = settings.mail_server
    yield Finding(True, f"mail server: {f'{server.host}, port {server.port}' if server else 'none, so no reminders by mail'}")
    everyone = "*" in settings.trusted_proxies
    yield Finding(
        not everyone,
        "trusted proxies: " + ("* lets anyone claim any address" if everyone else ", ".join(settings.trusted_proxies) or "none"),
    )


def _files(settings: Settings) -> Iterator[Finding]:
    for name, path in (
        ("data folder", settings.data_dir),
        ("state folder", settings.state_dir),
        ("instance secret", settings.data_dir / "instance-secret"),
    ):
        if not path.exists():
            yield Finding(True, f"{name}: not there yet, made on first start")
            continue
        loose = stat.S_IMODE(path.stat().st_mode) & 0o077
        yield Finding(not loose, f"{name}: {path}" + (" can be read by others on this machine; chmod go-rwx it" if loose else ""))


def _databases(settings: Settings, stores: Stores) -> Iterator[Finding]:
    for name, store in (("main", stores.main), ("state", stores.state)):
        try:
            answering = ready(store)
        except SQLAlchemyError:
            answering = False
        yield Finding(answering, f"{name} database: {'answers' if answering else 'does not answer'}")
        if not answering:
            return
    behind = migrations.behind(settings)
    yield Finding(not behind, "schema: " + (f"{', '.join(behind)} behind this version; run `bothways migrate`" if behind else "current"))
    if behind:
        return
    for verdict in ledger_verdict(stores, login=None, mark_of=marks.mark_of):
        yield Finding(verdict.holds, f"ledger of {verdict.line}")
