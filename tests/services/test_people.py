"""People and entitlements: who sees whom, who gives what to whom, and nobody to themselves (rules P1, P3, P4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dropcopy_tui.domain.accounts import PersonStatus
from dropcopy_tui.domain.errors import DeskError, InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.pages import Anchor, PageRequest
from dropcopy_tui.domain.people import DESK_ROLES, ENTITY_ROLES, Actor, Entitlement, Role
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.people.people import People
from tests.services.conftest import PHONE, World
from tests.services.factories import add_person, add_role, change, contents, new_group, one, rows

ADMIN = Role.USER_ADMINISTRATOR


@pytest.fixture
def people(world: World) -> People:
    return People(world.resources)


@pytest.fixture
def admin(world: World) -> Actor:
    return add_person(world.resources, "admin", ADMIN, entity="ACME")


@pytest.fixture
def ease(world: World) -> Actor:
    return add_person(world.resources, "ease", Role.EASE_AGENT)


def user_ids(people: People, actor: Actor, **how: Any) -> list[str]:
    return [line.user_id for line in people.page(actor, PageRequest(), **how).rows]


def roles_of(world: World, user_id: str) -> set[str]:
    """What the store holds."""
    found = rows(
        world.resources,
        "SELECT e.role, y.code FROM entitlement e JOIN person p ON p.id = e.person_id "
        "LEFT JOIN entity y ON y.id = e.entity_id WHERE p.user_id = :who",
        who=user_id,
    )
    return {f"{role}@{code}" if code else role for role, code in found}


def last_event(world: World) -> tuple[str, str, str, Any, Any]:
    """Who, what, about whom, before and after."""
    found = rows(
        world.resources, "SELECT person, action, subject, before, after FROM audit_event ORDER BY id DESC LIMIT 1"
    )
    person, action, subject, before, after = found[0]
    return person, action, subject, json.loads(before), json.loads(after)


def refused(attempt: Callable[[], Any], kind: type[DeskError] = NotEntitled) -> str:
    with pytest.raises(kind) as caught:
        attempt()
    return caught.value.message


# -- who sees whom


def test_a_user_administrator_sees_the_people_of_their_entities_only(
    people: People, world: World, admin: Actor
) -> None:
    add_role(world.resources, world.stranger, Role.READ_ONLY, "ACME")
    add_person(world.resources, "roleless")
    assert user_ids(people, admin) == ["admin", "operator", "stranger", "viewer"]
    held = {line.user_id: line.summary for line in people.page(admin, PageRequest()).rows}
    assert held["stranger"] == "ACME: read only"
    assert held["operator"] == "ACME: full access, key management"


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.AUDITOR, Role.EASE_AGENT])
def test_the_desks_own_people_see_everybody_and_every_role(people: People, world: World, role: Role) -> None:
    viewer = add_person(world.resources, "desk-person", role)
    add_person(world.resources, "roleless")
    assert set(user_ids(people, viewer)) >= {"operator", "stranger", "operations", "roleless"}
    assert user_ids(people, viewer, entity="OTHER") == ["stranger"]
    assert people.show(viewer, "operations").line.summary == "operations, auditor"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OPERATIONS, Role.AUDITOR, Role.EASE_AGENT, ADMIN}))
def test_nobody_else_sees_anybody(people: People, world: World, role: Role) -> None:
    actor = add_person(world.resources, "someone", role, entity="ACME")
    for attempt in (
        lambda: people.page(actor, PageRequest()),
        lambda: people.show(actor, "someone"),
        lambda: people.entities(actor),
        lambda: people.powers(actor),
        lambda: people.roles(actor, "operator", "ACME"),
        lambda: people.open_requests(actor, "operator"),
    ):
        assert "required role: EASE agent, auditor, operations or user administrator" in refused(attempt)
    assert last_event(world)[:3] == ("someone", "person:refused", "someone")


def test_who_may_not_be_seen_does_not_exist(people: People, admin: Actor) -> None:
    assert refused(lambda: people.show(admin, "stranger"), NotFound).replace("stranger", "nobody1") == refused(
        lambda: people.show(admin, "nobody1"), NotFound
    )
    refused(lambda: people.page(admin, PageRequest(), entity="OTHER"), NotFound)
    refused(lambda: people.page(admin, PageRequest(), entity="NONE"), NotFound)


def test_the_list_sorts_and_searches_by_every_column(people: People, world: World) -> None:
    add_person(world.resources, "zoe", Role.READ_ONLY, entity="ACME", disabled=True)
    until = world.resources.clock.now() + timedelta(hours=1)
    add_person(world.resources, "amy", Role.READ_ONLY, entity="ACME", locked_until=until)
    seer = world.operations
    for order in ("user_id", "name", "email", "status"):
        shown = [
            str(getattr(line, order)) for line in people.page(seer, PageRequest(order=order, descending=True)).rows
        ]
        assert shown == sorted(shown, reverse=True)
    assert [line.user_id for line in people.page(seer, PageRequest(match="locked")).rows] == ["amy"]
    assert [line.user_id for line in people.page(seer, PageRequest(match="ZOE disabled")).rows] == ["zoe"]
    assert [line.user_id for line in people.page(seer, PageRequest(match="viewer@firm")).rows] == ["viewer"]


def test_pages_in_order_of_status_miss_and_repeat_nobody(people: People, world: World) -> None:
    for number in range(7):
        add_person(world.resources, f"person{number}", disabled=number % 2 == 0)
    found: list[str] = []
    ask = PageRequest(order="status", limit=2)
    while True:
        page = people.page(world.operations, ask)
        found += [line.user_id for line in page.rows]
        if len(page.rows) < 2:
            break
        ask = PageRequest(order="status", limit=2, anchor=Anchor.AFTER, beside=page.cursors[-1])
    assert len(found) == len(set(found)) == one(world.resources, "SELECT count(*) FROM person")


def test_a_lock_that_is_over_is_no_lock(people: People, world: World) -> None:
    now = world.resources.clock.now()
    add_person(world.resources, "amy", locked_until=now)
    add_person(world.resources, "bob", locked_until=now + timedelta(seconds=1))
    status = {line.user_id: line.status for line in people.page(world.operations, PageRequest()).rows}
    assert (status["amy"], status["bob"]) == (PersonStatus.ACTIVE, PersonStatus.LOCKED)
    assert people.show(world.operations, "amy").locked_until is None


def test_a_persons_page_masks_the_phone_and_has_no_secret(people: People, world: World, admin: Actor) -> None:
    change(world.resources, "UPDATE person SET password_hash = 'scrypt$1$1$1$aa$bb' WHERE user_id = 'operator'")
    view = people.show(admin, "operator")
    assert (view.mobile, view.has_password, view.events) == ("···· 0123", True, ())
    assert PHONE not in repr(view)
    assert "scrypt" not in repr(view)


def test_who_may_audit_reads_what_was_recorded_about_a_person(people: People, world: World, admin: Actor) -> None:
    people.entitle(admin, "viewer", Role.FULL_ACCESS, "ACME")
    assert [moment.text for moment in people.show(world.operations, "viewer").events] == [
        "entitled; given full_access@ACME, by admin"
    ]
    assert people.show(admin, "viewer").events == ()


# -- who gives what


@pytest.mark.parametrize("role", sorted(ENTITY_ROLES))
def test_a_user_administrator_gives_and_takes_any_role_at_the_entity(
    people: People, world: World, admin: Actor, role: Role
) -> None:
    add_person(world.resources, "newcomer")
    line = people.entitle(admin, "newcomer", role, "ACME")
    assert line.entitlements == (Entitlement(role, "ACME"),)
    assert last_event(world) == (
        "admin", "person:entitled", "newcomer", {"roles": []},
        {"roles": [f"{role}@ACME"], "given": [f"{role}@ACME"], "taken": []},
    )  # fmt: skip
    people.disentitle(admin, "newcomer", role, "ACME")
    assert roles_of(world, "newcomer") == set()
    assert last_event(world)[1:4] == ("person:disentitled", "newcomer", {"roles": [f"{role}@ACME"]})


@pytest.mark.parametrize("role", sorted(Role))
@pytest.mark.parametrize("giver", [*sorted(Role), None])
def test_the_whole_table_of_who_may_give_what(people: People, world: World, giver: Role | None, role: Role) -> None:
    """At their own entity, and never at another one."""
    actor = add_person(world.resources, "giver", *([giver] if giver else []), entity="ACME")
    add_person(world.resources, "newcomer")
    place = "" if role in DESK_ROLES else "ACME"
    by_operations = giver is Role.OPERATIONS and (role in DESK_ROLES or role is ADMIN)
    if by_operations or (giver is ADMIN and role in ENTITY_ROLES):
        people.entitle(actor, "newcomer", role, place)
        assert len(roles_of(world, "newcomer")) == 1
    else:
        refused(lambda: people.entitle(actor, "newcomer", role, place))
        assert roles_of(world, "newcomer") == set()
    if giver is not Role.OPERATIONS and place:
        refused(lambda: people.entitle(actor, "newcomer", role, "OTHER"))


def test_operations_gives_no_role_that_works_with_groups(people: People, world: World) -> None:
    message = refused(lambda: people.entitle(world.operations, "viewer", Role.FULL_ACCESS, "ACME"))
    assert "required role: user administrator at ACME" in message
    assert "Nothing was changed" in message


def test_a_person_of_another_entity_may_be_given_a_role_by_user_id(people: People, world: World, admin: Actor) -> None:
    line = people.entitle(admin, "stranger", Role.READ_ONLY, "ACME")
    assert line.summary == "ACME: read only"
    assert roles_of(world, "stranger") == {"full_access@OTHER", "key_management@OTHER", "read_only@ACME"}


def test_what_is_so_already_is_refused_and_changes_nothing(people: People, world: World, admin: Actor) -> None:
    before = contents(world.resources)
    assert refused(lambda: people.entitle(admin, "viewer", Role.READ_ONLY, "ACME"), InvalidValue) == (
        "viewer already has read only at ACME. Nothing was changed."
    )
    assert refused(lambda: people.disentitle(admin, "viewer", Role.FULL_ACCESS, "ACME"), InvalidValue) == (
        "viewer does not have full access at ACME. Nothing was changed."
    )
    refused(lambda: people.change_roles(admin, "viewer"), InvalidValue)
    refused(lambda: people.entitle(admin, "nobody", Role.READ_ONLY, "ACME"), NotFound)
    refused(lambda: people.entitle(admin, "\udcff", Role.READ_ONLY, "ACME"), NotFound)
    refused(lambda: people.entitle(admin, "viewer", Role.READ_ONLY), InvalidValue)
    refused(lambda: people.entitle(world.operations, "viewer", Role.AUDITOR, "ACME"), InvalidValue)
    assert contents(world.resources) == before


def test_several_roles_change_together_or_not_at_all(people: People, world: World, admin: Actor) -> None:
    full, read = Entitlement(Role.FULL_ACCESS, "ACME"), Entitlement(Role.READ_ONLY, "ACME")
    refused(lambda: people.change_roles(admin, "viewer", [full, Entitlement(Role.FULL_ACCESS, "OTHER")], [read]))
    assert roles_of(world, "viewer") == {"read_only@ACME"}
    people.change_roles(admin, "viewer", [full], [read])
    assert roles_of(world, "viewer") == {"full_access@ACME"}
    assert last_event(world)[1] == "person:roles_changed"


def test_the_person_is_told_twice(people: People, world: World, admin: Actor) -> None:
    people.entitle(admin, "viewer", Role.FULL_ACCESS, "ACME")
    assert rows(world.resources, "SELECT person_id, text FROM notice") == [
        (world.viewer.person_id, "Your roles were changed")
    ]
    recipient, body = rows(world.resources, "SELECT recipient, body FROM outbox")[0]
    assert recipient == "viewer@firm.example"
    assert body == "Granted: full access at ACME. Changed by admin, effective immediately."


def test_a_running_session_loses_the_right_at_its_next_action(people: People, world: World, admin: Actor) -> None:
    groups, running = Groups(world.resources), world.operator
    groups.create(running, new_group("BEFORE"))
    people.disentitle(admin, "operator", Role.FULL_ACCESS, "ACME")
    refused(lambda: groups.create(running, new_group("AFTER")))
    people.entitle(admin, "operator", Role.FULL_ACCESS, "ACME")
    groups.create(running, new_group("AGAIN"))
    people.disable(world.operations, "operator")
    refused(lambda: groups.create(running, new_group("DISABLED")))
    assert one(world.resources, "SELECT count(*) FROM request") == 2


# -- nobody raises themselves


def test_nobody_gives_or_takes_a_role_of_their_own(people: People, world: World, admin: Actor) -> None:
    add_role(world.resources, admin, Role.OPERATIONS)
    for role in Role:
        place = "" if role in DESK_ROLES else "ACME"
        for verb in (people.entitle, people.disentitle):
            message = refused(lambda verb=verb, role=role, place=place: verb(admin, "ADMIN", role, place))  # type: ignore[misc]
            assert "your own account; someone else must" in message
    assert roles_of(world, "admin") == {"user_administrator@ACME", "operations"}


@pytest.mark.parametrize(
    "marks",
    [{"mobile": "(202) 555-0123 ", "email": "x@firm.example"}, {"email": "Admin+second@FIRM.example"}],
    ids=["phone", "mailbox"],
)
def test_nor_of_a_second_account_of_theirs(people: People, world: World, marks: dict[str, str]) -> None:
    admin = add_person(world.resources, "admin", ADMIN, entity="ACME", mobile="202 555 0123")
    add_role(world.resources, admin, Role.OPERATIONS)
    add_person(world.resources, "twin", Role.READ_ONLY, entity="ACME", disabled=True)
    for column, text in marks.items():
        change(world.resources, f"UPDATE person SET {column} = :text WHERE user_id = 'twin'", text=text)
    for attempt in (
        lambda: people.entitle(admin, "twin", Role.FULL_ACCESS, "ACME"),
        lambda: people.entitle(admin, "twin", Role.AUDITOR),
        lambda: people.disentitle(admin, "twin", Role.READ_ONLY, "ACME"),
        lambda: people.enable(admin, "twin"),
        lambda: people.invite_again(admin, "twin"),
    ):
        assert "your own account" in refused(attempt)
    assert roles_of(world, "twin") == {"read_only@ACME"}


def test_two_administrators_may_raise_each_other_but_it_is_on_record(
    people: People, world: World, admin: Actor
) -> None:
    other = add_person(world.resources, "other-admin", ADMIN, entity="ACME")
    people.entitle(other, "admin", Role.FULL_ACCESS, "ACME")
    assert last_event(world)[:3] == ("other-admin", "person:entitled", "admin")


def test_the_roles_to_choose_from_say_why_they_are_greyed(people: People, world: World, admin: Actor) -> None:
    choices = people.roles(admin, "operator", "ACME")
    assert [choice.entitlement.role for choice in choices] == [role for role in Role if role in ENTITY_ROLES]
    assert [choice.held for choice in choices] == [False, True, True, False, False]
    assert {choice.reason for choice in choices} == {""}
    assert {choice.reason for choice in people.roles(admin, "admin", "ACME")} == {
        "someone else must change your own roles"
    }
    by_role = {choice.entitlement.role: choice.reason for choice in people.roles(world.operations, "viewer", "ACME")}
    assert by_role[ADMIN] == ""
    assert by_role[Role.FULL_ACCESS] == "only by user administrator"
    assert {choice.reason for choice in people.roles(world.operations, "viewer")} == {""}


# -- accounts


def test_disabling_needs_every_place_where_the_person_has_a_role(people: People, world: World, admin: Actor) -> None:
    add_role(world.resources, world.viewer, Role.READ_ONLY, "OTHER")
    assert "only operations can disable" in refused(lambda: people.disable(admin, "viewer"))
    add_role(world.resources, admin, ADMIN, "OTHER")
    assert people.disable(admin, "viewer").person.status is PersonStatus.DISABLED
    people.enable(admin, "viewer")
    add_role(world.resources, world.viewer, Role.AUDITOR)
    for attempt in (people.disable, people.invite_again):
        refused(lambda attempt=attempt: attempt(admin, "viewer"))  # type: ignore[misc]
    people.disable(world.operations, "viewer")
    refused(lambda: people.enable(admin, "viewer"))


def test_an_administrator_who_audits_too_gains_nothing_over_others(people: People, world: World, admin: Actor) -> None:
    """They see everybody, but administer the people of their entity only."""
    add_role(world.resources, admin, Role.AUDITOR)
    add_person(world.resources, "roleless")
    for user_id in ("stranger", "roleless", "operations"):
        assert "only operations can disable" in refused(lambda who=user_id: people.disable(admin, who))  # type: ignore[misc]
    assert people.disable(admin, "viewer")


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.EASE_AGENT])
def test_who_only_looks_disables_nobody(people: People, world: World, role: Role) -> None:
    actor = add_person(world.resources, "looker", role)
    add_person(world.resources, "roleless")
    for user_id in ("viewer", "roleless"):
        refused(lambda who=user_id: people.disable(actor, who))  # type: ignore[misc]
        refused(lambda who=user_id: people.invite_again(actor, who))  # type: ignore[misc]
    assert people.powers(actor).administers is False


def test_open_requests_of_a_disabled_person_stay_and_are_counted(people: People, world: World, admin: Actor) -> None:
    for name in ("ONE", "TWO"):
        Groups(world.resources).create(world.operator, new_group(name))
    assert people.open_requests(admin, "operator") == 2
    assert people.disable(admin, "operator").open_requests == 2
    assert one(world.resources, "SELECT count(*) FROM request WHERE status = 'in_progress'") == 2
    assert last_event(world) == ("admin", "person:disabled", "operator", {"disabled": False}, {"disabled": True})
    refused(lambda: people.disable(admin, "operator"), InvalidValue)
    assert people.enable(admin, "operator").status is PersonStatus.ACTIVE
    refused(lambda: people.enable(admin, "operator"), InvalidValue)


def test_nobody_disables_themselves(people: People, world: World) -> None:
    assert "your own account" in refused(lambda: people.disable(world.operations, "operations"))


def test_only_ease_unlocks_and_never_themselves(people: People, world: World, admin: Actor, ease: Actor) -> None:
    change(world.resources, "UPDATE person SET failed_tries = 5, locked_until = '2026-03-04 18:00:00'")
    for actor in (admin, world.operations, world.operator):
        refused(lambda actor=actor: people.unlock(actor, "viewer"))  # type: ignore[misc]
    assert "your own account" in refused(lambda: people.unlock(ease, "ease"))
    assert people.unlock(ease, "viewer").status is PersonStatus.ACTIVE
    assert one(world.resources, "SELECT failed_tries FROM person WHERE user_id = 'viewer'") == 0
    assert last_event(world)[:3] == ("ease", "person:unlocked", "viewer")
    refused(lambda: people.unlock(ease, "viewer"), InvalidValue)
    refused(lambda: people.unlock(ease, "nobody"), NotFound)


def test_a_disabled_administrator_administers_nobody(people: People, world: World, admin: Actor) -> None:
    people.disable(world.operations, "admin")
    for attempt in (
        lambda: people.page(admin, PageRequest()),
        lambda: people.entitle(admin, "viewer", Role.FULL_ACCESS, "ACME"),
        lambda: people.disable(admin, "viewer"),
    ):
        refused(attempt)
