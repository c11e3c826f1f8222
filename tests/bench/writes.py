"""`python -m tests.bench.writes FOLDER`: what a write costs when 20 processes write to one store at the same time.

Each operation is a saved draft (draft, version, audit event), through the service. First at 20 operations a second in
all, as a busy desk has them, then without a pause. Times are from the call to the commit, with the wait at the gate.
With `--server`, a PostgreSQL server on the same disk does the same, and forces each commit to the disk as well.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from dropcopy_tui.domain.errors import StoreBusy
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.places import Place
from dropcopy_tui.services.groups.drafts import DraftFields, Drafts
from dropcopy_tui.services.sample.fill import fill
from dropcopy_tui.store.chain import begin
from dropcopy_tui.store.engine import create_store
from tests.patience import PATIENCE, patiently
from tests.server import DURABLE, Server
from tests.services.factories import open_resources, rows

PROCESSES = 20
PACED_A_SECOND = 20
_FORKED = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Result:
    """Sorted seconds of each operation, how many were refused as busy, and the seconds of the whole."""

    times: list[float]
    busy: int
    lasted: float

    def line(self, name: str) -> str:
        """As a row of a table."""
        p50, p99 = (self.times[int(len(self.times) * part)] * 1_000 for part in (0.5, 0.99))
        rate = len(self.times) / self.lasted
        figures = f"{len(self.times):>6}  {rate:>7.1f}/s  p50 {p50:>7.1f} ms  p99 {p99:>8.1f} ms"
        return f"{name:<28}{figures}  max {self.times[-1] * 1_000:>8.1f} ms  busy {self.busy}"


def main() -> int:
    """Measure both ways; 1 where an operation was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.writes", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the store is made: the disk that is measured")
    parser.add_argument("--each", type=int, default=50, help="operations of each process")
    parser.add_argument("--server", action="store_true", help="a PostgreSQL server, beside the file")
    asked = parser.parse_args()
    asked.folder.mkdir(mode=0o711, exist_ok=True)
    whole = _both_ways("a file", asked.folder / "writes.db", asked.each)
    if asked.server:
        server = Server(DURABLE, within=asked.folder)
        try:
            whole = _both_ways("a server", server.place(), asked.each) and whole
        finally:
            server.stop()
    return 0 if whole else 1


def _both_ways(what: str, store: Place, each: int) -> bool:
    """A row of the table for each pace; whether no operation was lost."""
    create_store(store)
    resources = open_resources(store)
    with resources.store.write() as session:
        begin(session, resources.vault, resources.clock.now())
    fill(resources)
    person = rows(resources, "SELECT id, user_id, name FROM person WHERE user_id = 'acme-operator'")[0]
    actor = Actor(*person, "bench")
    resources.store.close()
    whole = True
    for name, pause in (
        (f"{what}, {PACED_A_SECOND} a second", PROCESSES / PACED_A_SECOND),
        (f"{what}, without a pause", 0.0),
    ):
        result = write_together(store, actor, each, pause)
        sys.stdout.write(result.line(name) + "\n")
        sys.stdout.flush()
        whole = whole and len(result.times) + result.busy == PROCESSES * each
    return whole


def write_together(store: Place, actor: Actor, each: int, pause: float) -> Result:
    """So many operations of each process, one every `pause` seconds."""
    start = _FORKED.Barrier(PROCESSES + 1)
    queue = _FORKED.Queue()
    workers = [
        _FORKED.Process(target=_write, args=(store, actor, each, pause, number / PROCESSES * pause, start, queue))
        for number in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    start.wait(PATIENCE)
    began = time.monotonic()
    found = [queue.get() for _ in workers]
    lasted = time.monotonic() - began
    for worker in workers:
        worker.join()
    return Result(sorted(one for times, _ in found for one in times), sum(busy for _, busy in found), lasted)


def _write(store: Place, actor: Actor, each: int, pause: float, shift: float, start, queue) -> None:  # type: ignore[no-untyped-def]
    drafts = Drafts(open_resources(store))
    view = patiently(lambda: drafts.start(actor, "brokertec_us", "ACME"))
    times, busy = [], 0
    start.wait(PATIENCE)
    due = time.monotonic() + shift
    for number in range(each):
        time.sleep(max(0.0, due - time.monotonic()))
        due = time.monotonic() + pause if not pause else due + pause
        begun = time.perf_counter()
        try:
            view = drafts.save(actor, view.id, view.version, DraftFields("ACME", f"NAME-{number}"))
        except StoreBusy:
            busy += 1
        else:
            times.append(time.perf_counter() - begun)
    queue.put((times, busy))


if __name__ == "__main__":
    sys.exit(main())
