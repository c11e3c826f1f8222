"""What surrounds a command: bytes that are not text, and variables that would run other code or write keys down."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from dropcopy_tui.cli import exit as ending
from tests.cli.conftest import Cli
from tests.cli.test_mistyped import COMMANDS

_HALF = "é".encode()[:1].decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("words", [words for words in COMMANDS if words], ids=" ".join)
def test_a_byte_that_is_no_text_is_a_usage_error_everywhere(operator: Cli, words: tuple[str, ...]) -> None:
    ran = operator(*words, f"ab{_HALF}", "--json")
    assert (ran.code, ran.error) == (2, "usage")
    number = len(operator.options) + len(words) + 1
    message = ran.json["error"]["message"]
    assert message == f"Argument {number} is not valid UTF-8 (byte 3). Nothing was changed."
    assert "Traceback" not in ran.err


def test_in_the_bytes_of_a_real_process(operator: Cli) -> None:
    command = [*map(os.fsencode, operator.command("groups", "show")), b"ab\xff"]
    done = subprocess.run(command, env=operator.environ, capture_output=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-1].startswith("dropcopy: Argument 7 is not valid UTF-8 (byte 3)")


def test_in_the_name_of_the_store(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPCOPY_STORE", f"/tmp/{_HALF}")
    ran = cli("paths")
    assert ran.code == 2
    assert "DROPCOPY_STORE is not valid UTF-8 (byte 6)" in ran.err


def test_the_keys_of_tls_are_not_written_down(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "keys.log"
    for name in ("SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, str(log))
    during: list[object] = []

    def run(*_: object) -> int:
        during.extend([ssl.create_default_context().keylog_filename, ssl.get_default_verify_paths().cafile == str(log)])
        return 0

    monkeypatch.setattr(ending, "_run", run)
    assert cli("paths").code == 0
    assert during == [None, False]
    assert not log.exists()


@pytest.mark.parametrize("name", ["PYTHONINSPECT", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONPYCACHEPREFIX"])
def test_no_variable_of_python_changes_what_runs(cli: Cli, tmp_path: Path, name: str) -> None:
    value = {"PYTHONWARNINGS": "error::planted.Warned"}.get(name, str(tmp_path / "planted.py"))
    planted = "open('planted', 'w').close()\n"
    (tmp_path / "planted.py").write_text(planted)
    environ = {**cli.environ, name: value}
    command = [sys.executable, "-m", "dropcopy_tui", "--version"]
    done = subprocess.run(command, env=environ, cwd=tmp_path, input=planted, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith("dropcopy ")
    assert ">>>" not in done.stdout + done.stderr
    assert not (tmp_path / "planted").exists()


def test_modules_come_from_no_folder_of_the_callers(cli: Cli, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for module in ("json", "click", "screens", "platformdirs", "tomllib"):
        (hostile / f"{module}.py").write_text("raise SystemExit(99)\n")
    environ = {**cli.environ, "PYTHONPATH": os.pathsep.join([str(hostile), cli.environ["PYTHONPATH"]])}
    command = [sys.executable, "-m", "dropcopy_tui", "paths", "--json"]
    done = subprocess.run(command, env=environ, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
