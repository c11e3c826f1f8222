"""Lists of one Registered Entity: the first that the person works for, and another on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dropcopy_tui.services.views import EntityView
from screens.frame import DeskScreen
from screens.jobs import job, off_thread
from screens.lists import ListScreen
from screens.modals.choose import Choice, ChooseModal
from screens.terminal.values import clip
from screens.widgets.record_list import RecordList

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

_NAME_CELLS = 40


class EntityListScreen(ListScreen):
    """A list of one entity. Subclasses bind a key to `entity`, which shows another one."""

    no_entity = ("You have no access to any entity. Ask a user administrator.", "failed")

    def __init__(self, entity: str = "") -> None:
        """Without an entity, or with one that the person may not see, the first one is shown."""
        super().__init__()
        self._entity = entity
        self._entities: tuple[EntityView, ...] = ()

    async def show_entity(self, desk: Desk) -> None:
        """Show the list of the entity at hand."""
        raise NotImplementedError

    async def read_entities(self, desk: Desk) -> tuple[EntityView, ...]:
        """The entities to choose from."""
        return await entities_of(self, desk)

    def on_mount(self) -> None:
        """Show the first entity; the only one is chosen by itself."""
        self.query_one(RecordList).focus_list()
        self._start()

    @job(exclusive=True, group="entity")
    async def _start(self) -> None:
        desk = await self.desk()
        self._entities = await self.read_entities(desk)
        codes = [entity.code for entity in self._entities]
        if not codes:
            self.say(*self.no_entity)
            return
        self._entity = self._entity if self._entity in codes else codes[0]
        await self.show_entity(desk)

    @property
    def entity_name(self) -> str:
        """The name of the entity at hand."""
        return next((entity.name for entity in self._entities if entity.code == self._entity), "")

    @job()
    async def action_entity(self) -> None:
        """Choose another entity."""
        self.quiet()
        chosen = await choose_entity(self, self._entities, self._entity)
        if chosen is not None:
            self._entity = chosen
            await self.show_entity(await self.desk())


async def entities_of(screen: DeskScreen[Any], desk: Desk) -> tuple[EntityView, ...]:
    """The entities that the person may see, those where groups may be created first."""
    seen = await off_thread(desk.groups.entities, screen.actor)
    own = {entity.code for entity in await off_thread(desk.drafts.entities, screen.actor)}
    return tuple(sorted(seen, key=lambda entity: entity.code not in own))


async def choose_entity(
    screen: DeskScreen[Any], entities: Sequence[EntityView], at: str, every: Choice | None = None
) -> str | None:
    """The code of another entity, "" for every one where `every` offers that, None when nothing was chosen."""
    choices = [Choice(entity.code, entity.code, clip(entity.name, _NAME_CELLS)) for entity in entities]
    if every is not None:
        choices.insert(0, every)
    here = at or (every.key if every is not None else "")
    chosen = await screen.app.push_screen_wait(ChooseModal("Registered Entity", choices, at=here))
    return "" if every is not None and chosen == every.key else chosen
