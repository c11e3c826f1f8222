"""Whether a process still runs: by its number and its start, on the system that it runs on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dropcopy_tui import process
from dropcopy_tui.process import is_gone, machine, started_at


@pytest.fixture
def child() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_this_process_runs() -> None:
    started = started_at(os.getpid())
    assert started is not None
    assert started > 0
    assert is_gone(machine(), os.getpid(), started) is False


def test_a_process_that_was_killed_is_gone_before_and_after_it_is_waited_for(child: subprocess.Popen[bytes]) -> None:
    started = started_at(child.pid)
    assert started is not None
    assert is_gone(machine(), child.pid, started) is False
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(machine(), child.pid, started) is True, "a zombie"
    child.communicate()
    assert is_gone(machine(), child.pid, started) is True


def test_one_that_was_stopped_is_not_gone(child: subprocess.Popen[bytes]) -> None:
    started = started_at(child.pid)
    assert started is not None
    child.send_signal(signal.SIGSTOP)
    assert is_gone(machine(), child.pid, started) is False
    child.kill()
    child.communicate()


def test_another_process_with_the_same_number_is_not_it() -> None:
    started = started_at(os.getpid())
    assert started is not None
    assert is_gone(machine(), os.getpid(), started - 1) is True


@pytest.mark.parametrize("on", ["", "another system"])
def test_of_another_system_nothing_is_known(on: str) -> None:
    assert is_gone(on, os.getpid(), 1) is None
    assert is_gone(machine(), 0, 0) is None


def test_the_system_has_a_name_that_stays() -> None:
    assert machine() == machine()
    assert len(machine()) > 20


def test_a_kernel_that_does_not_say_makes_nothing_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(process, "_PROC", tmp_path)
    process.machine.cache_clear()
    try:
        assert machine() == ""
        assert started_at(os.getpid()) is None
        assert is_gone(machine(), os.getpid(), 1) is None
    finally:
        monkeypatch.undo()
        process.machine.cache_clear()


def test_a_program_whose_name_has_brackets_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "7").mkdir()
    fields = ["S", *map(str, range(4, 22)), "123456", "0"]
    (tmp_path / "7" / "stat").write_text(f"7 (odd) name (1) {' '.join(fields)}\n")
    monkeypatch.setattr(process, "_PROC", tmp_path)
    assert started_at(7) == 123456
