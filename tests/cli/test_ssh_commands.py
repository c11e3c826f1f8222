"""What the gate makes of a client: its environment, and 300 commands, none of which is a shell or writes a file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dropcopy_tui.cli.ssh_gate import key_used, split
from dropcopy_tui.domain.errors import InvalidValue, NotSignedIn
from dropcopy_tui.gate import LONGEST_COMMAND, environment
from dropcopy_tui.ssh_server import forker_folder, server_config, unit
from tests.e2e.pty import ROOT, clean_environment

HOSTILE = (
    ";", "|", "&", "&&", "||", ">", "<", ">>", "$(id)", "`id`", "${IFS}", "$HOME", "*", "?", "~", "~root", "{a,b}",
    "!!", "#", "--", "-", "''", '""', "\\", "%s", "%n", "../../etc/passwd", "/etc/passwd", "/dev/tcp/1.1.1.1/80",
    "-oProxyCommand=id",
)  # fmt: skip
PROGRAMS = (
    "sh", "bash", "-c", "scp -t /tmp", "scp -f /etc/passwd", "sftp", "/usr/lib/openssh/sftp-server", "internal-sftp",
    "rsync --server . /", "git-upload-pack /x", "git-receive-pack /x", "python3 -c x", "env", "exec sh", "eval id",
    "cat /etc/passwd", "tee /tmp/x", "dd if=/dev/zero", "nc -l 1", "ssh localhost",
)  # fmt: skip
VERBS = ("groups list", "keys list", "route -", "status", "get ABCD", "logon listen", "import entities -")
PAYLOADS = [
    *(f"{program} {mark}" for program in PROGRAMS for mark in ("", *HOSTILE[:6])),
    *(f"{verb} {mark} id" for verb in VERBS[:4] for mark in HOSTILE),
    *(f"{mark} {verb}" for verb in VERBS for mark in HOSTILE[:6]),
    "groups list\nid", "groups list\r\nid", "groups\tlist", "\x1b[2J", "\x00", "a" * 131_072, "groups list '",
    "é" * 5_000,
]  # fmt: skip

# Runs in a process of its own, as the gate does: whatever starts a program or opens a file to write is reported.
_SEAT = """
import json, os, sys
from dropcopy_tui.seat import Seat, take
from dropcopy_tui.cli.call import Call
from dropcopy_tui.cli.exit import run
from dropcopy_tui.cli.ssh_gate import split
from dropcopy_tui.domain.errors import DeskError
import dropcopy_tui.desk
take(Seat("SHA256:" + "A" * 43, "192.0.2.7"))
store, found, now = sys.argv[1], [], [""]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
def watch(event, args):
    bad = event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.remove", "os.rename")
    if event == "open" and isinstance(args[2], int) and args[2] & WRITES:
        bad = not str(args[0]).startswith(os.path.dirname(store))
    if bad:
        found.append([now[0], event, repr(args)[:200]])
sys.addaudithook(watch)
codes = {}
for payload in json.load(open(sys.argv[2])):
    now[0] = payload[:100]
    try:
        words = split(payload)
    except DeskError as refusal:
        codes[refusal.exit_code] = codes.get(refusal.exit_code, 0) + 1
        continue
    code = run(words, Call(store=store)) if words else 2
    codes[code] = codes.get(code, 0) + 1
os.write(3, json.dumps([codes, found]).encode())
"""


def test_none_of_300_commands_starts_a_program_or_writes_a_file(sandbox: Path, tmp_path: Path) -> None:
    assert len(PAYLOADS) >= 300
    (tmp_path / "payloads").write_text(json.dumps(PAYLOADS))
    answer = tmp_path / "answer"
    with answer.open("wb") as file:
        done = subprocess.run(
            ["sh", "-c", f'exec 3>"{answer}"; exec "$@"', "sh", sys.executable, "-c", _SEAT,
             sandbox, tmp_path / "payloads"],
            env=clean_environment({"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}), cwd=ROOT,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
        )  # fmt: skip
        file.flush()
    assert done.returncode == 0, done.stderr[-2000:]
    codes, found = json.loads(answer.read_text())
    assert found == []
    # The key of this seat is nobody's: whatever parses as a verb is refused there.
    assert set(codes) <= {"0", "1", "2", "3"}, codes
    assert b"Traceback" not in done.stderr
    assert b"uid=" not in done.stdout


def test_the_watch_of_that_test_sees_what_it_must(tmp_path: Path) -> None:
    script = _SEAT.replace("codes = {}", "os.system('true'); open(os.devnull, 'w'); codes = {}", 1)
    (tmp_path / "payloads").write_text("[]")
    done = subprocess.run(
        ["sh", "-c", 'exec 3>&1; exec "$@"', "sh", sys.executable, "-c", script, tmp_path / "x", tmp_path / "payloads"],
        env=clean_environment({"PYTHONPATH": str(ROOT)}), cwd=ROOT, capture_output=True,
    )  # fmt: skip
    assert {event for _, event, _ in json.loads(done.stdout)[1]} == {"os.system", "open"}


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
