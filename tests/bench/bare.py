"""What is compared with: a bare FastAPI route that takes a message and does nothing, and one with a durable INSERT of its own.

Run as a process: `python -m tests.bench.bare <port> [database]`.
"""

import asyncio
import secrets
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from typing import Literal

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

TABLE = "CREATE TABLE IF NOT EXISTS message (message_id CHAR(32) PRIMARY KEY, title TEXT, body TEXT)"
CONNECTIONS = 16
Insert = Callable[[str, str, str], Awaitable[None]]


class Message(BaseModel):
    """The same fields as a message at the vendor's door."""

    kind: Literal["service", "offer"]
    purpose: str
    channel: str
    title: str
    body: str
    format: str = "text"


class Accepted(BaseModel):
    """The same answer."""

    id: str
    status: str


def create_app(database: str | None) -> FastAPI:
    """`/nothing` keeps nothing; `/insert` keeps the message and answers after the commit."""
    app = FastAPI(openapi_url=None)

    @app.post("/nothing", status_code=202)
    async def nothing(message: Message) -> Accepted:
        return Accepted(id="0" * 32, status="accepted")

    if database is not None:
        _insert = _sqlite(database) if database.startswith("/") else _postgresql(database)

        @app.post("/insert", status_code=202)
        async def insert(message: Message) -> Accepted:
            message_id = secrets.token_hex(16)
            await _insert(message_id, message.title, message.body)
            return Accepted(id=message_id, status="accepted")

    return app


def _sqlite(path: str) -> Insert:
    """Inline: faster than the thread pool, since there is one writer at a time anyway."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", TABLE):
        connection.execute(statement)

    async def insert(*values: str) -> None:
        connection.execute("INSERT INTO message VALUES (?, ?, ?)", values)

    return insert


def _postgresql(database: str) -> Insert:
    """Sixteen connections, awaited: they share PostgreSQL's own group commit, which one connection inline would not."""
    import psycopg  # noqa: PLC0415 - only where it is used: its memory would count against us otherwise

    with psycopg.connect(database, autocommit=True) as first:
        first.execute(TABLE)
    free: asyncio.LifoQueue[psycopg.AsyncConnection] = asyncio.LifoQueue()
    made = 0

    async def insert(*values: str) -> None:
        nonlocal made
        if free.empty() and made < CONNECTIONS:
            made += 1
            connection = await psycopg.AsyncConnection.connect(database, autocommit=True)
        else:
            connection = await free.get()
        await connection.execute("INSERT INTO message VALUES (%s, %s, %s)", values)
        free.put_nowait(connection)

    return insert


def main() -> None:
    """Serve, with the options that `bothways serve` gives to uvicorn."""
    port, database = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    options = {"proxy_headers": False, "server_header": False, "access_log": False, "log_level": "warning"}
    uvicorn.run(create_app(database), host="127.0.0.1", port=port, **options)  # type: ignore[arg-type]  # each is its option's type


if __name__ == "__main__":
    main()
