"""A screen on a draft: it saves what is entered, and says what happens to the draft elsewhere meanwhile."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.services.views import DraftView
from screens.jobs import job, off_thread
from screens.lists import ExportingScreen
from screens.wizard.open_draft import ELSEWHERE, OpenDraft


class DraftScreen(ExportingScreen):
    """Subclasses show the draft, step by step."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "reload", "Reload", show=False, id="wizard.reload", tooltip="Show the draft as it is saved."),
    ]

    def __init__(self, draft_id: int, *, begun: bool = False) -> None:
        super().__init__()
        self._open = OpenDraft(draft_id, begun=begun)
        self._step = 0
        self._said_gone = ""
        # From then on it is no longer a draft: what is told of it in other windows is not told here.
        self._is_submitted = False

    @property
    def draft(self) -> DraftView:
        """The draft as it was saved last."""
        return self._open.view

    async def go_to_step(self, step: int) -> None:
        """Show a step with what the draft holds."""
        raise NotImplementedError

    def show_rail(self) -> None:
        """Show what was chosen in each step."""
        raise NotImplementedError

    # -- what others do

    @job(exclusive=True, group="watch")
    async def store_changed(self) -> None:
        """The group that is edited may be gone, or the draft be open in another window: say so, keep what was typed."""
        if not self._open.is_read or self.is_leaving or self._is_submitted:
            return
        desk = await self.desk()
        try:
            now = await off_thread(desk.drafts.get, self.actor, self._open.number)
        except NotFound:
            if self._is_submitted:
                return
            raise
        if now.gone and now.gone != self._said_gone:
            self.say_gone(now.gone)
        elif self._open.is_behind(now):
            self.say_on_top(ELSEWHERE)

    @job(exclusive=True, group="steps")
    async def action_reload(self) -> None:
        """Show the draft as it was saved last, in whichever window."""
        self.quiet()
        await self._open.read(await self.desk(), self.actor)
        await self.go_to_step(self._step)

    def say_gone(self, gone: str) -> None:
        self._said_gone = gone
        self.say_on_top(f"{gone} This edit can no longer be submitted; the draft is kept.")

    # -- saving

    @job(group="save")
    async def save_soon(self) -> None:
        # What is being submitted was saved before; another version of it would be refused.
        if not self._is_submitted:
            await self.save()

    async def save(self) -> None:
        """Save the input, unless it is saved already."""
        if self._open.is_read and await self._open.save(await self.desk(), self.actor):
            self.show_rail()
            self.show_place()

    async def save_work(self) -> None:
        """The application ends: nothing typed is lost, and nothing is left of what no one touched."""
        await self.save()
        await self.drop_untouched()

    def kept(self) -> str:
        """The draft, which Home lists when the application is opened again."""
        if not self._open.is_read or not self._open.is_touched:
            return ""
        return f"The draft {self._open.fields.name or 'without a name'} is kept: Home lists it to resume or discard."

    async def drop_untouched(self) -> None:
        """A draft that was begun here and left as it began is not a draft: nothing of it stays."""
        if self._open.is_read and not self._open.is_touched and self._open.is_new:
            await off_thread((await self.desk()).drafts.discard, self.actor, self._open.number)
