"""Two people, two processes, one request: one of them wins, and the other is told (rules Q2, Q3, Q5, G3, G10)."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.groups import GroupEdit, Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.views import RequestView
from tests.services.asking import approvals_always, ask_for, edit, made, manager_of, process
from tests.services.conftest import World
from tests.services.factories import change, new_group, one, open_resources, prove, rows
from tests.services.lasting import Pair, pair
from tests.services.processes import kill_after, kill_at_statement, process_all, seconds
from tests.services.test_kill import reopened
from tests.stores import Eyes, copy_store, drop_below, repeats

# Each race is run this often, in parts that a second worker can share.
ROUNDS, PARTS = repeats(500), 2
# Of races whose rounds are long.
LONG_ROUNDS = repeats(200)
KILLS = repeats(25)


@pytest.fixture
def quick(world: World) -> Iterator[World]:
    """The world on a disk in memory, where there is one: a commit waits for no platter there."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    world.resources.store.close()
    resources = open_resources(copy_store(world.resources.store.place, folder / "store.db"))
    yield replace(world, resources=resources)
    resources.store.close()
    drop_below(folder)
    shutil.rmtree(folder)


@pytest.fixture
def two(quick: World) -> Iterator[Pair]:
    with pair(quick.resources.store.place) as processes:
        yield processes


def rounds(test: Any) -> Any:
    return pytest.mark.parametrize("part", range(PARTS))(test)


def approve_it(reference: str, version: int, actor: Actor, resources: Resources) -> str:
    Requests(resources).approve(actor, reference, version)
    return "approved"


def deny_it(reference: str, version: int, actor: Actor, resources: Resources) -> str:
    Requests(resources).deny(actor, reference, version, "No")
    return "denied"


def cancel_it(reference: str, actor: Actor, resources: Resources) -> str:
    Requests(resources).cancel(actor, reference)
    return "cancelled"


def set_up(resources: Resources) -> str:
    return " ".join(process_all(resources))


def edit_it(group_id: int, name: str, actor: Actor, resources: Resources) -> str:
    return Groups(resources).edit(actor, group_id, GroupEdit(name=name)).id


def delete_it(group_id: int, actor: Actor, resources: Resources) -> str:
    return Groups(resources).delete(actor, [group_id])[0].id


def create_it(name: str, actor: Actor, resources: Resources) -> str:
    return Groups(resources).create(actor, new_group(name)).id


def winner(answers: list[Any]) -> str:
    """The one that won; the other was refused, and told why and that nothing was changed."""
    won = [answer for answer in answers if isinstance(answer, str)]
    (lost,) = (answer for answer in answers if not isinstance(answer, str))
    assert len(won) == 1, answers
    code, message = lost
    assert code == "changed_meanwhile", answers
    assert message.endswith(("Nothing was changed.", "Nothing was submitted."))
    return str(won[0])


def whole(world: World) -> None:
    """The trail is unbroken, and nothing is there twice."""
    assert Audit(world.resources).verify(world.operations).valid
    assert Eyes(world.resources.store.place).broken() == []


