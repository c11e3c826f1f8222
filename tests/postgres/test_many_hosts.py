"""Twenty processes on four hosts that share nothing but a server: nothing is lost, also when the server is killed.

DROPCOPY_HOSTS_EACH is the number of changes of each process, DROPCOPY_HOSTS_RATE how many all of them make a second
at most (0: without a pause). With one of them, the time of a write is printed (pytest -s).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.config import Config, load
from dropcopy_tui.desk import Desk, open_desk
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.sample.fill import fill
from dropcopy_tui.store.tables import SettingRow
from tests.postgres import hosts as machines
from tests.postgres.hosts import Host
from tests.server import Server

HOSTS, WORKERS = 4, 5
EACH = int(os.environ.get("DROPCOPY_HOSTS_EACH", "16"))
RATE = float(os.environ.get("DROPCOPY_HOSTS_RATE", "40"))
# Seconds; nothing takes that long, but many tests may share one core.
PATIENCE = 300
# What a loss of the server may be told as; a lock is never shown.
LOST = ("ended the connection", "was lost", "No PostgreSQL server answers", "is starting or stopping", "failed (")

WHY_NOT = machines.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "there are hosts")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[Host, ...]]:
    with machines.hosts(tmp_path, HOSTS) as found:
        yield found


@pytest.fixture
def server(hosts: tuple[Host, ...]) -> Iterator[Server]:
    with machines.server_of(hosts) as server:
        yield server


@pytest.fixture
def desk(hosts: tuple[Host, ...], server: Server) -> Iterator[Desk]:
    """The store, made by the first host; the others get a copy of its master key. As it is seen from this machine."""
    first, *others = [equip(host, server) for host in hosts]
    make_store(first, sandbox=True, fill=fill)
    for other in others:
        other.paths.master_key.parent.mkdir(parents=True, mode=0o700)
        shutil.copy2(first.paths.master_key, other.paths.master_key)
    found = open_desk(first)
    with found.resources.store.write() as session:
        session.add(SettingRow(key="number", value="0"))
    yield found
    found.close()


def equip(host: Host, server: Server) -> Config:
    """The configuration of a host, as its programs read it."""
    config = machines.configure(host, server)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(host.home))
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            patch.delenv(name, raising=False)
        return load(config=str(config), environ={})


def begin(hosts: tuple[Host, ...]) -> list[subprocess.Popen[str]]:
    """All programs, whose workers begin together once each of them has its desk."""
    pause = HOSTS * WORKERS / RATE if RATE else 0.0
    programs = [
        host.start(str(host.home / "config.toml"), str(WORKERS), str(EACH), str(pause), str(number * WORKERS))
        for number, host in enumerate(hosts)
    ]
    until = time.monotonic() + PATIENCE
    while sum(len(list(host.home.glob("ready-*"))) for host in hosts) < HOSTS * WORKERS:
        assert time.monotonic() < until
        assert all(program.poll() is None for program in programs), machines.answers(hosts, programs)
        time.sleep(0.05)
    for host in hosts:
        (host.home / "go").touch()
    return programs


def check(desk: Desk, found: list[dict[str, Any]]) -> None:
    """What was acknowledged is in the store, what was refused is not, and the audit trail holds."""
    assert len(found) == HOSTS * WORKERS
    actor = desk.identity.act_as("acme-operator", "test")
    for ledger in found:
        draft = desk.drafts.get(actor, ledger["draft"])
        assert draft.version - ledger["first"] == ledger["saved"] == (EACH + 1) // 2
        with desk.resources.store.read() as session:
            events = session.connection().exec_driver_sql(
                f"SELECT count(*) FROM audit_event WHERE action = 'draft:saved' AND subject = 'draft {draft.id}'"
            )
            assert events.scalar_one() == ledger["saved"]
    with desk.resources.store.read() as session:
        number = int(session.get_one(SettingRow, "number").value)
    counted = sum(ledger["counted"] for ledger in found)
    unknown = sum(ledger["unknown"].count("count") for ledger in found)
    assert counted <= number <= counted + unknown
    assert desk.audit.verify(desk.identity.act_as("auditor", "test")).valid
    told(found)


def told(found: list[dict[str, Any]]) -> None:
    """The time of a write, for whoever asked for their own number of them."""
    times = sorted(one for ledger in found for one in ledger["times"])
    if "DROPCOPY_HOSTS_EACH" in os.environ:
        p50, p99 = (times[int(len(times) * part)] * 1_000 for part in (0.5, 0.99))
        refused, unknown = (sum(len(ledger[kind]) for ledger in found) for kind in ("refused", "unknown"))
        sys.stdout.write(
            f"\n{len(times)} writes: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {times[-1] * 1_000:.0f} ms; "
            f"{refused} refused, {unknown} not known\n"
        )


def test_twenty_processes_on_four_hosts_lose_nothing(hosts: tuple[Host, ...], desk: Desk) -> None:
    found = machines.answers(hosts, begin(hosts))
    assert [message for ledger in found for message in ledger["refused"] + ledger["unknown"]] == []
    check(desk, found)


def test_a_server_that_is_killed_in_the_middle_loses_nothing_that_it_confirmed(
    hosts: tuple[Host, ...], desk: Desk, server: Server
) -> None:
    programs = begin(hosts)
    half = HOSTS * WORKERS * EACH // 4  # half of the counts, which are half of the changes
    until = time.monotonic() + PATIENCE + 2 * EACH
    while int(server.do("SELECT value FROM setting WHERE key = 'number'", machines.DATABASE)[0][0]) < half:
        assert time.monotonic() < until
        time.sleep(0.02)
    kill(server)
    time.sleep(1)
    server.start()
    found = machines.answers(hosts, programs)
    refused = [message for ledger in found for message in ledger["refused"]]
    assert refused
    assert [message for message in refused if not any(words in message for words in LOST)] == []
    check(desk, found)


def kill(server: Server) -> None:
    """kill -9 for the server and every process of its: nothing is written any more."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    for number in (server.process.pid, *map(int, children)):
        os.kill(number, signal.SIGKILL)
    server.process.wait()
