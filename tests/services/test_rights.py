"""Who may do what, looked up at every call (rule P3)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from dropcopy_tui.domain.errors import DeskError, NotEntitled, NotFound
from dropcopy_tui.domain.pages import PageRequest, Selection
from dropcopy_tui.domain.people import DESK_ROLES, Actor, Role
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.drafts import DraftFields, Drafts
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.imports.imports import ImportKind, Imports
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.outbox.outbox import Outbox
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.sendercomps import SenderComps
from dropcopy_tui.services.sessions.sessions import Sessions
from tests.services.conftest import World
from tests.services.factories import (
    add_person,
    add_session,
    change,
    contents,
    new_group,
    one,
    open_resources,
    proof_of,
)

# Each verb on ACME, where a session with the primary key 1 is.
VERBS: dict[str, Callable[[Resources, Actor], Any]] = {
    "see groups": lambda resources, actor: Groups(resources).page(actor, PageRequest(), entity="ACME"),
    "see sendercomps": lambda resources, actor: SenderComps(resources).page(actor, "ACME", PageRequest()),
    "see sessions": lambda resources, actor: Sessions(resources).get(actor, 1),
    "create groups": lambda resources, actor: Groups(resources).create(actor, new_group()),
    "start drafts": lambda resources, actor: Drafts(resources).start(actor, "brokertec_us", "ACME"),
    "list front ends": lambda resources, actor: Drafts(resources).front_ends(actor, "ACME"),
    "ask the fee": lambda resources, actor: Drafts(resources).fee(actor, "ACME"),
    "plan keys": lambda resources, actor: KeyPairs(resources).plan(actor, [1]),
    "generate keys": lambda resources, actor: KeyPairs(resources).generate(actor, [1], proof_of(resources, actor)),
    "process": lambda resources, actor: Provisioning(resources).process(actor),
    "import": lambda resources, actor: Imports(resources).import_csv(
        actor, ImportKind("entities"), io.BytesIO(b"entity,name\n")
    ),
    "read the outbox": lambda resources, actor: Outbox(_real(resources)).page(actor, PageRequest()),
    "audit": lambda resources, actor: Audit(resources).page(actor, PageRequest()),
    "verify": lambda resources, actor: Audit(resources).verify(actor),
}
SEE = {"see groups", "see sendercomps", "see sessions"}
GROUPS = {"create groups", "start drafts", "list front ends", "ask the fee"}
KEYS = {"plan keys", "generate keys"}
OPERATE = {"process", "import", "read the outbox"}
AUDIT = {"audit", "verify"}
ALLOWED: dict[Role | None, set[str]] = {
    None: set(),
    Role.READ_ONLY: SEE,
    Role.FULL_ACCESS: SEE | GROUPS,
    Role.KEY_MANAGEMENT: SEE | KEYS,
    Role.ADMINISTRATIVE_MANAGER: SEE,
    Role.USER_ADMINISTRATOR: SEE,
    Role.EASE_AGENT: set(),
    Role.GAM: SEE,
    Role.OPERATIONS: SEE | OPERATE | AUDIT,
    Role.AUDITOR: SEE | AUDIT,
}


def _real(resources: Resources) -> Resources:
    return open_resources(resources.store.place, sandbox=False)


def person_with(world: World, role: Role | None, entity: str = "ACME") -> Actor:
    roles = () if role is None else (role,)
    place = None if role in DESK_ROLES else entity
    return add_person(world.resources, "someone", *roles, entity=place, mobile="+1 202 555 0199")


def may(world: World, actor: Actor, verb: str) -> bool:
    try:
        VERBS[verb](world.resources, actor)
    except (NotEntitled, NotFound):
        return False
    return True


@pytest.fixture(autouse=True)
def session(world: World) -> int:
    return add_session(world.resources, "ACME", "ABC")


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_allows_these_verbs_and_no_other(world: World, role: Role | None) -> None:
    actor = person_with(world, role)
    assert {verb for verb in VERBS if may(world, actor, verb)} == ALLOWED[role]


@pytest.mark.parametrize("role", sorted(set(Role) - DESK_ROLES))
def test_a_role_at_another_entity_allows_nothing_here(world: World, role: Role) -> None:
    actor = person_with(world, role, "OTHER")
    assert {verb for verb in VERBS if may(world, actor, verb)} == set()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("how", ["DELETE FROM entitlement", "UPDATE person SET disabled = true"])
def test_a_right_that_was_taken_away_is_gone_at_the_next_call(world: World, role: Role, how: str) -> None:
    actor = person_with(world, role)
    assert {verb for verb in VERBS if may(world, actor, verb)} == ALLOWED[role]
    change(world.resources, how)
    assert {verb for verb in VERBS if may(world, actor, verb)} == set()


@pytest.mark.parametrize("how", ["DELETE FROM entitlement", "UPDATE person SET disabled = true"])
def test_a_draft_opens_nothing_once_the_right_is_gone(world: World, how: str) -> None:
    """It names an entity whose SenderComps its owner may not see any more."""
    drafts, me = Drafts(world.resources), world.operator
    draft = drafts.start(me, "brokertec_us", "ACME")
    draft = drafts.save(me, draft.id, draft.version, DraftFields("ACME", "RATES", world.front_end, step=5))
    change(world.resources, how)
    before = contents(world.resources)
    for attempt in (
        lambda: drafts.available(me, draft.id, "", PageRequest()),
        lambda: drafts.added(me, draft.id, "", PageRequest()),
        lambda: drafts.firms(me, draft.id),
        lambda: drafts.add(me, draft.id, Selection(everything=True)),
        lambda: drafts.remove(me, draft.id, Selection(everything=True)),
        lambda: drafts.review(me, draft.id),
        lambda: drafts.save(me, draft.id, draft.version, DraftFields("ACME")),
        lambda: drafts.submit(me, draft.id, draft.version),
    ):
        with pytest.raises(NotEntitled):
            attempt()
    after = contents(world.resources)
    assert {table for table in before if before[table] != after[table]} == {"audit_event"}
    if "disabled" not in how:
        drafts.discard(me, draft.id)


def test_a_request_stays_with_who_asked_and_is_gone_for_who_only_saw_it(world: World) -> None:
    request = Groups(world.resources).create(world.operator, new_group())
    change(world.resources, "DELETE FROM entitlement")
    assert Requests(world.resources).show(world.operator, request.id)
    with pytest.raises(NotFound):
        Requests(world.resources).show(world.viewer, request.id)


def test_an_actor_who_claims_to_be_somebody_proves_nothing(world: World) -> None:
    """Rights hang on the primary key, not on the name."""
    for actor in (Actor(999, "operations", "Operations"), Actor(0, "operations", ""), Actor(0, "desk", "", "desk")):
        with pytest.raises(NotEntitled):
            Provisioning(world.resources).process(actor)


def test_a_refusal_says_what_is_needed_and_where(world: World) -> None:
    with pytest.raises(NotEntitled) as caught:
        Groups(world.resources).create(world.viewer, new_group())
    assert caught.value.message == (
        "viewer does not have the required role: full access at ACME. Ask a user administrator. Nothing was changed."
    )
    with pytest.raises(NotEntitled, match=r"required role: operations\. "):
        Provisioning(world.resources).process(world.viewer)


@pytest.mark.parametrize("verb", sorted(GROUPS | KEYS | OPERATE))
def test_a_refusal_changes_nothing_but_leaves_an_event(world: World, verb: str) -> None:
    actor = person_with(world, None)
    before = contents(world.resources)
    with pytest.raises(DeskError):
        VERBS[verb](world.resources, actor)
    after = contents(world.resources)
    changed = {table for table in before if before[table] != after[table]}
    started = {"challenge", "outbox"} if verb == "generate keys" else set()
    assert changed - {"audit_event"} == started
    if verb in GROUPS - {"list front ends", "ask the fee"} | OPERATE:
        assert after["audit_event"][-1][4] == "person:refused"


def test_the_desk_itself_may_set_up_and_nothing_else(world: World) -> None:
    from dropcopy_tui.services.rights import DESK

    allowed = {verb for verb in set(VERBS) - {"generate keys"} if may(world, DESK, verb)}
    assert allowed - SEE - AUDIT == OPERATE
    assert one(world.resources, "SELECT count(*) FROM request") == 0