@rounds
def test_two_managers_of_one_firm_approve(quick: World, two: Pair, part: int) -> None:
    approvals_always(quick.resources)
    managers = [manager_of(quick, "ACME", name) for name in ("first", "second")]
    request = ask_for(quick)
    for _ in range(ROUNDS // PARTS):
        anew(quick)
        jobs = [partial(approve_it, request.id, 1, manager) for manager in managers]
        assert winner(two.race(*jobs)) == "approved"
        assert one(quick.resources, "SELECT count(*) FROM decision") == 1
        assert one(quick.resources, "SELECT version FROM request") == 2
    whole(quick)


def anew(world: World) -> None:
    """The request is as it was when it was submitted."""
    with world.resources.store.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("DELETE FROM decision")
        connection.exec_driver_sql("UPDATE approval SET given_by = NULL, given_at = NULL")
        connection.exec_driver_sql(
            "UPDATE request SET status = 'in_progress', version = 1, ended_at = NULL, reasons = '[]', "
            "group_id = CASE WHEN type = 'create_group' THEN NULL ELSE group_id END"
        )
        prove(session, world.resources)


@rounds
def test_one_approves_while_the_requester_cancels(quick: World, two: Pair, part: int) -> None:
    """Both may succeed, in one order: approved and then cancelled. Never cancelled and then approved."""
    approvals_always(quick.resources)
    manager, request = manager_of(quick, "ACME"), ask_for(quick)
    seen: Counter[str] = Counter()
    for _ in range(ROUNDS // PARTS):
        anew(quick)
        answers = two.race(partial(approve_it, request.id, 1, manager), partial(cancel_it, request.id, quick.operator))
        verdicts = [verdict for (verdict,) in rows(quick.resources, "SELECT verdict FROM decision ORDER BY id")]
        assert verdicts in (["approve", "cancel"], ["cancel"])
        if verdicts == ["cancel"]:
            assert winner(answers) == "cancelled"
        else:
            assert answers == ["approved", "cancelled"]
        assert one(quick.resources, "SELECT status FROM request") == "cancelled"
        seen[" ".join(verdicts)] += 1
    assert len(seen) == 2, seen
    whole(quick)


@rounds
def test_one_denies_while_another_approves(quick: World, two: Pair, part: int) -> None:
    approvals_always(quick.resources)
    managers = [manager_of(quick, "ACME", name) for name in ("first", "second")]
    request = ask_for(quick)
    seen: Counter[str] = Counter()
    for _ in range(ROUNDS // PARTS):
        anew(quick)
        won = winner(two.race(
            partial(deny_it, request.id, 1, managers[0]), partial(approve_it, request.id, 1, managers[1])
        ))  # fmt: skip
        status = one(quick.resources, "SELECT status FROM request")
        assert status == {"denied": "denied", "approved": "in_progress"}[won]
        assert one(quick.resources, "SELECT count(*) FROM decision") == 1
        seen[won] += 1
    assert len(seen) == 2, seen
    whole(quick)


@rounds
def test_two_processes_set_one_request_up(quick: World, two: Pair, part: int) -> None:
    for number in range(1, ROUNDS // PARTS + 1):
        # A request of its own: one that has ended and is in progress again is refused.
        change(quick.resources, "UPDATE drop_copy_group SET deleted_at = '2026-03-04 15:00:00.000000'")
        request = ask_for(quick)
        answers = two.race(set_up, set_up)
        assert sorted(answers) == ["", request.id]
        for table in ("drop_copy_group", "session"):
            assert one(quick.resources, f"SELECT count(*) FROM {table}") == number
    completed = "SELECT count(*) FROM notice WHERE text LIKE '%completed%'"
    assert one(quick.resources, completed) == ROUNDS // PARTS
    whole(quick)


@rounds
def test_set_up_while_the_requester_cancels(quick: World, two: Pair, part: int) -> None:
    """Rule Q2: it can be cancelled while nothing was set up, and not a moment longer."""
    for _ in range(LONG_ROUNDS // PARTS):
        # A request of its own: one that has ended and is in progress again is refused.
        change(quick.resources, "UPDATE drop_copy_group SET deleted_at = '2026-03-04 15:00:00.000000'")
        request = ask_for(quick)
        ended, cancelled = two.race(set_up, partial(cancel_it, request.id, quick.operator))
        living = one(quick.resources, "SELECT count(*) FROM drop_copy_group WHERE deleted_at IS NULL")
        status = one(quick.resources, "SELECT status FROM request WHERE reference = :pk", pk=request.id)
        if cancelled == "cancelled":
            assert (ended, status, living) == ("", "cancelled", 0)
        else:
            assert "is already completed" in cancelled[1]
            assert (ended, status, living) == (request.id, "completed", 1)
    whole(quick)


@rounds
def test_one_edits_a_group_while_another_deletes_it(quick: World, two: Pair, part: int) -> None:
    group = made(quick).line.id
    seen: Counter[str] = Counter()
    for number in range(LONG_ROUNDS // PARTS):
        won = winner(two.race(
            partial(edit_it, group, f"G{number}", quick.operator), partial(delete_it, group, quick.operator)
        ))  # fmt: skip
        (kind,) = rows(
            quick.resources, "SELECT type FROM request WHERE status = 'in_progress' AND reference = :it", it=won
        )
        assert one(quick.resources, "SELECT count(*) FROM request WHERE status = 'in_progress'") == 1
        Requests(quick.resources).cancel(quick.operator, won)
        seen[kind[0]] += 1
    assert len(seen) == 2, seen
    whole(quick)


@rounds
def test_two_people_ask_for_one_name(quick: World, two: Pair, part: int) -> None:
    """Both may ask; one gets it, and the other reads why not."""
    for number in range(LONG_ROUNDS // PARTS):
        first, second = two.race(
            partial(create_it, f"G{number}", quick.operator), partial(create_it, f"g{number}", quick.operator)
        )
        assert isinstance(first, str)
        assert isinstance(second, str)
        assert {view.id for view in process(quick.resources).ended} == {first, second}
        found = rows(quick.resources, "SELECT status, reasons FROM request ORDER BY id DESC LIMIT 2")
        assert sorted(status for status, _ in found) == ["completed", "failed"]
        assert any("Use another name." in reasons for _, reasons in found)
        assert one(quick.resources, "SELECT count(*) FROM drop_copy_group") == number + 1
    whole(quick)


# -- kill -9

APPROVED = {"decision": 1, "notice": 1, "outbox": 1, "audit_event": 1}
CHANGED = {"notice": 1, "outbox": 1, "audit_event": 2}


def counts(resources: Resources) -> dict[str, int]:
    tables = ("decision", "notice", "outbox", "audit_event", "drop_copy_group", "session", "group_source", "request")
    return {table: one(resources, f"SELECT count(*) FROM {table}") for table in tables}


def grown(before: dict[str, int], resources: Resources) -> dict[str, int]:
    after = counts(resources)
    return {table: after[table] - before[table] for table in before if after[table] != before[table]}


def approved_or_not(world: World, request: RequestView, before: dict[str, int]) -> bool:
    """Whether the killed approval was given: with everything that belongs to it, or not at all."""
    resources = reopened(world.resources.store.place, world.operations)
    change_ = grown(before, resources)
    assert change_ in ({}, APPROVED)
    given, version = rows(
        resources, "SELECT (SELECT count(given_at) FROM approval WHERE request_id = id), version FROM request "
        "WHERE reference = :it", it=request.id,
    )[0]  # fmt: skip
    assert (given, version) == ((1, 2) if change_ else (0, 1))
    resources.store.close()
    return bool(change_)


def changed_or_not(world: World, before: dict[str, int]) -> bool:
    """Whether the killed set-up of an edit had happened: name, sources, version, status, trail; or nothing of it."""
    resources = reopened(world.resources.store.place, world.operations)
    change_ = grown(before, resources)
    name, version, sources, kept = rows(
        resources, "SELECT name, version, sources, (SELECT count(*) FROM group_source WHERE group_id = id) "
        "FROM drop_copy_group"
    )[0]  # fmt: skip
    status = one(resources, "SELECT status FROM request ORDER BY id DESC LIMIT 1")
    drafted = one(resources, "SELECT count(*) FROM draft_source WHERE draft_id = (SELECT max(id) FROM draft)")
    if change_:
        assert change_ == CHANGED | {"group_source": -1}
        assert (name, version, sources, kept, status, drafted) == ("Bonds", 2, 2, 2, "completed", 0)
    else:
        assert (name, version, sources, kept, status, drafted) == ("RATES", 1, 3, 3, "in_progress", 2)
    resources.store.close()
    return bool(change_)


def test_approve_survives_kill_9_at_random_moments(world: World) -> None:
    approvals_always(world.resources)
    manager, chance = manager_of(world, "ACME"), Random(3)
    path = world.resources.store.place
    length = seconds(path, partial(approve_it, ask_for(world, "FIRST").id, 1, manager))
    number, request = 0, ask_for(world, "G0")
    for _ in range(KILLS):
        before = counts(world.resources)
        world.resources.store.close()
        kill_after(path, partial(approve_it, request.id, 1, manager), chance.uniform(0, length * 1.2))
        if approved_or_not(world, request, before):
            number += 1
            request = ask_for(world, f"G{number}")
    assert len(Provisioning(world.resources).process_as_desk().ended) == number + 1


def test_approve_survives_kill_9_before_each_of_its_statements(world: World) -> None:
    approvals_always(world.resources)
    manager, request = manager_of(world, "ACME"), ask_for(world)
    before = counts(world.resources)
    world.resources.store.close()
    number = 1
    while kill_at_statement(world.resources.store.place, partial(approve_it, request.id, 1, manager), number):
        assert not approved_or_not(world, request, before)
        number += 3
    assert approved_or_not(world, request, before)
    assert number > 15


def test_set_up_of_an_edit_survives_kill_9_before_each_of_its_statements(world: World) -> None:
    made(world)
    edit(world, name="Bonds", remove=(world.sources[0],))
    before = counts(world.resources)
    world.resources.store.close()
    number = 1
    while kill_at_statement(world.resources.store.place, process_all, number):
        assert not changed_or_not(world, before)
        number += 4
    assert changed_or_not(world, before)
    assert number > 25
    assert process(open_resources(world.resources.store.place)).ended == ()
