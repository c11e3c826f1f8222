"""`init` at a terminal: whose password it is, how long it must be, and that it is typed twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.command import DROPCOPY
from tests.e2e.pty import Terminal
from tests.e2e.test_main_job import at_home

PASSWORD = "right horse battery"


def init(home: Path) -> Terminal:
    home.chmod(0o700)
    argv = [*DROPCOPY, "--store", str(home / "desk.db"), "--password-file", "-", "init", "--admin", "chief"]
    return Terminal(argv, env=at_home(home))


def test_the_administrators_password_is_typed_twice(tmp_path: Path) -> None:
    with init(tmp_path) as terminal:
        for asked in (r"Password for chief \(10 to 1,000 characters\):", "Repeat the password:"):
            terminal.wait_for(asked)
            terminal.type(PASSWORD)
            terminal.press("enter")
        terminal.wait_for("administrator +chief")
        assert terminal.wait_exit(30) == 0
        assert PASSWORD not in terminal.text()


@pytest.mark.parametrize("again", ["right horse batter", ""])
def test_a_mistyped_one_makes_nothing(tmp_path: Path, again: str) -> None:
    with init(tmp_path) as terminal:
        terminal.wait_for("Password for chief")
        terminal.type(PASSWORD)
        terminal.press("enter")
        terminal.wait_for("Repeat")
        terminal.type(again)
        terminal.press("enter")
        terminal.wait_for("The two passwords do not match. Nothing was created.")
        assert terminal.wait_exit(30) == 1
    assert not (tmp_path / "desk.db").exists()
