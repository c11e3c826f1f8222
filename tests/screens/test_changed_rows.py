"""A list that follows what others do says how many of its rows are not what they were, and keeps the cursor."""

from __future__ import annotations

from screens.navigation import OpenDrafts, OpenGroup
from screens.widgets.record_table import RecordTable
from tests.screens.conftest import Place
from tests.screens.seat import seated
from tests.screens.test_edit import GROUP
from tests.screens.test_home import open_line
from tests.screens.test_requests import CLEARING, NEWEST, decide, other_desk, person
from tests.services.factories import change


async def test_what_others_changed_is_counted_until_the_next_key(place: Place, size: tuple[int, int]) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Request Status")
        await seat.press("down")
        seat.sees("2 of 20 requests *$")
        decide(place, CLEARING, "deny", NEWEST, "Not in our limits.")
        seat.screen.store_changed()
        await seat.settle()
        seat.sees(rf"^ +{NEWEST} .*Denied", r"2 of 20 requests +1 request changed just now")
        # Nothing of the list has changed: it says the same as before.
        seat.screen.store_changed()
        await seat.settle()
        seat.sees("2 of 20 requests +1 request changed just now")
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
        seat.sees("2 of 5 groups +1 group changed just now")
        with other_desk(place) as desk:
            change(desk.resources, "UPDATE drop_copy_group SET deleted_at = NULL WHERE name = 'US-BACKUP'")
        seat.screen.store_changed()
        await seat.settle()
        seat.sees("2 of 6 groups +2 groups changed just now")
        assert seat.find(RecordTable).current.id == row.id


async def test_every_list_of_the_store_counts(place: Place) -> None:
    """Drafts and the lists of a group read themselves in another way, and count as well."""
    async with seated(place.app()) as seat:
        await seat.app.go(OpenDrafts())
        await seat.settle()
        with other_desk(place) as desk:
            change(desk.resources, "UPDATE draft SET name = 'RENAMED' WHERE submitted_at IS NULL")
        seat.screen.store_changed()
        await seat.settle()
        seat.sees(r"drafts? +\d drafts? changed just now")
        await seat.app.go(OpenGroup(GROUP, tab="targets"))
        await seat.settle()
        with other_desk(place) as desk:
            other = person(desk, "multi-operator")
            living = desk.groups.show(other, GROUP).sessions[0].living
            desk.keypairs.delete(other, [living[0].access_key_id])
        seat.screen.store_changed()
        await seat.settle()
        seat.sees(r"rows? +\d rows? changed just now")
