"""My Requests: what was asked, who decides, and what each of them sees of the other."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import time
from pathlib import Path

import pytest
from textual.widgets import OptionList

from dropcopy_tui.desk import Desk, open_desk
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.groups.groups import GroupEdit
from dropcopy_tui.services.views import RequestView
from screens.widgets.inputs import DeskInput
from screens.widgets.record_list import RecordList
from tests.screens.conftest import Place, SeededEntropy
from tests.screens.hostile import spoil
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_groups import written
from tests.screens.test_home import act_as, open_line
from tests.screens.test_hostile import looks_harmless
from tests.screens.test_keys import open_group
from tests.screens.test_wizard import to_step
from tests.stores import as_the_desk

Size = tuple[int, int]
CLEARING, OPERATOR, MULTI, PLACEHLD = "clearing-approver", "acme-operator", "multi-operator", "placehld-approver"
# The sample's requests that wait: two for the clearing firm, one for PLACEHLD.
NEWEST, OF_MULTI = "DC-2026-000038", "DC-2026-000037"
HOSTILE = "[/x] [@click=app.quit]no[/] $error 100%"


@contextmanager
def other_desk(place: Place) -> Iterator[Desk]:
    """The same store, opened by somebody else."""
    desk = open_desk(place.config, place.clock, SeededEntropy(8))
    try:
        yield desk
    finally:
        desk.close()


def person(desk: Desk, user_id: str) -> Actor:
    return desk.identity.act_as(user_id, "test")


def decide(place: Place, user_id: str, verb: str, reference: str, *said: str) -> None:
    """Somebody else decides, at another desk."""
    with other_desk(place) as desk:
        actor = person(desk, user_id)
        version = desk.requests.show(actor, reference).version
        if verb == "cancel":
            desk.requests.cancel(actor, reference)
        else:
            getattr(desk.requests, verb)(actor, reference, version, *said)


def stored(place: Place, reference: str) -> tuple[str, list[str]]:
    """Status and verdicts of a request, on a connection of our own."""
    with closing(sqlite3.connect(place.store)) as connection:
        pk, status = connection.execute("SELECT id, status FROM request WHERE reference = ?", (reference,)).fetchone()
        rows = connection.execute("SELECT verdict FROM decision WHERE request_id = ? ORDER BY id", (pk,))
        return status, [verdict for (verdict,) in rows]


def change(place: Place, sql: str, *values: object) -> None:
    """Change the store behind the desk's back."""
    with closing(sqlite3.connect(place.store)) as connection, connection:
        connection.execute(sql, values)
    as_the_desk(place.store)


def operator_approves_for_the_clearing_firm(place: Place) -> None:
    change(
        place,
        "INSERT INTO entitlement (person_id, role, entity_id) SELECT p.id, 'administrative_manager', e.id "
        "FROM person p, entity e WHERE p.user_id = ? AND e.code = 'SAMPLECLR'",
        OPERATOR,
    )


def edit_of_placehld(place: Place) -> RequestView:
    """An edit that waits for PLACEHLD: another name and filters, two SenderComps out, none in."""
    with other_desk(place) as desk:
        actor = person(desk, MULTI)
        group = desk.groups.show(actor, "DESK-COPY", "PLACEHLD").line
        out = [row.sender_comp_id for row in desk.groups.sources(actor, group.id, PageRequest(limit=2)).rows]
        edit = GroupEdit(name="DESK-COPY-NEW", filters=(Filter.TRADE_FILL_NOTICE,), remove=tuple(out))
        return desk.groups.edit(actor, group.id, edit)


async def to_do(seat: Seat) -> None:
    """From Home, by the line that says that something waits."""
    await open_line(seat, "attention", "your approval")
    assert seat.on == "RequestsScreen"


def keys_shown(seat: Seat) -> str:
    """The line of keys."""
    return seat.text().split("\n")[-1]


# -- the lists


