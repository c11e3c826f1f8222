"""Files on their way to and from people: delivered once, to one person, in time, and sealed until then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dropcopy_tui.domain.errors import InvalidValue, LimitReached, NotFound
from dropcopy_tui.services.people import parcels
from dropcopy_tui.services.people.parcels import TICKET_LIFE, UPLOAD_LIFE, Parcels
from dropcopy_tui.services.unit_of_work import writing
from tests.services.conftest import World
from tests.services.factories import FrozenClock, rows, ticket_of


def later(world: World, by: timedelta) -> None:
    assert isinstance(world.resources.clock, FrozenClock)
    world.resources.clock.advance(by)


def test_a_file_is_delivered_once(world: World) -> None:
    ticket = ticket_of(world.resources, world.operator, b"secret content")
    desk = Parcels(world.resources)
    assert desk.take(world.operator, f" {ticket[:4].lower()}-{ticket[4:]} ") == ("keys.txt", b"secret content")
    with pytest.raises(NotFound, match="No file waits"):
        desk.take(world.operator, ticket)
    assert rows(world.resources, "SELECT sealed FROM parcel") == [(None,)]


def test_not_to_another_and_not_for_a_wrong_ticket(world: World) -> None:
    ticket = ticket_of(world.resources, world.operator)
    desk = Parcels(world.resources)
    told = set()
    for who, asked in (
        (world.stranger, ticket),
        (world.operator, "A" * 16),
        (world.operator, ""),
        (world.operator, "\ud800"),
    ):
        with pytest.raises(NotFound) as refusal:
            desk.take(who, asked)
        told.add(refusal.value.message)
    assert len(told) == 1
    assert desk.take(world.operator, ticket)[0] == "keys.txt"


def test_not_later_and_not_after_the_clock_was_set_back(world: World) -> None:
    ticket = ticket_of(world.resources, world.operator)
    later(world, TICKET_LIFE)
    with pytest.raises(NotFound):
        Parcels(world.resources).take(world.operator, ticket)
    Parcels(world.resources).put(world.operator, "x", b"")
    later(world, -TICKET_LIFE)
    with pytest.raises(NotFound):
        Parcels(world.resources).take(world.operator, ticket)


def test_what_was_not_fetched_is_destroyed(world: World) -> None:
    ticket_of(world.resources, world.operator)
    later(world, TICKET_LIFE + timedelta(seconds=1))
    with writing(world.resources, world.operations) as uow:
        assert parcels.clear_expired(uow) == 1
    assert rows(world.resources, "SELECT sealed FROM parcel") == [(None,)]
    later(world, UPLOAD_LIFE)
    with writing(world.resources, world.operations) as uow:
        assert parcels.clear_expired(uow) == 1
    assert rows(world.resources, "SELECT count(*) FROM parcel") == [(0,)]


def test_a_file_of_another_person_or_row_cannot_be_opened(world: World) -> None:
    ticket_of(world.resources, world.operator, b"one")
    assert b"one" not in bytes(rows(world.resources, "SELECT sealed FROM parcel")[0][0])


def test_a_put_file_is_read_by_its_name_for_a_day(world: World) -> None:
    desk = Parcels(world.resources)
    desk.put(world.operator, "orders.log", b"old")
    desk.put(world.operator, "orders.log", b"new")
    assert [(each.name, each.size) for each in desk.uploads(world.operator)] == [("orders.log", 3)]
    assert desk.read(world.operator, "orders.log") == b"new"
    for who, name in ((world.stranger, "orders.log"), (world.operator, "other.log")):
        with pytest.raises(NotFound, match="ssh desk put"):
            desk.read(who, name)
    later(world, UPLOAD_LIFE)
    assert desk.uploads(world.operator) == ()
    with pytest.raises(NotFound):
        desk.read(world.operator, "orders.log")


@pytest.mark.parametrize("name", ["", ".x", "../x", "/x", "a/b", "a b", "a..b", "x" * 65, "é", "-x", "a\nb"])
def test_a_name_is_no_path(world: World, name: str) -> None:
    with pytest.raises(InvalidValue):
        Parcels(world.resources).put(world.operator, name, b"x")


def test_there_is_a_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "LARGEST", 10)
    monkeypatch.setattr(parcels, "_MOST_BYTES", 25)
    desk = Parcels(world.resources)
    with pytest.raises(LimitReached):
        desk.put(world.operator, "large", b"x" * 11)
    with pytest.raises(LimitReached):
        desk.send(world.operator, "large", b"x" * 11)
    desk.put(world.operator, "one", b"x" * 10)
    desk.put(world.operator, "two", b"x" * 10)
    with pytest.raises(LimitReached, match="too much room"):
        desk.put(world.operator, "three", b"x" * 10)
    assert len(desk.uploads(world.operator)) == 2
