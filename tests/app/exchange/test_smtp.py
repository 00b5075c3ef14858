"""A mail is handed to the operator's server: over TLS as the setting says, within its time, and every way it fails has a name."""

import socket
import ssl
import time
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.exchange.outbound import Failed, Outbound, usual_tls
from app.exchange.smtp import Mailing
from app.mail_server import MailServer, Tls, parse_server
from tests.certificates import certificate_for
from tests.mail_taking import MailTaking, taking


def mail() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "bothways@host.example", "robin@mail.example", "Something is due"
    made.set_content("Something is due.\n.\nReally.\n")
    return made


def mailing(told: MailTaking, tls: Tls = "none", *, trusting: ssl.SSLContext | None = None, seconds: float = 5) -> Mailing:
    """Sends to the server of the test, whose name leads to this machine; with a password, unless it is in the clear."""
    out = Outbound(resolve=lambda _host, _port: ["127.0.0.1"], tls=trusting or usual_tls())
    user, password = ("us", "p w") if tls != "none" else ("", "")
    return Mailing(out, MailServer("mail.example", told.port, tls, user, password), "bothways@host.example", seconds)


def test_a_mail_is_taken_whole() -> None:
    with taking() as told:
        mailing(told).send(mail())
    (one,) = told.mails
    assert (one["To"], one["Subject"], one.get_content().replace("\r\n", "\n")) == (
        "robin@mail.example",
        "Something is due",
        "Something is due.\n.\nReally.\n",
    )
    assert told.recipients == ["<robin@mail.example>"]


@pytest.mark.parametrize("at_once", [True, False])
def test_the_password_goes_over_tls_to_the_named_server_only(tmp_path: Path, *, at_once: bool) -> None:
    """A certificate of another name, or of nobody, gets neither password nor mail."""
    for name, outcome in (("mail.example", None), ("other.example", "tls")):
        certificate, key = certificate_for(name, tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        trusting = ssl.create_default_context(cafile=certificate)
        with taking(tls=context, at_once=at_once) as told:
            sending = mailing(told, "at once" if at_once else "starttls", trusting=trusting)
            if outcome is None:
                sending.send(mail())
                assert told.secured and told.logins == ["\0us\0p w"] and len(told.mails) == 1
            else:
                with pytest.raises(Failed, match=outcome):
                    sending.send(mail())
                assert told.logins == [] and told.mails == []


def test_a_server_without_starttls_gets_nothing() -> None:
    with taking() as told, pytest.raises(Failed, match="tls"):
        mailing(told, "starttls").send(mail())
    assert told.logins == [] and told.mails == []


@pytest.mark.parametrize(
    ("verb", "reply", "outcome"),
    [
        ("GREETING", "421 too busy", "later"),
        ("MAIL", "550 who are you", "sender"),
        ("RCPT", "550 no such mailbox", "refused"),
        ("RCPT", "450 try later", "later"),
        ("DATA", "554 spam", "refused"),
        ("DATA", "451 disk full", "later"),
        ("EHLO", "nonsense", "broken"),
    ],
)
def test_every_failure_has_a_name(verb: str, reply: str, outcome: str) -> None:
    with taking() as told:
        told.refuse[verb] = reply
        if verb == "EHLO":
            told.refuse["HELO"] = reply
        with pytest.raises(Failed, match=outcome):
            mailing(told).send(mail())
    assert told.mails == []


def test_a_wrong_password_and_a_missing_server_have_names() -> None:
    with taking() as told:
        told.refuse["AUTH"] = "535 no"
        with pytest.raises(Failed, match="login"):
            replace(mailing(told), server=MailServer("mail.example", told.port, "none", "us", "pw")).send(mail())
    # Somebody holds this port and listens on it not.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        for resolve in (lambda _host, _port: [], lambda _host, _port: ["127.0.0.1"]):
            with pytest.raises(Failed, match="unreachable"):
                Mailing(Outbound(resolve=resolve), MailServer("mail.example", deaf.getsockname()[1], "none"), "a@b.example").send(mail())


def test_a_server_that_drips_meets_the_end_of_the_whole() -> None:
    with taking() as told:
        told.drip, begun = 0.1, time.monotonic()
        with pytest.raises(Failed, match="timeout"):
            mailing(told, seconds=0.4).send(mail())
        assert time.monotonic() - begun < 3


def test_credentials_are_not_shown() -> None:
    told = parse_server("smtps://robin:s%40fe@mail.example")
    assert (told.user, told.password, told.port, told.tls) == ("robin", "s@fe", 465, "at once")
    shown = repr(Mailing(Outbound(), told, "a@b.example"))
    assert "s@fe" not in shown and "robin" not in shown
