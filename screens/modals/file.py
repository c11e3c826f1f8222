"""Ask for a file to write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.services.keys.key_target import check_target
from screens.modals.base import DeskModal
from screens.terminal.values import paragraphs, value
from screens.widgets.inputs import DeskInput


class FileModal(DeskModal[Path]):
    """A path for a new file; an existing one is never written over."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Continue", show=False, id="file.submit", tooltip="Continue with this file."),
    ]

    def __init__(self, title: str, text: str, path: Path) -> None:
        super().__init__()
        self._title, self._text, self._path = title, text, path

    def compose(self) -> ComposeResult:
        """What will be written, and where."""
        with Vertical(classes="dialog"):
            yield Static(value(self._title), classes="title")
            with VerticalScroll(classes="lines"):
                yield Static(paragraphs(self._text), classes="text")
            yield Static("File on this machine", classes="label", markup=False)
            yield DeskInput(str(self._path), compact=True, max_length=1000)
            yield Static("", classes="error", markup=False)
            yield Static("Enter continues · Tab and arrows scroll the text · Esc cancels", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Focus the field; Tab goes to a text that is longer than the dialog."""
        self.query_one(DeskInput).focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Enter continues wherever the keys are: a long text may have them."""
        text = self.query_one(DeskInput).value.strip()
        path = Path(text).expanduser().absolute()
        problem = path_problem(text, path)
        if problem:
            self.show_error(problem)
        else:
            self.dismiss(path)


def path_problem(text: str, path: Path) -> str:
    """Why the path cannot be a new file, as far as a look can tell; the write itself decides."""
    if not text or "\0" in text or not text.isprintable():
        return "Enter the path of a file."
    # Unlike Path.is_dir, this takes a name that is too long.
    if os.path.isdir(path):
        return f"{path} is a folder. Add a file name."
    try:
        check_target(path)
    except FileRefused as refusal:
        return refusal.message
    return ""


def free_path(folder: Path, stem: str, ending: str) -> Path:
    """A path that is not taken yet: a number is added where it is."""
    path, number = folder / f"{stem}{ending}", 2
    while path.exists():
        path, number = folder / f"{stem}-{number}{ending}", number + 1
    return path
