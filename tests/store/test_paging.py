"""Keyset pages: every way through a list gives the same rows in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlmodel import col

from dropcopy_tui.domain.pages import Anchor, Page, PageRequest
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.paging import Dated, Listing, fetch
from dropcopy_tui.store.tables import OutboxRow
from tests.services.factories import NOW
from tests.stores import new_store

NUMBER = 90
PLAIN = Listing(
    rows=select(OutboxRow),
    orders={
        "id": col(OutboxRow.id),
        "subject": col(OutboxRow.subject),
        "recipient": col(OutboxRow.recipient),
        "created": col(OutboxRow.created_at),
        "length": func.length(col(OutboxRow.subject)),
    },
    tie=col(OutboxRow.id),
    searched=(col(OutboxRow.subject), col(OutboxRow.recipient)),
)
NEWEST_FIRST = Listing(PLAIN.rows, PLAIN.orders, PLAIN.tie, PLAIN.searched, newest_first=True)
_COUNTED = (
    select(col(OutboxRow.subject).label("subject"), func.count().label("number"))
    .group_by(col(OutboxRow.subject))
    .subquery()
)
GROUPED = Listing(
    rows=select(_COUNTED.c.subject, _COUNTED.c.number),
    orders={"subject": _COUNTED.c.subject, "number": _COUNTED.c.number},
    tie=_COUNTED.c.subject,
    searched=(_COUNTED.c.subject,),
)
LISTINGS = {"plain": PLAIN, "newest first": NEWEST_FIRST, "grouped": GROUPED}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Rows with few different values, so that there are ties in every order."""
    store, chance = Store(new_store(tmp_path_factory.mktemp("paging") / "store.db")), Random(7)
    with store.write() as session:
        for _ in range(NUMBER):
            session.add(
                OutboxRow(
                    channel="email", state="held", body="",
                    subject=chance.choice(["", "a", "B", "b%", "100%_x", "É", "Zz zz", "O'Neil \\"]),
                    recipient=chance.choice(["x@y", "X@y", "longer name"]),
                    created_at=NOW + timedelta(microseconds=chance.randrange(5)),
                )
            )  # fmt: skip
    yield store
    store.close()


@st.composite
def lists(draw: st.DrawFn) -> tuple[Listing, PageRequest]:
    listing = LISTINGS[draw(st.sampled_from(sorted(LISTINGS)))]
    match = draw(st.sampled_from(["", "a", "A", "%", "_", "\\", "'", "x@", "z n", "zz x", "none"]))
    order = draw(st.sampled_from(["", *listing.orders, "unknown column"]))
    return listing, PageRequest(match, order, draw(st.booleans()), limit=draw(st.integers(1, NUMBER + 3)))


def page(store: Store, listing: Listing, ask: PageRequest) -> Page[tuple[object, ...]]:
    with store.read() as session:
        return fetch(session, listing, ask, lambda row: (row[0].id,) if len(row) == 3 else tuple(row[:2]))


def placed(
    ask: PageRequest, anchor: Anchor, beside: tuple[object, ...] = (), at: int = 0, limit: int = 0
) -> PageRequest:
    return PageRequest(ask.match, ask.order, ask.descending, anchor, beside, at, limit or ask.limit)


def whole(store: Store, listing: Listing, ask: PageRequest) -> list[tuple[object, ...]]:
    return list(page(store, listing, placed(ask, Anchor.FIRST, limit=NUMBER + 1)).rows)


@settings(max_examples=120, deadline=None)
@given(lists())
def test_walking_forwards_gives_every_row_once_in_order(store: Store, asked: tuple[Listing, PageRequest]) -> None:
    listing, ask = asked
    found, here = [], page(store, listing, ask)
    while here.rows:
        assert len(here.rows) == len(here.cursors) <= ask.limit
        found += here.rows
        here = page(store, listing, placed(ask, Anchor.AFTER, here.cursors[-1]))
    assert found == whole(store, listing, ask)
    assert here.total == len(found) == len(set(found))


@settings(max_examples=120, deadline=None)
@given(lists())
def test_walking_backwards_from_the_end_gives_the_same(store: Store, asked: tuple[Listing, PageRequest]) -> None:
    listing, ask = asked
    found: list[tuple[object, ...]] = []
    here = page(store, listing, placed(ask, Anchor.LAST))
    while here.rows:
        found = [*here.rows, *found]
        here = page(store, listing, placed(ask, Anchor.BEFORE, here.cursors[0]))
    assert found == whole(store, listing, ask)


