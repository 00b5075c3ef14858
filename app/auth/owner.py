"""Who is unlocked: from the cookie to an opened account, and one transaction around the whole request.

`Reader` serves pages and changes nothing. `Writer` serves forms: origin and CSRF token are checked, the transaction is
opened for writing, the account's ledger head is locked, and the commit happens before the answer leaves.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session, col, select

from app import clock, i18n
from app.auth import sessions
from app.auth.form import Form, read_form
from app.auth.profiles import kit_id, profile_of
from app.auth.resealing import relationship_key_place, step
from app.auth.sessions import OpenSession
from app.database import Stores
from app.errors import ForgedForm, NotUnlocked, StepUpNeeded
from app.exchange import marks, reminders
from app.settings import Settings
from consent import ledger
from consent.act import Act, Signer
from consent.store import LedgerHead, RelationshipKey
from vault import accounts, cipher, shredding
from vault.instance import InstanceKeys
from vault.keyring import Keyring
from vault.mailbox import Mailbox, OpenMailbox
from vault.records import Fields, Profile
from vault.resealing import remember
from vault.segments import Digest
from vault.store import Account, Record

STEP_UP = timedelta(minutes=5)


@dataclass(frozen=True)
class Owner:
    """An unlocked owner inside one request and one transaction."""

    db: Session
    account: Account
    keyring: Keyring = field(repr=False)
    session: OpenSession
    stores: Stores
    instance: InstanceKeys = field(repr=False)
    settings: Settings
    profile: Profile
    form: Form
    now: datetime
    resealing: bool = False
    afterwards: list[Callable[[], None]] = field(default_factory=list, repr=False)

    @property
    def account_id(self) -> str:
        """The account that everything in this request is bound to."""
        return self.account.account_id

    def digests(self, model: type[Fields]) -> list[Digest]:
        """Every visible record of a kind as its digest, from memory where nothing has changed; shared, so not to be changed."""
        return self.stores.memory.digests(self.db, self.keyring, model)

    @cached_property
    def mailbox(self) -> Mailbox:
        """The public half, to which ledger details and messages are sealed."""
        return accounts.mailbox(self.db, self.account_id)

    @cached_property
    def open_mailbox(self) -> OpenMailbox:
        """The private half: opens what arrived while the owner was away."""
        return accounts.open_mailbox(self.db, self.keyring)

    def act(self, *, signer: Signer | None = None) -> Act:
        """The owner acting now; what consent is handed."""
        return Act(account_id=self.account_id, actor="owner", now=self.now, seal=self.mailbox.seal, signer=signer)

    def signer_for(self, client_id: str) -> Signer:
        """The key of one relationship, which signs what the unlocked owner does towards that client.

        Raises LookupError when there is no relationship yet.
        """
        newest = select(RelationshipKey).where(
            RelationshipKey.account_id == self.account_id,
            RelationshipKey.client_id == client_id,
            col(RelationshipKey.valid_until).is_(None),
        )
        row = self.db.exec(newest).first()
        if row is None:
            raise LookupError(client_id)
        seed = self.keyring.open_bytes(relationship_key_place(self.account_id, client_id, row.kid), row.sealed)
        return Signer(kid=row.kid, public=row.public, attested_by="owner", sign=lambda data: cipher.sign(seed, data))

    def shred_after(self) -> None:
        """Once this transaction is committed, empty the log that still holds the key slots or keys it deleted."""
        shredding.mark(self.db, "slot", "retired_key", "mailbox_key")

    @property
    def fresh(self) -> bool:
        """Whether this browser was unlocked, or has shown a secret again, within the last five minutes."""
        return self.now - self.session.unlocked_at <= STEP_UP

    def require_step_up(self) -> None:
        """Raises StepUpNeeded unless `fresh`."""
        if not self.fresh:
            raise StepUpNeeded


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to this host over TLS; browsers refuse that prefix on plain http, even at localhost."""
    return "__Host-bothways" if settings.secure else "bothways"


def stores_of(request: Request) -> Stores:
    """The databases of the running application."""
    found: Stores = request.app.state.stores
    return found


def check_origin(request: Request) -> None:
    """Raises ForgedForm unless the browser says that this POST came from a page of this instance.

    `Sec-Fetch-Site` where the browser sends it, else `Origin`; a POST with neither is no browser's form.
    """
    settings: Settings = request.app.state.settings
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if origin is not None and origin != settings.base_url:
        raise ForgedForm
    if site is not None and site not in {"same-origin", "none"}:
        raise ForgedForm
    if site is None and origin is None:
        raise ForgedForm


def _resume(request: Request, now: datetime) -> tuple[OpenSession, Keyring]:
    cookie = request.cookies.get(cookie_name(request.app.state.settings), "")
    opened = sessions.resume(stores_of(request).state, cookie, now=now) if cookie else None
    if opened is None:
        raise NotUnlocked
    return opened


