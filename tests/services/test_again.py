"""A request that was denied, cancelled or failed is asked again as a draft with its content."""

from __future__ import annotations

import pytest

from dropcopy_tui.domain.errors import ChangedMeanwhile, InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.people import Role
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.edits import GroupEdits
from dropcopy_tui.services.groups.groups import GroupEdit, Groups
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.views import RequestView
from tests.services.asking import made, process
from tests.services.conftest import World
from tests.services.factories import add_person, change, new_group, one


def cancelled(world: World, request: RequestView) -> RequestView:
    return Requests(world.resources).cancel(world.operator, request.id)


def again(world: World, request: RequestView) -> RequestView:
    draft = GroupEdits(world.resources).again(world.operator, request.id)
    return Drafts(world.resources).submit(world.operator, draft.id, draft.version)


def becomes(world: World, status: str) -> None:
    sql = "UPDATE sender_comp SET status = :status WHERE sender_comp_id = :it"
    change(world.resources, sql, status=status, it=world.sources[0])


def test_a_failed_creation_begins_again_with_everything(world: World) -> None:
    asked = Groups(world.resources).create(world.operator, new_group("RATES", sources=tuple(world.sources[:2])))
    change(
        world.resources, "UPDATE sender_comp SET status = 'inactive' WHERE sender_comp_id = :it", it=world.sources[0]
    )
    (failed,) = process(world.resources).ended
    assert (failed.id, failed.status) == (asked.id, "failed")
    becomes(world, "active")
    draft = GroupEdits(world.resources).again(world.operator, asked.id)
    assert (draft.name, draft.entity, draft.sources, draft.step) == ("RATES", "ACME", 2, 6)
    assert Filter.TRADE_FILL_NOTICE in draft.filters
    assert (
        one(world.resources, "SELECT after FROM audit_event ORDER BY id DESC LIMIT 1") == f'{{"again": "{asked.id}"}}'
    )
    second = Drafts(world.resources).submit(world.operator, draft.id, draft.version)
    assert second.id != asked.id
    assert process(world.resources).ended[0].status == "completed"


def test_an_edit_begins_again_where_it_began_so_that_others_are_not_overwritten(world: World) -> None:
    made(world, sources=tuple(world.sources[:2]))
    groups = Groups(world.resources)
    first = cancelled(world, groups.edit(world.operator, "RATES", GroupEdit(name="BONDS", add=(world.sources[2],))))
    groups.edit(world.operator, "RATES", GroupEdit(filters=(Filter.TRADE_BUST,)))
    process(world.resources)
    draft = GroupEdits(world.resources).again(world.operator, first.id)
    review = Drafts(world.resources).review(world.operator, draft.id)
    assert review.changes is not None
    assert "changed the filters" in review.changes.stale
    merged = GroupEdits(world.resources).catch_up(world.operator, draft.id)
    changes = GroupEdits(world.resources).changes(world.operator, merged.id)
    assert ([each.field for each in changes.fields], changes.added, changes.removed) == (["name"], 1, 0)


def test_what_cannot_be_asked_again_says_why(world: World) -> None:
    made(world)
    edits, groups = GroupEdits(world.resources), Groups(world.resources)
    going = groups.edit(world.operator, "RATES", GroupEdit(name="BONDS"))
    with pytest.raises(InvalidValue, match="is in progress: only a denied, cancelled or failed request"):
        edits.again(world.operator, going.id)
    ended = cancelled(world, going)
    deletion = cancelled(world, groups.delete(world.operator, ["RATES"])[0])
    with pytest.raises(InvalidValue, match="has no content to copy: request delete group again"):
        edits.again(world.operator, deletion.id)
    assert edits.may_ask_again(world.operator, ended.id) == (True, "")
    edits.again(world.operator, ended.id)
    with pytest.raises(ChangedMeanwhile, match="You already have a draft that edits RATES"):
        edits.again(world.operator, ended.id)
    with pytest.raises(NotEntitled):
        edits.again(world.viewer, ended.id)
    with pytest.raises(NotFound):
        edits.again(world.stranger, ended.id)
    colleague = add_person(world.resources, "colleague", Role.FULL_ACCESS, entity="ACME")
    assert edits.again(colleague, ended.id).group == "RATES"
    groups.delete(world.operator, ["RATES"])
    process(world.resources)
    assert edits.may_ask_again(world.operator, ended.id)[1].startswith("RATES was deleted by operator")
