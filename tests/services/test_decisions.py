"""Approve, deny, cancel: whose word counts, for what, and when no more (rules Q2, Q3, Q6, Q7, P3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event

from dropcopy_tui.domain.errors import ChangedMeanwhile, DeskError, InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.views import RequestView
from tests.services.asking import (
    advance,
    approvals_always,
    ask_for,
    bodies_to,
    changed_tables,
    guaranteed_by,
    mails_to,
    manager_of,
    process,
    show,
    to_do,
)
from tests.services.conftest import PHONE, World
from tests.services.factories import (
    add_entity,
    add_person,
    add_role,
    add_sender_comps,
    approve,
    change,
    contents,
    one,
    open_resources,
    rows,
)

Decision = Callable[[World, Actor, RequestView], RequestView]
NOTHING = "Nothing was changed."


def deny(world: World, actor: Actor, request: RequestView, reason: str = "Wrong desk") -> RequestView:
    requests = Requests(world.resources)
    return requests.deny(actor, request.id, requests.show(actor, request.id).version, reason)


def said_yes(world: World, actor: Actor, request: RequestView) -> RequestView:
    return approve(world.resources, request, actor)


def cancel(world: World, actor: Actor, request: RequestView) -> RequestView:
    return Requests(world.resources).cancel(actor, request.id)


def refused(world: World, error: type[DeskError], attempt: Callable[[], object]) -> str:
    """The words of a refusal that changed nothing, but for its event where a right was missing."""
    before = contents(world.resources)
    with pytest.raises(error) as caught:
        attempt()
    assert type(caught.value) is error
    assert changed_tables(world.resources, before) == ({"audit_event"} if error is NotEntitled else set())
    assert caught.value.message.endswith((NOTHING, "you have no access to it."))
    return caught.value.message


@pytest.fixture
def request_(world: World) -> RequestView:
    """A request that waits for ACME and for OTHER, which guarantees one of its SenderComps."""
    approvals_always(world.resources)
    guaranteed_by(world.resources, "OTHER", world.sources[0])
    request = ask_for(world)
    assert request.waiting_for == ("ACME", "OTHER")
    return request


@pytest.fixture
def acme(world: World) -> Actor:
    return manager_of(world, "ACME")


@pytest.fixture
def other(world: World) -> Actor:
    return manager_of(world, "OTHER")


# -- whose word counts


def test_every_firm_gives_its_own_approval_and_then_it_is_set_up(
    world: World, acme: Actor, other: Actor, request_: RequestView
) -> None:
    first = approve(world.resources, request_, other)
    assert (first.waiting_for, first.stage) == (("ACME",), "awaiting approval by ACME")
    advance(world.resources, minutes=5)
    second = approve(world.resources, request_, acme)
    assert (second.waiting_for, second.stage, second.status) == ((), "queued", RequestStatus.IN_PROGRESS)
    (done,) = process(world.resources).ended
    assert [moment.text for moment in done.story] == [
        "submitted by operator",
        "approved by other-manager for OTHER",
        "approved by acme-manager for ACME",
        "completed",
    ]
    assert [moment.at for moment in done.story] == sorted(moment.at for moment in done.story)


def test_a_manager_of_two_firms_gives_both_approvals_at_once(world: World, acme: Actor, request_: RequestView) -> None:
    add_role(world.resources, acme, Role.ADMINISTRATIVE_MANAGER, "OTHER")
    done = approve(world.resources, request_, acme)
    assert done.waiting_for == ()
    assert [moment.text for moment in done.story[1:]] == [
        "approved by acme-manager for ACME",
        "approved by acme-manager for OTHER",
    ]
    assert len([text for text in mails_to(world.resources, world.operator) if "approved" in text]) == 1
    events = rows(world.resources, "SELECT entity FROM audit_event WHERE action = 'request:approved' ORDER BY id")
    assert events == [("ACME",), ("OTHER",)]


def test_one_of_several_guarantors_is_enough_to_deny(world: World, other: Actor, request_: RequestView) -> None:
    denied = deny(world, other, request_, "  Not our desk ")
    assert (denied.status, denied.stage) == (RequestStatus.DENIED, "Denied")
    assert denied.reasons == ("Denied by other-manager: Not our desk",)
    assert denied.story[-1].text == "denied by other-manager for OTHER: Not our desk"
    assert process(world.resources).ended == ()


@pytest.mark.parametrize("decide", [said_yes, deny])
def test_a_person_without_the_role_decides_nothing(world: World, request_: RequestView, decide: Decision) -> None:
    words = refused(world, NotEntitled, lambda: decide(world, world.viewer, request_))
    assert words == (
        f"{request_.id} awaits an administrative manager of ACME, OTHER, which you are not. Nothing was changed."
    )


@pytest.mark.parametrize("role", sorted({Role.GAM, Role.OPERATIONS, Role.AUDITOR}))
def test_the_desks_own_roles_approve_nothing(world: World, request_: RequestView, role: Role) -> None:
    somebody = add_person(world.resources, "somebody", role)
    refused(world, NotEntitled, lambda: said_yes(world, somebody, request_))
    assert to_do(world.resources, somebody) == []


@pytest.mark.parametrize("decide", [said_yes, deny, cancel])
def test_a_stranger_does_not_learn_that_there_is_a_request(
    world: World, request_: RequestView, decide: Decision
) -> None:
    add_entity(world.resources, "THIRD")
    third = manager_of(world, "THIRD")
    words = refused(world, NotFound, lambda: decide(world, third, request_))
    assert words == f"Request {request_.id} does not exist, or you have no access to it."


def test_a_request_that_needs_no_approval_is_nobodys_to_approve(world: World, acme: Actor) -> None:
    request = ask_for(world)
    for decide in (said_yes, deny):
        words = refused(world, NotEntitled, lambda decide=decide: decide(world, acme, request))
        assert words == f"{request.id} does not require approval. Nothing was changed."


def test_may_decide_says_what_the_deed_would_say(
    world: World, acme: Actor, other: Actor, request_: RequestView
) -> None:
    requests = Requests(world.resources)
    assert requests.may_decide(acme, request_.id) == (True, "")
    assert requests.may_decide(world.operator, request_.id) == (
        False, f"You submitted {request_.id}, so someone else must approve or deny it. Nothing was changed.",
    )  # fmt: skip
    deny(world, other, request_)
    allowed, why = requests.may_decide(acme, request_.id)
    assert not allowed
    assert "is already denied (denied by other-manager)" in why


# -- nobody decides their own


@pytest.mark.parametrize("entity", ["ACME", "OTHER"])
@pytest.mark.parametrize("decide", [said_yes, deny])
def test_nobody_decides_their_own_under_any_role(
    world: World, request_: RequestView, entity: str, decide: Decision
) -> None:
    add_role(world.resources, world.operator, Role.ADMINISTRATIVE_MANAGER, entity)
    words = refused(world, NotEntitled, lambda: decide(world, world.operator, request_))
    assert words == f"You submitted {request_.id}, so someone else must approve or deny it. Nothing was changed."
    assert to_do(world.resources, world.operator) == []


def test_nobody_decides_their_own_in_any_order_of_roles(world: World, request_: RequestView) -> None:
    """Manager before submitting or after it, with full access still or not any more."""
    me = world.operator
    change(world.resources, "DELETE FROM entitlement WHERE person_id = :it", it=me.person_id)
    for entity in ("ACME", "OTHER"):
        add_role(world.resources, me, Role.ADMINISTRATIVE_MANAGER, entity)
    refused(world, NotEntitled, lambda: said_yes(world, me, request_))
    for role in (Role.FULL_ACCESS, Role.USER_ADMINISTRATOR):
        add_role(world.resources, me, role, "ACME")
    add_role(world.resources, me, Role.OPERATIONS)
    refused(world, NotEntitled, lambda: said_yes(world, me, request_))
    later = ask_for(world, "LATER")
    refused(world, NotEntitled, lambda: said_yes(world, me, later))
    assert to_do(world.resources, me) == []


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"mobile": "+1 202 555 0123"}, {"mobile": "+1 (202) 555-0123"}),
        ({"email": "pat@firm.example"}, {"email": "Pat+second@FIRM.example"}),
        ({"email": "pat+one@firm.example"}, {"email": "pat+two@firm.example"}),
    ],
    ids=["the same phone", "a tagged mailbox", "two tags"],
)
@pytest.mark.parametrize("decide", [said_yes, deny])
def test_a_second_account_of_the_requester_decides_nothing(
    world: World, request_: RequestView, mine: dict[str, str], theirs: dict[str, str], decide: Decision
) -> None:
    second = manager_of(world, "ACME", "second")
    set_facts(world, world.operator, mine)
    set_facts(world, second, theirs)
    words = refused(world, NotEntitled, lambda: decide(world, second, request_))
    assert words == (
        f"You submitted {request_.id} from another account of yours, so someone else must approve or deny it. "
        "Nothing was changed."
    )
    assert to_do(world.resources, second) == []
    assert Requests(world.resources).may_decide(second, request_.id)[0] is False
    ask_for(world, "NEXT")
    assert not [text for text in mails_to(world.resources, second) if "awaits your approval" in text]


def set_facts(world: World, actor: Actor, facts: dict[str, str]) -> None:
    for name, value in facts.items():
        change(world.resources, f"UPDATE person SET {name} = :value WHERE id = :it", value=value, it=actor.person_id)


def test_a_third_account_is_the_same_person_by_way_of_the_second(world: World, request_: RequestView) -> None:
    """The requester shares a phone with the second account, and that one its mailbox with the third."""
    add_person(world.resources, "pat", mobile=PHONE)
    third = manager_of(world, "ACME", "third")
    set_facts(world, third, {"email": "pat+third@firm.example"})
    refused(world, NotEntitled, lambda: said_yes(world, third, request_))


def test_accounts_are_read_once_and_only_where_something_waits(
    world: World, acme: Actor, request_: RequestView
) -> None:
    """A desk may have ten thousand of them, and each is checked when it is read."""
    read: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        read.extend([statement] if "FROM person" in statement and "WHERE" not in statement else [])

    event.listen(world.resources.store._engine, "before_cursor_execute", note)
    assert [view.id for view in Requests(world.resources).to_do(acme, PageRequest()).rows] == [request_.id]
    assert len(read) == 1
    approve(world.resources, request_, acme)
    read.clear()
    assert Requests(world.resources).to_do(acme, PageRequest()).rows == ()
    assert read == []


def test_colleagues_without_a_phone_are_not_one_person(world: World, acme: Actor, request_: RequestView) -> None:
    """No phone is no common phone; and what follows a + joins nobody who only shares the host."""
    change(world.resources, "UPDATE person SET mobile = NULL")
    assert approve(world.resources, request_, acme).waiting_for == ("OTHER",)


# -- what was shown


@pytest.mark.parametrize("decide", ["approve", "deny"])
def test_a_decision_is_bound_to_the_version_that_was_shown(
    world: World, acme: Actor, other: Actor, request_: RequestView, decide: str
) -> None:
    requests = Requests(world.resources)
    shown = requests.show(acme, request_.id).version
    approve(world.resources, request_, other)
    more = ("No",) if decide == "deny" else ()
    words = refused(world, ChangedMeanwhile, lambda: getattr(requests, decide)(acme, request_.id, shown, *more))
    assert words == (
        f"{request_.id} changed since it was opened (approved by other-manager). Review it again, then decide. "
        "Nothing was changed."
    )


def test_approving_twice_from_two_screens_says_that_it_is_done(
    world: World, acme: Actor, request_: RequestView
) -> None:
    requests = Requests(world.resources)
    shown = requests.show(acme, request_.id).version
    requests.approve(acme, request_.id, shown)
    for version in (shown, shown + 1):
        words = refused(world, ChangedMeanwhile, lambda version=version: requests.approve(acme, request_.id, version))
        assert "approved by acme-manager" in words
    assert one(world.resources, "SELECT count(*) FROM decision") == 1


@pytest.mark.parametrize("still", [1, 0], ids=["another firm is missing", "nobody is missing"])
def test_a_colleague_who_comes_second_reads_who_was_first(
    world: World, acme: Actor, other: Actor, request_: RequestView, still: int
) -> None:
    colleague = manager_of(world, "ACME", "colleague")
    requests = Requests(world.resources)
    shown = requests.show(colleague, request_.id).version
    approve(world.resources, request_, acme)
    if not still:
        approve(world.resources, request_, other)
    for attempt in (
        lambda: requests.approve(colleague, request_.id, shown),
        lambda: requests.deny(colleague, request_.id, shown, "No"),
        lambda: said_yes(world, colleague, request_),
    ):
        assert f"approved by {'acme' if still else 'other'}-manager" in refused(world, ChangedMeanwhile, attempt)
    assert to_do(world.resources, colleague) == []


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("deny", "is already denied (denied by other-manager)."),
        ("cancel", "is already cancelled (cancelled by operator)."),
        ("complete", "is already completed (approved by acme-manager)."),
        ("fail", "is already failed (approved by acme-manager)."),
    ],
)
def test_what_has_ended_is_nobodys_to_decide(
    world: World, acme: Actor, other: Actor, request_: RequestView, end: str, words: str
) -> None:
    requests = Requests(world.resources)
    shown = requests.show(acme, request_.id).version
    finish(world, acme, other, request_, end)
    for attempt in (
        lambda: requests.approve(acme, request_.id, shown),
        lambda: requests.deny(acme, request_.id, shown, "No"),
        lambda: said_yes(world, acme, request_),
        lambda: requests.cancel(world.operator, request_.id),
    ):
        assert refused(world, ChangedMeanwhile, attempt) == f"{request_.id} {words} {NOTHING}"
    assert to_do(world.resources, acme) == []


def finish(world: World, acme: Actor, other: Actor, request: RequestView, end: str) -> None:
    if end == "deny":
        deny(world, other, request)
    elif end == "cancel":
        cancel(world, world.operator, request)
    else:
        approve(world.resources, request, other)
        approve(world.resources, request, acme)
        if end == "fail":
            change(world.resources, "DELETE FROM front_end_mapping")
        process(world.resources)


@pytest.mark.parametrize("how", ["DELETE FROM entitlement", "UPDATE person SET disabled = true"])
@pytest.mark.parametrize("decide", ["approve", "deny"])
def test_an_approver_who_lost_the_role_meanwhile_decides_nothing(
    world: World, acme: Actor, request_: RequestView, how: str, decide: str
) -> None:
    requests = Requests(world.resources)
    shown = requests.show(acme, request_.id).version
    change(world.resources, how)
    more = ("No",) if decide == "deny" else ()
    if "disabled" in how:
        with pytest.raises(NotEntitled, match="disabled"):
            getattr(requests, decide)(acme, request_.id, shown, *more)
        return
    refused(world, NotFound, lambda: getattr(requests, decide)(acme, request_.id, shown, *more))
    assert to_do(world.resources, acme) == []


def test_an_approval_that_was_given_stays_when_its_giver_leaves(
    world: World, acme: Actor, other: Actor, request_: RequestView
) -> None:
    """It was given by an entitled person at that time."""
    approve(world.resources, request_, other)
    change(world.resources, "UPDATE person SET disabled = true WHERE id = :it", it=other.person_id)
    approve(world.resources, request_, acme)
    assert [view.status for view in process(world.resources).ended] == [RequestStatus.COMPLETED]


# -- reasons


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "Reason is empty. Enter 1 to 500 characters."),
        ("  \t ", "Reason is empty. Enter 1 to 500 characters."),
        ("x" * 501, "Reason has 501 characters. At most 500 are allowed."),
        ("no\x1b[31m", "U+001B"),
    ],
)
def test_a_denial_needs_a_reason_that_can_be_read(
    world: World, acme: Actor, request_: RequestView, reason: str, words: str
) -> None:
    before = contents(world.resources)
    with pytest.raises(InvalidValue) as caught:
        deny(world, acme, request_, reason)
    assert words in caught.value.message
    assert caught.value.field == "reason"
    assert contents(world.resources) == before


# -- cancelling


def test_the_requester_cancels_while_nothing_was_set_up(world: World, acme: Actor, request_: RequestView) -> None:
    approve(world.resources, request_, acme)
    cancelled = cancel(world, world.operator, request_)
    assert (cancelled.status, cancelled.waiting_for, cancelled.reasons) == (RequestStatus.CANCELLED, (), ())
    assert cancelled.story[-1].text == "cancelled by operator"
    assert process(world.resources).ended == ()
    assert one(world.resources, "SELECT count(*) FROM drop_copy_group") == 0


def test_a_requester_without_any_role_may_still_cancel(world: World, request_: RequestView) -> None:
    change(world.resources, "DELETE FROM entitlement")
    assert cancel(world, world.operator, request_).status is RequestStatus.CANCELLED


def test_nobody_cancels_for_somebody_else(world: World, acme: Actor, request_: RequestView) -> None:
    colleague = add_person(world.resources, "colleague", Role.FULL_ACCESS, entity="ACME", mobile=PHONE)
    for somebody in (acme, world.viewer, world.operations, colleague):
        words = refused(world, NotEntitled, lambda somebody=somebody: cancel(world, somebody, request_))
        assert words == f"{request_.id} is not your request: only its requester can cancel it. Nothing was changed."


def test_a_cancelled_name_can_be_asked_for_again(world: World) -> None:
    cancel(world, world.operator, ask_for(world))
    ask_for(world)
    assert [view.status for view in process(world.resources).ended] == [RequestStatus.COMPLETED]


# -- who is told, and what the trail says


def test_each_is_told_once(world: World, acme: Actor, other: Actor, request_: RequestView) -> None:
    off = manager_of(world, "OTHER", "off", disabled=True)
    request = ask_for(world, "NEXT")
    asked = f"{request.id} awaits your approval: create group NEXT"
    for approver in (acme, other):
        assert mails_to(world.resources, approver)[-1] == asked
        assert bodies_to(world.resources, approver)[-1].startswith(
            "Submitted by operator: Group NEXT in BrokerTec U.S."
        )
        approve(world.resources, request, approver)
    process(world.resources)
    assert [text for text in mails_to(world.resources, world.operator) if request.id in text] == [
        f"{request.id} submitted: create group NEXT",
        f"{request.id} approved by acme-manager: create group NEXT",
        f"{request.id} approved by other-manager: create group NEXT",
        f"{request.id} completed: create group NEXT",
    ]
    told = [body for body in bodies_to(world.resources, world.operator) if "approved by" in body]
    assert told[0].endswith("It still awaits approval by OTHER.")
    assert told[1].endswith("It is being processed.")
    for approver in (acme, other):
        assert len([text for text in mails_to(world.resources, approver) if request.id in text]) == 1
    assert mails_to(world.resources, off) == []


def test_a_manager_of_two_firms_is_asked_once(world: World) -> None:
    both = manager_of(world, "ACME")
    add_role(world.resources, both, Role.ADMINISTRATIVE_MANAGER, "OTHER")
    approvals_always(world.resources)
    guaranteed_by(world.resources, "OTHER", world.sources[0])
    ask_for(world)
    assert len(mails_to(world.resources, both)) == 1


def test_a_denial_tells_its_reason(world: World, acme: Actor, request_: RequestView) -> None:
    deny(world, acme, request_, "Ask in January")
    assert mails_to(world.resources, world.operator)[-1] == f"{request_.id} denied: create group RATES"
    assert bodies_to(world.resources, world.operator)[-1] == "Denied by acme-manager: Ask in January"


def test_every_decision_is_an_event_and_the_chain_holds(
    world: World, acme: Actor, other: Actor, request_: RequestView
) -> None:
    approve(world.resources, request_, acme)
    deny(world, other, request_, "No")
    cancel(world, world.operator, ask_for(world, "NEXT"))
    sql = "SELECT action, person, entity FROM audit_event WHERE action LIKE 'request:%' ORDER BY id"
    assert rows(world.resources, sql) == [
        ("request:submitted", "operator", "ACME"),
        ("request:approved", "acme-manager", "ACME"),
        ("request:denied", "other-manager", "OTHER"),
        ("request:submitted", "operator", "ACME"),
        ("request:cancelled", "operator", "ACME"),
    ]
    assert '"reason": "No"' in one(world.resources, "SELECT after FROM audit_event WHERE action = 'request:denied'")
    assert Audit(world.resources).verify(world.operations).valid


# -- To Do


def test_to_do_holds_what_waits_for_this_person_and_nothing_else(
    world: World, acme: Actor, other: Actor, request_: RequestView
) -> None:
    mine = ask_for(world, "MINE", sources=(world.sources[1],))
    assert to_do(world.resources, acme) == [mine.id, request_.id]
    assert to_do(world.resources, other) == [request_.id]
    for nobody in (world.operator, world.viewer, world.operations):
        assert to_do(world.resources, nobody) == []
    approve(world.resources, request_, acme)
    assert to_do(world.resources, acme) == [mine.id]
    assert to_do(world.resources, other) == [request_.id]
    cancel(world, world.operator, mine)
    assert to_do(world.resources, acme) == []


def test_a_guarantor_sees_the_request_but_not_the_entity(world: World, other: Actor, request_: RequestView) -> None:
    assert Requests(world.resources).show(other, request_.id).id == request_.id
    approve(world.resources, request_, other)
    assert Requests(world.resources).show(other, request_.id).status is RequestStatus.IN_PROGRESS
    with pytest.raises(NotFound):
        Groups(world.resources).page(other, *_ask(), entity="ACME")


def _ask() -> tuple[object, ...]:
    from dropcopy_tui.domain.pages import PageRequest

    return (PageRequest(),)


# -- between approval and set-up


def test_all_has_what_one_decided_at_an_entity_that_one_may_not_see(
    world: World, other: Actor, request_: RequestView
) -> None:
    requests = Requests(world.resources)
    assert requests.page(other, PageRequest(), everyone=True).total == 0
    deny(world, other, request_)
    assert [view.id for view in requests.page(other, PageRequest(), everyone=True).rows] == [request_.id]
    assert requests.page(world.stranger, PageRequest(), everyone=True).total == 0


def test_another_guarantor_by_set_up_time_is_asked_too(world: World, other: Actor) -> None:
    add_entity(world.resources, "THIRD")
    third = manager_of(world, "THIRD")
    guaranteed_by(world.resources, "OTHER", world.sources[0])
    request = ask_for(world)
    approve(world.resources, request, other)
    guaranteed_by(world.resources, "THIRD", world.sources[0])
    seen = show(world, request).version
    assert process(world.resources).ended == ()
    again = show(world, request)
    assert (again.stage, again.version > seen) == ("awaiting approval by THIRD", True)
    assert to_do(world.resources, third) == [request.id]
    assert mails_to(world.resources, third) == [f"{request.id} awaits your approval: create group RATES"]
    assert process(world.resources).waiting == 1
    assert len(mails_to(world.resources, third)) == 1
    approve(world.resources, request, third)
    assert [view.status for view in process(world.resources).ended] == [RequestStatus.COMPLETED]


@pytest.mark.parametrize(
    "how",
    [
        "DELETE FROM entitlement WHERE person_id = :it",
        "UPDATE entitlement SET role = 'read_only' WHERE person_id = :it AND role = 'full_access'",
        "UPDATE person SET disabled = true WHERE id = :it",
    ],
)
def test_a_requester_who_lost_the_right_gets_nothing_set_up(
    world: World, acme: Actor, other: Actor, request_: RequestView, how: str
) -> None:
    approve(world.resources, request_, acme)
    approve(world.resources, request_, other)
    change(world.resources, how, it=world.operator.person_id)
    (failed,) = process(world.resources).ended
    assert failed.status is RequestStatus.FAILED
    assert failed.reasons == ("operator no longer has the right to change groups at ACME.",)
    assert one(world.resources, "SELECT count(*) FROM drop_copy_group") == 0
    assert mails_to(world.resources, world.operator)[-1] == f"{request_.id} failed: create group RATES"


def test_every_reason_is_told_and_nothing_is_made(
    world: World, acme: Actor, other: Actor, request_: RequestView
) -> None:
    approve(world.resources, ask_for(world, "rates", sources=(world.sources[2],)), acme)
    process(world.resources)
    approve(world.resources, request_, acme)
    approve(world.resources, request_, other)
    change(
        world.resources, "UPDATE sender_comp SET status = 'inactive' WHERE sender_comp_id = :it", it=world.sources[1]
    )
    change(world.resources, "DELETE FROM front_end_mapping")
    change(world.resources, "DELETE FROM entitlement WHERE person_id = :it", it=world.operator.person_id)
    before = contents(world.resources)
    (failed,) = process(world.resources).ended
    assert failed.reasons == (
        "operator no longer has the right to change groups at ACME.",
        "The entity already has a group named RATES. Use another name.",
        "The front end system is not mapped to ACME. A user administrator can map it.",
        f"SenderComp {world.sources[1]} is no longer an active SenderComp of this entity and market.",
    )
    assert changed_tables(world.resources, before) == {"request", "notice", "outbox", "audit_event"}
    assert bodies_to(world.resources, world.operator)[-1] == " ".join(failed.reasons)


def test_one_bad_request_does_not_keep_the_others_from_set_up(world: World) -> None:
    bad, good = ask_for(world, "BAD"), ask_for(world, "GOOD", sources=(world.sources[0],))
    change(
        world.resources, "UPDATE sender_comp SET status = 'inactive' WHERE sender_comp_id = :it", it=world.sources[1]
    )
    process(world.resources)
    found = {view.id: view.status for view in (show(world, bad), show(world, good))}
    assert found == {bad.id: RequestStatus.FAILED, good.id: RequestStatus.COMPLETED}


def test_a_million_of_sources_waits_like_three(world: World, other: Actor) -> None:
    """Requested changes can be read by the approver a page at a time, whatever its size."""
    from dropcopy_tui.domain.pages import PageRequest
    from dropcopy_tui.domain.requests import Change

    add_sender_comps(world.resources, "ACME", 1_500, gfid="BIG", guarantor="OTHER")
    request = ask_for(world)
    page = Requests(world.resources).sources(other, request.id, Change.ADDED, PageRequest(limit=10))
    assert (page.total, len(page.rows)) == (1_503, 10)


def test_a_sandbox_and_a_real_desk_decide_alike(world: World, acme: Actor, request_: RequestView) -> None:
    real = open_resources(world.resources.store.place, sandbox=False)
    assert approve(real, request_, acme).waiting_for == ("OTHER",)
    real.store.close()


def test_a_request_that_was_ready_when_it_was_looked_for_is_looked_at_again(
    world: World, request_: RequestView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the set-up, a firm's approval may have been asked for by another process."""
    (pk,) = rows(world.resources, "SELECT id FROM request WHERE reference = :it", it=request_.id)[0]
    monkeypatch.setattr(Provisioning, "_due", lambda *_: ([pk], 0, 0))
    assert process(world.resources).ended == ()
    assert show(world, request_).status is RequestStatus.IN_PROGRESS
    assert one(world.resources, "SELECT count(*) FROM drop_copy_group") == 0
