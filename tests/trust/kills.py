"""kill -9 at random moments of eleven operations: nothing is torn, nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from random import Random
from unittest.mock import patch

from dropcopy_tui.store import engine_sqlite
from tests.trust.rows import Control, Row, Share, Tally
from tests.trust.scenes import Ledger, Without, scenes

# A kill comes at any moment of an operation's usual time, and somewhat later.
_LATEST = 1.2


def attempt(share: Share, without: Without = nullcontext) -> Tally:
    """Each operation in turn, killed at a moment of its own."""
    tally, chance, ledger, killed = Tally(), Random(share.seed), Ledger(), 0
    stages = scenes()
    for number in range(share.trials):
        scene = stages[number % len(stages)]
        scene.put_back()
        begun = scene.begin(ledger, without=without)
        begun.go()
        time.sleep(chance.uniform(0, scene.length * _LATEST))
        os.kill(begun.pid, signal.SIGKILL)
        killed += os.WIFSIGNALED(begun.ended())
        tally.tried(scene.fault(ledger.acknowledged))
    tally.figures["before the end of the operation"] = killed
    return tally


@contextmanager
def every_statement_by_itself() -> Iterator[None]:
    """No transaction is begun, so that the driver commits each statement."""
    with patch.object(engine_sqlite, "_on_begin", lambda _connection: None):
        yield


def without_transactions(share: Share) -> Tally:
    """The same, where each statement is its own transaction."""
    return attempt(share, every_statement_by_itself)


KILLS = Row(
    "kills",
    "a process that is killed at any moment of eleven operations leaves each change whole or not there; what was "
    "acknowledged is there, the audit trail verifies, and no secret is in a file without its record",
    5_000,
    22,
    attempt,
    Control("no transaction is begun", 33, without_transactions),
)
