"""Two processes that stay: each is told of a round through its pipe, and both are let go at once.

A new process costs some 20 ms, a round between two that live some 10: 500 rounds of a race take seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.services.base import Resources
from tests.services.factories import open_resources
from tests.services.processes import _PROCESSES, Job


class Pair:
    """Both processes, on one store."""

    def __init__(self, ends: list[Connection]) -> None:
        self._ends = ends

    def race(self, *jobs: Job) -> list[Any]:
        """What each job returned, or `(code, message)` of its refusal."""
        for end, job in zip(self._ends, jobs, strict=True):
            end.send(job)
        return [end.recv() for end in self._ends]


@contextmanager
def pair(path: Path) -> Iterator[Pair]:
    """Two processes that have opened the store, until the block ends."""
    barrier = _PROCESSES.Barrier(2)
    started = [_start(path, barrier) for _ in range(2)]
    try:
        yield Pair([end for _, end in started])
    finally:
        for process, end in started:
            end.send(None)
            process.join(10)
            if process.is_alive():
                process.kill()


def _start(path: Path, barrier: Any) -> tuple[Any, Connection]:
    mine, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_run, args=(path, barrier, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, mine


def _run(path: Path, barrier: Any, end: Connection) -> None:
    resources = open_resources(path)
    while (job := end.recv()) is not None:
        barrier.wait(30)
        end.send(_answer(job, resources))


def _answer(job: Job, resources: Resources) -> Any:
    try:
        return job(resources)
    except DeskError as refusal:
        return refusal.code, refusal.message
