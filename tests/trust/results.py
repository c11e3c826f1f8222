"""The committed results: one line of JSON a row, as it was really run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results.jsonl")


def results(path: Path = RESULTS) -> list[dict[str, Any]]:
    """The lines that are there."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def keep(line: dict[str, Any], order: Iterable[str], path: Path = RESULTS) -> None:
    """Put the line of a row in the place of its last one."""
    lines = {each["test"]: each for each in results(path)} | {line["test"]: line}
    text = "".join(json.dumps(lines[name]) + "\n" for name in order if name in lines)
    path.write_text(text, encoding="utf-8")
