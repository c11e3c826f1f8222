"""The key calendar and what is pending: by when sessions stop, page by page, for whoever may see them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.domain.key_days import Move
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.markets import Menu
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest, Selection
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.keys.calendar import Calendar, CalendarLine
from dropcopy_tui.services.sessions.key_rows import market_hours
from dropcopy_tui.services.sessions.sessions import Sessions
from dropcopy_tui.store.tables import KeyPairRow
from tests.services.conftest import World
from tests.services.factories import NOW, add_session, change, one, rows

US = "brokertec_us"
ORDER_ENTRY = SessionKind.ORDER_ENTRY


def add_key(
    resources: Resources, session_pk: int, made: datetime, ends: datetime, slot: int | None = 1, **more: object
) -> str:
    """A key pair without a secret; its access key id."""
    with resources.store.write() as session:
        number = session.connection().exec_driver_sql("SELECT count(*) FROM key_pair").scalar_one()
        name = f"Key{number:017d}"
        who = session.connection().exec_driver_sql("SELECT min(id) FROM person").scalar_one()
        session.add(
            KeyPairRow(
                session_pk=session_pk, access_key_id=name, slot=slot, created_at=made, expires_at=ends, created_by=who,
                **more,
            )
        )  # fmt: skip
        session.flush()
        keep_stops(session)
        return name


def keep_stops(session: Session) -> None:
    """As the service does with every change of a pair."""
    last = "SELECT max(expires_at) FROM key_pair WHERE session_pk = session.id AND deleted_at IS NULL"
    session.connection().exec_driver_sql(f"UPDATE session SET stops_at = coalesce(({last}), stops_at)")


def after(days: float) -> datetime:
    return NOW + timedelta(days=days)


def living(resources: Resources, name: str, days: float, entity: str = "ACME", **more: str) -> int:
    """A session whose only pair ends in so many days."""
    pk = add_session(resources, entity, name, **more)
    add_key(resources, pk, after(days) - timedelta(days=365), after(days))
    return pk


def names(page: Page[CalendarLine]) -> list[str]:
    return [line.session_id for line in page.rows]


def test_who_stops_soonest_stands_first(world: World) -> None:
    resources = world.resources
    for name, days in (("LAT", 300), ("SOO", 2), ("MID", 90), ("OUT", -9)):
        living(resources, name, days)
    add_session(resources, "ACME", "NEW")
    twice = living(resources, "TWO", 5)
    add_key(resources, twice, after(-1), after(364), slot=2)
    page = Calendar(resources).page(world.viewer, PageRequest())
    assert names(page) == ["OUT", "SOO", "MID", "LAT", "TWO", "NEW"]
    assert page.total == 6
    by_name = {line.session_id: line for line in page.rows}
    assert [pair.left for pair in by_name["TWO"].living] == ["in 5 days", "in 364 days"]
    assert by_name["NEW"].last is None
    last = by_name["OUT"].last
    assert last is not None
    assert last.state is KeyState.EXPIRED
    assert last.left == "9 days ago"
    assert names(Calendar(resources).page(world.viewer, PageRequest(order="session_id"))) == sorted(by_name)


def test_a_deleted_pair_does_not_say_when_a_session_stops(world: World) -> None:
    resources = world.resources
    gone = living(resources, "GON", 20)
    add_key(resources, gone, after(-9), after(350), slot=None, deleted_at=after(-3))
    living(resources, "MID", 90)
    page = Calendar(resources).page(world.viewer, PageRequest())
    assert names(page) == ["GON", "MID"]
    pair = page.rows[0].pairs[-1]
    assert (pair.state, pair.gone) == (KeyState.DELETED, date(2026, 3, 1))


def test_every_row_comes_once_from_both_ends(world: World) -> None:
    resources = world.resources
    for number in range(45):
        # Many stop at the same moment: the tie must hold the pages together.
        living(resources, f"A{number:02d}", 10 + number % 4)
    for number in range(5):
        add_session(resources, "ACME", f"N{number:02d}")
    calendar = Calendar(resources)
    whole = names(calendar.page(world.viewer, PageRequest(limit=100)))
    assert len(set(whole)) == 50
    seen: list[str] = []
    ask = PageRequest(limit=7, count=False)
    while True:
        page = calendar.page(world.viewer, ask)
        seen += names(page)
        if len(page.rows) < 7:
            break
        ask = PageRequest(limit=7, count=False, anchor=Anchor.AFTER, beside=page.cursors[-1])
    assert seen == whole
    last = calendar.page(world.viewer, PageRequest(limit=7, count=False, anchor=Anchor.LAST))
    before = calendar.page(
        world.viewer, PageRequest(limit=7, count=False, anchor=Anchor.BEFORE, beside=last.cursors[0])
    )
    assert names(before) + names(last) == whole[-14:]


def test_only_what_may_be_seen_and_what_was_chosen(world: World) -> None:
    resources = world.resources
    living(resources, "OWN", 10)
    living(resources, "MKT", 20, kind="market_data")
    living(resources, "OTH", 5, entity="OTHER")
    released = living(resources, "REL", 3, kind="drop_copy")
    change(resources, "UPDATE session SET status = 'released' WHERE id = :pk", pk=released)
    calendar = Calendar(resources)
    assert names(calendar.page(world.viewer, PageRequest())) == ["OWN", "MKT"]
    assert names(calendar.page(world.viewer, PageRequest(), SessionKind.MARKET_DATA, "ACME")) == ["MKT"]
    assert names(calendar.page(world.viewer, PageRequest(match="market_d"))) == ["MKT"]
    assert names(calendar.page(world.stranger, PageRequest())) == ["OTH"]
    assert names(calendar.page(world.operations, PageRequest())) == ["OTH", "OWN", "MKT"]
    with pytest.raises(NotFound):
        calendar.page(world.viewer, PageRequest(), entity="OTHER")


def test_a_page_costs_two_questions(world: World) -> None:
    from sqlalchemy import event

    for number in range(30):
        living(world.resources, f"A{number:02d}", number + 1)
    asked: list[str] = []
    with world.resources.store.read() as session:
        engine = session.get_bind()

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        Calendar(world.resources).page(world.viewer, PageRequest(count=False))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    about = [text for text in asked if "FROM session" in text or "FROM key_pair" in text.split("WHERE")[0]]
    assert len(about) == 2, asked


def test_days_are_those_of_the_market_and_closed_days_are_told(sample: Resources) -> None:
    """Pairs made by the rules: whatever was moved says from where, and whether a holiday did it."""
    who = Actor(one(sample, "SELECT id FROM person WHERE user_id = 'operations'"), "operations", "operations")
    calendar = Calendar(sample)
    moved = plain = 0
    for line in calendar.page(who, PageRequest(limit=200)).rows:
        hours = market_hours(line.market, sample.settings)
        for pair in line.pairs:
            if pair.move is None:
                plain += 1
                continue
            moved += 1
            assert pair.ends < pair.move.nominal
            between = [pair.ends + timedelta(days=n) for n in range(1, (pair.move.nominal - pair.ends).days + 1)]
            assert not any(calendar.is_open(who, line.market, day) for day in between), (line.session_id, hours)
            assert pair.move.holiday == any(day.weekday() < 5 for day in between)
    assert moved > 5
    assert plain > 20


def test_a_holiday_moves_and_a_newer_pair_shortens(world: World) -> None:
    """Made on Christmas 2025 in New York: the last day is Christmas Eve of 2026, by today's calendar a business day."""
    resources = world.resources
    pk = add_session(resources, "ACME", "XMS")
    add_key(
        resources,
        pk,
        datetime.fromisoformat("2025-12-26T03:00+00:00"),
        datetime.fromisoformat("2026-12-24T22:30+00:00"),
    )
    (line,) = Calendar(resources).page(world.viewer, PageRequest()).rows
    (pair,) = line.pairs
    assert (pair.made, pair.ends, pair.pending) == (date(2025, 12, 25), date(2026, 12, 24), date(2026, 11, 26))
    assert pair.move == Move(date(2026, 12, 25), holiday=True)
    assert not pair.shortened
    # Four weeks from 7 June 2026 are Sunday, 5 July; Friday, 3 July is a holiday, so Thursday, 2 July.
    change(resources, "UPDATE key_pair SET expires_at = '2026-07-02 21:30:00.000000'")
    add_key(resources, pk, datetime.fromisoformat("2026-06-07T15:00+00:00"), after(400), slot=2)
    (line,) = Calendar(resources).page(world.viewer, PageRequest()).rows
    older = line.pairs[0]
    assert older.shortened
    assert older.move == Move(date(2026, 7, 5), holiday=True)
    assert not Calendar(resources).is_open(world.viewer, US, date(2026, 7, 3))


