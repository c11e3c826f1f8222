"""A server tells every open store what others commit; its own loss and return are told as well."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import StoreBusy
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.listener import NAME, SNAPSHOT, StoreListener
from dropcopy_tui.store.tables import SettingRow
from tests.postgres.proxy import Network, Proxy
from tests.server import Server
from tests.services.conftest import World
from tests.services.processes import count_up, hearing, race

# A promise is a few milliseconds; the machine of a test may be busy.
SECONDS = 60


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def listeners(server: Server, database: str) -> int:
    """Connections that have done all that a listener does before it waits."""
    who = f"datname = '{database}' AND state = 'idle' AND query = '{SNAPSHOT}' AND application_name = '{NAME}'"
    return int(server.do(f"SELECT count(*) FROM pg_stat_activity WHERE {who}")[0][0])


def told(end: Connection) -> str:
    """What a process is told next."""
    assert end.poll(SECONDS), "nothing was told"
    return str(end.recv())


def all_told(end: Connection) -> list[str]:
    """What was told until now, and in the next moment."""
    found = []
    while end.poll(0.3):
        found.append(str(end.recv()))
    return found


def write(store: Store, key: str) -> None:
    with store.write("jo") as session:
        session.add(SettingRow(key=key, value="x"))


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that the test may stop."""
    server = Server()
    yield server
    server.remove()


def test_a_commit_of_another_process_is_told(world: World, place: ServerPlace, server: Server) -> None:
    write(world.resources.store, "before")
    with world.resources.store.write() as session:
        session.add(SettingRow(key="number", value="0"))
    with hearing(place) as first, hearing(place) as second:
        until(lambda: listeners(server, place.database) == 2)
        assert all_told(first) == all_told(second) == []
        assert race(place, partial(count_up, 1)) == [None]
        assert told(first) == told(second) == ""
        assert all_told(first) == []


def test_what_is_committed_before_the_server_listens_is_told_as_well(world: World, place: ServerPlace) -> None:
    heard: list[str] = []
    before = Store(place).stamp()
    write(world.resources.store, "changed")
    listener = StoreListener(place, before, heard.append)
    until(lambda: heard == [""])
    listener.end()


def test_what_was_undone_is_not_told(world: World, place: ServerPlace, server: Server) -> None:
    with hearing(place) as heard:
        until(lambda: listeners(server, place.database) == 1)
        with suppress(RuntimeError), world.resources.store.write() as session:
            session.add(SettingRow(key="changed", value="x"))
            raise RuntimeError
        with Store(place).write(), pytest.raises(StoreBusy), Store(place).write(patience=0):
            raise AssertionError("two writers at once")
        # The one that held the turn has committed; neither the one that failed nor the one that was refused.
        assert all_told(heard) == [""]


def test_whoever_listens_does_not_ask_for_the_stamp(place: ServerPlace, world: World, server: Server) -> None:
    proxy = Proxy(place)
    heard: list[str] = []
    store = Store(proxy.place)
    for _ in range(3):
        assert store.stamp()
    assert proxy.accepted == 1, "a connection for each look"
    store.listen(heard.append)
    until(lambda: listeners(server, place.database) == 1)
    first = store.stamp()
    proxy.how = Network.SILENT
    assert store.stamp() == first
    proxy.how = Network.GOOD
    write(world.resources.store, "changed")
    until(lambda: heard == [""])
    second = store.stamp()
    assert second != first
    assert store.stamp() == second
    assert proxy.accepted == 2
    store.close()
    proxy.close()


def test_a_server_that_is_lost_and_comes_back_is_told(own_server: Server, tmp_path: Path) -> None:
    place = own_server.place("desk", beside=tmp_path / "store")
    own_server.create("desk")
    create_store(place)
    write(Store(place), "first")
    with hearing(place) as heard:
        until(lambda: listeners(own_server, place.database) == 1)
        # The server of the tests does not wait for its disk: what is to be there after a crash is written first.
        own_server.do("CHECKPOINT")
        own_server.stop(signal.SIGQUIT)
        lost = told(heard)
        assert lost == f"The connection to the server {place.server} was lost."
        assert all_told(heard) == [], "said once"
        own_server.start()
        assert told(heard) == "", "whatever was committed meanwhile must be looked for"
        write(Store(place), "second")
        assert told(heard) == ""


def test_a_connection_that_is_lost_and_found_is_not_worth_a_word(
    world: World, place: ServerPlace, server: Server
) -> None:
    with hearing(place) as heard:
        until(lambda: listeners(server, place.database) == 1)
        for _ in range(2):
            assert all_told(heard) == []
            server.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{place.database}'")
            assert told(heard) == ""
            until(lambda: listeners(server, place.database) == 1)
        write(world.resources.store, "changed")
        assert told(heard) == ""


def test_a_store_that_is_closed_hears_nothing_more(world: World, place: ServerPlace, server: Server) -> None:
    heard: list[str] = []
    store = Store(place)
    store.listen(heard.append)
    until(lambda: listeners(server, place.database) == 1)
    store.close()
    until(lambda: listeners(server, place.database) == 0)
    write(world.resources.store, "changed")
    assert heard == []
    assert store.stamp(), "it can be asked all the same"
    store.close()


def test_a_replica_tells_nothing_and_can_be_asked(tmp_path: Path) -> None:
    """A server in recovery refuses LISTEN: its screens look every few seconds, as for a file."""
    server = Server({"wal_level": "replica"})
    try:
        place = server.place("desk", beside=tmp_path / "store")
        server.create("desk")
        create_store(place)
        server.stop()
        (server.data / "standby.signal").touch()
        server.start()
        heard: list[str] = []
        store = Store(place)
        asked = store.stamp()
        store.listen(heard.append)
        until(lambda: not store._side._listener._thread.is_alive())  # type: ignore[attr-defined]
        assert store.stamp() == asked
        assert heard == []
        with pytest.raises(StoreBusy, match="read-only"):
            write(store, "changed")
        store.close()
    finally:
        server.remove()
