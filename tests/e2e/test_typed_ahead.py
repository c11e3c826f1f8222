"""Keys that come before their screen is there wait for it: nothing that was typed is lost, or lands elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.command import DROPCOPY
from tests.e2e.pty import Terminal
from tests.e2e.test_main_job import at_home


def test_a_whole_burst_lands_where_it_was_meant(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with Terminal([*DROPCOPY, "demo"], env=at_home(home)) as terminal:
        terminal.wait_for(r"Drop Copy Groups +\d", timeout=60)
        # New, the market, the fee, a name, the first front end, one filter, every SenderComp: in one packet.
        terminal.type("n\r\rTYPED-AHEAD\r\r \r*+\r")
        terminal.wait_for(r"Name +TYPED-AHEAD")
        terminal.wait_for(r"Sources +2,777 SenderComps")
        terminal.wait_for("Submit this request")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def test_escape_and_the_key_behind_it_both_count(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with Terminal([*DROPCOPY, "demo"], env=at_home(home)) as terminal:
        terminal.wait_for(r"Drop Copy Groups +\d", timeout=60)
        terminal.press("enter")
        terminal.wait_for("Registered Entity")
        # One write, as a slow line delivers it: back to Home, and a new group from there.
        terminal.type("\x1bn")
        terminal.wait_for("Create New Group")
        # Closes the question; Enter opens the list again.
        terminal.type("\x1b\r")
        terminal.wait_for("Registered Entity")
        # Two writes, closer than a person types.
        terminal.type("\x1b")
        terminal.type("n")
        terminal.wait_for("Create New Group")
        terminal.type("\x1b\x1b[B\x11")
        assert terminal.wait_exit() == 0
