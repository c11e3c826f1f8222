"""A store full of hostile strings, on a real pseudo-terminal: nothing of them reaches it as a command."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.command import DROPCOPY
from tests.e2e.pty import Terminal
from tests.e2e.test_demo_terminal import STORE
from tests.e2e.test_main_job import at_home, dropcopy
from tests.e2e.test_terminal_contract import CSI
from tests.screens.hostile import spoil

# What Textual draws with; anything else in the stream came from the store.
CHARSET = re.compile(rb"\x1b[(][A-Z0-9]")
UNSEEN = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]")
# A clear of the whole screen that the names ask for, and red text where no theme of ours has it.
ASKED_FOR = (b"\x1b[31m", b"\x1b]52", b"\x9b31m")


def test_no_sequence_of_the_store_is_on_the_wire(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    dropcopy(home, "demo", "--headless")
    spoil(home / STORE)
    with Terminal([*DROPCOPY, "demo"], env=at_home(home)) as terminal:
        terminal.wait_for(r"Drop Copy Groups +\d", timeout=30)
        terminal.wait_quiet(0.6)
        steps = (
            ("enter", "Registered Entity"), ("n", "Create New Group"), ("escape", "Registered Entity"),
            ("enter", r"\[1 Details\]"), ("2", r"\[2 Target"), ("s", r"\[2 Target"), ("3", r"\[3 Source"),
            ("4", r"\[4 By"), ("?", "Keys on this screen"), ("escape", r"\[4 By"), ("escape", "Registered Entity"),
            ("escape", "Needs attention"), ("ctrl+p", "Search for"), ("escape", "Needs attention"),
        )  # fmt: skip
        for key, shows in steps:
            terminal.press(key)
            terminal.wait_for(shows)
            terminal.wait_quiet(0.2)
        clean = CHARSET.sub(b"", CSI.sub(b"", terminal.raw))
        assert b"\x1b" not in clean
        assert not UNSEEN.search(clean.decode())
        assert not [asked for asked in ASKED_FOR if asked in terminal.raw]
        assert "␛" in terminal.raw.decode()
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
