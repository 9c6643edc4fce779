"""Accounts and sessions, on both engines."""

from pathlib import Path

import pytest

from tests.web import servers
from web.config import Settings


@pytest.fixture
def settings(database_url: str, tmp_path: Path, certificates: Path) -> Settings:
    """Settings of a development server on either engine in turn."""
    return servers.settings_in(tmp_path, database_url, certificates)
