"""Long work: how far it is, how long it may still take, and the one way to end it early.

Whoever has long work done (a screen, a command) makes a `Work` and enters it with `doing()`. Services and the store
find it with `current()`, so that no verb hands it on: a service says how far it is, the store lets it be cancelled in
the middle of a statement, and makes it final where a transaction commits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from dropcopy_tui.domain.errors import Interrupted

# What is sure to be over soon is not shown: seconds until a bar appears.
SHOWN_AFTER = 0.3
# An estimate needs something to go by: seconds of work, and the part of it that is done.
_LEAST_SECONDS, _LEAST_PART = 1.0, 0.02
# Work whose end is only estimated never claims to be complete.
_NEARLY = 0.98


class Work:
    """One piece of long work. Its own thread tells how far it is; any thread may cancel it.

    `what` is the present step ("Reading the file"), `done` of `total` are its rows or bytes; a total of 0 is unknown.
    `heard` is called in the thread of the work whenever that may have changed.
    """

    def __init__(self, heard: Callable[[], None] | None = None) -> None:
        self.what = ""
        self.done = self.total = self._cost = self._pulses = 0
        self._heard = heard
        # A signal may cancel in the thread that is about to make it final.
        self._lock = threading.RLock()
        self._cancelled = self._final = self._is_late = False
        self._stops: list[Callable[[], None]] = []
        self._depth = 0
        # Whether it is shown how far it is, so that a total is worth a question.
        self.is_watched = heard is not None

    @property
    def part(self) -> float | None:
        """How much of the present step is done, 0 to 1; None where that is not known."""
        return min(1.0, self.done / self.total) if self.total > 0 else None

    def expect(self, what: str, total: int = 0, cost: int = 0) -> None:
        """A step begins. Raises Interrupted.

        Args:
            what: the step, as people read it: "Reading the file".
            total: its rows or bytes; 0 where they are not known.
            cost: about how many steps of the database a row takes, where one statement does them all.
        """
        self.what, self.done, self.total, self._cost, self._pulses = what, 0, total, cost, 0
        self.hear()

    def tell(self, done: int) -> None:
        """So much of the step is done. Raises Interrupted."""
        self.done = done
        self.hear()

    def pulse(self, steps: int) -> None:
        """The database has done so many steps more, in the middle of a statement. Raises Interrupted."""
        if self._cost:
            self._pulses += steps
            self.done = min(self._pulses // self._cost, int(self.total * _NEARLY))
        self.hear()

    def hear(self) -> None:
        """Continue, unless the work was cancelled. Raises Interrupted."""
        if self._heard is not None:
            self._heard()
        if self._cancelled:
            raise Interrupted

    def cancel(self) -> bool:
        """End the work; False where it is too late, because its transaction is being committed or was."""
        with self._lock:
            if self._final:
                self._is_late = True
                return False
            self._cancelled = True
            stops = tuple(self._stops)
        for stop in stops:
            stop()
        return True

    @property
    def is_cancelled(self) -> bool:
        """Whether the work was ended in time."""
        return self._cancelled

    def finish(self) -> None:
        """What was done is about to be kept: from here on nothing cancels it. Raises Interrupted."""
        with self._lock:
            if self._cancelled:
                raise Interrupted
            self._final = True

    def begin(self) -> None:
        """Another transaction begins, which can be cancelled again; those before it stay. Raises Interrupted."""
        with self._lock:
            if self._is_late:
                raise Interrupted
            self._final = False

    @contextmanager
    def stoppable(self, stop: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `cancel` calls `stop` as well: in the thread of whoever cancels."""
        with self._lock:
            self._stops.append(stop)
        try:
            yield
        finally:
            with self._lock:
                self._stops.remove(stop)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """While the block runs, a transaction is open: the work ends itself at a place where nothing is half done."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    @property
    def is_inside(self) -> bool:
        """Whether a transaction is open."""
        return self._depth > 0

    @contextmanager
    def doing(self) -> Iterator[Work]:
        """The work that `current` gives while the block runs, in this thread and in those that it hands jobs to."""
        token = _CURRENT.set(self)
        try:
            yield self
        finally:
            _CURRENT.reset(token)


_CURRENT: ContextVar[Work | None] = ContextVar("work", default=None)


def current() -> Work | None:
    """The long work that this is a part of, if any."""
    return _CURRENT.get()


def step(what: str, total: int = 0, cost: int = 0) -> Work:
    """Begin a step of the present work, or of one that is not watched. Raises Interrupted."""
    work = current() or Work()
    work.expect(what, total, cost)
    return work


def part(what: str, total: int, cost: int) -> None:
    """Begin a step of the present work, if there is any, under its own name where it has one. Raises Interrupted."""
    work = current()
    if work is not None:
        work.expect(work.what or what, total, cost)


class Estimate:
    """How long the rest of a step takes, by the time that its first part took."""

    def __init__(self) -> None:
        self._what = ""
        self._since = 0.0

    def left(self, work: Work, now: float) -> float | None:
        """Seconds that are left of the present step; None while too little is done to say.

        Args:
            work: what is being done.
            now: seconds of a clock that never goes back.
        """
        if work.what != self._what:
            self._what, self._since = work.what, now
        part, taken = work.part, now - self._since
        if part is None or part < _LEAST_PART or taken < _LEAST_SECONDS:
            return None
        return taken * (1 - part) / part


def left_words(seconds: float | None) -> str:
    """Such as `about 12 s left` and `about 3 min left`; "" for None."""
    if seconds is None:
        return ""
    return f"about {max(1, round(seconds))} s left" if seconds < 100 else f"about {round(seconds / 60)} min left"
