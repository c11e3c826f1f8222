"""dropcopy logon listen as a real process: a client tries its logon, the port closes, signals end it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
from simplefix import FixParser

from dropcopy_tui.domain.key_file import parse
from dropcopy_tui.domain.logon_verdict import REFUSED
from dropcopy_tui.gateway.port import CLOSURE
from tests.cli.conftest import Cli, proof, target_without_keys
from tests.services.fix_client import Key, logon, message


class Listening:
    """A rehearsal in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = self.line()["port"]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def line(self) -> Any:
        try:
            return json.loads(self._lines.get(timeout=30))
        except Empty:
            raise AssertionError("nothing was printed") from None

    def rest(self) -> tuple[str, str]:
        """What was not read yet of both streams, once it has ended."""
        assert self.process.stderr is not None
        talk = self.process.stderr.read()
        self._reader.join(20)
        return "".join(self._lines.queue), talk

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def listening(user: Cli, *more: object) -> Iterator[Listening]:
    process = subprocess.Popen(
        user.command("logon", "listen", "--port", "0", *more), env=user.environ, text=True, bufsize=1,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Listening(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def tried(port: int, what: bytes) -> list[dict[int, str]]:
    """The answers to these bytes, up to the Test Request, the Logout or the end."""
    parser, answers = FixParser(), []
    with socket.create_connection(("127.0.0.1", port), 20) as wire:
        wire.sendall(what)
        while not answers or answers[-1][35] not in ("1", "5"):
            if (found := parser.get_message()) is not None:
                answers.append({int(tag): value.decode() for tag, value in found.pairs})
            elif data := wire.recv(65_536):
                parser.append_buffer(data)
            else:
                break
    return answers


@pytest.fixture
def key(operator: Cli, tmp_path: Path) -> tuple[str, Key]:
    """A new key pair of a session that had none, as its key file has it."""
    session, path = target_without_keys(operator), tmp_path / "keys.txt"
    made = operator("keys", "generate", session, *proof(operator), "--out", path, "--json")
    assert made.code == 0, made
    (row,) = parse(path.read_text())
    return session, Key(row.access_key_id, row.secret)


def of(session: str, key: Key, number: int = 1, **how: Any) -> bytes:
    encoded: bytes = logon(key, datetime.now(UTC), number, values={49: f"{session}ACM01N"}, **how).encode()
    return encoded


def test_a_client_logs_on_and_five_invalid_logons_close_the_port(operator: Cli, key: tuple[str, Key]) -> None:
    session, pair = key
    with listening(operator, "--json") as port:
        assert [answer[35] for answer in tried(port.port, of(session, pair))] == ["A", "1"]
        accepted = port.line()
        assert (accepted["event"], accepted["accepted"], accepted["session_id"]) == ("logon", True, session)
        assert (accepted["access_key_id"], accepted["key_state"]) == (pair.id, "active")
        for number in range(5):
            (refused,) = tried(port.port, of(session, pair, 2, undecoded=True))
            assert (refused[35], refused[58]) == ("5", REFUSED if number < 4 else CLOSURE)
            told = port.line()
            while told["event"] != "logon":
                told = port.line()
            assert told["accepted"] is False
            assert told["explanations"][0].startswith("The secret was used without decoding it")
        assert port.process.wait(20) == 1
        rest, talk = port.rest()
        assert json.loads(rest.splitlines()[-1])["error"]["code"] == "port_closed"
        assert "5 invalid logons within 60 seconds closed the port" in talk
        assert "Run the command again to open it." in talk
        assert pair.secret not in rest + talk
    auditor = operator.on(Path(operator.options[1]), "auditor")
    events = [event for event in auditor.json("audit", "list") if event["action"] == "logon:rehearsed"]
    assert len(events) == 6
    assert pair.secret not in json.dumps(events)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_with_a_logout(operator: Cli, key: tuple[str, Key], number: int, code: int) -> None:
    session, pair = key
    with listening(operator) as port:
        parser = FixParser()
        with socket.create_connection(("127.0.0.1", port.port), 20) as wire:
            wire.sendall(of(session, pair))
            seen: list[Any] = []
            while len(seen) < 2:
                parser.append_buffer(wire.recv(65_536))
                while (found := parser.get_message()) is not None:
                    seen.append(found)
            assert port.end(number) == code
            parser.append_buffer(wire.recv(65_536))
            last = parser.get_message()
            assert last is not None
            assert last.get(58) == b"The rehearsal has ended."
            assert wire.recv(1) == b""
        _, talk = port.rest()
        assert "Traceback" not in talk
        assert "Logon accepted" in talk


def test_what_is_refused_before_it_listens(operator: Cli, cli: Cli, sandbox: Path) -> None:
    listen = ("logon", "listen", "--port")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = operator(*listen, taken.getsockname()[1], "--json")
        assert (ran.code, ran.error) == (1, "port_unusable")
        assert "another program is listening on it" in ran.err
    assert operator(*listen, "65536").code == 2
    assert operator(*listen, "-1").code == 2
    assert operator("logon", "listen").code == 2
    assert operator(*listen, "0", "--session", "QQQ").code == 1
    assert operator(*listen, "0", "--market", "mars").code == 1
    viewer = cli.on(sandbox, "acme-viewer")(*listen, "0", "--json")
    assert (viewer.code, viewer.error) == (3, "not_entitled")
    assert viewer.out.count("listening") == 0


def test_it_listens_on_the_loopback_alone(operator: Cli) -> None:
    with listening(operator) as port:
        table = Path("/proc/net/tcp").read_text().splitlines()[1:]
        bound = [row.split()[1] for row in table if row.split()[3] == "0A"]
        assert [where for where in bound if where.endswith(f":{port.port:04X}")] == [f"0100007F:{port.port:04X}"]
        assert tried(port.port, message("0", {34: 1}).encode()) == []
        assert port.end(signal.SIGTERM) == 143
