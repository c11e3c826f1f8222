"""Every private name of Textual 8.2.8 that we override or rely on: a new version must fail here first."""

from __future__ import annotations

import functools
import inspect
import re
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from textual import constants
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual._parser import Parser
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.command import CommandPalette
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import ScreenResume
from textual.message_pump import MessagePump
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static

from screens.terminal.app import TerminalApp
from screens.terminal.driver import TerminalDriver
from screens.terminal.textual_tuning import DeskStylesheet, TunedApp, TunedScreen, is_searching


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("textual") == "8.2.8"


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (App, "_fatal_error", ["self"]),
        (App, "_print_error_renderables", ["self"]),
        (App, "_handle_exception", ["self", "error"]),
        (App, "_set_pointer_shape", ["self", "shape"]),
        (App, "_context", ["self"]),
        (App, "_resume_signal", ["self"]),
        (App, "_watch_theme", ["self", "theme_name"]),
        (App, "_begin_batch", ["self"]),
        (App, "_get_screen", ["self", "screen"]),
        (App, "_load_screen_css", ["self", "screen"]),
        (App, "_end_batch", ["self"]),
        (App, "_display", ["self", "screen", "renderable"]),
        (Compositor, "render_full_update", ["self", "simplify"]),
        (ChopsUpdate, "__init__", ["self", "chops", "spans", "chop_ends"]),
        (LayoutUpdate, "__init__", ["self", "strips", "region"]),
        (CompositorUpdate, "render_segments", ["self", "console"]),
        (Strip, "render_ansi", ["style", "color_system"]),
        (Screen, "_compositor_refresh", ["self"]),
        (Screen, "_refresh_layout", ["self", "size", "scroll"]),
        (MessagePump, "_close_messages_no_wait", ["self"]),
        (MessagePump, "call_later", ["self", "callback", "args", "kwargs"]),
        (LinuxDriver, "_get_terminal_size", ["self"]),
        (LinuxDriver, "_sigtstp_application", ["self", "_"]),
        (LinuxDriver, "_sigcont_application", ["self", "_"]),
        (LinuxDriver, "_enable_mouse_support", ["self"]),
        (LinuxDriver, "_disable_mouse_support", ["self"]),
        (LinuxDriver, "run_input_thread", ["self"]),
        (Driver, "process_message", ["self", "message"]),
        (Driver, "suspend_application_mode", ["self"]),
        (Driver, "resume_application_mode", ["self"]),
        (XTermParser, "__init__", ["self", "debug"]),
        (Parser, "tick", ["self"]),
        (Parser, "feed", ["self", "data"]),
        (Input, "_on_paste", ["self", "event"]),
        (Input, "action_copy", ["self"]),
        (Input, "action_cut", ["self"]),
    ],
)
def test_signatures(owner: type, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


@pytest.mark.parametrize(
    ("function", "fragment"),
    [
        (App._handle_exception, "self._fatal_error()"),
        (App._shutdown, "self._print_error_renderables()"),
        (App._print_error_renderables, "self._exit_renderables"),
        (App.__init__, "self._exception: Exception | None"),
        (App.__init__, "ENABLE_COMMAND_PALETTE"),
        (App.on_event, "event.is_forwarded"),
        (Driver.__init__, "self._loop = asyncio.get_running_loop()"),
        (Driver.__init__, "self._size = size"),
        (App._display, "if self._batch_count"),
        (App._display, "self._running\n                and not self._closed"),
        (App._display, "terminal_sequence = renderable.render_segments(console)"),
        (App._display, "self._previous_cursor_position = cursor_position"),
        (Screen._compositor_refresh, "app._display(self, update)"),
        # Which parts of which strips an update draws: `textual_tuning.pieces` takes the same ones.
        (ChopsUpdate.render_segments, "if x > x2 or end <= x1"),
        (ChopsUpdate.render_segments, "strip.crop(0, min(end, x2) - x)"),
        (LayoutUpdate.render_segments, "enumerate(self.strips, self.region.y)"),
        (Strip.render, "console._color_system or ColorSystem.TRUECOLOR"),
        (LinuxDriver.start_application_mode, "1049h"),
        (LinuxDriver.__init__, "self._file = sys.__stderr__"),
        (LinuxDriver.__init__, "self.exit_event = Event()"),
        (LinuxDriver.__init__, "self._must_signal_resume = False"),
        (LinuxDriver.__init__, "signal.signal(signal.SIGTSTP, self._sigtstp_application)"),
        (LinuxDriver.start_application_mode, "WriterThread(self._file)"),
        (LinuxDriver.disable_input, "self.exit_event.set()"),
        (LinuxDriver._enable_mouse_support, "if not self._mouse"),
    ],
)
def test_what_the_source_still_says(function: object, fragment: str) -> None:
    assert fragment in inspect.getsource(function)  # type: ignore[arg-type]


def test_we_still_override_something() -> None:
    for name in (
        "_fatal_error",
        "_print_error_renderables",
        "_set_pointer_shape",
        "panic",
        "get_driver_class",
    ):
        assert getattr(TerminalApp, name) is not getattr(App, name)
    for name in ("run_input_thread", "_get_terminal_size", "_sigtstp_application", "_sigcont_application"):
        assert getattr(TerminalDriver, name) is not getattr(LinuxDriver, name)


def test_only_control_q_has_priority() -> None:
    app = TerminalApp()
    priority = {key for key, binding in app._bindings if binding.priority}
    assert priority == {"ctrl+q"}
    assert all(binding.id for key, binding in app._bindings if isinstance(binding, Binding))


def test_constants() -> None:
    assert 0 < constants.ESCAPE_DELAY < 1
    assert issubclass(Event, object)
    assert cell_len("\x1b") == 0, "controls are measured as nothing: the filter fits texts because of it"


def test_rich_console_is_rebuilt_the_way_textual_builds_it() -> None:
    ours, theirs = TerminalApp().console, App().console  # type: ignore[var-annotated]
    assert isinstance(ours, Console)
    for name in ("is_terminal", "legacy_windows", "soft_wrap", "safe_box", "_emoji", "_highlight", "_markup"):
        assert getattr(ours, name) == getattr(theirs, name), name


async def test_modals_are_opaque_and_commands_are_ours() -> None:
    class Question(ModalScreen[None]):
        pass

    app = TerminalApp()
    async with app.run_test() as pilot:
        modal = Question()
        await app.push_screen(modal)
        await pilot.pause()
        assert modal.styles.background.a == 1
        assert list(app.get_system_commands(app.screen)) == []
        app.action_command_palette()
        await pilot.pause()
        assert app.screen.styles.background.a == 1


async def test_what_the_palette_looks_for_is_a_worker_of_its_own_group() -> None:
    app = TerminalApp()
    async with app.run_test() as pilot:
        await app.action_command_palette()
        await pilot.pause()
        await app.workers.wait_for_complete()
        assert app.screen._GATHER_COMMANDS_GROUP == CommandPalette._GATHER_COMMANDS_GROUP
        assert not is_searching(app)
        app.screen._gather_commands("x")  # type: ignore[attr-defined]
        assert is_searching(app)
        await app.workers.wait_for_complete()
        assert not is_searching(app)


async def test_nothing_is_delivered_or_opened() -> None:
    app = TerminalApp()
    async with app.run_test():
        assert app.deliver_text("/etc/passwd") is None  # type: ignore[func-returns-value]
        assert app.deliver_screenshot() is None  # type: ignore[func-returns-value]
        app.open_url("https://example.com")


async def test_the_driver_is_not_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DRIVER", "no.such:Driver")
    assert TerminalApp().driver_class is TerminalDriver


def test_a_change_waits_for_the_next_of_our_frames() -> None:
    import textual.screen

    import screens.terminal.app  # noqa: F401

    assert pytest.approx(1 / 120) == textual.screen.UPDATE_PERIOD
    assert "UPDATE_PERIOD" in inspect.getsource(textual.screen.Screen._update_timer.fget)  # type: ignore[attr-defined]


async def test_a_screen_starts_with_its_own_style_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = tmp_path / "page.tcss"
    sheet.write_text("#line { height: 7; }")

    class Page(Screen[None]):
        CSS_PATH = str(sheet)

        def compose(self) -> ComposeResult:
            yield Static(id="line")

        def on_screen_resume(self, event: ScreenResume) -> None:
            event.refresh_styles = False  # as our screens do

    app, known = TerminalApp(), []
    register = app._register

    def starts(parent: DOMNode, *widgets: Widget, **places: Any) -> list[Widget]:
        known.extend(app.stylesheet.has_source(str(sheet), "") for widget in widgets if isinstance(widget, Page))
        return register(parent, *widgets, **places)

    monkeypatch.setattr(app, "_register", starts)
    async with app.run_test() as pilot:
        await app.push_screen(Page())
        await pilot.pause()
        # Whatever the version: where tasks are not eager the height alone would prove nothing.
        assert known == [True]
        assert app.screen.query_one("#line").size.height == 7


def test_every_tuning_still_has_something_to_tune() -> None:
    """What `textual_tuning` overrides is there, and Textual still asks for it where it gains or mends something."""
    assert isinstance(inspect.getattr_static(App, "_background_screens"), property)
    assert "self.app._background_screens" in inspect.getsource(Screen._compositor_refresh)
    assert "event.refresh_styles" in inspect.getsource(Screen._on_screen_resume)
    assert ScreenResume().refresh_styles is True
    assert "self._load_screen_css(next_screen)" in inspect.getsource(App.push_screen)
    assert "self._parse_cache" in inspect.getsource(Stylesheet._parse_rules)
    assert "_parse_cache.clear()" in inspect.getsource(Stylesheet.set_variables)
    assert list(inspect.signature(Widget._get_default_css).parameters) == ["self"]
    assert "self.stylesheet.reparse()" in inspect.getsource(App._load_screen_css)
    # Its first argument is called a class and is a widget's cache, which stays for as long as the entry does.
    assert next(iter(inspect.signature(StylesCache.get_inner_outer).parameters)) == "cls"
    assert isinstance(inspect.getattr_static(StylesCache, "get_inner_outer"), functools._lru_cache_wrapper)


def test_nothing_private_is_tuned_that_no_line_above_watches() -> None:
    watched = {
        "_background_screens", "_get_screen", "_set_pointer_shape", "_styled", "_style_once",
        "_parse_cache", "_display", "_difference",
    }  # fmt: skip
    tuned = {
        name
        for kind in (TunedApp, TunedScreen, DeskStylesheet)
        for name in vars(kind)
        if re.fullmatch("_[a-z]+(_[a-z]+)*", name) and not name.startswith("_abc")
    }
    made = {"_merged_bindings", "_css_type_name", "_css_type_names", "_reactives", "_decorated_handlers", "_computes",
            "_inherit_css", "_inherit_bindings", "_inherit_component_classes"}  # fmt: skip
    assert tuned - made <= watched
