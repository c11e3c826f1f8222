"""The EASE desk's questions: what was verified, and the code to read out."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dropcopy_tui.domain.ease import LEAST_CHECKS
from dropcopy_tui.services.ease.ease import Caller, CallerCheck, Issued
from screens.modals.base import DeskModal
from screens.terminal.values import clip, value
from screens.wording import plural, utc

_HINT = "Space ticks · Enter issues the code · Esc cancels"
_ANSWER = 60
_GROUP = 4


class VerifyModal(DeskModal[tuple[str, ...]]):
    """A line a check, with the right answer under it; gives the keys of those that were ticked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "Tick", id="ease.tick", tooltip="Tick or clear this check."),
    ]

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self._caller = caller
        self._ticked: set[str] = set()

    def compose(self) -> ComposeResult:
        """Who calls, and what they can be verified by."""
        line = self._caller.line
        with Vertical(classes="dialog"):
            yield Static(value(f"Who is calling? {line.user_id}"), classes="title")
            left = plural(self._caller.codes_left_today, "code")
            text = (
                f"{clip(line.name, 40)}, {left} left today. Tick at least {LEAST_CHECKS} checks that the caller passed."
            )
            yield Static(value(text), classes="text")
            yield OptionList(*self._lines(), classes="lines", compact=True, markup=False)
            yield Static("", classes="error", markup=False)
            yield Static(_HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Start at the first check that can be ticked."""
        self.query_one(OptionList).action_first()
        self.show_error(self._caller.reason and f"No code can be issued: {self._caller.reason}.")

    def _lines(self) -> list[Option]:
        return [self._line(each) for each in self._caller.checks]

    def _line(self, each: CallerCheck) -> Option:
        key = each.check.key
        text = f"[{'x' if key in self._ticked else ' '}] {each.check.words}"
        if each.nothing:
            return Option(value(f"{text}: {each.nothing}", "$text-disabled"), id=key, disabled=True)
        return Option(Content.assemble(value(text), "\n    ", value(clip(each.answer, _ANSWER))), id=key)

    def action_tick(self) -> None:
        """Turn the check under the cursor; nothing is done before Enter."""
        options = self.query_one(OptionList)
        at = options.highlighted
        if at is None or self._caller.checks[at].nothing:
            return
        self._ticked ^= {self._caller.checks[at].check.key}
        options.clear_options()
        options.add_options(self._lines())
        options.highlighted = at
        self.show_error("")

    @on(OptionList.OptionSelected)
    def _applied(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if len(self._ticked) < LEAST_CHECKS:
            self.show_error(f"Tick at least {LEAST_CHECKS} checks: Space ticks the one under the cursor.")
        else:
            self.dismiss(tuple(each.check.key for each in self._caller.checks if each.check.key in self._ticked))


class IssuedModal(DeskModal[None]):
    """The code, once: to read out, and gone when this closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "cancel", "Close", id="ease.read_out", tooltip="Close after reading out the code."),
    ]

    def __init__(self, issued: Issued) -> None:
        super().__init__()
        self._issued = issued

    def compose(self) -> ComposeResult:
        """The code in two groups, and what it is good for."""
        issued = self._issued
        with Vertical(classes="dialog"):
            yield Static(value(f"Read this code to {issued.user_id}"), classes="title")
            yield Static(value(f"{issued.code[:_GROUP]} {issued.code[_GROUP:]}"), classes="phone code")
            text = (
                f"For {issued.purpose.words}, once, until {utc(issued.expires_at)}. "
                "They select Contact EASE and enter it. They are notified by email. The code is not shown again."
            )
            yield Static(value(text), classes="hint")
            yield Static("Enter or Esc closes", classes="hint", markup=False)
