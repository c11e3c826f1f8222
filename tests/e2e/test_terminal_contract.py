"""The terminal contract, on a real pseudo-terminal: what design/terminal.md promises, row by row."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pty import ROOT, Terminal, clean_environment

SAMPLE = [sys.executable, str(Path(__file__).with_name("sample_app.py"))]
READY = "hello from"
# Every sequence Textual itself may write: CSI, charset, synchronized output; nothing else.
CSI = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")


def sample(**options: Any) -> Terminal:
    terminal = Terminal(SAMPLE, **options)
    terminal.wait_for(READY)
    terminal.wait_quiet()
    return terminal


def assert_restored(terminal: Terminal, modes: list[Any] | None = None) -> None:
    """Alternate screen left, mouse and paste reports off, cursor shown, line settings as before."""
    raw = terminal.raw
    for number in (b"1049", b"2004", b"1004"):
        assert raw.rfind(b"\x1b[?%bl" % number) > raw.rfind(b"\x1b[?%bh" % number), number
    for number in (b"1000", b"1003", b"1006", b"1015"):
        assert raw.rfind(b"\x1b[?%bh" % number) <= raw.rfind(b"\x1b[?%bl" % number), number
    assert raw.rfind(b"\x1b[?25h") > raw.rfind(b"\x1b[?25l")
    assert (modes or terminal.modes()) == terminal.modes_before


# -- text that reaches the screen


def test_hostile_strings_never_write_an_escape_sequence() -> None:
    with sample() as terminal:
        terminal.press("f3")
        terminal.wait_for("click=app.bell")
        terminal.wait_quiet()
        rest = CSI.sub(b"", terminal.raw)
        assert b"\x1b" not in rest
        text = rest.decode()
        assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", text)
        assert b"\x1b[31m" not in terminal.raw
        assert "␛]52;c;aGk=" in terminal.text()
        assert "[/foo] [@click=app.bell]x[/]" in terminal.text()


def test_ascii_shows_nothing_above_126() -> None:
    with sample(env={"LANG": "C", "LC_ALL": "C"}) as terminal:
        assert "hello from 80x24 > . *" in terminal.text()
        terminal.press("f3")
        terminal.wait_for("click=app.bell")
        terminal.wait_quiet()
        assert max(terminal.raw) <= 126


def test_the_linux_console_gets_ascii_in_sixteen_colours() -> None:
    with sample(env={"TERM": "linux"}) as terminal:
        assert max(terminal.raw) <= 126
        assert not re.search(rb"[34]8;[25];", terminal.raw)
        assert COLOUR.search(terminal.raw)


@pytest.mark.parametrize("term", ["xterm", "screen"])
def test_sixteen_colours_only_where_there_are_no_more(term: str) -> None:
    with sample(env={"TERM": term}) as terminal:
        assert not re.search(rb"[34]8;[25];", terminal.raw)
        assert COLOUR.search(terminal.raw)
        drawn = [cell for row in terminal.screen.buffer.values() for cell in row.values() if cell.data.strip()]
        assert drawn
        assert all(cell.fg != cell.bg for cell in drawn)


def test_no_color_means_no_colour() -> None:
    with sample(env={"NO_COLOR": "1"}) as terminal:
        terminal.press("f2")
        terminal.wait_for("opaque question")
        terminal.wait_quiet()
        assert not COLOUR.search(terminal.raw)
        assert re.search(rb"\x1b\[(?:[0-9;]*;)?7[;m]", terminal.raw), "the focus must show in reverse"


def test_ssh_leaves_the_mouse_to_the_terminal() -> None:
    with sample(env={"SSH_TTY": "/dev/pts/9"}) as terminal:
        assert b"\x1b[?1000h" not in terminal.raw
    with sample() as terminal:
        assert b"\x1b[?1000h" in terminal.raw


def test_a_paste_is_capped_and_says_so() -> None:
    with sample() as terminal:
        terminal.paste("x" * 100_000)
        terminal.wait_for(r"Only the first 4,096")


def test_typing_ahead_lands_where_tab_has_put_it() -> None:
    with sample() as terminal:
        # The way back selects nothing, so that `more` comes after what is there.
        terminal.type("alice\tsecret\t\r\x1b[Zmore")
        terminal.wait_for("▊ +•{10} +▎")
        assert re.search(r"^▊ +alice +▎$", terminal.text(), re.M)


def test_a_ten_megabyte_paste_freezes_nothing() -> None:
    with sample() as terminal:
        terminal.paste("x" * 10_000_000)
        terminal.wait_for("Only the first 4,096")
        terminal.press("ctrl+q")
        assert terminal.wait_exit(5) == 0


def test_a_password_is_never_sent_to_the_clipboard() -> None:
    with sample() as terminal:
        terminal.type("alice\tgeheim")
        terminal.wait_for("••••••")
        assert "alicegeheim" not in terminal.text()
        terminal.type("\x1b[H\x1b[1;2F")  # home, shift+end
        terminal.press("ctrl+c", "ctrl+x")
        terminal.wait_for("Ctrl-Q to quit")
        assert b"]52;" not in terminal.raw


# -- crash and signals


def test_a_crash_shows_an_incident_and_no_locals(tmp_path: Path) -> None:
    log = tmp_path / "incidents.log"
    with sample(env={"SAMPLE_LOG": str(log)}) as terminal:
        terminal.press("f4")
        assert terminal.wait_exit() == 1
        assert_restored(terminal)
        shown = terminal.raw.rpartition(b"?1049l")[2].decode()
        incident = re.search(r"Incident ([0-9a-f]{8})", shown)
        assert incident
        assert "hunter2" not in terminal.raw.decode()
        assert "Traceback" not in shown
    kept = log.read_text()
    assert incident[1] in kept
    assert "action_crash" in kept
    assert "hunter2" not in kept
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_saves_and_restores(number: signal.Signals, code: int, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    with sample(env={"SAMPLE_SAVED": str(saved)}) as terminal:
        terminal.signal(number)
        assert terminal.wait_exit() == code
        assert_restored(terminal)
        assert saved.read_text() == "saved"


@pytest.mark.parametrize("unnoticed", [False, True], ids=["SIGHUP", "no SIGHUP comes"])
def test_a_hang_up_saves_and_ends(unnoticed: bool, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    # The kernel tells the leader of the session only; this one keeps it to itself.
    argv = ["sh", "-c", 'trap "" HUP; "$@"; exit $?', "sh", *SAMPLE] if unnoticed else SAMPLE
    with Terminal(argv, env={"SAMPLE_SAVED": str(saved)}) as terminal:
        terminal.wait_for(READY)
        terminal.wait_quiet()
        terminal.hang_up()
        assert terminal.wait_exit() == 129
        assert saved.read_text() == "saved"


def test_quitting_by_each_key_restores_and_ends_with_zero(tmp_path: Path) -> None:
    for keys in (["ctrl+q"], ["f10"], ["tab", "tab", "q"]):
        saved = tmp_path / keys[-1]
        with sample(env={"SAMPLE_SAVED": str(saved)}) as terminal:
            terminal.press(*keys)
            assert terminal.wait_exit() == 0
            assert_restored(terminal)
            assert saved.exists()


def test_control_c_says_how_to_quit() -> None:
    with sample() as terminal:
        terminal.press("ctrl+c")
        terminal.wait_for("Press q, F10 or Ctrl-Q to quit")


def test_control_q_quits_from_a_modal() -> None:
    with sample() as terminal:
        terminal.press("f2")
        terminal.wait_for("opaque question")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


# -- stop and repaint


def test_control_z_stops_and_coming_back_repaints() -> None:
    with sample(job_control=True) as terminal:
        terminal.type("kept")
        terminal.wait_for("kept")
        terminal.press("ctrl+z")
        terminal.wait_raw(rb"\[stopped\] restored=True")
        assert_restored(terminal)
        before = len(terminal.raw)
        terminal.press("enter")
        terminal.wait_raw(rb"\[stopped\].*\?1049h.*hello from", timeout=10)
        terminal.wait_quiet()
        assert b"kept" in terminal.raw[before:]
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def test_control_z_where_nobody_could_wake_us_does_not_stop() -> None:
    with sample() as terminal:
        before = len(terminal.raw)
        terminal.press("ctrl+z")
        terminal.wait_for(READY)
        terminal.wait_raw(rb"\?1049h.*\?1049l.*\?1049h.*hello from")
        assert len(terminal.raw) > before
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def test_control_l_repaints() -> None:
    with sample() as terminal:
        terminal.press("f5")
        terminal.wait_quiet()
        assert READY not in terminal.text()
        terminal.press("ctrl+l")
        terminal.wait_for(READY)


# -- bytes


def test_idle_writes_nothing_and_uses_no_processor() -> None:
    with sample() as terminal:
        cpu = terminal.cpu_seconds()
        assert terminal.bytes_in(3) == 0
        assert terminal.cpu_seconds() - cpu <= 0.05


def test_a_modal_is_opaque_and_cheap() -> None:
    with sample() as terminal:
        before = len(terminal.raw)
        terminal.press("f2")
        terminal.wait_for("opaque question")
        terminal.wait_quiet()
        assert len(terminal.raw) - before <= 6_000
        assert READY not in terminal.text()


@pytest.mark.parametrize("env", [{}, {"TERM": "xterm"}, {"COLORTERM": "truecolor"}], ids=["256", "16", "true"])
def test_the_first_frame_is_small(env: dict[str, str]) -> None:
    with sample(env=env) as terminal:
        assert len(terminal.raw) <= 12_000


def test_a_huge_window_is_clamped() -> None:
    with Terminal(SAMPLE, cols=80, rows=24) as terminal:
        terminal.wait_for(READY)
        terminal._set_size(terminal._slave, 65535, 65535)
        terminal.wait_quiet()
        status = Path(f"/proc/{terminal.pid}/status").read_text()
        peak = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert peak
        assert int(peak[1]) < 200_000


def test_a_huge_window_at_the_start_is_clamped() -> None:
    with Terminal(SAMPLE) as terminal:
        Terminal._set_size(terminal._slave, 65535, 65535)
        terminal.wait_raw(rb"hello from 500x200")


# -- refused


def refused(env: dict[str, str], **streams: Any) -> str:
    done = subprocess.run(SAMPLE, env=clean_environment(env), cwd=ROOT, capture_output=True, text=True, **streams)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "dropcopy groups list" in done.stderr
    return done.stderr


def test_refused_without_a_terminal() -> None:
    assert "standard input" in refused({}, stdin=subprocess.DEVNULL)


def test_refused_when_only_stderr_is_no_terminal() -> None:
    master, slave = os.openpty()
    try:
        assert "standard error" in refused({}, stdin=slave)
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize(
    ("cols", "rows", "env", "why"),
    [
        (80, 24, {"TERM": "dumb"}, "TERM is dumb"),
        (80, 24, {"TERM": ""}, "TERM is empty"),
        (40, 10, {}, "40x10"),
    ],
)
def test_refused_terminals(cols: int, rows: int, env: dict[str, str], why: str) -> None:
    with Terminal(SAMPLE, cols=cols, rows=rows, env=env) as terminal:
        assert terminal.wait_exit() == 2
        assert terminal.raw.count(b"\n") == 1
        assert b"\x1b" not in terminal.raw
        assert why in terminal.raw.decode()


def test_variables_of_textual_do_nothing(tmp_path: Path) -> None:
    env = {
        "TEXTUAL_LOG": str(tmp_path / "keys.log"),
        "TEXTUAL_DRIVER": "no.such:Driver",
        "TEXTUAL_PRESS": "f4",
        "TEXTUAL_SCREENSHOT": "1",
        "TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path),
    }
    with sample(env=env) as terminal:
        terminal.bytes_in(1.5)
        assert READY in terminal.text()
        assert list(tmp_path.iterdir()) == []
        assert termios.tcgetattr(terminal._slave)
