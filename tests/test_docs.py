"""README speaks of every setting and every command, and of no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from web import cli, config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def rows(heading: str) -> Iterator[str]:
    """The first cell of each row of the table under *heading*."""
    section = README.split(f"### {heading}\n")[1].split("\n#")[0]
    return (
        line.split("|")[1] for line in section.splitlines() if line.startswith("| `")
    )


def commands(group: click.Group, *before: str) -> Iterator[str]:
    """Every command that does something, as it is typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield " ".join([*before, name])


def test_every_setting_is_documented_and_no_other() -> None:
    told = {name for cell in rows("Settings") for name in re.findall(r"`(\w+)`", cell)}

    assert told == {f"PALIER_{name.upper()}" for name in config.Settings.model_fields}


def test_every_command_is_documented_and_no_other() -> None:
    quoted = [
        line for cell in rows("Commands") for line in re.findall(r"`([^`]+)`", cell)
    ]
    told = {re.sub(r" --.*", "", line) for line in quoted}

    assert told == {f"palier {line}" for line in commands(cli.main)}


def test_every_secret_is_called_one() -> None:
    lines = [line for line in README.splitlines() if line.endswith("Secret. |")]

    assert {line.split("`")[1] for line in lines} == {
        f"PALIER_{name.upper()}" for name in config.SECRETS
    }


@pytest.mark.parametrize(
    "name", [".env.example", "README.md", "certs.example/README.md"]
)
def test_a_file_for_operators_names_real_settings(name: str) -> None:
    fields = {f"PALIER_{field.upper()}" for field in config.Settings.model_fields}
    files = {f"PALIER_{secret.upper()}_FILE" for secret in config.SECRETS}
    named = set(re.findall(r"PALIER_[A-Z_]*[A-Z]", (ROOT / name).read_text()))

    assert named <= fields | files


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_a_link_leads_to_a_file(name: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text())
    ours = [target for target in targets if "://" not in target]

    assert [target for target in ours if not (ROOT / target).exists()] == []


def test_the_walk_through_the_folders_misses_none() -> None:
    told = set(re.findall(r"`([\w/]+)/`", (ROOT / "CONTRIBUTING.md").read_text()))
    folders = {
        str(found.parent.relative_to(ROOT))
        for package in ("passes", "wallet_apple", "wallet_google", "web")
        for found in (ROOT / package).glob("**/__init__.py")
        if "node_modules" not in found.parts
    }

    assert folders <= told