async def test_home_opens_to_do(place: Place, size: Size) -> None:
    async with seated(place.app(CLEARING), size) as seat:
        seat.sees(r"\? 2 requests await your approval", r"To Do +2")
        await to_do(seat)
        seat.sees(r"My Requests > To Do", r"1 Request Status +\[2 To Do\] +3 All", "1 of 2 requests")
        seat.sees(rf"> +{NEWEST} Create group FUT-CLEARED-RISK +ACME +acme-operator")
        assert footer_fits(seat)
        await seat.press("escape")
        await open_line(seat, "menu", "To Do")
        seat.sees("My Requests > To Do")
    async with seated(place.app(PLACEHLD), size) as seat:
        seat.sees(r"\? 1 request awaits your approval")


async def test_home_opens_notices(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "Notices")
        assert seat.on == "NoticesScreen"


async def test_the_tabs_are_own_to_review_and_all(place: Place, size: Size) -> None:
    async with seated(place.app(MULTI), size) as seat:
        await open_line(seat, "menu", "Request Status")
        own = seat.find(RecordList, "#status").table.total
        await seat.press("2")
        seat.sees("You cannot approve requests", "administrative managers can")
        await seat.press("tab")
        seat.sees(r"My Requests > All", r"\[3 All\]", "acme-operator" if size[0] > 80 else NEWEST)
        assert seat.find(RecordList, "#all").table.total > own
        await seat.press("1")
        seat.sees(r"\[1 Request Status\]", f"1 of {own} requests")
    async with seated(place.app("ease-agent"), size) as seat:
        await open_line(seat, "menu", "Request Status")
        seat.sees("You have not submitted any requests yet", "2 To Do")
        seat.sees_not("3 All")
        await seat.press("3")
        seat.sees(r"\[1 Request Status\]")


async def test_every_column_sorts_the_stage_too(place: Place) -> None:
    async with seated(place.app(MULTI), (160, 40)) as seat:
        await open_line(seat, "menu", "Request Status")
        for title in ("Request", "Type", "Group or Se\\S*", "Entity", "Submitted by", "Submitted", "Status", "Stage"):
            await seat.press("s")
            seat.sees(rf"{title}[^|]* \^")
            await seat.press("s")
            assert seat.find(RecordList, "#status").table.query_ask.descending
        # A stage begins with its status: what is in progress stays together.
        rows = shown(seat, "status")
        stages = [re.sub("^awaiting approval by ", "awaiting ", row.stage).lower() for row in rows]
        words = [
            f"{row.status.value}, {stage}" if row.status is RequestStatus.IN_PROGRESS else stage
            for row, stage in zip(rows, stages, strict=True)
        ]
        assert words == sorted(words, reverse=True)
        assert len(set(words)) > 3


def shown(seat: Seat, tab: str) -> list[RequestView]:
    """The rows of a list that is on the screen."""
    table = seat.find(RecordList, f"#{tab}").table
    found = []
    for number in range(table.total):
        row = table._window.row(number)
        assert row is not None
        found.append(row)
    return found


async def test_to_do_is_filtered_and_exported(place: Place, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.folder)
    async with seated(place.app(CLEARING), size) as seat:
        await to_do(seat)
        await seat.press("slash")
        await seat.type("backup")
        await seat.until_seen("1 of 1 request")
        await seat.press("enter", "x")
        path = Path(seat.find(DeskInput).value)
        await seat.press("enter")
        seat.sees("1 row written to")
    header, (row,), _ = written(path)
    assert header == [
        "Request", "Type", "Group or Session", "Entity", "Submitted by", "Submitted", "Status", "Stage",
    ]  # fmt: skip
    assert row[:5] == [OF_MULTI, "Create group", "FUT-CLEARED-BACKUP", "ACME", MULTI]
    assert re.fullmatch(r"\d{1,2} Nov 2026 \d\d:\d\d UTC", row[5])
    assert row[6:] == ["In Progress", "awaiting approval by SAMPLECLR"]


async def test_escape_ends_the_filter_that_is_seen_and_no_other(place: Place) -> None:
    async with seated(place.app(CLEARING)) as seat:
        await to_do(seat)
        await seat.press("slash")
        await seat.type("backup")
        await seat.until_seen("1 of 1 request")
        await seat.press("enter", "1", "2")
        seat.sees("1 of 1 request")
        await seat.press("1", "escape")
        assert seat.on == "HomeScreen"