@settings(max_examples=120, deadline=None)
@given(lists(), st.integers(0, NUMBER + 5))
def test_a_jump_gives_the_rows_at_its_number_and_can_be_gone_on_from(
    store: Store, asked: tuple[Listing, PageRequest], at: int
) -> None:
    listing, ask = asked
    everything = whole(store, listing, ask)
    here = page(store, listing, placed(ask, Anchor.AT, at=at))
    assert list(here.rows) == everything[at : at + ask.limit]
    if here.rows:
        after = page(store, listing, placed(ask, Anchor.AFTER, here.cursors[-1]))
        before = page(store, listing, placed(ask, Anchor.BEFORE, here.cursors[0]))
        assert list(after.rows) == everything[at + len(here.rows) :][: ask.limit]
        assert list(before.rows) == everything[max(0, at - ask.limit) : at]


def test_the_order_is_that_of_the_values_with_ties_by_number(store: Store) -> None:
    with store.read() as session:
        rows = [(row.created_at, row.id) for row in session.execute(select(OutboxRow)).scalars()]
    rising = [key for (key,) in whole(store, PLAIN, PageRequest(order="created"))]
    falling = [key for (key,) in whole(store, PLAIN, PageRequest(order="created", descending=True))]
    assert rising == [key for _, key in sorted(rows)]
    assert falling == rising[::-1]


def test_a_list_without_an_order_has_its_own(store: Store) -> None:
    everything = whole(store, PLAIN, PageRequest())
    assert everything == sorted(everything)
    assert whole(store, NEWEST_FIRST, PageRequest()) == everything[::-1]
    assert whole(store, NEWEST_FIRST, PageRequest(order="id")) == everything


@pytest.mark.parametrize(
    ("match", "sql"),
    [
        ("B", "subject IN ('B', 'b%')"),
        ("%", "subject LIKE '%!%%' ESCAPE '!'"),
        ("_", "subject = '100%_x'"),
        ("\\", "subject LIKE 'O%'"),
        ("o'n LONGER", "subject LIKE 'O%' AND recipient = 'longer name'"),
        ("   ", "true"),
    ],
)
def test_every_word_must_be_somewhere_and_nothing_is_a_wildcard(store: Store, match: str, sql: str) -> None:
    from sqlalchemy import text

    with store.read() as session:
        expected = session.execute(text(f"SELECT id FROM outbox WHERE {sql} ORDER BY id")).all()
    assert whole(store, PLAIN, PageRequest(match)) == [tuple(row) for row in expected]


def test_the_total_is_counted_only_when_asked_for(store: Store) -> None:
    assert page(store, PLAIN, PageRequest(limit=1)).total == NUMBER
    assert page(store, PLAIN, PageRequest(limit=1, count=False)).total == -1


def test_an_empty_list_has_empty_pages_everywhere(tmp_path: Path) -> None:
    empty = Store(new_store(tmp_path / "store.db"))
    for anchor in Anchor:
        assert page(empty, PLAIN, placed(PageRequest(), anchor, beside=(1, 1))) == Page((), (), 0)


def test_each_part_of_a_moment_is_found(store: Store) -> None:
    """`28 Nov` on a list of dates: day, month, year and time are words of their own."""
    moment = col(OutboxRow.created_at)
    listing = Listing(PLAIN.rows, PLAIN.orders, PLAIN.tie, (Dated(moment),))
    with store.read() as tx:
        every = [row[0] for row in tx.execute(select(OutboxRow))]
        wanted = every[-1].created_at
        day = f"{wanted.day} {wanted:%b}"
        for match in (day, f"{wanted:%b} {wanted.year}", day.lower(), f"{wanted:%H:%M} {day} {wanted.year}"):
            found = fetch(tx, listing, PageRequest(limit=500, match=match), lambda row: row[0])
            assert wanted in {row.created_at for row in found.rows}, match
            for row in found.rows:
                assert row.created_at.month == wanted.month
        for nothing in ("nowhere", "1999", "25:61", "32"):
            assert not fetch(tx, listing, PageRequest(limit=500, match=nothing), lambda row: row[0]).rows
