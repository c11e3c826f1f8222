"""Enrol an authenticator app: scan, then enter its first code."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.services.factors.authenticator import Enrolment
from dropcopy_tui.services.factors.table import FACTORS
from screens.modals.base import DeskModal
from screens.terminal.values import value
from screens.widgets.inputs import CodeInput

_QUIET = 2
_HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


class EnrolModal(DeskModal[str]):
    """The QR code at the left, the seed and the field at the right. Gives the code."""

    def __init__(self, enrolment: Enrolment, error: str = "") -> None:
        super().__init__()
        self._enrolment, self._error = enrolment, error

    def compose(self) -> ComposeResult:
        """In a terminal without block characters the seed is typed instead."""
        seed = self._enrolment.seed
        grouped = " ".join(seed[start : start + 4] for start in range(0, len(seed), 4))
        with Horizontal(classes="dialog wide enrol"):
            yield Static(self._picture(), classes="qr")
            with Vertical(classes="beside"):
                yield Static("Authenticator app", classes="title", markup=False)
                yield Static("Scan the QR code with the app, or enter the key:", classes="text", markup=False)
                yield Static(value(grouped), classes="text")
                yield Static("Code shown by the app", classes="label", markup=False)
                yield CodeInput(compact=True, placeholder=FACTORS["totp"].digits_words)
                yield Static("", classes="error", markup=False)
                yield Static("Enter confirms · Esc cancels without enrolling", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Show what was wrong with the last code."""
        self.query_one(CodeInput).focus()
        self.show_error(self._error)

    def _picture(self) -> Content:
        """Two modules a cell; drawn so that light modules are light in either theme."""
        # Late for the sake of start-up: nothing else draws a QR code.
        import segno

        code = segno.make(self._enrolment.uri, error="l", micro=False)
        light = self.app.current_theme.dark
        rows = [[bool(module) != light for module in row] for row in code.matrix_iter(border=_QUIET)]
        if len(rows) % 2:
            rows.append([light] * len(rows[0]))
        lines = [
            "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
            for upper, lower in zip(rows[::2], rows[1::2], strict=True)
        ]
        return Content("\n".join(lines))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            FACTORS["totp"].check_code(event.value)
        except InvalidValue as problem:
            self.show_error(problem.message)
        else:
            self.dismiss(event.value)
