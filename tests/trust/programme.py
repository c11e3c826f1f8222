"""Runs rows: the one path from a row to its line."""

from __future__ import annotations

import shutil
import tempfile
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.trust.places import memory
from tests.trust.rows import Row, Share, Tally, summed
from tests.trust.table import ROWS


@dataclass(frozen=True, slots=True)
class Line:
    """What a row came to, as its line of JSON says it."""

    row: Row
    tally: Tally
    control: Tally
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether nothing failed, though it could have: the control did."""
        return self.tally.failed == 0 and self.tally.trials > 0 and self.control.failed > 0

    def document(self) -> dict[str, Any]:
        """The line."""
        return {
            "test": self.row.name,
            "promise": self.row.promise,
            "target": self.row.target,
            "trials": self.tally.trials,
            "failures": self.tally.failed,
            "seconds": round(self.seconds, 1),
            "control": {
                "without": self.row.control.without, "trials": self.control.trials, "failures": self.control.failed,
            },
            "figures": self.tally.figures,
            "skipped": self.tally.skipped,
            "told": self.tally.told,
            "date": datetime.now(UTC).date().isoformat(),
        }  # fmt: skip


def run(row: Row, trials: int, *, processes: int = 0, folder: Path | None = None) -> Line:
    """Try a row so often, then its control; in this process without `processes`."""
    began = perf_counter()
    place = Path(tempfile.mkdtemp(prefix=f"trust-{row.name}-", dir=folder or memory()))
    place.chmod(0o700)
    try:
        tally = _spread(row, trials, 1 if row.alone else processes, place)
        seconds = perf_counter() - began
        control = _in_process(row, row.control.trials, place / "control", processes, controlled)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return Line(row, tally, control, seconds)


def attempted(name: str, share: Share) -> Tally:
    """A share of a row's trials. What ends it early is a failure of the promise, and of nothing else here."""
    try:
        return ROWS[name].attempt(share)
    except Exception:
        tally = Tally()
        tally.tried(traceback.format_exc()[-1_000:])
        return tally


def controlled(name: str, share: Share) -> Tally:
    """A share of a row's control."""
    try:
        return ROWS[name].control.attempt(share)
    except Exception:
        # A traceback as text: not every error can be sent from one process to another.
        raise RuntimeError(traceback.format_exc()) from None


def _spread(row: Row, trials: int, processes: int, folder: Path) -> Tally:
    """The trials on so many processes."""
    if processes < 2:
        return _in_process(row, trials, folder / "0", processes, attempted)
    shares = [
        _share(trials // processes + (number < trials % processes), number, folder / str(number), processes)
        for number in range(processes)
    ]
    with _pool(processes) as pool:
        return summed(pool.map(attempted, [row.name] * processes, shares))


def _in_process(
    row: Row, trials: int, folder: Path, processes: int, what: Callable[[str, Share], Tally]
) -> Tally:  # fmt: skip
    """All of it in one process, which is another one where processes may be started: controls change modules."""
    share = _share(trials, 0, folder)
    if not processes:
        return what(row.name, share)
    with _pool(1) as pool:
        return pool.submit(what, row.name, share).result()


def _share(trials: int, number: int, folder: Path, of: int = 1) -> Share:
    folder.mkdir(mode=0o700)
    return Share(trials, 20_260_304 + number, folder, number, of)


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
