"""Signing up: throttled, and everything of a new account in one transaction. `unlocking` is the way back in."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore

from app.auth import invitations, sessions, throttle, ways_in
from app.auth.instance_ledger import append as note_instance
from app.auth.invitations import Guest
from app.auth.profiles import DEFAULT, kit_id, profile_id
from app.auth.sessions import NewSession
from app.database import Stores
from app.exchange import marks
from app.settings import Opening, Settings
from consent import ledger
from consent.act import Act
from vault import accounts, cipher, slot_set, slots, store
from vault.errors import LoginTaken
from vault.records import Kit, Profile

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,38}[a-z0-9]")
PASSPHRASE_MIN, PASSPHRASE_MAX = 8, 1024

# A derivation takes 64 MiB; more of them at once than cores would only make all of them slower.
derivations = BoundedSemaphore(2)


class SignUpRefused(Exception):
    """`problems` maps a field (`login`, `passphrase`, `again`, `token`) to a stable code."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class WhoAsks:
    """Where a try comes from: the network address that counts, and the browser's name for the owner's list."""

    address: str
    browser: str = field(default="")


def cost_of(settings: Settings) -> cipher.Cost:
    """The derivation cost for new passphrase slots."""
    return cipher.STRONG if settings.kdf == "strong" else cipher.FLOOR


def may_sign_up(stores: Stores, settings: Settings, token: str, *, now: datetime) -> bool:
    """Whether this token, or none where sign-up is open, opens the sign-up page."""
    if settings.sign_up is Opening.OPEN and not token:
        return True
    with stores.main.reading() as db:
        invitation = invitations.valid(db, token, Guest.OWNER, now=now)
        return invitation is not None and (settings.sign_up is not Opening.CLOSED or invitation.operator)


def open_account(
    stores: Stores,
    settings: Settings,
    *,
    login: str,
    passphrase: str,
    again: str,
    token: str,
    profile: Profile = DEFAULT,
    who: WhoAsks,
    now: datetime,
) -> NewSession:
    """Sign up: account, slots, mailbox, ledger, profile and unconfirmed kit in one transaction, then a session.

    Raises SignUpRefused naming each field, Throttled.
    """
    throttle.spend(stores.state, [(f"sign-up/{who.address}", throttle.SIGN_UP_ADDRESS)], now=now)
    login = login.strip().lower()
    problems = _problems(login, passphrase, again)
    if problems:
        raise SignUpRefused(problems)
    if not may_sign_up(stores, settings, token, now=now):
        raise SignUpRefused({"token": "invitation"})
    with derivations:
        drafted = accounts.draft(login, passphrase, operator=False, cost=cost_of(settings), now=now)
    with stores.main.writing() as db:
        invitation = invitations.valid(db, token, Guest.OWNER, now=now, lock=True) if token else None
        if invitation is None and (token or settings.sign_up is not Opening.OPEN):
            raise SignUpRefused({"token": "invitation"})
        drafted.new.account.operator = invitation is not None and invitation.operator
        try:
            new = accounts.store(db, drafted)
        except LoginTaken:
            raise SignUpRefused({"login": "taken"}) from None
        account_id = new.account.account_id
        act = Act(account_id=account_id, actor="owner", now=now, seal=new.mailbox.seal)
        head = ledger.open_ledger(db, act)
        mark = slot_set.mark(new.account, slots.slots_of(db, account_id))
        ledger.append(db, act, "account.opened", {"login": login, **ways_in.said(mark)})
        ways_in.mark_after_commit(db, stores.state, act, mark)
        store.add(db, new.keyring, profile, now=now, record_id=profile_id(account_id))
        store.add(db, new.keyring, Kit(code=new.recovery_code), now=now, record_id=kit_id(account_id))
        if invitation is not None:
            invitation.used_at = now
            db.add(invitation)
        note_instance(db, "owner.signed_up", actor="owner", details={"invited": invitation is not None}, now=now)
        db.flush()
        size, top = head.size, head.head
    marks.raise_mark(stores.state, account_id, size=size, head=top, now=now)
    return sessions.start(stores.state, new.keyring, browser=who.browser, idle_minutes=profile.idle_minutes, now=now)


def _problems(login: str, passphrase: str, again: str) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not LOGIN.fullmatch(login):
        problems["login"] = "login"
    return problems | passphrase_problems(login, passphrase, again)


def passphrase_problems(login: str, passphrase: str, again: str) -> dict[str, str]:
    """What is wrong with a new passphrase: a stable code by field (`passphrase`, `again`); nothing when it will do."""
    if len(passphrase) < PASSPHRASE_MIN:
        return {"passphrase": "short"}
    if len(passphrase) > PASSPHRASE_MAX:
        return {"passphrase": "long"}
    if login and passphrase.lower() == login:
        return {"passphrase": "login"}
    return {} if passphrase == again else {"again": "differs"}
