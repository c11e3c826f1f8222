"""A command line in this process, isolated from the machine it runs on, and stores to run it on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dropcopy_tui.cli import main
from dropcopy_tui.clock import Clock

_ISOLATED = ("DROPCOPY_STORE", "SSH_CONNECTION", "NO_COLOR")


@dataclass(frozen=True)
class Ran:
    """What a call printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The code of the refusal."""
        return str(self.json["error"]["code"])


@dataclass
class Cli:
    """Runs `dropcopy` in this process, with these options on every call."""

    home: Path
    options: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *args: object, stdin: str = "") -> Ran:
        streams = sys.stdin, sys.stdout, sys.stderr
        out, err = BytesIO(), BytesIO()
        sys.stdin = TextIOWrapper(BytesIO(stdin.encode()), encoding="utf-8")
        sys.stdout = TextIOWrapper(out, encoding="utf-8", write_through=True)
        sys.stderr = TextIOWrapper(err, encoding="utf-8", write_through=True)
        try:
            code = main([*self.options, *map(str, args)])
            return Ran(code, out.getvalue().decode(), err.getvalue().decode())
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams

    def json(self, *args: object, code: int = 0, stdin: str = "") -> Any:
        """The document of a call that ends with `code`."""
        ran = self(*args, "--json", stdin=stdin)
        assert ran.code == code, (args, ran)
        return ran.json

    def on(self, store: Path, user: str | None = None) -> Cli:
        """The same on a store, as a person."""
        as_user = ("--as", user) if user else ()
        return Cli(self.home, ("--store", str(store), *as_user), self.environ)

    def process(self, *args: object, stdin: bytes = b"", **how: Any) -> subprocess.CompletedProcess[bytes]:
        """A real process."""
        return subprocess.run(
            self.command(*args), env=self.environ, input=stdin, timeout=60, **({"capture_output": True} | how)
        )

    def command(self, *args: object) -> list[str]:
        return [sys.executable, "-m", "dropcopy_tui", *self.options, *map(str, args)]


def _environ(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
    }


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    home = tmp_path / "home"
    home.mkdir()
    for name in _ISOLATED:
        monkeypatch.delenv(name, raising=False)
    for name, value in _environ(home).items():
        monkeypatch.setenv(name, value)
    root = str(Path(__file__).parents[2])
    return Cli(home, environ={"PATH": os.environ["PATH"], "PYTHONPATH": root, "LANG": "C.UTF-8", **_environ(home)})


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox with sample data, made through the command line once."""
    folder = tmp_path_factory.mktemp("sample")
    store = folder / "dropcopy.db"
    command = [sys.executable, "-m", "dropcopy_tui", "--store", str(store), "demo", "--headless", "--json"]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **_environ(folder)}
    done = subprocess.run(command, env=environ, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return store


@pytest.fixture
def sandbox(sample_store: Path, tmp_path: Path) -> Path:
    """A sandbox of the test's own."""
    store = tmp_path / "sandbox.db"
    for ending in (".db", ".key"):
        shutil.copy2(sample_store.with_suffix(ending), store.with_suffix(ending))
    return store


@pytest.fixture
def operator(cli: Cli, sandbox: Path) -> Cli:
    """Has full access and manages keys at ACME."""
    return cli.on(sandbox, "acme-operator")


@pytest.fixture
def real(cli: Cli, tmp_path: Path) -> Cli:
    """A store that is no sandbox, whose administrator `chief` is this account and has a password."""
    store = tmp_path / "real.db"
    ran = cli("--store", store, "init", "--admin", "chief", "--password-file", "-", stdin="right horse battery\n")
    assert ran.code == 0, ran
    return cli.on(store)


@pytest.fixture
def stranger(real: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process runs under an account that nobody in the real store has."""
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_name="nobody-here"))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Puts the desk's clock forward."""
    real_now = Clock.now

    def go(by: timedelta) -> None:
        def now(self: Clock) -> datetime:
            return real_now(self) + by

        monkeypatch.setattr(Clock, "now", now)

    return go


def read_code(user: Cli) -> str:
    """The code on the sandbox's phone: the newest text message."""
    texts = [message for message in user.json("outbox", "list") if message["channel"] == "sms"]
    return next(word.strip(".,") for word in texts[0]["body"].split() if word.strip(".,").isdigit())


def proof(user: Cli) -> tuple[str, str, str, str]:
    """A second factor that was started, with its code, as options."""
    challenge = user.json("keys", "challenge", "--factor", "sms")["challenge"]
    return ("--challenge", challenge, "--code", read_code(user))


def target_without_keys(user: Cli) -> str:
    """A target session that has no key pair yet, in one market only."""
    found = user.json("sessions", "list", "--kind", "drop_copy")
    return str(next(row["session_id"] for row in found if not row["keys"]))
