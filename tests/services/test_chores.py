"""The round of chores: each on its own, nothing taken away that is still needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dropcopy_tui.domain.errors import NotEntitled, StoreBusy
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning, SetUpRun
from dropcopy_tui.services.outbox.delivery import Mailing
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.tick import Chores, Part, Round
from tests.services.conftest import World
from tests.services.factories import FrozenClock, change, contents, new_group, one, proof_of, rows


def chores(resources: Resources, provisioning: Provisioning | None = None) -> Chores:
    return Chores(resources, provisioning or Provisioning(resources), Mailing(resources))


def part(done: Round, name: str) -> Part:
    return next(found for found in done.parts if found.name == name)


class Broken(Provisioning):
    """Set-up that fails."""

    def __init__(self, resources: Resources, how: Exception) -> None:
        super().__init__(resources)
        self._how = how

    def process(self, actor: object) -> SetUpRun:
        raise self._how


def test_what_was_asked_for_is_set_up_in_the_same_round(world: World) -> None:
    Groups(world.resources).create(world.operator, new_group())
    done = chores(world.resources).tick(world.operations)
    assert done.went_through
    assert part(done, "set-up").counts["ended"] == 1
    assert "A sandbox never sends" in part(done, "outbox").note
    assert part(chores(world.resources).tick(DESK), "set-up").counts["ended"] == 0


def test_it_needs_operations(world: World) -> None:
    for actor in (world.operator, world.viewer, world.stranger):
        with pytest.raises(NotEntitled):
            chores(world.resources).tick(actor)


def test_a_part_that_fails_does_not_stop_the_others(world: World) -> None:
    done = chores(world.resources, Broken(world.resources, StoreBusy("The disk is full."))).tick(world.operations)
    assert not done.went_through
    assert part(done, "set-up").refusal == "The disk is full."
    assert [found.name for found in done.parts] == ["set-up", "expiry", "outbox", "clean-up"]
    assert not part(done, "clean-up").refusal


def test_what_nobody_foresaw_is_raised_after_the_others_were_done(world: World, old_challenge: str) -> None:
    with pytest.raises(ZeroDivisionError):
        chores(world.resources, Broken(world.resources, ZeroDivisionError())).tick(world.operations)
    assert rows(world.resources, "SELECT id FROM challenge WHERE id = :it", it=old_challenge) == []


@pytest.fixture
def old_challenge(world: World) -> str:
    """A second factor that ended more than thirty days ago."""
    challenge = proof_of(world.resources, world.operator).challenge
    clock = world.resources.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(timedelta(days=30, minutes=6))
    return challenge


def test_old_challenges_go_and_young_ones_stay(world: World, old_challenge: str) -> None:
    young = proof_of(world.resources, world.operator).challenge
    done = chores(world.resources).tick(world.operations)
    assert part(done, "clean-up").counts == {"challenges": 1, "notices": 0, "parcels": 0, "seats": 0}
    assert rows(world.resources, "SELECT id FROM challenge") == [(young,)]
    assert one(world.resources, "SELECT after FROM audit_event WHERE action = 'store:cleaned'") == (
        '{"challenges": 1, "notices": 0, "parcels": 0, "seats": 0}'
    )


def test_how_long_things_are_kept_is_a_setting(world: World, old_challenge: str) -> None:
    longer = replace(world.resources, settings=replace(world.resources.settings, challenge_life=timedelta(days=31)))
    assert part(chores(longer).tick(world.operations), "clean-up").counts["challenges"] == 0
    assert old_challenge


@pytest.mark.parametrize(
    ("age", "left"), [(timedelta(days=179), 1), (timedelta(days=180), 1), (timedelta(days=180, seconds=1), 0)]
)
def test_notices_go_long_after_they_were_read(world: World, age: timedelta, left: int) -> None:
    Groups(world.resources).create(world.operator, new_group())
    read = (world.resources.clock.now() - age).strftime("%Y-%m-%d %H:%M:%S.%f")
    change(world.resources, "UPDATE notice SET read_at = :read", read=read)
    chores(world.resources, Broken(world.resources, StoreBusy("not now"))).tick(world.operations)
    assert one(world.resources, "SELECT COUNT(*) FROM notice") == left


def test_unread_notices_stay_for_ever(world: World) -> None:
    Groups(world.resources).create(world.operator, new_group())
    change(world.resources, "UPDATE notice SET at = '2001-01-01 00:00:00.000000'")
    before = one(world.resources, "SELECT COUNT(*) FROM notice")
    chores(world.resources, Broken(world.resources, StoreBusy("not now"))).tick(world.operations)
    assert one(world.resources, "SELECT COUNT(*) FROM notice") == before


def test_a_round_with_nothing_to_do_changes_nothing(world: World) -> None:
    chores(world.resources).tick(world.operations)
    before = contents(world.resources)
    chores(world.resources).tick(world.operations)
    assert contents(world.resources) == before


@pytest.mark.parametrize("hours", [1, 24, 24 * 365])
def test_a_clock_that_went_back_is_recorded_once_and_operations_is_told(world: World, hours: int) -> None:
    clock = world.resources.clock
    assert isinstance(clock, FrozenClock)
    Groups(world.resources).create(world.operator, new_group())
    clock.advance(timedelta(hours=-hours))
    # An event in between does not hide it.
    Groups(world.resources).create(world.operator, new_group(name="OTHER"))
    for _ in range(2):
        chores(world.resources).tick(world.operations)
    (event,) = rows(world.resources, "SELECT before, after FROM audit_event WHERE action = 'clock:went_back'")
    assert '"times": 1' in event[1]
    told = rows(world.resources, "SELECT text FROM notice WHERE text LIKE 'The clock%'")
    assert told == [("The clock of a host went back",)]
    clock.advance(timedelta(hours=-hours))
    chores(world.resources).tick(world.operations)
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'clock:went_back'") == 2


def test_two_hosts_may_differ_by_two_minutes(world: World) -> None:
    clock = world.resources.clock
    assert isinstance(clock, FrozenClock)
    Groups(world.resources).create(world.operator, new_group())
    clock.advance(timedelta(minutes=-2))
    chores(world.resources).tick(world.operations)
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'clock:went_back'") == 0
