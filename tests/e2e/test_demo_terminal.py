"""The application keeps the terminal contract: what is typed survives, the terminal comes back, idle is silent."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.store.vault import make_master_key
from tests.e2e.command import DROPCOPY
from tests.e2e.pty import Terminal
from tests.e2e.test_main_job import at_home, dropcopy
from tests.e2e.test_terminal_contract import COLOUR, CSI, assert_restored

STORE = Path(".local/share/dropcopy-tui/sandbox/dropcopy.db")
HOME = r"Drop Copy Groups +\d"
REFUSED_LINE = re.compile(rb"\Adropcopy: [^\r\n\x1b]{20,}\r\n\Z")


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a demo store in it, made once."""
    home = tmp_path_factory.mktemp("demo-home")
    done = dropcopy(home, "demo", "--headless")
    assert done.returncode == 0, done
    assert (home / STORE).is_file()
    return home


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(made_home, tmp_path / "home"))


@contextmanager
def demo(home: Path, env: dict[str, str] | None = None, **options: Any) -> Iterator[Terminal]:
    """The demo at Home, with everything loaded."""
    with Terminal([*DROPCOPY, "demo"], env=at_home(home) | (env or {}), **options) as terminal:
        terminal.wait_for(HOME, timeout=30)
        terminal.wait_quiet(0.6)
        yield terminal


def to_name(terminal: Terminal) -> None:
    """From Home to the wizard's field for the name."""
    terminal.press("n")
    terminal.wait_for("Create New Group")
    terminal.press("enter")
    terminal.wait_for("Proceed")
    terminal.press("enter")
    terminal.wait_for("Enter a name")
    terminal.wait_quiet()


def draft_names(home: Path) -> set[str]:
    with sqlite3.connect(home / STORE) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM draft WHERE submitted_at IS NULL")}
    connection.close()
    return names


# -- what was typed


def test_a_killed_wizard_loses_at_most_a_second(home: Path) -> None:
    with demo(home) as terminal:
        to_name(terminal)
        terminal.type("KILLED-HERE")
        terminal.bytes_in(1.0)
        terminal.type("-LATE")
        terminal.signal(signal.SIGKILL)
        assert terminal.wait_exit() == -signal.SIGKILL
    with demo(home) as terminal:
        terminal.wait_for(r"draft KILLED-HERE")
        resume(terminal)
        terminal.wait_for(r"  KILLED-HERE(-LATE)?$")


def resume(terminal: Terminal) -> None:
    """Open one line after the other at the right of Home, until it is the wizard."""
    terminal.press("right")
    for _ in range(9):
        terminal.press("enter")
        if terminal.wait_for("Public key id|Enter a name|Expires|Segments")[0] == "Enter a name":
            return
        terminal.press("escape")
        terminal.wait_for("Needs attention")
        terminal.press("down")
    raise AssertionError(terminal.text())


@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "hang up"])
def test_a_signal_right_after_typing_keeps_the_draft(how: str, home: Path) -> None:
    with demo(home) as terminal:
        to_name(terminal)
        terminal.type("TYPED-JUST-NOW")
        terminal.wait_for("TYPED-JUST-NOW")
        if how == "hang up":
            terminal.hang_up()
            assert terminal.wait_exit() == 129
        else:
            number = signal.Signals[how]
            terminal.signal(number)
            assert terminal.wait_exit() == 128 + number
            assert_restored(terminal)
    assert "TYPED-JUST-NOW" in draft_names(home)


def test_stopping_and_coming_back_in_the_wizard(home: Path) -> None:
    with demo(home, job_control=True) as terminal:
        to_name(terminal)
        terminal.type("BEFORE")
        terminal.wait_for("BEFORE")
        terminal.press("ctrl+z")
        terminal.wait_raw(rb"\[stopped\] restored=True")
        assert_restored(terminal)
        terminal.press("enter")
        terminal.wait_raw(rb"\[stopped\].*\?1049h.*Enter a name")
        terminal.type("-AND-AFTER")
        terminal.wait_for("BEFORE-AND-AFTER")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
    assert "BEFORE-AND-AFTER" in draft_names(home)


# -- bytes


@pytest.mark.parametrize("where", ["home", "wizard", "commands"])
def test_idle_writes_nothing(where: str, home: Path) -> None:
    with demo(home) as terminal:
        if where == "wizard":
            to_name(terminal)
            terminal.wait_quiet(0.6)
        elif where == "commands":
            terminal.press("ctrl+p")
            terminal.wait_for("Search for commands")
        # Longer than the quiet worker's turn. On a busy machine the first stretch may see the end of loading.
        assert any(terminal.bytes_in(5.5) == 0 for _ in range(2))


# -- what terminals can show


def test_ascii_shows_nothing_above_126(home: Path) -> None:
    with demo(home, env={"LANG": "C", "LC_ALL": "C"}) as terminal:
        assert max(terminal.raw) <= 126
        terminal.press("enter")
        terminal.wait_for("US-RATES-RISK")
        terminal.wait_quiet()
        assert max(terminal.raw) <= 126


def test_no_color_means_no_colour(home: Path) -> None:
    with demo(home, env={"NO_COLOR": "1"}) as terminal:
        terminal.press("n")
        terminal.wait_for("Create New Group")
        terminal.wait_quiet()
        assert not COLOUR.search(terminal.raw)
        assert re.search(rb"\x1b\[(?:[0-9;]*;)?7[;m]", terminal.raw), "the cursor must show in reverse"


# -- refused: one line that says what to do, and 2


def test_refused_without_a_terminal(home: Path) -> None:
    for verb in (["demo"], ["--store", str(home / STORE)]):
        done = dropcopy(home, *verb)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch(r"dropcopy: The application reads keys from a terminal.*\n", done.stderr)


@pytest.mark.parametrize(
    ("options", "why"),
    [({"env": {"TERM": "dumb"}}, b"TERM is dumb"), ({"cols": 40, "rows": 10}, b"40x10")],
    ids=["dumb", "small"],
)
def test_refused_terminals(options: dict[str, Any], why: bytes, home: Path) -> None:
    env = at_home(home) | options.pop("env", {})
    with Terminal([*DROPCOPY, "demo"], env=env, **options) as terminal:
        assert terminal.wait_exit() == 2
        assert REFUSED_LINE.match(terminal.raw), terminal.raw
        assert why in terminal.raw


def newer(store: Path) -> None:
    """The version in the file's header (SQLite file format: offset 60)."""
    data = bytearray(store.read_bytes())
    data[60:64] = (9_999).to_bytes(4, "big")
    store.write_bytes(data)


def other_key(store: Path) -> None:
    key = store.with_suffix(".key")
    key.unlink()
    make_master_key(key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (Path.unlink, "No store exists at"),
        (newer, "was created by a newer version"),
        (other_key, "is the master key of another store"),
    ],
    ids=["missing", "newer", "other key"],
)
def test_refused_stores(spoil: Any, why: str, home: Path) -> None:
    store = home / STORE
    spoil(store)
    with Terminal([*DROPCOPY, "--store", str(store)], env=at_home(home)) as terminal:
        assert terminal.wait_exit() == 2
        said = terminal.raw.rpartition(b"\x1b[?1049l")[2]
        lines = CSI.sub(b"", said).decode().replace("\r", "").strip("\n").split("\n")
        assert len(lines) == 1, lines
        assert lines[0].startswith("dropcopy: ")
        assert why in lines[0]
        if b"\x1b[?1049h" in terminal.raw:
            assert_restored(terminal)
