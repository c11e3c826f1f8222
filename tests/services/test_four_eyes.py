"""Four eyes: nobody approves what they asked for, by a second account or a puppet; every door obeys it (P3, Q3)."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from sqlalchemy import text

from dropcopy_tui.domain.errors import NotEntitled
from dropcopy_tui.domain.people import Actor, Entitlement, Role
from dropcopy_tui.services.imports.imports import ImportKind, ImportReport, Imports
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.requests.requests import Requests
from tests.services.asking import advance, approvals_always, ask_for, manager_of, to_do
from tests.services.conftest import World
from tests.services.factories import add_person, add_role, approve, one, prove, rows

HEAD = b"user_id,name,email,roles,mobile\n"


@pytest.fixture
def admin(world: World) -> Actor:
    """The operator of ACME is its user administrator, too."""
    add_role(world.resources, world.operator, Role.USER_ADMINISTRATOR, "ACME")
    approvals_always(world.resources)
    return world.operator


@pytest.mark.parametrize(
    ("email", "mobile"),
    [
        ("twin@firm.example", "202 555 0123"),
        ("twin@firm.example", "001-202-555-0123"),
        ("twin@firm.example", "+1 (202) 555.0123"),
        ("oper.ator@firm.example", None),
        ("operator+two@firm.example", None),
    ],
)
def test_a_second_account_is_recognised_however_it_is_written(world: World, email: str, mobile: str | None) -> None:
    approvals_always(world.resources)
    twin = manager_of(world, "ACME", "twin", mobile=mobile)
    with world.resources.store.write() as tx:
        tx.execute(text("UPDATE person SET email = :email WHERE user_id = 'twin'"), {"email": email})
        prove(tx, world.resources)
    request = ask_for(world)
    with pytest.raises(NotEntitled, match="another account of yours"):
        approve(world.resources, request, twin)


def by_invitation(world: World, admin: Actor) -> Actor:
    People(world.resources).invite(
        admin, "puppet", "Puppet", "puppet@elsewhere.example", "", "ACME", [Role.ADMINISTRATIVE_MANAGER]
    )
    return Actor(one(world.resources, "SELECT id FROM person WHERE user_id = 'puppet'"), "puppet", "Puppet")


def by_entitlement(world: World, admin: Actor) -> Actor:
    puppet = add_person(world.resources, "puppet", Role.READ_ONLY, entity="ACME")
    People(world.resources).entitle(admin, "puppet", Role.ADMINISTRATIVE_MANAGER, "ACME")
    return puppet


def by_two_steps(world: World, admin: Actor) -> Actor:
    """A helper whom the requester made a user administrator entitles the puppet."""
    helper = add_person(world.resources, "helper", Role.READ_ONLY, entity="ACME")
    People(world.resources).change_roles(admin, "helper", give=[_at(Role.USER_ADMINISTRATOR)])
    return by_entitlement(world, helper)


def _at(role: Role) -> Entitlement:
    return Entitlement(role, "ACME")


@pytest.mark.parametrize("make", [by_invitation, by_entitlement, by_two_steps])
def test_a_puppet_does_not_approve(world: World, admin: Actor, make: Callable[[World, Actor], Actor]) -> None:
    puppet = make(world, admin)
    request = ask_for(world)
    assert to_do(world.resources, puppet) == []
    told = one(world.resources, "SELECT count(*) FROM notice WHERE person_id = :it", it=puppet.person_id)
    assert told == (make is not by_invitation), "of the role, and not of the request"
    assert Requests(world.resources).may_decide(puppet, request.id)[0] is False
    with pytest.raises(NotEntitled, match="invited you or granted you a role within the last 30 days"):
        approve(world.resources, request, puppet)
    advance(world.resources, days=30)
    assert to_do(world.resources, puppet) == [request.id]
    assert approve(world.resources, request, puppet)


def test_an_approver_whom_somebody_else_entitled_approves(world: World, admin: Actor) -> None:
    other = add_person(world.resources, "other-admin", Role.USER_ADMINISTRATOR, entity="ACME")
    manager = by_entitlement(world, other)
    request = ask_for(world)
    assert to_do(world.resources, manager) == [request.id]
    assert approve(world.resources, request, manager)


# -- imports


def imported(world: World, *lines: str) -> ImportReport:
    text = HEAD + "\n".join(lines).encode() + b"\n"
    return Imports(world.resources).import_csv(world.operations, ImportKind.PEOPLE, io.BytesIO(text))


def test_an_import_gives_no_role_that_user_administrators_give(world: World, admin: Actor) -> None:
    report = imported(world, "new,New,new@firm.example,full_access@ACME,")
    assert report.imported == 0
    assert "user administrators of ACME" in report.errors[0].reason
    assert imported(world, "new,New,new@firm.example,user_administrator@ACME;gam,").imported == 1


def test_an_import_still_fills_an_entity_that_has_no_user_administrator(world: World) -> None:
    report = imported(
        world, "new,New,new@firm.example,full_access@ACME,", "boss,Boss,boss@firm.example,user_administrator@ACME,"
    )
    assert report.imported == 2
    given = rows(world.resources, "SELECT given_by, given_at IS NOT NULL FROM entitlement ORDER BY id DESC LIMIT 2")
    assert given == [(world.operations.person_id, 1)] * 2


@pytest.mark.parametrize("line", ["new,New,operations+2@firm.example,gam,", "new,New,new@firm.example,gam,2025550199"])
def test_nobody_imports_an_account_of_their_own(world: World, line: str) -> None:
    with world.resources.store.write() as tx:
        tx.connection().exec_driver_sql("UPDATE person SET mobile = '+1 202 555 0199' WHERE user_id = 'operations'")
        prove(tx, world.resources)
    report = imported(world, line)
    assert report.imported == 0
    assert "your own account" in report.errors[0].reason
