"""The whole main job by keyboard in a fresh demo: a group, its target session, a key pair, a logon that holds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import stat
import subprocess
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.e2e.command import DROPCOPY
from tests.e2e.pty import ROOT, Terminal, clean_environment

# Where the columns of a key file start (the specification, section 7), and where the last one ends.
STARTS = (0, 21, 52, 103, 124, 145, 166)
HEADINGS = ("Session ID", "Access ID", "Secret Key", "Creation Date", "Expiration Date", "Environment")
SIGNED = (34, 49, 50, 52, 57, 108, 142, 369, 1603, 1604, 1605)


def at_home(home: Path) -> dict[str, str]:
    """An environment in which everything of ours lies in this folder."""
    return {"HOME": str(home), "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": "", "XDG_CACHE_HOME": ""}


def dropcopy(home: Path, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command line, in the same home."""
    return subprocess.run(
        [*DROPCOPY, *args], env=clean_environment(at_home(home)), cwd=ROOT, input=stdin, text=True, capture_output=True
    )


def read_key_file(path: Path) -> list[dict[str, str]]:
    """A reader of our own: fixed columns, a blank line after the header and after each row."""
    lines = path.read_bytes().decode("ascii").split("\n")
    assert lines.pop() == ""
    assert [line for line in lines[1::2] if line] == []
    rows = [[line[start:end].rstrip(" ") for start, end in pairwise(STARTS)] for line in lines[::2]]
    assert {len(line) for line in lines[::2]} == {166}
    assert tuple(rows[0]) == HEADINGS
    return [dict(zip(HEADINGS, row, strict=True)) for row in rows[1:]]


def signed_logon(key: dict[str, str], firm: str) -> str:
    """A FIX logon that CME's specification makes of this key, by nothing of ours."""
    now = datetime.now(UTC)
    values: dict[int, Any] = {
        34: 1, 49: f"{key['Session ID']}{firm}N", 50: "OPS", 52: f"{now:%Y%m%d-%H:%M:%S}.{now.microsecond // 1000:03d}",
        56: "CME", 57: 40, 108: 30, 142: "US,NY", 369: 0, 1603: "ACMECOPY", 1604: "4.2", 1605: "ACME",
    }  # fmt: skip
    secret = key["Secret Key"]
    decoded = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    digest = hmac.new(decoded, "\n".join(str(values[tag]) for tag in SIGNED).encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    values |= {354: 20, 355: key["Access ID"], 1400: "CME-1-SHA-256", 1401: len(signature), 1402: signature}
    return "8=FIX.4.2|35=A|" + "".join(f"{tag}={value}|" for tag, value in values.items())


def begin_group(terminal: Terminal, name: str, patience: float = 15) -> None:
    """The wizard from Home to a name that is typed, and not entered."""
    terminal.press("n")
    terminal.wait_for("Create New Group", patience)
    terminal.press("enter")
    terminal.wait_for("Proceed", patience)
    terminal.press("enter")
    terminal.wait_for("Enter a name", patience)
    terminal.type(name)
    terminal.wait_for(f"  {name}$", patience)


def finish_group(terminal: Terminal, patience: float = 15) -> str:
    """The rest of the wizard, to a group that is set up; its target session."""
    terminal.press("enter")
    terminal.wait_for("Select the front end", patience)
    terminal.press("enter")
    terminal.wait_for("Select the messages", patience)
    terminal.press("end", "space")
    terminal.wait_for(r"\[x\] Trade Busts", patience)
    terminal.press("enter")
    terminal.wait_for(r"Available [1-9]", patience)
    terminal.press("*")
    terminal.wait_for(r"selected", patience)
    terminal.press("+")
    terminal.wait_for(r"Available 0 ", patience)
    terminal.press("enter")
    terminal.wait_for("Submit this request", patience)
    terminal.press("enter")
    return terminal.wait_for(r"[Tt]arget\s+session\s+([A-Z0-9]{3})\b", patience)[1]


def make_group(terminal: Terminal, name: str) -> str:
    """The wizard from Home to a group that is set up; its target session."""
    begin_group(terminal, name)
    return finish_group(terminal)


def generate_key(terminal: Terminal, session: str) -> None:
    """From Home to a key pair in a file."""
    terminal.press("o")
    terminal.wait_for(rf"> ?{session} ")
    terminal.press("k")
    terminal.wait_for("Generate Key")
    terminal.press("enter")
    terminal.wait_for("File on this machine")
    terminal.press("enter")
    terminal.wait_for("Select a second factor")
    # A key that follows the one before sooner than a person types counts as held.
    terminal.wait_quiet()
    terminal.press("enter")
    code = terminal.wait_for(r"code is (\d{6})")[1]
    terminal.type(code)
    terminal.press("enter")
    terminal.wait_for("Key pairs generated")


def test_the_main_job_by_keyboard(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with Terminal([*DROPCOPY, "demo"], env=at_home(home)) as terminal:
        terminal.wait_for(r"Drop Copy Groups +\d", timeout=60)
        session = make_group(terminal, "US-END-TO-END")
        generate_key(terminal, session)
        terminal.press("escape")
        terminal.wait_for(rf"> ?{session} .*active")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0

    (file,) = (home / "dropcopy-keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (key,) = read_key_file(file)
    assert (key["Session ID"], key["Environment"]) == (session, "CERT")
    assert re.fullmatch(r"[A-Za-z0-9]{20}", key["Access ID"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", key["Secret Key"])
    assert date.fromisoformat(key["Creation Date"]) < date.fromisoformat(key["Expiration Date"])
    # The secret was never drawn.
    assert key["Secret Key"].encode() not in terminal.raw

    store = json.loads(dropcopy(home, "demo", "--headless", "--json").stdout)["store"]
    verify = ("--store", store, "--as", "acme-operator", "logon", "verify", "--message", "-", "--json")
    good = dropcopy(home, *verify, stdin=signed_logon(key, "ACM01"))
    assert good.returncode == 0, good
    verdict = json.loads(good.stdout)
    assert (verdict["valid"], verdict["session_id"], verdict["access_key_id"]) == (True, session, key["Access ID"])
    forged = key | {"Secret Key": key["Secret Key"][::-1]}
    assert dropcopy(home, *verify, stdin=signed_logon(forged, "ACM01")).returncode == 1
