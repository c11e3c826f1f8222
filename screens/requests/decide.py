"""Decide on a request: review the requested changes, confirm, and see the result (rules Q2, Q3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.people import MAY_APPROVE
from dropcopy_tui.services.requests.batches import outcome_words
from dropcopy_tui.services.views import RequestView
from screens.frame import DeskScreen
from screens.jobs import off_thread, show_refusal
from screens.modals.decide import WIDTH, DecideModal
from screens.modals.reason import ReasonModal
from screens.modals.work import with_work
from screens.requests.words import approval_page, cancellation_page, decided_words

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk


async def approve(screen: DeskScreen[None], view: RequestView) -> bool:
    """Approve what is shown; whether anything was tried, so that the screen reads again."""
    desk = await screen.desk()
    if not await _may_decide(screen, view):
        return True
    held = await off_thread(desk.identity.entitlements, screen.actor)
    mine = frozenset(each.entity for each in held if each.role in MAY_APPROVE and each.entity)
    page = approval_page(view, mine, _then(desk, view), WIDTH)
    if not await screen.app.push_screen_wait(DecideModal(f"Approve {view.id}?", page, "Approve", "Not now")):
        return False
    return await _decide(screen, partial(desk.requests.approve, screen.actor, view.id, view.version))


async def deny(screen: DeskScreen[None], view: RequestView) -> bool:
    """Deny it with a reason; whether anything was tried."""
    desk = await screen.desk()
    if not await _may_decide(screen, view):
        return True
    reason = await screen.app.push_screen_wait(ReasonModal(view, screen.actor.user_id))
    if reason is None:
        return False
    return await _decide(screen, partial(desk.requests.deny, screen.actor, view.id, view.version, reason))


async def cancel(screen: DeskScreen[None], view: RequestView) -> bool:
    """Cancel one's own; whether anything was tried."""
    desk = await screen.desk()
    page = cancellation_page(view, WIDTH)
    modal = DecideModal(f"Cancel {view.id}?", page, "Cancel the request", "Keep the request")
    if not await screen.app.push_screen_wait(modal):
        return False
    return await _decide(screen, partial(desk.requests.cancel, screen.actor, view.id))


async def _may_decide(screen: DeskScreen[None], view: RequestView) -> bool:
    """Whether the person may decide it now; else the reason is said before anything is asked."""
    desk = await screen.desk()
    may, why_not = await off_thread(desk.requests.may_decide, screen.actor, view.id)
    if not may:
        screen.say(why_not, "failed")
    return may


async def _decide(screen: DeskScreen[None], verb: Callable[[], RequestView]) -> bool:
    """Run the verb and say what came of it. A refusal is said too: what was shown may be old then."""
    try:
        view = await with_work(screen, "Saving the decision", 0, verb)
    except DeskError as error:
        show_refusal(screen, error)
    else:
        screen.say(decided_words(view))
        screen.desk_app.decided(view)
    return True


def _then(desk: Desk, view: RequestView) -> str:
    """What happens, and when, once no approval is missing (rule Q5)."""
    market = str(view.asked.get("market", ""))
    outcome = outcome_words(view.type, market, desk.config.settings, desk.clock.now())
    return f"no further approval required: {outcome}"
