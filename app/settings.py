"""Settings, read from `BOTHWAYS_*` in the environment; every one is listed in the README."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.destinations import Allowed, parse_allowed
from app.mail_server import MailServer, OddMailServer, normal_address, parse_server
from app.secret_files import SecretFiles


class Opening(StrEnum):
    """Who may sign up as an owner, or register a client."""

    CLOSED = "closed"
    INVITE = "invite"
    OPEN = "open"


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    """What the operator decides. No secret has a working default: secrets are made on first start."""

    model_config = SettingsConfigDict(env_prefix="BOTHWAYS_", extra="ignore", frozen=True, hide_input_in_errors=True)

    data_dir: Path = Field(default=Path("data"), description="Folder of the main database and the instance secret; back this up.")
    state_dir: Path = Field(default=Path("state"), description="Folder of sessions, throttles and release keys; never back this up.")
    database_url: SecretStr | None = Field(
        default=None, description="Main database, `sqlite:///…` or `postgresql://…`; default: a SQLite file in DATA_DIR."
    )
    state_database_url: SecretStr | None = Field(default=None, description="State database; default: a SQLite file in STATE_DIR.")
    instance_secret: SecretStr | None = Field(
        default=None, description="32 random bytes in base64; default: made on first start in DATA_DIR/instance-secret, mode 0600."
    )
    base_url: str = Field(
        default="http://localhost:8000",
        description="The address under which people and companies reach this instance; every link is built from it. Its port is PORT while this is not set.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    trusted_proxies: Annotated[list[str], NoDecode, BeforeValidator(_split)] = Field(
        default_factory=list,
        description="Addresses or networks of reverse proxies whose `X-Forwarded-For` counts, comma-separated; default none.",
    )
    sign_up: Opening = Field(default=Opening.INVITE, description="Who may sign up as an owner: `closed`, `invite` or `open`.")
    client_registration: Literal[Opening.INVITE, Opening.OPEN] = Field(
        default=Opening.INVITE, description="Who may register a client: `invite` (a contact link is an invitation) or `open`."
    )
    outbound_allow: Annotated[list[str], NoDecode, BeforeValidator(_split)] = Field(
        default_factory=list,
        description="Where else companies' webhooks and keys may be, comma-separated: hosts, `host:port` or networks, `http` too; default none: only the internet, by https on port 443.",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server for reminders: `smtps://user:password@host`, `smtp+starttls://user:password@host`, or `smtp://localhost` on this machine; default: none, and no mail is sent.",
    )
    mail_from: str | None = Field(default=None, description="Address that mails come from; default: `bothways@` and the host of BASE_URL.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much is logged: `debug`, `info`, `warning` or `error`."
    )
    kdf: Literal["strong", "floor"] = Field(
        default="strong",
        description="Cost of the passphrase derivation for new slots: `strong` (64 MiB, t=3, p=4) or `floor` (19 MiB, t=2, p=1; small machines, tests).",
    )

    @model_validator(mode="before")
    @classmethod
    def _linked_where_it_listens(cls, given: dict[str, Any]) -> dict[str, Any]:
        # Browsers leave the usual port out of `Host`.
        return {"base_url": f"http://localhost:{given['port']}".removesuffix(":80"), **given} if "port" in given else given

    @field_validator("base_url")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        parts = urlsplit(value)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.path not in {"", "/"}
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise ValueError("BOTHWAYS_BASE_URL must be an origin such as https://bothways.example, without a path")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("outbound_allow")
    @classmethod
    def _hosts_and_networks(cls, value: list[str]) -> list[str]:
        for entry in value:
            parse_allowed(entry)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            _ = value and parse_server(value.get_secret_value())
        except OddMailServer as odd:
            raise ValueError(f"BOTHWAYS_SMTP_URL: {odd}") from None
        return value

    @field_validator("mail_from")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is not None and normal_address(value) is None:
            raise ValueError("BOTHWAYS_MAIL_FROM must be an address such as bothways@bothways.example")
        return value

    @property
    def mail_server(self) -> MailServer | None:
        """`smtp_url`, read; None where no mail is sent."""
        return parse_server(self.smtp_url.get_secret_value()) if self.smtp_url else None

    @property
    def mail_sender(self) -> str:
        """`mail_from`, or the address that stands for this host."""
        return self.mail_from or f"bothways@{urlsplit(self.base_url).hostname}"

    @property
    def outbound_allowed(self) -> list[Allowed]:
        """`outbound_allow`, read."""
        return [parse_allowed(entry) for entry in self.outbound_allow]

    @property
    def secure(self) -> bool:
        """Whether pages are served over TLS, which decides the cookie's name and flags."""
        return self.base_url.startswith("https://")

    @property
    def main_url(self) -> str:
        """SQLAlchemy address of the main database."""
        return (
            _with_driver(self.database_url.get_secret_value()) if self.database_url else f"sqlite:///{self.data_dir / 'bothways.sqlite3'}"
        )

    @property
    def state_url(self) -> str:
        """SQLAlchemy address of the state database."""
        return (
            _with_driver(self.state_database_url.get_secret_value())
            if self.state_database_url
            else f"sqlite:///{self.state_dir / 'state.sqlite3'}"
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then `BOTHWAYS_<NAME>_FILE` naming a file that holds the value."""
        return init_settings, env_settings, SecretFiles(settings_cls)


def _with_driver(url: str) -> str:
    return "postgresql+psycopg://" + url.split("://", 1)[1] if url.startswith(("postgresql://", "postgres://")) else url
