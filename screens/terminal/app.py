"""The application every screen runs in: it keeps the terminal contract and knows nothing of the product."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import sys
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any, ClassVar, NoReturn

from rich.console import Console
from textual.app import ScreenError, SuspendNotSupported, SystemCommand
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.driver import Driver
from textual.events import Event, InputEvent, Key, Paste
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.reactive import Initialize, Reactive
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import Input

from dropcopy_tui.domain.visible import visible
from dropcopy_tui.incidents import new_incident_id, write_incident
from screens.terminal.driver import TerminalDriver
from screens.terminal.guard import TerminalFacts, Tier, finish_quick_start
from screens.terminal.line_filter import CursorFilter, InOneStep, MonoFilter, VisibleFilter
from screens.terminal.meant_keys import MeantKeys
from screens.terminal.textual_tuning import DeskStylesheet, TunedApp
from screens.terminal.type_ahead import TypeAhead
from styles.theme import THEMES

THEME_OF_TIER: dict[Tier, str] = {
    "truecolor": "desk-dark",
    "256": "desk-dark",
    "16": "desk-16",
    "mono": "desk-mono",
}
HOW_TO_QUIT = "Press q, F10 or Ctrl-Q to quit"
SAVE_SECONDS = 3.0
# Some terminals ignore more, and some multiplexers fall silent.
LARGEST_COPY = 8_000
LEAVE_SECONDS = 10.0

# A page that shines through a modal is drawn twice, and dimmed: 33 kB instead of 15.
OPAQUE_CSS = ("ModalScreen { background: $background; }", "CommandPalette { background: $background; }")

# Bindings of the application do not reach a modal; these belong there as well.
MODAL_BINDINGS: list[BindingType] = [
    Binding("ctrl+l", "app.repaint", "Repaint", show=False, id="modal.repaint"),
    Binding("ctrl+c", "app.help_quit", "How to quit", show=False, system=True, id="modal.help_quit"),
    Binding("ctrl+z", "app.suspend_process", "Suspend", show=False, id="modal.stop"),
]


def _first_theme(app: Any) -> str:
    return str(app.facts.theme or THEME_OF_TIER[app.facts.tier])


class TerminalApp(TunedApp):
    """A Textual application that keeps the terminal contract.

    Subclasses override `save_work`, yield their commands from `get_system_commands`, and set
    `incident_log`. Run it with `start()`, which gives the exit code.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit_desk", "Quit", show=False, priority=True, id="app.quit_now"),
        Binding("q,f10", "quit_desk", "Quit", show=False, id="app.quit", tooltip="Quit."),
        Binding("ctrl+c", "help_quit", "How to quit", show=False, system=True, id="app.help_quit"),
        Binding("ctrl+l", "repaint", "Repaint", show=False, id="app.repaint", tooltip="Redraw the screen."),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, id="app.stop"),
        Binding(
            "f9",
            "toggle_mouse",
            "Mouse",
            show=False,
            id="app.mouse",
            tooltip="Turn the mouse on or off; off lets the terminal select text.",
        ),
        # Named here so that Textual does not add its own, which has priority and fires under modals.
        Binding("ctrl+p", "command_palette", "Commands", show=False, id="app.commands"),
    ]

    # Textual draws its style sheet from the theme before __init__ is through: the first one must be ours.
    theme: Reactive[str] = Reactive(Initialize(_first_theme))

    def __init__(self, facts: TerminalFacts | None = None) -> None:
        self.facts = facts or TerminalFacts()
        self.incident_log: Path | None = None
        self._incident: str | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._type_ahead = TypeAhead(self)
        self.meant_keys = MeantKeys()
        super().__init__()
        self.stylesheet: DeskStylesheet = DeskStylesheet(variables=self.theme_variables)
        self.animation_level = "none"
        self.console = _console(self.facts.tier, self.console)
        self._cursor_filter = CursorFilter()
        self._gates: list[LineFilter] = [VisibleFilter(self.facts.glyphs), self._cursor_filter]
        if self.facts.tier == "mono":
            self._gates.append(MonoFilter())
        self._line_filter = InOneStep(self._gates)
        for number, css in enumerate(OPAQUE_CSS):
            # Above the defaults of Textual, below every style sheet of the product.
            self.stylesheet.add_source(css, (__file__, css), is_default_css=True, tie_breaker=number)

    # -- hooks

    def save_work(self) -> Awaitable[None] | None:
        """Keep what the person has typed: called before leaving, by a key or by a signal."""
        return None

    @property
    def in_transit(self) -> bool:
        """Whether a screen is on its way: keys that were typed for it wait until it is there."""
        return self.is_screen_shown and not self.screen.is_mounted

    @property
    def is_screen_shown(self) -> bool:
        """Whether there is a screen; while the application ends there is none, and asking for it raises."""
        return not self._exit and bool(self.screen_stack)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """No commands of Textual's: its "Screenshot" writes files on the server."""
        return ()

    # -- start and end

    def start(self) -> int:
        """Run until the end and give the exit code."""
        self.run(mouse=self.facts.mouse)
        return self.return_code or 0

    def leave_by_signal(self, number: int) -> None:
        """Save, restore the terminal, and end as the signal wants it."""
        self._begin_to_leave(128 + number)
        self._leave_by_force_later(128 + number)

    def hang_up(self) -> None:
        """The terminal has gone away, whether or not SIGHUP came."""
        self.leave_by_signal(signal.SIGHUP)

    async def action_quit_desk(self) -> None:
        """Leave on the person's wish."""
        self._begin_to_leave(0)

    async def action_quit(self) -> None:
        """Textual's own name for it."""
        await self.run_action("quit_desk", self)

    def exit(self, result: int | None = None, return_code: int = 0, message: Any = None) -> None:
        """End; what is typed from here on goes nowhere."""
        self._type_ahead.close()
        super().exit(result, return_code, message)

    @property
    def is_ending(self) -> bool:
        """Whether the application is about to end: screens lose their widgets while their jobs still run."""
        return self._exit or self._leaving is not None

    async def imports(self) -> None:
        """Wait until nothing is imported in another thread: what is done next may import something, too."""

    async def action_command_palette(self) -> None:  # type: ignore[override]  # actions may be awaited
        """The commands. The cursor of Textual's field blinks: a kilobyte a second over SSH, for nothing."""
        await self.imports()
        if self.is_ending:
            return
        super().action_command_palette()
        self.call_later(self._still_cursor)

    def _still_cursor(self) -> None:
        for field in self.screen.query("CommandInput").results(Input):
            field.cursor_blink = False

    def action_help_quit(self) -> None:
        """Ctrl-C means copy or habit; it never loses work."""
        self.notify(HOW_TO_QUIT)

    def _begin_to_leave(self, code: int) -> None:
        """Take no more keys, then leave; whoever asked first decides the exit code.

        In a task of its own: a key's handler that waited for the keys before it would wait for itself.
        """
        self._type_ahead.close()
        if self._leaving is None and not self._exit:
            self._leaving = asyncio.get_running_loop().create_task(self._leave(code))

    async def _save(self) -> None:
        await self._type_ahead.settled()
        result = self.save_work()
        if inspect.isawaitable(result):
            await result

    async def _leave(self, code: int) -> None:
        with self._context():
            try:
                await asyncio.wait_for(self._save(), SAVE_SECONDS)
            except Exception as error:  # noqa: BLE001 - a save that fails must not keep the terminal
                self._record(error)
            self.exit(code, return_code=code, message=self.farewell() if code == 0 else None)

    def farewell(self) -> str | None:
        """What someone who leaves should know, printed once the terminal is restored."""
        return None

    def _leave_by_force_later(self, code: int) -> None:
        """A thread stuck in the store must not keep a process whose terminal is gone."""
        timer = Timer(LEAVE_SECONDS, self._leave_by_force, [code])
        timer.daemon = True
        timer.start()

    def _leave_by_force(self, code: int) -> NoReturn:
        with suppress(Exception):
            if self._driver is not None and self._running:
                self._driver.suspend_application_mode()
        os._exit(code)

    # -- keys

    async def on_event(self, event: Event) -> None:
        """Keys one after the other, each where the one before has put the focus."""
        if self._type_ahead.holds(event):
            return
        if isinstance(event, InputEvent) and not self.is_screen_shown:
            # A mouse that moves while the application ends has nothing to move over.
            return
        if getattr(event, "is_forwarded", False) or (not self._is_stray(event) and self.meant_keys.takes(event)):
            await super().on_event(event)
        if isinstance(event, Key | Paste):
            self._type_ahead.sent()

    def _is_stray(self, event: Event) -> bool:
        """Whether it is a key of a text that was pasted without brackets where nothing takes text."""
        if not isinstance(event, Key):
            return False
        takes_letters = any(getattr(place, "takes_letters", False) for place in (self.focused, self.screen))
        if takes_letters or isinstance(self.focused, Input):
            self.meant_keys.typed(event)
            return False
        began = self.meant_keys.stray_begun
        stray = self.meant_keys.is_stray(event, lambda key: key in self.screen.active_bindings)
        if stray and not began:
            self.notify("Pasted text ignored: no input field is active.")
        return stray

    # -- errors

    def _handle_exception(self, error: Exception) -> None:
        """End because of an error; a later one changes nothing.

        Work beside the screen finds its screen closed by then, which is not an error.
        """
        if not self._exit:
            super()._handle_exception(error)
        elif not isinstance(error, ScreenError | NoMatches):
            self._log_incident(error)

    def _loop_failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What fails between messages is an error like any other; asyncio would print its trace."""
        error = context.get("exception")
        with self._context():
            self._handle_exception(error if isinstance(error, Exception) else RuntimeError(context["message"]))

    def panic(self, *renderables: Any) -> None:
        """Errors that bring their own picture are errors like any other."""
        self._fatal_error()

    def _fatal_error(self) -> None:
        """End with a short message; the trace goes to the log, without values."""
        error = sys.exc_info()[1] or self._exception
        if error is not None:
            self._record(error)
        self._type_ahead.close()
        self._close_messages_no_wait()

    def _record(self, error: BaseException) -> None:
        first = self._incident is None
        written = self._log_incident(error)
        where = f"see the stack trace in {self.incident_log}" if written else "the log could not be written"
        if first:
            self._exit_renderables.append(
                f"An unexpected error closed the application. Incident {self._incident}; {where}."
            )

    def _log_incident(self, error: BaseException) -> bool:
        self._incident = self._incident or new_incident_id()
        return self.incident_log is not None and write_incident(self.incident_log, self._incident, error)

    def _print_error_renderables(self) -> None:
        """Print plain lines once the terminal is restored: no markup, no colour, no control characters."""
        stream = sys.__stderr__
        lines = [visible(str(line)) for line in dict.fromkeys(map(str, self._exit_renderables))]
        self._exit_renderables.clear()
        if stream is not None and lines:
            with suppress(OSError):
                print(*lines, sep="\n", file=stream, flush=True)

    # -- drawing

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own filters, then the gate nothing hostile passes."""
        wanted = (*super().get_line_filters(), *self._gates)
        if wanted != self._line_filter.filters:
            self._line_filter = InOneStep(wanted)
        return [self._line_filter]

    def get_driver_class(self) -> type[Driver]:
        """Our driver; never the one an environment variable names."""
        return TerminalDriver

    def get_theme(self, theme_name: str) -> Theme | None:
        """Our themes only: Textual's fail on few colours."""
        return self.available_themes.get(theme_name)

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Our themes by name."""
        own = self.facts.own_theme
        return dict(THEMES) if own is None else {**THEMES, own.name: own}

    def wear(self, theme: str) -> None:
        """Another theme from now on; "" is that of the terminal."""
        self.theme = theme or THEME_OF_TIER[self.facts.tier]

    def action_repaint(self) -> None:
        """Draw everything again, after a stop or a stray message of another program."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.shadow.forget()
        self.screen.refresh(layout=True, repaint=True)

    @property
    def may_copy(self) -> bool:
        """Whether text may be sent to the clipboard."""
        return True

    def copy_to_clipboard(self, text: str) -> None:
        """Send text to the terminal's clipboard (OSC 52), which answers nothing: whether it takes it is not known."""
        if not self.may_copy:
            self.notify('Copying is switched off here (clipboard = "deny").')
        elif len(text.encode()) > LARGEST_COPY:
            self.notify(f"Only texts of up to {LARGEST_COPY:,} bytes are sent to the clipboard.")
        else:
            super().copy_to_clipboard(text)
            self.notify(f"{clipped(text)} was sent to the terminal.")

    def action_toggle_mouse(self) -> None:
        """Mouse reports off, so that the terminal selects text; or on."""
        if isinstance(self._driver, TerminalDriver):
            on = not self._driver._mouse
            self._driver.set_mouse(on)
            self.notify("The mouse is on." if on else "The mouse is off: the terminal selects text.")

    def on_resize(self) -> None:
        """A window that became larger again has lost what was in between, even if it is as large as before."""
        driver = self._driver
        if isinstance(driver, TerminalDriver) and driver.shadow.is_known and self.is_screen_shown:
            driver.shadow.forget()
            self.screen.refresh()

    def _on_mount(self) -> None:
        asyncio.get_running_loop().set_exception_handler(self._loop_failed)
        self.app_resume_signal.subscribe(self, lambda _: self.action_repaint())
        self.theme_changed_signal.subscribe(self, lambda _: self._show_cursor())
        self._show_cursor()

    def _show_cursor(self) -> None:
        colours = self.theme_variables
        self._cursor_filter.wear(colours["block-cursor-background"], colours["block-cursor-foreground"])

    def _on_ready(self) -> None:
        finish_quick_start()

    # -- what a screen on a server must not do

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A notice; unlike Textual's, its text is not markup."""
        super().notify(visible(message), title=title, severity=severity, timeout=timeout, markup=markup)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """No program is started."""

    def deliver_text(self, *_: Any, **__: Any) -> None:
        """No file is written behind the person's back."""

    def deliver_binary(self, *_: Any, **__: Any) -> None:
        """No file is written behind the person's back."""

    def deliver_screenshot(self, *_: Any, **__: Any) -> None:
        """No file is written behind the person's back."""

    def action_screenshot(self, *_: Any, **__: Any) -> None:
        """No picture of keys and codes."""

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """No other program gets the terminal."""
        raise SuspendNotSupported("Suspending to another program is not supported.")
        yield


def clipped(text: str) -> str:
    """The beginning of a text, for a notice."""
    line = text.split("\n")[0]
    return line if len(line) <= 40 and line == text else f"{line[:39]}\N{HORIZONTAL ELLIPSIS}"


def _console(tier: Tier, old: Console) -> Console:
    """Rich's console with the colours we found, not the ones it would guess."""
    systems: dict[Tier, Any] = {"truecolor": "truecolor", "256": "256", "16": "standard", "mono": "standard"}
    return Console(
        color_system=systems[tier],
        file=old.file,
        force_terminal=True,
        no_color=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        safe_box=False,
    )
