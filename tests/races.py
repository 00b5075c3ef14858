"""Withdrawal raced against what a company does at the same moment: two server processes on one database, real threads.

Each round has a grant of its own, copied beforehand from one that was given by the doors. The owner's browser is at the first
process, the company's program at the second.
"""

import http.client
import json
import random
import secrets
import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import rfc8785
from httpx2 import Client as Http
from pydantic import SecretStr
from sqlalchemy import insert
from sqlmodel import col, select

from app import clock
from app.database import Stores, open_stores
from app.exchange import addresses, releases, tokens
from app.settings import Settings
from app.state import ReleaseKey
from app.tables import GrantToken, Message, Release, ReleaseFetch
from consent import ledger
from consent.ledger import Verified
from consent.store import Grant, LedgerEntry, LedgerHead, Receipt
from tests.browsing import Browsing
from tests.conversing import READING, release_key
from tests.databases import Database, postgres_copy, postgres_template, sqlite_copy, sqlite_template
from tests.factories import make_details
from tests.populating import approve, open_account
from tests.postgres import cluster
from tests.receiving import Receiver, receiving
from tests.serving import Server, free_port
from tests.shop import Shop
from vault import accounts, envelope, store
from vault.instance import load_or_create
from vault.keyring import Keyring
from vault.records import Item