def test_pending_is_the_last_pair_of_an_active_session(world: World) -> None:
    resources = world.resources
    living(resources, "FAR", 60)
    living(resources, "OUT", -1)
    soon = living(resources, "SOO", 20)
    living(resources, "SNR", 3)
    living(resources, "MKT", 4, kind="market_data")
    living(resources, "OTH", 4, entity="OTHER")
    two = living(resources, "TWO", 6)
    add_key(resources, two, after(-1), after(364), slot=2)
    released = living(resources, "REL", 3)
    change(resources, "UPDATE session SET status = 'released' WHERE id = :pk", pk=released)
    deleted = living(resources, "DEL", 2)
    change(resources, "UPDATE key_pair SET deleted_at = created_at, slot = NULL WHERE session_pk = :pk", pk=deleted)
    sessions = Sessions(resources)
    found = sessions.pending(world.viewer, ORDER_ENTRY, "ACME")
    assert [view.session_id for view in found] == ["SNR", "SOO"]
    assert found[1].session_pk == soon
    assert (found[1].when, found[1].left) == ("24 Mar 2026 11:00 ET", "in 20 days")
    assert sessions.pending(world.viewer, ORDER_ENTRY, "ACME", Menu.GLOBEX) == ()
    assert len(sessions.pending(world.viewer, ORDER_ENTRY, "ACME", Menu.BROKERTEC)) == 2
    assert sessions.pending(world.stranger, ORDER_ENTRY) != found
    with pytest.raises(NotFound):
        sessions.pending(world.viewer, ORDER_ENTRY, "OTHER")
    # As the second pair of TWO goes, its older one is the last.
    change(
        resources,
        "UPDATE key_pair SET deleted_at = created_at, slot = NULL WHERE session_pk = :pk AND slot = 2",
        pk=two,
    )
    assert [view.session_id for view in sessions.pending(world.viewer, ORDER_ENTRY)] == ["SNR", "TWO", "SOO"]


