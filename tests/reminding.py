"""An owner who is reminded: a calendar that follows a link, and mails to an address that was confirmed."""

from collections.abc import Callable, Iterator

from sqlmodel import Session, SQLModel

from app import clock
from app.auth.profiles import profile_of
from app.database import Stores
from app.exchange import mail_reminders, reminders
from consent import ledger
from vault.instance import InstanceKeys
from vault.keyring import Keyring


def remind(stores: Stores, keyring: Keyring, instance: InstanceKeys, word: str) -> str:
    """Make the link and confirm an address that holds `word`; the link's secret."""
    mine, now = keyring.account_id, clock.now()
    with stores.main.writing() as db:
        ledger.lock(db, mine)
        profile = profile_of(db, keyring).model_copy(update={"calendar_shows": "words"})
        secret = reminders.make_calendar(db, keyring, profile, now=now)
        mail_reminders.ask(db, instance, mine, f"{word}@mail.example", language="en", now=now)
        row = mail_reminders.of_account(db, mine)
        assert row is not None
        assert mail_reminders.confirm(db, instance, row, mail_reminders.kept(instance, row).code, now=now)
        reminders.renew(db, keyring, lambda: profile, instance, now=now)
    return secret


def sealed(
    db: Session, account_id: str, secret: str, keyring: Keyring, instance: InstanceKeys
) -> Iterator[tuple[SQLModel, str, Callable[[Session], object]]]:
    """What is sealed for reminders: the row, its column, and what opens it there."""
    calendar, mail = reminders.calendar_of(db, account_id), mail_reminders.of_account(db, account_id)
    if calendar is not None:
        place = reminders.secret_place(account_id)
        yield calendar, "sealed", lambda _db: keyring.open_bytes(place, calendar.sealed)
        yield calendar, "projection", lambda _db: reminders.read(secret.encode(), account_id, calendar.projection)
    if mail is not None:
        yield mail, "wrapped", lambda _db: mail_reminders.kept(instance, mail)
