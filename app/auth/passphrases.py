"""Shown again: does this secret open the account? Asked of an owner who is already unlocked, before a way in is changed.

Slow, and therefore outside any transaction.
"""

import base64
import binascii

from app.auth import passkeys, throttle
from app.auth.accounts import derivations
from app.auth.owner import Sender
from app.auth.passkeys import NotShown
from app.auth.unlocking import Found, believed, find
from vault import cipher, slots
from vault.slots import Opening
from vault.store import Account

SUBJECT = "passphrase-again"


def opens(sender: Sender, secret: str) -> Opening | None:
    """What the account's passphrase or its recovery code opens, None for any other secret. Counted like a try to unlock.

    Raises Throttled after too many tries, SlotsTampered.
    """
    found = _found(sender)

    def try_both() -> Opening | None:
        by_code = slots.open_with_recovery(found.account, found.rows, secret)
        return by_code or slots.open_with_passphrase(found.account, found.rows, secret)

    with derivations:
        return _forgiven(sender, believed(sender.stores, found, try_both, sender.now))


def opens_by_passkey(sender: Sender, text: str, secret: bytes) -> Opening | None:
    """What a passkey's answer and its derived secret open. Raises as `opens`."""
    found = _found(sender)
    slot_id, _count = _checked(sender, found, text, "unlock")
    if not slot_id:
        return None
    return _forgiven(
        sender, believed(sender.stores, found, lambda: slots.open_with_passkey(found.account, found.rows, slot_id, secret), sender.now)
    )


def second_factor(sender: Sender, text: str) -> bool:
    """Whether one of the account's passkeys gave this answer. Raises as `opens`."""
    return bool(_checked(sender, _found(sender), text, "second")[0])


def secret_of(text: str) -> bytes:
    """The 32 bytes that a browser derived, from base64url; nothing when they are not that."""
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
    return decoded if len(decoded) == cipher.KEY_BYTES else b""


def _checked(sender: Sender, found: Found, text: str, purpose: str) -> tuple[str, int]:
    try:
        answer = passkeys.shown(text)
        slot = slots.by_credential(found.rows, answer.credential_id)
        if slot is None:
            return "", 0
        browser = sender.session.id_hash
        count = passkeys.check(sender.stores.state, sender.settings, answer, slot, browser=browser, purpose=purpose, now=sender.now)
    except NotShown:
        return "", 0
    with sender.stores.main.writing() as db:
        slots.note_use(db, slot.account_id, slot.slot_id, now=sender.now, sign_count=count)
    return slot.slot_id, count


def _found(sender: Sender) -> Found:
    subject = f"{SUBJECT}/{sender.account_id}"
    throttle.spend(sender.stores.state, [(subject, throttle.UNLOCK_ACCOUNT)], now=sender.now)
    found = find(sender.stores, lambda db: db.get(Account, sender.account_id), now=sender.now)
    assert found is not None, "the account of an open session"
    return found


def _forgiven(sender: Sender, opening: Opening | None) -> Opening | None:
    if opening is not None:
        throttle.forgive(sender.stores.state, f"{SUBJECT}/{sender.account_id}")
    return opening
