"""Writers queue at the server: nothing is lost, who waits in vain is told whom for, and leaving never waits."""

from __future__ import annotations

import os
import threading
import time
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dropcopy_tui.domain.errors import StoreBusy
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.tables import SettingRow
from tests.services.conftest import World
from tests.services.factories import change, one
from tests.services.processes import count_up, race


def test_no_update_is_lost_between_processes(world: World, place: ServerPlace) -> None:
    with world.resources.store.write() as session:
        session.add(SettingRow(key="number", value="0"))
    assert race(place, *[partial(count_up, 25)] * 6) == [None] * 6
    assert one(world.resources, "SELECT value FROM setting WHERE key = 'number'") == "150"


def test_whoever_waits_in_vain_is_told_whom_for(place: ServerPlace) -> None:
    mine, other = Store(place), Store(place)
    with mine.write("acme-operator"):
        begun = time.monotonic()
        with pytest.raises(StoreBusy) as refused, other.write("somebody", patience=0.3):
            raise AssertionError("two writers at once")
        assert 0.2 < time.monotonic() - begun < 5
    assert f"Process {os.getpid()} (acme-operator) is writing to the store" in refused.value.message
    assert "Nothing was changed" in refused.value.message
    with other.write():
        pass  # the turn ended with the block


def test_a_wait_of_nothing_does_not_wait(place: ServerPlace) -> None:
    mine, other = Store(place), Store(place)
    with mine.write(), pytest.raises(StoreBusy), other.write(patience=0):
        raise AssertionError("two writers at once")
    with other.write(patience=0) as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_giving_up_ends_a_wait(place: ServerPlace) -> None:
    mine, other = Store(place), Store(place)
    refused: list[float] = []

    def wait() -> None:
        begun = time.monotonic()
        with pytest.raises(StoreBusy), other.write():
            raise AssertionError("two writers at once")
        refused.append(time.monotonic() - begun)

    with mine.write():
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.3)
        other.give_up()
        waiting.join(5)
    assert refused
    assert refused[0] < 5


def test_a_writer_sees_what_was_committed_while_it_waited(place: ServerPlace, world: World) -> None:
    """The lock is older than the snapshot of each statement that follows it."""
    seen: list[str] = []
    mine, other = Store(place), Store(place)

    def late() -> None:
        with other.write() as session:
            seen.append(session.execute(text("SELECT name FROM entity WHERE code = 'ACME'")).scalar_one())

    with mine.write() as session:
        waiting = threading.Thread(target=late)
        waiting.start()
        time.sleep(0.3)
        session.execute(text("UPDATE entity SET name = 'Renamed' WHERE code = 'ACME'"))
    waiting.join(10)
    assert seen == ["Renamed"]


def test_a_reader_has_one_snapshot_and_cannot_write(world: World, place: ServerPlace) -> None:
    name = "SELECT name FROM entity WHERE code = 'ACME'"
    with Store(place).read() as session:
        before = session.execute(text(name)).scalar_one()
        change(world.resources, "UPDATE entity SET name = 'Renamed' WHERE code = 'ACME'")
        assert session.execute(text(name)).scalar_one() == before
        with pytest.raises(DBAPIError, match="read-only"):
            session.execute(text("UPDATE entity SET name = 'Mine'"))
    assert one(world.resources, name) == "Renamed"


def test_the_stamp_differs_after_every_change(world: World, place: ServerPlace) -> None:
    store = Store(place)
    first = store.stamp()
    assert first
    assert store.stamp() == first
    change(world.resources, "UPDATE entity SET name = 'Renamed' WHERE code = 'ACME'")
    second = store.stamp()
    assert second != first
    with store.read() as session:
        session.execute(text("SELECT 1"))
    assert store.stamp() == second
