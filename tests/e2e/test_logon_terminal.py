"""Logons at a real terminal: a paste of several lines with its SOH, and a rehearsal whose port is opened again."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.test_listen import tried
from tests.e2e.command import DROPCOPY
from tests.e2e.pty import Terminal
from tests.e2e.test_main_job import at_home, dropcopy, read_key_file
from tests.services.fix_client import Key, logon

ACTING = ("--as", "acme-operator")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a demo store."""
    folder = tmp_path_factory.mktemp("logon-home")
    assert dropcopy(folder, "demo", "--headless").returncode == 0
    return folder


@pytest.fixture(scope="module")
def pair(home: Path) -> tuple[str, Key]:
    """A session's new key pair, as its key file has it."""
    store = ("--store", str(home / ".local/share/dropcopy-tui/sandbox/dropcopy.db"), *ACTING)
    session = "T9H"
    challenge = json.loads(dropcopy(home, *store, "keys", "challenge", "--factor", "sms", "--json").stdout)["challenge"]
    texts = json.loads(dropcopy(home, *store, "outbox", "list", "--json").stdout)
    (code,) = re.findall(r"\b\d{6}\b", next(text["body"] for text in texts if text["channel"] == "sms"))
    proof = ("--challenge", challenge, "--code", code)
    made = dropcopy(home, *store, "keys", "generate", session, *proof, "--out", str(home / "keys.txt"), "--yes")
    assert made.returncode == 0, made
    row = max(read_key_file(home / "keys.txt"), key=lambda row: row["Expiration Date"])
    return session, Key(row["Access ID"], row["Secret Key"])


def signed(pair: tuple[str, Key], **how: object) -> bytes:
    session, key = pair
    encoded: bytes = logon(key, datetime.now(UTC), values={49: f"{session}9ACN", 57: "12"}, **how).encode()
    return encoded


def test_a_wrapped_paste_with_its_soh(home: Path, pair: tuple[str, Key]) -> None:
    text = signed(pair, without=1604).decode()
    wrapped = "10:00:00 OUT " + "\n".join(text[at : at + 60] for at in range(0, len(text), 60))
    with Terminal([*DROPCOPY, "demo", *ACTING], env=at_home(home)) as terminal:
        terminal.wait_for(r"Drop Copy Groups +\d")
        terminal.press("ctrl+p")
        terminal.wait_quiet()
        terminal.type("Logon check")
        terminal.wait_quiet()
        terminal.press("enter")
        terminal.wait_for("Paste a FIX logon")
        terminal.paste(wrapped)
        terminal.wait_for("Refused: a gateway would reject this logon")
        terminal.wait_for(r"! Tag 1604 was left out of the signed string\.")
        terminal.wait_for(r"^ ! 1604 .*\(left out\)")
        assert pair[1].secret not in terminal.raw.decode("utf-8", "replace")


def test_a_port_that_is_opened_again(home: Path, pair: tuple[str, Key]) -> None:
    store = ("--store", str(home / ".local/share/dropcopy-tui/sandbox/dropcopy.db"), *ACTING)
    with Terminal([*DROPCOPY, *store, "logon", "listen", "--port", "0"], cols=200, env=at_home(home)) as terminal:
        port = int(terminal.wait_for(r'"port": (\d+)')[1])
        for _ in range(5):
            assert [answer[35] for answer in tried(port, signed(pair, ending="\n"))] == ["5"]
        terminal.wait_for("Press Enter to open it again, Ctrl-C to quit")
        with pytest.raises(OSError, match="refused"):
            tried(port, signed(pair))
        terminal.press("enter")
        terminal.wait_for(rf"(?s)Press Enter.*Listening on 127\.0\.0\.1:{port}")
        assert [answer[35] for answer in tried(port, signed(pair))] == ["A", "1"]
        terminal.wait_for("Logon accepted: T9H9ACN")
        terminal.press("ctrl+c")
        assert terminal.wait_exit() == 130
        assert "Traceback" not in terminal.text()
