"""People who ask, approve and set up: what the tests of requests have in common."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.groups import GroupEdit, Groups
from dropcopy_tui.services.groups.provisioning import Provisioning, SetUpRun
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.views import GroupView, RequestView
from tests.services.conftest import World
from tests.services.factories import FrozenClock, add_person, change, contents, new_group, rows


def ask_for(world: World, name: str = "RATES", **more: Any) -> RequestView:
    """The operator asks for a group with every SenderComp of ACME in BrokerTec U.S."""
    return Groups(world.resources).create(world.operator, new_group(name, **more))


def process(resources: Resources) -> SetUpRun:
    """Everything that is due is set up."""
    return Provisioning(resources).process_as_desk()


def made(world: World, name: str = "RATES", **more: Any) -> GroupView:
    """A group that is set up already."""
    ask_for(world, name, **more)
    (ended,) = process(world.resources).ended
    assert ended.status is RequestStatus.COMPLETED, ended.reasons
    return Groups(world.resources).show(world.operator, ended.group_id or 0)


def edit(world: World, group: str | int = "RATES", actor: Actor | None = None, **what: Any) -> RequestView:
    """Somebody, the operator unless said otherwise, asks for a change."""
    return Groups(world.resources).edit(actor or world.operator, group, GroupEdit(**what))


def edited(world: World, group: str | int = "RATES", actor: Actor | None = None, **what: Any) -> RequestView:
    """A change that is carried out already."""
    request = edit(world, group, actor, **what)
    process(world.resources)
    shown = Requests(world.resources).show(actor or world.operator, request.id)
    assert shown.status is RequestStatus.COMPLETED, shown.reasons
    return shown


def manager_of(world: World, entity: str, user_id: str = "", **more: Any) -> Actor:
    """An administrative manager of an entity."""
    return add_person(
        world.resources, user_id or f"{entity.lower()}-manager", Role.ADMINISTRATIVE_MANAGER, entity=entity, **more
    )


def approvals_always(resources: Resources, entity: str = "ACME") -> None:
    """From now on the entity approves its own requests."""
    change(resources, "UPDATE entity SET approvals = 'always' WHERE code = :it", it=entity)


def guaranteed_by(resources: Resources, entity: str | None, sender_comp: str) -> None:
    """The SenderComp is guaranteed by this firm from now on; None: by nobody but its own."""
    guarantor = f"(SELECT id FROM entity WHERE code = '{entity}')" if entity else "NULL"
    change(resources, f"UPDATE sender_comp SET guarantor_id = {guarantor} WHERE sender_comp_id = :it", it=sender_comp)


def show(world: World, request: RequestView) -> RequestView:
    """The request as its requester sees it now."""
    return Requests(world.resources).show(world.operator, request.id)


def to_do(resources: Resources, actor: Actor) -> list[str]:
    """The references in a person's To Do."""
    return [view.id for view in Requests(resources).to_do(actor, PageRequest()).rows]


def mails_to(resources: Resources, actor: Actor) -> list[str]:
    """The subjects of a person's emails, each of which has its notice."""
    mails = [subject for (subject,) in rows(
        resources, "SELECT subject FROM outbox WHERE person_id = :it AND channel = 'email' ORDER BY id",
        it=actor.person_id,
    )]  # fmt: skip
    notices = [text for (text,) in rows(
        resources, "SELECT text FROM notice WHERE person_id = :it ORDER BY id", it=actor.person_id
    )]  # fmt: skip
    assert mails == notices
    return mails


def bodies_to(resources: Resources, actor: Actor) -> list[str]:
    """What those emails say."""
    sql = "SELECT body FROM outbox WHERE person_id = :it AND channel = 'email' ORDER BY id"
    return [body for (body,) in rows(resources, sql, it=actor.person_id)]


def advance(resources: Resources, **by: float) -> None:
    """Time passes."""
    assert isinstance(resources.clock, FrozenClock)
    resources.clock.advance(timedelta(**by))


def changed_tables(resources: Resources, before: dict[str, list[tuple[Any, ...]]]) -> set[str]:
    """The tables that are not as they were."""
    after = contents(resources)
    return {table for table in before if before[table] != after[table]}
