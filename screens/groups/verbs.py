"""What is done to groups that exist: edit, copy, delete. Lists and pages of groups share it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dropcopy_tui.services.groups.groups import Deletion
from screens.frame import DeskScreen
from screens.groups.fee import fee_accepted
from screens.jobs import off_thread
from screens.modals.confirm import TypedConfirmModal
from screens.modals.work import with_work
from screens.navigation import OpenWizard
from screens.wording import plural, some

_LISTED = 6


async def edit_group(screen: DeskScreen[Any], group_id: int) -> None:
    """Open the wizard on what the group has (rule G7)."""
    screen.quiet()
    desk = await screen.desk()
    draft = await with_work(screen, "Opening the group", 0, desk.edits.start, screen.actor, group_id)
    await screen.go(OpenWizard(draft.id, begun=True))


async def clone_group(screen: DeskScreen[Any], group_id: int) -> None:
    """Open the wizard for a new group that begins with what this one has; the fee is told first (rule G1)."""
    screen.quiet()
    desk = await screen.desk()
    line = (await off_thread(desk.groups.show, screen.actor, group_id)).line
    fee = await off_thread(desk.drafts.fee, screen.actor, line.entity)
    if await fee_accepted(screen, line.entity, fee.groups, fee.sentence, line.market_name):
        draft = await with_work(screen, "Copying the group", line.sources, desk.edits.clone, screen.actor, group_id)
        await screen.go(OpenWizard(draft.id, begun=True))


async def delete_groups(screen: DeskScreen[Any], group_ids: Sequence[int]) -> bool:
    """Delete Group(s): say what will happen, have it typed, ask for it (rule G9). Whether it was asked for."""
    screen.quiet()
    if not group_ids:
        return False
    desk = await screen.desk()
    found = await off_thread(desk.groups.deletion, screen.actor, group_ids)
    word = found[0].name if len(found) == 1 else f"delete {len(found)}"
    title = f"Delete {found[0].name}" if len(found) == 1 else f"Delete {len(found)} groups"
    if not await screen.app.push_screen_wait(TypedConfirmModal(title, _said(found), word)):
        screen.say("Nothing was deleted.", "note")
        return False
    size = sum(group.sources for group in found)
    requests = await with_work(screen, title, size, desk.groups.delete, screen.actor, list(group_ids))
    for request in requests:
        screen.desk_app.submitted(request)
    if len(requests) > 1:
        screen.say(f"{len(requests)} requests submitted, {requests[0].id} to {requests[-1].id}: {requests[0].stage}.")
    return True


def _said(found: Sequence[Deletion]) -> list[str]:
    """What will happen and what will not, a line each."""
    sources = sum(group.sources for group in found)
    sessions = [session for group in found for session in group.sessions]
    names = some([group.name for group in found], _LISTED)
    firms = sorted({code for group in found for code in group.approval_of})
    return [
        f"{names}: copies of {plural(sources, 'SenderComp')} will stop when the request is completed.",
        _of_sessions(sessions),
        "Key pairs remain valid until they expire.",
        f"Requires approval by an administrative manager of {', '.join(firms)}." if firms else _outcome(found),
    ]


def _outcome(found: Sequence[Deletion]) -> str:
    """When the groups are deleted: those of several markets may be in several batches."""
    outcomes = sorted({group.outcome for group in found})
    if len(found) > 1:
        outcomes = [f"each group{outcome.removeprefix('the group')}" for outcome in outcomes]
    return f"No approval required: {'; '.join(outcomes)}."


def _of_sessions(sessions: Sequence[str]) -> str:
    if not sessions:
        return "There is no target session to release."
    listed = some(sessions, _LISTED)
    what = "Target session" if len(sessions) == 1 else "Target sessions"
    return (
        f"{what} {listed} will be released, not deleted. Only GAM (Global Account Management) can retire a Session ID."
    )
