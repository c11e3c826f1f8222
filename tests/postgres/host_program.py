"""`python -m tests.postgres.host_program CONFIG WORKERS EACH PAUSE FIRST`: the work of one host.

Each worker is a process with a desk of its own. In turn it saves its draft, and counts a number up that all of them
share. At its end it writes down what the desk told it of each change, and what it found after a loss.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from sqlalchemy import text

from dropcopy_tui.config import load
from dropcopy_tui.desk import Desk, open_desk
from dropcopy_tui.domain.errors import StoreBusy
from dropcopy_tui.services.groups.drafts import DraftFields
from tests.patience import PATIENCE, patiently

_UNKNOWN = "it is not known whether it was"


@dataclass
class Ledger:
    """What a worker knows: what was acknowledged, what was refused, and what it had to look for."""

    times: list[float] = field(default_factory=list)
    saved: int = 0
    counted: int = 0
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


class Worker:
    """One desk, its draft, and its ledger."""

    def __init__(self, desk: Desk, number: int) -> None:
        self._desk, self._number, self.ledger = desk, number, Ledger()
        self._actor = patiently(lambda: desk.identity.act_as("acme-operator", "test"))
        self._view = patiently(lambda: desk.drafts.start(self._actor, "brokertec_us", "ACME"))
        self._first = self._view.version

    def work(self, each: int, pause: float) -> None:
        """Do all changes, one every `pause` seconds at most; each that was refused is tried again."""
        due = time.monotonic() + pause * (self._number % 20) / 20
        for number in range(each):
            time.sleep(max(0.0, due - time.monotonic()))
            due += pause
            until = time.monotonic() + PATIENCE
            while not self._change(number) and time.monotonic() < until:
                time.sleep(0.1)

    def _change(self, number: int) -> bool:
        """Whether the change stands."""
        begun = time.perf_counter()
        try:
            self._count() if number % 2 else self._save(number)
        except StoreBusy as refusal:
            if _UNKNOWN not in refusal.message:
                self.ledger.refused.append(refusal.message)
                return False
            self.ledger.unknown.append("count" if number % 2 else "save")
            return bool(number % 2) or self._look(number)
        self.ledger.times.append(time.perf_counter() - begun)
        return True

    def _save(self, number: int) -> None:
        fields = DraftFields("ACME", f"N-{self._number}-{number}")
        self._view = self._desk.drafts.save(self._actor, self._view.id, self._view.version, fields)
        self.ledger.saved += 1

    def _count(self) -> None:
        with self._desk.resources.store.write("worker") as session:
            value = session.execute(text("SELECT value FROM setting WHERE key = 'number'")).scalar_one()
            session.execute(text("UPDATE setting SET value = :it WHERE key = 'number'"), {"it": str(int(value) + 1)})
        self.ledger.counted += 1

    def _look(self, number: int) -> bool:
        """After a loss, look whether the draft was saved, as the person is told to."""
        self._view = patiently(lambda: self._desk.drafts.get(self._actor, self._view.id))
        stands = self._view.name == f"N-{self._number}-{number}"
        self.ledger.saved += stands
        return stands

    def said(self) -> str:
        """The ledger, as JSON."""
        return json.dumps(vars(self.ledger) | {"draft": self._view.id, "first": self._first})


def main() -> int:
    """Do it all; the exit code says whether every worker came to its end."""
    settings, workers, each, pause, first = sys.argv[1:]
    children = []
    for number in range(int(first), int(first) + int(workers)):
        child = os.fork()
        if child == 0:
            _work(settings, number, int(each), float(pause))
        children.append(child)
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


def _work(settings: str, number: int, each: int, pause: float) -> NoReturn:
    """One worker, in a process of its own. Its answer is a file of the host's."""
    try:
        worker = Worker(open_desk(load(config=settings)), number)
        (Path.home() / f"ready-{number}").touch()
        while not (Path.home() / "go").exists():
            time.sleep(0.05)
        worker.work(each, pause)
        (Path.home() / f"worker-{number}.json").write_text(worker.said())
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
