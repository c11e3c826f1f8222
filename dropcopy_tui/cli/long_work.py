"""Long work of a command: a bar on a terminal, and one line where a signal ends it."""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from dropcopy_tui.domain.errors import Interrupted
from dropcopy_tui.domain.work import SHOWN_AFTER, Estimate, Work, left_words

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CELLS = 30
# Seconds between two drawings.
_REDRAWN = 0.2


@contextmanager
def long_work(nothing: str, what: str = "", *, rows_to_stdout: bool = False) -> Iterator[Work]:
    """Show how far the work of the block is; Ctrl-C and a signal to end cancel it as long as nothing is final.

    Args:
        nothing: what is true after it was cancelled: "Nothing was imported."
        what: what is being done, where the work itself does not say it.
        rows_to_stdout: the block writes its rows to standard output.

    Raises:
        Interrupted: the work was cancelled.
    """
    bar = _Bar(shown=_may_show(rows_to_stdout))
    work = Work(bar.heard)
    bar.work = work
    work.is_watched = bar.is_shown
    code: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        code.append(128 + number)
        # In a transaction the work ends itself, at a place where nothing is half done.
        if work.cancel() and not work.is_inside:
            raise Interrupted

    before = {}
    with suppress(ValueError):  # only the main thread may set a handler
        for number in _ENDS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, end)
    try:
        with work.doing():
            work.expect(what)
            yield work
    except Interrupted as interrupted:
        bar.clear()
        error = Interrupted(f"Interrupted. {nothing}")
        error.exit_code = code[0] if code else interrupted.exit_code
        raise error from None
    finally:
        bar.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def _may_show(rows_to_stdout: bool) -> bool:
    """Whether standard error is a terminal on which nothing else appears meanwhile."""
    if sys.stderr is None or sys.stdout is None or not sys.stderr.isatty():
        return False
    if sys.stdout.isatty():
        return not rows_to_stdout
    with suppress(OSError, ValueError):
        # What reads a pipe may draw on the same terminal.
        return not stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    return False


class _Bar:
    """One line of the terminal that is drawn again and again."""

    def __init__(self, *, shown: bool) -> None:
        self.work: Work | None = None
        self.is_shown = shown
        self._since = self._drawn_at = time.monotonic()
        self._width = 0
        self._estimate = Estimate()

    def heard(self) -> None:
        """The work says how far it is."""
        if not self.is_shown or self.work is None:
            return
        if not self.work.what:
            self.clear()
            return
        now = time.monotonic()
        if now - self._since < SHOWN_AFTER or now - self._drawn_at < _REDRAWN:
            return
        self._drawn_at = now
        left = left_words(self._estimate.left(self.work, now))
        self._write("  ".join(word for word in (self.work.what, _drawn(self.work.part), left) if word))

    def clear(self) -> None:
        """Take the line away."""
        if self._width:
            self._write("")
            self._put("\r")

    def _write(self, text: str) -> None:
        # Late: most commands are over before they have anything to say of how far they are.
        import shutil

        # No longer than the terminal is wide: a line that wraps cannot be drawn again.
        text = text[: shutil.get_terminal_size().columns - 1]
        self._put("\r" + text.ljust(self._width))
        self._width = len(text)

    def _put(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _drawn(part: float | None) -> str:
    if part is None:
        return "..."
    full = int(_CELLS * part)
    return f"{'#' * full}{'.' * (_CELLS - full)}  {100 * part:3.0f}%"
