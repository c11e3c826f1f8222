"""Where the site asks for it, granting a role takes a second factor, bound to the person and the roles (rule P2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dropcopy_tui.domain.errors import FactorNeeded, InvalidValue, NotEntitled, SecondFactorFailed
from dropcopy_tui.domain.people import Actor, Entitlement, Role
from dropcopy_tui.services.ease.ease import Ease
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import Proof, Purpose, grant_scope
from dropcopy_tui.services.people.people import People
from tests.services.conftest import World
from tests.services.factories import CODE, WRONG_CODE, add_person, add_role, one, proof_of, rows

FULL = Entitlement(Role.FULL_ACCESS, "ACME")
KEYS = Entitlement(Role.KEY_MANAGEMENT, "ACME")
READ = Entitlement(Role.READ_ONLY, "ACME")
MAILBOX = "new-one@firm.example"


@pytest.fixture
def strict(world: World) -> People:
    """A site that asks for a second factor before a role is granted."""
    settings = replace(world.resources.settings, role_grant_factor=True)
    return People(replace(world.resources, settings=settings))


@pytest.fixture
def admin(world: World) -> Actor:
    actor = add_person(world.resources, "chief", mobile="+1 202 555 0177")
    add_role(world.resources, actor, Role.USER_ADMINISTRATOR, "ACME")
    return actor


def bound(world: World, admin: Actor, *roles: Entitlement, user: str = "viewer", email: str = "") -> Proof:
    scope = grant_scope(user, roles, email)
    return Proof(Factors(world.resources).start(admin, "sms", Purpose.ROLES, scope).id, CODE)


def held(world: World, user_id: str) -> set[str]:
    sql = "SELECT role FROM entitlement JOIN person p ON p.id = person_id WHERE p.user_id = :who"
    return {role for (role,) in rows(world.resources, sql, who=user_id)}


def invite(people: People, admin: Actor, proof: Proof | None = None, email: str = MAILBOX) -> str:
    return people.invite(admin, "new-one", "New", email, "", "ACME", [Role.READ_ONLY], proof).person.user_id


def test_without_a_factor_nothing_is_granted(world: World, strict: People, admin: Actor) -> None:
    with pytest.raises(FactorNeeded, match="dropcopy people challenge"):
        strict.entitle(admin, "viewer", Role.FULL_ACCESS, "ACME")
    with pytest.raises(FactorNeeded):
        invite(strict, admin)
    assert held(world, "viewer") == {"read_only"}
    assert one(world.resources, "SELECT count(*) FROM person WHERE user_id = 'new-one'") == 0
    # Taking a role away waits for no code.
    strict.disentitle(admin, "viewer", Role.READ_ONLY, "ACME")
    assert held(world, "viewer") == set()


def test_a_code_grants_what_it_was_asked_for_and_nothing_else(world: World, strict: People, admin: Actor) -> None:
    proof = bound(world, admin, KEYS)
    for user, role in (("viewer", FULL), ("stranger", KEYS)):
        with pytest.raises(SecondFactorFailed, match="a different action"):
            strict.change_roles(admin, user, give=[role], proof=proof)
    with pytest.raises(SecondFactorFailed, match="a different action"):
        strict.change_roles(admin, "viewer", give=[KEYS, FULL], proof=proof)
    assert held(world, "viewer") == {"read_only"}
    strict.change_roles(admin, "viewer", give=[KEYS], take=[READ], proof=proof)
    assert held(world, "viewer") == {"key_management"}
    strict.change_roles(admin, "viewer", take=[KEYS])
    with pytest.raises(SecondFactorFailed, match="already been used"):
        strict.change_roles(admin, "viewer", give=[KEYS], proof=proof)


def test_a_code_for_key_pairs_grants_no_role(world: World, strict: People, admin: Actor) -> None:
    with pytest.raises(SecondFactorFailed, match="a different action"):
        strict.entitle(admin, "viewer", Role.KEY_MANAGEMENT, "ACME", proof_of(world.resources, admin))
    assert held(world, "viewer") == {"read_only"}


def test_an_invitation_is_bound_to_its_mailbox(world: World, strict: People, admin: Actor) -> None:
    proof = bound(world, admin, READ, user="new-one", email=MAILBOX)
    with pytest.raises(SecondFactorFailed, match="a different action"):
        invite(strict, admin, proof, "elsewhere@firm.example")
    assert invite(strict, admin, proof) == "new-one"
    assert held(world, "new-one") == {"read_only"}


def test_a_wrong_code_is_counted_and_nothing_is_left_of_the_invitation(
    world: World, strict: People, admin: Actor
) -> None:
    proof = replace(bound(world, admin, READ, user="new-one", email=MAILBOX), code=WRONG_CODE)
    with pytest.raises(SecondFactorFailed, match="2 attempts left"):
        invite(strict, admin, proof)
    assert one(world.resources, "SELECT tries FROM challenge") == 1
    assert one(world.resources, "SELECT count(*) FROM person WHERE user_id = 'new-one'") == 0


def test_what_is_refused_anyway_uses_no_code(world: World, strict: People, admin: Actor) -> None:
    proof = bound(world, admin, READ)
    with pytest.raises(InvalidValue, match="already has"):
        strict.entitle(admin, "viewer", Role.READ_ONLY, "ACME", proof)
    with pytest.raises(NotEntitled):
        strict.entitle(admin, "viewer", Role.OPERATIONS, "", proof)
    assert one(world.resources, "SELECT used_at FROM challenge") is None


def test_ease_offers_a_code_for_it_where_it_is_asked_for(world: World, strict: People, admin: Actor) -> None:
    agent = add_person(world.resources, "agent")
    add_role(world.resources, agent, Role.EASE_AGENT, None)
    assert Purpose.ROLES not in Ease(world.resources).caller(agent, "chief").purposes
    settings = replace(world.resources.settings, role_grant_factor=True)
    ease = Ease(replace(world.resources, settings=settings))
    assert Purpose.ROLES in ease.caller(agent, "chief").purposes
    code = ease.issue(agent, "chief", Purpose.ROLES, ("callback", "email")).code
    assert strict.entitle(admin, "viewer", Role.FULL_ACCESS, "ACME", Proof("ease", code)).entitlements
    assert held(world, "viewer") == {"read_only", "full_access"}


def test_without_the_rule_granting_stays_as_it_was(world: World, admin: Actor) -> None:
    People(world.resources).entitle(admin, "viewer", Role.FULL_ACCESS, "ACME")
    assert held(world, "viewer") == {"read_only", "full_access"}
