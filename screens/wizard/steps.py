"""The wizard's steps. Each shows the draft, says what was entered, and says when it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.groups import FrontEnd
from dropcopy_tui.domain.names import clean_name
from dropcopy_tui.services.views import DraftView, EntityView
from screens.terminal.values import paragraphs, value
from screens.widgets.inputs import DeskInput


@dataclass
class Entered(Message):
    """Something was entered: the fields of the draft that change."""

    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Finished(Message):
    """The step is done: on to the next."""


class Step(Vertical):
    """A step of the wizard, with one error line."""

    TITLE: ClassVar[str] = ""

    def heading(self) -> ComposeResult:
        """What to do here."""
        yield Static(value(self.TITLE), classes="step-title")

    def error_line(self) -> Static:
        """The line under the field."""
        return Static("", classes="step-error", markup=False)

    def show_error(self, text: str) -> None:
        """Say what is wrong with what was entered."""
        self.query_one(".step-error", Static).update(value(text))

    def take_keys(self) -> None:
        """Put the keys on the step's field."""


class ListStep(Step):
    """A step that chooses one line."""

    def compose(self) -> ComposeResult:
        """The lines."""
        yield from self.heading()
        yield OptionList(classes="lines", compact=True, markup=False)
        yield self.error_line()

    @property
    def options(self) -> OptionList:
        """The lines."""
        return self.query_one(OptionList)

    def take_keys(self) -> None:
        """Arrows walk the lines."""
        self.options.focus()

    def fill(self, lines: Sequence[tuple[str, Content]], at: str, nothing: str) -> None:
        """Show the lines with the cursor at the present choice."""
        self.options.clear_options()
        self.options.add_options([Option(text, id=key) for key, text in lines])
        keys = [key for key, _ in lines]
        self.options.highlighted = keys.index(at) if at in keys else 0 if keys else None
        self.show_error("" if lines else nothing)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.post_message(Entered(self.changes(event.option_id)))
            self.post_message(Finished())

    def changes(self, key: str) -> dict[str, Any]:
        """The fields that choosing this line sets."""
        raise NotImplementedError


class EntityStep(ListStep):
    """Step 1."""

    TITLE = "Select the Registered Entity of the group."

    def show(self, entities: Sequence[EntityView], draft: DraftView) -> None:
        """The entities at which the person has full access."""
        lines = [(entity.code, value(f"{entity.code:<14}{entity.name}")) for entity in entities]
        self.fill(lines, draft.entity, "You do not have full access at any entity.")

    def changes(self, key: str) -> dict[str, Any]:
        """The entity."""
        return {"entity": key}


class NameStep(Step):
    """Step 2."""

    TITLE = "Enter a name that is unique within the entity."

    def __init__(self, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._longest = longest

    def compose(self) -> ComposeResult:
        """One field."""
        yield from self.heading()
        yield DeskInput(compact=True, placeholder=f"1 to {self._longest} characters")
        yield self.error_line()

    def show(self, draft: DraftView) -> None:
        """What was entered before."""
        field = self.query_one(DeskInput)
        if field.value != draft.name:
            field.value = draft.name

    def take_keys(self) -> None:
        """Focus the field, ready to type."""
        self.query_one(DeskInput).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.show_error(self._problem(event.value) if event.value else "")
        self.post_message(Entered({"name": event.value}))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        problem = self._problem(event.value)
        self.show_error(problem)
        if not problem:
            self.post_message(Finished())

    def _problem(self, name: str) -> str:
        try:
            clean_name(name, "Group name", self._longest)
        except InvalidValue as error:
            return error.message
        return ""


class FrontEndStep(ListStep):
    """Step 3."""

    TITLE = "Select the front end system that sends the orders."

    def show(self, front_ends: Sequence[FrontEnd], draft: DraftView) -> None:
        """The front end systems mapped to the entity."""
        lines = [(str(row.id), value(f"{row.name:<31}{row.version:<11}{row.vendor}".rstrip())) for row in front_ends]
        at = str(draft.front_end.id) if draft.front_end else ""
        self.fill(lines, at, "No front end system is mapped to this entity. A user administrator can map one.")

    def changes(self, key: str) -> dict[str, Any]:
        """The front end."""
        return {"front_end_id": int(key)}


class FilterStep(Step):
    """Step 4: mandatory filters are set and stay; Space turns the others."""

    TITLE = "Select the messages to copy."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "Toggle", id="filters.turn", tooltip="Select or clear the filter."),
        Binding(
            "w", "route", "Preview", id="filters.route", tooltip="FIX log preview: which messages these filters copy."
        ),
    ]

    @dataclass
    class RouteAsked(Message):
        """The person wants to see what these filters copy of a FIX log."""

        filters: frozenset[Filter]

    def __init__(self, mandatory: frozenset[Filter], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._mandatory = mandatory
        self._chosen: frozenset[Filter] = frozenset()

    def compose(self) -> ComposeResult:
        """Mandatory and optional lines in one list."""
        yield from self.heading()
        yield OptionList(classes="lines", compact=True, markup=False)
        yield Static("", classes="meaning", markup=False)
        yield self.error_line()

    def show(self, draft: DraftView) -> None:
        """What was chosen before."""
        self._chosen = frozenset(draft.filters)
        options = self.query_one(OptionList)
        at = options.highlighted
        options.clear_options()
        options.add_options(self._lines())
        options.highlighted = at
        if at is None:
            options.action_first()

    def take_keys(self) -> None:
        """Arrows walk the lines."""
        self.query_one(OptionList).focus()

    def _lines(self) -> list[Option]:
        fixed = [kind for kind in Filter if kind in self._mandatory]
        free = [kind for kind in Filter if kind not in self._mandatory]
        return [
            Option(value("Mandatory", "$text-muted"), disabled=True),
            *(Option(value(_line(kind, True)), disabled=True) for kind in fixed),
            Option(value("Optional: select at least one", "$text-muted"), disabled=True),
            *(Option(value(_line(kind, kind in self._chosen)), id=kind.value) for kind in free),
        ]

    def action_route(self) -> None:
        """Try the choice on a FIX log."""
        self.post_message(self.RouteAsked(self._chosen | self._mandatory))

    def action_turn(self) -> None:
        """Turn the line under the cursor."""
        options = self.query_one(OptionList)
        if options.highlighted is None:
            return
        key = options.get_option_at_index(options.highlighted).id
        if key is None:
            return
        kind = Filter(key)
        self._chosen ^= {kind}
        options.replace_option_prompt(key, value(_line(kind, kind in self._chosen)))
        self.show_error("")
        self.post_message(Entered({"filters": tuple(self._chosen)}))

    @on(OptionList.OptionHighlighted)
    def _explain(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_id is not None:
            text = f"Copies: {Filter(event.option_id).meaning}\nSpace toggles · Enter continues"
            self.query_one(".meaning", Static).update(paragraphs(text))

    @on(OptionList.OptionSelected)
    def _entered(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if not self._chosen - self._mandatory:
            self.show_error("Select at least one optional filter with Space: the mandatory ones copy no trades.")
        else:
            self.post_message(Finished())


def _line(kind: Filter, on: bool) -> str:
    return f"[{'x' if on else ' '}] {kind.words}"
