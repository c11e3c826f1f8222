"""Set-up: every reason told, all or nothing, and once however many processes try (rules Q2 to Q6, G5)."""

from __future__ import annotations

from itertools import chain

import pytest

from dropcopy_tui.domain.errors import InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import Gateway
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning, SetUpRun
from dropcopy_tui.services.outbox.notices import Notices
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.views import RequestView
from tests.services.conftest import World
from tests.services.factories import (
    add_person,
    add_sender_comps,
    approve,
    change,
    contents,
    new_group,
    one,
    rows,
)
from tests.services.processes import process_all, race

MADE = ("drop_copy_group", "group_filter", "group_source", "session")


def ask_for(world: World, name: str = "RATES", **more: object) -> RequestView:
    return Groups(world.resources).create(world.operator, new_group(name, **more))


def process(resources: Resources) -> SetUpRun:
    return Provisioning(resources).process_as_desk()


def counts(resources: Resources) -> dict[str, int]:
    return {table: one(resources, f"SELECT count(*) FROM {table}") for table in MADE}


def actor_of(resources: Resources, user_id: str) -> Actor:
    return Actor(one(resources, "SELECT id FROM person WHERE user_id = :it", it=user_id), user_id, "")


def test_set_up_makes_the_group_with_all_that_belongs_to_it(world: World) -> None:
    request = ask_for(world)
    assert request.stage == "queued"
    done = process(world.resources)
    assert [(view.id, view.status) for view in done.ended] == [(request.id, RequestStatus.COMPLETED)]
    assert counts(world.resources) == {"drop_copy_group": 1, "group_filter": 3, "group_source": 3, "session": 1}
    group = Groups(world.resources).show(world.operator, "RATES")
    assert group.filters == (Filter.HEARTBEAT, Filter.REJECT, Filter.TRADE_FILL_NOTICE)
    assert group.line.sources == 3
    target = group.sessions[0]
    assert (target.gateway, target.status, target.keys) == (Gateway.MSGW, "active", ())
    shown = Requests(world.resources).show(world.operator, request.id)
    assert (shown.group_id, shown.reasons) == (group.line.id, ())
    assert [moment.text for moment in shown.story] == ["submitted by operator", "completed"]


def test_submission_and_completion_each_send_an_email_and_a_notice(world: World) -> None:
    request = ask_for(world)
    process(world.resources)
    mails = rows(world.resources, "SELECT recipient, subject FROM outbox ORDER BY id")
    notices = [notice.text for notice in Notices(world.resources).page(world.operator, PageRequest()).rows][::-1]
    assert [recipient for recipient, _ in mails] == ["operator@firm.example"] * 2
    assert [subject for _, subject in mails] == notices
    assert [f"{request.id} {word}" in text for word, text in zip(("submitted", "completed"), notices, strict=True)] == [
        True,
        True,
    ]


def test_it_leaves_audit_events_in_the_desks_name(world: World) -> None:
    ask_for(world)
    process(world.resources)
    events = rows(world.resources, "SELECT action, person, entity FROM audit_event ORDER BY id")
    assert events == [
        ("request:submitted", "operator", "ACME"),
        ("group:created", "desk", "ACME"),
        ("session:allocated", "desk", "ACME"),
        ("request:completed", "desk", "ACME"),
    ]


def test_processing_again_changes_nothing(world: World) -> None:
    ask_for(world)
    process(world.resources)
    before = contents(world.resources)
    assert process(world.resources) == SetUpRun((), 0)
    assert contents(world.resources) == before


def test_six_processes_make_one_group_with_one_session(world: World) -> None:
    wanted = [ask_for(world, name).id for name in ("ONE", "TWO", "THREE")]
    ended = race(world.resources.store.place, *[process_all] * 6)
    assert sorted(chain.from_iterable(ended)) == sorted(wanted)
    assert counts(world.resources) == {"drop_copy_group": 3, "group_filter": 9, "group_source": 9, "session": 3}
    assert one(world.resources, "SELECT count(*) FROM request WHERE status = 'completed'") == 3
    assert (
        one(world.resources, "SELECT count(*) FROM notice") == one(world.resources, "SELECT count(*) FROM outbox") == 6
    )


def test_a_request_that_ended_while_set_up_was_on_its_way_stays_ended(world: World) -> None:
    """Another process may end it between the list of what is due and the set-up itself."""
    ask_for(world)
    process(world.resources)
    before = contents(world.resources)
    pk = one(world.resources, "SELECT id FROM request")
    assert Provisioning(world.resources)._set_up(pk) is None
    assert contents(world.resources) == before


