"""Ask again: a draft with the content of a request that was denied, cancelled or failed, its reasons beside it."""

from __future__ import annotations

from dropcopy_tui.services.views import RequestView
from screens.frame import DeskScreen
from screens.modals.work import with_work
from screens.navigation import OpenWizard


async def ask_again(screen: DeskScreen[None], view: RequestView) -> None:
    """Open the wizard on a draft with the same content, and say there why the first request was not carried out."""
    screen.quiet()
    desk = await screen.desk()
    draft = await with_work(screen, "Copying the request", 0, desk.edits.again, screen.actor, view.id)
    await screen.go(OpenWizard(draft.id, begun=True))
    top = screen.app.screen
    if isinstance(top, DeskScreen):
        reasons = f" {' '.join(view.reasons)}" if view.reasons else ""
        top.say(f"A draft with the content of {view.id}, which was {view.status.words.lower()}.{reasons}", "note")
