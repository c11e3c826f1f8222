"""Modals of "What would it receive?": which log, one message whole, and the totals."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from screens.modals.base import DeskModal
from screens.terminal.values import facts, value
from screens.widgets.inputs import DeskInput
from screens.widgets.sheet import Sheet
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.services.routing.router import Receiver
    from dropcopy_tui.services.routing.routing import GroupTotal, MessageDetail, Report

_LABEL = 18
# Groups that are listed with their filters; a desk may have thousands.
_MOST_GROUPS = 200


class LogFileModal(DeskModal[Path]):
    """The path of a file that is there."""

    def __init__(self, path: str = "") -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        """A path, and what the file may look like."""
        with Vertical(classes="dialog"):
            yield Static("Read a FIX log", classes="title", markup=False)
            text = "Fields separated by SOH, | or ^A; plain messages and copies (35=n). The file is not modified."
            yield Static(text, classes="text", markup=False)
            yield Static("File on this machine", classes="label", markup=False)
            yield DeskInput(self._path, compact=True, max_length=1000)
            yield Static("", classes="error", markup=False)
            yield Static("Enter opens · Esc cancels", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Focus the field, ready to type."""
        self.query_one(DeskInput).focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        problem = _problem(text)
        if problem:
            self.show_error(problem)
        else:
            self.dismiss(Path(text).expanduser().absolute())


def _problem(text: str) -> str:
    """Why it cannot be read, as far as a look can tell; the reading itself decides."""
    if not text or not text.isprintable():
        return "Enter the path of a file."
    path = Path(text).expanduser().absolute()
    if path.is_dir():
        return f"{path} is a folder. Add a file name."
    if not path.is_file():
        return f"The file {path} does not exist. Check the name."
    if not os.access(path, os.R_OK):
        return f"You do not have permission to read {path}."
    return ""


class _TextModal(DeskModal[None]):
    """A page of text that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "cancel", "Close", id="text.close")]
    heading = ""

    def compose(self) -> ComposeResult:
        """Title, text, how to leave."""
        with Vertical(classes="dialog wide tall"):
            yield Static(value(self.heading), classes="title")
            with VerticalScroll(classes="fill"):
                yield Sheet(self.content)
            yield Static("Arrows scroll · Enter closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def content(self, width: int) -> Content:
        """The text, broken for so many cells."""
        raise NotImplementedError


class MessageModal(_TextModal):
    """One message of a log: what it is, who receives it, why others do not, and its fields."""

    def __init__(self, told: MessageDetail, about: Receiver | None) -> None:
        super().__init__()
        self._told, self._about = told, about
        self.heading = f"Line {told.routed.line:,}: {told.routed.reading.kind.words}"

    def content(self, width: int) -> Content:
        """Facts first, then the fields, then those of a copy's original."""
        told, routed = self._told, self._told.routed
        what = routed.reading
        rows = [("Source", what.source or "none", "")]
        rows += _labelled("Filters", [kind.words for kind in what.filters] or ["none"])
        if self._about is not None:
            said = routed.why_not or "receives a copy"
            rows.append((self._about.name, said, "$warning" if routed.why_not else "$success"))
        elif routed.why_not:
            rows.append(("Not copied", routed.why_not, "$warning"))
        rows += _labelled("Copies to", [receiver_words(group) for group in routed.groups] or ["no group"])
        refused = [f"{group.name}: {why}" for group, why in told.others if why and group != self._about]
        rows += _labelled("Not copied to", refused)
        rows += [("" if number else "Errors", text, "$error") for number, text in enumerate(routed.problems)]
        parts = [facts(rows, _LABEL, width), Content(""), value("Fields", "$text-muted"), _fields(told.fields, width)]
        if told.original:
            parts += [Content(""), value("The original message", "$text-muted"), _fields(told.original, width)]
        return Content("\n").join(parts)


class TotalsModal(_TextModal):
    """A log as a whole: what each group receives, by filter, and what no one does."""

    heading = "Totals by group"

    def __init__(self, report: Report, about: Receiver | None = None) -> None:
        super().__init__()
        self._report, self._about = report, about

    def content(self, width: int) -> Content:
        """The log, then the groups that receive something, the one at hand first."""
        report = self._report
        unknown = f": {', '.join(report.unknown_sources[:8])}" if report.unknown_sources else ""
        lines = f": {', '.join(map(str, report.garbage_lines[:8]))}" if report.garbage_lines else ""
        rows = [
            ("Messages", f"{report.messages:,}", ""),
            ("To no group", f"{report.unrouted:,}", "$warning" if report.unrouted else ""),
            ("Unknown sources", f"{plural(report.unknown, 'message')}{unknown}", ""),
            ("Malformed", f"{plural(report.flagged, 'message')} with a wrong length, checksum or copy", ""),
            (
                "Skipped",
                f"{plural(report.garbage, 'piece')} of the log{', first on lines' if lines else ''}{lines}",
                "",
            ),
        ]
        rows += [("" if number else "Why", miss, "$warning") for number, miss in enumerate(report.misses)]
        rows += [("" if number else "By filter", f"{kind.words}  {count:,}", "")
                 for number, (kind, count) in enumerate(report.by_filter.items())]  # fmt: skip
        parts = [facts(rows, _LABEL, width)]
        receiving = [total for total in report.groups if total.copies]
        receiving.sort(key=lambda total: total.group != self._about)
        for total in receiving[:_MOST_GROUPS]:
            parts += [Content(""), _group(total)]
        if len(receiving) > _MOST_GROUPS:
            parts += [
                Content(""),
                value(f"and {plural(len(receiving) - _MOST_GROUPS, 'more group')}: run dropcopy route to list all"),
            ]
        idle = len(report.groups) - len(receiving)
        if idle:
            parts += [Content(""), value(f"{plural(idle, 'group')} would receive nothing.", "$text-muted")]
        return Content("\n").join(parts)


def receiver_words(group: Receiver) -> str:
    """A group with its target sessions."""
    if not group.market:
        return group.name
    return f"{group.name} ({' '.join(group.target_sessions) or 'no target session'})"


def _group(total: GroupTotal) -> Content:
    head = value(f"{receiver_words(total.group)}: {plural(total.copies, 'message')}", "bold")
    lines = [value(f"  {kind.words:<42}{count:>10,}") for kind, count in total.by_filter.items()]
    return Content("\n").join([head, *lines])


def _labelled(label: str, texts: Sequence[str]) -> list[tuple[str, str, str]]:
    return [("" if number else label, text, "") for number, text in enumerate(texts)]


def _fields(pairs: Sequence[tuple[str, str]], width: int) -> Content:
    return facts([(name, text, "") for name, text in pairs], 30, width)
