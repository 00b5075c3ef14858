"""Logs as lines of JSON on standard error. What is secret is not passed in; what slips in by name is struck out."""

import asyncio
import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

# structlog takes rich, and with it pygments, to colour tracebacks, and greenlet for locals that nobody here has: seven megabytes that
# no line of JSON needs. Both may be absent; None is what an import that is to fail finds among the modules.
_HIDDEN = [name for name in ("rich", "greenlet") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_HIDDEN))  # type: ignore[arg-type]  # see above
import structlog  # noqa: E402 - see above

for _name in _HIDDEN:
    del sys.modules[_name]

SECRET_NAMES = ("passphrase", "password", "secret", "token", "cookie", "authorization", "code", "key", "handle", "amk", "login")


def strike(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every field whose name sounds like a secret."""
    for name in event:
        if _secret(name):
            event[name] = "[struck]"
    return event


@lru_cache(maxsize=1024)
def _secret(name: str) -> bool:
    return any(part in name.lower() for part in SECRET_NAMES)


_ENCODER = json.JSONEncoder(default=repr)


def _json(event: MutableMapping[str, Any], **_options: Any) -> str:
    """One encoder for every line: `json.dumps` with options makes a new one each time."""
    return _ENCODER.encode(event)


def request(method: str, route: str, status: int, ms: float) -> None:
    """The line of a request, from inside an event loop, which writes it in its next turn.

    Where this module has set logging up it does without structlog, whose way takes as long as a decision.
    """
    if _threshold is None:
        _access.info("request", method=method, route=route, status=status, ms=ms)
    elif _threshold <= logging.INFO:
        if not _lines:
            asyncio.get_running_loop().call_soon(_write_lines)
        _lines.append(f'{_named(method, route)}, "status": {status}, "ms": {ms}, {_INFO} "{datetime.now(UTC).isoformat()}"}}\n')


def _write_lines() -> None:
    sys.stderr.write("".join(_lines))
    _lines.clear()


# What one turn of the event loop answered is written by one call: each is a call to the system, during which another thread goes on.
_lines: list[str] = []

_access = structlog.get_logger("access")
_threshold: int | None = None
_INFO = '"event": "request", "level": "info", "timestamp":'


@lru_cache(maxsize=1024)
def _named(method: str, route: str) -> str:
    return _ENCODER.encode({"method": method, "route": route})[:-1]


def set_up(level: str) -> None:
    """Configure logging for this process."""
    global _threshold  # noqa: PLW0603 - one process, one way of logging
    threshold = _threshold = getattr(logging, level.upper())
    logging.basicConfig(level=max(threshold, logging.WARNING), stream=sys.stderr, format='{"level": "%(levelname)s", "event": "%(name)s"}')
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            strike,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
