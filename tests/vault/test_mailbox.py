"""What arrives while the owner is away."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import cipher
from vault import mailbox as mailbox_module
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.mailbox import Agreements, OpenMailbox, Together, mailbox_of, new_mailbox

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEYRING = Keyring.create("a" * 32)
KEY = new_mailbox(KEYRING, now=NOW)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(TEXT, st.lists(TEXT, max_size=3), st.binary(max_size=600), TEXT, st.lists(TEXT, max_size=3))
def test_mail_opens_for_its_purpose_and_context_only(
    purpose: str, context: list[str], data: bytes, other: str, elsewhere: list[str]
) -> None:
    mailbox = OpenMailbox(KEYRING, [KEY])
    sealed = mailbox_of(KEY).seal(purpose, context, data)
    assert mailbox.open(purpose, context, sealed) == data
    if (other, elsewhere) != (purpose, context):
        with pytest.raises(Sealed):
            mailbox.open(other, elsewhere, sealed)


def test_what_is_sealed_together_opens_one_by_one() -> None:
    """A message and its entry share the agreement; what is agreed upon elsewhere is another one."""
    mailbox, first, second = OpenMailbox(KEYRING, [KEY]), Together(mailbox_of(KEY)), Together(mailbox_of(KEY))
    message, entry = first.seal("message", ["a"], b"bread"), first.seal("ledger", ["a"], b"bread")
    assert (mailbox.open("message", ["a"], message), mailbox.open("ledger", ["a"], entry)) == (b"bread", b"bread")
    assert message[:42] == entry[:42] != second.seal("message", ["a"], b"bread")[:42]
    assert message[42:] != entry[42:]


def test_agreements_are_kept_until_they_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each mailbox, for so many seals and so many mailboxes at most; none of them shows in a text."""
    other, agreements = new_mailbox(KEYRING, now=NOW), Agreements()
    first = agreements.with_(mailbox_of(KEY))
    assert agreements.with_(mailbox_of(KEY)) is first is not agreements.with_(mailbox_of(other))
    assert repr(agreements) == "Agreements(<2 redacted>)"
    agreements.forget()
    second = agreements.with_(mailbox_of(KEY))
    assert second is not first

    monkeypatch.setattr(mailbox_module, "AGREED_FOR", 2)
    fronts = [second.seal("message", [str(number)], b"bread")[:42] for number in range(5)]
    assert [fronts.index(front) for front in fronts] == [0, 0, 2, 2, 4]

    monkeypatch.setattr(mailbox_module, "KEPT", 1)
    agreements.with_(mailbox_of(other))
    assert agreements.with_(mailbox_of(KEY)) is not second


def test_retired_keys_still_open_their_mail() -> None:
    second = new_mailbox(KEYRING, now=NOW)
    mailbox = OpenMailbox(KEYRING, [KEY, second])
    for key in (KEY, second):
        for _ in range(2):
            assert mailbox.open("message", [], mailbox_of(key).seal("message", [], b"data")) == b"data"
    with pytest.raises(Sealed):
        OpenMailbox(KEYRING, [KEY]).open("message", [], mailbox_of(second).seal("message", [], b"data"))


def test_a_foreign_public_key_is_noticed() -> None:
    """Whoever can write to the database puts their own public key in the row: nothing opens, so that it is seen."""
    _private, public = cipher.hpke_keypair()
    forged = new_mailbox(KEYRING, now=NOW)
    forged.public = public
    for row in (forged, new_mailbox(Keyring.create("a" * 32), now=NOW), new_mailbox(Keyring.create("b" * 32), now=NOW)):
        with pytest.raises(Sealed):
            OpenMailbox(KEYRING, [KEY, row])


def test_a_private_key_moved_between_rows_does_not_open() -> None:
    moved = new_mailbox(KEYRING, now=NOW)
    moved.sealed = KEY.sealed
    with pytest.raises(Sealed):
        OpenMailbox(KEYRING, [moved]).open("message", [], mailbox_of(moved).seal("message", [], b"data"))


def test_mail_shows_its_size_class_only() -> None:
    assert {len(mailbox_of(KEY).seal("message", [], bytes(length))) for length in range(0, 253, 12)} == {10 + 32 + 256 + 16}


def test_an_open_mailbox_shows_no_key() -> None:
    assert repr(OpenMailbox(KEYRING, [KEY])) == f"OpenMailbox(account_id={'a' * 32!r}, keys=<1 redacted>)"
