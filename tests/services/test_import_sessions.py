"""Imports of sessions: order entry and market data, all of a file or nothing."""

from __future__ import annotations

import io

import pytest

from dropcopy_tui.domain.errors import NotEntitled
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.imports.imports import ImportKind, ImportReport, Imports
from dropcopy_tui.services.sessions.sessions import Sessions
from tests.services.conftest import World
from tests.services.factories import add_session, one, rows

HEADER = "entity,market,session_id,kind,gateway\n"
GOOD = (
    "ACME,brokertec_us,OE1,order_entry,msgw\nACME,globex,OE1,order_entry,CGW\nOTHER,brokertec_eu,MD1,market_data,msgw\n"
)


def run(world: World, content: str, dry_run: bool = False) -> ImportReport:
    stream = io.BytesIO(content.encode())
    return Imports(world.resources).import_csv(world.operations, ImportKind.SESSIONS, stream, dry_run=dry_run)


def stored(world: World) -> list[tuple[object, ...]]:
    return rows(
        world.resources,
        "SELECT e.code, market, session_id, kind, gateway, status FROM session s JOIN entity e ON e.id = entity_id"
        " ORDER BY s.id",
    )


def test_sessions_are_in_their_modules(world: World) -> None:
    assert run(world, HEADER + GOOD) == ImportReport(3, 3, 0, ())
    assert stored(world) == [
        ("ACME", "brokertec_us", "OE1", "order_entry", "msgw", "active"),
        ("ACME", "globex", "OE1", "order_entry", "cgw", "active"),
        ("OTHER", "brokertec_eu", "MD1", "market_data", "msgw", "active"),
    ]
    page = Sessions(world.resources).page(world.viewer, PageRequest(), kind=SessionKind.ORDER_ENTRY, entity="ACME")
    assert [view.market for view in page.rows] == ["brokertec_us", "globex"]
    event = rows(world.resources, "SELECT action, subject, person FROM audit_event ORDER BY id DESC LIMIT 1")
    assert event == [("imports:done", "sessions", "operations")]


def test_a_dry_run_keeps_nothing(world: World) -> None:
    assert run(world, HEADER + GOOD, dry_run=True) == ImportReport(3, 0, 0, ())
    assert stored(world) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ACME,brokertec_us,DC1,drop_copy,msgw", "Drop copy sessions cannot be imported: they are allocated"),
        ("ACME,brokertec_us,OE9,other,msgw", "Kind 'other' must be order_entry or market_data."),
        ("NOBODY,brokertec_us,OE9,order_entry,msgw", "Entity 'NOBODY' is not in the store."),
        ("ACME,nowhere,OE9,order_entry,msgw", "Unknown market 'nowhere'"),
        ("ACME,brokertec_us,oe9,order_entry,msgw", "Session ID 'oe9' must be three of A-Z and 0-9."),
        ("ACME,brokertec_us,OE90,order_entry,msgw", "Session ID 'OE90' must be three of A-Z and 0-9."),
        ("ACME,brokertec_us,\x1b[2,order_entry,msgw", "Session ID "),
        ("ACME,brokertec_us,OE9,order_entry,cgw", "Gateway 'cgw' is not a gateway of market brokertec_us."),
        ("ACME,brokertec_us,OE9,,msgw", "kind"),
        ("ACME,brokertec_us,OE1,market_data,msgw", "Session OE1 of brokertec_us is also on line 2."),
        ("ACME,brokertec_us,HAD,order_entry,msgw", "Session HAD of brokertec_us is already in the store."),
    ],
)
def test_one_bad_line_keeps_the_whole_file_out(world: World, line: str, reason: str) -> None:
    add_session(world.resources, "ACME", "HAD", kind="drop_copy")
    report = run(world, HEADER + GOOD + line + "\n")
    assert (report.read, report.imported, report.rejected) == (4, 0, 1)
    (error,) = report.errors
    assert error.line == 5
    assert reason in error.reason
    assert [row[2] for row in stored(world)] == ["HAD"]


def test_only_operations_imports(world: World) -> None:
    with pytest.raises(NotEntitled):
        Imports(world.resources).import_csv(world.operator, ImportKind.SESSIONS, io.BytesIO((HEADER + GOOD).encode()))
    assert one(world.resources, "SELECT count(*) FROM session") == 0


def test_ten_thousand_sessions(world: World) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    names = [a + b + c for a in letters for b in letters for c in letters][:10_000]
    content = HEADER + "".join(f"ACME,brokertec_us,{name},order_entry,msgw\n" for name in names)
    assert run(world, content + f"ACME,brokertec_us,{names[0]},order_entry,msgw\n").rejected == 1
    assert run(world, content).imported == 10_000
    assert run(world, content).rejected == 10_000
