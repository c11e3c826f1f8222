"""A few fields, filled one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from screens.modals.base import DeskModal
from screens.terminal.values import value
from screens.widgets.inputs import DeskInput, SecretInput

Form = dict[str, str]
_HINT = "Enter goes on, Tab changes the field, Escape closes without doing anything."


@dataclass(frozen=True, slots=True)
class Field:
    """One field; a secret one is never shown and starts empty."""

    key: str
    label: str
    longest: int
    secret: bool = False
    placeholder: str = ""


class FormModal(DeskModal[Form]):
    """Gives what was entered.

    `error` is what was wrong the last time, and `at` in which field; `check` says so before it is given.
    """

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        text: str = "",
        filled: Mapping[str, str] | None = None,
        error: str = "",
        at: str = "",
        check: Callable[[Form], str] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._fields, self._text = title, tuple(fields), text
        self._filled, self._error, self._at, self._check = filled or {}, error, at, check

    def compose(self) -> ComposeResult:
        """Title, a sentence, each field under its label."""
        with Vertical(classes="dialog"):
            yield Static(value(self._title), classes="title")
            if self._text:
                yield Static(value(self._text), classes="text")
            for field in self._fields:
                yield Static(value(field.label), classes="label")
                yield self._input(field)
            yield Static("", classes="error", markup=False)
            yield Static(_HINT, classes="hint", markup=False)

    def _input(self, field: Field) -> DeskInput:
        kind = SecretInput if field.secret else DeskInput
        text = "" if field.secret else self._filled.get(field.key, "")
        return kind(text, id=field.key, compact=True, max_length=field.longest, placeholder=field.placeholder)

    def on_mount(self) -> None:
        """Start where something was wrong, else at the first field that is empty."""
        self.show_error(self._error)
        inputs = list(self.query(DeskInput))
        wrong = [field for field in inputs if field.id == self._at]
        next(iter(wrong + [field for field in inputs if not field.value] + inputs)).focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        inputs = list(self.query(DeskInput))
        at = next(number for number, field in enumerate(inputs) if field is event.input)
        if at + 1 < len(inputs):
            inputs[at + 1].focus()
            return
        form = {field.id or "": field.value for field in inputs}
        problem = self._check(form) if self._check else ""
        self.show_error(problem)
        if not problem:
            self.dismiss(form)