def test_every_reason_of_a_failure_is_listed(world: World) -> None:
    first, second = ask_for(world, "RATES"), ask_for(world, "rates")
    Provisioning(world.resources)._set_up(1)
    change(world.resources, "UPDATE sender_comp SET status = 'inactive' WHERE id <> 1")
    change(world.resources, "DELETE FROM front_end_mapping")
    failed = process(world.resources).ended
    assert [(view.id, view.status) for view in failed] == [(second.id, RequestStatus.FAILED)]
    assert failed[0].reasons == (
        "The entity already has a group named rates. Use another name.",
        "The front end system is not mapped to ACME. A user administrator can map it.",
        f"SenderComp {world.sources[1]} is no longer an active SenderComp of this entity and market.",
        f"SenderComp {world.sources[2]} is no longer an active SenderComp of this entity and market.",
    )
    assert Requests(world.resources).show(world.operator, first.id).status is RequestStatus.COMPLETED
    assert counts(world.resources)["drop_copy_group"] == 1
    assert one(world.resources, "SELECT subject FROM outbox ORDER BY id DESC LIMIT 1").startswith(f"{second.id} failed")


@pytest.mark.parametrize("moved", ["market = 'brokertec_eu'", "entity_id = 2", "status = 'inactive'"])
def test_a_source_that_went_elsewhere_fails_the_request(world: World, moved: str) -> None:
    ask_for(world)
    change(world.resources, f"UPDATE sender_comp SET {moved} WHERE id = 3")
    (view,) = process(world.resources).ended
    assert view.status is RequestStatus.FAILED
    assert view.reasons == (
        f"SenderComp {world.sources[2]} is no longer an active SenderComp of this entity and market.",
    )
    assert set(counts(world.resources).values()) == {0}


def test_of_two_requests_with_one_name_the_first_gets_it(world: World) -> None:
    first, second = ask_for(world, "RATES"), ask_for(world, "Rates")
    ended = {view.id: view.status for view in process(world.resources).ended}
    assert ended == {first.id: RequestStatus.COMPLETED, second.id: RequestStatus.FAILED}


def test_one_failure_does_not_hold_the_others_up(world: World) -> None:
    ask_for(world, "ONE", sources=(world.sources[0],))
    ask_for(world, "TWO", sources=(world.sources[1],))
    change(world.resources, "UPDATE sender_comp SET status = 'inactive' WHERE id = 1")
    assert [view.status.value for view in process(world.resources).ended] == ["failed", "completed"]


@pytest.mark.parametrize(("gateway", "limit"), [("cgw", 1_000), ("msgw", 5_000)])
def test_a_globex_target_has_a_limit(world: World, gateway: str, limit: int) -> None:
    add_sender_comps(world.resources, "ACME", limit + 1, market="globex", gfid="8AC", gateway=gateway)
    with pytest.raises(InvalidValue, match=rf"at most {limit:,} SenderComps; {limit + 1:,} are selected"):
        ask_for(world, "FUT", market="globex")
    change(world.resources, "UPDATE sender_comp SET status = 'inactive' WHERE sender_comp_id = 'AAA8ACP'")
    ask_for(world, "FUT", market="globex")
    assert [view.status for view in process(world.resources).ended] == [RequestStatus.COMPLETED]


def test_a_limit_that_is_broken_by_set_up_time_fails(world: World) -> None:
    add_sender_comps(world.resources, "ACME", 1_000, market="globex", gfid="8AC", gateway="cgw")
    add_sender_comps(world.resources, "ACME", 1, market="globex", gfid="9AC", gateway="msgw")
    ask_for(world, "FUT", market="globex")
    change(world.resources, "UPDATE sender_comp SET gateway = 'cgw' WHERE gfid = '9AC'")
    (view,) = process(world.resources).ended
    assert view.reasons == ("A CGW target session of Globex copies at most 1,000 SenderComps; 1,001 are selected.",)


def test_a_brokertec_group_has_no_limit(world: World) -> None:
    add_sender_comps(world.resources, "ACME", 6_000, gfid="BIG")
    ask_for(world)
    process(world.resources)
    assert Groups(world.resources).show(world.operator, "RATES").line.sources == 6_003


def test_a_globex_group_gets_a_target_for_each_kind_of_gateway(world: World) -> None:
    add_sender_comps(world.resources, "ACME", 1, market="globex", gfid="8AC", gateway="cgw")
    add_sender_comps(world.resources, "ACME", 1, market="globex", gfid="9AC", gateway="msgw")
    ask_for(world, "BOTH", market="globex")
    ask_for(world, "CGW", market="globex", gfids=("8AC",))
    process(world.resources)
    found = {name: Groups(world.resources).show(world.operator, name).sessions for name in ("BOTH", "CGW")}
    assert sorted(view.gateway for view in found["BOTH"]) == [Gateway.CGW, Gateway.MSGW]
    assert [view.gateway for view in found["CGW"]] == [Gateway.CGW]
    assert len({view.session_id for views in found.values() for view in views}) == 3


