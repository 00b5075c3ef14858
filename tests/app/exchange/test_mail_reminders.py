"""Reminders by mail: a confirmed address, one mail a day, whoever sends it and whatever breaks in between."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from app.database import Stores
from app.exchange import mail_reminders as mails
from app.exchange.outbound import Outbound
from app.exchange.smtp import Mailing
from app.mail_server import MailServer
from app.mailing import Reminding
from app.tables import MailReminder
from tests.factories import NOW, make_account
from tests.mail_taking import MailTaking, taking
from vault.errors import Sealed
from vault.instance import InstanceKeys

HOUR = timedelta(hours=1)
FIRST = datetime(2026, 11, 22, 8, tzinfo=UTC)
TIMES = [FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=9)]
INSTANCE = InstanceKeys(bytes(range(32)))


@dataclass(frozen=True)
class Scene:
    """An owner whose reminders are on, a mail server, and what sends."""

    stores: Stores
    account_id: str
    told: MailTaking
    reminding: Reminding

    def row(self) -> MailReminder:
        with self.stores.main.reading() as db:
            found = mails.of_account(db, self.account_id)
        assert found is not None
        return found

    def send(self, now: datetime) -> list[str | None]:
        """What a sender does who looks at `now`."""
        return [self.reminding.send(account_id, now=lambda: now) for account_id in self.reminding.due(now)]

    def set_times(self, times: list[datetime]) -> None:
        with self.stores.main.writing() as db:
            mails.set_times(db, INSTANCE, self.row(), times, b"made")


@pytest.fixture
def scene(stores: Stores) -> Iterator[Scene]:
    account, _keyring, _mailbox = make_account(stores)
    with taking() as told:
        server = MailServer("mail.example", told.port, "none")
        mailing = Mailing(Outbound(resolve=lambda _host, _port: ["127.0.0.1"]), server, "bothways@host.example", 5)
        one = Scene(stores, account.account_id, told, Reminding(stores, INSTANCE, mailing, "https://host.example"))
        with stores.main.writing() as db:
            mails.ask(db, INSTANCE, one.account_id, "robin@mail.example", language="en", now=NOW)
        yield one


@pytest.fixture
def on(scene: Scene) -> Scene:
    """The address is confirmed, and three times are set."""
    assert scene.send(NOW) == ["sent"]
    assert confirm(scene, code_of(scene), NOW)
    scene.set_times(TIMES)
    scene.told.mails.clear()
    return scene


def code_of(scene: Scene) -> str:
    """The code, as the mail has it."""
    return "".join(scene.told.mails[-1].get_content().split("is the code, good for an hour: ")[1].split()[:2])


def confirm(scene: Scene, code: str, now: datetime) -> bool:
    with scene.stores.main.writing() as db:
        return mails.confirm(db, INSTANCE, scene.row(), code, now=now)


def test_a_reminder_says_that_something_is_due_and_nothing_else(on: Scene) -> None:
    """No name, no secret, no link but the host's own; from a program; and the database holds neither address nor later times."""
    assert on.send(FIRST - timedelta(seconds=1)) == []
    assert on.send(FIRST) == ["sent"]
    (mail,) = on.told.mails
    assert (mail["From"], mail["To"], mail["Subject"]) == ("bothways@host.example", "robin@mail.example", "Something is due")
    assert (mail["Auto-Submitted"], mail["List-Unsubscribe"]) == ("auto-generated", None)
    assert [word for word in mail.get_content().split() if "://" in word] == ["https://host.example"]
    assert "robin" not in mail.get_content()
    row = on.row()
    assert (row.next_at, row.outcome, row.sent_at) == (TIMES[1], "sent", FIRST)
    assert b"mail.example" not in row.wrapped
    assert mails.kept(INSTANCE, row).times == tuple(TIMES[1:])


def test_a_code_is_good_once_for_an_hour_and_five_tries(scene: Scene) -> None:
    """And until it has come back nothing else is sent, whatever is due."""
    scene.set_times(TIMES)
    assert scene.send(NOW) == ["sent"]
    code = code_of(scene)
    assert scene.send(TIMES[0]) == []
    assert not confirm(scene, code, NOW + HOUR)
    wrong = "00000000" if code != "00000000" else "1" * 8
    assert [confirm(scene, wrong, NOW) for _try in range(3)] == [False] * 3
    assert mails.open_for_code(scene.row(), now=NOW)
    assert confirm(scene, f" {code[:4]} {code[4:]} ", NOW + HOUR - timedelta(seconds=1))
    assert not confirm(scene, code, NOW)


def test_the_sixth_try_is_too_late_even_with_the_right_code(scene: Scene) -> None:
    scene.send(NOW)
    code = code_of(scene)
    for _try in range(mails.CODE_TRIES):
        assert not confirm(scene, "", NOW)
    assert not confirm(scene, code, NOW)
    assert not mails.open_for_code(scene.row(), now=NOW)


def test_a_code_that_ran_out_is_not_mailed_and_its_address_is_forgotten(scene: Scene) -> None:
    assert scene.send(NOW + HOUR) == [None]
    assert scene.told.mails == []
    with scene.stores.main.writing() as db:
        mails.sweep(db, now=NOW + timedelta(days=1) + HOUR)
        assert mails.of_account(db, scene.account_id) is not None
        mails.sweep(db, now=NOW + timedelta(days=1, seconds=1) + HOUR)
        assert mails.of_account(db, scene.account_id) is None


