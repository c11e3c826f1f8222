"""Twenty seats at once: what one more costs in memory and processor time, alone and from the forker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import perf_counter

from dropcopy_tui.handover import is_ready
from tests.bench.measures import Samples
from tests.bench.place import ROOT, Place, dropcopy
from tests.bench.program import Program, Silent
from tests.e2e.ssh_server import WHY_NOT, ssh_desk

SEATS = 20
_TURNS = 7
_FILLED = "Expiring key pairs"
# Home looks again every five seconds: by then everything beside the first screen is done.
_AFTER = 6.0
_PERSON = "acme-operator"


def seats(place: Place, samples: Samples) -> None:
    """Twenty on the host's own terminals, then twenty through the gate and the forker."""
    _opened(samples, "own", lambda: place.start(*dropcopy(), *place.on_demo()))
    key = _with_key(place)
    said = place.folder / "auth"
    said.write_text(f"publickey {' '.join(key.with_suffix('.pub').read_text().split()[:2])}\n")
    with _forker(place) as (folder, forker):
        gate = [sys.executable, "-I", "-m", "dropcopy_tui.gate", "--forker", str(folder), *place.on_demo()[:2]]
        env = place.environment() | {"SSH_USER_AUTH": str(said), "SSH_CONNECTION": "127.0.0.1 1 127.0.0.1 22"}
        _opened(samples, "forked", lambda: Program(gate, env), forker)
        if not WHY_NOT:
            _over_ssh(place, samples, key, folder)


def _opened(samples: Samples, name: str, start: Callable[[], Program], forker: int = 0) -> None:
    """Open them one after the other, each when the one before is filled; then look at all of them."""
    with ExitStack() as stack:
        programs: list[Program] = []
        for _ in range(SEATS):
            programs.append(stack.enter_context(start()))
            programs[-1].shows(_FILLED, 120)
        end = perf_counter() + _AFTER
        while perf_counter() < end:
            for program in programs:
                program.pump(0.02)
        seats = _children(forker) if forker else []
        if forker and len(seats) != SEATS:
            raise RuntimeError(f"{len(seats)} of {SEATS} seats came from the forker")
        processes = [*(program.pid for program in programs), *seats]
        samples.add(f"{name} seat memory", sum(map(_share_mb, processes)) / SEATS)
        samples.add(f"{name} seat processor", sum(map(_processor_ms, processes)) / SEATS)


def _over_ssh(place: Place, samples: Samples, key: Path, forker: Path) -> None:
    """From `ssh desk` to a filled Home, beside the same on the host's own terminal, in turns.

    Two more servers say where the time goes: one that only echoes what is waited for, and one that asks the desk whose
    key it is before it does.
    """
    folder, store = place.folder, Path(place.on_demo()[1])
    echo = {"ForceCommand": f"echo {_FILLED}"}
    of_sshd = {"AuthorizedKeysCommand": "", "AuthorizedKeysCommandUser": "", "AuthorizedKeysFile": f"{key}.pub"}
    with (
        ssh_desk(folder / "sshd", store, "--forker", str(forker)) as desk,
        ssh_desk(folder / "asking", store, "--forker", str(forker), instead=echo) as asking,
        ssh_desk(folder / "bare", store, instead=echo | of_sshd) as bare,
    ):
        commands = {"own": [*dropcopy(), *place.on_demo()]} | {
            name: server.command(key, options=("-tt",))
            for name, server in (("ssh", desk), ("asking ssh", asking), ("bare ssh", bare))
        }
        for number in range(_TURNS):
            turns = list(commands.items())
            for name, command in turns if number % 2 else turns[::-1]:
                with place.start(*command) as program:
                    samples.add(f"{name} to Home", 1000 * (program.shows(_FILLED, 120) - program.started))
                    with suppress(Silent):
                        program.settle(0.4)
    for asked, plain in zip(samples.taken["asking ssh to Home"], samples.taken["bare ssh to Home"], strict=True):
        samples.add("key question", asked - plain)


@contextmanager
def _forker(place: Place) -> Iterator[tuple[Path, int]]:
    folder = place.folder / "forker"
    folder.mkdir(mode=0o700)
    command = [*dropcopy(), "ssh", "forker", "--folder", str(folder)]
    process = subprocess.Popen(command, env=place.environment(), cwd=ROOT)
    try:
        while not is_ready(str(folder), os.getuid()):
            with suppress(subprocess.TimeoutExpired):
                raise RuntimeError(f"the forker has ended: {process.wait(0.1)}")
        yield folder, process.pid
    finally:
        process.terminate()
        process.wait()


def _with_key(place: Place) -> Path:
    """A new key of OpenSSH's that belongs to a person of the sandbox."""
    key = place.folder / "seat"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)

    def ran(person: str, *words: str) -> str:
        argv = [*dropcopy(), *place.on_demo()[:2], "--as", person, *words]
        return subprocess.run(
            argv, env=place.environment(), cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout

    public = f"{key}.pub"
    asked = ran(_PERSON, "ssh", "keys", "challenge", "--factor", "sms", "--add", public, "--json")
    challenge, newest = (
        re.search(r'"challenge": "?([^",]+)', asked),
        ran("operations", "outbox", "list", "--limit", "1", "--json"),
    )
    code = re.search(r"code is (\d{6})", newest)
    assert challenge
    assert code
    ran(_PERSON, "ssh", "keys", "add", public, "--challenge", challenge[1], "--code", code[1])
    return key


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _share_mb(pid: int) -> float:
    """Its memory, with its share of what it has in common with others (PSS), in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def _processor_ms(pid: int) -> float:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6
