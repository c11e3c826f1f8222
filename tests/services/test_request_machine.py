"""Requests, decisions, roles and time in any order, on a real store, beside a pure model (rules Q1 to Q5, G10, P4)."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dropcopy_tui.domain.errors import ChangedMeanwhile, DeskError, InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.places import Place
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.drafts import DraftFields, Drafts
from dropcopy_tui.services.groups.edits import GroupEdits
from dropcopy_tui.services.groups.groups import GroupEdit, Groups, NewGroup
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.store.search import index_new
from tests.services.factories import (
    FRONT_END,
    NOW,
    FixedEntropy,
    FrozenClock,
    add_entity,
    add_front_end,
    add_person,
    add_role,
    add_sender_comps,
    change,
    make_resources,
    open_resources,
)
from tests.services.kept import assert_counts_hold, assert_orders_hold
from tests.services.request_model import ACME, FULL, MANAGER, MANDATORY, OTHER, READER, Draft, Group, Model, Request
from tests.services.test_batches import FOUR
from tests.stores import Eyes, copy_store, drop_below, repeats, restore

ROUNDS, STEPS = repeats(40), 40
# ann and ann2 are two accounts of one person: they have the same mobile phone.
HUMANS = {"ann": "Ann", "ann2": "Ann", "bob": "Bob", "mia": "Mia", "max": "Max"}
FIRST_ROLES = {
    ("ann", FULL, ACME), ("bob", FULL, ACME), ("ann2", MANAGER, ACME), ("ann2", MANAGER, OTHER),
    ("max", MANAGER, ACME), ("mia", MANAGER, OTHER),
}  # fmt: skip
PEOPLE = st.sampled_from(sorted(HUMANS))
ASKERS = st.sampled_from(["ann", "ann", "ann", "bob", "bob", "bob", *sorted(HUMANS)])
HOW = st.sampled_from(["edit", "edit", "delete"])
CALM = st.sampled_from([False, True, True])
NAMES = st.sampled_from(["RATES", "rates", "Bonds"])
FILTERS = st.sampled_from([frozenset({"trade_fill_notice"}), frozenset({"trade_fill_notice", "trade_bust"})])
SOURCES = st.frozensets(st.integers(0, 3), min_size=1)
ANY = st.integers(0, 30)
_REFUSALS = {
    NotFound: "not_found", NotEntitled: "not_entitled", InvalidValue: "invalid_value",
    ChangedMeanwhile: "changed_meanwhile",
}  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """A store with the people and four SenderComps, of which OTHER guarantees the last; every round copies it."""

    place: Place
    people: dict[str, Actor]
    sources: list[str]
    resources: Resources
    seen: Counter[str] = field(default_factory=Counter)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    path = tmp_path / "store.db"
    resources = make_resources(path)
    for code in (ACME, OTHER):
        add_entity(resources, code)
    people = {name: add_person(resources, name, mobile="+1 202 555 0123" if "ann" in name else None) for name in HUMANS}
    for name, role, entity in sorted(FIRST_ROLES):
        add_role(resources, people[name], Role(role), entity)
    people["auditor"] = add_person(resources, "auditor", Role.AUDITOR)
    add_front_end(resources, ACME)
    sources = add_sender_comps(resources, ACME, 4)
    change(resources, "UPDATE sender_comp SET guarantor_id = 2 WHERE sender_comp_id = :it", it=sources[3])
    resources.store.close()
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    used = open_resources(copy_store(resources.store.place, folder / "store.db"), entropy=FixedEntropy())
    yield Ground(resources.store.place, people, sources, used)
    used.store.close()
    drop_below(folder)
    shutil.rmtree(folder)


class Desk(RuleBasedStateMachine):
    """A desk with five accounts at the keys."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground, self.people, self.sources = ground, ground.people, ground.sources
        self.ended: dict[int, Any] = {}
        self.draft_ids: dict[int, int] = {}
        # One engine for all rounds: it knows its statements by then. Its connections are new ones.
        ground.resources.store.close()
        restore(ground.place, ground.resources.store.place)
        self.eyes = Eyes(ground.resources.store.place)
        self.tables = [name for name in self.eyes.tables() if name not in ("audit_event", "audit_head")]

    def teardown(self) -> None:
        self.eyes.close()
        if hasattr(self, "model"):
            self.ground.seen.update(f"{it.kind} {it.status}" for it in self.model.requests)

    @initialize(batch=st.sampled_from([False, False, False, True]), policy=st.booleans())
    def open(self, batch: bool, policy: bool) -> None:
        self.clock = FrozenClock(NOW)
        batches = FOUR if batch else {}
        self.resources = replace(self.ground.resources, clock=self.clock, settings=Settings(batches=batches))
        self.model = Model(HUMANS, set(FIRST_ROLES), NOW, batch, guaranteed={self.sources[3]})
        self.create(False, "ann", "RATES", frozenset({0, 1}), frozenset({"trade_fill_notice"}))
        self.time_passes(30)
        self.process()
        if policy:
            self.turn_policy()

    # -- asking

    @rule(calm=CALM, person=ASKERS, name=NAMES, sources=SOURCES, filters=FILTERS)
    def create(self, calm: bool, person: str, name: str, sources: frozenset[int], filters: frozenset[str]) -> None:
        with self.quiet_day(calm):
            self._create(person, name, sources, filters)

    def _create(self, person: str, name: str, sources: frozenset[int], filters: frozenset[str]) -> None:
        wanted = self.content(name, sources, filters)
        new = NewGroup(
            ACME, "brokertec_us", name, FRONT_END, tuple(map(Filter, filters)), tuple(sorted(wanted.sources))
        )
        self.expect(self.model.create(person, wanted), lambda: Groups(self.resources).create(self.people[person], new))

    @precondition(lambda self: self.model.groups)
    @rule(
        calm=CALM,
        how=HOW,
        person=ASKERS,
        at=ANY,
        name=st.none() | NAMES,
        sources=st.none() | SOURCES,
        filters=st.none() | FILTERS,
    )
    def edit_or_delete(
        self,
        calm: bool,
        how: str,
        person: str,
        at: int,
        name: str | None,
        sources: frozenset[int] | None,
        filters: frozenset[str] | None,
    ) -> None:
        with self.quiet_day(calm):
            if how == "delete":
                self._delete(person, at)
            else:
                self._edit(person, at, name, sources, filters)

    def _edit(
        self, person: str, at: int, name: str | None, sources: frozenset[int] | None, filters: frozenset[str] | None
    ) -> None:
        key, group = self.group(at)
        wanted = Group(
            name or group.name, filters | MANDATORY if filters else group.filters,
            self.named(sources) if sources else group.sources,
        )  # fmt: skip
        ask = GroupEdit(
            name=name,
            filters=tuple(map(Filter, filters)) if filters else None,
            sources=tuple(sorted(wanted.sources)) if sources else None,
        )
        refusal = self.model.edit(person, key, wanted)
        self.expect(refusal, lambda: Groups(self.resources).edit(self.people[person], key, ask))

    def _delete(self, person: str, at: int) -> None:
        key, _ = self.group(at)
        refusal = self.model.delete(person, key)
        self.expect(refusal, lambda: Groups(self.resources).delete(self.people[person], [key]))

    @precondition(lambda self: self.model.groups)
    @rule(person=ASKERS, at=ANY)
    def begin_edit(self, person: str, at: int) -> None:
        key, _ = self.group(at)
        draft = self.expect(
            self.model.begin(person, key), lambda: GroupEdits(self.resources).start(self.people[person], key)
        )
        if draft is not None:
            self.draft_ids[id(self.draft_of(person, key))] = draft.id

    @precondition(lambda self: self.model.drafts)
    @rule(at=ANY, name=NAMES)
    def submit_edit(self, at: int, name: str) -> None:
        draft = self.model.drafts[at % len(self.model.drafts)]
        actor, drafts = self.people[draft.by], Drafts(self.resources)
        if draft.by in self.model.disabled:
            self.expect("not_entitled", lambda: drafts.get(actor, self.draft_ids[id(draft)]))
            return
        present = drafts.get(actor, self.draft_ids[id(draft)])
        wanted = Group(
            name, frozenset(map(str, present.filters)), frozenset(
                name for (name,) in self.read(
                    "SELECT s.sender_comp_id FROM draft_source JOIN sender_comp s ON s.id = sender_comp_pk "
                    "WHERE draft_id = :it", it=present.id,
                )
            ),
        )  # fmt: skip
        front_end = present.front_end.id if present.front_end else None
        refusal = self.model.submit(draft, wanted)
        if refusal == "not_entitled":
            self.expect(refusal, lambda: drafts.submit(actor, present.id, present.version))
            return
        fields = DraftFields(ACME, name, front_end, present.filters, present.step)
        saved = drafts.save(actor, present.id, present.version, fields)
        self.expect(refusal, lambda: drafts.submit(actor, saved.id, saved.version))

    # -- deciding

    @precondition(lambda self: self.model.requests)
    @rule(person=PEOPLE, at=ANY, late=st.sampled_from([False, False, False, True]))
    def approve(self, person: str, at: int, late: bool) -> None:
        self._approve(person, *self.request(at), late)

    def _approve(self, person: str, reference: str, request: Request, late: bool = False) -> None:
        version = request.version - late
        refusal = self.model.approve(person, request, version)
        self.expect(refusal, lambda: Requests(self.resources).approve(self.people[person], reference, version))

    @precondition(lambda self: self.model.requests)
    @rule(person=PEOPLE, at=ANY, late=st.booleans())
    def deny(self, person: str, at: int, late: bool) -> None:
        reference, request = self.request(at)
        version = request.version - late
        refusal = self.model.deny(person, request, version)
        self.expect(refusal, lambda: Requests(self.resources).deny(self.people[person], reference, version, "No"))

    @precondition(lambda self: self.model.requests)
    @rule(person=PEOPLE, at=ANY)
    def cancel(self, person: str, at: int) -> None:
        reference, request = self.request(at)
        refusal = self.model.cancel(person, request)
        self.expect(refusal, lambda: Requests(self.resources).cancel(self.people[person], reference))

    # -- time and set-up

    @rule()
    def process(self) -> None:
        events, before = self.events(), self.kept()
        Provisioning(self.resources).process_as_desk()
        first = max(self.model.groups, default=0) + 1
        self.model.process(range(first, first + 99))
        assert (self.kept() == before) is (self.events() == events)

    @rule(hours=st.integers(1, 9))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))
        self.model.now = self.clock.now()

    @contextmanager
    def quiet_day(self, calm: bool) -> Iterator[None]:
        """A day on which everybody may do what they could on the first one: managers approve, and set-up follows."""
        if calm:
            self.put_right()
        asked = len(self.model.requests)
        yield
        if not calm or len(self.model.requests) == asked:
            return
        for manager in ("max", "mia"):
            self._approve(manager, f"DC-2026-{asked + 1:06d}", self.model.requests[-1])
        self.time_passes(30)
        self.process()

    @rule()
    def put_right(self) -> None:
        """Everybody has the roles of the first day, and every SenderComp is active."""
        for person, role, entity in sorted(self.model.roles ^ FIRST_ROLES):
            self.turn_role(person, role, entity)
        for person in sorted(self.model.disabled):
            self.turn_account(person)
        for name in sorted(self.model.inactive):
            self.turn_source(self.sources.index(name))

    # -- the world changes behind the desk's back

    @rule(
        what=st.sampled_from(["role", "role", "account", "policy", "source", "guarantor"]), person=PEOPLE, at=ANY,
        role=st.sampled_from([FULL, MANAGER, READER]), entity=st.sampled_from([ACME, ACME, OTHER]),
    )  # fmt: skip
    def turn(self, what: str, person: str, at: int, role: str, entity: str) -> None:
        """One rule for all of them: most of what happens at a desk is requests."""
        if what == "role":
            self.turn_role(person, role, entity)
        elif what == "account":
            self.turn_account(person)
        elif what == "policy":
            self.turn_policy()
        elif what == "source":
            self.turn_source(at % 2)
        else:
            self.turn_guarantor(2 + at % 2)

    def turn_role(self, person: str, role: str, entity: str) -> None:
        held = (person, role, entity) in self.model.roles
        self.model.roles ^= {(person, role, entity)}
        pk = self.people[person].person_id
        if not held:
            add_role(self.resources, self.people[person], Role(role), entity)
            return
        change(
            self.resources, "DELETE FROM entitlement WHERE person_id = :pk AND role = :role "
            "AND entity_id = (SELECT id FROM entity WHERE code = :entity)", pk=pk, role=role, entity=entity,
        )  # fmt: skip

    def turn_account(self, person: str) -> None:
        self.model.disabled ^= {person}
        change(self.resources, "UPDATE person SET disabled = NOT disabled WHERE user_id = :it", it=person)

    def turn_policy(self) -> None:
        self.model.policy = not self.model.policy
        change(self.resources, "UPDATE entity SET approvals = :it WHERE code = 'ACME'",
               it="always" if self.model.policy else "never")  # fmt: skip

    def turn_source(self, at: int) -> None:
        self.model.inactive ^= {self.sources[at]}
        status = "inactive" if self.sources[at] in self.model.inactive else "active"
        change(self.resources, "UPDATE sender_comp SET status = :status WHERE sender_comp_id = :it",
               status=status, it=self.sources[at])  # fmt: skip

    def turn_guarantor(self, at: int) -> None:
        self.model.guaranteed ^= {self.sources[at]}
        firm = 2 if self.sources[at] in self.model.guaranteed else None
        change(self.resources, "UPDATE sender_comp SET guarantor_id = :firm WHERE sender_comp_id = :it",
               firm=firm, it=self.sources[at])  # fmt: skip

    # -- what must hold after every step

    @invariant()
    def requests_are_as_the_model_says(self) -> None:
        found = self.read("SELECT status, version, type, group_id FROM request ORDER BY id")
        assert found == [(it.status, it.version, it.kind, it.group) for it in self.model.requests]
        given = self.read(
            "SELECT request_id, code, user_id FROM approval JOIN entity e ON e.id = entity_id "
            "LEFT JOIN person p ON p.id = given_by ORDER BY 1, 2"
        )  # fmt: skip
        assert given == [
            (number, firm, it.given.get(firm))
            for number, it in enumerate(self.model.requests, 1)
            for firm in sorted(it.needed)
        ]

    @invariant()
    def groups_are_as_the_model_says(self) -> None:
        found = {
            key: Group(name, frozenset(), frozenset(), version, bool(living))
            for key, name, version, living in self.read(
                "SELECT id, name, version, deleted_at IS NULL FROM drop_copy_group"
            )
        }
        for key, kind in self.read("SELECT group_id, filter FROM group_filter"):
            found[key].filters |= {kind}
        for key, name in self.read(
            "SELECT group_id, s.sender_comp_id FROM group_source JOIN sender_comp s ON s.id = sender_comp_pk"
        ):
            found[key].sources |= {name}
        assert found == self.model.groups
        counts = self.read("SELECT id, sources FROM drop_copy_group")
        assert dict(counts) == {key: len(group.sources) for key, group in found.items()}

    @invariant()
    def kept_counts_hold(self) -> None:
        with self.resources.store.write() as tx:
            index_new(tx)
        assert_counts_hold(self.read)
        assert_orders_hold(self.read)

    @invariant()
    def nobody_ever_decided_their_own(self) -> None:
        sql = (
            "SELECT d.user_id, s.user_id, verdict FROM decision JOIN request r ON r.id = request_id "
            "JOIN person d ON d.id = decision.person_id JOIN person s ON s.id = r.submitted_by"
        )
        for decider, submitter, verdict in self.read(sql):
            assert (HUMANS[decider] == HUMANS[submitter]) is (verdict == "cancel")

    @invariant()
    def what_was_set_up_had_every_approval(self) -> None:
        sql = "SELECT count(*) FROM request JOIN approval ON request_id = id WHERE status = 'completed' AND {}"
        assert self.read(sql.format("given_by IS NULL")) == [(0,)]
        assert self.read(sql.format("given_by = submitted_by")) == [(0,)]

    @invariant()
    def a_request_ends_once_and_never_changes_after(self) -> None:
        for row in self.read("SELECT * FROM request WHERE status <> 'in_progress'"):
            assert self.ended.setdefault(row[0], row) == row
        assert {row[0] for row in self.ended.values()} == set(self.ended)

    @invariant()
    def names_and_open_changes_are_single(self) -> None:
        names = self.read("SELECT lower(name), count(*) FROM drop_copy_group WHERE deleted_at IS NULL GROUP BY 1")
        assert {count for _, count in names} <= {1}
        changes = self.read(
            "SELECT group_id, count(*) FROM request WHERE status = 'in_progress' "
            "AND type <> 'create_group' GROUP BY 1"
        )  # fmt: skip
        assert {count for _, count in changes} <= {1}

    @invariant()
    def every_living_group_has_a_session_and_no_dead_one_has(self) -> None:
        sql = "SELECT g.id, deleted_at IS NULL, s.status FROM drop_copy_group g LEFT JOIN session s ON group_id = g.id"
        for _, living, status in self.read(sql):
            assert status == ("active" if living else "released")

    @invariant()
    def the_trail_is_whole(self) -> None:
        assert Audit(self.resources).verify(self.people["auditor"]).valid

    # -- means

    def expect(self, refusal: str | None, deed: Callable[[], Any]) -> Any:
        """The deed is refused as the model says and leaves nothing, or is done and leaves an event."""
        before, events = self.kept(), self.events()
        try:
            answer = deed()
        except DeskError as error:
            said = next(word for kind, word in _REFUSALS.items() if isinstance(error, kind))
            assert said == refusal, error.message  # noqa: PT017
            self.ground.seen[said] += 1
            assert self.kept() == before
            assert self.events() == events + (said == "not_entitled")
            return None
        assert refusal is None, answer
        assert (self.kept() == before) is (self.events() == events)
        return answer

    def read(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        return self.eyes.read(sql, **values)

    def kept(self) -> list[list[tuple[Any, ...]]]:
        """Everything in the store but the trail."""
        return [self.read(f"SELECT * FROM {table}") for table in self.tables]

    def events(self) -> int:
        return int(self.read("SELECT count(*) FROM audit_event")[0][0])

    def content(self, name: str, sources: frozenset[int], filters: frozenset[str]) -> Group:
        return Group(name, filters | MANDATORY, self.named(sources))

    def named(self, sources: frozenset[int]) -> frozenset[str]:
        return frozenset(self.sources[at] for at in sources)

    def group(self, at: int) -> tuple[int, Group]:
        """One of the groups: mostly of those that live."""
        living = {key: group for key, group in self.model.groups.items() if group.living}
        chosen = sorted((living if living and at % 4 else self.model.groups).items())
        return chosen[at % len(chosen)]

    def request(self, at: int) -> tuple[str, Request]:
        """One of the requests: mostly of those that are open."""
        numbers = range(1, len(self.model.requests) + 1)
        still = [number for number in numbers if self.model.requests[number - 1].status == "in_progress"]
        chosen = still if still and at % 4 else list(numbers)
        number = chosen[at % len(chosen)]
        return f"DC-2026-{number:06d}", self.model.requests[number - 1]

    def draft_of(self, person: str, key: int) -> Draft:
        return next(draft for draft in self.model.drafts if (draft.by, draft.group) == (person, key))


def test_requests_behave_as_the_rules_say(ground: Ground) -> None:
    run_state_machine_as_test(
        lambda: Desk(ground),
        settings=settings(
            max_examples=ROUNDS, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    kinds = ("create_group", "edit_group", "delete_group")
    expected = [*(f"{kind} completed" for kind in kinds), "not_found", "not_entitled", "changed_meanwhile"]
    assert min(ground.seen[word] for word in expected) > 0, dict(ground.seen)