def test_pending_begins_with_the_day_four_weeks_before(world: World) -> None:
    """Rule K1 counts days of the market: 4 March in New York is pending from its first second on."""
    resources = world.resources
    pk = add_session(resources, "ACME", "DAY")
    add_key(resources, pk, after(-300), datetime.fromisoformat("2026-04-01T21:30+00:00"))
    later = add_session(resources, "ACME", "NXT")
    add_key(resources, later, after(-300), datetime.fromisoformat("2026-04-02T21:30+00:00"))
    assert [view.session_id for view in Sessions(resources).pending(world.viewer, ORDER_ENTRY)] == ["DAY"]


def test_picked_is_what_the_list_shows(world: World) -> None:
    resources = world.resources
    pks = {name: living(resources, name, 50) for name in ("AA1", "AA2", "BB1")}
    hidden = living(resources, "AA9", 50, entity="OTHER")
    sessions = Sessions(resources)

    def chosen(picked: Selection, status: SessionStatus | None = None) -> list[str]:
        found = sessions.picked(world.viewer, picked, kind=ORDER_ENTRY, entity="ACME", status=status)
        return [view.session_id for view in found]

    assert chosen(Selection(frozenset({pks["BB1"], pks["AA2"], hidden}))) == ["AA2", "BB1"]
    assert chosen(Selection(frozenset({pks["AA1"]}), everything=True, match="aa")) == ["AA2"]
    assert chosen(Selection(everything=True)) == ["AA1", "AA2", "BB1"]
    assert chosen(Selection(everything=True), SessionStatus.RELEASED) == []
    assert rows(resources, "SELECT count(*) FROM audit_event") == [(0,)]
