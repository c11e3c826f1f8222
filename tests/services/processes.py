"""Real processes on one store: let go at the same moment, or killed at a chosen one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.places import Place
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import Proof, Purpose
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.unit_of_work import writing
from tests.services.factories import open_resources

Job = Callable[[Resources], Any]
# Forked from a clean server that has imported everything already: a real process in some 20 ms.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


def process_all(resources: Resources) -> list[str]:
    """Set up what is due; the references that this process ended."""
    return [view.id for view in Provisioning(resources).process_as_desk().ended]


def submit(draft_id: int, version: int, actor: Actor, resources: Resources) -> str:
    return Drafts(resources).submit(actor, draft_id, version).id


def spend_code(actor: Actor, proof: Proof, resources: Resources) -> str:
    with writing(resources, actor) as uow:
        spend(uow, proof, Purpose.KEYS)
    return "passed"


def generate(actor: Actor, session_pk: int, proof: Proof, resources: Resources) -> str:
    return KeyPairs(resources).generate(actor, [session_pk], proof).request.id


def start_code(actor: Actor, resources: Resources) -> str:
    return Factors(resources).start(actor, "sms").id


def count_up(times: int, resources: Resources) -> None:
    """Read a number and write the next one: lost updates would show."""
    for _ in range(times):
        with resources.store.write() as session:
            value = session.execute(text("SELECT value FROM setting WHERE key = 'number'")).scalar_one()
            session.execute(text("UPDATE setting SET value = :value"), {"value": str(int(value) + 1)})


def race(path: Place, *jobs: Job) -> list[Any]:
    """What each job returned, or the code of its refusal; all were let go at once."""
    barrier = _PROCESSES.Barrier(len(jobs))
    ends = [_start(partial(_run_together, barrier), path, job) for job in jobs]
    answers = [end.recv() for _, end in ends]
    for process, _ in ends:
        process.join()
    return answers


def seconds(path: Place, job: Job) -> float:
    """How long the job takes in a process, once that has opened the store."""
    process, end = _start(_run_alone, path, job)
    end.recv()
    begun = time.monotonic()
    end.recv()
    process.join()
    return time.monotonic() - begun


def kill_after(path: Place, job: Job, delay: float) -> bool:
    """Run the job, and kill -9 it this many seconds later; whether that came before its end."""
    process, end = _start(_run_alone, path, job)
    end.recv()
    ended = end.poll(delay)
    process.kill()
    process.join()
    return not ended


def kill_at_statement(path: Place, job: Job, number: int) -> bool:
    """Run the job in a process that kills itself before its n-th statement; whether it got that far."""
    process, _ = _start(partial(_run_until, number), path, job)
    process.join()
    return process.exitcode == -signal.SIGKILL


@contextmanager
def hearing(path: Place) -> Iterator[Connection]:
    """A process that listens to the store's server: what it is told arrives at this end."""
    process, end = _start(_hear, path, process_all)
    try:
        end.recv()
        yield end
    finally:
        process.kill()
        process.join()


def _hear(path: Place, _job: Job, end: Connection) -> None:
    store = open_resources(path).store
    store.listen(end.send)
    end.send("listening")
    signal.pause()


def _start(run: Callable[..., None], path: Place, job: Job) -> tuple[Any, Connection]:
    mine, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=run, args=(path, job, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, mine


def _run_together(barrier: Any, path: Place, job: Job, end: Connection) -> None:
    resources = open_resources(path)
    barrier.wait()
    end.send(_answer(job, resources))


def _spill() -> None:
    """A cache of a few pages: a transaction writes into the store's file long before it commits."""
    event.listen(Engine, "connect", _small_cache)


def _small_cache(connection: Any, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA cache_size=40")


def _run_alone(path: Place, job: Job, end: Connection) -> None:
    _spill()
    resources = open_resources(path)
    end.send("ready")
    end.send(_answer(job, resources))


def _run_until(number: int, path: Place, job: Job, _end: Connection) -> None:
    left = number
    _spill()

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    job(open_resources(path))


def _answer(job: Job, resources: Resources) -> Any:
    try:
        return job(resources)
    except DeskError as refusal:
        return refusal.code
