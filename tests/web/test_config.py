"""Settings: what is refused is named with its remedy, and nothing starts."""

import stat
from pathlib import Path

import pytest

from web.config import ConfigurationError, Settings

KEY = "k" * 40
SHOP = {"PALIER_BASE_URL": "https://shop.example"}


def load(folder: Path, environment: dict[str, str]) -> Settings:
    """Read settings as a start in *folder* would."""
    data = {"PALIER_DATA_DIR": str(folder / "var")}
    return Settings.load(environment=data | environment, dotenv=folder / ".env")


def problems(folder: Path, environment: dict[str, str]) -> str:
    """Return what a start in *folder* is refused for."""
    with pytest.raises(ConfigurationError) as refused:
        load(folder, environment)
    return str(refused.value)


def written(path: Path, text: str, mode: int = 0o600) -> str:
    """Write a file and return its path."""
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(
    ("environment", "named", "remedy"),
    [
        ({"PALIER_BASE_URL": "http://shop.example"}, "PALIER_BASE_URL", "use https"),
        ({"PALIER_BASE_URL": "shop.example"}, "PALIER_BASE_URL", "https://"),
        ({"PALIER_BASE_URL": "ftp://shop.example"}, "PALIER_BASE_URL", "https://"),
        ({"PALIER_BASE_URL": "https://"}, "PALIER_BASE_URL", "https://"),
        ({"PALIER_BASE_URL": "https://a.example/x"}, "PALIER_BASE_URL", "host alone"),
        ({"PALIER_BASE_URL": "https://a:b@a.example"}, "PALIER_BASE_URL", "host alone"),
        ({"PALIER_BASE_URL": "https://a.example:x"}, "PALIER_BASE_URL", "no address"),
        ({"PALIER_SECRET_KEY": "short"}, "PALIER_SECRET_KEY", "32 characters"),
        ({"PALIER_METRICS_TOKEN": "short"}, "PALIER_METRICS_TOKEN", "16 characters"),
        ({"PALIER_DATABASE_URL": "mysql://x"}, "PALIER_DATABASE_URL", "postgresql"),
        ({"PALIER_DATABASE_URL": "rubbish"}, "PALIER_DATABASE_URL", "no database URL"),
        ({"PALIER_QUEUE_URL": "amqp://x"}, "PALIER_QUEUE_URL", "redis://"),
        ({"PALIER_QUEUE_URL": "redis://x"}, "PALIER_QUEUE_URL", "PALIER_DATABASE_URL"),
        ({"PALIER_LIMITS_URL": "memory://"}, "PALIER_LIMITS_URL", "redis://"),
        ({"PALIER_SMTP_URL": "http://x"}, "PALIER_SMTP_URL", "smtp://"),
        ({"PALIER_WORKER": "on"}, "PALIER_WORKER", "'inline' or 'off'"),
        ({"PALIER_TRUSTED_PROXY_HOPS": "-1"}, "PALIER_TRUSTED_PROXY_HOPS", "0"),
        ({"PALIER_TRUSTED_PROXY_HOPS": "x"}, "PALIER_TRUSTED_PROXY_HOPS", "integer"),
        ({"PALIER_FORMER_HOSTS": "https://x"}, "PALIER_FORMER_HOSTS", "host names"),
        (
            {"PALIER_GOOGLE_ISSUER_ID": "BCR2DN4T3OKLMNOP"},
            "PALIER_GOOGLE_ISSUER_ID",
            "a merchant id is another one",
        ),
        (
            {"PALIER_GOOGLE_ISSUER_ID": "\uff13\uff13\uff18\uff18"},
            "PALIER_GOOGLE_ISSUER_ID",
            "19 digits",
        ),
        (
            {"PALIER_GOOGLE_SERVICE_ACCOUNT": "/no/such.json"},
            "PALIER_GOOGLE_SERVICE_ACCOUNT",
            "no file",
        ),
        ({"PALIER_SECURITY_CONTACT": "a@b.c"}, "PALIER_SECURITY_CONTACT", "mailto:"),
        ({"PALIER_APNS_URL": "https://evil.example"}, "PALIER_APNS_URL", "127.0.0.1"),
        ({"PALIER_APNS_URL": "http://api.push.apple.com"}, "PALIER_APNS_URL", "https"),
        (
            {"PALIER_GOOGLE_API_URL": "https://evil.example"},
            "PALIER_GOOGLE_API_URL",
            "walletobjects.googleapis.com",
        ),
        (
            {"PALIER_GOOGLE_SAVE_URL": "https://evil.example"},
            "PALIER_GOOGLE_SAVE_URL",
            "pay.google.com",
        ),
        (
            {"PALIER_GOOGLE_CALLBACK_KEYS_URL": "https://pay.google.com.evil.example"},
            "PALIER_GOOGLE_CALLBACK_KEYS_URL",
            "pay.google.com",
        ),
        (
            SHOP | {"PALIER_APNS_URL": "https://127.0.0.1:2197"},
            "PALIER_APNS_URL",
            "remove it",
        ),
        (
            SHOP | {"PALIER_GOOGLE_API_URL": "http://localhost:9000"},
            "PALIER_GOOGLE_API_URL",
            "remove it",
        ),
        (SHOP | {"FLASK_DEBUG": "1"}, "FLASK_DEBUG", "remove it"),
        ({"PALIER_BASEURL": "x"}, "PALIER_BASEURL", "PALIER_BASE_URL"),
        ({"PALIER_NONSENSE_XYZ": "x"}, "PALIER_NONSENSE_XYZ", "remove it"),
        (
            {"PALIER_APPLE_CERTIFICATE": "/no/such.pem"},
            "PALIER_APPLE_CERTIFICATE",
            "no file",
        ),
        ({"PALIER_SECRET_KEY_FILE": "/no/such"}, "PALIER_SECRET_KEY_FILE", "path"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(
    tmp_path: Path, environment: dict[str, str], named: str, remedy: str
) -> None:
    told = problems(tmp_path, environment)

    assert named in told
    assert remedy in told


def test_no_refusal_repeats_a_secret(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        {
            "PALIER_DATABASE_URL": "mysql://root:canary@db",
            "PALIER_SECRET_KEY": "canary",
            "PALIER_SMTP_URL": "http://user:canary@mail",
            "PALIER_LIMITS_URL": "memory://canary",
        },
    )

    assert "canary" not in told


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path, {"PALIER_WORKER": "on", "PALIER_BASE_URL": "http://shop.example"}
    )

    assert "PALIER_WORKER" in told
    assert "PALIER_BASE_URL" in told


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    certificate = written(tmp_path / "pass.pem", "")

    told = problems(tmp_path, {"PALIER_APPLE_CERTIFICATE": certificate})

    assert "PALIER_APPLE_PRIVATE_KEY" in told


def test_an_issuer_needs_its_service_account(tmp_path: Path) -> None:
    told = problems(tmp_path, {"PALIER_GOOGLE_ISSUER_ID": "3388000000000000001"})

    assert "PALIER_GOOGLE_SERVICE_ACCOUNT" in told


def test_a_service_account_that_others_can_read_is_refused(tmp_path: Path) -> None:
    account = written(tmp_path / "account.json", "{}", 0o644)

    told = problems(
        tmp_path,
        {
            "PALIER_GOOGLE_ISSUER_ID": "3388000000000000001",
            "PALIER_GOOGLE_SERVICE_ACCOUNT": account,
        },
    )

    assert f"chmod 600 {account}" in told


@pytest.mark.parametrize("value", ["1", "true"])
def test_the_debugger_may_run_on_this_machine_alone(tmp_path: Path, value: str) -> None:
    assert load(tmp_path, {"FLASK_DEBUG": value}).local


def test_a_stand_in_is_welcome_on_this_machine(tmp_path: Path) -> None:
    url = "https://127.0.0.1:2197"

    assert load(tmp_path, {"PALIER_APNS_URL": url}).apns_url == url


def test_workers_apart_share_a_postgresql(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            "PALIER_QUEUE_URL": "redis://queue",
            "PALIER_DATABASE_URL": "postgresql+psycopg://db/palier",
        },
    )

    assert not settings.sqlite


def test_the_secret_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = load(tmp_path, {}).key("session")
    second = load(tmp_path, {}).key("session")
    mode = (tmp_path / "var" / "SECRET_KEY").stat().st_mode

    assert first == second
    assert stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


@pytest.mark.asvs("v5.0.0-13.3.1")
@pytest.mark.parametrize("name", [".", "SECRET_KEY"])
def test_what_others_can_read_is_refused(tmp_path: Path, name: str) -> None:
    load(tmp_path, {})
    (tmp_path / "var" / name).chmod(0o755)

    assert "chmod" in problems(tmp_path, {})


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    key = written(tmp_path / "pass.key", "", 0o644)
    certificate = written(tmp_path / "pass.pem", "")

    told = problems(
        tmp_path,
        {"PALIER_APPLE_CERTIFICATE": certificate, "PALIER_APPLE_PRIVATE_KEY": key},
    )

    assert f"chmod 600 {key}" in told


def test_each_purpose_has_a_key_of_its_own(tmp_path: Path) -> None:
    settings = load(tmp_path, {})

    keys = {settings.key(purpose) for purpose in ("flask", "session", "limits")}

    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    path = written(tmp_path / "token", f"{KEY}\n")

    settings = load(tmp_path, {"PALIER_METRICS_TOKEN_FILE": path})

    assert settings.metrics_token is not None
    assert settings.metrics_token.get_secret_value() == KEY


def test_a_secret_in_a_file_for_everybody_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "token", KEY, 0o644)

    assert "chmod 600" in problems(tmp_path, {"PALIER_METRICS_TOKEN_FILE": path})


