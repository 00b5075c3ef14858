"""Mails to owners that say that something is due: found when due, leased, handed to the operator's mail server, settled.

While a mail is on its way no transaction is open. A second process finds the lease and leaves it alone.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from app.database import Stores
from app.exchange import mail_reminders
from app.exchange.outbound import Failed
from app.exchange.smtp import Mailing
from vault.instance import InstanceKeys

log = structlog.get_logger("mailing")

Clock = Callable[[], datetime]


class Reminding:
    """What sends reminders. Without a mail server there is none, and what is due waits."""

    def __init__(self, stores: Stores, instance: InstanceKeys, mailing: Mailing, base_url: str) -> None:
        self.stores, self.instance, self.mailing, self.base_url = stores, instance, mailing, base_url

    def due(self, now: datetime) -> list[str]:
        """The accounts to which a mail may go now."""
        with self.stores.main.reading() as db:
            return mail_reminders.due(db, now=now)

    def send(self, account_id: str, *, now: Clock) -> str | None:
        """Send what is due to one account; how it went, None when there was nothing to send."""
        with self.stores.main.writing() as db:
            leased = mail_reminders.lease(db, self.instance, account_id, now=now())
        if leased is None:
            return None
        mail = mail_reminders.message(leased, sender=self.mailing.sender, base_url=self.base_url, now=now())
        outcome = "sent"
        try:
            self.mailing.send(mail)
        except Failed as no:
            outcome = no.outcome
        with self.stores.main.writing() as db:
            if outcome == "sent":
                mail_reminders.sent(db, self.instance, leased, now=now())
            else:
                mail_reminders.failed(db, self.instance, leased, outcome, now=now())
        log.info("reminder", outcome=outcome)
        return outcome
