"""The audit trail: which events are wanted, and one of them whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from dropcopy_tui.domain.actions import action_words
from dropcopy_tui.domain.dates import column_moment
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.moments import since, until
from dropcopy_tui.services.audit import AuditFilter, Event
from screens.modals.base import DeskModal
from screens.terminal.values import facts, value
from screens.widgets.inputs import DeskInput
from screens.widgets.sheet import Sheet

# The field of the form, its label, and an example.
_FIELDS = (
    ("person", "Person", "a user id"),
    ("session", "Session", "a Session ID, such as T4C"),
    ("group", "Group", "a group's name"),
    ("since", "From", "a date, such as 2026-11-23, or 2026-11-23T16:45"),
    ("until", "To", "the whole day is included; times are UTC"),
)
_NOUNS = {"challenge": "Second factors", "factor": "Authenticator apps", "keypair": "Key pairs", "person": "People"}
_FILTERS = {kind.value: kind.words for kind in Filter}
_LABEL = 20


class AuditFilterModal(DeskModal[AuditFilter]):
    """The fields of a filter, and the kinds that the trail has. Gives the filter."""

    CSS_PATH = ["../../styles/modals.tcss", "../../styles/audit.tcss"]

    def __init__(self, kinds: Sequence[str], typed: dict[str, str]) -> None:
        super().__init__()
        self._kinds, self._typed = kinds, typed

    def compose(self) -> ComposeResult:
        """A line a field; the kinds below."""
        with Vertical(classes="dialog"):
            yield Static("Filter events", classes="title", markup=False)
            for name, label, example in _FIELDS:
                with Horizontal(classes="field"):
                    yield Static(label, classes="label", markup=False)
                    typed = self._typed.get(name, "")
                    yield DeskInput(typed, placeholder=example, compact=True, max_length=60, id=name)
            with Horizontal(classes="kinds"):
                yield Static("Kind", classes="label", markup=False)
                yield OptionList(*_kind_lines(self._kinds), compact=True, markup=False)
            yield Static("", classes="error", markup=False)
            hint = "Enter shows the events · Tab changes field · Esc cancels. Empty fields match all."
            yield Static(hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Start at the first field, with the kind that was chosen before."""
        options = self.query_one(OptionList)
        keys = [option.id for option in options.options]
        kind = f"kind-{self._typed.get('kind', '')}"
        options.highlighted = keys.index(kind) if kind in keys else 0
        self.query_one("#person", DeskInput).focus()

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _entered(self, event: OptionList.OptionSelected | Input.Submitted) -> None:
        event.stop()
        try:
            self.dismiss(self._filter())
        except InvalidValue as error:
            self.show_error(error.message)
            self.query_one(f"#{error.field}", DeskInput).focus()

    def _filter(self) -> AuditFilter:
        typed = {name: self.query_one(f"#{name}", DeskInput).value.strip() for name, _, _ in _FIELDS}
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        return AuditFilter(
            person=typed["person"],
            group=typed["group"],
            session=typed["session"],
            since=since(typed["since"]),
            until=until(typed["until"]),
            kind=str(options.get_option_at_index(at).id).removeprefix("kind-"),
        )


def _kind_lines(kinds: Iterable[str]) -> Iterator[Option]:
    """Every kind, those of one noun together."""
    yield Option(value("Every kind"), id="kind-")
    present = ""
    for kind in sorted(kinds):
        noun, colon, _ = kind.partition(":")
        if colon and noun != present:
            present = noun
            yield Option(value(f"{_NOUNS.get(noun, noun.capitalize() + 's')}: all"), id=f"kind-{noun}")
        yield Option(value(f"  {action_words(kind)}"), id=f"kind-{kind}")


class EventModal(DeskModal[None]):
    """One event, whole: who, from where, when, what, before and after."""

    CSS_PATH = ["../../styles/modals.tcss", "../../styles/audit.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "cancel", "Close", id="event.close", tooltip="Close the event."),
    ]

    def __init__(self, event: Event) -> None:
        super().__init__()
        self._event = event

    def compose(self) -> ComposeResult:
        """The facts, then what changed."""
        with Vertical(classes="dialog wide"):
            yield Static(value(action_words(self._event.action)), classes="title")
            with VerticalScroll(classes="event"):
                yield Sheet(partial(_page, self._event))
            yield Static("Enter or Esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Arrows scroll."""
        self.query_one(VerticalScroll).focus()


def _page(event: Event, width: int) -> Content:
    rows = [
        ("When", f"{column_moment(event.at, seconds=True).lstrip()} UTC", ""),
        ("Who", event.person, ""),
        ("Where from", event.origin, ""),
        ("About", event.subject, ""),
        ("Registered Entity", event.entity or "none", ""),
        ("Event", f"{event.id:,}, {event.action}", ""),
    ]
    changed = [(_label(name), text, "") for name, text in said(event)]
    parts = [facts(rows, _LABEL, width)]
    if changed:
        parts += [Content(""), value("Details", "bold"), facts(changed, _LABEL, width)]
    return Content("\n").join(parts)


def said(event: Event) -> Iterator[tuple[str, str]]:
    """Every fact of an event in words, `before -> after` where it has both."""
    for name in dict.fromkeys((*event.before, *event.after)):
        before, after = (_words(name, side[name]) if name in side else None for side in (event.before, event.after))
        if before is None:
            yield name, after or ""
        else:
            yield name, f"{before} -> {after}" if after is not None else f"{before} before"


def _label(name: str) -> str:
    return {"why": "Reason", "by": "Proof", "of": "Approval of", "keys": "Public key ids"}.get(
        name, name.replace("_", " ").capitalize()
    )


def _words(name: str, said: Any) -> str:
    """A value of an event as people read it, never as JSON."""
    if said is None or said in ("", [], {}):
        return "nothing"
    if isinstance(said, bool):
        return "yes" if said else "no"
    if isinstance(said, int):
        return f"{said:,}"
    if isinstance(said, dict):
        return "; ".join(f"{_label(key)} {_words(key, inner)}" for key, inner in said.items())
    if isinstance(said, list):
        return ", ".join(_words(name, item) for item in said)
    return _name(name, str(said))


def _name(name: str, said: str) -> str:
    """Names of the store in words: markets and filters have better ones."""
    if name == "market":
        return _known_market(said)
    if name == "filters":
        return _FILTERS.get(said, said)
    return said.replace("_", " ") if name in ("type", "status", "kind", "role", "factor") else said


def _known_market(code: str) -> str:
    try:
        return market_named(code).name
    except InvalidValue:
        return code
