"""The lock files: what pyproject.toml asks for, pinned by hash, from nowhere named."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
RUN, DEV, TOOLS = "requirements.txt", "requirements-dev.txt", "requirements-tools.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(name: str) -> Iterator[tuple[str, str]]:
    """Each locked name with its version."""
    text = (ROOT / name).read_text()
    for found in re.finditer(r"^([\w.-]+)==([\w.!+]+)", text, re.MULTILINE):
        yield canonicalize_name(found[1]), found[2]


def asked(lock: str) -> list[str]:
    """The requirements that *lock* has to answer."""
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    if lock == TOOLS:
        return [*groups["uv"], *groups["node"]]
    extras = project["optional-dependencies"]
    run = [*project["dependencies"], *extras["demo"], *extras["redis"]]
    return [*run, *groups["build"], *(groups["dev"] if lock == DEV else [])]


@pytest.mark.parametrize("lock", [RUN, DEV, TOOLS])
def test_a_lock_answers_every_requirement(lock: str) -> None:
    locked = dict(pins(lock))

    for text in asked(lock):
        requirement = Requirement(text)
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_tests_run_on_what_is_served() -> None:
    assert set(pins(RUN)) <= set(pins(DEV))


@pytest.mark.parametrize("lock", [RUN, DEV, TOOLS])
def test_every_pin_has_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text())

    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("lock", [RUN, DEV, TOOLS, "web/frontend/package-lock.json"])
def test_a_lock_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert not re.search(r"--index-url|--find-links|\"resolved\": \"http", text)
