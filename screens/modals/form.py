"""A few fields, filled one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, Static

from dropcopy_tui.domain.errors import DeskError, InvalidValue
from screens.modals.base import DeskModal
from screens.terminal.values import value
from screens.widgets.inputs import DeskInput, SecretInput

Form = dict[str, str]
T = TypeVar("T")
Answer = TypeVar("Answer")
_HINT = "Enter continues · Tab changes field · Esc cancels"


@dataclass(frozen=True, slots=True)
class Field:
    """One field; a secret one is never shown and starts empty."""

    key: str
    label: str
    longest: int
    secret: bool = False
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A form: its title, a sentence, its fields, and `check`, which says why it cannot be sent yet."""

    title: str
    fields: Sequence[Field]
    text: str = ""
    check: Callable[[Form], str] | None = None


class FormModal(DeskModal[Form]):
    """Gives what was entered. `error` is what was wrong the last time, and `at` in which field."""

    def __init__(
        self, question: Question, filled: Mapping[str, str] | None = None, error: str = "", at: str = ""
    ) -> None:
        super().__init__()
        self._question, self._fields = question, tuple(question.fields)
        self._filled, self._error, self._at = filled or {}, error, at

    def compose(self) -> ComposeResult:
        """Title, a sentence, each field under its label."""
        with Vertical(classes="dialog"):
            yield Static(value(self._question.title), classes="title")
            if self._question.text:
                yield Static(value(self._question.text), classes="text")
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
        problem = self._question.check(form) if self._question.check else ""
        self.show_error(problem)
        if not problem:
            self.dismiss(form)


async def until_accepted(
    ask: Callable[[str, str], Awaitable[Answer | None]],
    call: Callable[[Answer], Awaitable[T]],
    *refusals: type[DeskError],
) -> T | None:
    """Ask until the service takes the answer. None when the question was cancelled.

    Args:
        ask: asks; it is given why the last answer was refused and in which field, "" the first time.
        call: gives the answer to the service.
        refusals: the errors that are told with the question; others are raised.
    """
    error = field = ""
    while True:
        answer = await ask(error, field)
        if answer is None:
            return None
        try:
            return await call(answer)
        except refusals as refusal:
            error, field = refusal.message, getattr(refusal, "field", "")


async def ask_form(
    screen: Screen[Any],
    question: Question,
    call: Callable[[Form], Awaitable[T]],
    *refusals: type[DeskError],
    filled: Form | None = None,
    blamed: str = "",
) -> T | None:
    """Ask a form until the service takes it, with what was entered before. None when it was cancelled.

    Args:
        screen: the screen that asks.
        question: the form.
        call: gives what was entered to the service.
        refusals: the errors shown under the form; InvalidValue by default.
        filled: the initial values of the fields.
        blamed: the field that a refusal is about which names none.
    """
    entered: Form = dict(filled or {})

    async def ask(error: str, field: str) -> Form | None:
        form = await screen.app.push_screen_wait(
            FormModal(question, entered, error, field or (blamed if error else ""))
        )
        entered.update(form or {})
        return form

    return await until_accepted(ask, call, *(refusals or (InvalidValue,)))
