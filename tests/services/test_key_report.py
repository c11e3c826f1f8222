"""The report of key pairs: days of the market, what was told, and a calendar that changed afterwards (K1, K2, K7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from dropcopy_tui.domain.errors import NotEntitled, NotFound
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.keys.expiry_notices import ExpiryNotices
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.keys.report import KeyReport, KeyReportLine
from dropcopy_tui.services.rights import DESK
from tests.services.conftest import World
from tests.services.factories import add_person, add_session, change, one
from tests.services.test_keypairs import later, make

DAY = timedelta(days=1)
ALL = PageRequest(limit=500)


@pytest.fixture
def target(world: World) -> int:
    """A session with one pair, made on 4 March 2026."""
    pk = add_session(world.resources, "ACME", "ABC")
    make(world, pk)
    return pk


def lines(world: World, settings: Settings | None = None, **how: bool) -> list[KeyReportLine]:
    resources: Resources = replace(world.resources, settings=settings or world.resources.settings)
    return list(KeyReport(resources).page(world.viewer, ALL, **how).rows)


def test_a_line_says_all_of_a_pair(world: World, target: int) -> None:
    later(world.resources, 100 * DAY)
    (line,) = lines(world)
    assert (line.session_id, line.market, line.entity, line.state) == ("ABC", "brokertec_us", "ACME", KeyState.ACTIVE)
    assert (line.age_days, line.days_left, line.when) == (100, 265, "4 Mar 2027 17:30 ET")
    assert (line.notice_days, line.notice_at, line.remark) == (None, None, "")


def test_the_last_notice_is_in_it(world: World, target: int) -> None:
    add_person(world.resources, "manager", Role.ADMINISTRATIVE_MANAGER, entity="ACME")
    later(world.resources, 345 * DAY)
    ExpiryNotices(world.resources).send(DESK)
    later(world.resources, 10 * DAY)
    ExpiryNotices(world.resources).send(DESK)
    (line,) = lines(world)
    assert (line.notice_days, line.notice_at) == (14, world.resources.clock.now())


def test_a_holiday_that_came_later_moves_no_stored_expiry_and_is_said(world: World, target: int) -> None:
    before = one(world.resources, "SELECT expires_at FROM key_pair")
    site = replace(world.resources.settings, closed_days=frozenset({date(2027, 3, 4)}))
    (line,) = lines(world, site)
    assert line.remark == (
        "2027-03-04 is no longer a business day; by today's calendar it would expire 3 Mar 2027 17:30 ET; "
        "its expiry does not change"
    )
    assert line.when == "4 Mar 2027 17:30 ET"
    assert one(world.resources, "SELECT expires_at FROM key_pair") == before
    assert line.state is KeyState.ACTIVE


def test_a_pair_that_a_rotation_shortened_is_no_surprise(world: World, target: int) -> None:
    later(world.resources, 10 * DAY)
    make(world, target)
    assert [line.remark for line in lines(world)] == ["", ""]
    later(world.resources, 3 * DAY)
    drop = lines(world)[0].access_key_id
    make(world, target, drops={target: drop})
    assert [line.remark for line in lines(world)] == ["", ""]
    site = replace(world.resources.settings, closed_days=frozenset({date(2026, 4, 14)}))
    assert "by today's calendar it would expire 13 Apr 2026" in lines(world, site)[0].remark


def test_a_year_without_a_calendar_is_said(world: World, target: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropcopy_tui.domain.market_close._LIBRARY_NAMES", {})
    from dropcopy_tui.domain import market_close

    market_close._holidays.cache_clear()
    try:
        assert [line.remark for line in lines(world)] == [
            "holidays for 2027 are not yet known: only weekends were considered"
        ]
    finally:
        monkeypatch.undo()
        market_close._holidays.cache_clear()


def test_deleted_pairs_are_in_it_where_asked_for(world: World, target: int) -> None:
    (line,) = lines(world)
    KeyPairs(world.resources).delete(world.operator, [line.access_key_id])
    assert lines(world) == []
    (gone,) = lines(world, deleted=True)
    assert (gone.state, gone.days_left, gone.remark) == (KeyState.DELETED, None, "")


def test_only_what_a_person_may_see(world: World, target: int) -> None:
    report = KeyReport(world.resources)
    assert report.page(world.stranger, ALL).total == 0
    with pytest.raises(NotFound):
        report.page(world.stranger, ALL, entity="ACME")
    assert report.page(world.viewer, ALL, entity="ACME").total == 1
    change(world.resources, "UPDATE person SET disabled = true WHERE user_id = 'viewer'")
    with pytest.raises(NotEntitled, match="viewer is disabled"):
        report.page(world.viewer, ALL)
