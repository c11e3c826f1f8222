"""On a wide terminal, a list has a pane beside it: always of the row under the cursor, and never in the way of keys."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest

from dropcopy_tui.services.groups.groups import Groups
from screens import detailed
from screens.widgets.detail import Detail
from screens.widgets.record_table import RecordTable
from tests.screens.conftest import Place
from tests.screens.hostile import spoil
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_hostile import looks_harmless
from tests.screens.test_requests import other_desk, person

WIDE, NARROW = (120, 40), (109, 40)


def pane(seat: Seat) -> str:
    """What stands in the pane, line by line."""
    region = seat.find(Detail).region
    return "\n".join(line[region.x :].strip() for line in seat.text().splitlines()[region.y : region.bottom])


async def test_a_group_is_beside_its_list(place: Place) -> None:
    async with seated(place.app(), WIDE) as seat:
        await seat.press("enter")
        said = pane(seat)
        assert re.search(r"^EU-GOVIES\nMarket +BrokerTec EU\nFront end +Gilt Desk 4.2", said, re.M), said
        assert re.search(r"Filters: messages copied\nHeartbeat\nReject\n", said), said
        assert re.search(r"SenderComps: 248\nACE01 +248", said), said
        assert re.search(r"Target sessions\nT2E +MSGW\nexpiring, expires ", said), said
        await seat.press("down")
        assert "EU-RISK" in pane(seat)
        assert "EU-GOVIES" not in pane(seat)
        assert footer_fits(seat)


async def test_a_request_is_beside_its_list(place: Place) -> None:
    async with seated(place.app(), WIDE) as seat:
        await seat.press(*["down"] * 4, "enter", *["down"] * 3)
        said = pane(seat)
        for words in ("DC-2026-000027", "Create group FUT-CLEARED-TEST", "Reason", "denied by clearing-approver"):
            assert words in said
        # On a list without rows there is nothing to be beside it.
        await seat.press("tab")
        assert pane(seat).strip() == ""


async def test_a_session_is_beside_its_list_and_hides_key_ids_as_it_does(place: Place) -> None:
    async with seated(place.app(), WIDE) as seat:
        await seat.press("enter", "t", "down", "down")
        assert re.search(r"^T4C\nKind +Drop Copy Sessions", pane(seat), re.M)
        assert re.search(r"Key id +····· \(s to show\)", pane(seat))
        await seat.press("s")
        assert re.search(r"Key id +[A-Za-z0-9]{20}\n", pane(seat))


async def test_it_comes_and_goes_with_the_width(place: Place) -> None:
    async with seated(place.app(), NARROW) as seat:
        with patch.object(Groups, "show", side_effect=AssertionError("nothing is read for a pane that is not there")):
            await seat.press("enter", "down", "down", "up")
            assert not seat.find(Detail).display
        await seat.pilot.resize_terminal(*WIDE)
        await seat.until(lambda: "EU-RISK" in pane(seat), "the pane is filled")
        await seat.pilot.resize_terminal(*NARROW)
        await seat.until(lambda: not seat.find(Detail).display, "the pane is gone")
        seat.sees_not("Target sessions")


async def test_rows_that_are_passed_by_are_not_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detailed, "_STAYS", 0.3)
    read: list[object] = []
    shown = Groups.show

    def show(self: Groups, *args: object) -> object:
        read.append(args[-1])
        return shown(self, *args)  # type: ignore[arg-type]

    async with seated(place.app(), WIDE) as seat:
        await seat.press("enter")
        with patch.object(Groups, "show", show):
            table = seat.find(RecordTable)
            for _ in range(4):
                table.action_move(1)
            await seat.settle()
        assert len(read) == 1
        assert table.current.id == read[0]
        assert table.current.name in pane(seat)


async def test_a_group_that_is_gone_meanwhile_is_said_to_be_gone(place: Place) -> None:
    async with seated(place.app(), WIDE) as seat:
        await seat.press("enter")
        with other_desk(place) as desk:
            gone = seat.find(RecordTable)._window.row(1)
            desk.groups.delete(person(desk, "acme-operator"), [gone.id])
            while desk.provisioning.process(person(desk, "operations")).ended:
                pass
        await seat.press("down")
        assert "does not exist" in pane(seat) or "deleted" in pane(seat)
        assert seat.on == "GroupsScreen"


async def test_what_is_hostile_stays_text(place: Place) -> None:
    spoil(place.store)
    async with seated(place.app(), WIDE) as seat:
        for keys in (("enter",), ("down",), ("t",), ("down",), ("escape", "escape", *["down"] * 4, "enter"), ("down",)):
            await seat.press(*keys)
            looks_harmless(seat)
