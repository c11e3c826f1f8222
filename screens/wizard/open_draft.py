"""The draft that is open: as it was saved last, and what was entered since."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dropcopy_tui.domain.errors import ChangedMeanwhile
from dropcopy_tui.services.groups.drafts import DraftFields
from dropcopy_tui.services.views import DraftView
from screens.jobs import off_thread

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor

ELSEWHERE = (
    "This draft was changed in another window. Nothing was overwritten there, and nothing more is saved here: "
    "Ctrl-R shows the draft as it is now."
)

# What runs a verb: off the UI thread, and with a bar where it may take long.
Runner = Callable[..., Awaitable[DraftView]]


class OpenDraft:
    """One draft of the store's, changed by one verb at a time: each names the version it has seen."""

    def __init__(self, number: int, *, begun: bool = False) -> None:
        """`begun`: it begins just now. One that was there already stays, even if no one changes anything."""
        self.number, self._begun = number, begun
        self.fields = DraftFields()
        self.saved = True
        # Whether anything was entered here, and whether the draft was begun when it was opened here.
        self.is_touched = self.is_new = False
        self._view: DraftView | None = None
        self._turn = asyncio.Lock()

    @property
    def is_read(self) -> bool:
        """Whether the draft is here yet."""
        return self._view is not None

    @property
    def view(self) -> DraftView:
        """The draft as it was saved last."""
        assert self._view is not None
        return self._view

    @property
    def edits(self) -> bool:
        """Whether a group is edited; else a new one is asked for."""
        return self._view is not None and self._view.group_id is not None

    async def read(self, desk: Desk, actor: Actor) -> None:
        """Take it out of the store. Raises NotFound."""
        self._view = await off_thread(desk.drafts.get, actor, self.number)
        self.fields = _fields_of(self._view)
        self.saved, self.is_new = True, self._begun and self._view.version == 1

    def enter(self, changes: Mapping[str, Any]) -> bool:
        """Something was entered; whether it is other than before, and waits to be saved."""
        fields = replace(self.fields, **changes)
        if not self.is_read or fields == self.fields:
            return False
        self.fields, self.saved, self.is_touched = fields, False, True
        return True

    def reach(self, step: int) -> None:
        """A step that was reached stays reachable."""
        self.fields = replace(self.fields, step=max(step, self.fields.step))

    async def save(self, desk: Desk, actor: Actor) -> bool:
        """Put what was entered on disk; whether anything was. Raises what `Drafts.save` raises."""
        async with self._turn:
            if self._view is None or _fields_of(self._view) == self.fields:
                self.saved = True
                return False
            fields = self.fields
            self._view = await off_thread(desk.drafts.save, actor, self.number, self._view.version, fields)
            stored = _fields_of(self._view)
            if stored.entity == fields.entity and self.fields == fields:
                # As it was stored: a front end that the entity may not use was dropped, a text that was too long cut.
                self.fields = stored
            self.saved = self.fields in (fields, stored)
            return True

    async def change(
        self,
        verb: Callable[..., DraftView],
        actor: Actor,
        *args: Any,
        run: Runner = off_thread,
    ) -> DraftView:
        """Let a verb of the desk change the stored draft, such as its SenderComps; the draft as it was before.

        `run` runs the verb: off the UI thread, and with a bar where it may take long.
        """
        async with self._turn:
            before = self.view
            after = await run(verb, actor, self.number, *args)
            if after.version != before.version + 1:
                # Saved elsewhere as well: what is here must not overwrite it.
                raise ChangedMeanwhile(ELSEWHERE)
            self._view, self.is_touched = after, True
            return before

    def is_behind(self, now: DraftView) -> bool:
        """Whether the draft was changed elsewhere since it was read or saved here."""
        return self._view is not None and not self._turn.locked() and now.version > self._view.version

    async def catch_up(self, desk: Desk, actor: Actor, run: Runner = off_thread) -> None:
        """Merge what others changed in the group (rule G10)."""
        await self.change(desk.edits.catch_up, actor, run=run)
        self.fields = _fields_of(self.view)


def _fields_of(draft: DraftView) -> DraftFields:
    front_end = draft.front_end.id if draft.front_end else None
    return DraftFields(draft.entity, draft.name, front_end, draft.filters, draft.step)
