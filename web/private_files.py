"""Files and directories that the service's own user alone may read."""

import stat
from collections.abc import Iterable
from pathlib import Path

from web import keys

_OTHERS = 0o077
# Secrets that a supervisor mounts there are guarded by the mount, not the mode.
_MOUNTED = Path("/run")


def make_directory(path: Path) -> None:
    """Make the directory for the service alone, unless it is there."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)


def problem(path: Path) -> str | None:
    """Say in a sentence what is wrong with the file or directory, or None."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if mode & _OTHERS and not path.resolve().is_relative_to(_MOUNTED):
        wanted = "700" if stat.S_ISDIR(mode) else "600"
        return f"others can read {path}; run `chmod {wanted} {path}`."
    return None


def problems(data_dir: Path, files: Iterable[Path]) -> list[str]:
    """Say what is wrong with the data directory, the key in it and other *files*."""
    found = [problem(path) for path in (data_dir, data_dir / keys.FILE, *files)]
    return [sentence for sentence in found if sentence]
