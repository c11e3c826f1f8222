"""Where a person acts from: what the kernel and sshd say, never the environment of this process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import NotSignedIn
from dropcopy_tui.origin import machine_account, origin


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def ttyname(_: int) -> str:
        raise OSError("not a terminal")

    monkeypatch.setattr(os, "ttyname", ttyname)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)


class Processes:
    """A made-up /proc: this process, and those above it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, pid: int, parent: int, name: str, uid: int, said: str = "") -> None:
        place = self.folder / str(pid)
        place.mkdir()
        uids = "\t".join([str(uid)] * 4)
        (place / "status").write_text(f"Name:\t{name}\nPPid:\t{parent}\nUid:\t{uids}\n")
        (place / "environ").write_bytes(f"LANG=C\0SSH_CONNECTION={said}\0TERM=xterm\0".encode())


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Processes:
    monkeypatch.setattr("dropcopy_tui.origin._PROC", tmp_path)
    return Processes(tmp_path)


def under_sshd(processes: Processes, said: str, *, name: str = "sshd", uid: int = 1000) -> None:
    """init, sshd, its part of root's, its part without rights, a shell, this process with another word."""
    processes.add(1, 0, "init", 0)
    processes.add(70, 1, "sshd", 0, "198.51.100.1 1 2 3")
    processes.add(71, 70, name, 0, "198.51.100.2 1 2 3")
    processes.add(72, 71, name, uid, "198.51.100.3 1 2 3")
    processes.add(73, 72, "bash", uid, said)
    processes.add(os.getpid(), 73, "python", uid, "203.0.113.9 1 2 3")


@pytest.mark.parametrize("surface", ["cli", "screen"])
def test_an_origin_names_surface_and_terminal(surface: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert origin(surface) == surface
    monkeypatch.setattr(os, "ttyname", lambda _: "/dev/pts/3")
    assert origin(surface) == f"{surface} tty=/dev/pts/3"


def test_the_environment_forges_no_address(monkeypatch: pytest.MonkeyPatch, processes: Processes) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50022 192.0.2.1 22")
    assert origin("cli") == "cli"
    processes.add(1, 0, "init", 0)
    processes.add(os.getpid(), 1, "python", 1000, "192.0.2.7 1 2 3")
    assert origin("cli") == "cli", "nothing is above this process"


@pytest.mark.parametrize("name", ["sshd", "sshd-session"])
def test_the_address_is_what_sshd_gave_its_child(
    name: str, monkeypatch: pytest.MonkeyPatch, processes: Processes
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.9 1 2 3")
    under_sshd(processes, "192.0.2.7 50022 192.0.2.1 22", name=name)
    assert origin("cli") == "cli ssh=192.0.2.7"


def test_a_session_of_root_has_no_part_without_rights(processes: Processes) -> None:
    under_sshd(processes, "192.0.2.7 50022 192.0.2.1 22", uid=0)
    assert origin("cli") == "cli ssh=192.0.2.7"


def test_a_process_that_calls_itself_sshd_is_not_believed(processes: Processes) -> None:
    processes.add(1, 0, "init", 0)
    processes.add(72, 1, "sshd", 1000, "203.0.113.9 1 2 3")
    processes.add(os.getpid(), 72, "python", 1000, "203.0.113.9 1 2 3")
    assert origin("cli") == "cli"


def test_such_a_process_below_the_real_one_changes_nothing(processes: Processes) -> None:
    processes.add(1, 0, "init", 0)
    processes.add(70, 1, "sshd", 0)
    processes.add(71, 70, "sshd", 1000)
    processes.add(72, 71, "bash", 1000, "192.0.2.7 1 2 3")
    processes.add(73, 72, "sshd", 1000, "203.0.113.8 1 2 3")
    processes.add(os.getpid(), 73, "python", 1000, "203.0.113.9 1 2 3")
    assert origin("cli") == "cli ssh=192.0.2.7"


@pytest.mark.parametrize("said", ["", "a\x1b[2J 1 2 3", "a\nb", "x" * 65, "tty=/dev/pts/9", "\u202e1.2.3.4"])
def test_what_cannot_be_an_address_stays_out(said: str, processes: Processes) -> None:
    under_sshd(processes, said)
    assert origin("screen") == "screen"


def test_the_account_is_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    before = machine_account()
    for name in ("USER", "LOGNAME", "HOME"):
        monkeypatch.setenv(name, "somebody-else")
    assert machine_account() == before


def test_a_user_number_without_a_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def getpwuid(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", getpwuid)
    with pytest.raises(NotSignedIn, match="has no account name"):
        machine_account()