def test_two_senders_send_one(on: Scene) -> None:
    """Both look, both see it due; the lease is one's."""
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _number: on.reminding.send(on.account_id, now=lambda: FIRST), range(4)))
    assert sorted(map(str, outcomes)) == ["None", "None", "None", "sent"]
    assert len(on.told.mails) == 1


def test_one_a_day_even_after_an_outage(on: Scene) -> None:
    """A worker that was off sends one for all that was missed, and the next not before a day has passed."""
    late = TIMES[1] - timedelta(hours=2)
    assert on.send(late) == ["sent"]
    assert on.send(TIMES[1]) == [None]
    assert on.row().next_at == late + mails.A_DAY
    assert on.send(late + mails.A_DAY) == ["sent"]
    assert on.row().next_at == TIMES[2]
    years = TIMES[2] + timedelta(days=365)
    assert on.send(years) == ["sent"]
    assert on.row().next_at is None and on.send(years + timedelta(days=2)) == []
    assert len(on.told.mails) == 3


def test_a_sender_that_dies_sends_no_second_one_that_day(on: Scene) -> None:
    """Killed between handing in and writing it down: the lease runs out, and the next try is a day later."""
    with on.stores.main.writing() as db:
        assert mails.lease(db, INSTANCE, on.account_id, now=FIRST) is not None
    assert on.reminding.due(FIRST + mails.LEASE - timedelta(seconds=1)) == []
    assert on.send(FIRST + mails.LEASE) == [None]
    assert on.row().next_at == FIRST + mails.A_DAY


def test_failures_are_tried_again_ever_more_slowly_and_then_let_go(on: Scene) -> None:
    on.told.refuse["RCPT"] = "450 later"
    now = FIRST
    for wait in mails.BACKOFF:
        assert on.send(now) == ["later"]
        assert (on.row().next_at, on.row().sent_at, on.row().outcome) == (now + wait, None, "later")
        now += wait
    assert on.send(now) == ["later"]
    row = on.row()
    assert (row.next_at, row.attempts) == (TIMES[1], 0)
    on.told.refuse.clear()
    assert on.send(TIMES[1]) == ["sent"]


def test_what_is_refused_for_good_is_not_tried_again_that_day(on: Scene) -> None:
    on.told.refuse["RCPT"] = "550 nobody here"
    assert on.send(FIRST) == ["refused"]
    assert on.row().next_at == TIMES[1]
    with on.stores.main.reading() as db:
        told = mails.tally(db)
    assert (told.on, told.failing, told.tried_at) == (1, {"refused": 1}, FIRST)


def test_ending_while_a_mail_is_on_its_way_ends_it(on: Scene) -> None:
    """What settles finds nothing, and nothing comes back."""
    with on.stores.main.writing() as db:
        leased = mails.lease(db, INSTANCE, on.account_id, now=FIRST)
        assert leased is not None
    with on.stores.main.writing() as db:
        assert mails.remove(db, on.account_id) and not mails.remove(db, on.account_id)
    with on.stores.main.writing() as db:
        mails.sent(db, INSTANCE, leased, now=FIRST)
        mails.failed(db, INSTANCE, leased, "later", now=FIRST)
        assert mails.of_account(db, on.account_id) is None
    assert on.reminding.send(on.account_id, now=lambda: FIRST) is None


def test_new_times_take_the_place_of_old_ones(on: Scene) -> None:
    """Also while a mail is on its way: then the next one is the next of the new ones."""
    with on.stores.main.writing() as db:
        leased = mails.lease(db, INSTANCE, on.account_id, now=FIRST)
        assert leased is not None
    on.set_times([FIRST + timedelta(days=5)])
    with on.stores.main.writing() as db:
        mails.sent(db, INSTANCE, leased, now=FIRST)
    assert on.row().next_at == FIRST + timedelta(days=5)
    on.set_times([])
    assert on.row().next_at is None


def test_without_the_instance_secret_nothing_is_sent(on: Scene) -> None:
    """A database beside another host's secret: the address does not open, and the row rests."""
    stranger = InstanceKeys(bytes(32))
    with pytest.raises(Sealed):
        mails.kept(stranger, on.row())
    elsewhere = Reminding(on.stores, stranger, on.reminding.mailing, on.reminding.base_url)
    assert elsewhere.send(on.account_id, now=lambda: FIRST) is None
    assert on.told.mails == [] and on.row().next_at is None


def test_wrapped_words_that_are_not_padded_do_not_open(on: Scene) -> None:
    row = on.row()
    bad = MailReminder(account_id=row.account_id, wrapped=INSTANCE.wrap(mails.PURPOSE, row.account_id, b"{}"))
    with pytest.raises(Sealed):
        mails.kept(INSTANCE, bad)


def test_the_mail_speaks_the_owners_language(on: Scene) -> None:
    """The language is kept with the address; speaking it in one mail leaves whoever sends as they were."""
    leased = mails.Leased(on.account_id, "", replace(mails.kept(INSTANCE, on.row()), language="xx"), confirmed=True, before=None)
    mail = mails.message(leased, sender="a@b.example", base_url="https://host.example", now=FIRST)
    assert mail["Subject"] == "Something is due" and mail["Date"].endswith("+0000")