# -- approving


async def test_approve_from_to_do_sets_the_group_up(place: Place, size: Size) -> None:
    async with seated(place.app(CLEARING), size) as seat:
        await to_do(seat)
        await seat.press("a")
        assert seat.on == "DecideModal"
        seat.sees(f"Approve {NEWEST}", "create group FUT-CLEARED-RISK of ACME", "Submitted by +acme-operator")
        seat.sees("Front end system +Ladder One", "Source SenderComps +198", "You approve for +SAMPLECLR")
        seat.says("no further approval required: the group is set up immediately")
        await seat.press("enter")
        await seat.until_seen("completed")
        seat.says(f"Done: {NEWEST} (create group FUT-CLEARED-RISK) was completed. Target session")
        seat.sees_not("Press o", rf"^> +{NEWEST}")
        seat.sees(rf"> +{OF_MULTI}", "1 of 1 request")
        await seat.press("escape")
        seat.sees(r"\? 1 request awaits", r"To Do +1")
    assert stored(place, NEWEST) == ("completed", ["approve"])


async def test_not_now_and_escape_change_nothing(place: Place) -> None:
    async with seated(place.app(CLEARING)) as seat:
        await to_do(seat)
        await seat.press("a", "down", "enter", "a", "escape", "d", "escape")
        seat.sees("1 of 2 requests")
    assert stored(place, NEWEST) == ("in_progress", [])


async def test_an_approval_that_is_not_the_last_says_whose_is_missing(place: Place, size: Size) -> None:
    change(place, "INSERT INTO approval (request_id, entity_id) SELECT 38, id FROM entity WHERE code = 'ACME'")
    change(
        place,
        "UPDATE request SET needs = (SELECT group_concat(entity_id, ' ') FROM (SELECT entity_id FROM approval "
        "WHERE request_id = 38 ORDER BY entity_id)) WHERE id = 38",
    )
    async with seated(place.app(CLEARING), size) as seat:
        await to_do(seat)
        await seat.press("enter", "a")
        seat.sees("You approve for +SAMPLECLR", "Then +it still awaits approval by ACME")
        await seat.press("enter")
        seat.says(f"{NEWEST} was approved and still awaits ACME.")
        seat.sees("Stage +awaiting approval by ACME", "approved by clearing-approver for SAMPLECLR")
        assert "Approve" not in keys_shown(seat)
        seat.says(f"Approval {NEWEST} is no longer awaiting your approval (approved by clearing-approver).")
        await seat.press("escape")
        seat.sees("1 of 1 request", OF_MULTI)
    assert stored(place, NEWEST) == ("in_progress", ["approve"])


async def test_a_batch_is_said_before_and_after(place: Place, size: Size) -> None:
    place.settings = Settings(batches={"globex": time(16, 0)})
    async with seated(place.app(CLEARING), size) as seat:
        await to_do(seat)
        await seat.press("a")
        seat.says("no further approval required: the group is set up in the batch of 16:00 CT today")
        await seat.press("enter")
        seat.says(f"{NEWEST} was approved and is queued until 16:00 CT today.")
    assert stored(place, NEWEST) == ("in_progress", ["approve"])


@pytest.mark.parametrize("key", ["a", "d"])
async def test_what_somebody_else_decided_meanwhile_is_told_at_once(key: str, place: Place) -> None:
    async with seated(place.app(CLEARING)) as seat:
        await to_do(seat)
        decide(place, OPERATOR, "cancel", NEWEST)
        await seat.press(key)
        assert seat.on == "RequestsScreen"
        seat.says(f"Error: {NEWEST} is already cancelled (cancelled by acme-operator).")
        seat.sees("1 of 1 request", OF_MULTI)


