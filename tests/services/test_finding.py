"""Things are found by the beginning of their names, by an index, and only those that the person may see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import event

from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.finding import MOST, Finder, ThingKind
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.requests.requests import Requests


@pytest.fixture
def finder(sample: Resources) -> Finder:
    return Finder(sample)


@pytest.fixture
def owner(sample: Resources) -> Actor:
    return Identity(sample).act_as("acme-operator", "test")


def names(finder: Finder, who: Actor, typed: str) -> list[tuple[str, str]]:
    return [(thing.kind.value, thing.name) for thing in finder.find(who, typed)]


def test_a_session_by_its_id_in_any_case(finder: Finder, owner: Actor) -> None:
    (session, *_) = finder.find(owner, " t4c ")
    assert (session.kind, session.name, session.exact) == (ThingKind.SESSION, "T4C", True)
    assert session.detail.startswith("drop copy session, BrokerTec")


def test_a_request_by_its_reference_or_its_number(finder: Finder, owner: Actor, sample: Resources) -> None:
    newest = Requests(sample).page(owner, PageRequest()).rows[0].id
    number = str(int(newest.rpartition("-")[2]))
    assert names(finder, owner, newest) == [("request", newest)]
    assert ("request", newest) in names(finder, owner, newest.lower())
    assert ("request", newest) in names(finder, owner, number.zfill(2))
    assert names(finder, owner, "DC-2026-999999") == []


def test_a_firm_and_a_sender_comp(finder: Finder, owner: Actor) -> None:
    assert ("firm", "ACM01") in names(finder, owner, "acm01")
    assert ("sender_comp", "005ACM01B") in names(finder, owner, "005acm01b")
    assert names(finder, owner, "ZZZ99") == []


def test_a_group_by_the_beginning_of_its_name_the_one_with_that_name_first(finder: Finder, owner: Actor) -> None:
    found = names(finder, owner, "us-")
    assert ("group", "US-RATES-RISK") in found
    assert len([kind for kind, _ in found if kind == "group"]) <= MOST
    assert names(finder, owner, "us-rates-risk")[0] == ("group", "US-RATES-RISK")


def test_a_person_for_those_who_administer_people(finder: Finder, owner: Actor, sample: Resources) -> None:
    admin = Identity(sample).act_as("acme-admin", "test")
    assert ("person", "acme-operator") in names(finder, admin, "acme-op")
    assert "person" not in {kind for kind, _ in names(finder, owner, "acme-op")}


def test_what_belongs_to_others_is_not_found(finder: Finder, sample: Resources) -> None:
    stranger = Identity(sample).act_as("placehld-approver", "test")
    for typed in ("T4C", "ACM01", "005ACM01B", "US-RATES-RISK"):
        assert names(finder, stranger, typed) == [], typed


@pytest.mark.parametrize("typed", ["", "t", "  ", "%", "__", "%%", "' OR 1=1 --", "\x00\x00", "x" * 5_000])
def test_what_is_no_name_finds_nothing(finder: Finder, owner: Actor, typed: str) -> None:
    assert finder.find(owner, typed) == ()


@pytest.mark.sqlite_only("reads the plans of SQLite")
@pytest.mark.parametrize("typed", ["T4", "T4C", "DC-2026-000038", "ACM01", "005ACM01B", "us-rates", "acme-op"])
def test_every_look_up_is_by_an_index(sample: Resources, typed: str) -> None:
    admin = Identity(sample).act_as("acme-admin", "test")
    plans: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            found = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.extend(row[3] for row in found)

    engine = sample.store._engine
    event.listen(engine, "before_cursor_execute", explain)
    try:
        Finder(sample).find(admin, typed)
    finally:
        event.remove(engine, "before_cursor_execute", explain)
    assert plans
    short = re.compile(r"SCAN (entity|entitlement|CONSTANT)\b")
    assert [step for step in plans if step.startswith("SCAN") and not short.match(step)] == []
