"""Groups edited and copied: what changes, what is told, and two people at the same group (rules G7, G10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dropcopy_tui.domain.errors import ChangedMeanwhile, DeskError, InvalidValue, NameTaken, NotEntitled, NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.pages import PageRequest, Selection
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.requests import Change, RequestStatus, RequestType
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.drafts import DraftFields, Drafts
from dropcopy_tui.services.groups.edits import GroupEdits
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.views import DraftView, FieldChange, GroupView, RequestView
from tests.services.asking import (
    approvals_always,
    ask_for,
    changed_tables,
    edit,
    edited,
    guaranteed_by,
    made,
    mails_to,
    manager_of,
    process,
    show,
)
from tests.services.conftest import World
from tests.services.factories import (
    add_front_end,
    add_person,
    add_sender_comps,
    approve,
    change,
    contents,
    new_group,
    one,
    rows,
)

FILL_AND_BUST = (Filter.HEARTBEAT, Filter.REJECT, Filter.TRADE_FILL_NOTICE, Filter.TRADE_BUST)


@pytest.fixture
def group(world: World) -> GroupView:
    """RATES with the first two SenderComps of ACME; the third is free."""
    return made(world, sources=tuple(world.sources[:2]))


@pytest.fixture
def colleague(world: World) -> Actor:
    """Edits groups of ACME too."""
    return add_person(world.resources, "colleague", Role.FULL_ACCESS, entity="ACME")


def sources_of(world: World, name: str = "RATES") -> list[str]:
    groups = Groups(world.resources)
    group_id = groups.show(world.operator, name).line.id
    return [row.sender_comp_id for row in groups.sources(world.operator, group_id, PageRequest(limit=500)).rows]


def drafted(resources: Resources, draft: DraftView) -> list[str]:
    sql = (
        "SELECT s.sender_comp_id FROM draft_source JOIN sender_comp AS s ON s.id = sender_comp_pk "
        "WHERE draft_id = :it ORDER BY 1"
    )
    return [name for (name,) in rows(resources, sql, it=draft.id)]


def started(world: World, group: GroupView, actor: Actor | None = None) -> DraftView:
    return GroupEdits(world.resources).start(actor or world.operator, group.line.id)


def saved(world: World, draft: DraftView, actor: Actor | None = None, **what: Any) -> DraftView:
    """The draft with other fields, as a wizard saves it."""
    fields = {
        "entity": draft.entity,
        "name": draft.name,
        "front_end_id": draft.front_end.id if draft.front_end else None,
        "filters": draft.filters,
        "step": draft.step,
    }
    return Drafts(world.resources).save(
        actor or world.operator, draft.id, draft.version, DraftFields(**(fields | what))
    )


def turned(world: World, draft: DraftView, add: str = "", remove: str = "", actor: Actor | None = None) -> DraftView:
    """The draft with a SenderComp more, or less."""
    drafts, who = Drafts(world.resources), actor or world.operator
    for name, verb in ((add, drafts.add), (remove, drafts.remove)):
        if name:
            pk = one(world.resources, "SELECT id FROM sender_comp WHERE sender_comp_id = :it", it=name)
            draft = verb(who, draft.id, Selection(frozenset({pk})))
    return draft


def submitted(world: World, draft: DraftView, actor: Actor | None = None) -> RequestView:
    return Drafts(world.resources).submit(actor or world.operator, draft.id, draft.version)


def refused(world: World, error: type[DeskError], attempt: Any) -> str:
    before = contents(world.resources)
    with pytest.raises(error) as caught:
        attempt()
    assert type(caught.value) is error
    assert changed_tables(world.resources, before) <= ({"audit_event"} if error is NotEntitled else set())
    return caught.value.message


# -- every field


def test_every_field_changes_and_is_told_before_and_after(world: World, group: GroupView) -> None:
    add_front_end(world.resources, "ACME", "Ladder Two", "1.0")
    request = edit(
        world, name="Bonds", front_end="Ladder Two", filters=(Filter.TRADE_BUST, *FILL_AND_BUST),
        add=(world.sources[2],), remove=(world.sources[0],),
    )  # fmt: skip
    expected = (
        FieldChange("name", "RATES", "Bonds"),
        FieldChange("front_end", "Ladder One 4.2", "Ladder Two 1.0"),
        FieldChange("filters", "Heartbeat, Reject, Trade - Fill Notice",
                    "Heartbeat, Reject, Trade - Fill Notice, Trade Busts"),
    )  # fmt: skip
    assert (request.type, request.subject, request.status) == (RequestType.EDIT_GROUP, "RATES", "in_progress")
    assert request.changes == expected
    assert (request.asked["added"], request.asked["removed"]) == (1, 1)
    before = Groups(world.resources).show(world.operator, "RATES")
    assert (before.line.version, before.filters, sources_of(world)) == (1, group.filters, world.sources[:2])
    (done,) = process(world.resources).ended
    after = Groups(world.resources).show(world.operator, "bonds")
    assert (after.line.id, after.line.name, after.line.version) == (group.line.id, "Bonds", 2)
    assert (after.front_end.title, after.filters) == ("Ladder Two 1.0", FILL_AND_BUST)
    assert (sources_of(world, "Bonds"), after.line.sources) == (world.sources[1:], 2)
    assert [view.session_id for view in after.sessions] == [view.session_id for view in group.sessions]
    assert (done.changes, done.asked["added"], done.asked["removed"]) == (expected, 1, 1)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"name": "rates"}, "changed the name"),
        ({"filters": (Filter.TRADE_BUST,)}, "changed the filters"),
        ({"add": (2,)}, "added 1 SenderComp"),
        ({"remove": (0,)}, "removed 1 SenderComp"),
        ({"sources": (1, 2)}, "added 1 SenderComp, removed 1 SenderComp"),
    ],
    ids=["name", "filters", "add", "remove", "sources"],
)
def test_one_field_changes_and_the_others_stay(
    world: World, group: GroupView, what: dict[str, Any], words: str
) -> None:
    wanted = {name: tuple(world.sources[it] for it in value) if name in ("add", "remove", "sources") else value
              for name, value in what.items()}  # fmt: skip
    edited(world, **wanted)
    after = Groups(world.resources).show(world.operator, group.line.id)
    assert (after.line.name != "RATES") is ("name" in what)
    assert (after.filters != group.filters) is ("filters" in what)
    assert (sources_of(world) != world.sources[:2]) is bool({"add", "remove", "sources"} & set(what))
    assert after.front_end == group.front_end
    assert after.line.sources == len(sources_of(world))
    assert mails_to(world.resources, world.operator)[-1].endswith("completed: edit group RATES")
    body = one(world.resources, "SELECT body FROM outbox ORDER BY id DESC LIMIT 1")
    assert body == f"The group {after.line.name} was changed: {words}."


def test_what_was_added_and_removed_stays_readable_for_ever(world: World, group: GroupView) -> None:
    request = edited(world, add=(world.sources[2],), remove=(world.sources[0],))
    edited(world, add=(world.sources[0],), remove=(world.sources[2],))
    edited(world, remove=(world.sources[1],))
    requests = Requests(world.resources)

    def names(change_: Change) -> list[str]:
        page = requests.sources(world.operator, request.id, change_, PageRequest())
        assert page.total == len(page.rows)
        return [row.sender_comp_id for row in page.rows]

    assert (names(Change.ADDED), names(Change.REMOVED)) == ([world.sources[2]], [world.sources[0]])
    assert sources_of(world) == [world.sources[0]]


def test_the_trail_has_before_and_after(world: World, group: GroupView) -> None:
    request = edited(world, name="Bonds", add=(world.sources[2],))
    sql = "SELECT action, person, subject FROM audit_event ORDER BY id DESC LIMIT 3"
    assert rows(world.resources, sql)[::-1] == [
        ("request:submitted", "operator", request.id),
        ("group:changed", "desk", "Bonds"),
        ("request:completed", "desk", request.id),
    ]
    (before, after) = rows(world.resources, "SELECT before, after FROM audit_event WHERE action = 'group:changed'")[0]
    assert '"name": "RATES"' in before
    assert '"name": "Bonds"' in after
    assert '"added": 1' in after


def test_pages_of_an_edit_show_what_would_change(world: World, group: GroupView) -> None:
    draft = turned(world, started(world, group), add=world.sources[2], remove=world.sources[0])
    edits = GroupEdits(world.resources)
    changes = edits.changes(world.operator, draft.id)
    assert (changes.group, changes.fields, changes.added, changes.removed, changes.stale) == ("RATES", (), 1, 1, "")
    for kind, name in ((Change.ADDED, world.sources[2]), (Change.REMOVED, world.sources[0])):
        page = edits.sources(world.operator, draft.id, kind, PageRequest())
        assert [row.sender_comp_id for row in page.rows] == [name]
    assert Drafts(world.resources).review(world.operator, draft.id).changes == changes


def test_a_draft_of_an_edit_is_resumed_not_doubled(world: World, group: GroupView, colleague: Actor) -> None:
    draft = saved(world, started(world, group), name="Bonds")
    assert started(world, group).id == draft.id
    assert started(world, group, colleague).id != draft.id
    submitted(world, draft)
    process(world.resources)
    assert started(world, Groups(world.resources).show(world.operator, "Bonds")).id != draft.id


# -- refusals


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"name": "RATES"},
        {"name": "  RATES "},
        {"front_end": "Ladder One"},
        {"filters": (Filter.TRADE_FILL_NOTICE,)},
        {"filters": (Filter.TRADE_FILL_NOTICE, Filter.REJECT, Filter.HEARTBEAT)},
        {"sources": (1, 0)},
        {"add": (0,)},
        {"add": (0,), "remove": (0,)},
    ],
    ids=str,
)
def test_an_edit_that_changes_nothing_is_refused(world: World, group: GroupView, what: dict[str, Any]) -> None:
    wanted = {name: tuple(world.sources[it] for it in value) if name in ("add", "remove", "sources") else value
              for name, value in what.items()}  # fmt: skip
    words = refused(world, InvalidValue, lambda: edit(world, **wanted))
    assert words == "The request contains no changes to RATES. Nothing was submitted."


def test_what_is_asked_is_told_as_it_will_be(world: World, group: GroupView) -> None:
    """Spaces around a name are not kept, and the mandatory filters stay."""
    request = edit(world, name="  Bonds ", filters=(Filter.TRADE_BUST,))
    assert request.changes == (
        FieldChange("name", "RATES", "Bonds"),
        FieldChange("filters", "Heartbeat, Reject, Trade - Fill Notice", "Heartbeat, Reject, Trade Busts"),
    )


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"name": ""}, "Group name is empty."),
        ({"name": "x" * 31}, "Group name has 31 characters."),
        ({"front_end": "Nobody's"}, 'No front end system "Nobody\'s" is mapped to ACME.'),
        ({"filters": (Filter.HEARTBEAT,)}, "Select at least one optional filter"),
        ({"sources": ()}, "Add at least one source SenderComp."),
        ({"add": ("ZZZAB123P",)}, "Not an active SenderComp of this entity and market: ZZZAB123P."),
        ({"remove": ("AACAB123P",)}, "Not a source of this group: AACAB123P."),
    ],
)
def test_what_breaks_a_rule_is_refused(world: World, group: GroupView, what: dict[str, Any], words: str) -> None:
    assert words in refused(world, InvalidValue, lambda: edit(world, **what))


def test_a_name_is_taken_by_other_groups_only(world: World, group: GroupView) -> None:
    made(world, "BONDS", sources=(world.sources[2],))
    words = refused(world, NameTaken, lambda: edit(world, name="bonds"))
    assert words.startswith("The entity already has a group named bonds. Use another name.")
    assert edited(world, name="Rates").subject == "RATES"


def test_a_name_that_is_taken_by_set_up_time_fails(world: World, group: GroupView) -> None:
    ask_for(world, "BONDS", sources=(world.sources[2],))
    request = edit(world, name="Bonds")
    process(world.resources)
    failed = show(world, request)
    assert failed.reasons == ("The entity already has a group named Bonds. Use another name.",)
    assert Groups(world.resources).show(world.operator, "RATES").line.version == 1


def test_an_unmapped_front_end_must_be_changed_at_the_next_edit(world: World, group: GroupView) -> None:
    """Rule G8: what is there keeps working until somebody edits it."""
    change(world.resources, "DELETE FROM front_end_mapping")
    words = refused(world, InvalidValue, lambda: edit(world, name="Bonds"))
    assert "The front end system is not mapped to ACME." in words
    add_front_end(world.resources, "ACME", "Ladder Two", "1.0")
    edited(world, name="Bonds", front_end="Ladder Two")


def test_a_front_end_unmapped_before_set_up_fails(world: World, group: GroupView) -> None:
    request = edit(world, name="Bonds")
    change(world.resources, "DELETE FROM front_end_mapping")
    before = contents(world.resources)
    process(world.resources)
    assert show(world, request).reasons == (
        "The front end system is not mapped to ACME. A user administrator can map it.",
    )
    assert changed_tables(world.resources, before) == {"request", "notice", "outbox", "audit_event"}


def test_an_inactive_source_must_be_taken_out_first(world: World, group: GroupView) -> None:
    change(
        world.resources, "UPDATE sender_comp SET status = 'inactive' WHERE sender_comp_id = :it", it=world.sources[0]
    )
    assert f"SenderComp {world.sources[0]} is no longer an active" in refused(
        world, InvalidValue, lambda: edit(world, name="Bonds")
    )
    edited(world, name="Bonds", remove=(world.sources[0],))
    assert sources_of(world, "Bonds") == [world.sources[1]]


def test_who_may_not_change_groups_edits_none(world: World, group: GroupView) -> None:
    words = refused(world, NotEntitled, lambda: edit(world, actor=world.viewer, name="Bonds"))
    assert words.startswith("viewer does not have the required role: full access at ACME.")
    refused(world, NotEntitled, lambda: started(world, group, world.viewer))
    refused(world, NotFound, lambda: edit(world, actor=world.stranger, name="Bonds"))
    refused(world, NotFound, lambda: started(world, group, world.stranger))


def test_a_draft_is_its_owners_alone(world: World, group: GroupView, colleague: Actor) -> None:
    draft = started(world, group)
    edits = GroupEdits(world.resources)
    for attempt in (
        lambda: edits.changes(colleague, draft.id),
        lambda: edits.sources(colleague, draft.id, Change.ADDED, PageRequest()),
        lambda: edits.catch_up(colleague, draft.id),
        lambda: submitted(world, draft, colleague),
    ):
        refused(world, NotFound, attempt)


def test_a_draft_of_a_new_group_changes_none(world: World) -> None:
    draft = Drafts(world.resources).start(world.operator, "brokertec_us", "ACME")
    for verb in (GroupEdits(world.resources).changes, GroupEdits(world.resources).catch_up):
        assert refused(world, NotFound, lambda verb=verb: verb(world.operator, draft.id)) == (
            "This draft is for a new group, so it has no changes to merge."
        )


# -- targets


def test_a_globex_group_gets_a_second_target_when_its_sources_need_one(world: World) -> None:
    (cgw,) = add_sender_comps(world.resources, "ACME", 1, market="globex", gfid="8AC", gateway="cgw")
    (msgw,) = add_sender_comps(world.resources, "ACME", 1, market="globex", gfid="9AC", gateway="msgw")
    group = made(world, "FUT", market="globex", sources=(cgw,))
    edited(world, "FUT", add=(msgw,))
    after = Groups(world.resources).show(world.operator, "FUT")
    assert sorted(view.gateway.value for view in after.sessions) == ["cgw", "msgw"]
    assert group.sessions[0].session_id in {view.session_id for view in after.sessions}
    body = one(world.resources, "SELECT body FROM outbox ORDER BY id DESC LIMIT 1")
    new = next(view.session_id for view in after.sessions if view.gateway == "msgw")
    assert body == f"The group FUT was changed: added 1 SenderComp. New target session: {new}."
    edited(world, "FUT", remove=(cgw,))
    edited(world, "FUT", add=(cgw,))
    assert len(Groups(world.resources).show(world.operator, "FUT").sessions) == 2


def test_the_limits_of_globex_hold_for_edits(world: World) -> None:
    first = add_sender_comps(world.resources, "ACME", 1_001, market="globex", gfid="8AC", gateway="cgw")
    made(world, "FUT", market="globex", sources=tuple(first[:1_000]))
    words = refused(world, InvalidValue, lambda: edit(world, "FUT", add=(first[1_000],)))
    assert "at most 1,000 SenderComps; 1,001 are selected" in words


# -- approval


def test_the_guarantors_of_what_the_group_would_copy_approve(world: World, group: GroupView) -> None:
    other = manager_of(world, "OTHER")
    guaranteed_by(world.resources, "OTHER", world.sources[2])
    assert edited(world, name="Bonds").status is RequestStatus.COMPLETED
    request = edit(world, "Bonds", add=(world.sources[2],))
    assert request.stage == "awaiting approval by OTHER"
    page = Requests(world.resources).sources(other, request.id, Change.ADDED, PageRequest())
    assert [row.sender_comp_id for row in page.rows] == [world.sources[2]]
    approve(world.resources, request, other)
    process(world.resources)
    assert world.sources[2] in sources_of(world, "Bonds")
    assert edited(world, "Bonds", remove=(world.sources[2],)).status is RequestStatus.COMPLETED


# -- two people


def test_a_second_change_while_one_is_open_is_refused_naming_who(
    world: World, group: GroupView, colleague: Actor
) -> None:
    approvals_always(world.resources)
    mine = started(world, group)
    request = edit(world, actor=colleague, name="Bonds")
    said = (
        f"Request {request.id} by colleague to edit group RATES is still open, awaiting approval by ACME. "
        "Wait until it has ended, or ask them to cancel it. Nothing was submitted."
    )
    for attempt in (
        lambda: edit(world, name="Other"),
        lambda: started(world, group),
        lambda: submitted(world, mine),
        lambda: Groups(world.resources).delete(world.operator, ["RATES"]),
    ):
        assert refused(world, ChangedMeanwhile, attempt) == said
    Requests(world.resources).cancel(colleague, request.id)
    assert edit(world, name="Other").status is RequestStatus.IN_PROGRESS


def test_the_second_submit_is_told_what_changed_and_by_whom(world: World, group: GroupView, colleague: Actor) -> None:
    mine = saved(world, started(world, group), filters=FILL_AND_BUST)
    first = edited(world, actor=colleague, name="Bonds", add=(world.sources[2],))
    second = edited(world, "Bonds", actor=colleague, remove=(world.sources[0],))
    said = (
        f"Bonds was changed in the meantime: colleague ({first.id}) changed the name, added 1 SenderComp; "
        f"colleague ({second.id}) removed 1 SenderComp."
    )
    words = refused(world, ChangedMeanwhile, lambda: submitted(world, mine))
    assert words == f"{said} Review the changes, then submit. Nothing was submitted; the draft is kept."
    assert GroupEdits(world.resources).changes(world.operator, mine.id).stale == said
    assert Drafts(world.resources).get(world.operator, mine.id) == replace(mine, group="Bonds")


def test_catching_up_merges_three_ways(world: World, group: GroupView, colleague: Actor) -> None:
    """Mine stays where I changed it, theirs where they did."""
    more = add_sender_comps(world.resources, "ACME", 2, gfid="MORE")
    mine = saved(world, started(world, group), filters=FILL_AND_BUST)
    mine = turned(world, mine, add=more[0])
    edited(world, actor=colleague, name="Bonds", add=(world.sources[2],), remove=(world.sources[0],))
    caught = GroupEdits(world.resources).catch_up(world.operator, mine.id)
    assert (caught.name, caught.filters, caught.base_version) == ("Bonds", FILL_AND_BUST, 2)
    assert drafted(world.resources, caught) == sorted([world.sources[1], world.sources[2], more[0]])
    changes = GroupEdits(world.resources).changes(world.operator, mine.id)
    assert ([field.field for field in changes.fields], changes.added, changes.removed) == (["filters"], 1, 0)
    submitted(world, caught)
    process(world.resources)
    after = Groups(world.resources).show(world.operator, "Bonds")
    assert (after.filters, after.line.version, after.line.sources) == (FILL_AND_BUST, 3, 3)


def test_catching_up_keeps_what_both_changed_as_mine(world: World, group: GroupView, colleague: Actor) -> None:
    mine = turned(world, saved(world, started(world, group), name="Mine"), add=world.sources[2])
    edited(world, actor=colleague, name="Theirs", add=(world.sources[2],))
    caught = GroupEdits(world.resources).catch_up(world.operator, mine.id)
    assert (caught.name, drafted(world.resources, caught)) == ("Mine", world.sources)
    changes = GroupEdits(world.resources).changes(world.operator, mine.id)
    assert changes.fields == (FieldChange("name", "Theirs", "Mine"),)
    assert (changes.added, changes.removed) == (0, 0)


def test_what_others_changed_and_took_back_leaves_mine_alone(world: World, group: GroupView, colleague: Actor) -> None:
    """The name went to mine and back, the third SenderComp in and out, the first out and in: nothing to take over."""
    mine = saved(world, started(world, group), name="Mine")
    mine = turned(world, mine, add=world.sources[2], remove=world.sources[0])
    edited(world, actor=colleague, name="Mine", add=(world.sources[2],), remove=(world.sources[0],))
    edited(world, "Mine", actor=colleague, name="RATES", add=(world.sources[0],), remove=(world.sources[2],))
    caught = GroupEdits(world.resources).catch_up(world.operator, mine.id)
    assert (caught.name, drafted(world.resources, caught)) == ("Mine", world.sources[1:])


def test_several_changes_of_others_are_taken_over_together(world: World, group: GroupView, colleague: Actor) -> None:
    add_front_end(world.resources, "ACME", "Ladder Two", "1.0")
    mine = turned(world, started(world, group), remove=world.sources[1])
    edited(world, actor=colleague, name="B", add=(world.sources[2],))
    edited(world, "B", actor=colleague, name="C", front_end="Ladder Two", remove=(world.sources[2],))
    edited(world, "C", actor=colleague, filters=FILL_AND_BUST)
    caught = GroupEdits(world.resources).catch_up(world.operator, mine.id)
    assert (caught.name, caught.filters, drafted(world.resources, caught)) == ("C", FILL_AND_BUST, [world.sources[0]])
    assert caught.front_end is not None
    assert caught.front_end.title == "Ladder Two 1.0"
    again = GroupEdits(world.resources).catch_up(world.operator, mine.id)
    assert (again.name, drafted(world.resources, again)) == ("C", [world.sources[0]])


def test_a_change_that_failed_or_was_denied_makes_nobody_stale(
    world: World, group: GroupView, colleague: Actor
) -> None:
    mine = saved(world, started(world, group), name="Mine")
    taken_back = edit(world, actor=colleague, name="Theirs")
    Requests(world.resources).cancel(colleague, taken_back.id)
    edit(world, actor=colleague, name="Theirs")
    change(world.resources, "DELETE FROM entitlement WHERE person_id = :it", it=colleague.person_id)
    process(world.resources)
    submitted(world, mine)
    assert [view.status for view in process(world.resources).ended] == [RequestStatus.COMPLETED]


def test_an_edit_of_a_deleted_group_says_that_it_is_gone(world: World, group: GroupView, colleague: Actor) -> None:
    mine = saved(world, started(world, group), name="Mine")
    Groups(world.resources).delete(colleague, ["RATES"])
    process(world.resources)
    gone = "RATES was deleted by colleague (DC-2026-000002). It can no longer be edited; your draft is kept."
    edits = GroupEdits(world.resources)
    for attempt in (
        lambda: submitted(world, mine),
        lambda: edits.changes(world.operator, mine.id),
        lambda: edits.catch_up(world.operator, mine.id),
        lambda: edits.sources(world.operator, mine.id, Change.ADDED, PageRequest()),
    ):
        assert refused(world, ChangedMeanwhile, attempt) == gone
    refused(world, NotFound, lambda: started(world, group))
    refused(world, NotFound, lambda: edit(world, name="Mine"))
    Drafts(world.resources).discard(world.operator, mine.id)
    assert Drafts(world.resources).mine(world.operator) == ()


def test_the_version_that_was_read_is_the_only_one_that_is_changed(
    world: World, group: GroupView, colleague: Actor
) -> None:
    first = edited(world, actor=colleague, name="Bonds")
    words = refused(world, ChangedMeanwhile, lambda: edit(world, "Bonds", name="Mine", version=1))
    assert words == (
        f"Bonds was changed in the meantime: colleague ({first.id}) changed the name. It is at version 2, not 1. "
        "Nothing was submitted."
    )
    assert edited(world, "Bonds", name="Mine", version=2).status is RequestStatus.COMPLETED


def test_a_version_that_never_was_is_nobodys_change(world: World, group: GroupView) -> None:
    words = refused(world, ChangedMeanwhile, lambda: edit(world, name="Mine", version=7))
    assert words == "RATES is at version 1, not 7. Nothing was submitted."


# -- copies


def test_a_copy_has_everything_but_the_name_and_what_is_inactive(world: World, group: GroupView) -> None:
    edited(world, filters=FILL_AND_BUST)
    change(
        world.resources, "UPDATE sender_comp SET status = 'inactive' WHERE sender_comp_id = :it", it=world.sources[0]
    )
    copy = GroupEdits(world.resources).clone(world.operator, group.line.id)
    assert (copy.name, copy.group_id, copy.base_version, copy.entity) == ("", None, None, "ACME")
    assert (copy.filters, copy.front_end) == (FILL_AND_BUST, group.front_end)
    assert drafted(world.resources, copy) == [world.sources[1]]
    request = submitted(world, saved(world, copy, name="COPY"))
    assert request.type is RequestType.CREATE_GROUP
    process(world.resources)
    assert sources_of(world, "COPY") == [world.sources[1]]
    assert Groups(world.resources).show(world.operator, "RATES").line.version == 2
    theirs = {view.session_id for view in Groups(world.resources).show(world.operator, "COPY").sessions}
    assert not theirs & {view.session_id for view in group.sessions}


def test_a_group_that_is_being_changed_can_be_copied(world: World, group: GroupView) -> None:
    edit(world, name="Bonds")
    assert GroupEdits(world.resources).clone(world.operator, group.line.id).sources == 2


def test_who_may_not_change_groups_copies_none(world: World, group: GroupView) -> None:
    edits = GroupEdits(world.resources)
    refused(world, NotEntitled, lambda: edits.clone(world.viewer, group.line.id))
    refused(world, NotFound, lambda: edits.clone(world.stranger, group.line.id))


def test_a_copy_keeps_the_name_rule(world: World, group: GroupView) -> None:
    copy = GroupEdits(world.resources).clone(world.operator, group.line.id)
    refused(world, InvalidValue, lambda: submitted(world, copy))
    copy = saved(world, copy, name="rates")
    refused(world, NameTaken, lambda: submitted(world, copy))


def test_what_a_create_asked_for_can_be_read_after_edits(world: World, group: GroupView) -> None:
    edited(world, remove=(world.sources[0],))
    created = Groups(world.resources).create(world.operator, new_group("NEXT"))
    requests = Requests(world.resources)
    assert requests.sources(world.operator, "DC-2026-000001", Change.ADDED, PageRequest()).total == 2
    assert requests.sources(world.operator, created.id, Change.ADDED, PageRequest()).total == 3
    refused(world, InvalidValue, lambda: requests.sources(world.operator, created.id, Change.REMOVED, PageRequest()))
    refused(world, NotFound, lambda: requests.sources(world.stranger, created.id, Change.ADDED, PageRequest()))
