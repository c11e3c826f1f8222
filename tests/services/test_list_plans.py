"""No list sorts, or reads from end to end, a table that grows: what a hundred rows hide, a million show.

Every service method that gives a page is called in every order, from both ends and beside a row, and the plan of the
statement that reads the page is looked at. What is not served by an index yet has its reason in NOT_YET.
"""

from __future__ import annotations

import inspect
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


@dataclass
class Watch:
    """What a call said to the database: the statements of its pages with their plans, and the orders of its list."""

    orders: list[str] = field(default_factory=list)
    plans: list[list[str]] = field(default_factory=list)


@contextmanager
def watched(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    watch = Watch()
    walk = paging._walk

    def noted(listing: paging.Listing, order: str, ask: PageRequest) -> paging.Walk:
        watch.orders = list(listing.orders)
        return walk(listing, order, ask)

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if "cursor_0" in statement:
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            watch.plans.append([row[3] for row in rows])

    engine = resources.store._engine
    event.listen(engine, "before_cursor_execute", explain)
    with monkeypatch.context() as patch:
        patch.setattr(paging, "_walk", noted)
        try:
            yield watch
        finally:
            event.remove(engine, "before_cursor_execute", explain)


def bad_steps(plan: list[str]) -> set[str]:
    """The steps that cost more the longer the list is; reading a table in its order until a page is full is none."""
    return {step for step in plan if step.startswith(("USE TEMP B-TREE", "MATERIALIZE", "CO-ROUTINE"))}


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
# Orders that are sorted all the same, by list, with the reason.
NOT_YET: dict[str, set[str]] = {
    # As many as a firm has front ends, groups, Globex Firms or people: hundreds.
    "front_ends.page": {
        *(f"{order}: {_SORTED}" for order in ("groups", "mapped", "vendor", "version")), f"name: {_PART}",
    },
    "groups.page": {*(f"{order}: {_SORTED}" for order in ("front_end", "market", "sources")), f"entity: {_PART}"},
    # At most ten in use, and those before them.
    "ssh_keys.page": {f"{order}: {_SORTED}" for order in ("added", "fingerprint", "label", "state")},
    "people.page": {f"{order}: {_SORTED}" for order in ("email", "name", "status", "user_id")},
    "ease.find": {f"{order}: {_SORTED}" for order in ("name", "status")},
    "groups.by_firm": {f"sources: {_SORTED}"},
    # What a person may see is a choice of several owners, which no index has in one order yet.
    "calendar.page": {f"{order}: {_SORTED}" for order in ("expires", "market", "session_id")},
    "key_report.page": {f"{order}: {_SORTED}" for order in ("expires", "session_id")},
    "notices.page": {f"{order}: {_SORTED}" for order in ("at", "request", "state", "text")},
    "requests.page": {
        f"{order}: {_SORTED}"
        for order in ("entity", "stage", "status", "subject", "submitted_by", "type")
    },
    "requests.page, of everyone": {
        f"{order}: {_SORTED}" for order in ("entity", "stage", "subject", "submitted_by", "type")
    },
    "requests.to_do": {
        f"{order}: {_SORTED}" for order in ("entity", "stage", "subject", "submitted_by", "type")
    },
    "sessions.page": {f"{order}: {_SORTED}" for order in ("gateway", "market", "session_id", "status")},
    # Sorted by what is rarely looked for.
    "sendercomps.coverage": {f"gfid: {_SORTED}"},
    "sendercomps.page": {f"gfid: {_SORTED}"},
    "outbox.page": {f"{order}: {_SORTED}" for order in ("channel", "to")},
}  # fmt: skip


def asked(at: Ground, ask: PageRequest, call: Asked) -> Iterator[Page[Any]]:
    """The list from both ends and beside a row."""
    first = call(at, ask)
    yield first
    yield call(at, replace(ask, anchor=Anchor.LAST))
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
        for order in list(watch.orders):
            for falling in (False, True):
                watch.plans.clear()
                ask = PageRequest(order=order, descending=falling, limit=2, count=False)
                assert len(list(asked(ground, ask, LISTS[name]))) >= 2
                bad |= {f"{order}: {step}" for plan in watch.plans for step in bad_steps(plan)}
    assert bad == NOT_YET.get(name, set())
