"""Columns and sort of lists, as a person has chosen them: seen, remembered for the person, and in nobody's way."""

from __future__ import annotations

from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.arrangements import Arrangement
from screens.navigation import OpenAudit, OpenNotices
from screens.widgets.detail import Detail
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.widgets.sheet import Sheet
from tests.screens.conftest import OPERATOR, Place
from tests.screens.seat import Seat, footer_fits, seated


def titles(seat: Seat) -> tuple[str, ...]:
    return seat.find(RecordTable).shown


def kept(place: Place, user: str = OPERATOR) -> dict[str, Arrangement]:
    desk = open_desk(place.config, place.clock)
    try:
        return desk.arrangements.mine(desk.identity.act_as(user, "test"))
    finally:
        desk.close()


async def test_a_column_is_left_out_moved_and_remembered(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter")
        assert titles(seat) == ("Group", "Market", "Front end", "Sources", "Targets", "Keys")
        await seat.press("C")
        assert seat.on == "ColumnsModal"
        # Market off, and Keys in the place behind the name.
        await seat.press("space", "end", "u", "u", "u", "u", "enter")
        assert seat.on == "GroupsScreen"
        assert titles(seat) == ("Group", "Keys", "Front end", "Sources", "Targets")
        row = seat.find(RecordTable).current
    async with seated(place.app()) as seat:
        await seat.press("enter")
        assert titles(seat) == ("Group", "Keys", "Front end", "Sources", "Targets")
        assert seat.find(RecordTable).current == row
        await seat.press("C", "a")
        assert titles(seat) == ("Group", "Market", "Front end", "Sources", "Targets", "Keys")
    assert kept(place) == {}


async def test_the_sort_is_remembered_for_the_person_and_for_nobody_else(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter", "s", "s")
        assert seat.find(RecordTable).query_ask.descending
        first = seat.find(RecordTable).current
    async with seated(place.app()) as seat:
        await seat.press("enter")
        ask = seat.find(RecordTable).query_ask
        assert (ask.order, ask.descending) == ("name", True)
        assert seat.find(RecordTable).current == first
        seat.sees(r"Group v")
    async with seated(place.app("multi-operator")) as seat:
        await seat.press("enter")
        assert seat.find(RecordTable).query_ask.order == ""
    assert kept(place) == {"Groups/groups": Arrangement(order="name", descending=True)}


async def test_escape_changes_nothing_and_the_first_column_stays(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter", "C", "home", "space")
        seat.says("The first column is always shown.")
        await seat.press("down", "space", "escape")
        assert titles(seat)[:2] == ("Group", "Market")
    assert kept(place) == {}


async def test_it_shows_what_the_row_has_in_columns_without_room(place: Place) -> None:
    async with seated(place.app(), (60, 18)) as seat:
        await seat.press("enter")
        assert "Front end" not in titles(seat)
        await seat.press("C")
        seat.sees(r"\[\*\] Front end +\S+.*no room")
        await seat.press("escape")


async def test_what_was_put_last_yields_first(place: Place) -> None:
    async with seated(place.app(), (60, 18)) as seat:
        await seat.press("enter", "C")
        # Front end directly behind the name.
        await seat.press("down", "u", "enter")
        assert titles(seat)[:2] == ("Group", "Front end")
        assert len(titles(seat)) < 6
        text = seat.text().splitlines()
        assert all(len(line) <= 60 for line in text)


async def test_on_a_wide_terminal_the_pane_has_what_was_left_out(place: Place) -> None:
    async with seated(place.app(), (120, 40)) as seat:
        await seat.press("enter")
        await seat.until(lambda: "Columns left out" not in str(seat.find(Detail).query_one(Sheet).render()), "the pane")
        await seat.press("C", "space", "enter")
        await seat.until(
            lambda: "Columns left out" in str(seat.find(Detail).query_one(Sheet).render()), "what was left out"
        )
        seat.sees(r"Market +\S")
        assert footer_fits(seat)
        seat.sees("s Sort C Columns x Export")


async def test_every_list_can_be_arranged(place: Place) -> None:
    async with seated(place.app("auditor"), (80, 24)) as seat:
        for route in (OpenAudit(), OpenNotices()):
            await seat.app.go(route)
            await seat.settle()
            before = titles(seat)
            await seat.press("C", "space", "enter")
            assert before[1] not in titles(seat)
    assert {name.split("/")[0] for name in kept(place, "auditor")} == {"Audit", "Notices"}


async def test_lists_of_the_wizard_as_well(place: Place) -> None:
    from screens.navigation import OpenWizard

    desk = open_desk(place.config, place.clock)
    drafts = desk.drafts.mine(desk.identity.act_as(OPERATOR, "test"))
    desk.close()
    async with seated(place.app()) as seat:
        await seat.app.go(OpenWizard(drafts[0].id))
        await seat.settle()
        seat.app.run_worker(seat.screen.go_to_step(5))  # type: ignore[attr-defined]
        await seat.settle()
        records = seat.screen.query_one("#available", RecordList)
        records.focus_list()
        await seat.press("x")
        assert seat.on == "FileModal"
        await seat.press("escape", "C")
        assert seat.on == "ColumnsModal"
        await seat.press("down", "space", "enter")
        assert set(kept(place)) == {"Wizard/available"}
