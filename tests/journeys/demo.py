"""The demo as a newcomer starts it, in a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_START_SECONDS = 90.0
_STOP_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: where it is, who may sign in, and the key of its API."""

    base: str
    passwords: dict[str, str]
    api_key: str
    data_dir: Path

    def person(self, role: str) -> tuple[str, str]:
        """Return e-mail address and password of the person with that role."""
        email = next(email for email in self.passwords if email.startswith(role))
        return email, self.passwords[email]


@contextmanager
def running(folder: Path, database_url: str | None = None) -> Iterator[Demo]:
    """Start the demo with its data below *folder*, and end all of it afterwards."""
    port = _free_port()
    data_dir = folder / "var"
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PALIER_DATA_DIR": str(data_dir),
    }
    if database_url:
        environment["PALIER_DATABASE_URL"] = database_url
    log = folder / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "web.cli", "demo", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(process, base, log)
        yield _read(base, log.read_text(), data_dir)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _wait(process: "subprocess.Popen[bytes]", base: str, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=5) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the demo does not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


def _read(base: str, said: str, data_dir: Path) -> Demo:
    passwords = dict(re.findall(r"^  (\S+@\S+) +(\S+)$", said, re.MULTILINE))
    key = re.search(r"^API key +(\S+)$", said, re.MULTILINE)
    assert key, said
    return Demo(base, passwords, key[1], data_dir)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
