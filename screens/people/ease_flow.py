"""What EASE agents do for callers: ask, call the service once, say what happened (rule P2)."""

from __future__ import annotations

from typing import Any

from dropcopy_tui.domain.people import MAY_EASE
from dropcopy_tui.services.ease.ease import Caller
from dropcopy_tui.services.factors.table import Purpose
from screens.frame import DeskScreen
from screens.jobs import off_thread
from screens.modals.choose import Choice, ChooseModal
from screens.modals.ease import IssuedModal, VerifyModal
from screens.people.flow import agreed
from screens.wording import plural, utc


async def issue_code(screen: DeskScreen[Any], user_id: str) -> bool:
    """Verify a caller and read a code out to them; whether one was issued."""
    desk = await screen.desk()
    caller = await off_thread(desk.ease.caller, screen.actor, user_id)
    purpose = await _purpose(screen, caller)
    if purpose is None:
        return False
    ticked = await screen.app.push_screen_wait(VerifyModal(caller))
    if ticked is None:
        return False
    issued = await off_thread(desk.ease.issue, screen.actor, user_id, purpose, ticked)
    await screen.app.push_screen_wait(IssuedModal(issued))
    left = plural(issued.codes_left_today, "code")
    screen.say(f"A code was issued to {user_id}; {left} left today. They were notified by email.")
    return True


async def _purpose(screen: DeskScreen[Any], caller: Caller) -> Purpose | None:
    """What the caller wants the code for: it works for that alone. None when cancelled."""
    if len(caller.purposes) == 1 or caller.reason:
        return Purpose.KEYS
    choices = [Choice(purpose.value, f"{purpose.words[:1].upper()}{purpose.words[1:]}") for purpose in caller.purposes]
    text = "The code is valid for this purpose only."
    chosen = await screen.app.push_screen_wait(ChooseModal(f"What does {caller.line.user_id} need?", choices, text))
    return None if chosen is None else Purpose(chosen)


async def ask_reset(screen: DeskScreen[Any], user_id: str) -> bool:
    """Ask to take the authenticator app off a person; whether it was asked."""
    await screen.must(MAY_EASE)
    text = (
        f"The authenticator app of {user_id} will be removed once a second agent confirms, within half an hour. "
        "Until then it keeps working. Request this only for a caller you have verified."
    )
    if not await agreed(screen, f"Reset the app of {user_id}", text, "Request the reset"):
        return False
    desk = await screen.desk()
    reset = await off_thread(desk.ease.reset_factor, screen.actor, user_id, "totp")
    screen.say(f"Reset {reset.id} for {user_id} awaits confirmation by a second agent until {utc(reset.expires_at)}.")
    return True


async def confirm_reset(screen: DeskScreen[Any]) -> bool:
    """Confirm a colleague's reset; whether a factor was removed."""
    desk = await screen.desk()
    waiting = await off_thread(desk.ease.resets, screen.actor)
    if not waiting:
        screen.say("No reset awaits a second agent.", "note")
        return False
    choices = [
        Choice(
            str(reset.id), reset.user_id, f"requested by {reset.asked_by}, until {utc(reset.expires_at)}", reset.reason
        )
        for reset in waiting
    ]
    text = "The authenticator app is removed immediately and the person is notified. Check with your colleague first."
    chosen = await screen.app.push_screen_wait(ChooseModal("Confirm a colleague's reset", choices, text))
    if chosen is None:
        return False
    done = await off_thread(desk.ease.confirm_reset, screen.actor, int(chosen))
    screen.say(f"The authenticator app of {done.user_id} was removed. They were notified.")
    return True
