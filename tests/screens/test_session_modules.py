"""Order Entry Sessions and Market Data Sessions, and what the three modules say of pairs that expire (rule K7)."""

from __future__ import annotations

import sqlite3

import pytest
from textual.widgets import OptionList

from dropcopy_tui.services.views import PendingView
from screens.keys.expiry_line import ExpiryLine
from screens.widgets.record_table import RecordTable
from tests.screens.conftest import Place
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_home import command, open_line
from tests.screens.test_keys import choose
from tests.stores import as_the_desk

Size = tuple[int, int]
SOON = "2026-12-01 22:30:00.000000"


def ends_soon(place: Place, *session_ids: str) -> None:
    """Every pair of these sessions ends in eight days."""
    with sqlite3.connect(place.store) as connection:
        for session_id in session_ids:
            connection.execute(
                "UPDATE key_pair SET expires_at = ? WHERE expires_at > '2026-11-24' AND session_pk ="
                " (SELECT id FROM session WHERE session_id = ?)",
                (SOON, session_id),
            )
    connection.close()
    as_the_desk(place.store)


def picked(seat: Seat) -> int:
    return seat.find(RecordTable).picked_size


@pytest.mark.parametrize(("module", "count"), [("Order Entry Sessions", 40), ("Market Data Sessions", 6)])
async def test_a_module_from_the_palette(module: str, count: int, place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await command(seat, module)
        seat.sees(f"ACME > {module}", "Session +Market .*State +Expires", f"1 of {count} sessions")
        assert footer_fits(seat)
        assert "d" not in seat.screen.active_bindings, "only drop copy sessions are retired"
        assert {"b", "f", "r", "k", "x"} <= set(seat.screen.active_bindings)


async def test_the_line_names_what_expires_and_b_selects_it(place: Place, size: Size) -> None:
    ends_soon(place, "00B", "01A")
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Order Entry Sessions")
        seat.sees(r"^ ! 3 key pairs expire within four weeks: 00B, 01A, 04O \(b selects all\)")
        await seat.press("b")
        assert picked(seat) == 3
        seat.sees(r"\*00B ", r"\*01A ", r"\*04O .* expiring ", "3 selected")
        seat.says("3 sessions selected (including any not shown). Press k to manage their key pairs.")
        await seat.press("k")
        seat.sees("Manage Keys for Selected Sessions", "3 sessions: 00B, 01A, 04O")


async def test_the_line_goes_with_the_cure(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "Order Entry Sessions")
        seat.sees(r"! 1 key pair expires within four weeks: 04O \(b selects it\)")
        ends = "UPDATE key_pair SET expires_at = '2027-10-01 21:30:00.000000' WHERE expires_at LIKE '2026-12-04%'"
        with sqlite3.connect(place.store) as connection:
            connection.execute(ends)
        connection.close()
        as_the_desk(place.store)
        await seat.press("question_mark", "escape")
        seat.sees_not("within four weeks")
        assert not seat.find(ExpiryLine).display
        await seat.press("b")
        seat.sees("No key pair of these sessions expires within four weeks.")
        assert picked(seat) == 0


async def test_the_line_of_the_groups_selects_groups(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Drop Copy Groups")
        seat.sees(r"^ ! 2 key pairs expire within four weeks: T6B, T2E \(b selects all\)")
        await seat.press("b")
        seat.sees(r"\*US-ACTIVES ", r"\*EU-GOVIES ", "2 selected")
        await seat.press("k")
        seat.says("2 sessions: T2E, T6B")
        await seat.press("escape", "escape")
        await command(seat, "Globex Drop Copy")
        seat.sees("Globex > Drop Copy Groups", "GLOBEX-FUTURES")
        seat.sees_not("within four weeks")
        ends_soon(place, "T8G", "T9H")
        await seat.press("question_mark", "escape")
        seat.sees("! 2 key pairs expire within four weeks: T8G, T9H")
        await seat.press("b")
        assert picked(seat) == 1, "both are sessions of one group"


async def test_all_that_match_are_managed_at_once(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "Order Entry Sessions")
        await seat.press("slash")
        await seat.type("00")
        await seat.until_seen("1 of 4 sessions")
        await seat.press("enter", "asterisk", "space", "k")
        seat.sees("Manage Keys for Selected Sessions", "3 sessions: 00B, 00L, 00Z")


async def test_another_entity_and_a_status(place: Place, size: Size) -> None:
    async with seated(place.app("multi-operator"), size) as seat:
        await open_line(seat, "menu", "Market Data Sessions")
        seat.sees("ACME > Market Data Sessions", "r another entity")
        await seat.press("r")
        await choose(seat, "EXRATES")
        seat.sees(
            "EXRATES > Market Data Sessions",
            "No sessions with this status. Press f to show another status.",
            "import sessions",
        )
        await seat.press("r")
        await choose(seat, "ACME")
        await seat.press("f")
        await choose(seat, "retired")
        seat.sees("Status +retired", "No sessions with this status.")


async def test_a_pair_is_made_for_an_order_entry_session(place: Place) -> None:
    """The same modals as for target sessions; the line at the top is gone afterwards."""
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "Order Entry Sessions")
        await seat.press("b", "k")
        options = seat.find(OptionList)
        assert not options.get_option("generate").disabled
        await choose(seat, "Generate Key")
        seat.says("04O gets a second key pair")


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_many_names_are_cut_and_the_key_is_still_said(width: int, place: Place) -> None:
    names = [f"A{number:02d}" for number in range(500)]
    async with seated(place.app(), (width, 24)) as seat:
        await open_line(seat, "menu", "Order Entry Sessions")
        line = seat.find(ExpiryLine)
        line.show([PendingView(number, name, None, "", "") for number, name in enumerate(names)])
        await seat.settle()
        seat.sees(r"^ ! 500 key pairs expire within four weeks.*(, \.\.\.)? \(b selects all\)$")
        if width > 60:
            seat.sees(r": A00, A01.*, \.\.\. \(b")


async def test_whoever_sees_no_entity_is_told(place: Place) -> None:
    async with seated(place.app("ease-agent")) as seat:
        await open_line(seat, "menu", "Order Entry Sessions")
        seat.says("You have no access to any entity. Ask a user administrator.")
        await seat.press("b", "k", "r")
        assert seat.screen is not None
