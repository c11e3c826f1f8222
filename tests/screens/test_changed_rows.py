"""A list that follows what others do says how many of its rows are not what they were, and keeps the cursor."""

from __future__ import annotations

from screens.widgets.record_table import RecordTable
from tests.screens.conftest import Place
from tests.screens.seat import seated
from tests.screens.test_home import open_line
from tests.screens.test_requests import CLEARING, NEWEST, decide, other_desk
from tests.services.factories import change


async def test_what_others_changed_is_counted_until_the_next_key(place: Place, size: tuple[int, int]) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Request Status")
        await seat.press("down")
        seat.sees("2 of 20 requests *$")
        decide(place, CLEARING, "deny", NEWEST, "Not in our limits.")
        seat.screen.store_changed()
        await seat.settle()
        seat.sees(rf"^ +{NEWEST} .*Denied", r"2 of 20 requests +1 changed just now")
        # Nothing of the list has changed: it says the same as before.
        seat.screen.store_changed()
        await seat.settle()
        seat.sees("2 of 20 requests +1 changed just now")
        await seat.press("up")
        seat.sees("1 of 20 requests *$")


async def test_a_row_that_came_or_went_counts_once(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter", "down")
        row = seat.find(RecordTable).current
        with other_desk(place) as desk:
            change(desk.resources, "UPDATE drop_copy_group SET deleted_at = created_at WHERE name = 'US-BACKUP'")
        seat.screen.store_changed()
        await seat.settle()
        seat.sees("2 of 5 groups +1 changed just now")
        with other_desk(place) as desk:
            change(desk.resources, "UPDATE drop_copy_group SET deleted_at = NULL WHERE name = 'US-BACKUP'")
        seat.screen.store_changed()
        await seat.settle()
        seat.sees("2 of 6 groups +2 changed just now")
        assert seat.find(RecordTable).current.id == row.id
