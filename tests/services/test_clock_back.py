"""A clock that is set back, by an hour, a day or a year, gives nothing its validity back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.seats import Ending, rules_of
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.logons.trial import try_logon
from dropcopy_tui.services.people.parcels import Parcels
from dropcopy_tui.services.people.seat_rows import ending_of
from dropcopy_tui.services.sessions.sessions import Sessions
from dropcopy_tui.services.unit_of_work import reading, writing
from dropcopy_tui.store.access_tables import SeatRow
from tests.services.conftest import World
from tests.services.factories import (
    FrozenClock,
    add_session,
    change,
    proof_of,
    seat_of,
    ticket_of,
    with_seats,
)

BACK = [timedelta(hours=1), timedelta(days=1), timedelta(days=366)]


def clock_of(resources: Resources) -> FrozenClock:
    assert isinstance(resources.clock, FrozenClock)
    return resources.clock


def later(world: World, by: timedelta) -> None:
    """Time passes, and something is recorded then."""
    clock_of(world.resources).advance(by)
    event(world)


def event(world: World) -> None:
    with writing(world.resources, world.operations) as uow:
        uow.record("store:checked", "time")


def pair(world: World, name: str = "ABC") -> tuple[int, str]:
    pk = add_session(world.resources, "ACME", name)
    KeyPairs(world.resources).generate(world.operator, [pk], proof_of(world.resources, world.operator))
    return pk, name


def states(world: World, name: str = "ABC") -> list[KeyState]:
    return [key.state for key in Sessions(world.resources).find(world.operator, [name])[0].keys]


@pytest.mark.parametrize("back", BACK, ids=str)
def test_an_expired_key_pair_stays_expired(world: World, back: timedelta) -> None:
    pair(world)
    assert states(world) == [KeyState.ACTIVE]
    later(world, timedelta(days=400))
    assert states(world) == [KeyState.EXPIRED]
    clock_of(world.resources).advance(-max(back, timedelta(days=399)) if back > timedelta(days=300) else -back)
    assert states(world) == [KeyState.EXPIRED]
    # Whatever is recorded at the earlier time: the trail still says how late it was.
    event(world)
    assert states(world) == [KeyState.EXPIRED]


def test_an_expired_key_pair_verifies_no_logon(world: World) -> None:
    pk, _ = pair(world)
    change(world.resources, "UPDATE session SET kind = 'drop_copy' WHERE id = :pk", pk=pk)
    assert try_logon(world.resources)
    later(world, timedelta(days=400))
    clock_of(world.resources).advance(timedelta(days=-399))
    assert try_logon(world.resources) == ""


@pytest.mark.parametrize("back", BACK, ids=str)
def test_what_is_made_after_the_clock_was_set_back_lives(world: World, back: timedelta) -> None:
    """A clock that was ahead once does not end what is begun when it is right again."""
    later(world, back)
    clock_of(world.resources).advance(-back)
    pair(world)
    assert states(world) == [KeyState.ACTIVE]
    proof = proof_of(world.resources, world.operator)
    KeyPairs(world.resources).generate(world.operator, [add_session(world.resources, "ACME", "DEF")], proof)


def test_a_pair_of_an_earlier_version_is_guarded_from_the_upgrade_on(world: World) -> None:
    pair(world)
    change(world.resources, "UPDATE key_pair SET after_event = NULL")
    assert states(world) == [KeyState.ACTIVE]
    later(world, timedelta(days=400))
    clock_of(world.resources).advance(timedelta(days=-399))
    assert states(world) == [KeyState.EXPIRED]


def code(world: World) -> Callable[[], object]:
    proof, pk = proof_of(world.resources, world.operator), add_session(world.resources, "ACME", "COD")
    return lambda: KeyPairs(world.resources).generate(world.operator, [pk], proof)


def ticket(world: World) -> Callable[[], object]:
    name = ticket_of(world.resources, world.operator)
    return lambda: Parcels(world.resources).take(world.operator, name)


@pytest.mark.parametrize("back", BACK, ids=str)
@pytest.mark.parametrize("made", [code, ticket])
def test_a_code_or_a_ticket_that_was_over_stays_so(
    world: World, made: Callable[[World], Callable[[], object]], back: timedelta
) -> None:
    use = made(world)
    later(world, back)
    clock_of(world.resources).advance(-back + timedelta(minutes=1))
    with pytest.raises(DeskError):
        use()


@pytest.mark.parametrize("made", [code, ticket])
def test_the_control_a_code_and_a_ticket_hold_without_the_detour(
    world: World, made: Callable[[World], Callable[[], object]]
) -> None:
    use = made(world)
    clock_of(world.resources).advance(timedelta(minutes=1))
    use()


@pytest.mark.parametrize("back", BACK, ids=str)
def test_a_seat_that_was_over_stays_so(world: World, back: timedelta) -> None:
    resources = with_seats(world.resources)
    actor = seat_of(resources, world.operator)
    rules = rules_of(resources.settings, sandbox=True)
    assert rules is not None

    def ending() -> Ending | None:
        with reading(resources, world.operations) as uow:
            return ending_of(uow.tx.get_one(SeatRow, actor.seat), rules, uow)

    change(resources, "UPDATE seat SET machine = 'x', pid = 1, started = 1")
    later(world, back)
    clock_of(resources).advance(-back)
    # An hour is longer than nobody may be away.
    assert ending() is not None


def test_the_control_a_seat_in_use_goes_on(world: World) -> None:
    resources = with_seats(world.resources)
    actor = seat_of(resources, world.operator)
    rules = rules_of(resources.settings, sandbox=True)
    assert rules is not None
    with reading(resources, world.operations) as uow:
        assert ending_of(uow.tx.get_one(SeatRow, actor.seat), rules, uow) is None
