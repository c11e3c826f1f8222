"""Kept counts say what counting would say, and lists that use them are those that reading everything gives."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dropcopy_tui.domain.pages import Anchor, Page, PageRequest, Selection
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.edits import GroupEdits
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.sendercomps import SenderComps
from dropcopy_tui.services.views import SenderCompView
from dropcopy_tui.store import counts
from dropcopy_tui.store.search import index_new
from tests.services.conftest import World
from tests.services.factories import add_sender_comps, change, make_resources, new_group, one, open_resources, rows
from tests.services.kept import assert_counts_hold, assert_orders_hold
from tests.stores import copy_store, repeats

MARKET = "brokertec_us"
# Heads of which some are full, some empty and some between; one Globex Firm begins as a Session ID does.
GFIDS = ("AB1", "CDE", "00X")
NAMES = sorted(f"{a}{b}{c}{gfid}P" for a, b, c, gfid in product("0AZ", "0B", "12", GFIDS))
MATCHES = st.sampled_from(["", "", "", "0", "AB", "00", "Z", "A0 CD", "AB1P", "Z 0", "E", "zb2cdep", "0 a"])


@pytest.fixture(scope="module")
def firm(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """ACME with all of NAMES, in no order; those of the last Globex Firm came after the last count."""
    path = tmp_path_factory.mktemp("kept") / "store.db"
    resources = open_resources(copy_store(first_world.resources.store.place, path))
    with resources.store.write() as tx:
        place = one(resources, "SELECT id FROM entity WHERE code = 'ACME'")
        connection = tx.connection()
        for gfid in GFIDS:
            if gfid == GFIDS[-1]:
                index_new(tx)
            for name in sorted(NAMES, key=lambda name: name[::-1]):
                if name[3:6] == gfid:
                    row = (place, MARKET, name, name[:3], gfid, "P", "msgw", "active")
                    columns = "entity_id, market, sender_comp_id, session_id, gfid, fti, gateway, status"
                    marks = ", ".join(f"'{value}'" for value in row)
                    connection.exec_driver_sql(f"INSERT INTO sender_comp ({columns}) VALUES ({marks})")
    resources.store.close()
    return World(resources, first_world.operator, *[None] * 4, first_world.sources)  # type: ignore[arg-type]


class Sets(RuleBasedStateMachine):
    """A draft that grows and shrinks, and groups that copy what it had, beside a set of names."""

    start: World

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "store.db"
        self.resources: Resources = open_resources(copy_store(self.start.resources.store.place, path))
        self.actor = self.start.operator
        self.drafts, self.few = Drafts(self.resources), counts.FEW
        counts.FEW = 3  # both ways of counting again
        self.every = {*NAMES, *self.start.sources}
        self.inactive: set[str] = set()
        self.added: set[str] = set()
        self.copied: set[str] = set()
        self.draft = self.drafts.start(self.actor, MARKET, "ACME").id
        self.keys = dict(rows(self.resources, "SELECT sender_comp_id, id FROM sender_comp"))

    def teardown(self) -> None:
        counts.FEW = self.few
        self.resources.store.close()
        self.folder.cleanup()

    def left(self) -> set[str]:
        return self.every - self.inactive - self.added

    @rule(match=MATCHES, gfid=st.sampled_from(["", "", *GFIDS]), but=st.integers(0, 3))
    def add_all(self, match: str, gfid: str, but: int) -> None:
        chosen = picked(self.left(), match, gfid)
        kept_out = frozenset(self.keys[name] for name in chosen[:but])
        self.drafts.add(self.actor, self.draft, Selection(kept_out, True, match), gfid)
        self.added |= set(chosen[but:])

    @rule(which=st.lists(st.integers(0, 200), max_size=8))
    def add_some(self, which: Sequence[int]) -> None:
        chosen = {NAMES[at % len(NAMES)] for at in which}
        self.drafts.add(self.actor, self.draft, Selection(frozenset(self.keys[name] for name in chosen)))
        self.added |= chosen & self.left()

    @rule(match=MATCHES, gfid=st.sampled_from(["", "", *GFIDS]), but=st.integers(0, 3))
    def remove_all(self, match: str, gfid: str, but: int) -> None:
        chosen = picked(self.added, match, gfid)
        kept_in = frozenset(self.keys[name] for name in chosen[:but])
        self.drafts.remove(self.actor, self.draft, Selection(kept_in, True, match), gfid)
        self.added -= set(chosen[but:])

    @rule(which=st.lists(st.integers(0, 200), max_size=8))
    def remove_some(self, which: Sequence[int]) -> None:
        chosen = {NAMES[at % len(NAMES)] for at in which}
        self.drafts.remove(self.actor, self.draft, Selection(frozenset(self.keys[name] for name in chosen)))
        self.added -= chosen

    @rule(which=st.lists(st.integers(0, 200), max_size=4))
    def turn(self, which: Sequence[int]) -> None:
        """SenderComps become inactive, or active again, wherever they are."""
        for at in which:
            name = NAMES[at % len(NAMES)]
            self.inactive ^= {name}
            status = "inactive" if name in self.inactive else "active"
            change(self.resources, f"UPDATE sender_comp SET status = '{status}' WHERE sender_comp_id = '{name}'")

    @rule()
    def count_what_came(self) -> None:
        with self.resources.store.write() as tx:
            index_new(tx)

    @precondition(lambda self: self.added - self.inactive)
    @rule()
    def make_a_group(self) -> None:
        sources = tuple(sorted(self.added - self.inactive))
        name = f"G{one(self.resources, 'SELECT count(*) FROM request')}"
        Groups(self.resources).create(self.actor, new_group(name, sources=sources))
        change(self.resources, "UPDATE request SET submitted_at = '2026-01-01 00:00:00.000000'")
        Provisioning(self.resources).process_as_desk()
        self.copied |= set(sources)

    @precondition(lambda self: self.copied)
    @rule(at=st.integers(0, 9))
    def edit_a_copy(self, at: int) -> None:
        """What the draft has now becomes what a group has."""
        groups = rows(self.resources, "SELECT id FROM drop_copy_group")
        group = groups[at % len(groups)][0]
        edit = GroupEdits(self.resources).start(self.actor, group)
        self.drafts.remove(self.actor, edit.id, Selection(everything=True))
        assert edit.sources == one(self.resources, f"SELECT count(*) FROM group_source WHERE group_id = {group}")
        self.drafts.discard(self.actor, edit.id)

    @invariant()
    def counts_hold(self) -> None:
        mark = "(SELECT up_to FROM sender_comp_mark)"
        newer = one(self.resources, f"SELECT count(*) FROM sender_comp WHERE id > {mark}")
        if newer:
            with self.resources.store.write() as tx:
                index_new(tx)
                assert_counts_hold(lambda sql: [tuple(row) for row in tx.connection().exec_driver_sql(sql)])
                tx.rollback()
        else:
            assert_counts_hold(lambda sql: rows(self.resources, sql))

    @rule(match=MATCHES, gfid=st.sampled_from(["", "", *GFIDS]), falling=st.booleans(), limit=st.integers(1, 20))
    def read_lists(self, match: str, gfid: str, falling: bool, limit: int) -> None:
        comps = SenderComps(self.resources)
        lists: dict[str, tuple[Callable[[PageRequest], Page[SenderCompView]], set[str]]] = {
            "available": (lambda ask: self.drafts.available(self.actor, self.draft, gfid, ask), self.left()),
            "added": (lambda ask: self.drafts.added(self.actor, self.draft, gfid, ask), self.added),
            "page": (lambda ask: comps.page(self.actor, "ACME", ask, MARKET, gfid), self.every),
            "anywhere": (lambda ask: comps.page(self.actor, "ACME", ask, "", gfid), self.every),
            "coverage": (
                lambda ask: comps.coverage(self.actor, "ACME", ask, "", gfid), self.every - self.inactive - self.copied,
            ),
        }  # fmt: skip
        for name, (source, names) in lists.items():
            for order in ("sender_comp_id", "gfid"):
                expected = picked(names, match, gfid, order, falling)
                check(name, source, expected, PageRequest(match, order, falling, limit=limit))


def picked(names: set[str], match: str, gfid: str, order: str = "", falling: bool = False) -> list[str]:
    """The names that a list shows, in its order."""
    words = match.upper().split()
    found = [name for name in names if all(holds(name, word) for word in words) and gfid in ("", name[3:-1])]
    return sorted(found, key=lambda name: (name[3:-1], name) if order == "gfid" else name, reverse=falling)


def holds(name: str, word: str) -> bool:
    return word in name if len(word) > 2 else name.startswith(word) or name[3:].startswith(word)


def check(name: str, source: Callable[[PageRequest], Page[Any]], expected: list[str], ask: PageRequest) -> None:
    """Forwards, backwards and by jumps, the list is what it should be."""

    def read(anchor: Anchor, **more: Any) -> Page[Any]:
        page = source(PageRequest(ask.match, ask.order, ask.descending, anchor, limit=ask.limit, **more))
        assert page.total == len(expected), name
        return page

    shown: list[str] = []
    page = read(Anchor.FIRST)
    while page.rows:
        shown += [row.sender_comp_id for row in page.rows]
        page = read(Anchor.AFTER, beside=page.cursors[-1])
    assert shown == expected, name
    shown = []
    page = read(Anchor.LAST)
    while page.rows:
        shown[:0] = [row.sender_comp_id for row in page.rows]
        page = read(Anchor.BEFORE, beside=page.cursors[0])
    assert shown == expected, name
    for at in range(0, len(expected) + 2, 5):
        page = read(Anchor.AT, at=at)
        assert [row.sender_comp_id for row in page.rows] == expected[at : at + ask.limit], (name, at)


def test_sets_of_every_kind(firm: World) -> None:
    class Machine(Sets):
        start = firm

    # A failure is told as it was found: making it shorter takes minutes.
    steps = settings(
        max_examples=repeats(20), stateful_step_count=12, deadline=None, phases=(Phase.reuse, Phase.generate)
    )
    Machine.TestCase.settings = steps
    Machine.TestCase().runTest()


def test_the_sample_data_is_counted(sample: Resources) -> None:
    with sample.store.write() as tx:
        index_new(tx)
    assert_counts_hold(lambda sql: rows(sample, sql))
    assert_orders_hold(lambda sql: rows(sample, sql))


def test_a_small_import_counts_again_what_it_touched(tmp_path: Path, first_world: World) -> None:
    resources = make_resources(tmp_path / "store.db")
    from tests.services.factories import add_entity

    add_entity(resources, "ACME")
    add_sender_comps(resources, "ACME", 40)
    with resources.store.write() as tx:
        index_new(tx)
    add_sender_comps(resources, "ACME", 2, gfid="ZZ9")
    add_sender_comps(resources, "ACME", 1, market="globex")
    with resources.store.write() as tx:
        index_new(tx)
    assert_counts_hold(lambda sql: rows(resources, sql))
    assert one(resources, "SELECT sum(members) FROM sender_comp_count WHERE kind = 'gfid'") == 43
    resources.store.close()
