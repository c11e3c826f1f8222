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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropcopy_tui.domain.places import ServerPlace
from tests.server import DURABLE, OWNER, Server

DATABASE, ROLE, PASSWORD = "desk", "desk_of_hosts", "correct pony: battery"
_PREFIX = "dropcopy-"
_ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Host:
    """A namespace with a home, and the server's address as it is seen from there."""

    namespace: str
    server: str
    home: Path

    def command(self, *program: str) -> list[str]:
        """How a program is started on this host."""
        return ["ip", "netns", "exec", self.namespace, *program]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A program of the tests on this host, in its home and with nothing of whoever tests."""
        return subprocess.Popen(
            self.command(sys.executable, "-m", "tests.postgres.host_program", *arguments),
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


@contextmanager
def server_of(hosts: Sequence[Host]) -> Iterator[Server]:
    """A server with an empty database, which the hosts reach by a password, and that keeps what it has confirmed."""
    server = Server(DURABLE)
    try:
        _open_to(hosts, server)
        yield server
    finally:
        server.remove()


def _open_to(hosts: Sequence[Host], server: Server) -> None:
    server.do(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
    server.do(f"CREATE DATABASE {DATABASE} OWNER {ROLE} TEMPLATE template0")
    server.stop()
    (server.data / "pg_hba.conf").write_text(f"local all {OWNER} trust\nhost all {ROLE} 198.18.0.0/15 scram-sha-256\n")
    server.port = free_port()
    addresses = ",".join(host.server for host in hosts)
    server.settings = server.settings | {"listen_addresses": addresses, "port": server.port}
    server.start()


def configure(host: Host, server: Server) -> Path:
    """The configuration of a host, with a password file of its own; where it is."""
    secret = host.home / "secret"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD + "\n")
    config = host.home / "config.toml"
    config.write_text(f'store = "{place_on(host, server)}"\nstore_password_file = "{secret}"\n')
    return config


def place_on(host: Host, server: Server) -> ServerPlace:
    """The database as it is seen from a host."""
    seen = server.place(DATABASE, ROLE)
    return replace(seen, host=host.server, port=server.port, options=(("sslmode", "disable"),))


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
