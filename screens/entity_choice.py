"""Which Registered Entity a list shows: the first that the person works for, and another on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dropcopy_tui.services.views import EntityView
from screens.frame import DeskScreen
from screens.jobs import off_thread
from screens.modals.choose import Choice, ChooseModal

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

# The key of the choice that stands for every entity.
_EVERY = "*"


async def entities_of(screen: DeskScreen[Any], desk: Desk) -> tuple[EntityView, ...]:
    """The entities that the person may see, those where groups may be created first."""
    seen = await off_thread(desk.groups.entities, screen.actor)
    own = {entity.code for entity in await off_thread(desk.drafts.entities, screen.actor)}
    return tuple(sorted(seen, key=lambda entity: entity.code not in own))


async def choose_entity(
    screen: DeskScreen[Any], entities: Sequence[EntityView], at: str, every: bool = False
) -> str | None:
    """The code of another entity, "" for every one where that is offered, None when nothing was chosen."""
    choices = [Choice(entity.code, entity.code, entity.name) for entity in entities]
    if every:
        choices.insert(0, Choice(_EVERY, "all", "every entity that you may see"))
    chosen = await screen.app.push_screen_wait(ChooseModal("Registered Entity", choices, at=at or _EVERY))
    return "" if chosen == _EVERY else chosen
