"""dropcopy import --update, and imports that are interrupted: real processes, a real terminal, real signals."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice, product
from pathlib import Path
from string import ascii_uppercase

import pytest

from tests.cli.conftest import Cli
from tests.e2e.pty import Terminal

HEADER = "entity,market,session_id,gfid,fti,gateway,guarantor,status\n"
LINE = "ACME,brokertec_us,{},ZZ{},P,msgw,,{}\n"


def master(path: Path, count: int, status: str = "active", firm: int = 100) -> Path:
    """A file of so many SenderComps."""
    pairs = ((name, number) for number in range(firm, 999) for name in map("".join, product(ascii_uppercase, repeat=3)))
    with path.open("w") as file:
        file.write(HEADER)
        file.writelines(LINE.format(name, number, status) for name, number in islice(pairs, count))
    return path


@pytest.fixture
def operations(cli: Cli, sandbox: Path) -> Cli:
    return cli.on(sandbox, "operations")


def held(store: Path) -> tuple[int, int]:
    """How many SenderComps there are, and how many are inactive."""
    with sqlite3.connect(store) as connection:
        found: tuple[int, int] = connection.execute(
            "SELECT count(*), sum(status = 'inactive') FROM sender_comp"
        ).fetchone()
    return found


def test_an_update_by_a_script(operations: Cli, sandbox: Path, tmp_path: Path) -> None:
    total, inactive = held(sandbox)
    operations.json("import", "sendercomps", master(tmp_path / "a.csv", 300))
    changed = master(tmp_path / "b.csv", 310, "inactive")
    dry = operations.json("import", "sendercomps", changed, "--update", "--dry-run")
    assert (dry["new"], dry["changed"], dry["unchanged"], dry["updated"]) == (10, 300, 0, False)
    assert dry["gone"] > 300
    assert len(dry["gone_ids"]) == 100
    assert held(sandbox) == (total + 300, inactive)
    refused = operations("import", "sendercomps", changed, "--update")
    assert refused.code == 2
    assert "Use --yes to confirm it without a terminal. Nothing was changed." in refused.err
    done = operations.json("import", "sendercomps", changed, "--update", "--yes")
    assert done == dry | {"updated": True}
    assert held(sandbox) == (total + 310, inactive + 310)
    again = operations("import", "sendercomps", changed, "--update", "--yes")
    assert "Nothing to change: the store already has what the file says." in again.err
    assert "unchanged  310" in again.out


def test_what_would_become_inactive_in_groups_is_said(operations: Cli, sandbox: Path, tmp_path: Path) -> None:
    with sqlite3.connect(sandbox) as store:
        session_id, gfid, fti, gateway = store.execute(
            "SELECT session_id, s.gfid, fti, gateway FROM sender_comp s JOIN group_source g ON g.sender_comp_pk = s.id "
            "JOIN drop_copy_group d ON d.id = g.group_id AND d.deleted_at IS NULL JOIN entity e ON e.id = s.entity_id "
            "WHERE s.status = 'active' AND s.market = 'brokertec_us' AND e.code = 'ACME' LIMIT 1"
        ).fetchone()
    file = tmp_path / "one.csv"
    file.write_text(f"{HEADER}ACME,brokertec_us,{session_id},{gfid},{fti},{gateway},,inactive\n")
    ran = operations("import", "sendercomps", file, "--update", "--dry-run")
    assert "1 SenderComp of " in ran.out
    assert "would become inactive; the groups keep" in ran.out
    assert "Dry run: nothing was changed." in ran.err


def test_bad_lines_of_an_update_are_reported(operations: Cli, sandbox: Path, tmp_path: Path) -> None:
    before = held(sandbox)
    file = tmp_path / "bad.csv"
    file.write_text(f"{HEADER}NOBODY,brokertec_us,AAA,AB1,P,msgw,,\n")
    ran = operations.json("import", "sendercomps", file, "--update", "--yes", code=1)
    assert (ran["read"], ran["rejected"], ran["errors"][0]["line"], ran["updated"]) == (1, 1, 2, False)
    assert "new" not in ran
    assert held(sandbox) == before


def test_other_kinds_are_refused(operations: Cli, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("user_id,name,email,roles\n")
    ran = operations("import", "people", file, "--update", "--yes")
    assert (ran.code, ran.err) == (
        1,
        "dropcopy: --update applies to sendercomps. Change people and their roles with: dropcopy people. "
        "Nothing was changed.\n",
    )


def started(operations: Cli, *args: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        operations.command(*args), env=operations.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def waiting_bytes(process: subprocess.Popen[bytes]) -> int:
    """The size of the nameless file in which the lines of the process wait."""
    for handle in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(OSError):
            if os.readlink(handle).endswith(".part (deleted)"):
                return handle.stat().st_size
    return 0


def once_it_reads(process: subprocess.Popen[bytes], _store: Path) -> None:
    until(process, lambda: waiting_bytes(process) > 500_000)


def once_it_writes(process: subprocess.Popen[bytes], store: Path) -> None:
    """Wait for the transaction of the import: the store has grown, and is not committed."""
    before = store.stat().st_size
    until(process, lambda: store.stat().st_size > before + 500_000)


def until(process: subprocess.Popen[bytes], happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.002)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", [once_it_reads, once_it_writes])
def test_an_interrupted_import_says_that_nothing_was_imported(
    operations: Cli,
    sandbox: Path,
    tmp_path: Path,
    number: signal.Signals,
    moment: Callable[[subprocess.Popen[bytes], Path], None],
) -> None:
    before = held(sandbox)
    process = started(operations, "import", "sendercomps", master(tmp_path / "big.csv", 150_000))
    moment(process, sandbox)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.decode()) == (
        128 + number,
        b"",
        "dropcopy: Interrupted. Nothing was imported.\n",
    )
    assert held(sandbox) == before
    assert [path.name for path in sandbox.parent.iterdir() if path.name.startswith(".dropcopy")] == []


def test_a_killed_import_leaves_nothing(operations: Cli, sandbox: Path, tmp_path: Path) -> None:
    before = held(sandbox)
    process = started(operations, "import", "sendercomps", master(tmp_path / "big.csv", 100_000))
    once_it_writes(process, sandbox)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert held(sandbox) == before
    with sqlite3.connect(sandbox) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert operations.json("audit", "list", "--kind", "imports", "--limit", "1") == []
    assert [path.name for path in sandbox.parent.iterdir() if path.name.startswith(".dropcopy")] == []


def test_a_terminal_shows_a_bar_and_a_pipe_does_not(operations: Cli, sandbox: Path, tmp_path: Path) -> None:
    file = master(tmp_path / "big.csv", 120_000)
    with Terminal(operations.command("import", "sendercomps", file), env=operations.environ) as terminal:
        terminal.wait_for(r"Reading the file  #*\.*  +\d+%", timeout=30)
        terminal.wait_for(r"imported  120,000", timeout=60)
        assert terminal.wait_exit() == 0
        assert "Reading the file" not in terminal.text(), "the bar is taken away"
    ran = operations.process("import", "sendercomps", file, "--dry-run")
    assert ran.returncode == 1
    assert b"Reading" not in ran.stderr


def test_the_summary_is_confirmed_at_a_terminal(operations: Cli, sandbox: Path, tmp_path: Path) -> None:
    before = held(sandbox)
    file = master(tmp_path / "few.csv", 7)
    for answer, total in (("no\r", before[0]), ("yes\r", before[0] + 7)):
        command = operations.command("import", "sendercomps", file, "--update")
        with Terminal(command, env=operations.environ) as terminal:
            terminal.wait_for(r"Import 7 new and change 0\? \[yes/no\]", timeout=30)
            assert "new        7" in terminal.text()
            terminal.type(answer)
            assert terminal.wait_exit() == (1 if answer == "no\r" else 0)
        assert held(sandbox)[0] == total
