"""What the application sends: a slow line is what people at a remote desk wait for."""

from __future__ import annotations

import shutil
import statistics

from tests.bench.measures import Samples, open_list
from tests.bench.place import Place
from tests.bench.program import Program

_FILLED = "Expiring key pairs"
# Longer than what comes late, such as the number of rows.
_QUIET = 0.4


def sent(place: Place, samples: Samples, _ours_first: bool) -> None:
    """The first screen, a dialog, a list that opens, and moves on it."""
    with place.demo() as program:
        program.shows(_FILLED)
        program.settle(_QUIET)
        samples.add("first bytes", program.written)
        samples.add("dialog bytes", _because_of(program, "?", "Keys on this screen"))
        program.press("\x1b")
        program.shows(_FILLED)
        program.settle(_QUIET)
        # The list of drop copy groups.
        samples.add("list bytes", _because_of(program, "enter", "US-ACTIVES"))
    # A copy: whoever leaves a draft as it was leaves none.
    store = place.folder / "bytes" / "store.db"
    shutil.copytree(place.big.parent, store.parent)
    try:
        with place.desk(store) as program:
            open_list(program)
            for name, key in (("row bytes", "down"), ("page bytes", "pagedown")):
                samples.add(name, statistics.median(_because_of(program, key) for _ in range(5)))
    finally:
        shutil.rmtree(store.parent)


def _because_of(program: Program, key: str, shows: str = "") -> int:
    before = program.written
    program.press(key)
    program.shows(shows)
    program.settle(_QUIET)
    return program.written - before
