"""No list sorts, or reads from end to end, a table that grows: what a hundred rows hide, a million show.

Every service method that gives a page is called in every order, from both ends and beside a row, and the plan of the
statement that reads the page is looked at. What is not served by an index yet has its reason in NOT_YET.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from dropcopy_tui.config import Config, Paths
from dropcopy_tui.desk import Desk
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest, Selection
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.requests import Change
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.base import Resources
from dropcopy_tui.store import paging
from tests.services.test_every_change_is_audited import verbs

MARKET = "brokertec_us"


Step = tuple[int, int, str]
# Tables that stay short, whatever a desk does, and what is not one.
SHORT = {"entity", "entitlement", "front_end", "front_end_mapping", "setting", "sender_comp_mark", "CONSTANT"}


@dataclass
class Watch:
    """What a call said to the database: the plans of its statements by what they are for, and its list's orders."""

    orders: list[str] = field(default_factory=list)
    jumps: bool = False
    plans: list[tuple[str, bool, list[Step]]] = field(default_factory=list)

    def bad(self) -> set[str]:
        """The steps that cost more the longer a list is, with what they are for where it is not a page."""
        return {f"{what}{step}" for what, limited, plan in self.plans for step in bad_steps(plan, what, limited)}


@contextmanager
def watched(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    watch = Watch()
    walk = paging._walk

    def noted(listing: paging.Listing, order: str, ask: PageRequest) -> paging.Walk:
        watch.orders, watch.jumps = list(listing.orders), ask.anchor is Anchor.AT
        return walk(listing, order, ask)

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            watch.plans.append(
                (use_of(statement, watch.jumps), "LIMIT" in statement, [(row[0], row[1], row[3]) for row in rows])
            )

    engine = resources.store._engine
    event.listen(engine, "before_cursor_execute", explain)
    with monkeypatch.context() as patch:
        patch.setattr(paging, "_walk", noted)
        try:
            yield watch
        finally:
            event.remove(engine, "before_cursor_execute", explain)


def use_of(statement: str, jumps: bool) -> str:
    """What a statement is for: a page (""), a jump into the list, a count, or something that is looked up."""
    if "cursor_0" in statement:
        return "jump: " if jumps else ""
    return "count: " if "count(*)" in statement else "look: "


def bad_steps(plan: list[Step], use: str, limited: bool) -> Iterator[str]:
    """The steps that sort, copy or read a table that grows from end to end.

    A page may read a table from its end, in its own order or that of an index, until it is full. It may sort what it
    looks up by the row numbers that a subquery gives it: these are the first rows of each owner, and in a jump those of
    the page. What is looked up for a page, or counted by an index, is sorted as it is: only reading a table from end to
    end is looked for there.
    """
    for _, parent, step in plan:
        beside = [text for _, above, text in plan if above == parent]
        sorts = any(text.startswith("USE TEMP B-TREE") for text in beside)
        if use in ("", "jump: ") and step.startswith(("USE TEMP B-TREE", "MATERIALIZE", "CO-ROUTINE")):
            looked_up = beside[0].endswith("rowid=?)") and any(
                text.startswith("LIST SUBQUERY") and (use or is_of_owners(plan, number))
                for number, above, text in plan
                if above == parent
            )
            if not looked_up and not step.startswith("CO-ROUTINE anon"):
                by_number = beside[0].endswith("rowid=?)") and any("LIST SUBQUERY" in text for text in beside)
                yield f"{step}, of rows looked up" if by_number else step
        elif found := re.match(r"SCAN (\w+?)(_\d+)?(?= |$)(?!.*VIRTUAL TABLE INDEX)", step):
            yield from () if found[1] in SHORT or (limited and not sorts) else (step,)


def is_of_owners(plan: list[Step], top: int) -> bool:
    """Whether a subquery has one of its own for each owner, with a limit."""
    below = {top}
    for number, parent, _ in plan:
        below |= {number} if parent in below else set()
    return any(
        number in below and text.startswith(("CORRELATED LIST SUBQUERY", "CO-ROUTINE anon")) for number, _, text in plan
    )


@dataclass(frozen=True)
class Ground:
    """The sample data, and somebody who may see each list."""

    desk: Desk
    owner: Actor
    group: int
    draft: int
    edit: int
    request: str
    firm: str

    def actor(self, user_id: str) -> Actor:
        return self.desk.identity.act_as(user_id, "test")


@pytest.fixture
def ground(sample: Resources, tmp_path: Path) -> Ground:
    names = ("store", "master_key", "config", "incident_log", "downloads")
    desk = Desk(sample, Config(Paths(**{name: tmp_path / name for name in names}), Settings()))
    owner = desk.identity.act_as("acme-operator", "test")
    line = desk.groups.page(owner, PageRequest(match="US-ACTIVES")).rows[0]
    edit = desk.edits.start(owner, line.id)
    some = desk.groups.sources(owner, line.id, PageRequest(limit=3)).rows
    desk.drafts.remove(owner, edit.id, Selection(frozenset(row.id for row in some)))
    draft = desk.drafts.start(owner, MARKET, "ACME")
    request = desk.requests.page(owner, PageRequest(match="create completed")).rows[0]
    firm = desk.groups.by_firm(owner, line.id, PageRequest()).rows[0].gfid
    return Ground(desk, owner, line.id, draft.id, edit.id, request.id, firm)


Asked = Callable[[Ground, PageRequest], Page[Any]]
LISTS: dict[str, Asked] = {
    "audit.page": lambda at, ask: at.desk.audit.page(at.actor("auditor"), ask),
    "calendar.page": lambda at, ask: at.desk.calendar.page(at.owner, ask),
    "drafts.added": lambda at, ask: at.desk.drafts.added(at.owner, at.edit, "", ask),
    "drafts.added, of a firm": lambda at, ask: at.desk.drafts.added(at.owner, at.edit, at.firm, ask),
    "drafts.available": lambda at, ask: at.desk.drafts.available(at.owner, at.draft, "", ask),
    "drafts.available, of a firm": lambda at, ask: at.desk.drafts.available(at.owner, at.draft, at.firm, ask),
    "ease.find": lambda at, ask: at.desk.ease.find(at.actor("ease-agent"), ask),
    "edits.sources": lambda at, ask: at.desk.edits.sources(at.owner, at.edit, Change.REMOVED, ask),
    "front_ends.page": lambda at, ask: at.desk.front_ends.page(at.actor("acme-admin"), "ACME", ask),
    "groups.by_firm": lambda at, ask: at.desk.groups.by_firm(at.owner, at.group, ask),
    "groups.page": lambda at, ask: at.desk.groups.page(at.owner, ask, entity="ACME"),
    "groups.sources": lambda at, ask: at.desk.groups.sources(at.owner, at.group, ask),
    "groups.sources, of a firm": lambda at, ask: at.desk.groups.sources(at.owner, at.group, ask, at.firm),
    "key_report.page": lambda at, ask: at.desk.key_report.page(at.owner, ask, entity="ACME"),
    "notices.page": lambda at, ask: at.desk.notices.page(at.owner, ask),
    "outbox.page": lambda at, ask: at.desk.outbox.page(at.actor("operations"), ask),
    "people.page": lambda at, ask: at.desk.people.page(at.actor("acme-admin"), ask, "ACME"),
    "requests.page": lambda at, ask: at.desk.requests.page(at.owner, ask),
    "requests.page, of everyone": lambda at, ask: at.desk.requests.page(at.owner, ask, everyone=True),
    "requests.sources": lambda at, ask: at.desk.requests.sources(at.owner, at.request, Change.ADDED, ask),
    "requests.to_do": lambda at, ask: at.desk.requests.to_do(at.actor("clearing-approver"), ask),
    "seats.page": lambda at, ask: at.desk.seats.page(at.owner, ask),
    "seats.page, of everyone": lambda at, ask: at.desk.seats.page(at.actor("auditor"), ask, everyone=True),
    "sendercomps.coverage": lambda at, ask: at.desk.sendercomps.coverage(at.owner, "ACME", ask),
    "sendercomps.coverage, of a market": lambda at, ask: at.desk.sendercomps.coverage(at.owner, "ACME", ask, MARKET),
    "sendercomps.page": lambda at, ask: at.desk.sendercomps.page(at.owner, "ACME", ask),
    "sendercomps.page, of a market": lambda at, ask: at.desk.sendercomps.page(at.owner, "ACME", ask, MARKET),
    "sendercomps.page, of a firm": lambda at, ask: at.desk.sendercomps.page(at.owner, "ACME", ask, MARKET, at.firm),
    "sendercomps.page, of a firm anywhere": lambda at, ask: at.desk.sendercomps.page(
        at.owner, "ACME", ask, "", at.firm
    ),
    "ssh_keys.page": lambda at, ask: at.desk.ssh_keys.page(at.owner, ask),
    "sessions.page": lambda at, ask: at.desk.sessions.page(at.owner, ask, entity="ACME"),
}
# Not in the database: the messages of a log are read by their place in a file.
ELSEWHERE = {"routing.messages"}
_SORTED, _PART = "USE TEMP B-TREE FOR ORDER BY", "USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"
# Orders that are sorted all the same, by list, with the reason; a jump is then sorted, too.
NOT_YET: dict[str, set[str]] = {
    # As many as a firm has front ends, groups, Globex Firms or people: hundreds.
    "front_ends.page": {
        *(f"{order}: {_SORTED}" for order in ("groups", "mapped", "vendor", "version")), f"name: {_PART}",
    },
    "groups.page": {*(f"{order}: {_SORTED}" for order in ("front_end", "market", "sources")), f"entity: {_PART}"},
    # At most ten in use, and those before them.
    "ssh_keys.page": {f"{order}: {_SORTED}" for order in ("added", "fingerprint", "label", "state")},
    # A person has three at a time; a desk has as many as people work at this moment, of those of the last month.
    "seats.page": {f"{order}: {_SORTED}" for order in ("opened", "used")},
    "seats.page, of everyone": {
        f"used: {_SORTED}", "used: SCAN seat USING INDEX ix_seat_open",
        "opened: count: SCAN seat USING COVERING INDEX ix_seat_person",
    },
    # As many as a firm has people: hundreds, of the few firms that someone administers.
    "people.page": {f"{order}: {_SORTED}, of rows looked up" for order in ("email", "name", "status", "user_id")},
    # It depends on the clock; and whoever looks for people who are locked searches for that.
    "ease.find": {f"status: {_SORTED}", "status: SCAN person"},
    "groups.by_firm": {f"sources: {_SORTED}"},
    # What a person decided about other firms' requests, one by one.
    "requests.page, of everyone": {
        f"{order}: {_SORTED}, of rows looked up"
        for order in ("entity", "stage", "status", "subject", "submitted_by", "type")
    },
}  # fmt: skip
# How long a list without any condition is, is counted beside its first page, by the smallest index.
COUNTED = {"audit.page", "ease.find", "outbox.page"}
# A jump into a list of several owners sorts their keys: rows before the place come from all of them.
JUMPS = {
    "calendar.page", "key_report.page", "requests.page, of everyone", "sendercomps.coverage", "sendercomps.page",
    "sendercomps.page, of a firm anywhere", "sessions.page",
}  # fmt: skip
# Phones are compared with and without their country codes, so all are read: as many as there are people.
SAME_PERSON = {"requests.to_do": {"look: SCAN person"}}


def asked(at: Ground, ask: PageRequest, call: Asked) -> Iterator[Page[Any]]:
    """The list from both ends and beside a row."""
    first = call(at, ask)
    yield first
    yield call(at, replace(ask, anchor=Anchor.LAST))
    yield call(at, replace(ask, anchor=Anchor.AT, at=5))
    for anchor in (Anchor.AFTER, Anchor.BEFORE):
        if first.cursors:
            yield call(at, replace(ask, anchor=anchor, beside=first.cursors[-1]))


@pytest.mark.sqlite_only("reads the plans of SQLite")
def test_every_list_is_here(ground: Ground) -> None:
    paged = {verb for verb, method in verbs(ground.desk).items() if "ask" in inspect.signature(method).parameters}
    assert {name.split(",")[0] for name in LISTS} | ELSEWHERE == paged


@pytest.mark.sqlite_only("reads the plans of SQLite")
@pytest.mark.parametrize("name", LISTS)
def test_a_page_is_read_in_the_order_of_an_index(ground: Ground, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bad: set[str] = set()
    with watched(ground.desk.resources, monkeypatch) as watch:
        LISTS[name](ground, PageRequest(limit=2))
        assert watch.plans, "no page was read"
        bad |= {f"{watch.orders[0]}: {step}" for step in watch.bad()}
        for order in list(watch.orders):
            for falling in (False, True):
                watch.plans.clear()
                ask = PageRequest(order=order, descending=falling, limit=2, count=False)
                assert len(list(asked(ground, ask, LISTS[name]))) >= 2
                bad |= {f"{order}: {step}" for step in watch.bad()}
    assert {step for step in bad if not is_known(name, step)} == NOT_YET.get(name, set())


def is_known(name: str, step: str) -> bool:
    """Whether there is a reason for what is no page: see above."""
    order, _, rest = step.partition("jump: ")
    if rest:
        return name in JUMPS or f"{order}{rest}" in NOT_YET.get(name, set())
    if "count: SCAN" in step:
        return name in COUNTED and "USING COVERING INDEX" in step
    return any(step.endswith(known) for known in SAME_PERSON.get(name, set()))
