"""The log of incidents: a trace with nothing in it that acts on the terminal on which it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropcopy_tui.incidents import write_incident


def logged(folder: Path, message: str) -> str:
    log = folder / "incidents.log"
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError(message)
    assert write_incident(log, "0a1b2c3d", caught.value)
    return log.read_text(encoding="utf-8")


def test_a_message_has_no_control_character_and_begins_no_line(tmp_path: Path) -> None:
    written = logged(tmp_path, "a \x1b[H b\nc \u202e d \x9b")
    assert "RuntimeError: a ␛[H b␊c � d �\n" in written
    assert not [character for character in written if not (character.isprintable() or character == "\n")]


def test_a_message_keeps_no_value(tmp_path: Path) -> None:
    written = logged(tmp_path, "no row for 'ACME' with K7 and " + "x" * 20)
    assert "RuntimeError: no row for [redacted] with [redacted] and [redacted]\n" in written
    assert "test_incidents.py" in written
