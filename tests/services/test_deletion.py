"""Groups deleted: one or many, all or none; their target sessions are released, not deleted (rule G9)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dropcopy_tui.domain.errors import (
    ChangedMeanwhile,
    DeskError,
    InvalidValue,
    NotEntitled,
    NotFound,
    SessionEnded,
    SessionInUse,
)
from dropcopy_tui.domain.pages import PageRequest, Selection
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.requests import Change, RequestStatus, RequestType
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.edits import GroupEdits
from dropcopy_tui.services.groups.groups import Groups, Menu
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.sessions.sessions import Sessions
from dropcopy_tui.services.views import GroupView, RequestView
from tests.services.asking import (
    approvals_always,
    bodies_to,
    changed_tables,
    edit,
    guaranteed_by,
    made,
    mails_to,
    manager_of,
    process,
    show,
    to_do,
)
from tests.services.conftest import World
from tests.services.factories import (
    add_person,
    add_sender_comps,
    approve,
    change,
    contents,
    one,
    proof_of,
    rows,
)


@pytest.fixture
def group(world: World) -> GroupView:
    return made(world)


def delete(world: World, *groups: str | int, actor: Actor | None = None) -> tuple[RequestView, ...]:
    return Groups(world.resources).delete(actor or world.operator, groups)


def deleted(world: World, *groups: str | int) -> tuple[RequestView, ...]:
    asked = delete(world, *groups)
    process(world.resources)
    done = tuple(show(world, request) for request in asked)
    assert {view.status for view in done} == {RequestStatus.COMPLETED}, done
    return done


def names(world: World) -> list[str]:
    return [row.name for row in Groups(world.resources).page(world.operator, PageRequest()).rows]


def refused(world: World, error: type[DeskError], attempt: Any) -> str:
    before = contents(world.resources)
    with pytest.raises(error) as caught:
        attempt()
    assert type(caught.value) is error
    assert changed_tables(world.resources, before) <= ({"audit_event"} if error is NotEntitled else set())
    return caught.value.message


def test_a_deletion_is_a_request_and_the_group_lives_until_it_is_done(world: World, group: GroupView) -> None:
    (request,) = delete(world, "RATES")
    assert (request.type, request.subject, request.stage) == (RequestType.DELETE_GROUP, "RATES", "queued")
    assert request.asked == {"name": "RATES", "market": "brokertec_us", "sources": 3}
    assert names(world) == ["RATES"]
    (done,) = process(world.resources).ended
    assert (done.id, done.status) == (request.id, RequestStatus.COMPLETED)
    assert names(world) == []
    with pytest.raises(NotFound):
        Groups(world.resources).show(world.operator, group.line.id)


def test_its_session_stays_released_and_the_answer_names_gam(world: World, group: GroupView) -> None:
    (target,) = group.sessions
    deleted(world, "RATES")
    kept = Sessions(world.resources).get(world.operator, target.pk)
    assert (kept.session_id, kept.status) == (target.session_id, "released")
    assert bodies_to(world.resources, world.operator)[-1] == (
        f"The group RATES was deleted. Its target sessions {target.session_id} were released, not deleted: "
        "ask GAM to retire them."
    )
    submitted = bodies_to(world.resources, world.operator)[-2]
    assert "released, not deleted: only GAM can retire them" in submitted
    assert [text.split(" ", 1)[1] for text in mails_to(world.resources, world.operator)[-2:]] == [
        "submitted: delete group RATES",
        "completed: delete group RATES",
    ]


def test_every_target_session_is_released(world: World) -> None:
    add_sender_comps(world.resources, "ACME", 1, market="globex", gfid="8AC", gateway="cgw")
    add_sender_comps(world.resources, "ACME", 1, market="globex", gfid="9AC", gateway="msgw")
    both = made(world, "FUT", market="globex")
    deleted(world, "FUT")
    found = {Sessions(world.resources).get(world.operator, view.pk).status for view in both.sessions}
    assert (len(both.sessions), found) == (2, {"released"})
    ids = ", ".join(sorted(view.session_id for view in both.sessions))
    assert f"Its target sessions {ids} were released" in bodies_to(world.resources, world.operator)[-1]


def test_key_pairs_stay_but_a_released_session_gets_no_new_one(world: World, group: GroupView) -> None:
    (target,) = group.sessions
    keys = KeyPairs(world.resources)
    keys.generate(world.operator, [target.pk], proof_of(world.resources, world.operator))
    deleted(world, "RATES")
    assert len(Sessions(world.resources).get(world.operator, target.pk).living) == 1
    with pytest.raises(SessionEnded):
        keys.generate(world.operator, [target.pk], proof_of(world.resources, world.operator))


def test_only_gam_retires_a_session_and_only_a_released_one(world: World, group: GroupView) -> None:
    (target,) = group.sessions
    gam = add_person(world.resources, "gam", Role.GAM)
    sessions = Sessions(world.resources)
    refused(world, SessionInUse, lambda: sessions.retire(gam, target.pk))
    deleted(world, "RATES")
    for nobody in (world.operator, world.viewer, world.operations):
        refused(world, NotEntitled, lambda nobody=nobody: sessions.retire(nobody, target.pk))
    assert sessions.retire(gam, target.pk).status == "retired"


def test_the_name_is_free_again_and_the_new_group_gets_another_session(world: World, group: GroupView) -> None:
    deleted(world, "RATES")
    again = made(world, "rates")
    assert again.line.id != group.line.id
    assert again.sessions[0].session_id != group.sessions[0].session_id
    assert rows(world.resources, "SELECT name, deleted_at IS NULL FROM drop_copy_group ORDER BY id") == [
        ("RATES", 0),
        ("rates", 1),
    ]


def test_what_it_had_can_be_read_from_the_request_for_ever(world: World, group: GroupView) -> None:
    (request,) = deleted(world, "RATES")
    page = Requests(world.resources).sources(world.operator, request.id, Change.REMOVED, PageRequest())
    assert [row.sender_comp_id for row in page.rows] == world.sources
    refused(world, InvalidValue, lambda: Requests(world.resources).sources(
        world.operator, request.id, Change.ADDED, PageRequest()))  # fmt: skip


def test_the_trail_has_the_deletion_and_the_release(world: World, group: GroupView) -> None:
    deleted(world, "RATES")
    assert rows(world.resources, "SELECT action, person FROM audit_event ORDER BY id DESC LIMIT 4")[::-1] == [
        ("request:submitted", "operator"),
        ("group:deleted", "desk"),
        ("session:released", "desk"),
        ("request:completed", "desk"),
    ]


# -- many


def test_many_are_deleted_with_a_request_each(world: World, group: GroupView) -> None:
    made(world, "BONDS")
    made(world, "BILLS")
    done = deleted(world, "RATES", "bonds")
    assert [view.subject for view in done] == ["RATES", "BONDS"]
    assert names(world) == ["BILLS"]


def test_naming_one_twice_asks_once(world: World, group: GroupView) -> None:
    assert len(delete(world, "RATES", "rates", group.line.id)) == 1


def test_all_of_them_or_none(world: World, group: GroupView) -> None:
    bonds = made(world, "BONDS")
    made(world, "ZINC")
    edit(world, "BONDS", name="Bonds")
    words = refused(world, ChangedMeanwhile, lambda: delete(world, "RATES", "BONDS", "ZINC"))
    assert "to edit group BONDS is still open" in words
    assert words.endswith("Nothing was submitted.")
    refused(world, NotFound, lambda: delete(world, "RATES", "NOSUCH"))
    refused(world, InvalidValue, lambda: delete(world))
    assert bonds.line.id
    assert one(world.resources, "SELECT count(*) FROM request WHERE type = 'delete_group'") == 0


def test_one_group_of_an_entity_where_nothing_may_be_changed_stops_all(world: World, group: GroupView) -> None:
    """Full access at ACME does not delete what one may only read at OTHER."""
    elsewhere(world)
    both = add_person(world.resources, "both", Role.FULL_ACCESS, entity="ACME")
    change(world.resources, "INSERT INTO entitlement (person_id, role, entity_id) VALUES (:it, 'read_only', 2)",
           it=both.person_id)  # fmt: skip
    refused(world, NotEntitled, lambda: delete(world, "RATES", "THEIRS", actor=both))
    refused(world, NotFound, lambda: delete(world, "RATES", "THEIRS"))


def elsewhere(world: World) -> None:
    """A group of OTHER."""
    change(
        world.resources, "INSERT INTO front_end_mapping (entity_id, front_end_id) VALUES (2, :it)", it=world.front_end
    )
    add_sender_comps(world.resources, "OTHER", 1, gfid="OT1")
    from tests.services.factories import new_group

    Groups(world.resources).create(world.stranger, new_group("THEIRS", "OTHER"))
    process(world.resources)


def test_what_the_dialog_says_is_what_happens(world: World, group: GroupView) -> None:
    approvals_always(world.resources)
    bonds = one(world.resources, "SELECT id FROM drop_copy_group")
    (said,) = Groups(world.resources).deletion(world.operator, [bonds])
    assert (said.name, said.sources, said.sessions) == ("RATES", 3, (group.sessions[0].session_id,))
    (request,) = delete(world, bonds)
    assert request.waiting_for == said.approval_of == ("ACME",)
    with pytest.raises(NotFound):
        Groups(world.resources).deletion(world.stranger, [bonds])


def test_all_that_match_are_picked_without_being_loaded(world: World, group: GroupView) -> None:
    kept = [made(world, name).line.id for name in ("RATES 2", "RATES 3", "BILLS")][1]
    picked = Selection(frozenset({kept}), everything=True, match="rates")
    found = Groups(world.resources).ids(world.operator, "ACME", Menu.BROKERTEC, picked)
    deleted(world, *found)
    assert names(world) == ["BILLS", "RATES 3"]


# -- approval


def test_the_entitys_policy_asks_for_approval_of_a_deletion(world: World, group: GroupView) -> None:
    manager = manager_of(world, "ACME")
    guaranteed_by(world.resources, "OTHER", world.sources[0])
    approvals_always(world.resources)
    (request,) = delete(world, "RATES")
    assert request.stage == "awaiting approval by ACME"
    assert to_do(world.resources, manager) == [request.id]
    assert process(world.resources).waiting == 1
    assert names(world) == ["RATES"]
    approve(world.resources, request, manager)
    process(world.resources)
    assert names(world) == []


@pytest.mark.parametrize("end", ["deny", "cancel"])
def test_a_group_whose_deletion_was_refused_lives_on(world: World, group: GroupView, end: str) -> None:
    manager = manager_of(world, "ACME")
    approvals_always(world.resources)
    (request,) = delete(world, "RATES")
    requests = Requests(world.resources)
    if end == "deny":
        requests.deny(manager, request.id, request.version, "Still used")
    else:
        requests.cancel(world.operator, request.id)
    process(world.resources)
    assert Groups(world.resources).show(world.operator, "RATES").sessions[0].status == "active"
    approve(world.resources, edit(world, name="Bonds"), manager)
    process(world.resources)
    assert names(world) == ["Bonds"]


def test_a_requester_who_lost_the_right_deletes_nothing(world: World, group: GroupView) -> None:
    (request,) = delete(world, "RATES")
    change(world.resources, "UPDATE person SET disabled = true WHERE id = :it", it=world.operator.person_id)
    before = contents(world.resources)
    process(world.resources)
    assert changed_tables(world.resources, before) == {"request", "notice", "outbox", "audit_event"}
    shown = Requests(world.resources).show(world.viewer, request.id)
    assert shown.reasons == ("operator no longer has the right to change groups at ACME.",)


@pytest.mark.parametrize("change_", ["sender_comp SET status = 'inactive'", "entity SET clearing_firm = true"])
def test_what_would_stop_an_edit_does_not_stop_a_deletion(world: World, group: GroupView, change_: str) -> None:
    """A group with inactive sources and an unmapped front end can still be deleted."""
    change(world.resources, f"UPDATE {change_}")
    change(world.resources, "DELETE FROM front_end_mapping")
    deleted(world, "RATES")


# -- others at the same group


def test_drafts_of_a_deleted_group_can_only_be_discarded(world: World, group: GroupView) -> None:
    draft = GroupEdits(world.resources).start(world.operator, group.line.id)
    deleted(world, "RATES")
    drafts = Drafts(world.resources)
    words = refused(world, ChangedMeanwhile, lambda: drafts.submit(world.operator, draft.id, draft.version))
    assert re.fullmatch(
        r"RATES was deleted by operator \(DC-\d{4}-\d{6}\)\. It can no longer be edited; your draft is kept\.", words
    )
    assert [view.id for view in drafts.mine(world.operator)] == [draft.id]
    assert drafts.review(world.operator, draft.id).changes is None
    drafts.discard(world.operator, draft.id)


def test_deleting_twice_says_who_was_first(world: World, group: GroupView) -> None:
    colleague = add_person(world.resources, "colleague", Role.FULL_ACCESS, entity="ACME")
    (request,) = delete(world, "RATES", actor=colleague)
    words = refused(world, ChangedMeanwhile, lambda: delete(world, "RATES"))
    assert words.startswith(f"Request {request.id} by colleague to delete group RATES is still open.")
    process(world.resources)
    refused(world, NotFound, lambda: delete(world, "RATES"))


def test_who_may_not_change_groups_deletes_none(world: World, group: GroupView) -> None:
    gam = add_person(world.resources, "gam", Role.GAM)
    for nobody in (world.viewer, world.operations, gam):
        refused(world, NotEntitled, lambda nobody=nobody: delete(world, "RATES", actor=nobody))
    refused(world, NotFound, lambda: delete(world, "RATES", actor=world.stranger))
