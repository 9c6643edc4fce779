"""The variables of an environment, as values of settings by name.

The environment is handed in; `web.config` alone knows the process's own.
"""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path

from dotenv import dotenv_values

from web import private_files

PREFIX = "PALIER_"
# The tests' own switches carry the same prefix.
_TESTS = "PALIER_TESTS_"
_TRUE = {"1", "true", "yes", "on"}

SECRETS = (
    "secret_key",
    "database_url",
    "apple_private_key_password",
    "queue_url",
    "smtp_url",
    "limits_url",
    "metrics_token",
)
"""The settings that may also be given as the path of a file."""


def name(setting: str) -> str:
    """Return the variable of a setting: ``PALIER_BASE_URL`` of ``base_url``."""
    return PREFIX + setting.upper()


def gathered(
    settings: Collection[str], environment: Mapping[str, str], dotenv: Path
) -> tuple[dict[str, str], list[str]]:
    """Return the values by setting, and sentences about what is wrong.

    The environment wins over the file *dotenv*; an empty variable counts as absent.
    """
    told = _told(environment, dotenv)
    values = {one: told[name(one)] for one in settings if name(one) in told}
    problems = [
        _debugging(environment, told),
        *_unknown(settings, told),
        *[_read_secret(secret, told, values) for secret in SECRETS],
    ]
    return values, [problem for problem in problems if problem]


def _told(environment: Mapping[str, str], dotenv: Path) -> dict[str, str]:
    both = {**(dotenv_values(dotenv) if dotenv.is_file() else {}), **environment}
    return {
        variable: value
        for variable, value in both.items()
        if value and variable.startswith(PREFIX) and not variable.startswith(_TESTS)
    }


def _debugging(environment: Mapping[str, str], told: Mapping[str, str]) -> str | None:
    wanted = environment.get("FLASK_DEBUG", "").lower() in _TRUE
    if wanted and told.get("PALIER_BASE_URL", "").startswith("https://"):
        return "FLASK_DEBUG: a public site cannot run with the debugger; remove it."
    return None


def _unknown(settings: Collection[str], told: Mapping[str, str]) -> list[str]:
    known = [name(one) for one in settings]
    known += [f"{name(secret)}_FILE" for secret in SECRETS]
    problems = []
    for variable in sorted(set(told) - set(known)):
        near = difflib.get_close_matches(variable, known, 1, 0.75)
        hint = f"; did you mean {near[0]}?" if near else "; remove it."
        problems.append(f"{variable}: there is no such setting{hint}")
    return problems


def _read_secret(
    secret: str, told: Mapping[str, str], values: dict[str, str]
) -> str | None:
    """Put the secret that stands in a file among *values*, or say what is wrong."""
    variable = f"{name(secret)}_FILE"
    if variable not in told:
        return None
    if secret in values:
        return f"{variable}: {name(secret)} is set too; keep one of them."
    path = Path(told[variable])
    if problem := private_files.problem(path):
        return f"{variable}: {problem}"
    try:
        values[secret] = path.read_text("utf-8").strip()
    except (OSError, UnicodeError):
        return f"{variable}: {path} cannot be read; check the path and its owner."
    return None
