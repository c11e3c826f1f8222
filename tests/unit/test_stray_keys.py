"""What is pasted without brackets where no field is: its letters and line ends are dropped, and nothing else is."""

from __future__ import annotations

from textual.events import Key

from screens.terminal.meant_keys import MeantKeys


def pressed(keys: MeantKeys, *names: str) -> list[str]:
    """The keys of a burst that are not dropped, on a page that knows `j` and Ctrl-Q."""
    burst = [Key(name, name if len(name) == 1 else None) for name in names]
    return [key.key for key in burst if not keys.is_stray(key, lambda name: name in ("j", "ctrl+q"))]


def test_letters_and_line_ends_of_a_text_are_dropped() -> None:
    assert pressed(MeantKeys(), "j", "x", "j", "enter", "tab") == ["j"]


def test_leaving_is_no_part_of_a_text() -> None:
    assert pressed(MeantKeys(), "j", "x", "j", "ctrl+q", "f10", "escape") == ["j", "ctrl+q", "f10", "escape"]