def _owner(request: Request, db: Session, opened: tuple[OpenSession, Keyring], form: Form, now: datetime) -> Owner:
    session, keyring = opened
    account = db.get(Account, session.account_id)
    if account is None or account.generation != keyring.generation:
        raise NotUnlocked
    resealing = remember(db, keyring)
    profile = profile_of(db, keyring)
    i18n.speak(profile.language)
    owner = Owner(
        db=db,
        account=account,
        keyring=keyring,
        session=session,
        stores=stores_of(request),
        instance=request.app.state.instance,
        settings=request.app.state.settings,
        profile=profile,
        form=form,
        now=now,
        resealing=resealing,
    )
    request.state.owner = owner
    return owner


def reading_owner(request: Request) -> Iterator[Owner]:
    """The unlocked owner for a page. Raises NotUnlocked, or KitUnconfirmed while the recovery kit waits."""
    now = clock.now()
    opened = _resume(request, now)
    with stores_of(request).main.reading() as db:
        owner = _owner(request, db, opened, Form(), now)
        _kit_first(request, owner)
        yield owner


@contextmanager
def locked(stores: Stores, session: OpenSession, *, now: datetime) -> Iterator[Session]:
    """One write transaction under the account's lock; commits, then raises the ledger's mark. Raises NotUnlocked when the session
    has ended.

    Whoever ends sessions holds the same lock until the ending is committed. So a session that is there once the lock
    is ours is one whose ending nobody has been told of; and what we write is committed before anybody can be.
    """
    account_id = session.account_id
    with stores.main.writing() as db:
        head = ledger.lock(db, account_id)
        if not sessions.alive(stores.state, session.id_hash):
            raise NotUnlocked
        before, held = head.size, marks.held(db, stores.state, account_id)
        yield db
        db.flush()
        after = db.get(LedgerHead, account_id)
    if after is not None and after.size > before and not held:
        marks.raise_mark(stores.state, account_id, size=after.size, head=after.head, now=now)


@dataclass(frozen=True)
class Sender:
    """An unlocked browser with a checked form, before any transaction: what is slow happens here, then `writing`."""

    request: Request
    opened: tuple[OpenSession, Keyring] = field(repr=False)
    form: Form
    now: datetime

    @property
    def account_id(self) -> str:
        """Whose browser it is."""
        return self.session.account_id

    @property
    def session(self) -> OpenSession:
        """The session as it was when the form came."""
        return self.opened[0]

    @property
    def keyring(self) -> Keyring:
        """The opened account."""
        return self.opened[1]

    @property
    def stores(self) -> Stores:
        """The databases."""
        return stores_of(self.request)

    @property
    def settings(self) -> Settings:
        """How this instance is set up."""
        found: Settings = self.request.app.state.settings
        return found

    @contextmanager
    def reading(self) -> Iterator[Owner]:
        """The owner as of now; changes are thrown away."""
        with self.stores.main.reading() as db:
            owner = _owner(self.request, db, self.opened, self.form, self.now)
            _kit_first(self.request, owner)
            yield owner

    @contextmanager
    def writing(self) -> Iterator[Owner]:
        """One transaction as `locked` gives it, for the whole request. Raises NotUnlocked when the session has ended."""
        keyring, now = self.keyring, self.now
        with locked(self.stores, self.session, now=now) as db:
            owner = _owner(self.request, db, self.opened, self.form, now)
            _kit_first(self.request, owner)
            if owner.resealing and (made := step(db, keyring, now=now)) and made.finished:
                owner.shred_after()
            yield owner
            reminders.renew(db, keyring, lambda: profile_of(db, keyring), owner.instance, now=now)
        for act in owner.afterwards:
            act()


def unread_owner(request: Request) -> Sender:
    """The unlocked browser behind a form that is still to be read: whoever reads it checks its token. Raises ForgedForm, NotUnlocked."""
    check_origin(request)
    now = clock.now()
    return Sender(request, _resume(request, now), Form(), now)


def sending_owner(request: Request, form: Annotated[Form, Depends(read_form)]) -> Sender:
    """The unlocked browser that sent a form. Raises ForgedForm unless origin and token are right, NotUnlocked."""
    check_origin(request)
    now = clock.now()
    opened = _resume(request, now)
    if not opened[0].csrf_ok(form.get("csrf")):
        raise ForgedForm
    return Sender(request, opened, form, now)


def writing_owner(sender: Annotated[Sender, Depends(sending_owner)]) -> Iterator[Owner]:
    """The unlocked owner for a form: checked origin and token, one write transaction, the ledger head locked."""
    with sender.writing() as owner:
        yield owner


class KitUnconfirmed(Exception):
    """The owner has not yet shown that the recovery kit is in safe hands; nothing else opens until then."""


def _kit_first(request: Request, owner: Owner) -> None:
    if request.url.path in {"/recovery-kit", "/lock"}:
        return
    if owner.db.get(Record, (owner.account_id, kit_id(owner.account_id))) is not None:
        raise KitUnconfirmed


Reader = Annotated[Owner, Depends(reading_owner, scope="function")]
Writer = Annotated[Owner, Depends(writing_owner, scope="function")]
Sent = Annotated[Sender, Depends(sending_owner)]
Unread = Annotated[Sender, Depends(unread_owner)]
