"""One module takes screens off the stack: anything else could end the application of somebody who is busy above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import screens

ROOM = Path(screens.__file__).parent
THE_ONE_WAY = ROOM / "leaving.py"
TAKES_OFF = frozenset({"pop_screen", "switch_screen", "switch_mode", "uninstall_screen", "_screen_stack"})


def takers(source: str) -> list[str]:
    """What in the source takes a screen off the stack."""
    return [
        node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute) and node.attr in TAKES_OFF
    ]


@pytest.mark.parametrize("file", sorted(ROOM.rglob("*.py")), ids=lambda file: file.relative_to(ROOM).as_posix())
def test_no_other_module_takes_a_screen_off_the_stack(file: Path) -> None:
    found = takers(file.read_text(encoding="utf-8"))
    assert bool(found) is (file == THE_ONE_WAY), found


@pytest.mark.parametrize("line", ["self.app.pop_screen()", "app.switch_screen(x)", "app._screen_stack.pop()"])
def test_a_planted_line_is_found(line: str) -> None:
    assert takers(line)
