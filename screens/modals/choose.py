"""Choose one of a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.modals.base import DeskModal
from screens.terminal.values import value

# As many lines as the style sheet gives it.
_SHOWN = 12
_HINT = "Enter selects · Esc cancels"
_HINT_OF_MANY = "Type to search · Enter selects · Esc cancels"


@dataclass(frozen=True, slots=True)
class Choice:
    """One line. A greyed one says why in `reason` and cannot be chosen."""

    key: str
    text: str
    detail: str = ""
    reason: str = ""


class ChooseModal(DeskModal[str]):
    """A list of choices; gives the key of the one that was chosen."""

    # They find a choice.
    takes_letters = True

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        text: str = "",
        at: str = "",
        *,
        acts: bool = False,
        by_key: bool = False,
    ) -> None:
        """Make the question.

        Args:
            title: its title.
            choices: the lines.
            text: a sentence above them.
            at: the key of the line that the cursor starts on.
            acts: something is done as soon as a line is chosen, so that the key must be meant for it.
            by_key: typing the key of a choice chooses it.
        """
        super().__init__()
        self._acts, self._by_key = acts, by_key
        self._title, self._choices, self._text, self._at = title, choices, text, at
        self._typed = ""

    def compose(self) -> ComposeResult:
        """Title, a sentence, the choices."""
        with Vertical(classes="dialog"):
            yield Static(value(self._title), classes="title")
            if self._text:
                yield Static(value(self._text), classes="text")
            yield OptionList(*map(_line, self._choices), classes="lines", compact=True, markup=False)
            yield Static(_HINT, classes="hint", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Typed letters find the choice that contains them; the last line shows them."""
        named = [choice.key for choice in self._choices if choice.key == event.character and not choice.reason]
        if self._by_key and named:
            self.dismiss(named[0])
        elif event.is_printable and event.character and event.character not in " ?":
            self._find(self._typed + event.character)
        elif event.key == "backspace":
            self._find(self._typed[:-1])

    def _find(self, typed: str) -> None:
        self._typed = typed
        options = self.query_one(OptionList)
        wanted = typed.lower()
        for number, choice in enumerate(self._choices):
            if wanted in choice.text.lower() and not choice.reason:
                options.highlighted = number
                break
        self._hint()

    def on_mount(self) -> None:
        """Start at the present choice, or the first that can be chosen."""
        options = self.query_one(OptionList)
        keys = [choice.key for choice in self._choices]
        options.highlighted = keys.index(self._at) if self._at in keys else None
        if options.highlighted is None:
            options.action_first()

    @on(OptionList.OptionHighlighted)
    def _hint(self) -> None:
        """What was typed, and in a list that is longer than it looks, where one is."""
        options = self.query_one(OptionList)
        found = f"Search: {self._typed}   " if self._typed else ""
        hint = _HINT
        if options.option_count > _SHOWN and options.highlighted is not None:
            hint = f"{options.highlighted + 1} of {options.option_count}   {_HINT_OF_MANY}"
        self.query_one(".hint", Static).update(value(found + hint))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._acts and event.option_id is not None:
            self.confirm(event.option_id)
        else:
            self.dismiss(event.option_id)


def _line(choice: Choice) -> Option:
    if choice.reason:
        return Option(value(f"{choice.text}: {choice.reason}", "$text-disabled"), id=choice.key, disabled=True)
    detail = Content.assemble("  ", value(choice.detail, "$text-muted")) if choice.detail else Content("")
    return Option(Content.assemble(value(choice.text), detail), id=choice.key)
