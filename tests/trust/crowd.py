"""Twenty processes write to one store: nothing is lost, nobody is told that it is locked, and how long it took."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import BrokenBarrierError
from unittest.mock import patch

from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.sample.fill import fill
from dropcopy_tui.store import engine_sqlite
from dropcopy_tui.store.gate import Gate
from tests.bench.writes import PACED_A_SECOND, PROCESSES, Result, write_together
from tests.services.factories import make_resources, one, open_resources, rows
from tests.trust.rows import Control, Row, Share, Tally

# What a busy desk does in a minute.
_PACED = 1_000
_P99 = 0.99
_SAVED = "SELECT count(*) FROM audit_event WHERE action = 'draft:saved'"


def attempt(share: Share) -> Tally:
    """So many operations without a pause, and up to a thousand at the pace of a busy desk, on the disk itself."""
    tally = Tally()
    folder = Path(tempfile.mkdtemp(prefix="trust-crowd-", dir="/var/tmp"))
    try:
        resources = make_resources(folder / "store.db")
        fill(resources)
        person = rows(resources, "SELECT id, user_id, name FROM person WHERE user_id = 'acme-operator'")[0]
        resources.store.close()
        actor = Actor(*person, "trust")
        paced = min(_PACED, share.trials // 2)
        for name, number, pause in (
            ("p99 ms without a pause", share.trials - paced, 0.0),
            (f"p99 ms at {PACED_A_SECOND} a second", paced, PROCESSES / PACED_A_SECOND),
        ):
            before = _saved(folder)
            result = write_together(folder / "store.db", actor, number // PROCESSES, pause)
            tally.figures[name] = (
                float(round(result.times[int(len(result.times) * _P99)] * 1_000)) if result.times else 0.0
            )
            _judge(tally, result, _saved(folder) - before)
        _verify(folder, tally)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tally


def _judge(tally: Tally, result: Result, saved: int) -> None:
    for _ in range(result.busy):
        tally.tried("an operation was refused: the store was busy")
    for number in range(len(result.times)):
        tally.tried("" if number < saved else "an operation that was acknowledged is not in the store")
    if saved > len(result.times):
        tally.tried(f"{saved - len(result.times)} operations are in the store that were not acknowledged")


def _saved(folder: Path) -> int:
    resources = open_resources(folder / "store.db")
    try:
        return int(one(resources, _SAVED))
    finally:
        resources.store.close()


def _verify(folder: Path, tally: Tally) -> None:
    resources = open_resources(folder / "store.db")
    auditor = rows(resources, "SELECT id, user_id, name FROM person WHERE user_id = 'auditor'")[0]
    if not Audit(resources).verify(Actor(*auditor, "trust")).valid:
        tally.tried("the audit trail does not verify")
    resources.store.close()


def _open_gate(*_: object) -> AbstractContextManager[None]:
    return nullcontext()


@contextmanager
def _no_queue() -> Iterator[None]:
    impatient = tuple(pragma.replace("busy_timeout=10000", "busy_timeout=0") for pragma in engine_sqlite._PRAGMAS)
    with patch.object(Gate, "through", _open_gate), patch.object(engine_sqlite, "_PRAGMAS", impatient):
        yield


def without_the_gate(share: Share) -> Tally:
    """The same, where writers do not queue."""
    with _no_queue():
        try:
            return attempt(share)
        except BrokenBarrierError:
            # The others wait in vain for one whose first look at the store was refused.
            tally = Tally()
            tally.tried("a process could not even open the store")
            return tally


CROWD = Row(
    "crowd",
    "20 processes that write to one store lose nothing that was acknowledged, and none is told that it is "
    "busy or locked",
    21_000,
    80,
    attempt,
    Control("writers do not queue at the gate, nor wait in SQLite", 200, without_the_gate),
    alone=True,
)
