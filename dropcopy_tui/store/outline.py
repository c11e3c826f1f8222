"""What is known of a long list without reading it: how many rows begin with what, and so where its rows are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dropcopy_tui.domain.pages import Anchor, PageRequest
from dropcopy_tui.store.counts import BEYOND, ListPart


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a list: its rows from `low` up to `high` (left out), but for the first `skip`; None is an end."""

    low: str | None = None
    high: str | None = None
    skip: int = 0

    def meets(self, other: Span) -> bool:
        """Whether a row can be in both."""
        return (self.low is None or other.high is None or self.low < other.high) and (
            self.high is None or other.low is None or other.low < self.high
        )


EVERYTHING = Span()


def beginning_with(word: str) -> Span:
    """What begins with the word."""
    return Span(word, word + BEYOND)


@dataclass(frozen=True)
class Outline:
    """The parts of a list by its first key, in rising order. `exact`: else a part has at most so many rows."""

    parts: Sequence[ListPart]
    exact: bool = True

    @property
    def total(self) -> int:
        """How many rows there are, at most."""
        return sum(part.rows for part in self.parts)

    def spans(self, ask: PageRequest, down: bool, within: Span = EVERYTHING) -> list[Span]:
        """Where the rows of a page are, in the order in which it is read: what is known to be empty is left out."""
        runs = list(self._runs())
        if ask.anchor is Anchor.AT:
            if not self.exact or ask.match:
                # Only reading says how many rows a part has of those.
                return [Span(runs[0].low, runs[-1].high, ask.at)] if runs else []
            return self._from(ask.at, down, runs)
        if ask.anchor in (Anchor.AFTER, Anchor.BEFORE) and ask.beside:
            here = str(ask.beside[0])
            runs = [run for run in runs if (run.low or "") <= here] if down else [
                run for run in runs if run.high is None or here < run.high
            ]  # fmt: skip
        return [run for run in (reversed(runs) if down else runs) if run.meets(within)]

    def _runs(self) -> Iterator[Span]:
        """Parts that have rows, each with its neighbours that have some."""
        low: str | None = None
        started = False
        for number, part in enumerate(self.parts):
            if part.rows and not started:
                low, started = part.start if number else None, True
            elif not part.rows and started:
                yield Span(low, part.start)
                started = False
        if started:
            yield Span(low, None)

    def _from(self, at: int, down: bool, runs: Sequence[Span]) -> list[Span]:
        """The rows from a number on."""
        ends = [*(part.start for part in self.parts[1:]), None]
        parts = list(zip(self.parts, ends, strict=True)) if self.parts else []
        for part, end in reversed(parts) if down else parts:
            if at < part.rows:
                rest = Span(None, end) if down else Span(part.start, None)
                return [self._cut(run, rest, at if not number else 0) for number, run in self._after(rest, runs, down)]
            at -= part.rows
        return []

    @staticmethod
    def _after(rest: Span, runs: Sequence[Span], down: bool) -> Iterator[tuple[int, Span]]:
        return enumerate(run for run in (reversed(runs) if down else runs) if run.meets(rest))

    @staticmethod
    def _cut(run: Span, rest: Span, skip: int) -> Span:
        low = max(filter(None, (run.low, rest.low)), default=None)
        high = min(filter(None, (run.high, rest.high)), default=None)
        return Span(low, high, skip)
