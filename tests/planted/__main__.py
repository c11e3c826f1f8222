"""`python -m tests.planted [NAME ...]`: plant each bug in a copy of the project; the tests that are named must fail.

Prints one JSON line a bug: whether it was caught, by what, and in how many seconds. The exit code says whether all
were. The control of each is the same tests without the bug, which must pass.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.planted.bugs import BUGS, Bug

ROOT = Path(__file__).resolve().parents[2]
_COPIED = (
    "dropcopy_tui",
    "screens",
    "styles",
    "tests",
    "docs",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
)
_SECONDS = 600
_FAILED = 1


def main(names: list[str]) -> int:
    """Plant them all, or those that are named."""
    chosen = [bug for bug in BUGS if not names or bug.name in names]
    wrong = [bug.name for bug in chosen if (ROOT / bug.file).read_text().count(bug.old) != 1]
    if wrong:
        sys.stdout.write(f"The line is not there once: {', '.join(wrong)}\n")
        return 2
    survivors = []
    for line in planted(chosen):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        survivors += [] if line["caught"] else [line["bug"]]
    sys.stdout.write(f"{len(chosen) - len(survivors)} of {len(chosen)} caught; {survivors or 'none'} survived\n")
    return bool(survivors)


def planted(bugs: Sequence[Bug]) -> Iterator[dict[str, Any]]:
    """Plant each, and tell what came of it."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy = Path(folder)
        for name in _COPIED:
            source = ROOT / name
            shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy2(source, copy / name)
        passes = {tests: _run(copy, tests)[0] == 0 for tests in sorted({bug.tests for bug in bugs})}
        for bug in bugs:
            yield _told(copy, bug, passes[bug.tests])


def _told(copy: Path, bug: Bug, passes: bool) -> dict[str, Any]:
    place = copy / bug.file
    right = place.read_text()
    place.write_text(right.replace(bug.old, bug.new))
    began = perf_counter()
    try:
        code, by = _run(copy, bug.tests)
    finally:
        place.write_text(right)
    caught = code == _FAILED and passes
    return {"bug": bug.name, "breaks": bug.what, "caught": caught, "by": by, "control": passes,
            "seconds": round(perf_counter() - began, 1)}  # fmt: skip


def _run(copy: Path, tests: str) -> tuple[int, str]:
    """The exit code of pytest, which is 1 where tests failed, and the first that did."""
    there = [name for name in tests.split() if (copy / name).exists()]
    assert there, tests
    argv = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-vv", "--tb=no", *there]
    env = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(argv, cwd=copy, env=env, capture_output=True, text=True, timeout=_SECONDS)
    failed = [line.split()[0] for line in done.stdout.splitlines() if " FAILED" in line or " ERROR" in line]
    return done.returncode, failed[0] if failed else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