async def test_two_approve_and_one_wins(place: Place, size: Size) -> None:
    """The other decides while the question stands on the screen."""
    async with seated(place.app(CLEARING), size) as seat:
        await to_do(seat)
        await seat.press("a")
        decide(place, CLEARING, "deny", NEWEST, "Not in our limits.")
        await seat.press("enter")
        seat.says(f"Error: {NEWEST} is already denied (denied by clearing-approver). Nothing was changed.")
        seat.sees("1 of 1 request")
    assert stored(place, NEWEST) == ("denied", ["deny"])


async def test_a_page_that_is_old_approves_nothing(place: Place) -> None:
    """Rule Q3: what changed since it was opened is shown, and nothing is approved."""
    async with seated(place.app(CLEARING)) as seat:
        await to_do(seat)
        await seat.press("enter")
        change(
            place, "UPDATE request SET version = version + 1, asked = json_set(asked, '$.sources', 4321) WHERE id = 38"
        )
        await seat.press("a", "enter")
        seat.says(f"Error: {NEWEST} changed since it was opened. Review it again, then decide.")
        seat.sees("Source SenderComps +4,321", "2 SenderComps 4,321")
        assert stored(place, NEWEST) == ("in_progress", [])
        await seat.press("a", "enter")
        await seat.until_seen("completed")
        seat.sees("Status +Completed")
    assert stored(place, NEWEST) == ("completed", ["approve"])


# -- denying


async def test_deny_wants_a_reason_that_the_requester_reads(place: Place, size: Size) -> None:
    async with seated(place.app(CLEARING), size) as seat:
        await to_do(seat)
        await seat.press("d")
        assert seat.on == "ReasonModal"
        seat.sees(f"Deny {NEWEST}", "Create group FUT-CLEARED-RISK of ACME, requested by acme-operator")
        await seat.press("enter")
        seat.sees("Reason is empty")
        await seat.paste("tab\there")
        await seat.press("enter")
        seat.sees("not plain printable text")
        seat.find(DeskInput).value = HOSTILE
        await seat.settle()
        seat.sees_not("not plain printable")
        seat.sees(r"acme-operator will see", re.escape(f"Denied by clearing-approver: {HOSTILE}"))
        await seat.press("enter")
        seat.sees(rf"Done: {NEWEST} \(create group FUT-CLEARED-RISK\)\s+was\s+denied", "1 of 1 request")
    assert stored(place, NEWEST) == ("denied", ["deny"])
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Request Status")
        seat.sees(rf"> +{NEWEST} .*Denied")
        await seat.press("enter")
        seat.sees("Status +Denied")
        seat.says(f"Reason Denied by clearing-approver: {HOSTILE}")
        seat.says(f"denied by clearing-approver for SAMPLECLR: {HOSTILE}")
        await seat.press("a")
        seat.says(f"{NEWEST} is already denied.")


async def test_the_longest_reason_fits(place: Place, size: Size) -> None:
    async with seated(place.app(CLEARING), size) as seat:
        await to_do(seat)
        await seat.press("enter", "d")
        await seat.paste("long words " * 60)
        assert len(seat.find(DeskInput).value) == 500
        await seat.press("enter")
        seat.sees(r"was\s+denied", "Status +Denied")
    with other_desk(place) as desk:
        assert len(desk.requests.show(person(desk, OPERATOR), NEWEST).reasons[0]) > 500


async def test_the_requesters_page_tells_by_itself(place: Place, size: Size) -> None:
    """The quiet worker of their application looks after what they wait for."""
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Request Status")
        await seat.press("enter")
        seat.sees("Status +In Progress", "Stage +awaiting approval by SAMPLECLR")
        decide(place, CLEARING, "deny", NEWEST, "Not in our limits.")
        seat.app.set_up()
        await seat.settle()
        seat.sees("Status +Denied", "Reason +Denied by clearing-approver: Not in our limits.")
        seat.says(f"{NEWEST} (create group FUT-CLEARED-RISK) was denied.")


