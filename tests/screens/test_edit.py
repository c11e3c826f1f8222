"""Groups that exist, by keyboard: edited, copied, deleted; nothing of another person's is overwritten."""

from __future__ import annotations

import sqlite3
from typing import Any

from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.services.groups.groups import GroupEdit
from screens.wizard.steps import Entered
from tests.screens.conftest import Place
from tests.screens.seat import Seat, seated
from tests.stores import as_the_desk

Size = tuple[int, int]
GROUP = "US-ACTIVES"


def asked(place: Place, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the store, on a connection of our own."""
    connection = sqlite3.connect(place.store)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


async def to_group(seat: Seat, name: str = GROUP) -> None:
    """From Home to the list, with the cursor on the group."""
    await seat.press("enter")
    while f"> {name}" not in seat.text():
        await seat.press("down")


async def to_part(seat: Seat, part: str) -> None:
    """Open a part of the edit from its page."""
    await seat.press("home")
    while f"Change: {part}" not in str(seat.screen.focused.get_option_at_index(seat.screen.focused.highlighted).prompt):  # type: ignore[union-attr]
        await seat.press("down")
    await seat.press("enter")


async def test_an_edit_shows_before_and_after_and_is_set_up(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await to_group(seat)
        await seat.press("e")
        seat.sees(
            f"{GROUP} at ACME", r"Changes +none yet", r"Nothing to submit yet: no changes", "> Change|Change: Name"
        )
        await seat.press("enter")
        await seat.type("-2")
        await seat.press("enter")
        seat.sees(rf"Name +{GROUP} -> {GROUP}-2", "Submit these changes")
        await to_part(seat, "Filters")
        await seat.press("end", "space", "enter")
        seat.sees(r"Filters +[+-] ")
        await seat.press("home", "enter")
        await seat.until_seen("completed")
        await seat.press("escape")
        seat.sees(rf"> {GROUP}-2")
    assert asked(place, f"SELECT version FROM drop_copy_group WHERE name = '{GROUP}-2'") == [(2,)]


async def test_what_is_saved_is_not_saved_again(place: Place) -> None:
    """Each version more is one that whoever submits meanwhile has not seen."""
    versions = f"SELECT version FROM draft WHERE name = '{GROUP}'"
    async with seated(place.app()) as seat:
        await to_group(seat)
        await seat.press("e")
        await to_part(seat, "Filters")
        await seat.press("end", "space")
        chosen = seat.app.screen._open.fields.filters
        # As a set happens to have them.
        for filters in (chosen, chosen[::-1], chosen[1:] + chosen[:1]):
            seat.app.screen.post_message(Entered({"filters": filters}))
            await seat.settle()
            await seat.app.screen.save()
        before = asked(place, versions)
        for _ in range(3):
            await seat.app.screen.save()
        assert asked(place, versions) == before
        assert seat.app.screen._open.saved


async def test_sendercomps_that_come_and_go_are_counted_and_listed(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_group(seat)
        await seat.press("e")
        await to_part(seat, "SenderComps")
        await seat.press("right", "space", "space", "space", "minus")
        await seat.press("left", "space", "plus", "enter")
        seat.sees(r"595 -> 593: 1 added, 3 removed", "Show the 1 added", "Show the 3 removed")
        await seat.press("end", "enter")
        seat.sees("SenderComps removed", "1 of 3 SenderComps removed")
        await seat.press("escape")
        await seat.press("home", "enter")
        await seat.until_seen("completed")
    found = asked(place, "SELECT change, COUNT(*) FROM request_source GROUP BY change ORDER BY change")
    assert found == [("added", 1), ("removed", 3)]
    assert asked(place, f"SELECT sources FROM drop_copy_group WHERE name = '{GROUP}'") == [(593,)]


async def test_what_another_changed_meanwhile_is_told_and_taken_over(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_group(seat)
        await seat.press("e", "enter")
        await seat.type("-2")
        await seat.press("enter")
        desk = open_desk(place.config, place.clock)
        other = desk.identity.act_as("multi-operator", "test")
        edit = GroupEdit(filters=(Filter.TRADE_FILL_NOTICE,))
        desk.groups.edit(other, GROUP, edit, entity="ACME")
        desk.provisioning.process_as_desk()
        desk.close()
        await seat.press("home", "enter")
        seat.says("changed in the meantime: multi-operator")
        seat.sees("Merge the latest changes")
        await seat.press("home", "enter")
        seat.says("Merged.")
        seat.sees(rf"-> +{GROUP}-2", "Submit these changes")
        await seat.press("home", "enter")
        await seat.until_seen("completed")
    rows = f"SELECT f.filter FROM group_filter f JOIN drop_copy_group g ON g.id = f.group_id WHERE g.name = '{GROUP}-2'"
    assert {kind for (kind,) in asked(place, rows)} == {"heartbeat", "reject", "trade_fill_notice"}


async def test_two_groups_are_deleted_and_their_sessions_are_released(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await seat.press("enter", "space", "space", "d")
        seat.says("released, not deleted. Only GAM (Global Account Management) can retire a Session ID.")
        await seat.type("no")
        await seat.press("enter")
        seat.sees('That does not match "delete 2"')
        await seat.press("backspace", "backspace")
        await seat.type("delete 2")
        await seat.press("enter")
        await seat.until_seen("completed")
        # Both are told: the banner has one place, and the second news must not hide the first.
        seat.says("Target session T2E was released")
        seat.says("Target session T3F was released")
        # What expires is about the groups that are left.
        seat.sees("1 key pair expires within four weeks: T6B")
    assert asked(place, "SELECT COUNT(*) FROM drop_copy_group WHERE deleted_at IS NOT NULL") == [(2,)]
    released = "SELECT COUNT(*) FROM session WHERE status = 'released' AND group_id IN (SELECT id FROM drop_copy_group WHERE deleted_at IS NOT NULL)"  # noqa: E501
    assert asked(place, released) == [(2,)]
    assert asked(place, "SELECT COUNT(*) FROM outbox WHERE body LIKE '%ask GAM to retire them%'") == [(2,)]


async def test_a_group_that_is_looked_at_goes_when_it_is_deleted(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_group(seat)
        await seat.press("enter", "d")
        await seat.type(GROUP)
        await seat.press("enter")
        await seat.until_seen("completed")
        assert seat.on == "GroupsScreen"
        seat.sees_not(rf"{GROUP} +BrokerTec")


async def test_a_copy_begins_with_everything_but_the_name(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_group(seat)
        await seat.press("p")
        seat.sees("fee", "Proceed")
        await seat.press("enter")
        seat.sees(r"2 > +Name", r"595 sources")
        await seat.type("US-COPY")
        await seat.press("enter", "enter", "enter", "enter")
        seat.sees("595 SenderComps", "Submit this request")
        await seat.press("enter")
        await seat.until_seen("completed")
    assert asked(place, "SELECT sources FROM drop_copy_group WHERE name = 'US-COPY'") == [(595,)]


async def test_a_second_change_is_told_whose_the_first_is(place: Place) -> None:
    connection = sqlite3.connect(place.store)
    connection.execute("UPDATE entity SET approvals = 'always' WHERE code = 'ACME'")
    connection.commit()
    connection.close()
    as_the_desk(place.store)
    desk = open_desk(place.config, place.clock)
    other = desk.identity.act_as("multi-operator", "test")
    request = desk.groups.edit(other, GROUP, GroupEdit(name="MINE"), entity="ACME")
    desk.close()
    async with seated(place.app()) as seat:
        await to_group(seat)
        await seat.press("e")
        seat.says(f"{request.id} by multi-operator to edit group {GROUP} is still open, awaiting approval by ACME")
        assert seat.on == "GroupsScreen"
