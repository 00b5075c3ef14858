"""Settings come from the environment or from files, and a wrong one is named."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Opening, Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BOTHWAYS_{name.upper()}", raising=False)


def test_defaults_are_closed() -> None:
    """Out of the box nobody signs up or registers uninvited, and no proxy is believed."""
    settings = Settings()
    assert settings.sign_up is Opening.INVITE
    assert settings.client_registration is Opening.INVITE
    assert settings.trusted_proxies == []
    assert settings.host == "127.0.0.1"
    assert settings.instance_secret is None
    assert not settings.secure


@pytest.mark.parametrize(
    ("given", "base_url"),
    [
        ({}, "http://localhost:8000"),
        ({"PORT": "8123"}, "http://localhost:8123"),
        ({"PORT": "80"}, "http://localhost"),
        ({"PORT": "8123", "BASE_URL": "https://x.example"}, "https://x.example"),
    ],
)
def test_links_lead_to_the_port_that_is_listened_on(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], base_url: str) -> None:
    """Where nobody says under which address the instance is reached, its links lead to its port on this machine."""
    for name, value in given.items():
        monkeypatch.setenv(f"BOTHWAYS_{name}", value)
    assert Settings().base_url == base_url


def test_a_wrong_port_is_the_only_thing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows from a wrong port is not told as wrong too."""
    monkeypatch.setenv("BOTHWAYS_PORT", "abc")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert [problem["loc"] for problem in refused.value.errors()] == [("port",)]


@pytest.mark.parametrize(
    "url", ["ftp://x.example", "https://x.example/path", "https://", "https://me@x.example", "https://x.example?q", "x.example"]
)
def test_base_url_must_be_an_origin(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A base URL with anything but scheme, host and port is refused by name."""
    monkeypatch.setenv("BOTHWAYS_BASE_URL", url)
    with pytest.raises(ValidationError, match="BOTHWAYS_BASE_URL"):
        Settings()


def test_secrets_come_in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`BOTHWAYS_<NAME>_FILE` is read, without its last line break; the variable itself wins."""
    secret = tmp_path / "database-url"
    secret.write_text("postgresql://bothways@db/main\n")
    monkeypatch.setenv("BOTHWAYS_DATABASE_URL_FILE", str(secret))
    assert Settings().main_url == "postgresql+psycopg://bothways@db/main"
    monkeypatch.setenv("BOTHWAYS_DATABASE_URL", "sqlite:///here.sqlite3")
    assert Settings().main_url == "sqlite:///here.sqlite3"


def test_lists_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies are addresses or networks with commas between."""
    monkeypatch.setenv("BOTHWAYS_TRUSTED_PROXIES", "10.0.0.1, 192.168.0.0/16")
    assert Settings().trusted_proxies == ["10.0.0.1", "192.168.0.0/16"]


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither repr nor an error shows a database's password."""
    monkeypatch.setenv("BOTHWAYS_DATABASE_URL", "postgresql://bothways:hunter2@db/main")
    assert "hunter2" not in repr(Settings())
