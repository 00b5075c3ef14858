"""Unlocking: by passphrase, recovery code or passkey; throttled, and the same for known and unknown names.

Before anything is derived the slots are looked at as a whole: are they such as are written here, and are they the set that
the state store remembers? What fails that opens nothing and is noted. Then the derivation, outside any transaction; then,
under the account's lock, the MAC's verdict is compared with the ledger, and the session begins before the lock is let go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.auth import passkeys, restored, sessions, slot_marks, throttle, ways_in
from app.auth.accounts import WhoAsks, cost_of, derivations
from app.auth.passkeys import NotShown
from app.auth.profiles import profile_of
from app.auth.resealing import step
from app.auth.sessions import NewSession
from app.database import Stores
from app.exchange import marks
from app.settings import Settings
from consent import ledger
from consent.act import Act
from vault import accounts, slot_set, slots
from vault.errors import BadLogin, SlotsTampered
from vault.resealing import remember
from vault.slot_set import Mark, Standing
from vault.slots import Opening
from vault.store import Account, Slot


@dataclass(frozen=True)
class Found:
    """An account with its slots as they were at one moment, and how they stand to what the state store remembers."""

    account: Account
    rows: Sequence[Slot]
    remembered: Mark | None
    standing: Standing


def unlock(stores: Stores, settings: Settings, *, login: str, passphrase: str, who: WhoAsks, now: datetime) -> NewSession | None:
    """Unlock with the passphrase. None when it is wrong, or nobody has that name, after the same time.

    Where the owner wants a second factor, the session is not whole yet. Raises Throttled, SlotsTampered.
    """
    subject = _throttled(stores, _normal(login), who, now)
    found = find(stores, lambda db: accounts.by_login(db, login), now=now)
    with derivations:
        if found is None:
            slots.burn_time(cost_of(settings))
            return None
        opening = believed(stores, found, lambda: slots.open_with_passphrase(found.account, found.rows, passphrase), now)
    return enter(stores, found, opening, subject, who=who, now=now)


def unlock_with_recovery(stores: Stores, *, login: str, code: str, who: WhoAsks, now: datetime) -> NewSession | None:
    """Unlock with the recovery code, for which no second factor is asked; otherwise like `unlock`."""
    subject = _throttled(stores, _normal(login), who, now)
    found = find(stores, lambda db: accounts.by_login(db, login), now=now)
    if found is None:
        return None
    opening = believed(stores, found, lambda: slots.open_with_recovery(found.account, found.rows, code), now)
    return enter(stores, found, opening, subject, who=who, now=now)


def unlock_with_passkey(
    stores: Stores, settings: Settings, *, text: str, secret: bytes, browser: bytes, who: WhoAsks, now: datetime
) -> NewSession | None:
    """Unlock with a passkey's answer and the secret that the browser derived from its PRF. None when they open nothing here.

    Raises Throttled, SlotsTampered.
    """
    try:
        answer = passkeys.shown(text)
        subject = _throttled(stores, answer.account_id, who, now)
        found = find(stores, lambda db: db.get(Account, answer.account_id), now=now)
        slot = slots.by_credential(found.rows, answer.credential_id) if found else None
        if found is None or slot is None:
            return None
        count = passkeys.check(stores.state, settings, answer, slot, browser=browser, purpose="unlock", now=now)
    except NotShown:
        return None
    opening = believed(stores, found, lambda: slots.open_with_passkey(found.account, found.rows, slot.slot_id, secret), now)
    return enter(stores, found, opening, subject, who=who, now=now, sign_count=count)


def complete(
    stores: Stores, settings: Settings, *, cookie: str, text: str, browser: bytes, who: WhoAsks, now: datetime
) -> NewSession | None:
    """Show the second factor to a session that waits for it: a new session, whole, in its place. None when it does not hold.

    Raises Throttled, SlotsTampered.
    """
    half = sessions.resume_half(stores.state, cookie, now=now)
    if half is None:
        return None
    account_id, keyring = half[0].account_id, half[1]
    subject = _throttled(stores, account_id, who, now)
    found = find(stores, lambda db: db.get(Account, account_id), now=now)
    try:
        answer = passkeys.shown(text)
        slot = slots.by_credential(found.rows, answer.credential_id) if found else None
        if found is None or slot is None:
            return None
        count = passkeys.check(stores.state, settings, answer, slot, browser=browser, purpose="second", now=now)
    except NotShown:
        return None
    if not sessions.end(stores.state, half[0].id_hash, account_id):
        return None
    opening = Opening(keyring=keyring, slot_id=slot.slot_id, kind=slot.kind)
    return enter(stores, found, opening, subject, who=who, now=now, sign_count=count)


def second_factors(stores: Stores, cookie: str, *, now: datetime) -> list[bytes]:
    """The credential ids that may answer for a session that waits; none for a cookie that opens none."""
    half = sessions.resume_half(stores.state, cookie, now=now)
    if half is None:
        return []
    with stores.main.reading() as db:
        return passkeys.credentials(slots.slots_of(db, half[0].account_id))


def find(stores: Stores, account_of: Callable[[Session], Account | None], *, now: datetime) -> Found | None:
    """The account, its slots and their standing; None when there is none. Raises SlotsTampered, noted, with nothing derived."""
    while True:
        # The mark is read first: what is committed after it can only be newer, never seem to have gone back.
        with stores.main.reading() as db:
            known = account_of(db)
        # Nobody is looked for as long as somebody.
        account_id = known.account_id if known else "0" * 32
        mark = slot_marks.remembered(stores.state, account_id)
        with stores.main.reading() as db:
            account, rows = db.get(Account, account_id), slots.slots_of(db, account_id)
        with stores.main.reading() as db:
            again = db.get(Account, account_id)
        if account is None or again is None:
            return None
        if (account.slot_counter, account.slot_mac) == (again.slot_counter, again.slot_mac):
            break
    try:
        return Found(account, rows, mark, slot_set.compare(account, rows, mark))
    except SlotsTampered:
        _alarm(stores, account.account_id, now)
        raise


def believed(stores: Stores, found: Found, open_: Callable[[], Opening | None], now: datetime) -> Opening | None:
    """What `open_` opens. Raises SlotsTampered, noted, when the key that it opened does not vouch for the set."""
    try:
        return open_()
    except SlotsTampered:
        _alarm(stores, found.account.account_id, now)
        raise


def enter(
    stores: Stores, found: Found, opening: Opening | None, subject: str, *, who: WhoAsks, now: datetime, sign_count: int | None = None
) -> NewSession | None:
    """Begin a session for what was opened, unless the slots have changed since they were found; None for nothing opened."""
    if opening is None:
        return None
    throttle.forgive(stores.state, subject)
    account_id = found.account.account_id
    with stores.main.writing() as db:
        head = ledger.lock(db, account_id)
        current = db.get(Account, account_id)
        # The slots were read outside this transaction; a change of slots in between makes what was opened worthless.
        if current is None or (current.slot_counter, current.slot_mac) != (found.account.slot_counter, found.account.slot_mac):
            return None
        before, held = head.size, marks.held(db, stores.state, account_id)
        slots.note_use(db, account_id, opening.slot_id, now=now, sign_count=sign_count)
        resealed = remember(db, opening.keyring) and step(db, opening.keyring, now=now)
        act = _act(db, account_id, now)
        if held:
            restored.alarm(db, stores.state, act, opening.keyring)
        ways_in.look_back(db, stores.state, act, opening.keyring, standing=found.standing, remembered=found.remembered)
        idle = profile_of(db, opening.keyring).idle_minutes
        size, top = head.size, head.head
        # Inside the lock: whoever ends all sessions, and then changes the passphrase, ends this one too or comes before it.
        new = sessions.start(
            stores.state, opening.keyring, browser=who.browser, idle_minutes=idle, now=now, whole=not opening.second_factor
        )
    if size > before and not held:
        marks.raise_mark(stores.state, account_id, size=size, head=top, now=now)
    if resealed and resealed.finished:
        stores.main.shred()
    return new


def _alarm(stores: Stores, account_id: str, now: datetime) -> None:
    with stores.main.writing() as db:
        ledger.lock(db, account_id)
        ways_in.refused(db, _act(db, account_id, now))


def _act(db: Session, account_id: str, now: datetime) -> Act:
    return Act(account_id=account_id, actor="instance", now=now, seal=accounts.mailbox(db, account_id).seal)


def _throttled(stores: Stores, name: str, who: WhoAsks, now: datetime) -> str:
    subject = f"unlock/{name}"
    throttle.spend(stores.state, [(subject, throttle.UNLOCK_ACCOUNT), (f"unlock-from/{who.address}", throttle.UNLOCK_ADDRESS)], now=now)
    return subject


def _normal(login: str) -> str:
    try:
        return accounts.normal_login(login)
    except BadLogin:
        return ""
