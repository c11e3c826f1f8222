"""A desk on a server, by keyboard: the README's five minutes, and two people on two hosts whose screens are live.

The hosts are network namespaces that share nothing but a real server; what a person sees is read off their terminal.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dropcopy_tui.config import Config, load
from dropcopy_tui.new_store import make_store
from tests.e2e.command import DROPCOPY
from tests.e2e.pty import Terminal
from tests.e2e.test_main_job import at_home, dropcopy, generate_key, make_group, read_key_file, signed_logon
from tests.e2e.test_requests_live import PASSWORD, fill
from tests.postgres import hosts as machines
from tests.postgres.hosts import Host
from tests.server import Server
from tests.stores import new_database

WHY_NOT = machines.why_not()
pytestmark = pytest.mark.postgres
on_hosts = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "there are hosts")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[Host, ...]]:
    with machines.hosts(tmp_path, 2) as found:
        yield found


@pytest.fixture
def server(hosts: tuple[Host, ...]) -> Iterator[Server]:
    """A server with a desk that the first host made; the second has a copy of its master key."""
    with machines.server_of(hosts) as server:
        config, other = (configured(host, server) for host in hosts)
        make_store(config, sandbox=False, fill=fill)
        other.paths.master_key.parent.mkdir(parents=True, mode=0o700)
        shutil.copy2(config.paths.master_key, other.paths.master_key)
        yield server


def configured(host: Host, server: Server) -> Config:
    """The configuration of a host as its programs read it: each sees the server at an address of its own."""
    path = machines.configure(host, server)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(host.home))
        return load(config=str(path), environ={"HOME": str(host.home)})


@contextmanager
def signed_in(host: Host, who: str) -> Iterator[Terminal]:
    """The application on a terminal of this host, with the person signed in."""
    program = host.command(*DROPCOPY, "--config", str(host.home / "config.toml"), "--as", who)
    with Terminal(program, env=at_home(host.home)) as terminal:
        terminal.wait_for("Password", timeout=60)
        terminal.type(PASSWORD)
        terminal.press("enter")
        terminal.wait_for("Needs attention", timeout=60)
        terminal.wait_quiet()
        yield terminal


def ask_for_group(asker: Terminal, name: str) -> None:
    """The wizard from Home to a request that awaits an approval."""
    for key in ("n", "enter", "enter"):
        asker.press(key)
        asker.wait_quiet()
    asker.wait_for("2 > +Name")
    asker.type(name)
    for key in ("enter", "enter", "space", "enter", "+", "enter"):
        asker.press(key)
        asker.wait_quiet()
    asker.wait_for("of\\s+CLEAR", timeout=60)
    asker.press("enter")
    asker.wait_for(r"awaiting approval by\s+CLEAR", timeout=60)


@on_hosts
def test_two_people_on_two_hosts_see_what_the_other_does(hosts: tuple[Host, ...], server: Server) -> None:
    with signed_in(hosts[0], "asker") as asker, signed_in(hosts[1], "approver") as approver:
        approver.wait_for("Nothing|0 requests|no request")
        ask_for_group(asker, "US-LIVE")
        # No key is pressed: the server tells the other host.
        approver.wait_for("1 request awaits your approval", timeout=10)
        approver.press("ctrl+p")
        approver.wait_quiet()
        approver.type("To Do")
        approver.wait_quiet()
        approver.press("enter")
        approver.wait_for("US-LIVE")
        approver.wait_quiet()
        approver.press("a")
        approver.wait_for("Approve")
        approver.wait_quiet()
        approver.press("enter")
        approver.wait_for(r"Done: [\s\S]*(approved|completed)", timeout=60)
        asker.wait_for("completed", timeout=30)


@on_hosts
def test_a_server_that_is_restarted_is_told_and_the_screen_is_right_again(
    hosts: tuple[Host, ...], server: Server
) -> None:
    with signed_in(hosts[0], "asker") as asker, signed_in(hosts[1], "approver") as approver:
        ask_for_group(asker, "US-BEFORE")
        approver.wait_for("1 request awaits your approval", timeout=10)
        server.stop()
        approver.press("ctrl+r")
        approver.wait_for("(?i)server", timeout=30)
        server.start()
        until = time.monotonic() + 60
        approver.press("ctrl+r")
        approver.wait_quiet()
        while "1 request awaits your approval" not in approver.text() and time.monotonic() < until:
            approver.wait_quiet(1)
            approver.press("ctrl+r")
        approver.wait_for("1 request awaits your approval", timeout=30)
        ask_again = asker.text()
        assert "US-BEFORE" in ask_again


def test_the_five_minutes_of_the_readme_on_a_server(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    place = new_database(tmp_path / "desk" / "store")
    place.beside.parent.mkdir(mode=0o700, exist_ok=True)
    store = ("--store", str(place))
    with Terminal([*DROPCOPY, *store, "demo"], env=at_home(home)) as terminal:
        terminal.wait_for(r"Drop Copy Groups +\d", timeout=120)
        session = make_group(terminal, "US-END-TO-END")
        generate_key(terminal, session)
        terminal.press("escape")
        terminal.wait_for(rf"> ?{session} .*active", timeout=30)
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0

    (file,) = (home / "dropcopy-keys").iterdir()
    (key,) = read_key_file(file)
    assert key["Session ID"] == session
    told = json.loads(dropcopy(home, *store, "demo", "--headless", "--json").stdout)["store"]
    assert told.startswith("postgresql+psycopg://")
    verify = (*store, "--as", "acme-operator", "logon", "verify", "--message", "-", "--json")
    good = dropcopy(home, *verify, stdin=signed_logon(key, "ACM01"))
    assert good.returncode == 0, good
    assert json.loads(good.stdout)["session_id"] == session
