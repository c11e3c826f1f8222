"""Stored text in what the command line prints: no formula in a CSV file, no control character on a terminal."""

from __future__ import annotations

import csv
import io
import os
import pty
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.stores import as_the_desk


@pytest.fixture
def hostile(operator: Cli, sandbox: Path) -> Cli:
    with sqlite3.connect(sandbox) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE entity SET code = '=cmd' || id WHERE code <> 'ACME'")
        connection.execute("UPDATE key_pair SET access_key_id = '=' || char(27) || '[2J' || substr(access_key_id, 8)")
        connection.execute("UPDATE drop_copy_group SET name = 'x' || char(27) || '[2J' || char(155) || 'm' || id")
    connection.close()
    as_the_desk(sandbox)
    return operator


def test_the_key_report_holds_no_formula(hostile: Cli) -> None:
    found = list(csv.reader(io.StringIO(hostile("keys", "report").out)))[1:]
    assert found
    assert not [cell for row in found for cell in row if cell[:1] in tuple("=+@") or not cell.isprintable()]
    assert [row for row in found if row[4].startswith("'=")]


@pytest.mark.parametrize(
    "verb", [("keys", "report"), ("groups", "list"), ("groups", "list", "--json"), ("audit", "list")]
)
def test_no_verb_sends_a_control_character_to_a_terminal(hostile: Cli, verb: tuple[str, ...]) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        command = hostile.command(*verb)
        os.execve(command[0], command, {**hostile.environ, "TERM": "xterm"})
    shown = b""
    try:
        while read := os.read(terminal, 65_536):
            shown += read
    except OSError:
        pass
    os.waitpid(pid, 0)
    os.close(terminal)
    assert len(shown) > 100
    assert b"\x1b" not in shown
    assert "\x9b" not in shown.decode()
