"""Where the bench runs: a folder of its own with two stores, and the command lines of what is measured."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.sessions import ALPHABET, SESSION_ID_LENGTH
from tests.bench.program import Program

# What the big store holds; FIRST is the first row of the list, DRAFT the name of the draft that waits there.
ROWS = 100_000
MILLION = 1_000_000
# How many messages the FIX logs have that `dropcopy route` reads.
ROUTE_MESSAGES = (20_000, 400_000)
ENTITY, MARKET, PERSON, AUDITOR = "BENCH", "brokertec_us", "bench-operator", "bench-auditor"
FIRST, DRAFT = "000BENCAP", "BENCH"
# What the store of requests holds: two thirds of the SenderComps are in the group, two thirds in the draft of its edit.
REQUESTS, ALL_SOURCES = 100_000, 1_500_000
REQUESTER, APPROVER, EDITED = "bench-requester", "bench-approver", "BENCH-EDIT"
# What a list of sessions sorts by is kept with every change of a key pair; whoever writes pairs directly says it then.
KEEP_STOPS = """UPDATE session SET stops_at = coalesce((SELECT max(expires_at) FROM key_pair
    WHERE session_pk = session.id AND deleted_at IS NULL), stops_at)"""
# What the store of sessions holds, and which of them stops first.
KEY_SESSIONS, SOONEST = 10_000, "ZZ9"
# So many there can be: a Session ID has three characters, and is unique in its market.
MOST_SESSIONS = len(MARKETS) * len(ALPHABET) ** SESSION_ID_LENGTH
# And how many people and messages, for the one who operates its desk.
PEOPLE, MESSAGES, OPERATIONS = 10_000, 50_000, "bench-operations"
ROOT = Path(__file__).resolve().parents[2]
# The variables of whoever runs the bench must not decide what is measured.
_NOT_INHERITED = re.compile(
    r"TEXTUAL|PYTHON|COLOR|NO_COLOR|FORCE_COLOR|TTY_|LC_|LANG|TERM|SSH_|COLUMNS$|LINES$|DROPCOPY_|XDG_"
)


_LOOK_EVERY = 0.005


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command took: seconds, the most resident memory in MB, and seconds of processor."""

    seconds: float
    memory: float
    processor: float


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that is thrown away afterwards."""

    folder: Path

    @property
    def big(self) -> Path:
        """The store with 100,000 SenderComps."""
        return self.folder / "big" / "store.db"

    @property
    def million(self) -> Path:
        """The store with 1,000,000 SenderComps, without a group."""
        return self.folder / "million" / "store.db"

    @property
    def sessions(self) -> Path:
        """The store with 10,000 sessions and their key pairs."""
        return self.folder / "sessions" / "store.db"

    @property
    def requests(self) -> Path:
        """The store with 100,000 requests and an edit of a million SenderComps."""
        return self.folder / "requests" / "store.db"

    def environment(self) -> dict[str, str]:
        """A person's terminal with an empty home."""
        env = {name: text for name, text in os.environ.items() if not _NOT_INHERITED.match(name)}
        folders = {f"XDG_{kind}_HOME": str(self.folder / kind.lower()) for kind in ("DATA", "CONFIG", "STATE", "CACHE")}
        return env | folders | {"HOME": str(self.folder), "TERM": "xterm-256color", "LANG": "C.UTF-8"}

    def make(self) -> None:
        """Make both stores, once."""
        self.big.parent.mkdir(mode=0o700)
        self.run([*dropcopy(), "demo", "--headless"])
        self.run([sys.executable, "-m", "tests.bench.fill", str(self.big)])
        self.requests.parent.mkdir(mode=0o700)
        self.sessions.parent.mkdir(mode=0o700)
        self.run([sys.executable, "-m", "tests.bench.fill_sessions", str(self.sessions)])
        self.run([sys.executable, "-m", "tests.bench.fill_requests", str(self.requests)])
        self.million.parent.mkdir(mode=0o700)
        self.run([sys.executable, "-m", "tests.bench.fill", str(self.million), "--rows", str(MILLION)])

    def run(self, argv: list[str]) -> None:
        """Run a command that must succeed."""
        subprocess.run(argv, env=self.environment(), cwd=ROOT, check=True, capture_output=True)

    def ran(self, *argv: str, **how: Any) -> Ran:
        """Run a command that must succeed; its time, and its memory. `how` are arguments of Popen."""
        began = perf_counter()
        child = subprocess.Popen(argv, stderr=subprocess.DEVNULL, env=self.environment(), cwd=ROOT, **how)
        most, status = 0.0, None
        # What the kernel says at the end includes what this process had when it started the other: it is looked at
        # while it runs. The usage is that of this child alone; Popen would ask for that of all.
        while status is None:
            most = max(most, _most_resident_mb(child.pid))
            sleep(_LOOK_EVERY)
            pid, code, usage = os.wait4(child.pid, os.WNOHANG)
            status = code if pid else None
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, argv
        return Ran(perf_counter() - began, most, usage.ru_utime + usage.ru_stime)

    def fix_log(self, messages: int) -> Path:
        """A FIX log with so many messages, plain and copies: the sandbox's example over and over. Made once."""
        path = self.folder / f"fix-{messages}.log"
        if not path.exists():
            argv = [*dropcopy(), *self.on_demo(), "route", "--example"]
            done = subprocess.run(argv, env=self.environment(), cwd=ROOT, check=True, capture_output=True)
            lines = [line for line in done.stdout.splitlines(keepends=True) if b"8=FIX" in line]
            with path.open("wb") as file:
                file.writelines(islice(cycle(lines), messages))
        return path

    def on_demo(self) -> list[str]:
        """Options of a call on the sandbox."""
        store = self.folder / "data" / "dropcopy-tui" / "sandbox" / "dropcopy.db"
        return ["--store", str(store), "--as", "acme-operator"]

    # -- programs

    def start(self, *argv: str) -> Program:
        """Start a program on a terminal."""
        return Program(argv, self.environment())

    def demo(self) -> Program:
        """`dropcopy demo`."""
        return self.start(*dropcopy(), "demo")

    def desk(self, store: Path, person: str = PERSON) -> Program:
        """`dropcopy` on a store, for a person of it."""
        return self.start(*dropcopy(), "--store", str(store), "--as", person)

    def app(self, name: str) -> Program:
        """One of `tests.bench.apps`, over the big store."""
        return self.start(sys.executable, "-m", f"tests.bench.apps.{name}", str(self.big))


def _most_resident_mb(pid: int) -> float:
    # Until it is the other program, it is a copy of this one, with its memory.
    if Path(f"/proc/{pid}/cmdline").read_bytes() == Path("/proc/self/cmdline").read_bytes():
        return 0.0
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def dropcopy() -> list[str]:
    """The installed command, or the module where it is not installed."""
    script = Path(sys.executable).with_name("dropcopy")
    return [str(script)] if script.exists() else [sys.executable, "-m", "dropcopy_tui"]
