"""A file as it arrives: a mail file is read while it streams by, anything else is held in memory until it is whole.

Nothing of it touches a disk in the clear. Of a mail file the owner can see how far it is, and can stop it: its head stands
in the database from the first piece on.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from app import clock
from app.database import Store
from app.errors import NotUnlocked, TooLarge
from app.exchange.importers import choosing, columns, detect, staging, tables
from app.exchange.importers.mail import mailbox
from app.exchange.importers.mail.mailbox import Mailbox
from app.exchange.importers.reading import check_binary
from app.exchange.importers.staging import Staged
from app.exchange.importers.tables import Table
from vault import cipher, store
from vault.keyring import Keyring

PIECE = 1 << 20
"""Bytes that are taken at once, outside of the event loop."""

SMALL = 25 << 20
"""Largest file that is no mail file."""

PACE = timedelta(seconds=2)
"""How often the progress is written down."""


class Arriving:
    """Takes a file in pieces. `write` only holds them; `work` and `finish` are slow and leave the event loop."""

    def __init__(self, main: Store, keyring: Keyring, *, name: str, announced: int, alive: Callable[[], bool], zone: str) -> None:
        self._main, self._keyring, self._name, self._announced = main, keyring, name, announced
        self._alive, self._zone = alive, zone
        self._held = bytearray()
        self._read, self._noted = 0, clock.now()
        self._mailbox: Mailbox | None = None
        self._decided = self._dropped = False
        self.import_id = cipher.random_bytes(16).hex()

    @property
    def due(self) -> bool:
        """Whether there is enough for `work`."""
        return len(self._held) >= PIECE

    def write(self, data: bytes) -> None:
        """The next bytes of the file."""
        if not self._dropped:
            self._held += data

    def drop(self) -> None:
        """It was refused: what still comes of it goes nowhere."""
        self._dropped = True
        self._held.clear()

    def work(self) -> None:
        """Take what is held. Raises TooLarge, ImportRefused, NotUnlocked when the session has ended, Stopped by the owner."""
        if not self._decided:
            self._decide()
        if self._mailbox is None:
            if len(self._held) > SMALL:
                raise TooLarge(SMALL)
            return
        self._read += len(self._held)
        self._mailbox.write(bytes(self._held))
        self._held.clear()
        now = clock.now()
        if now - self._noted >= PACE:
            self._noted = now
            self._still_here()
            staging.keep_head(self._main, self._keyring, self._head(self._mailbox), now=now)

    def finish(self) -> str:
        """The file is whole: stage what is in it. Returns the import id. Raises like `work`."""
        self.work()
        self._still_here()
        now = clock.now()
        if self._mailbox is not None:
            reading = self._mailbox.whole()
            return staging.stage(self._main, self._keyring, reading, file_name=self._name, now=now, import_id=self.import_id)
        data = bytes(self._held)
        if detect.format_of(data) == columns.FORMAT:
            return self._table(tables.read(data), now)
        return staging.stage(self._main, self._keyring, detect.read(data), file_name=self._name, now=now)

    def abandon(self) -> None:
        """It did not arrive whole, or was refused: nothing of it stays."""
        with self._main.writing() as db:
            store.discard(db, self._keyring.account_id, self.import_id)

    def _decide(self) -> None:
        self._decided = True
        check_binary(bytes(self._held[:64]))
        form = mailbox.form(bytes(self._held[:65_536]))
        if form is not None:
            self._mailbox = Mailbox(form, zone=self._zone, now=clock.now())
            self._still_here()
            staging.begin(self._main, self._keyring, self._head(self._mailbox), now=clock.now())

    def _head(self, found: Mailbox) -> Staged:
        summary = {"bytes": self._read, "announced": self._announced, "mails": found.mails, "senders": found.senders}
        return Staged(import_id=self.import_id, format=mailbox.SOURCE, file_name=self._name, state="reading", summary=summary)

    def _table(self, table: Table, now: datetime) -> str:
        with self._main.reading() as db:
            known = columns.recall(db, self._keyring, table.names)
        choosing.stage(self._main, self._keyring, table, import_id=self.import_id, file_name=self._name, now=now)
        if known is not None:
            choosing.choose(self._main, self._keyring, self.import_id, known.meanings, now=now)
        return self.import_id

    def _still_here(self) -> None:
        if not self._alive():
            raise NotUnlocked