def test_guaranteed_sources_wait_for_the_firm_that_guarantees_them(world: World) -> None:
    add_sender_comps(world.resources, "ACME", 1, gfid="XY9", guarantor="OTHER")
    manager = add_person(world.resources, "manager", Role.ADMINISTRATIVE_MANAGER, entity="OTHER")
    request = ask_for(world)
    assert request.stage == "awaiting approval by OTHER"
    assert process(world.resources) == SetUpRun((), 1)
    assert set(counts(world.resources).values()) == {0}
    approve(world.resources, request, manager)
    assert Requests(world.resources).show(world.operator, request.id).stage == "queued"
    done = process(world.resources)
    assert (done.ended[0].status, done.waiting) == (RequestStatus.COMPLETED, 0)
    assert [moment.text for moment in done.ended[0].story][1] == "approved by manager for OTHER"


def test_sources_that_the_entity_guarantees_itself_wait_for_nobody(world: World) -> None:
    add_sender_comps(world.resources, "ACME", 1, gfid="XY9", guarantor="ACME")
    assert ask_for(world).stage == "queued"


def test_every_firm_that_must_approve_is_waited_for(world: World) -> None:
    add_sender_comps(world.resources, "ACME", 1, gfid="XY9", guarantor="OTHER")
    change(world.resources, "UPDATE entity SET approvals = 'always' WHERE code = 'ACME'")
    request = ask_for(world)
    assert request.stage == "awaiting approval by ACME, OTHER"
    for code, waiting in (("OTHER", 1), ("ACME", 0)):
        approve(
            world.resources,
            request,
            add_person(world.resources, code.lower(), Role.ADMINISTRATIVE_MANAGER, entity=code),
        )
        assert process(world.resources).waiting == waiting
    assert counts(world.resources)["drop_copy_group"] == 1


def test_another_firms_manager_approves_nothing(world: World) -> None:
    change(world.resources, "UPDATE entity SET approvals = 'always' WHERE code = 'ACME'")
    request = ask_for(world)
    manager = add_person(world.resources, "manager", Role.ADMINISTRATIVE_MANAGER, entity="OTHER")
    with pytest.raises(NotFound):
        approve(world.resources, request, manager)
    with pytest.raises(NotEntitled):
        approve(world.resources, request, world.viewer)
    assert process(world.resources) == SetUpRun((), 1)


def test_the_policy_of_an_entity_asks_for_approval_always(sample: Resources) -> None:
    operator = actor_of(sample, "multi-operator")
    front_end = Drafts(sample).front_ends(operator, "PLACEHLD")[0].title
    waiting = process(sample).waiting
    request = Groups(sample).create(operator, new_group("NEW", "PLACEHLD", front_end=front_end))
    assert request.stage == "awaiting approval by PLACEHLD"
    assert process(sample) == SetUpRun((), waiting + 1)


def test_brokertec_groups_of_the_sample_need_no_approval(sample: Resources) -> None:
    operator = actor_of(sample, "acme-operator")
    request = Groups(sample).create(operator, new_group("NEW", front_end="Ladder One 4.2"))
    assert request.stage == "queued"
    assert [view.status for view in process(sample).ended] == [RequestStatus.COMPLETED]


def test_a_request_is_seen_by_who_asked_and_by_who_sees_the_entity(world: World) -> None:
    request = ask_for(world)
    requests = Requests(world.resources)
    for actor in (world.operator, world.viewer, world.operations):
        assert requests.show(actor, request.id).id == request.id
        assert [view.id for view in requests.page(actor, PageRequest(), everyone=True).rows] == [request.id]
    assert requests.page(world.viewer, PageRequest()).total == 0
    assert requests.page(world.stranger, PageRequest(), everyone=True).total == 0
    for reference in (request.id, "DC-2026-999999", ""):
        with pytest.raises(NotFound):
            requests.show(world.stranger, reference)


@pytest.mark.parametrize(
    "order", ["", "id", "type", "subject", "entity", "submitted_by", "submitted", "status", "stage"]
)
def test_requests_can_be_walked_in_every_order(sample: Resources, order: str) -> None:
    """Rule Q7."""
    from dropcopy_tui.domain.pages import Anchor

    requests, auditor = Requests(sample), actor_of(sample, "auditor")
    everything = requests.page(auditor, PageRequest(order=order, limit=500), everyone=True)
    found, here = [], requests.page(auditor, PageRequest(order=order, limit=5), everyone=True)
    while here.rows:
        found += here.rows
        following = PageRequest(order=order, limit=5, anchor=Anchor.AFTER, beside=here.cursors[-1])
        here = requests.page(auditor, following, everyone=True)
    assert found == list(everything.rows)
    assert len(found) == everything.total > 15


@pytest.mark.parametrize(("match", "least"), [("ACME", 5), ("failed", 3), ("multi-operator denied", 2), ("zzz", 0)])
def test_requests_can_be_searched(sample: Resources, match: str, least: int) -> None:
    page = Requests(sample).page(actor_of(sample, "auditor"), PageRequest(match=match, limit=500), everyone=True)
    assert page.total == len(page.rows) >= least
    assert (page.total == 0) is (least == 0)
