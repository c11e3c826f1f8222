"""Real processes: what is imported, how long it takes, streams that end, signals, prompts."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, proof, target_without_keys

HEAVY = ("textual", "rich", "sqlalchemy", "sqlmodel", "pydantic", "cryptography", "alembic", "holidays")


def imported(cli: Cli, *args: str, whole: bool = False) -> set[str]:
    """The packages that a verb loads; the whole names of their modules where wanted."""
    part = "name" if whole else "name.partition('.')[0]"
    script = (
        "import sys, json; from dropcopy_tui.cli import main; code = main(sys.argv[1:]);"
        f"print(json.dumps(sorted({{{part} for name in sys.modules}})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *cli.options, *args],
        env=cli.environ,
        capture_output=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "args",
    [
        ("--version",),
        ("--help",),
        ("groups", "--help"),
        ("keys", "generate", "--help"),
        ("groups", "create", "--help"),
        ("paths",),
        ("completion", "fish"),
        ("groups", "list"),  # without a store: nothing heavy before the refusal
        (),
    ],
)
def test_nothing_heavy_is_imported(cli: Cli, args: tuple[str, ...]) -> None:
    assert not imported(cli, *args) & set(HEAVY)


def test_a_store_in_a_file_loads_nothing_of_a_server(cli: Cli, sandbox: Path) -> None:
    loaded = imported(cli.on(sandbox, "acme-viewer"), "groups", "list", whole=True)
    assert "sqlalchemy.dialects.sqlite" in loaded
    assert not {name for name in loaded if name.startswith(("sqlalchemy.dialects.postgresql", "psycopg"))}


def test_version_is_quick(cli: Cli) -> None:
    # Its own work, whatever else the machine does meanwhile: 0.15 s is the promise, beside other tests it may be more.
    times = [_seconds_of_work(cli.command("--version"), cli.environ) for _ in range(5)]
    assert min(times) < 0.25, times


def _seconds_of_work(command: list[str], environ: dict[str, str]) -> float:
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


def test_exit_codes_of_real_processes(cli: Cli, sandbox: Path, tmp_path: Path) -> None:
    viewer = cli.on(sandbox, "acme-viewer")
    assert viewer.process("groups", "list", "--json").returncode == 0
    assert viewer.process("groups", "show", "none").returncode == 1
    assert viewer.process("groups", "nonsense").returncode == 2
    assert viewer.process("process").returncode == 3
    assert viewer.process("keys", "challenge", "--factor", "duo").returncode == 4
    assert cli.on(tmp_path / "none.db").process("groups", "list").returncode == 2
    assert cli.on(sandbox).process().returncode == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals(operator: Cli, number: int, code: int) -> None:
    process = subprocess.Popen(
        operator.command("logon", "verify", "--message", "-"),
        env=operator.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    _wait_until_it_reads(process.pid)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert b"Traceback" not in out + err


def _wait_until_it_reads(pid: int) -> None:
    """Until the process sleeps in a read of a pipe (Linux), or long enough elsewhere."""
    place = Path(f"/proc/{pid}/wchan")
    for _ in range(100):
        time.sleep(0.05)
        if place.exists() and "pipe" in place.read_text():
            return
    time.sleep(1)


def test_a_reader_that_leaves_is_no_error(cli: Cli, sandbox: Path) -> None:
    auditor = cli.on(sandbox, "auditor")
    process = subprocess.Popen(
        auditor.command("audit", "list", "--json"), env=auditor.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(20) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_standard_output_is_full(operator: Cli) -> None:
    target = target_without_keys(operator)
    with_code = proof(operator)
    for args in (("groups", "list", "--json"), ("keys", "generate", target, *with_code, "--out", "-")):
        with open("/dev/full", "wb") as full:
            done = operator.process(*args, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == 1
        assert done.stderr.startswith(b"dropcopy: Standard output cannot be written")
        assert done.stderr.count(b"\n") == 1
        said = done.stderr
    with open("/dev/full", "wb") as full:
        done = operator.process("--help", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    # The record comes before the secret: the pair stands, its code is used up, and the refusal said so.
    assert b"recorded as downloaded" in said
    assert len(operator.json("keys", "list", target)) == 1
    assert operator("keys", "generate", target, *with_code, "--yes").code == 4


def test_the_disk_of_the_store_is_full(cli: Cli, sandbox: Path) -> None:
    resource = pytest.importorskip("resource")
    size = sandbox.stat().st_size
    before = cli.on(sandbox, "operations").json("audit", "verify")

    def no_more() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    rows = "".join(f"E{number},Name of {number},no\n" for number in range(5_000))
    text = f"entity,name,clearing_firm\n{rows}".encode()
    operations = cli.on(sandbox, "operations")
    done = operations.process("import", "entities", "-", "--json", stdin=text, preexec_fn=no_more)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "store_busy"
    after = operations.json("audit", "verify")
    assert after["valid"]
    assert after["events"] > before["events"]
    assert operations.json("import", "entities", "-", stdin=text.decode())["imported"] == 5_000


def test_latin_terminals_see_something(cli: Cli, sandbox: Path) -> None:
    operator = cli.on(sandbox, "acme-operator")
    environ = {**operator.environ, "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = operator.command("keys", "challenge", "--factor", "sms")
    done = subprocess.run(command, env=environ, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


def test_passwords_are_asked_for_at_a_terminal_without_an_echo(real: Cli) -> None:
    shown, code = _at_a_terminal(real, ["right horse battery", "longer than ten", "longer than ten"], "password")
    assert code == 0, shown
    assert "longer" not in shown
    shown, code = _at_a_terminal(real, [], "--no-input", "password")
    assert code == 3


def _at_a_terminal(cli: Cli, answers: list[str], *args: str) -> tuple[str, int]:
    """Run in a pseudo-terminal, answering each prompt in turn."""
    pid, terminal = pty.fork()
    if pid == 0:
        command = cli.command(*args)
        os.execve(command[0], command, {**cli.environ, "TERM": "xterm"})
    shown = b""
    waiting = list(answers)
    seen = 0
    while True:
        ready, _, _ = select.select([terminal], [], [], 20)
        try:
            read = os.read(terminal, 4096) if ready else b""
        except OSError:
            read = b""
        if not read:
            break
        shown += read
        if waiting and shown[seen:].endswith(b": "):
            seen = len(shown)
            os.write(terminal, waiting.pop(0).encode() + b"\n")
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return shown.decode(), os.waitstatus_to_exitcode(status)
