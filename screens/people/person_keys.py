"""What the keys do to a person: one that a list has under its cursor, or one who is shown."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from dropcopy_tui.domain.accounts import PersonStatus
from dropcopy_tui.services.people.people import Powers
from dropcopy_tui.services.people.views import PersonLine
from dropcopy_tui.services.views import EntityView
from screens.frame import DeskScreen
from screens.jobs import job, off_thread
from screens.navigation import OpenAccess
from screens.people import flow as people_flow
from screens.widgets.record_table import RecordTable

STATUS_TONES = {
    PersonStatus.ACTIVE: "success",
    PersonStatus.INVITED: "warning",
    PersonStatus.LOCKED: "error",
    PersonStatus.DISABLED: "muted",
}


class PersonKeys(DeskScreen[None]):
    """The keys of a screen that has a person under its cursor; those that the viewer has no right for are left out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "roles", "Roles", id="people.entitle", tooltip="Grant or revoke roles."),
        Binding("d", "turn", "Disable", id="people.disable", tooltip="Disable or enable the account."),
        Binding("u", "unlock", "Unlock", id="people.unlock", tooltip="Unlock the account (EASE)."),
        Binding("i", "invite_again", "Invite again", show=False, id="people.invite_again",
                tooltip="Email the person a new code to set a password."),
        Binding("k", "ssh_keys", "SSH keys", show=False, id="people.ssh_keys",
                tooltip="The SSH keys with which the person signs in."),
    ]  # fmt: skip
    _powers = Powers(False, False, False)
    _entities: tuple[EntityView, ...] = ()
    _entity = ""

    def person(self) -> PersonLine | None:
        """Whom the keys are about."""
        raise NotImplementedError

    def changed(self) -> None:
        """Read everything again."""
        raise NotImplementedError

    async def look_up(self) -> None:
        """What the viewer may do, and where."""
        desk = await self.desk()
        self._powers = await off_thread(desk.people.powers, self.actor)
        self._entities = await off_thread(desk.people.entities, self.actor)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A courtesy: the service enforces it anyway."""
        if action == "unlock":
            return self._powers.unlocks
        if action in ("roles", "turn", "invite", "invite_again", "ssh_keys"):
            return self._powers.administers
        return super().check_action(action, parameters)

    async def choose_place(self) -> str | None:
        """Which roles it is about: those of the entity that is shown, else the viewer chooses."""
        if self._entity:
            return self._entity
        return await people_flow.choose_place(self, self._entities, "", self._powers.operates)

    @job()
    async def action_roles(self) -> None:
        """Roles at one place."""
        self.quiet()
        line = self.person()
        if line is None:
            return
        place = await self.choose_place()
        if place is not None and await people_flow.change_roles(self, line.user_id, place):
            self.changed()

    @job()
    async def action_turn(self) -> None:
        """Disable, or enable."""
        self.quiet()
        line = self.person()
        if line is not None and await people_flow.turn_account(self, line):
            self.changed()

    @job()
    async def action_unlock(self) -> None:
        """End a lock."""
        self.quiet()
        line = self.person()
        if line is not None and await people_flow.unlock(self, line):
            self.changed()

    @job()
    async def action_invite_again(self) -> None:
        """A new code."""
        self.quiet()
        line = self.person()
        if line is not None and await people_flow.invite_again(self, line):
            self.changed()

    @job()
    async def action_ssh_keys(self) -> None:
        """Their keys."""
        self.quiet()
        line = self.person()
        if line is not None:
            await self.go(OpenAccess(line.user_id))


class PersonTable(RecordTable[PersonLine]):
    """People: here `u` is for a lock, and `k` for SSH keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "screen.unlock", "Unlock", id="people.unlock_row",
                tooltip="Unlock the account (EASE)."),
        Binding("k", "screen.ssh_keys", "SSH keys", show=False, id="people.ssh_keys",
                tooltip="The SSH keys with which the person signs in."),
    ]  # fmt: skip
