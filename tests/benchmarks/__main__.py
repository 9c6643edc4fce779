"""Run benchmarks: ``python3 dev.py bench [words of their names] [--faults]``.

Prints a table and one line of JSON per figure. ``--faults`` runs the long forms of
the fault tests instead, whose figures pytest prints.
"""

import argparse
import importlib
import sys
from pathlib import Path

import pytest

from tests.benchmarks.figures import Figure

HERE = Path(__file__).parent


def main() -> int:
    """Run what was asked for; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("words", nargs="*", help="only benchmarks named like this")
    parser.add_argument("--faults", action="store_true", help="the long fault tests")
    asked = parser.parse_args()
    if asked.faults:
        return pytest.main(["-s", "--long", "-m", "faults", *asked.words])
    return report(measure(asked.words))


def measure(words: list[str]) -> list[Figure]:
    """Return the figures of every benchmark whose name has one of *words*."""
    found: list[Figure] = []
    for path in sorted(HERE.glob("bench_*.py")):
        if words and not any(word in path.stem for word in words):
            continue
        print(f"\n{path.stem.removeprefix('bench_').replace('_', ' ')}", flush=True)
        for figure in importlib.import_module(
            f"tests.benchmarks.{path.stem}"
        ).figures():
            print(figure.row(), flush=True)
            found.append(figure)
    return found


def report(figures: list[Figure]) -> int:
    """Print one line of JSON per figure; 1 when a goal is missed."""
    print()
    for figure in figures:
        print(figure.line())
    missed = [figure.name for figure in figures if figure.reached is False]
    if missed:
        print(f"\nMissed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
