"""What the terminal can do, found out before Textual is imported (standard library only)."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO, Any, Literal

Glyphs = Literal["unicode", "ascii"]
Tier = Literal["truecolor", "256", "16", "mono"]

MIN_COLUMNS, MIN_LINES = 60, 18
MAX_COLUMNS, MAX_LINES = 500, 200
FALLBACK_SIZE = (80, 24)
WITHOUT_SCREEN = "use a command instead, for example `dropcopy groups list`; see `dropcopy --help`"

_SIXTEEN = ("xterm", "screen", "linux", "tmux", "rxvt", "ansi", "cygwin", "putty")
# They set COLORTERM, which SSH does not forward.
_MODERN = ("kitty", "ghostty", "alacritty", "wezterm", "foot", "contour")
# The entries of terminfo that have `bce`; kitty and ghostty are called xterm-.
_ERASING = ("xterm", "linux", "rxvt", "putty", "konsole", "vte", "alacritty", "foot", "wezterm")
# These import modules, press keys, take pictures or write every key to a file.
_DANGEROUS = ("TEXTUAL", "PYTHONINSPECT")


@dataclass(frozen=True)
class TerminalFacts:
    """What was found out about the terminal, and what its person has chosen for it.

    `theme` is the name of a theme, "" for the one of the tier; `own_theme` is that of a theme file; `configured` is
    what the configuration names.
    """

    glyphs: Glyphs = "unicode"
    tier: Tier = "truecolor"
    mouse: bool = True
    over_ssh: bool = False
    theme: str = ""
    own_theme: Any = None
    configured: str = ""


def terminal_size(fd: int, environ: MutableMapping[str, str] | None = None) -> tuple[int, int]:
    """Columns and lines of a terminal, never larger than what is worth drawing.

    The terminal is asked first: COLUMNS and LINES are what some shell knew before the window changed.
    """
    env = os.environ if environ is None else environ
    try:
        columns, lines = os.get_terminal_size(fd)
    except OSError:
        columns, lines = 0, 0
    columns = columns or _positive(env.get("COLUMNS")) or FALLBACK_SIZE[0]
    lines = lines or _positive(env.get("LINES")) or FALLBACK_SIZE[1]
    return clamp(columns, lines)


def clamp(columns: int, lines: int) -> tuple[int, int]:
    """A size that can be drawn: a window of 65535x65535 would take gigabytes."""
    return max(1, min(columns, MAX_COLUMNS)), max(1, min(lines, MAX_LINES))


def refuse_reason(
    stdin: IO[str] | None,
    stderr: IO[str] | None,
    environ: MutableMapping[str, str],
    size: tuple[int, int],
    taken: int = 0,
) -> str | None:
    """Why no screen can be opened here, as one line; None when one can. `taken` lines of it are not the screens'."""
    missing = _missing_terminal(stdin, stderr)
    if missing and _is_over_ssh(environ):
        # Unless ssh is told, a command that is asked for has no terminal there, and one in a pipe has none at all.
        missing = f"{missing} (ssh -t gives it one)"
    if why := missing or _dumb_terminal(environ):
        return f"{why}: {WITHOUT_SCREEN}"
    if why := _small_window(size, taken):
        return f"{why}. Make it larger" + ("" if taken else f", or {WITHOUT_SCREEN}")
    return None


def _is_over_ssh(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))


def prepare(environ: MutableMapping[str, str]) -> TerminalFacts:
    """Make the environment safe for Textual and say what the terminal can show.

    Call it before Textual is imported: Textual reads its variables at import.
    """
    _drop_dangerous(environ)
    unicode_locale = _speaks_utf8(environ)
    if not unicode_locale:
        _write_utf8(sys.__stderr__)
    over_ssh = _is_over_ssh(environ)
    console = environ.get("TERM", "") == "linux"
    return TerminalFacts(
        glyphs="unicode" if unicode_locale and not console else "ascii",
        tier=colour_tier(environ),
        mouse=not over_ssh,
        over_ssh=over_ssh,
    )


def colour_tier(environ: MutableMapping[str, str]) -> Tier:
    """How many colours the terminal shows, from what it says of itself."""
    term = environ.get("TERM", "").lower()
    # https://no-color.org: present and not empty, whatever its value.
    if environ.get("NO_COLOR"):
        return "mono"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return "truecolor"
    if "256color" in term or any(name in term for name in _MODERN):
        return "256"
    return "16" if "color" in term or term.startswith(_SIXTEEN) else "mono"


def erases_colour(environ: Mapping[str, str]) -> bool:
    """Whether erasing leaves the present background, as `bce` in terminfo says; else it leaves the terminal's own.

    GNU screen does not do it, whatever the terminal is called that it runs in.
    """
    return environ.get("TERM", "").startswith(_ERASING) and not environ.get("STY")


def quick_start() -> None:
    """Hold the garbage collector back until the first frame is on the screen.

    Imports make a hundred thousand objects that live indefinitely; `TerminalApp` turns it on again.
    """
    gc.disable()


def finish_quick_start() -> None:
    """Give the collector back, without what was imported: it lives as long as we do."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _missing_terminal(stdin: IO[str] | None, stderr: IO[str] | None) -> str | None:
    # Textual reads fd 0 and draws on stderr; stdout may well be a pipe.
    if stdin is None or not stdin.isatty():
        return "The application reads keys from a terminal, but standard input is not a terminal"
    if stderr is None or not stderr.isatty():
        return "The application is drawn on standard error, which is not a terminal"
    return None


def _dumb_terminal(environ: MutableMapping[str, str]) -> str | None:
    term = environ.get("TERM", "").strip()
    if term in ("", "dumb", "unknown"):
        return f"This terminal does not support cursor positioning (TERM is {term or 'empty'})"
    return None


def _small_window(size: tuple[int, int], taken: int) -> str | None:
    columns, lines = size
    least = MIN_LINES + taken
    if columns < MIN_COLUMNS or lines < least:
        what = "a walkthrough" if taken else "the application"
        return f"The window is {columns}x{lines}; {what} needs at least {MIN_COLUMNS}x{least}"
    return None


def _drop_dangerous(environ: MutableMapping[str, str]) -> None:
    for name in [name for name in environ if name.startswith(_DANGEROUS)]:
        del environ[name]


def _speaks_utf8(environ: MutableMapping[str, str]) -> bool:
    """Whether the locale is UTF-8: the first of these variables that is set decides (POSIX)."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if locale := environ.get(name):
            return locale.lower().replace("-", "").partition("@")[0].endswith("utf8")
    return False


def _write_utf8(stream: IO[str] | None) -> None:
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="replace")


def _positive(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