async def test_hostile_names_harm_no_decision(place: Place) -> None:
    operator_approves_for_the_clearing_firm(place)
    spoil(place.store)
    # Everybody has the same telephone now, and nobody approves what another account of theirs asked for.
    change(place, "UPDATE person SET mobile = NULL WHERE user_id <> ?", OPERATOR)
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "To Do")
        assert seat.on == "RequestsScreen"
        for keys, screen in (
            (("a",), "DecideModal"),
            (("escape", "d"), "ReasonModal"),
            (("escape", "enter"), "RequestScreen"),
            (("2",), "RequestScreen"),
            (("a", "escape", "d", "n", "o", "enter"), "RequestScreen"),
        ):
            await seat.press(*keys)
            assert seat.on == screen
            looks_harmless(seat)
        assert stored(place, OF_MULTI) == ("denied", ["deny"])


# -- one's own


async def test_nobody_decides_their_own(place: Place, size: Size) -> None:
    """Also an administrative manager of the firm that has to approve."""
    operator_approves_for_the_clearing_firm(place)
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "To Do")
        seat.sees("1 of 1 request", OF_MULTI)
        await seat.press("1", "enter")
        seat.says(f"Approval You submitted {NEWEST}, so someone else must approve or deny it.")
        assert not re.search("Approve|Deny", keys_shown(seat))
        assert "c Cancel" in keys_shown(seat)
        assert footer_fits(seat)
        await seat.press("a")
        assert seat.on == "RequestScreen"
        seat.says(f"Error: You submitted {NEWEST}, so someone else must approve or deny it.")
        await seat.press("question_mark")
        seat.sees("Explain why you cannot approve")
        seat.sees_not("Approve the request after")
    assert stored(place, NEWEST) == ("in_progress", [])


async def test_cancel_ones_own(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Request Status")
        await seat.press("enter", "c")
        seat.sees(f"Cancel {NEWEST}", "nothing is changed", "Keep the request")
        await seat.press("down", "enter")
        assert stored(place, NEWEST) == ("in_progress", [])
        await seat.press("c", "enter")
        seat.sees(rf"Done: {NEWEST} \(.*\)\s+was\s+cancelled", "Status +Cancelled", "cancelled by acme-operator")
        assert "Cancel" not in keys_shown(seat)
        await seat.press("c")
        seat.sees("is already cancelled")
        await seat.press("escape")
        seat.sees(rf"> +{NEWEST} .*Cancelled")
    assert stored(place, NEWEST) == ("cancelled", ["cancel"])


async def test_only_who_asked_cancels(place: Place) -> None:
    async with seated(place.app(CLEARING)) as seat:
        await to_do(seat)
        await seat.press("enter", "c")
        assert seat.on == "RequestScreen"
        seat.says("Only acme-operator, who submitted it, can cancel it.")


async def test_cancelling_what_was_decided_meanwhile_says_so(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "Request Status")
        await seat.press("enter", "c")
        decide(place, CLEARING, "deny", NEWEST, "Not in our limits.")
        await seat.press("enter")
        seat.says("is already denied (denied by clearing-approver).")
        seat.sees("Status +Denied")


# -- before and after


async def test_an_edit_shows_before_and_after_and_its_lists(place: Place, size: Size) -> None:
    request = edit_of_placehld(place)
    async with seated(place.app(PLACEHLD), size) as seat:
        await to_do(seat)
        await seat.press("enter")
        seat.sees("Group name +DESK-COPY -> DESK-COPY-NEW", "Filters +Heartbeat, Reject")
        seat.sees("-> Heartbeat, Reject, Trade - Fill Notice$")
        before = seat.sees(r"Source SenderComps +(\d+) -> (\d+): 0 added, 2 removed")
        assert int(before[1]) - int(before[2]) == 2
        seat.sees(r"\[1 Timeline\] +2 Added 0 +3 Removed 2")
        assert footer_fits(seat)
        await seat.press("2")
        seat.sees("This request has no SenderComps added")
        await seat.press("3")
        seat.sees("1 of 2 SenderComps", r"> +\w{3}PLH01[PBUN]")
        assert footer_fits(seat)
        await seat.press("a")
        seat.sees("Group name +DESK-COPY -> DESK-COPY-NEW", "0 added, 2 removed")
        await seat.press("enter")
        await seat.until_seen("completed")
        seat.says(f"{request.id} (edit group DESK-COPY) was completed. The changes are in effect.")
        await seat.press("1")
        seat.sees("Status +Completed")
        await seat.press("3")
        seat.sees("1 of 2 SenderComps")


async def test_a_deletion_shows_what_is_no_longer_copied(place: Place, size: Size) -> None:
    with other_desk(place) as desk:
        actor = person(desk, MULTI)
        desk.groups.delete(actor, ["DESK-COPY"], "PLACEHLD")
    async with seated(place.app(PLACEHLD), size) as seat:
        await to_do(seat)
        await seat.press("a")
        seat.sees("delete group DESK-COPY of PLACEHLD", "Target sessions +released, not deleted")
        await seat.press("escape", "enter")
        count = seat.sees(r"\[1 Timeline\] +2 SenderComps (\d+)")[1]
        await seat.press("2")
        seat.sees(f"1 of {count} SenderComps")
        await seat.press("3")
        seat.sees(rf"\[2 SenderComps {count}\]")
        await seat.press("a", "enter")
        await seat.until_seen("completed")
        seat.says("was released: ask GAM to retire it.")


async def test_a_key_request_has_its_story_alone(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "Request Status")
        await seat.press("slash")
        await seat.type("generate")
        await seat.until_seen("Generate key")
        await seat.press("enter", "enter")
        seat.sees(r"^ \[1 Timeline\]$", "Public key ids", "Sessions")
        await seat.press("2", "tab")
        seat.sees(r"^ \[1 Timeline\]$")


# -- what the requester is told on submitting


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(batches={"brokertec_us": time(16, 0)}), "queued until 16:00 CT today"),
        (Settings(), "queued$"),
    ],
)
async def test_the_page_after_submit_says_where_a_new_request_is(place: Place, settings: Settings, said: str) -> None:
    place.settings = settings
    when = "16:00 CT today, in the daily batch" if settings.batches else "immediately after you submit"
    async with seated(place.app()) as seat:
        await to_step(seat, 6)
        seat.sees("Approval +not required", f"Effective +{when}")
        # What set-up tells would take the banner's place.
        seat.app.set_up = lambda: None
        await seat.press("enter")
        seat.sees(r"Request DC-2026-\d{6}\s+submitted", "Status +In Progress", f"Stage +{said}")


