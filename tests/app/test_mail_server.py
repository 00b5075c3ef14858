"""Which mail servers and which addresses are taken."""

import pytest
from pydantic import SecretStr, ValidationError

from app.mail_server import MailServer, OddMailServer, normal_address, parse_server
from app.settings import Settings


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://mail.example", MailServer("mail.example", 465, "at once")),
        ("smtp+starttls://u:p@mail.example:2525/", MailServer("mail.example", 2525, "starttls", "u", "p")),
        ("smtp://localhost", MailServer("localhost", 25, "none")),
        ("smtp://[::1]:1025", MailServer("::1", 1025, "none")),
        ("smtps://192.168.1.5", MailServer("192.168.1.5", 465, "at once")),
    ],
)
def test_a_server_is_read(url: str, server: MailServer) -> None:
    assert parse_server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "", "mail.example", "https://mail.example", "smtp://mail.example", "smtp://10.0.0.1", "smtps://", "smtps://a b",
        "smtps://mail.example/x", "smtps://mail.example?x", "smtps://mail.example:99999", "smtps://-mail.example",
    ],
)  # fmt: skip
def test_an_odd_one_is_refused(url: str) -> None:
    """Without TLS the network is not used; the refusal shows no part of the setting."""
    with pytest.raises(OddMailServer) as refused:
        parse_server(url)
    assert url == "" or url not in str(refused.value)


def test_a_wrong_setting_is_named_and_its_password_is_not_shown() -> None:
    with pytest.raises(ValidationError, match="BOTHWAYS_SMTP_URL") as refused:
        Settings(smtp_url=SecretStr("smtp://robin:hunter22@mail.example"))
    assert "hunter22" not in str(refused.value)
    with pytest.raises(ValidationError, match="BOTHWAYS_MAIL_FROM"):
        Settings(mail_from="nobody")
    settings = Settings(smtp_url=SecretStr("smtps://robin:hunter22@mail.example"), base_url="https://both.example")
    assert settings.mail_server is not None and "hunter22" not in repr(settings)
    assert settings.mail_sender == "bothways@both.example"
    assert Settings(mail_from="me@x.example").mail_sender == "me@x.example"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Robin.O'Neil+b@Mail.Example ", "Robin.O'Neil+b@mail.example"),
        ("robin@bücher.example", "robin@xn--bcher-kva.example"),
        ("robin", None),
        ("@mail.example", None),
        ("robin@localhost", None),
        ("robin@mail..example", None),
        ("robin@mail.example\r\nBcc: x@y.example", None),
        ("ro bin@mail.example", None),
        ('"robin"@mail.example', None),
        ("robin@[127.0.0.1]", None),
        ("a@b@mail.example", None),
        (".robin@mail.example", None),
        ("x" * 65 + "@mail.example", None),
        ("robin@" + "x" * 64 + ".example", None),
        ("rübin@mail.example", None),
        ("robin@\udcff.example", None),
    ],
)
def test_addresses(text: str, address: str | None) -> None:
    assert normal_address(text) == address
