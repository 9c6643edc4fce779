"""The program `openssl`, as a second opinion."""

import subprocess


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it; its exit code is the caller's to judge."""
    return subprocess.run(  # noqa: S603 - a test names its own arguments
        ("openssl", *arguments),  # noqa: S607 - wherever it is installed
        capture_output=True,
        text=True,
        check=False,
    )
