"""kill -9 at any moment: the store opens, is sound, and holds all of a change or none of it (rule Q5)."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

import pytest

from dropcopy_tui.domain.pages import Selection
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.places import Place
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.drafts import DraftFields, Drafts, Filter
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.views import DraftView
from dropcopy_tui.store.location import check_store
from tests.services.conftest import World
from tests.services.factories import add_sender_comps, new_group, one, open_resources
from tests.services.processes import kill_after, kill_at_statement, process_all, seconds, submit
from tests.stores import Eyes, repeats

ROUNDS = repeats(25)
SOURCES = 2_000
TABLES = ("drop_copy_group", "group_filter", "group_source", "session", "notice", "outbox", "audit_event", "request")
# What submitting leaves behind, and what set-up does, counted by table (Completed requests are not new rows).
SUBMITTED = {"notice": 1, "outbox": 1, "audit_event": 1, "request": 1}
SET_UP = {
    "drop_copy_group": 1, "group_filter": 3, "group_source": SOURCES, "session": 1, "notice": 1, "outbox": 1,
    "audit_event": 3,
}  # fmt: skip


@pytest.fixture
def big(world: World) -> World:
    """ACME with some thousand SenderComps."""
    add_sender_comps(world.resources, "ACME", SOURCES - 3, gfid="BIG")
    return world


def prepared(world: World, name: str) -> DraftView:
    """A draft that can be submitted."""
    drafts = Drafts(world.resources)
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    fields = DraftFields("ACME", name, world.front_end, (Filter.TRADE_FILL_NOTICE,), 6)
    saved = drafts.save(world.operator, draft.id, draft.version, fields)
    return drafts.add(world.operator, saved.id, Selection(everything=True))


def counts(resources: Resources) -> dict[str, int]:
    return {table: one(resources, f"SELECT count(*) FROM {table}") for table in TABLES}


def grown(before: dict[str, int], resources: Resources) -> dict[str, int]:
    """How many rows came to each table."""
    after = counts(resources)
    return {table: after[table] - before[table] for table in TABLES if after[table] != before[table]}


def reopened(path: Place, auditor: Actor) -> Resources:
    """The store as the next process finds it: accepted, whole, its trail unbroken."""
    check_store(path)
    resources = open_resources(path)
    eyes = Eyes(path)
    assert eyes.broken() == []
    eyes.close()
    assert Audit(resources).verify(auditor).valid
    return resources


def check_submit(world: World, draft: DraftView, before: dict[str, int]) -> bool:
    """Whether the killed submit had happened: with everything, or not at all."""
    resources = reopened(world.resources.store.place, world.operations)
    change: Any = grown(before, resources)
    assert change in ({}, SUBMITTED)
    kept = Drafts(resources).mine(world.operator)
    assert kept == (() if change else (draft,))
    in_draft = one(resources, "SELECT count(*) FROM draft_source WHERE draft_id = :it", it=draft.id)
    assert in_draft == SOURCES
    resources.store.close()
    return bool(change)


def check_set_up(world: World, before: dict[str, int]) -> bool:
    """Whether the killed set-up had happened: with everything, or not at all."""
    resources = reopened(world.resources.store.place, world.operations)
    change: Any = grown(before, resources)
    assert change in ({}, SET_UP)
    status, group = one(
        resources, "SELECT status || CASE WHEN group_id IS NULL THEN ' 0' ELSE ' 1' END FROM request ORDER BY id DESC"
    ).split()
    assert (status, group) == (("completed", "1") if change else ("in_progress", "0"))
    resources.store.close()
    return bool(change)


def finish(world: World, before: dict[str, int]) -> None:
    """A later process does what is left, and all of it."""
    resources = open_resources(world.resources.store.place)
    Provisioning(resources).process_as_desk()
    assert grown(before, resources) == SET_UP
    assert one(resources, "SELECT count(*) FROM request WHERE status = 'in_progress'") == 0
    resources.store.close()


def test_submit_survives_kill_9_at_random_moments(big: World) -> None:
    path, chance = big.resources.store.place, Random(1)
    first = prepared(big, "FIRST")
    length = seconds(path, partial(submit, first.id, first.version, big.operator))
    name, draft = 0, prepared(big, "G0")
    for _ in range(ROUNDS):
        before = counts(big.resources)
        big.resources.store.close()
        kill_after(path, partial(submit, draft.id, draft.version, big.operator), chance.uniform(0, length * 1.2))
        if check_submit(big, draft, before):
            name += 1
            draft = prepared(big, f"G{name}")
    assert len(Provisioning(big.resources).process_as_desk().ended) == name + 1


def test_set_up_survives_kill_9_at_random_moments(big: World) -> None:
    path, chance, groups = big.resources.store.place, Random(2), Groups(big.resources)
    groups.create(big.operator, new_group("FIRST"))
    length = seconds(path, process_all)
    name = 0
    groups.create(big.operator, new_group("G0"))
    for _ in range(ROUNDS):
        before = counts(big.resources)
        big.resources.store.close()
        kill_after(path, process_all, chance.uniform(0, length * 1.2))
        if check_set_up(big, before):
            name += 1
            groups.create(big.operator, new_group(f"G{name}"))
    finish(big, counts(big.resources))


def test_submit_survives_kill_9_before_each_of_its_statements(big: World) -> None:
    draft = prepared(big, "RATES")
    before = counts(big.resources)
    big.resources.store.close()
    number = 1
    while kill_at_statement(big.resources.store.place, partial(submit, draft.id, draft.version, big.operator), number):
        assert not check_submit(big, draft, before)
        number += 4
    assert check_submit(big, draft, before)
    assert number > 20


def test_set_up_survives_kill_9_before_each_of_its_statements(big: World) -> None:
    Groups(big.resources).create(big.operator, new_group())
    before = counts(big.resources)
    big.resources.store.close()
    number = 1
    while kill_at_statement(big.resources.store.place, process_all, number):
        assert not check_set_up(big, before)
        number += 4
    assert check_set_up(big, before)
    assert number > 20
