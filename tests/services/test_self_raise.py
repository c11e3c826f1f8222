"""No sequence of verbs gives whoever acts, under any of their accounts, a role they did not have (rule P3)."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.people import DESK_ROLES, Actor, Role
from dropcopy_tui.domain.places import Place
from dropcopy_tui.services.base import Resources, entity_named
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.rights import same_person_ids
from dropcopy_tui.store.tables import EntitlementRow
from tests.services.conftest import World
from tests.services.factories import FixedEntropy, add_person, add_role, open_resources, prove
from tests.stores import copy_store

PHONE = "+1 202 555 0142"
ROLES = st.sampled_from(sorted(Role))
PLACES = st.sampled_from(["", "ACME", "OTHER"])
TARGETS = st.sampled_from(["me", "twin", "helper", "viewer", "operations", "made0", "made1"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["entitle", "disentitle"]), TARGETS, ROLES, PLACES),
        st.tuples(st.sampled_from(["disable", "enable", "unlock", "invite_again"]), TARGETS),
        st.tuples(st.just("invite"), st.sampled_from(["made0", "made1"]), ROLES, PLACES, st.booleans()),
    ),
    max_size=14,
)
Step = tuple[Any, ...]


def act(people: People, me: Actor, step: Step) -> None:
    """One verb; a refusal is an answer too."""
    verb, target, *rest = step
    with suppress(DeskError):
        if verb == "invite":
            role, place, mine = rest
            mailbox = f"me+{target}@firm.example" if mine else f"{target}@firm.example"
            people.invite(me, target, "Somebody", mailbox, "", "" if role in DESK_ROLES else place, [role])
        elif rest:
            role, place = rest
            getattr(people, verb)(me, target, role, "" if role in DESK_ROLES else place)
        else:
            getattr(people, verb)(me, target)


def power(resources: Resources, me: Actor) -> set[tuple[int, str, int | None]]:
    """What the accounts of the person may do: the roles of those that are not disabled."""
    sql = text(
        "SELECT e.person_id, e.role, e.entity_id FROM entitlement e JOIN person p ON p.id = e.person_id "
        "WHERE NOT p.disabled"
    )
    with resources.store.read() as session:
        own = same_person_ids(session, me.person_id)
        return {(pk, role, place) for pk, role, place in session.execute(sql) if pk in own}


@pytest.fixture(scope="module")
def ground(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Actor]:
    """Me without a role, a second account of mine with some, and a stranger who administers too."""
    place = copy_store(first_world.resources.store.place, tmp_path_factory.mktemp("ground") / "store.db")
    resources = open_resources(place)
    me = add_person(resources, "me", mobile=PHONE)
    twin = add_person(resources, "twin", Role.READ_ONLY, entity="ACME", mobile=PHONE)
    add_role(resources, twin, Role.USER_ADMINISTRATOR, "OTHER")
    add_person(resources, "helper", Role.USER_ADMINISTRATOR, entity="ACME")
    resources.store.close()
    return place, me


def arrange(resources: Resources, me: Actor, mine: list[tuple[Role, str]], twin_shut: bool) -> None:
    """My roles, and whether my second account is disabled."""
    with resources.store.write() as session:
        for role, place in mine:
            entity_id = entity_named(session, place).id if place else None
            session.add(EntitlementRow(person_id=me.person_id, role=role.value, entity_id=entity_id))
        session.execute(text("UPDATE person SET disabled = :shut WHERE user_id = 'twin'"), {"shut": twin_shut})
        prove(session, resources)


MINE = st.lists(
    st.sampled_from(
        [
            (Role.USER_ADMINISTRATOR, "ACME"),
            (Role.USER_ADMINISTRATOR, "OTHER"),
            (Role.OPERATIONS, ""),
            (Role.EASE_AGENT, ""),
            (Role.AUDITOR, ""),
        ]
    ),
    min_size=1,
    max_size=4,
    unique=True,
)


@settings(max_examples=40, deadline=None)
@given(mine=MINE, twin_shut=st.booleans(), steps=STEPS)
def test_nobody_ever_raises_themselves(
    ground: tuple[Place, Actor], mine: list[tuple[Role, str]], twin_shut: bool, steps: list[Step]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        folder.mkdir(mode=0o700)
        template, me = ground
        resources = open_resources(copy_store(template, folder / "store.db"), entropy=FixedEntropy())
        arrange(resources, me, mine, twin_shut)
        people, before = People(resources), power(resources, me)
        for step in steps:
            act(people, me, step)
            assert power(resources, me) == before, step
        resources.store.close()
