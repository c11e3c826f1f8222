"""The roles of one person at one place: which are held, and which may be turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dropcopy_tui.domain.people import Entitlement
from dropcopy_tui.services.people.people import RoleChoice
from screens.modals.base import DeskModal
from screens.terminal.values import value

_HINT = "Space toggles a role · Enter applies · Esc cancels"


@dataclass(frozen=True, slots=True)
class RolesPicked:
    """What is to be given, and what is to be taken away."""

    give: tuple[Entitlement, ...]
    take: tuple[Entitlement, ...]


class RolesModal(DeskModal[RolesPicked]):
    """A line a role: `[x]` is held; a greyed one says who may turn it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "Toggle", id="roles.turn", tooltip="Grant or revoke the role."),
    ]

    def __init__(self, title: str, choices: Sequence[RoleChoice], text: str = "", error: str = "") -> None:
        super().__init__()
        self._title, self._choices, self._text, self._error = title, tuple(choices), text, error
        self._held = {choice.entitlement for choice in choices if choice.held}

    def compose(self) -> ComposeResult:
        """Title, a sentence, the roles."""
        with Vertical(classes="dialog"):
            yield Static(value(self._title), classes="title")
            if self._text:
                yield Static(value(self._text), classes="text")
            yield OptionList(*self._lines(), classes="lines", compact=True, markup=False)
            yield Static("", classes="error", markup=False)
            yield Static(_HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Start at the first role that may be turned."""
        self.query_one(OptionList).action_first()
        self.show_error(self._error)

    def _lines(self) -> list[Option]:
        return [self._line(choice) for choice in self._choices]

    def _line(self, choice: RoleChoice) -> Option:
        held = choice.entitlement in self._held
        text = f"[{'x' if held else ' '}] {choice.entitlement.role.words}"
        if choice.reason:
            return Option(
                value(f"{text}: {choice.reason}", "$text-disabled"), id=choice.entitlement.code, disabled=True
            )
        changed = "   will be granted" if held and not choice.held else "   will be revoked"
        return Option(value(text + (changed if held is not choice.held else "")), id=choice.entitlement.code)

    def action_turn(self) -> None:
        """Turn the role under the cursor; nothing is done before Enter."""
        options = self.query_one(OptionList)
        at = options.highlighted
        if at is None or self._choices[at].reason:
            return
        self._held ^= {self._choices[at].entitlement}
        options.clear_options()
        options.add_options(self._lines())
        options.highlighted = at

    @on(OptionList.OptionSelected)
    def _applied(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        before = {choice.entitlement for choice in self._choices if choice.held}
        order = [choice.entitlement for choice in self._choices]
        give = tuple(each for each in order if each in self._held - before)
        take = tuple(each for each in order if each in before - self._held)
        if give or take:
            self.dismiss(RolesPicked(give, take))
        else:
            self.show_error("No role was changed: Space toggles the one under the cursor.")