OFFER = {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox", "title": "New in", "body": "Come and see."}
JITTER = 0.012
"""Seconds between which the two sides begin, at random: about as long as a withdrawal takes."""


@dataclass(frozen=True)
class Said:
    """One call of the company: when it began and was answered (monotonic seconds), and how."""

    began: float
    ended: float
    status: int
    reason: str


class Program:
    """The company's program at one process, with a connection that stays open. The host is the instance's own name."""

    def __init__(self, port: int, host: str) -> None:
        self.host, self.connection = host, http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method: str, path: str, token: str, body: object = None) -> Said:
        """One call."""
        headers = {"host": self.host, "authorization": f"Bearer {token}", "content-type": "application/json"}
        began = time.monotonic()
        self.connection.request(method, f"/api/v1{path}", json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        said = answer.read()
        problem = answer.headers.get_content_type() == "application/problem+json"
        return Said(began, time.monotonic(), answer.status, json.loads(said)["type"].rsplit("/", 1)[1] if problem else "")


@dataclass
class Arena:
    """Both processes, their databases, the owner's browser, and the grant that is copied."""

    settings: Settings
    ports: tuple[int, int]
    stores: Stores
    robin: Browsing
    grant_id: str
    receiver: Receiver
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - where the race begins is no secret

    @property
    def host(self) -> str:
        """The instance's name."""
        return f"localhost:{self.ports[0]}"

    def copies(self, count: int, *, cap: int | None = None) -> list[tuple[str, str]]:
        """So many grants like the given one, its release with them: id and token of each. With `cap`, so many messages a week."""
        now, instance = clock.now(), load_or_create(self.settings.data_dir / "instance-secret", None)
        with self.stores.main.reading() as db:
            grant = db.exec(select(Grant).where(Grant.grant_id == self.grant_id)).one()
            release = db.exec(select(Release).where(Release.grant_id == self.grant_id)).one()
            receipt = db.exec(select(Receipt).where(Receipt.grant_id == self.grant_id)).one()
        mine = grant.account_id
        outer = release_key(self.stores, instance, mine, self.grant_id)
        jwe = envelope.open_bytes(outer, releases.place(mine, self.grant_id), 0, release.sealed)
        made = [(secrets.token_hex(16), tokens.make(tokens.PREFIX.grant)) for _ in range(count)]
        rows: dict[Any, list[dict[str, Any]]] = {Grant: [], GrantToken: [], Receipt: [], Release: []}
        keys = []
        for grant_id, token in made:
            key = secrets.token_bytes(32)
            rows[Grant].append(_with(grant, grant_id=grant_id, **(_capped(grant, cap) if cap else {})))
            rows[GrantToken].append(
                {
                    "token_hash": tokens.hashed(token),
                    "account_id": mine,
                    "grant_id": grant_id,
                    "client_id": grant.client_id,
                    "created_at": now,
                }
            )
            rows[Receipt].append(_with(receipt, grant_id=grant_id, receipt_id=str(uuid4())))
            sealed = envelope.seal_bytes(key, releases.place(mine, grant_id), 0, jwe)
            rows[Release].append(_with(release, grant_id=grant_id, sealed=sealed))
            wrapped = instance.wrap(releases.KEY_PURPOSE, f"{mine}/{grant_id}", key)
            keys.append({"account_id": mine, "grant_id": grant_id, "wrapped": wrapped, "made_at": now})
        with self.stores.main.writing() as db:
            for table, values in rows.items():
                db.connection().execute(insert(table), values)
        with self.stores.state.writing() as db:
            db.connection().execute(insert(ReleaseKey), keys)
        return made

    def act(self, grant_id: str, verb: str) -> float:
        """The owner does something to a grant; when it was answered."""
        answer = self.robin.post(f"/grants/{grant_id}/{verb}")
        assert answer.status_code == 303, answer.text
        return time.monotonic()

    def wait(self) -> None:
        """A moment of its own before either side begins."""
        time.sleep(self.dice.uniform(0, JITTER))

    def history(self) -> list[tuple[str, str]]:
        """Type and grant of every entry of the owner's ledger, in its one order, which must hold."""
        account, keyring = open_account(self.stores, "robin")
        with self.stores.main.reading() as db:
            head = db.get_one(LedgerHead, account.account_id)
            mine = select(LedgerEntry).where(LedgerEntry.account_id == account.account_id).order_by(col(LedgerEntry.seq))
            entries, mailbox = db.exec(mine).all(), accounts.open_mailbox(db, keyring)
        assert isinstance(ledger.verify(head, entries), Verified)
        opened = (mailbox.open(ledger.SEAL_PURPOSE, (head.ledger_id, str(each.seq)), each.sealed) for each in entries)
        details = (json.loads(one[ledger.SALT_BYTES :]) for one in opened)
        return [(each.type, str(said.get("grant_id", ""))) for each, said in zip(entries, details, strict=True)]


@contextmanager
def arena(kind: str) -> Iterator[Arena]:
    """On SQLite or PostgreSQL, ready to be raced."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        receiver = stack.enter_context(receiving())
        database = stack.enter_context(_database(kind, folder))
        ports = free_port(), free_port()
        main, state = (SecretStr(url) if database.cluster else None for url in (database.main_url, database.state_url))
        settings = Settings(
            data_dir=folder / "data",
            state_dir=folder / "state",
            base_url=f"http://localhost:{ports[0]}",
            port=ports[0],
            kdf="floor",
            log_level="error",
            outbound_allow=[f"127.0.0.1:{receiver.port}"],
            database_url=main,
            state_database_url=state,
        )
        first = Server(settings, folder / "first.log").start()
        stack.callback(first.stop)
        robin = Browsing(stack.enter_context(Http(base_url=settings.base_url, timeout=60, trust_env=False)))
        robin.sign_up(first.set_up, "robin")
        # Only now: until there is an owner, each start makes the set-up link anew.
        second = Server(settings.model_copy(update={"port": ports[1]}), folder / "second.log").start()
        stack.callback(second.stop)
        stores = open_stores(settings)
        stack.callback(stores.close)
        yield Arena(settings, ports, stores, robin, _given(settings, stores, robin, receiver), receiver)


def race_messages(arena: Arena, rounds: int) -> int:
    """Nothing is let in that began after the withdrawal's answer; the ledger has every message before its end. How many rounds."""
    program, copies = Program(arena.ports[1], arena.host), arena.copies(rounds)
    let_in = _against_withdrawal(arena, copies, lambda token: program.call("POST", "/messages", token, OFFER), yes=202)
    with arena.stores.main.reading() as db:
        kept = db.exec(select(Message.grant_id).where(col(Message.grant_id).in_([one for one, _token in copies]))).all()
    assert len(kept) == let_in
    _one_order(arena, copies, "message.accepted", let_in)
    return rounds


def race_releases(arena: Arena, rounds: int) -> int:
    """No fetch that began after the withdrawal's answer gets anything; the ledger has every fetch before its end."""
    program, copies = Program(arena.ports[1], arena.host), arena.copies(rounds)
    fetched = _against_withdrawal(arena, copies, lambda token: program.call("GET", "/data", token), yes=200)
    with arena.stores.main.reading() as db:
        assert len(db.exec(select(ReleaseFetch).where(ReleaseFetch.grant_id != arena.grant_id)).all()) == fetched
    _one_order(arena, copies, "data.read", fetched)
    return rounds


def race_webhooks(arena: Arena, rounds: int) -> int:
    """No event of a grant but its end comes to the company after the withdrawal's answer."""
    ended: dict[str, float] = {}
    arena.receiver.received.clear()
    for grant_id, _token in arena.copies(rounds):
        arena.act(grant_id, "pause")
        arena.wait()
        ended[grant_id] = arena.act(grant_id, "withdraw")
    # Ends of grants raced before may still be on their way: only those of this race are looked at.
    _until(lambda: {grant_id for type_, grant_id, _at in _events(arena, ended) if type_ == "consent.withdrawn"} == ended.keys())
    came = _events(arena, ended)
    late = [(type_, at - ended[grant_id]) for type_, grant_id, at in came if type_ != "consent.withdrawn" and at > ended[grant_id]]
    assert late == [], late
    assert sorted(grant_id for type_, grant_id, _at in came if type_ == "consent.withdrawn") == sorted(ended)
    return rounds


def race_caps(arena: Arena, rounds: int, *, senders: int = 50, cap: int = 5) -> int:
    """Of so many senders at once, half of them at each process, exactly as many as the cap are let in. How many calls."""
    programs = [Program(arena.ports[number % 2], arena.host) for number in range(senders)]
    with ThreadPoolExecutor(senders) as pool:
        for _grant_id, token in arena.copies(rounds, cap=cap):
            begun = threading.Barrier(senders)

            def send(program: Program, token: str = token, begun: threading.Barrier = begun) -> Said:
                begun.wait()
                return program.call("POST", "/messages", token, OFFER)

            said = list(pool.map(send, programs))
            statuses = [one.status for one in said]
            assert (statuses.count(202), statuses.count(429)) == (cap, senders - cap), statuses
            assert {one.reason for one in said if one.status == 429} == {"over-frequency"}
    return rounds * senders


def _events(arena: Arena, raced: Container[str]) -> list[tuple[str, str, float]]:
    """Type, grant and moment of each event that came of these grants."""
    read = ((json.loads(received.body), received.at) for received in list(arena.receiver.received))
    return [(event["type"], event["data"]["grant_id"], at) for event, at in read if event["data"].get("grant_id") in raced]


def _against_withdrawal(arena: Arena, copies: Sequence[tuple[str, str]], call: Callable[[str], Said], *, yes: int) -> int:
    """Withdraw each of these grants while its company calls, up to four times in a row. How many calls were answered `yes`."""
    answered = 0
    with ThreadPoolExecutor(1) as company:
        for grant_id, token in copies:
            begun = threading.Barrier(2)

            def calls(token: str = token, begun: threading.Barrier = begun) -> list[Said]:
                begun.wait()
                said: list[Said] = []
                while len(said) < 4 and (not said or said[-1].status == yes):
                    arena.wait()
                    said.append(call(token))
                return said

            calling = company.submit(calls)
            begun.wait()
            arena.wait()
            ended = arena.act(grant_id, "withdraw")
            said = [*calling.result(), call(token)]
            _shut_out(said, ended, yes)
            answered += sum(one.status == yes for one in said)
    return answered


def _shut_out(said: Sequence[Said], ended: float, yes: int) -> None:
    for one in said:
        assert one.status in {yes, 403}, one
        assert one.status == 403 or one.began <= ended, f"let in {one.began - ended:.4f} s after the withdrawal's answer"
        assert one.status == yes or one.reason == "consent-withdrawn", one
    assert said[-1].status == 403


def _one_order(arena: Arena, copies: Sequence[tuple[str, str]], type: str, count: int) -> None:
    """Each of these grants has its yeses before its one end, and nothing of them after."""
    raced = {grant_id for grant_id, _token in copies}
    over: set[str] = set()
    found = 0
    for entry, grant_id in arena.history():
        if grant_id not in raced:
            continue
        if entry == "grant.withdrawn":
            assert grant_id not in over
            over.add(grant_id)
        elif entry == type:
            assert grant_id not in over, f"{type} after the end"
            found += 1
        elif entry == "message.refused":
            assert grant_id in over, "refused before the end"
    assert (over, found) == (raced, count)


def _until(happened: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


def _given(settings: Settings, stores: Stores, robin: Browsing, receiver: Receiver) -> str:
    """One grant, given by the doors: messages, and an item that the company may read."""
    account, keyring = open_account(stores, "robin")
    with stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        store.add(db, keyring, Item(term="pd:EmailAddress", value="robin@mail.example"), now=clock.now())
    link = _link(settings, stores, keyring)
    shop = Shop(Http(base_url=settings.base_url, timeout=60, trust_env=False)).register(link, webhook_uri=f"{receiver.url}/hooks")
    shop.ask([*make_details(now=clock.now(), frequency={"count": 1000, "per": "P1W"}), READING])
    approve(robin, shop.asked["request_id"], lines=2)
    shop.collect()
    assert shop.fetch().status_code == 200
    return str(shop.granted["grant_id"])


def _link(settings: Settings, stores: Stores, keyring: Keyring) -> str:
    instance = load_or_create(settings.data_dir / "instance-secret", None)
    with stores.main.writing() as db:
        _id, handle = addresses.open_address(
            db, keyring, keyring.account_id, instance, vendor_id=None, label="at the till", expires_at=None, now=clock.now()
        )
    return addresses.url(settings, handle)


def _capped(grant: Grant, cap: int) -> dict[str, str]:
    """The same terms with another cap, and their own hash."""
    details = json.loads(grant.terms)
    for line in details:
        if "frequency" in line:
            line["frequency"]["count"] = cap
    terms = rfc8785.dumps(details)
    return {"terms": terms.decode(), "terms_sha256": sha256(terms).hexdigest()}


def _with(row: Any, **changes: Any) -> dict[str, Any]:
    return {**row.model_dump(), **changes}


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[Database]:
    if kind == "sqlite":
        yield sqlite_copy(sqlite_template(folder / "template"), folder)
        return
    with cluster() as server, postgres_copy(postgres_template(server, folder / "template")) as database:
        yield database