def test_a_secret_is_given_once(tmp_path: Path) -> None:
    path = written(tmp_path / "token", KEY)

    told = problems(
        tmp_path, {"PALIER_METRICS_TOKEN_FILE": path, "PALIER_METRICS_TOKEN": KEY}
    )

    assert "keep one" in told


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "PALIER_WORKER=off\nPALIER_FORMER_HOSTS=old.example\n"
    )

    settings = load(tmp_path, {"PALIER_WORKER": "inline"})

    assert settings.worker == "inline"
    assert settings.former_hosts == ("old.example",)


def test_an_empty_variable_counts_as_none(tmp_path: Path) -> None:
    assert load(tmp_path, {"PALIER_SMTP_URL": ""}).smtp_url is None


def test_the_port_moves_the_default_address_only(tmp_path: Path) -> None:
    data = {"PALIER_DATA_DIR": str(tmp_path / "var")}
    none = tmp_path / ".env"

    moved = Settings.load(port=9000, environment=data, dotenv=none)
    fixed = Settings.load(port=9000, environment=data | SHOP, dotenv=none)

    assert moved.base_url == "http://127.0.0.1:9000"
    assert fixed.base_url == "https://shop.example"


def test_a_secret_is_not_printed(tmp_path: Path) -> None:
    settings = load(tmp_path, {"PALIER_SECRET_KEY": KEY, "PALIER_METRICS_TOKEN": KEY})

    assert KEY not in repr(settings)


def test_former_hosts_are_served_like_the_base_url(tmp_path: Path) -> None:
    settings = load(
        tmp_path, SHOP | {"PALIER_FORMER_HOSTS": "old.example, Older.example:8443"}
    )

    assert settings.hosts == {"shop.example", "old.example", "older.example:8443"}
