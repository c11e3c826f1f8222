"""What the gate makes of a client: its environment, and 300 commands, none of which is a shell or writes a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dropcopy_tui.cli.ssh_gate import key_used, split
from dropcopy_tui.domain.errors import InvalidValue, NotSignedIn
from dropcopy_tui.gate import LONGEST_COMMAND, environment
from dropcopy_tui.ssh_server import forker_folder, server_config, unit
from tests.e2e.pty import ROOT, clean_environment
from tests.trust.payloads import PAYLOADS, commanded


def test_none_of_300_commands_starts_a_program_or_writes_a_file(sandbox: Path, tmp_path: Path) -> None:
    assert len(PAYLOADS) >= 300
    tally = commanded(sandbox, PAYLOADS, tmp_path)
    assert (tally.trials, tally.told) == (len(PAYLOADS), [])


def test_the_watch_of_that_test_sees_what_it_must(sandbox: Path, tmp_path: Path) -> None:
    tally = commanded(sandbox, PAYLOADS[:3], tmp_path, planted="os.system('true'); open(os.devnull, 'w')")
    assert tally.failed == 3
    assert "os.system" in tally.told[0]
    assert "open" in tally.told[0]


def test_the_environment_is_rebuilt_from_what_sshd_says() -> None:
    given = {
        "SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22", "SSH_TTY": "/dev/pts/3", "TERM": "xterm-256color",
        "SSH_USER_AUTH": "/tmp/sshauth.Xk2", "SSH_ORIGINAL_COMMAND": "groups list",
    }  # fmt: skip
    hostile = {
        f"{name}{number}": "x" for number in range(10) for name in ("LD_", "PYTHON", "TEXTUAL", "XDG_", "SSL_", "LC_")
    }
    assert environment({**given, **hostile, "HOME": "/tmp", "PATH": "/tmp"}, "/home/desk") == {
        **given, "HOME": "/home/desk", "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [("TERM", "x\x1b[2J"), ("TERM", "../../x"), ("TERM", ""), ("SSH_TTY", "/etc/passwd;x"), ("SSH_USER_AUTH", "x"),
     ("SSH_CONNECTION", "$(id) 1 x 2"), ("SSH_CONNECTION", "1.1.1.1")],
)  # fmt: skip
def test_a_variable_that_does_not_look_like_sshds_is_left_out(name: str, value: str) -> None:
    assert name not in environment({name: value}, "/")


def test_a_command_that_is_too_long_stays_too_long() -> None:
    kept = environment({"SSH_ORIGINAL_COMMAND": "a" * 131_072}, "/")["SSH_ORIGINAL_COMMAND"]
    assert len(kept) == LONGEST_COMMAND + 1
    with pytest.raises(InvalidValue, match="longer than"):
        split(kept)


def test_words_are_quoted_as_in_a_shell_and_the_programs_own_name_may_stand_before() -> None:
    assert split("dropcopy groups list --match 'A B'") == ["groups", "list", "--match", "A B"]
    assert split("") == []


@pytest.mark.parametrize("said", ["", "password\n", "publickey ssh-ed25519\n", "publickey ssh-ed25519 %%%\n", "\xff"])
def test_without_sshds_word_nobody_sits_down(tmp_path: Path, said: str) -> None:
    file = tmp_path / "auth"
    file.write_text(said)
    for path in (str(file), str(tmp_path / "none"), ""):
        with pytest.raises(NotSignedIn, match="ssh doctor"):
            key_used(path)


def test_sshd_and_systemd_are_told_the_same_folder() -> None:
    program, options = Path("/opt/dropcopy/bin/python3"), ["--store", "/home/desk/dropcopy.db"]
    folder = forker_folder("desk")
    with_it, without = server_config("desk", program, options, folder), server_config("desk", program, options)
    assert f"dropcopy_tui.gate --forker {folder} --store /home/desk/dropcopy.db\n" in with_it
    assert with_it.replace(f"--forker {folder} ", "") == without
    printed = unit("desk", program)
    assert f"ExecStart={program} -I -m dropcopy_tui ssh forker --folder {folder}\n" in printed
    assert f"RuntimeDirectory={folder.removeprefix('/run/')}\n" in printed
    for bad in ("a b", "a%b", "a'b"):
        with pytest.raises(InvalidValue):
            unit(bad, program)
        with pytest.raises(InvalidValue):
            server_config("desk", program, options, f"/run/{bad}")


@pytest.mark.parametrize("mode", [None, 0o700, 0o755], ids=["missing", "empty", "open to others"])
def test_without_a_forker_the_gate_starts_a_process_of_its_own(sandbox: Path, tmp_path: Path, mode: int | None) -> None:
    folder = tmp_path / "run"
    if mode:
        folder.mkdir()
        folder.chmod(mode)
    # What sshd did not say is missed by the seat, which has started therefore.
    gate = [sys.executable, "-m", "dropcopy_tui.gate", "--forker", folder, "--store", sandbox]
    done = subprocess.run(gate, env=clean_environment({"PYTHONPATH": str(ROOT)}), cwd=ROOT, capture_output=True)
    assert done.returncode == 3
    assert b"sshd did not say" in done.stderr


def test_the_forker_imports_all_that_is_installed_and_does_nothing_else() -> None:
    # The extra for PostgreSQL is not installed everywhere: the modules that need it are left out, and no other.
    code = """
import os, sys, threading
sys.modules["psycopg"] = None
from dropcopy_tui import forker
before = os.listdir("/proc/self/fd")
forker._import_all()
assert {"screens.app", "screens.keys.manage", "dropcopy_tui.desk", "dropcopy_tui.cli.ease"} <= set(sys.modules)
assert "dropcopy_tui.store.migrations.env" not in sys.modules
assert threading.active_count() == 1
assert os.listdir("/proc/self/fd") == before
"""
    run = [sys.executable, "-c", code]
    subprocess.run(run, env=clean_environment({"PYTHONPATH": str(ROOT)}), cwd=ROOT, check=True)
