"""A real FIX engine (QuickFIX) is the client of `dropcopy logon listen`: logon, reset, reconnect, resend, rotation.

QuickFIX is built from source for some minutes and belongs to the extra `engine`; without it these tests are skipped.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.domain.key_file import parse
from dropcopy_tui.domain.logon_verdict import REFUSED
from tests.cli.conftest import Cli, proof, target_without_keys
from tests.cli.test_listen import Listening, listening
from tests.services.fix_client import Key

pytestmark = pytest.mark.skipif(
    find_spec("quickfix") is None, reason="QuickFIX is not installed: the extra `engine` (pip install quickfix)"
)
ENGINE = Path(__file__).with_name("engine.py")
PATIENCE = 30.0


class Engine:
    """The engine's process: what it says, and words for it."""

    def __init__(self, process: subprocess.Popen[str], options: dict[str, Any]) -> None:
        self._process = process
        self._lines: queue.Queue[Any] = queue.Queue()
        self.seen: list[Any] = []
        threading.Thread(target=self._listen, daemon=True).start()
        self.say(json.dumps(options))

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self._lines.put(json.loads(line))

    def say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def until(self, what: Callable[[Any], bool]) -> Any:
        """The next thing that happens of this kind."""
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                event = self._lines.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"it did not happen: {self.seen}") from None
            self.seen.append(event)
            if what(event):
                return event

    def came(self, kind: str) -> Any:
        """The next message of this type that comes from the gateway."""
        return self.until(lambda event: event["event"] == "came" and event["kind"] == kind)

    def happens(self, name: str) -> Any:
        return self.until(lambda event: event["event"] == name)

    def stop(self) -> None:
        self.say("stop")
        self.happens("stopped")
        assert self._process.wait(20) == 0


@contextmanager
def engine(port: int, session: str, key: Key, store: Path, **options: Any) -> Iterator[Engine]:
    """An engine that logs on to this port again and again; its numbers are kept in `store`."""
    store.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, str(ENGINE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, bufsize=1,
    )  # fmt: skip
    given = {"port": port, "sender": f"{session}ACM01N", "key_id": key.id, "secret": key.secret, "store": str(store)}
    try:
        yield Engine(process, given | options)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def new_key(operator: Cli, session: str, path: Path) -> Key:
    made = operator("keys", "generate", session, *proof(operator), "--out", path, "--yes", "--json")
    assert made.code == 0, made
    row = max(parse(path.read_text()), key=lambda row: row.expires)
    return Key(row.access_key_id, row.secret)


@pytest.fixture
def pair(operator: Cli, tmp_path: Path) -> tuple[str, Key]:
    """A target session with its first key pair."""
    session = target_without_keys(operator)
    return session, new_key(operator, session, tmp_path / "keys.txt")


@pytest.fixture
def port(operator: Cli, pair: tuple[str, Key]) -> Iterator[Listening]:
    with listening(operator, "--json") as listener:
        yield listener


def told(port: Listening, event: str) -> Any:
    """The next event of this kind that the operator is told."""
    line = port.line()
    while line["event"] != event:
        line = port.line()
    return line


def test_logon_heartbeat_and_logout(port: Listening, pair: tuple[str, Key], tmp_path: Path) -> None:
    session, key = pair
    with engine(port.port, session, key, tmp_path / "store", heartbeat=5) as client:
        ack = client.came("A")
        assert ack["number"] == 1
        client.happens("logon")
        assert told(port, "logon")["accepted"] is True
        client.came("1")
        assert "answered the Test Request" in told(port, "heartbeat")["words"]
        client.came("0")
        client.say("logout")
        assert told(port, "logout")["words"] == f"{session}ACM01N logged out."
        client.happens("logout")


def test_numbers_go_on_when_it_connects_again(port: Listening, pair: tuple[str, Key], tmp_path: Path) -> None:
    session, key = pair
    for _ in range(3):
        with engine(port.port, session, key, tmp_path / "store") as client:
            client.came("1")
            assert told(port, "logon")["accepted"] is True
            told(port, "heartbeat")
            client.stop()
    assert client.seen[0]["number"] > 5


def test_an_engine_that_is_killed_connects_again(port: Listening, pair: tuple[str, Key], tmp_path: Path) -> None:
    session, key = pair
    for _ in range(2):
        with engine(port.port, session, key, tmp_path / "store") as client:
            client.happens("logon")
            assert told(port, "logon")["accepted"] is True


def test_reset_on_logon_again_and_again(port: Listening, pair: tuple[str, Key], tmp_path: Path) -> None:
    session, key = pair
    for _ in range(6):
        with engine(port.port, session, key, tmp_path / "store", reset=True) as client:
            ack = client.came("A")
            assert (ack["number"], ack["t141"]) == (1, "Y")
            assert told(port, "logon")["accepted"] is True
            told(port, "heartbeat")
            client.stop()
    assert port.process.poll() is None


def test_what_is_missing_is_resent_both_ways(port: Listening, pair: tuple[str, Key], tmp_path: Path) -> None:
    session, key = pair
    with engine(port.port, session, key, tmp_path / "store", heartbeat=5) as client:
        client.came("1")
        told(port, "heartbeat")
        # The engine's next numbers are missing: the gateway asks, and the engine fills the gap.
        client.say("skip 5")
        asked = client.came("2")
        assert told(port, "gap")["words"].endswith("a resend was requested.")
        filled = client.until(lambda event: event["event"] == "sent" and event["kind"] == "4")
        assert filled["number"] == int(asked["t7"])
        client.came("0")
        # The engine forgot what it had: it asks, and the gateway fills the gap.
        client.say("forget")
        client.until(lambda event: event["event"] == "sent" and event["kind"] == "2")
        assert int(client.came("4")["t36"]) > 3
        client.came("0")
        client.stop()


def test_two_pairs_one_after_the_other(port: Listening, operator: Cli, pair: tuple[str, Key], tmp_path: Path) -> None:
    session, first = pair
    second = new_key(operator, session, tmp_path / "second.txt")
    for key in (first, second, first):
        with engine(port.port, session, key, tmp_path / "store") as client:
            client.came("A")
            line = told(port, "logon")
            assert (line["accepted"], line["access_key_id"]) == (True, key.id)
            told(port, "heartbeat")
            client.stop()


@pytest.mark.parametrize("week", ["first", "middle"])
def test_a_refused_engine_gets_on_once_it_signs_right(
    port: Listening, pair: tuple[str, Key], tmp_path: Path, week: str
) -> None:
    """QuickFIX counts a refused logon, its answer to the Logout, and a logon that it cannot send any more."""
    session, key = pair
    if week == "middle":
        with engine(port.port, session, key, tmp_path / "store") as client:
            client.came("1")
            told(port, "heartbeat")
            client.stop()
    with engine(port.port, session, key, tmp_path / "store", wrong=3) as client:
        for _ in range(2):
            assert client.came("5")["t58"] == REFUSED
            line = told(port, "logon")
            assert line["accepted"] is False
            assert line["explanations"] == [
                "The secret was used without decoding it: sign with its 32 bytes, not with its 43 characters."
            ]
        client.came("A")
        assert told(port, "logon")["accepted"] is True
        told(port, "heartbeat")
        client.stop()
