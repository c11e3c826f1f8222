"""Drafts: what was entered stays, belongs to one person, and becomes a request whole or not at all (rule G2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dropcopy_tui.domain.errors import ChangedMeanwhile, DeskError, InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import Gateway
from dropcopy_tui.domain.pages import PageRequest, Selection
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.services.groups.drafts import DraftFields, Drafts
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.views import DraftView, FirmCount
from tests.services.conftest import World
from tests.services.factories import (
    add_entity,
    add_front_end,
    add_role,
    add_sender_comps,
    change,
    contents,
    new_group,
    one,
    rows,
)

EVERYTHING = Selection(everything=True)


@pytest.fixture
def drafts(world: World) -> Drafts:
    return Drafts(world.resources)


@pytest.fixture
def fields(world: World) -> DraftFields:
    """A whole draft but for its sources."""
    return DraftFields("ACME", "RATES", world.front_end, (Filter.TRADE_FILL_NOTICE,), 6)


@pytest.fixture
def ready(world: World, drafts: Drafts, fields: DraftFields) -> DraftView:
    """A draft that can be submitted."""
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    saved = drafts.save(world.operator, draft.id, draft.version, fields)
    return drafts.add(world.operator, saved.id, EVERYTHING)


def names(drafts: Drafts, world: World, draft: DraftView, which: str = "added", gfid: str = "") -> list[str]:
    page = getattr(drafts, which)(world.operator, draft.id, gfid, PageRequest())
    return [row.sender_comp_id for row in page.rows]


def test_a_draft_begins_empty_at_the_entity(world: World, drafts: Drafts) -> None:
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    assert (draft.entity, draft.name, draft.front_end, draft.sources, draft.version) == ("ACME", "", None, 0, 1)
    assert drafts.mine(world.operator) == (draft,)


@pytest.mark.parametrize(("market", "entity"), [("moon", "ACME"), ("brokertec_us", "NONE"), ("brokertec_us", "OTHER")])
def test_a_draft_cannot_begin_where_one_may_not_be(world: World, drafts: Drafts, market: str, entity: str) -> None:
    with pytest.raises(DeskError):
        drafts.start(world.operator, market, entity)
    assert drafts.mine(world.operator) == ()


def test_what_was_entered_is_kept(world: World, drafts: Drafts, fields: DraftFields) -> None:
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    saved = drafts.save(world.operator, draft.id, draft.version, fields)
    again = Drafts(world.resources).get(world.operator, draft.id)
    assert again == saved
    assert (again.name, again.filters, again.step) == (fields.name, fields.filters, fields.step)
    assert again.front_end is not None
    assert again.front_end.id == world.front_end


def test_what_is_not_right_yet_is_kept_too(world: World, drafts: Drafts) -> None:
    draft = drafts.start(world.operator, "brokertec_us")
    kept = drafts.save(world.operator, draft.id, 1, DraftFields(name=" \x07 too long" + "x" * 80, step=99))
    assert kept.name.startswith(" \x07")
    assert kept.step == 6


@pytest.mark.parametrize(
    "wrong", [{"name": "x" * 1_001}, {"front_end_id": 999}, {"entity": "NONE"}, {"entity": "OTHER"}]
)
def test_what_cannot_be_kept_is_refused(
    world: World, drafts: Drafts, fields: DraftFields, wrong: dict[str, str]
) -> None:
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    with pytest.raises(DeskError):
        drafts.save(world.operator, draft.id, draft.version, replace(fields, **wrong))  # type: ignore[arg-type]
    assert drafts.get(world.operator, draft.id) == draft


def test_the_second_of_two_windows_is_told(world: World, drafts: Drafts, fields: DraftFields) -> None:
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    drafts.save(world.operator, draft.id, draft.version, fields)
    before = contents(world.resources)
    with pytest.raises(ChangedMeanwhile):
        drafts.save(world.operator, draft.id, draft.version, replace(fields, name="MINE"))
    with pytest.raises(ChangedMeanwhile):
        drafts.submit(world.operator, draft.id, draft.version)
    assert contents(world.resources) == before


def test_adding_sources_counts_as_a_change(world: World, drafts: Drafts, ready: DraftView) -> None:
    drafts.remove(world.operator, ready.id, Selection(frozenset({1})))
    with pytest.raises(ChangedMeanwhile):
        drafts.submit(world.operator, ready.id, ready.version)


def test_another_entity_sets_aside_what_belongs_to_the_first(world: World, drafts: Drafts, ready: DraftView) -> None:
    add_role(world.resources, world.operator, Role.FULL_ACCESS, "OTHER")
    elsewhere = DraftFields("OTHER", "RATES", world.front_end, ready.filters)
    moved = drafts.save(world.operator, ready.id, ready.version, elsewhere)
    assert (moved.entity, moved.name, moved.front_end, moved.sources) == ("OTHER", "RATES", None, 0)
    assert [draft.id for draft in drafts.mine(world.operator)] == [ready.id]
    back = drafts.save(world.operator, ready.id, moved.version, replace(elsewhere, entity="ACME", front_end_id=None))
    assert (back.front_end, back.sources, back.filters) == (ready.front_end, ready.sources, ready.filters)
    assert one(world.resources, "SELECT count(*) FROM draft WHERE parked_for IS NOT NULL") == 0
    gone = drafts.save(world.operator, ready.id, back.version, elsewhere)
    drafts.discard(world.operator, ready.id, gone.version)
    assert one(world.resources, "SELECT count(*) FROM draft") == one(
        world.resources, "SELECT count(*) FROM draft_source"
    )


def test_what_was_set_aside_is_forgotten_on_submit(world: World, drafts: Drafts, ready: DraftView) -> None:
    add_role(world.resources, world.operator, Role.FULL_ACCESS, "OTHER")
    away = drafts.save(world.operator, ready.id, ready.version, DraftFields("OTHER", "RATES", None, ready.filters))
    sources = add_sender_comps(world.resources, "OTHER", 1, gfid="OT001")
    front_end = add_front_end(world.resources, "OTHER", "Other One", "1")
    fields = DraftFields("OTHER", "RATES", front_end, ready.filters)
    there = drafts.save(world.operator, ready.id, away.version, fields)
    there = drafts.add(world.operator, ready.id, Selection(everything=True))
    drafts.submit(world.operator, ready.id, there.version)
    assert one(world.resources, "SELECT count(*) FROM draft") == 1
    assert one(world.resources, "SELECT count(*) FROM draft_source") == len(sources)


def test_the_same_entity_keeps_its_sources(world: World, drafts: Drafts, ready: DraftView, fields: DraftFields) -> None:
    assert drafts.save(world.operator, ready.id, ready.version, replace(fields, name="X")).sources == 3


def test_sources_are_added_and_removed_one_by_one(world: World, drafts: Drafts) -> None:
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    assert names(drafts, world, draft, "available") == world.sources
    assert drafts.add(world.operator, draft.id, Selection(frozenset({1, 2}))).sources == 2
    assert names(drafts, world, draft) == world.sources[:2]
    assert names(drafts, world, draft, "available") == world.sources[2:]
    assert drafts.remove(world.operator, draft.id, Selection(frozenset({1}))).sources == 1
    assert names(drafts, world, draft) == world.sources[1:2]


def test_sources_that_match_are_added_and_removed_at_once(world: World, drafts: Drafts) -> None:
    add_sender_comps(world.resources, "ACME", 4, gfid="XY9")
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    drafts.add(world.operator, draft.id, Selection(everything=True, match="xy9"))
    assert names(drafts, world, draft) == ["AAAXY9P", "AABXY9P", "AACXY9P", "AADXY9P"]
    drafts.add(world.operator, draft.id, Selection(everything=True, keys=frozenset({1})), gfid="AB123")
    assert names(drafts, world, draft, gfid="AB123") == world.sources[1:]
    drafts.remove(world.operator, draft.id, Selection(everything=True, match="aac"))
    assert names(drafts, world, draft) == ["AAAXY9P", "AABAB123P", "AABXY9P", "AADXY9P"]
    assert drafts.remove(world.operator, draft.id, EVERYTHING, gfid="XY9").sources == 1
    assert drafts.firms(world.operator, draft.id) == (FirmCount("AB123", 3), FirmCount("XY9", 4))


def test_adding_twice_changes_nothing(world: World, drafts: Drafts, ready: DraftView) -> None:
    assert drafts.add(world.operator, ready.id, EVERYTHING).sources == 3
    assert drafts.add(world.operator, ready.id, Selection(frozenset({1}))).sources == 3


def test_only_usable_sources_are_offered_and_added(world: World, drafts: Drafts) -> None:
    add_sender_comps(world.resources, "ACME", 1, gfid="OLD", status="inactive")
    add_sender_comps(world.resources, "ACME", 1, gfid="EUR", market="brokertec_eu")
    add_sender_comps(world.resources, "OTHER", 1, gfid="OTH")
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    assert names(drafts, world, draft, "available") == world.sources
    every_key = frozenset(range(1, 7))
    drafts.add(world.operator, draft.id, Selection(every_key))
    assert names(drafts, world, draft) == world.sources


def test_a_hundred_thousand_are_added_and_taken_out_at_once(world: World, drafts: Drafts) -> None:
    add_sender_comps(world.resources, "ACME", 100_000, gfid="BIG")
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    assert drafts.add(world.operator, draft.id, EVERYTHING, gfid="BIG").sources == 100_000
    assert drafts.remove(world.operator, draft.id, EVERYTHING).sources == 0


def test_a_draft_is_its_owners_alone(world: World, drafts: Drafts, ready: DraftView, fields: DraftFields) -> None:
    """Even from a colleague of the same entity, with the same rights."""
    add_role(world.resources, world.stranger, Role.FULL_ACCESS, "ACME")
    before = contents(world.resources)
    them = world.stranger
    for attempt in (
        lambda: drafts.get(them, ready.id),
        lambda: drafts.save(them, ready.id, ready.version, fields),
        lambda: drafts.available(them, ready.id, "", PageRequest()),
        lambda: drafts.added(them, ready.id, "", PageRequest()),
        lambda: drafts.firms(them, ready.id),
        lambda: drafts.add(them, ready.id, EVERYTHING),
        lambda: drafts.remove(them, ready.id, EVERYTHING),
        lambda: drafts.review(them, ready.id),
        lambda: drafts.submit(them, ready.id, ready.version),
        lambda: drafts.discard(them, ready.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert drafts.mine(them) == ()
    assert contents(world.resources) == before


def test_submit_makes_one_request_and_the_draft_is_gone(world: World, drafts: Drafts, ready: DraftView) -> None:
    request = drafts.submit(world.operator, ready.id, ready.version)
    assert (request.status, request.subject, request.entity) == (RequestStatus.IN_PROGRESS, "RATES", "ACME")
    assert request.asked["sources"] == 3
    assert request.asked["filters"] == ["heartbeat", "reject", "trade_fill_notice"]
    assert drafts.mine(world.operator) == ()
    # Whoever lost the answer asks again: the same request, and no second one.
    assert drafts.submit(world.operator, ready.id, ready.version).id == request.id
    with pytest.raises(NotFound):
        drafts.discard(world.operator, ready.id)
    assert one(world.resources, "SELECT count(*) FROM request") == 1


def test_every_problem_is_listed_in_the_order_of_the_steps(world: World, drafts: Drafts) -> None:
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    found = drafts.review(world.operator, draft.id).problems
    starts = ("Group name is empty", "Select a front end", "Select at least one optional", "Add at least one source")
    assert len(found) == len(starts)
    assert all(problem.startswith(start) for problem, start in zip(found, starts, strict=True))
    before = contents(world.resources)
    with pytest.raises(InvalidValue) as caught:
        drafts.submit(world.operator, draft.id, draft.version)
    assert all(problem in caught.value.message for problem in found)
    assert caught.value.message.endswith("Nothing was submitted; the draft is kept.")
    assert contents(world.resources) == before


def test_a_draft_without_an_entity_asks_for_one(world: World, drafts: Drafts) -> None:
    draft = drafts.start(world.operator, "brokertec_us")
    assert drafts.review(world.operator, draft.id).problems == ("Select a Registered Entity.",)
    with pytest.raises(InvalidValue, match="Registered Entity"):
        drafts.submit(world.operator, draft.id, draft.version)


@pytest.mark.parametrize("name", ["RATES", "rates", " Rates "])
def test_a_name_that_a_group_has_is_taken(
    world: World, drafts: Drafts, ready: DraftView, fields: DraftFields, name: str
) -> None:
    Groups(world.resources).create(world.operator, new_group("RATES"))
    Provisioning(world.resources).process_as_desk()
    renamed = drafts.save(world.operator, ready.id, ready.version, replace(fields, name=name))
    with pytest.raises(InvalidValue, match="has a group named"):
        drafts.submit(world.operator, ready.id, renamed.version)


def test_a_name_of_a_deleted_group_or_of_another_entity_is_free(world: World, drafts: Drafts, ready: DraftView) -> None:
    Groups(world.resources).create(world.operator, new_group("RATES"))
    Provisioning(world.resources).process_as_desk()
    change(world.resources, "UPDATE drop_copy_group SET deleted_at = created_at")
    assert drafts.submit(world.operator, ready.id, ready.version)


def test_a_source_that_went_inactive_is_named(world: World, drafts: Drafts, ready: DraftView) -> None:
    change(world.resources, "UPDATE sender_comp SET status = 'inactive' WHERE id = 2")
    with pytest.raises(InvalidValue, match=f"SenderComp {world.sources[1]} is no longer an active"):
        drafts.submit(world.operator, ready.id, ready.version)


def test_a_front_end_that_is_not_mapped_any_more_is_told(world: World, drafts: Drafts, ready: DraftView) -> None:
    change(world.resources, "DELETE FROM front_end_mapping")
    with pytest.raises(InvalidValue, match="not mapped to ACME"):
        drafts.submit(world.operator, ready.id, ready.version)
    assert drafts.front_ends(world.operator, "ACME") == ()


def test_the_review_shows_the_whole_request(world: World, drafts: Drafts, ready: DraftView) -> None:
    add_sender_comps(world.resources, "ACME", 2, gfid="XY9", guarantor="OTHER")
    drafts.add(world.operator, ready.id, EVERYTHING)
    review = drafts.review(world.operator, ready.id)
    assert review.problems == ()
    assert review.firms == (FirmCount("AB123", 3), FirmCount("XY9", 2))
    assert review.gateways == (Gateway.MSGW,)
    assert review.approval_of == ("OTHER",)
    assert "free" in review.fee


def test_the_first_group_is_free_and_no_amount_is_invented(world: World, drafts: Drafts) -> None:
    assert drafts.fee(world.operator, "ACME").free
    Groups(world.resources).create(world.operator, new_group())
    Provisioning(world.resources).process_as_desk()
    fee = drafts.fee(world.operator, "ACME")
    assert (fee.groups, fee.free) == (1, False)
    assert "Ask GAM" in fee.sentence
    priced = Drafts(replace(world.resources, settings=replace(world.resources.settings, fee="USD 99")))
    assert "USD 99" in priced.fee(world.operator, "ACME").sentence


def test_a_discarded_draft_leaves_its_trace_in_the_audit_trail_only(
    world: World, drafts: Drafts, ready: DraftView
) -> None:
    drafts.discard(world.operator, ready.id)
    assert one(world.resources, "SELECT (SELECT count(*) FROM draft) + (SELECT count(*) FROM draft_source)") == 0
    actions = [action for (action,) in rows(world.resources, "SELECT action FROM audit_event ORDER BY id")]
    assert actions == ["draft:started", "draft:saved", "draft:sources_added", "draft:discarded"]


def test_what_was_saved_is_audited_before_and_after(world: World, drafts: Drafts, fields: DraftFields) -> None:
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    saved = drafts.save(world.operator, draft.id, 1, replace(fields, name="ONE"))
    drafts.save(world.operator, draft.id, saved.version, replace(fields, name="TWO"))
    drafts.save(world.operator, draft.id, saved.version + 1, replace(fields, name="TWO"))
    events = rows(world.resources, "SELECT before, after FROM audit_event WHERE action = 'draft:saved' ORDER BY id")
    assert events[1:] == [('{"name": "ONE"}', '{"name": "TWO"}')]


def test_entities_are_those_where_groups_may_be_created(world: World, drafts: Drafts) -> None:
    add_entity(world.resources, "ZERO")
    add_role(world.resources, world.operator, Role.READ_ONLY, "ZERO")
    assert [entity.code for entity in drafts.entities(world.operator)] == ["ACME"]
    assert drafts.entities(world.viewer) == drafts.entities(world.operations) == ()


def test_front_ends_are_those_mapped_to_the_entity(world: World, drafts: Drafts) -> None:
    add_front_end(world.resources, "OTHER", "Gilt Desk")
    add_front_end(world.resources, "ACME", "Curve Board")
    assert [row.name for row in drafts.front_ends(world.operator, "ACME")] == ["Curve Board", "Ladder One"]
    with pytest.raises(NotEntitled):
        drafts.front_ends(world.operator, "OTHER")
