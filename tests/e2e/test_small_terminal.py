"""A window that becomes too small, and larger again, on a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pty import Terminal
from tests.e2e.test_demo_terminal import demo, draft_names, home, made_home
from tests.e2e.test_main_job import begin_group
from tests.e2e.test_seat_terminal import Desk, resume
from tests.e2e.test_terminal_contract import assert_restored
from tests.terminal_cells import seen

FIXTURES = (home, made_home)
_PATIENCE = 40


def too_small(terminal: Terminal, columns: int, lines: int) -> None:
    terminal.resize(columns, lines)
    terminal.wait_for(f"This window is {columns}x{lines}")
    terminal.wait_for("needs")
    terminal.wait_quiet()


@pytest.mark.parametrize("size", [(59, 24), (80, 17), (40, 10)])
def test_it_says_so_sends_nothing_and_is_gone_again(size: tuple[int, int], home: Path) -> None:
    with demo(home) as terminal:
        before = seen(terminal.screen)
        too_small(terminal, *size)
        assert "60x18" in terminal.text()
        assert "Request Center" not in terminal.text()
        assert terminal.bytes_in(2.5) == 0
        terminal.press("down", "enter", "x", "?", "escape")
        terminal.wait_quiet()
        assert terminal.bytes_in(0.5) == 0
        terminal.press("ctrl+c")
        terminal.wait_for("Press Ctrl-Q or F10")
        terminal.resize(80, 24)
        terminal.wait_for("Request Center")
        terminal.wait_quiet()
        assert seen(terminal.screen) == before


def test_a_draft_is_kept_and_the_terminal_restored(home: Path) -> None:
    with demo(home) as terminal:
        begin_group(terminal, "HALF-A-", _PATIENCE)
        too_small(terminal, 50, 12)
        terminal.type("NOT-THIS")
        # A change of size is told by a signal, which may overtake keys.
        assert terminal.bytes_in(0.5) == 0
        terminal.resize(80, 24)
        terminal.wait_for("HALF-A-")
        terminal.type("NAME")
        terminal.wait_for("HALF-A-NAME")
        too_small(terminal, 50, 12)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0
        assert_restored(terminal)
    assert "HALF-A-NAME" in draft_names(home)


def test_the_lock_comes_up_over_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    desk = Desk(tmp_path)
    with desk.sit_down() as terminal:
        begin_group(terminal, "HALF-A-NAME", _PATIENCE)
        too_small(terminal, 58, 16)
        desk.forward(15)
        terminal.wait_for("Locked", _PATIENCE)
        terminal.resize(80, 24)
        terminal.wait_quiet()
        assert "HALF" not in terminal.text()
        assert "Locked" in terminal.text()
        resume(terminal)
        terminal.wait_for("HALF-A-NAME", _PATIENCE)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0
        assert_restored(terminal)
