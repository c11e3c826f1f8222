"""Front End Mapping (rule G8): who changes it, and what becomes of the groups that use a system."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dropcopy_tui.domain.errors import DeskError, InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import DESK_ROLES, Actor, Role
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.front_ends import FrontEnds
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from tests.services.conftest import World
from tests.services.factories import FRONT_END, add_front_end, add_person, change, contents, new_group, one, rows


@pytest.fixture
def front_ends(world: World) -> FrontEnds:
    return FrontEnds(world.resources)


@pytest.fixture
def admin(world: World) -> Actor:
    return add_person(world.resources, "admin", Role.USER_ADMINISTRATOR, entity="ACME")


@pytest.fixture
def foreign(world: World) -> int:
    """A front end system that only the other entity may use."""
    return add_front_end(world.resources, "OTHER", "Order Shelf", "1.0")


def refused(attempt: Callable[[], Any], kind: type[DeskError] = NotEntitled) -> str:
    with pytest.raises(kind) as caught:
        attempt()
    return caught.value.message


def set_up(world: World, *names: str) -> None:
    for name in names:
        Groups(world.resources).create(world.operator, new_group(name))
    Provisioning(world.resources).process_as_desk()


def test_every_known_system_is_listed_with_mapping_and_use(front_ends: FrontEnds, world: World, foreign: int) -> None:
    set_up(world, "ONE", "TWO")
    lines = front_ends.page(world.viewer, "ACME", PageRequest()).rows
    assert [(line.front_end.title, line.mapped, line.groups) for line in lines] == [
        ("Ladder One 4.2", True, 2),
        ("Order Shelf 1.0", False, 0),
    ]
    assert [line.groups for line in front_ends.page(world.stranger, "OTHER", PageRequest()).rows] == [0, 0]


@pytest.mark.parametrize("order", ["name", "version", "vendor", "mapped", "groups"])
def test_the_list_sorts_by_every_column(front_ends: FrontEnds, world: World, foreign: int, order: str) -> None:
    up = [line.front_end.id for line in front_ends.page(world.viewer, "ACME", PageRequest(order=order)).rows]
    down = [
        line.front_end.id
        for line in front_ends.page(world.viewer, "ACME", PageRequest(order=order, descending=True)).rows
    ]
    assert up == down[::-1]
    assert len(up) == 2
    found = front_ends.page(world.viewer, "ACME", PageRequest(match="shelf 1.0", order=order)).rows
    assert [line.front_end.id for line in found] == [foreign]


def test_a_deleted_group_uses_nothing(front_ends: FrontEnds, world: World) -> None:
    set_up(world, "ONE")
    change(world.resources, "UPDATE drop_copy_group SET deleted_at = created_at")
    assert front_ends.page(world.viewer, "ACME", PageRequest()).rows[0].groups == 0
    assert front_ends.users(world.viewer, "ACME", world.front_end) == ()


def test_who_may_not_see_the_entity_sees_no_mapping(front_ends: FrontEnds, world: World) -> None:
    for attempt in (
        lambda: front_ends.page(world.stranger, "ACME", PageRequest()),
        lambda: front_ends.users(world.stranger, "ACME", world.front_end),
        lambda: front_ends.may_map(world.stranger, "ACME"),
        lambda: front_ends.page(world.viewer, "NONE", PageRequest()),
    ):
        refused(attempt, NotFound)


@pytest.mark.parametrize("role", sorted(Role))
def test_user_administrators_of_the_entity_map_and_nobody_else(
    front_ends: FrontEnds, world: World, foreign: int, role: Role
) -> None:
    for entity in ("ACME", "OTHER"):
        actor = add_person(world.resources, f"at-{entity.lower()}", role, entity=None if role in DESK_ROLES else entity)
        if role is Role.USER_ADMINISTRATOR and entity == "ACME":
            assert front_ends.may_map(actor, "ACME")
            front_ends.map(actor, "ACME", foreign)
            front_ends.unmap(actor, "ACME", foreign)
            continue
        before = contents(world.resources)
        for attempt in (
            lambda actor=actor: front_ends.map(actor, "ACME", foreign),
            lambda actor=actor: front_ends.map_new(actor, "ACME", "Mine", "1", ""),
            lambda actor=actor: front_ends.unmap(actor, "ACME", world.front_end),
        ):
            assert "required role: user administrator at ACME" in refused(attempt)  # type: ignore[arg-type]
        after = contents(world.resources)
        assert {table for table in before if before[table] != after[table]} == {"audit_event"}


def test_a_mapped_system_can_be_chosen_and_an_unmapped_one_not(
    front_ends: FrontEnds, world: World, admin: Actor, foreign: int
) -> None:
    drafts = Drafts(world.resources)
    front_ends.map(admin, "ACME", foreign)
    assert foreign in [system.id for system in drafts.front_ends(world.operator, "ACME")]
    front_ends.unmap(admin, "ACME", foreign)
    assert foreign not in [system.id for system in drafts.front_ends(world.operator, "ACME")]


def test_unmapping_says_who_uses_it_and_keeps_them_working(front_ends: FrontEnds, world: World, admin: Actor) -> None:
    set_up(world, "TWO", "one")
    before = rows(world.resources, "SELECT * FROM drop_copy_group")
    assert front_ends.users(admin, "ACME", world.front_end) == ("one", "TWO")
    assert front_ends.unmap(admin, "ACME", world.front_end).groups == ("one", "TWO")
    assert rows(world.resources, "SELECT * FROM drop_copy_group") == before
    assert Groups(world.resources).show(world.viewer, "one").front_end.name == FRONT_END
    assert "No front end system" in refused(
        lambda: Groups(world.resources).create(world.operator, new_group("THREE")), InvalidValue
    )


def test_a_new_system_is_made_known_once(front_ends: FrontEnds, world: World, admin: Actor) -> None:
    made = front_ends.map_new(admin, "ACME", " Quote Press ", "5.0", "Sample F")
    assert (made.name, made.version, made.vendor) == ("Quote Press", "5.0", "Sample F")
    front_ends.unmap(admin, "ACME", made.id)
    assert front_ends.map_new(admin, "ACME", "Quote Press", "5.0", "Sample F").id == made.id
    assert one(world.resources, "SELECT count(*) FROM front_end WHERE name = 'Quote Press'") == 1


def test_every_change_is_an_event(front_ends: FrontEnds, world: World, admin: Actor) -> None:
    made = front_ends.map_new(admin, "ACME", "Quote Press", "5.0")
    front_ends.unmap(admin, "ACME", made.id)
    found = rows(
        world.resources,
        "SELECT person, action, entity, subject, before, after FROM audit_event ORDER BY id DESC LIMIT 2",
    )
    assert [row[:4] for row in found] == [
        ("admin", "front_end:unmapped", "ACME", "Quote Press"),
        ("admin", "front_end:mapped", "ACME", "Quote Press"),
    ]
    assert [json.loads(row[4])["mapped"] for row in found] == [True, False]
    assert json.loads(found[1][5]) == {"mapped": True, "version": "5.0", "vendor": "", "made": True}


@pytest.mark.parametrize(
    ("name", "version", "vendor", "field"),
    [
        ("", "", "", "name"),
        ("x" * 31, "", "", "name"),
        ("x", "v" * 11, "", "version"),
        ("x", "", "v" * 11, "vendor"),
        ("\x1b[31m", "", "", "name"),
        ("x", "1\n2", "", "version"),
        ("x", "", "\u202e", "vendor"),
    ],
)
def test_the_widths_of_the_logon_tags_hold(
    front_ends: FrontEnds, world: World, admin: Actor, name: str, version: str, vendor: str, field: str
) -> None:
    before = contents(world.resources)
    with pytest.raises(InvalidValue) as caught:
        front_ends.map_new(admin, "ACME", name, version, vendor)
    assert caught.value.field == field
    assert contents(world.resources) == before
    assert front_ends.map_new(admin, "ACME", "x" * 30, "v" * 10, "w" * 10)


def test_what_is_so_already_is_refused(front_ends: FrontEnds, world: World, admin: Actor, foreign: int) -> None:
    before = contents(world.resources)
    assert "is already mapped to ACME" in refused(lambda: front_ends.map(admin, "ACME", world.front_end), InvalidValue)
    assert "already" in refused(lambda: front_ends.map_new(admin, "ACME", FRONT_END, "4.2"), InvalidValue)
    assert "is not mapped to ACME" in refused(lambda: front_ends.unmap(admin, "ACME", foreign), InvalidValue)
    for attempt in (front_ends.map, front_ends.unmap, front_ends.users):
        refused(lambda attempt=attempt: attempt(admin, "ACME", 999), NotFound)  # type: ignore[misc]
    assert contents(world.resources) == before