@pytest.mark.parametrize("batches", [{"brokertec_us": time(16, 0)}, {}])
async def test_a_deletion_says_when_the_group_is_deleted(place: Place, batches: dict[str, time]) -> None:
    place.settings = Settings(batches=batches)
    async with seated(place.app()) as seat:
        await open_group(seat, "US-BACKUP")
        await seat.press("d")
        when = "in the batch of 16:00 CT today" if batches else "immediately"
        seat.says(f"No approval required: the group is deleted {when}.")


async def test_acting_as_the_other_shows_both_sides(place: Place) -> None:
    """What a newcomer tries in the demo: ask, become the approver, approve, look."""
    async with seated(place.app()) as seat:
        await act_as(seat, CLEARING)
        await to_do(seat)
        await seat.press("a", "enter")
        await seat.until_seen("completed")
        await seat.press("escape")
        await act_as(seat, OPERATOR)
        await open_line(seat, "menu", "Request Status")
        seat.sees(rf"> +{NEWEST} .*Completed")
        await seat.press("enter", "o")
        assert seat.on == "GroupScreen"
        seat.sees("FUT-CLEARED-RISK")


async def test_an_approver_opens_no_group_they_may_not_see(place: Place) -> None:
    async with seated(place.app(CLEARING)) as seat:
        await to_do(seat)
        await seat.press("enter", "a", "enter")
        await seat.until_seen("completed")
        await seat.press("o")
        assert seat.on == "RequestScreen"


async def test_the_answers_begin_with_the_one_that_was_asked_for(place: Place) -> None:
    async with seated(place.app(CLEARING)) as seat:
        await to_do(seat)
        await seat.press("a")
        options = seat.find(OptionList)
        assert options.has_focus
        assert options.highlighted == 0
        await seat.press("tab")
        assert not options.has_focus
