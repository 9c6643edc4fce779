"""The settings: every ``PALIER_*`` of the environment, read here and nowhere else.

A wrong setting is named with its remedy, and nothing starts. Every secret may also
be given as the path of a file that holds it, in ``PALIER_<NAME>_FILE``.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from web import addresses, keys, private_files, variables

_SHORTEST_KEY = 32

_GOOGLE_KEYS = "https://pay.google.com/gp/m/issuer/keys"
SECRETS = variables.SECRETS
"""The settings that may also be given as the path of a file."""

_OWN_HOSTS = {
    "apns_url": ("api.push.apple.com", "api.sandbox.push.apple.com"),
    "google_api_url": ("walletobjects.googleapis.com",),
    "google_callback_keys_url": ("pay.google.com",),
    "google_save_url": ("pay.google.com",),
}


class ConfigurationError(Exception):
    """Settings that cannot be used; *problems* are sentences with the remedy."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """What an operator may set; README documents each.

    Give values by name to build settings in a test; `load` reads the environment.
    """

    model_config = SettingsConfigDict(
        env_prefix=variables.PREFIX, frozen=True, extra="forbid", validate_default=True
    )

    base_url: str = "http://127.0.0.1:8000"
    data_dir: Path = Path("var")
    database_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    apple_certificate: Path | None = None
    apple_private_key: Path | None = None
    apple_private_key_password: SecretStr | None = None
    apple_wwdr: Path | None = None
    apns_url: str = "https://api.push.apple.com"
    apns_ca_file: Path | None = None
    google_issuer_id: str | None = None
    google_service_account: Path | None = None
    google_api_url: str = "https://walletobjects.googleapis.com"
    google_callback_keys_url: str = _GOOGLE_KEYS
    google_save_url: str = "https://pay.google.com/gp/v/save/"
    queue_url: SecretStr | None = None
    former_hosts: tuple[str, ...] = ()
    smtp_url: SecretStr | None = None
    trusted_proxy_hops: int = Field(default=0, ge=0, le=10)
    worker: Literal["inline", "off"] = "inline"
    limits_url: SecretStr | None = None
    metrics_token: SecretStr | None = None
    security_contact: str | None = Field(
        default=None, pattern=r"^(https://|mailto:)[!-~]{3,200}$"
    )

    @classmethod
    def load(
        cls,
        *,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        dotenv: Path = Path(".env"),
    ) -> Self:
        """Read *dotenv* and the environment, which wins; make the data directory.

        *port* moves the default base URL, not one that was set.

        Raises:
            ConfigurationError: a setting is wrong; nothing was started.
        """
        values, problems = variables.gathered(
            cls.model_fields,
            os.environ if environment is None else environment,
            dotenv,
        )
        if problems:
            raise ConfigurationError(problems)
        if port is not None:
            values.setdefault("base_url", f"http://127.0.0.1:{port}")
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            raise ConfigurationError(_sentences(error)) from error
        settings.prepare()
        return settings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `load` gathered and nothing else: it knows the files too."""
        return (init_settings,)

    def prepare(self) -> None:
        """Make the data directory and the secret key, unless they are there.

        Raises:
            ConfigurationError: others can read them.
        """
        problems = private_files.problems(self.data_dir, self._key_files())
        if problems:
            raise ConfigurationError(problems)
        private_files.make_directory(self.data_dir)
        self.key("check")

    def key(self, purpose: str) -> bytes:
        """Return the 32-byte key for one *purpose*, derived from the secret key."""
        if self.secret_key is not None:
            return keys.derive(self.secret_key.get_secret_value().encode(), purpose)
        return keys.derive(keys.master(self.data_dir / keys.FILE), purpose)

    @property
    def database(self) -> str:
        """The database's URL."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'palier.db'}"

    @property
    def sqlite(self) -> bool:
        """Whether the database is an SQLite file."""
        return make_url(self.database).get_backend_name() == "sqlite"

    @property
    def media_dir(self) -> Path:
        """Where pictures lie."""
        return self.data_dir / "media"

    @property
    def certs_dir(self) -> Path:
        """Where the development certificates lie."""
        return self.data_dir / "certs"

    @property
    def https(self) -> bool:
        """Whether people come over https."""
        return self.base_url.startswith("https://")

    @property
    def local(self) -> bool:
        """Whether the base URL is this machine's own: development and the demo."""
        return addresses.is_loopback(self.base_url)

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are answered, in lower case, port included."""
        parts = urlsplit(self.base_url)
        names = {parts.netloc, *self.former_hosts}
        if self.local:
            port = f":{parts.port}" if parts.port else ""
            names |= {f"{name}{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        return frozenset(name.lower() for name in names)

    def _key_files(self) -> list[Path]:
        named = [self.apple_private_key, self.google_service_account]
        return [path for path in named if path is not None]

    @field_validator("former_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, given: object) -> object:
        if isinstance(given, str):
            given = tuple(part.strip() for part in given.split(",") if part.strip())
        return given

    @field_validator("former_hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not host or urlsplit(f"//{host}").netloc != host or "@" in host:
                raise ValueError("give host names with commas between, as shop.example")
        return hosts

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, url: str) -> str:
        parts = addresses.read(url)
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in url:
            raise ValueError("give scheme and host alone, as https://shop.example")
        if parts.scheme == "http" and not addresses.is_loopback(url):
            raise ValueError("use https: http is for 127.0.0.1 and localhost alone")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator(*_OWN_HOSTS)
    @classmethod
    def _check_platform_url(cls, url: str, info: Any) -> str:
        host = addresses.read(url).hostname or ""
        own = _OWN_HOSTS[info.field_name]
        if host not in own and not addresses.is_loopback(url):
            raise ValueError(f"use {own[0]}, or a stand-in on 127.0.0.1")
        if host in own and not url.startswith("https://"):
            raise ValueError("use https")
        return url

    @field_validator("google_issuer_id")
    @classmethod
    def _check_issuer(cls, issuer_id: str | None) -> str | None:
        if issuer_id is not None and not re.fullmatch("[0-9]{1,20}", issuer_id):
            raise ValueError(
                "an issuer id is a number of about 19 digits, in the Google Pay &"
                " Wallet Console under Google Wallet API; a merchant id is another one"
            )
        return issuer_id

    @field_validator("secret_key")
    @classmethod
    def _check_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < _SHORTEST_KEY:
            raise ValueError(
                "too short: use 32 characters or more, or leave it out and one is made"
            )
        return key

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        if _database_scheme(url) not in ("sqlite", "postgresql+psycopg"):
            raise ValueError("use sqlite:///<path> or postgresql+psycopg://…")
        return url

    @field_validator("queue_url", "limits_url", "smtp_url")
    @classmethod
    def _check_scheme(cls, url: SecretStr | None, info: Any) -> SecretStr | None:
        allowed = {
            "queue_url": ("redis", "rediss", "postgresql", "sqlite"),
            "limits_url": ("redis", "rediss"),
            "smtp_url": ("smtp", "smtps"),
        }[info.field_name]
        if url is not None:
            scheme = urlsplit(url.get_secret_value()).scheme
            if scheme not in allowed:
                raise ValueError(f"begin it with {allowed[0]}://")
        return url

    @field_validator("metrics_token")
    @classmethod
    def _check_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < _SHORTEST_KEY // 2:
            raise ValueError("too short: use 16 characters or more")
        return token

    @field_validator(
        "apple_certificate",
        "apple_private_key",
        "apple_wwdr",
        "apns_ca_file",
        "google_service_account",
    )
    @classmethod
    def _check_file(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError(f"there is no file {path}")
        return path

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.apple_certificate is None) != (self.apple_private_key is None):
            raise ValueError(
                "PALIER_APPLE_CERTIFICATE and PALIER_APPLE_PRIVATE_KEY go together:"
                " set both or neither"
            )
        if (self.google_issuer_id is None) != (self.google_service_account is None):
            raise ValueError(
                "PALIER_GOOGLE_ISSUER_ID and PALIER_GOOGLE_SERVICE_ACCOUNT go together:"
                " set both or neither"
            )
        for name in _OWN_HOSTS:
            if not self.local and addresses.is_loopback(getattr(self, name)):
                raise ValueError(
                    f"{variables.name(name)} is a stand-in, which only a base URL on"
                    " this machine may use: remove it"
                )
        if self.sqlite and _apart(self.queue_url):
            raise ValueError(
                "PALIER_QUEUE_URL: workers on other machines cannot share an SQLite"
                " file; set PALIER_DATABASE_URL to a PostgreSQL, or remove it"
            )
        return self


def _sentences(error: ValidationError) -> list[str]:
    problems = []
    for found in error.errors(include_url=False, include_input=False):
        message = found["msg"].removeprefix("Value error, ")
        name = found["loc"][0] if found["loc"] else None
        problems.append(
            f"{variables.name(str(name))}: {message}." if name else f"{message}."
        )
    return problems


def _apart(queue: SecretStr | None) -> bool:
    return queue is not None and not queue.get_secret_value().startswith("sqlite")


def _database_scheme(url: SecretStr) -> str:
    try:
        return make_url(url.get_secret_value()).drivername
    except ArgumentError as error:
        raise ValueError("this is no database URL") from error
