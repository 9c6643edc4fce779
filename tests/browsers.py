"""A Chromium of this machine, as a phone that reaches this machine alone."""

import shutil

from playwright.sync_api import Browser, BrowserType

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def find() -> str | None:
    """Return the path of a Chromium, or nothing."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def launch(kind: BrowserType, path: str, *flags: str) -> Browser:
    """Start the Chromium at *path* without a window; *flags* are added."""
    return kind.launch(executable_path=path, args=[*FLAGS, *flags])
