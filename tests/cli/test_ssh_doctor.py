"""`ssh doctor` names what keeps people out, of sshd and of the folders on the way to the program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dropcopy_tui import ssh_server

SAID = "permittty yes\nacceptenv A\nacceptenv B\n"


@pytest.fixture
def sshd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An sshd that prints what is in a file, whatever it is asked."""
    program = tmp_path / "sshd"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/said\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "said"


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("", {}),
        ("allowusers somebody\n", {"allowusers": "It keeps desk out: add desk."}),
        ("allowusers somebody\nallowusers desk@192.0.2.*\n", {}),
        ("allowusers d*\n", {}),
        ("denyusers somebody\n", {}),
        ("denyusers somebody desk\n", {"denyusers": "It keeps desk out: remove desk."}),
    ],
)
def test_who_may_come_in_is_looked_at(sshd: Path, tmp_path: Path, lines: str, named: dict[str, str]) -> None:
    sshd.write_text(SAID + lines)
    found = {each.check: each.cure for each in ssh_server.examine("desk", tmp_path / "store.db")}
    assert {name: found[name] for name in ("allowusers", "denyusers") if name in found} == named


def test_a_program_that_the_account_cannot_reach_is_named(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    program = hidden / "dropcopy"
    program.touch(mode=0o755)
    assert str(hidden) in ssh_server._trusted(program).cure
    assert "every account can run" in ssh_server._trusted(program).cure


def test_a_forker_that_does_not_run_is_said_and_nothing_to_mend(tmp_path: Path) -> None:
    found = ssh_server._forker("root", str(tmp_path))
    assert found.cure == ""
    assert found.check == f"forker {tmp_path}: not running, so seats start without it"
