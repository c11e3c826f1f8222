"""Hosts on this machine: network namespaces that reach the server by a wire of their own, and not each other."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PREFIX = "dropcopy-"
_ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Host:
    """A namespace with a home, and the server's address as it is seen from there."""

    namespace: str
    server: str
    home: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A program of the tests on this host, in its home and with nothing of whoever tests."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, sys.executable, "-m", "tests.postgres.host_program", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=_ROOT,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT)},
        )  # fmt: skip


def why_not() -> str:
    """Why there can be no hosts here; "" where there can."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "network namespaces need root and ip (iproute2)"
    name = f"{_PREFIX}{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode == 0:
        made = subprocess.run(
            ["ip", "link", "add", f"dt{os.getpid()}", "type", "veth", "peer", "name", "far", "netns", name],
            capture_output=True, text=True,
        )  # fmt: skip
        _ip("netns", "del", name)
    return f"no network namespaces: {made.stderr.strip()}" if made.returncode else ""


@contextmanager
def hosts(folder: Path, count: int) -> Iterator[tuple[Host, ...]]:
    """So many hosts, which end with the block."""
    _sweep()
    made: list[Host] = []
    try:
        for number in range(count):
            made.append(_host(folder / f"host{number}", number))
        yield tuple(made)
    finally:
        for host in made:
            _ip("netns", "del", host.namespace)


def _host(home: Path, number: int) -> Host:
    """A host and its wire to this machine: 198.18.0.0/15 is kept for tests of networks."""
    home.mkdir(mode=0o700)
    name, near = f"{_PREFIX}{os.getpid()}-{number}", f"dw{os.getpid()}n{number}"
    net = f"198.18.{os.getpid() % 250}.{number * 4}".rsplit(".", 1)
    ours, theirs = (f"{net[0]}.{int(net[1]) + at}" for at in (1, 2))
    # The wire of a host that was there before may outlive it for a moment: the kernel takes its time.
    subprocess.run(["ip", "link", "del", near], capture_output=True)
    _ip("netns", "add", name)
    _ip("link", "add", near, "type", "veth", "peer", "name", "wire", "netns", name)
    _ip("address", "add", f"{ours}/30", "dev", near)
    _ip("link", "set", near, "up")
    _ip("-n", name, "address", "add", f"{theirs}/30", "dev", "wire")
    _ip("-n", name, "link", "set", "wire", "up")
    _ip("-n", name, "link", "set", "lo", "up")
    return Host(name, ours, home)


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def _sweep() -> None:
    """Remove the hosts of processes that were killed."""
    for line in _ip("netns", "list").splitlines():
        name = line.split()[0]
        number = name.removeprefix(_PREFIX).partition("-")[0]
        if name.startswith(_PREFIX) and number.isdecimal() and not Path(f"/proc/{number}").exists():
            _ip("netns", "del", name)


def free_port() -> str:
    """A port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


def answers(hosts: Sequence[Host], programs: Sequence[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """What the workers of all programs wrote down at their end."""
    for program in programs:
        out, error = program.communicate(timeout=3_600)
        assert program.returncode == 0, error
        assert out + error == ""
    return [json.loads(path.read_text()) for host in hosts for path in sorted(host.home.glob("worker-*.json"))]
