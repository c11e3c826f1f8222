"""What the programme is made of: a row promises something, tries it, and has a control that must fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

# So many failures are told in words; all are counted.
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Share:
    """What one process does of a row: so many trials, in a folder of its own, by choices of its own.

    It is `number` (from 0) of `of` processes, for rows that go through a list.
    """

    trials: int
    seed: int
    folder: Path
    number: int = 0
    of: int = 1


@dataclass(slots=True)
class Tally:
    """What came of it.

    Attributes:
        failed: how many trials broke the promise.
        told: the first of them, in words.
        figures: numbers that belong to the row, such as milliseconds.
        skipped: trials that this machine cannot make, by the reason.
    """

    trials: int = 0
    failed: int = 0
    told: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)

    def tried(self, fault: str = "") -> None:
        """One more trial; `fault` says how it broke the promise."""
        self.trials += 1
        if fault:
            self.failed += 1
            self.told = [*self.told, fault[-300:]][:_TOLD]

    def skip(self, why: str, number: int = 1) -> None:
        """Trials that were not made."""
        self.skipped[why] = self.skipped.get(why, 0) + number

    def add(self, other: Tally) -> None:
        """Take in what another process did: counts are added, of anything that is measured the worst stays."""
        self.trials += other.trials
        self.failed += other.failed
        self.told = [*self.told, *other.told][:_TOLD]
        for name, value in other.figures.items():
            known = self.figures.get(name, value)
            self.figures[name] = self.figures.get(name, 0) + value if isinstance(value, int) else max(value, known)
        for why, number in other.skipped.items():
            self.skip(why, number)


Trial = Callable[[Share], Tally]


@dataclass(frozen=True, slots=True)
class Control:
    """The same trials with a protection taken out, or with a fault planted: some of them must fail."""

    without: str
    trials: int
    attempt: Trial


@dataclass(frozen=True, slots=True)
class Row:
    """One promise.

    Attributes:
        target: how many trials the whole programme makes.
        quick: how many the quick tier makes.
        alone: whether all trials are one process's, because it starts its own.
    """

    name: str
    promise: str
    target: int
    quick: int
    attempt: Trial
    control: Control
    alone: bool = False


def summed(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole
