"""`python -m tests.bench`: measure, and print the table of figures."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.bench import (
    measures,
    measures_bytes,
    measures_calendar,
    measures_flow,
    measures_keys,
    measures_million,
    measures_requests,
    measures_seats,
    measures_server,
)
from tests.bench.figures import document, drawn, figures
from tests.bench.measures import Samples
from tests.bench.place import ROOT, Place

PAIRS, QUICK_PAIRS = 7, 3
ROUNDS: dict[str, measures.Round] = {
    "start": measures.start,
    "version": measures.version,
    "table": measures.table,
    "wizard": measures.wizard,
    "route": measures.route,
    "logons": measures.logons,
    "requests": measures_requests.requests,
    "approvals": measures_requests.approvals,
    "edit": measures_requests.edit,
    "files": measures_flow.files,
    "bytes": measures_bytes.sent,
    "calendar": measures_calendar.calendar,
    "pending": measures_calendar.pending,
    "generate": measures_keys.generate,
    "notices": measures_keys.notices,
}


def main() -> int:
    """Run the rounds; 0 whatever the figures are: they are figures, not tests."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PAIRS} pairs instead of {PAIRS}")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures and every sample there too")
    asked = parser.parse_args()
    pairs = QUICK_PAIRS if asked.quick else PAIRS
    # Children inherit it: os.posix_spawn has no folder of its own.
    target = asked.json.absolute() if asked.json else None
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="dropcopy-bench-") as folder:
        samples = _measured(Place(Path(folder)), pairs)
    rows = figures(samples)
    print(f"{pairs} alternating pairs, medians; 80x24, 256 colours, synchronized output; {_machine()}\n")
    print(*drawn(rows), sep="\n")
    if target:
        target.write_text(json.dumps(document(rows, samples), indent=2) + "\n")
    return 0


def _measured(place: Place, pairs: int) -> Samples:
    _tell("making two stores ...")
    place.make()
    _tell("warming up ...")
    samples, cold = Samples(), Samples()
    for measure in ROUNDS.values():
        measure(place, cold, True)
    for number in range(pairs):
        _tell(f"pair {number + 1} of {pairs} ...")
        for measure in ROUNDS.values():
            measure(place, samples, number % 2 == 0)
    _tell("idling ...")
    measures.idle(place, samples)
    _tell("twenty seats ...")
    measures_seats.seats(place, samples)
    _tell("a million SenderComps ...")
    measures_million.million(place, samples)
    _tell("a PostgreSQL server ...")
    measures_server.server(samples)
    return samples


def _machine() -> str:
    load = os.getloadavg()[0]
    return f"Python {platform.python_version()}, {os.cpu_count()} processors, load {load:.1f}"


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
