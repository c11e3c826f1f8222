"""What another group costs, told before it is asked for (rule G1)."""

from __future__ import annotations

from typing import Any

from screens.frame import DeskScreen
from screens.modals.confirm import ConfirmModal


async def fee_accepted(screen: DeskScreen[Any], entity: str, groups: int, sentence: str, market: str) -> bool:
    """The fee dialog: how many groups there are, what another costs."""
    have = {0: "no drop copy groups", 1: "1 drop copy group"}.get(groups, f"{groups:,} drop copy groups")
    text = f"{entity} has {have}. {sentence}"
    proceed = await screen.app.push_screen_wait(ConfirmModal(f"New group in {market}", text, harmless=True))
    return proceed is True
