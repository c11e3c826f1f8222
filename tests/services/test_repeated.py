"""A submit that is repeated because its answer was lost gives the first answer, and submits nothing again."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from dropcopy_tui.domain.errors import ChangedMeanwhile, InvalidValue
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.services.groups.drafts import DraftFields, Drafts
from dropcopy_tui.services.groups.groups import GroupEdit, Groups
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.store.engine import Store
from tests.services.asking import made, process
from tests.services.conftest import World
from tests.services.factories import FixedEntropy, new_group, one, open_resources, rows

Submit = Callable[[World], list[str]]


def create(world: World) -> list[str]:
    return [Groups(world.resources).create(world.operator, new_group("NEW"), "op-1").id]


def edit(world: World) -> list[str]:
    return [Groups(world.resources).edit(world.operator, "RATES", GroupEdit(name="RATES 2"), "ACME", "op-1").id]


def delete(world: World) -> list[str]:
    return [view.id for view in Groups(world.resources).delete(world.operator, ["RATES"], "ACME", "op-1")]


def draft(world: World) -> list[str]:
    """The wizard's way: draft and version name the act."""
    pk, version = drafted(world)
    return [Drafts(world.resources).submit(world.operator, pk, version).id]


def drafted(world: World) -> tuple[int, int]:
    found = rows(world.resources, "SELECT id, version FROM draft WHERE name = 'BY HAND'")
    if found:
        return found[0]
    drafts = Drafts(world.resources)
    row = drafts.start(world.operator, "brokertec_us", "ACME")
    saved = drafts.save(
        world.operator, row.id, row.version, DraftFields("ACME", "BY HAND", world.front_end, (Filter.TRADE_BUST,))
    )
    from dropcopy_tui.domain.pages import Selection

    drafts.add(world.operator, saved.id, Selection(everything=True))
    return rows(world.resources, "SELECT id, version FROM draft WHERE name = 'BY HAND'")[0]


SUBMITS = (create, edit, delete, draft)


@pytest.fixture
def ready(world: World) -> World:
    made(world)
    drafted(world)
    return world


@pytest.mark.parametrize("submit", SUBMITS)
def test_the_first_answer_is_returned_again(ready: World, submit: Submit) -> None:
    first = submit(ready)
    before = one(ready.resources, "SELECT count(*) FROM audit_event")
    assert submit(ready) == first
    assert one(ready.resources, "SELECT count(*) FROM audit_event") == before


@pytest.mark.parametrize("submit", SUBMITS)
def test_also_once_it_is_set_up(ready: World, submit: Submit) -> None:
    first = submit(ready)
    process(ready.resources)
    assert submit(ready) == first
    assert Requests(ready.resources).show(ready.operator, first[0]).status.value == "completed"


@pytest.mark.parametrize("submit", SUBMITS)
def test_an_answer_that_was_lost_behind_the_commit(ready: World, submit: Submit) -> None:
    """The process is gone in the moment after its commit: whoever asked does not know, and asks again."""
    before = one(ready.resources, "SELECT max(id) FROM request")
    place = ready.resources.store.place
    ready.resources.store.close()
    child = os.fork()
    if not child:
        _killed_behind_its_commit(ready, submit, place)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 77
    ((reference,),) = rows(ready.resources, "SELECT reference FROM request WHERE id > :it", it=before)
    assert submit(ready) == [reference]
    assert one(ready.resources, "SELECT max(id) FROM request") == before + 1


def _killed_behind_its_commit(world: World, submit: Submit, place: object) -> None:
    try:
        from dataclasses import replace

        resources = open_resources(place, entropy=FixedEntropy())  # type: ignore[arg-type]
        commit = Store._commit

        def commit_and_die(self: Store, session: object) -> None:
            commit(self, session)  # type: ignore[arg-type]
            os._exit(77)

        Store._commit = commit_and_die  # type: ignore[method-assign,assignment]
        submit(replace(world, resources=resources))
    finally:
        os._exit(1)


def test_the_control_without_an_id_it_is_asked_for_twice(world: World) -> None:
    groups = Groups(world.resources)
    made(world)
    assert groups.delete(world.operator, ["RATES"])
    with pytest.raises(ChangedMeanwhile):
        groups.delete(world.operator, ["RATES"])


def test_an_id_names_one_act(ready: World) -> None:
    (first,) = create(ready)
    with pytest.raises(InvalidValue, match=f"op-1 was given to another act, which submitted {first}"):
        Groups(ready.resources).create(ready.operator, new_group("ANOTHER"), "op-1")
    with pytest.raises(InvalidValue, match="was given to another act"):
        delete(ready)


def test_an_id_is_its_persons_own(ready: World) -> None:
    from dropcopy_tui.domain.people import Role
    from tests.services.factories import add_person

    other = add_person(ready.resources, "colleague", Role.FULL_ACCESS, entity="ACME")
    (first,) = create(ready)
    (second,) = [Groups(ready.resources).create(other, new_group("OTHER"), "op-1").id]
    assert first != second


def test_a_draft_that_was_changed_is_another_act(ready: World) -> None:
    pk, version = drafted(ready)
    with pytest.raises(ChangedMeanwhile):
        Drafts(ready.resources).submit(ready.operator, pk, version - 1)
    (first,) = draft(ready)
    with pytest.raises(Exception, match="draft"):
        Drafts(ready.resources).submit(ready.operator, pk, version - 1)
    assert draft(ready) == [first]


@pytest.mark.parametrize("op_id", ["a b", "x" * 65, "\x1b[2J", "draft 1 1"])
def test_what_an_id_may_be(world: World, op_id: str) -> None:
    with pytest.raises(InvalidValue, match="1 to 64"):
        Groups(world.resources).create(world.operator, new_group(), op_id)
