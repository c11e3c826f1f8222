"""dropcopy rekey, as a person and as a script type it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.cli.conftest import Cli


def fingerprint(key: Path) -> str:
    return hashlib.sha256(key.read_bytes()).hexdigest()[:16]


def test_a_script_gives_the_fingerprint(cli: Cli, sandbox: Path) -> None:
    key = sandbox.with_suffix(".key")
    old = fingerprint(key)
    found = cli.on(sandbox).json("rekey", "--fingerprint", old, "--yes")
    assert (found["old"], found["new"]) == (old, fingerprint(key))
    assert fingerprint(Path(found["kept"])) == old
    assert found["sealed"] > 20
    assert cli.on(sandbox, "auditor").json("audit", "verify")["valid"]
    assert cli.on(sandbox).json("store", "check")["sound"]


def test_without_a_terminal_it_says_what_to_add(cli: Cli, sandbox: Path) -> None:
    before = sandbox.with_suffix(".key").read_bytes()
    ran = cli.on(sandbox)("rekey", "--no-input")
    assert ran.code == 2
    assert f"--fingerprint {fingerprint(sandbox.with_suffix('.key'))} --yes" in ran.err
    for options in (("--yes",), ("--fingerprint", "0" * 16)):
        assert cli.on(sandbox)("rekey", *options).code == 2
    ran = cli.on(sandbox)("rekey", "--fingerprint", "0" * 16, "--yes")
    assert ran.code == 1
    assert "Nothing was changed" in ran.err
    assert sandbox.with_suffix(".key").read_bytes() == before
