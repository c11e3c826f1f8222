"""Opens the application. Light on purpose: every import here delays the first paint."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from dropcopy_tui.cli.output import say
from dropcopy_tui.domain.errors import DeskError

if TYPE_CHECKING:
    from dropcopy_tui.cli.call import Call
    from dropcopy_tui.config import Config
    from dropcopy_tui.walkthroughs.steps import Walkthrough

# Lines of the terminal that a walkthrough takes for its panel.
PANEL_LINES = 4


class NoTerminal(DeskError):
    """The application needs a terminal, and none is usable."""

    code = "no_terminal"
    exit_code = 2


def open_application(call: Call) -> int:
    """Open the application on the existing store. Raises NoTerminal, StoreMissing and the other store errors."""
    from dropcopy_tui.cli.call import takes_time
    from dropcopy_tui.store.location import check_store, store_facts

    config = call.config()
    check_store(config.paths.store)
    if config.foreign:  # the first screen is painted before the desk would refuse it
        config.require_own_rules(sandbox=store_facts(config.paths.store)["sandbox"] == "yes")
    check_terminal()
    # Before the screen is there: a large store takes its time, and a terminal shows how much.
    if takes_time(config.paths.store):
        with call.desk(config):
            pass
    return run_application(call, config, demo=False, user=call.as_user)


def check_terminal(taken: int = 0) -> None:
    """Raise NoTerminal, with the reason, where no screen can be drawn. `taken`: lines that it does not get."""
    from screens.terminal.guard import refuse_reason, terminal_size

    columns, lines = terminal_size(2)
    why = refuse_reason(sys.stdin, sys.stderr, os.environ, (columns, lines), taken)
    if why:
        raise NoTerminal(why)


def run_application(call: Call, config: Config, *, demo: bool, user: str | None) -> int:
    """Run the application and return its exit code."""
    from screens.terminal.guard import prepare, quick_start

    if call.no_color:
        os.environ["NO_COLOR"] = "1"
    # Both come before Textual is imported, because it reads its environment variables at import time.
    prepare(os.environ)
    quick_start()
    from screens.app import run

    return run(call.dressed(config), demo=demo, user=user, play=partial(_play, call))


def check_keys(config: Config) -> None:
    """Raise ConfigInvalid for keys that no terminal sends, that nothing has, or that two things have."""
    from screens.keymap import checked_keys

    checked_keys(config.looks.keys, config.paths.config)


def _play(call: Call, name: str, mode: str) -> int:
    """A walkthrough that was chosen in the application."""
    from dropcopy_tui.walkthroughs.library import walkthrough_named

    return perform_walkthrough(call, walkthrough_named(name), mode, 1.0)


def perform_walkthrough(call: Call, walkthrough: Walkthrough, mode: str, speed: float) -> int:
    """Play a walkthrough on this terminal; the exit code. Raises NoTerminal, WalkthroughFailed, StoreUnusable."""
    check_terminal(PANEL_LINES)
    from screens.terminal.guard import prepare, quick_start

    if call.no_color:
        os.environ["NO_COLOR"] = "1"
    # Both come before Textual is imported, because it reads its environment variables at import time.
    found = prepare(os.environ)
    say("Preparing a sandbox ...")
    quick_start()
    from screens.dress import dressed
    from screens.keymap import checked_keys
    from screens.walkthroughs.coach import Mode
    from screens.walkthroughs.theatre import perform

    config = call.dressed(call.config())
    facts = dressed(found, config.looks, config.paths.choices)
    keys = checked_keys(config.looks.keys, config.paths.config)
    return perform(walkthrough, facts, Mode(mode), speed, keys, config.paths.choices)


def walkthrough_export(walkthrough: Walkthrough, form: str) -> list[tuple[str, str]]:
    """A walkthrough as `md`, `txt`, `svg` or `cast`: names and texts. Raises WalkthroughFailed, StoreUnusable."""
    from screens.terminal.guard import prepare

    prepare(os.environ)
    from screens.walkthroughs.export import exported

    return exported(walkthrough, form)
