"""A small application on `TerminalApp`, started the way the product starts: guard first, Textual after."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from screens.terminal import guard

HOSTILE = "ev\x1b]52;c;aGk=\x07il\x1b[31m \x9b31m\x85 [/foo] [@click=app.bell]x[/] \u202egnp.exe\u200b\x7f end"
SECRET = "hunter2-in-a-local-variable"


def run(facts: guard.TerminalFacts) -> int:
    """The application, imported only when there is a screen."""
    from textual.app import ComposeResult
    from textual.binding import Binding
    from textual.screen import ModalScreen
    from textual.widgets import Button, DataTable, Footer, Label, OptionList, Static

    from screens.terminal.app import MODAL_BINDINGS, TerminalApp
    from screens.terminal.values import value
    from screens.widgets.inputs import DeskInput, SecretInput

    class Question(ModalScreen[None]):
        BINDINGS = [*MODAL_BINDINGS, Binding("escape", "dismiss(None)", "Back", id="question.back")]

        def compose(self) -> ComposeResult:
            yield Label("An opaque question")
            yield Button("Proceed")

    class Hostile(ModalScreen[None]):
        def compose(self) -> ComposeResult:
            yield Label(HOSTILE, markup=False)
            yield Static(value(HOSTILE))
            yield DeskInput(HOSTILE)
            table: DataTable[Any] = DataTable()
            table.add_column(value(HOSTILE))
            table.add_row(value(HOSTILE))
            yield table
            yield OptionList(value(HOSTILE))

        def on_mount(self) -> None:
            self.border_title = value(HOSTILE)  # type: ignore[assignment]  # Textual takes Content
            self.styles.border = ("round", "red")
            self.notify(HOSTILE, title=HOSTILE)

    class SampleApp(TerminalApp):
        BINDINGS = [
            Binding("f2", "ask", "Ask", id="sample.ask"),
            Binding("f3", "hostile", "Hostile", id="sample.hostile"),
            Binding("f4", "crash", "Crash", id="sample.crash"),
            Binding("f5", "stray", "Stray", show=False, id="sample.stray"),
        ]

        def compose(self) -> ComposeResult:
            yield Label(f"hello from {self.size.width}x{self.size.height} → … ●")
            yield DeskInput(placeholder="name", id="name")
            yield SecretInput(placeholder="password")
            yield Button("Do it", variant="primary")
            yield Static("a warning", classes="warning")
            yield Footer(compact=True, show_command_palette=False)

        def on_mount(self) -> None:
            self.query_one(".warning").styles.color = self.theme_variables["warning"]

        async def save_work(self) -> None:
            if path := os.environ.get("SAMPLE_SAVED"):
                Path(path).write_text("saved")  # noqa: ASYNC240 - a test's marker

        def action_ask(self) -> None:
            self.push_screen(Question())

        def action_hostile(self) -> None:
            self.push_screen(Hostile())

        def action_crash(self) -> None:
            password = SECRET
            raise RuntimeError(f"no such person: '{password}'")

        def action_stray(self) -> None:
            os.write(2, b"\x1b[2J")

    app = SampleApp(facts)
    if log := os.environ.get("SAMPLE_LOG"):
        app.incident_log = Path(log)
    return app.start()


def main() -> int:
    """What a command line does: look at the terminal, refuse in one line, or start."""
    facts = guard.prepare(os.environ)
    size = guard.terminal_size(2, os.environ)
    if reason := guard.refuse_reason(sys.stdin, sys.stderr, os.environ, size):
        print(reason, file=sys.stderr)
        return 2
    guard.quick_start()
    return run(facts)


if __name__ == "__main__":
    sys.exit(main())
