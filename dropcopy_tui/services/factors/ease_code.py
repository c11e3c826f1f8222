"""The code that an agent of EASE issues after verifying who calls (rule P2). The agents' side is in `ease`."""

from __future__ import annotations

from dropcopy_tui.domain.ease import EASE_CHALLENGE, EASE_LIFE
from dropcopy_tui.domain.people import MAY_EASE
from dropcopy_tui.services.factors.strategy import CodeFactor, Offer, Standing
from dropcopy_tui.services.rights import holders
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import PersonRow

_NOBODY = "this desk has no EASE agent"
_WHOM_TO_CALL = "Call EASE at your firm's contact number"


class EaseCode(CodeFactor):
    """A code that someone else starts: the person calls, an agent issues it."""

    standing = Standing(EASE_CHALLENGE, EASE_LIFE)

    def offer(self, uow: UnitOfWork, person: PersonRow) -> Offer:
        """Everyone may call, where there is someone who answers."""
        return Offer("an agent verifies you and issues a code", "" if holders(uow.tx, MAY_EASE) else _NOBODY)

    def source(self, sent_to: str, push: bool) -> str:
        """Whom to call."""
        return f"{sent_to or _WHOM_TO_CALL}: an agent verifies you and reads you a code."
