"""The last second of a key pair, on a moved system clock: libfaketime under real processes, and no job in between.

The clock stands still there: a second before market close is that second, however long a process takes to start.
"""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.domain.key_file import parse
from tests.cli.conftest import Cli, proof, target_without_keys
from tests.cli.test_listen import Listening, tried
from tests.e2e.pty import Terminal
from tests.services.fix_client import Key, logon


def at(moment: datetime) -> dict[str, str]:
    """What makes a process believe that it is always this moment; how time passes is not touched."""
    found = find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    library = Path(found.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{moment:%Y-%m-%d %H:%M:%S}",
        "TZ": "UTC",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Else it changes the waits of threads too, and a busy machine stands still.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "FAKETIME_NO_CACHE": "1",
    }


@pytest.fixture
def made(operator: Cli, tmp_path: Path) -> tuple[str, Key, datetime]:
    """A session that had no keys, its pair as the key file has it, and when that expires."""
    session, path = target_without_keys(operator), tmp_path / "keys.txt"
    assert operator("keys", "generate", session, *proof(operator), "--out", path, "--json").code == 0
    (row,) = parse(path.read_text())
    (pair,) = operator.json("sessions", "show", session)["keys"]
    return session, Key(row.access_key_id, row.secret), datetime.fromisoformat(pair["expires_at"])


@pytest.mark.parametrize(("seconds", "state"), [(-1, "expiring"), (1, "expired")])
def test_a_key_made_today_ends_with_the_market_of_its_last_day(
    operator: Cli, made: tuple[str, Key, datetime], seconds: int, state: str
) -> None:
    session, pair, expires = made
    now = expires + timedelta(seconds=seconds)
    then = Cli(operator.home, operator.options, operator.environ | at(now))
    assert listed(then, session) == {"expiring": "pending_expiration"}.get(state, state)
    accepted = state == "expiring"
    assert answers(then, session, pair, now) == (["A", "1"] if accepted else ["5"])
    assert shown(then, session) == state


def listed(user: Cli, session: str) -> Any:
    """The state of its pair in `sessions list`."""
    done = user.process("sessions", "list", "--json")
    (found,) = [row for row in json.loads(done.stdout) if row["session_id"] == session]
    (pair,) = found["keys"]
    return pair["state"]


def answers(user: Cli, session: str, pair: Key, now: datetime) -> list[str]:
    """What `logon listen` answers to a logon that is signed with it: Logon and Test Request, or Logout."""
    process = subprocess.Popen(
        user.command("logon", "listen", "--port", "0", "--json"), env=user.environ, text=True, bufsize=1,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        signed: bytes = logon(pair, now.astimezone(UTC), values={49: f"{session}ACM01N"}).encode()
        return [answer[35] for answer in tried(Listening(process).port, signed)]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def shown(user: Cli, session: str) -> str:
    """The state of its pair on the application's list of target sessions."""
    with Terminal(user.command(), env=user.environ) as terminal:
        terminal.wait_for(r"Drop Copy Groups +\d", timeout=30)
        terminal.wait_quiet(0.6)
        terminal.press("enter")
        terminal.wait_for("Front end")
        terminal.type("t")
        terminal.wait_for("Session +Group")
        terminal.type(f"/{session}")
        return terminal.wait_for(rf"^> {session} .* (active|expiring|expired)\b")[1]
