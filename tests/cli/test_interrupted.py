"""A process that was killed over a key file: the next start removes what was left, and says so once."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Cli


def test_the_next_start_says_what_was_interrupted(operator: Cli, sandbox: Path, tmp_path: Path) -> None:
    part, file = tmp_path / ".dropcopy-0123456789abcdef.part", tmp_path / "keys.txt"
    part.write_bytes(bytes(100))
    note = sandbox.with_name(sandbox.name + ".part-0123456789abcdef")
    note.write_text(json.dumps({"path": str(file), "part": part.name}))
    first, second = operator("groups", "list"), operator("groups", "list")
    assert f"{file} was interrupted" in first.err
    assert "interrupted" not in second.err
    assert not part.exists()
    assert not note.exists()


def test_a_note_cannot_name_another_file(operator: Cli, sandbox: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    note = sandbox.with_name(sandbox.name + ".part-0123456789abcdef")
    note.write_text(json.dumps({"path": str(tmp_path / "keys.txt"), "part": "mine.txt"}))
    operator("groups", "list")
    assert mine.read_text() == "mine"
