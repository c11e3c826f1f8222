"""An operation on its stage: run once undisturbed, so that it is known what the store says after each commit.

Whatever is then done to it, the store must say what it said after one of the commits that are possible: all of a
change or none, and nothing less than what was acknowledged.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import mmap
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import LargeBinary
from sqlmodel import Session

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.location import check_store
from dropcopy_tui.store.proofs import altered_rows
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.tables import METADATA
from dropcopy_tui.store.unclean import require_whole
from tests.services.conftest import World, make_world
from tests.services.factories import FixedEntropy, make_resources, open_resources
from tests.trust.operations import OPERATIONS, Act, key_file_fault
from tests.trust.places import memory

# What differs from run to run: what is sealed, proofs of it, and the trail's digests of those. All of it is opened and
# checked instead.
_SEALED = {"proof", "audit_event.states", "audit_event.digest"}
_COLUMNS = {
    table.name: ", ".join(
        f'"{column.name}"' for column in table.columns
        if not isinstance(column.type, LargeBinary) and not _SEALED & {column.name, f"{table.name}.{column.name}"}
    )
    for table in METADATA.sorted_tables
    if table.name != "audit_head"
}  # fmt: skip
_ANSWER = 4_096


def said(store: Path) -> str:
    """What a store says, as a digest. Raises sqlite3.Error, ValueError: it is damaged."""
    digest = hashlib.sha256()
    with closing(sqlite3.connect(store)) as connection:
        whole = connection.execute("PRAGMA integrity_check").fetchall()
        if whole != [("ok",)] or connection.execute("PRAGMA foreign_key_check").fetchall():
            raise ValueError(f"damaged: {whole[:1]}")
        for table, columns in _COLUMNS.items():
            digest.update(repr((table, connection.execute(f"SELECT {columns} FROM {table}").fetchall())).encode())
    return digest.hexdigest()


@dataclass
class Ledger:
    """Memory that a process shares with whoever started it: what was acknowledged, and its answer.

    Writing to it is no system call, so that none of the ledger's is counted or fails.
    """

    memory: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, _ANSWER))

    def clear(self) -> None:
        self.memory[:] = bytes(_ANSWER)

    def acknowledge(self) -> None:
        """One more commit has returned."""
        self.memory[0] += 1

    @property
    def acknowledged(self) -> int:
        return self.memory[0]

    def close(self, answer: dict[str, str]) -> None:
        """The process ends by itself, and says how."""
        text = json.dumps(answer).encode()[: _ANSWER - 1]
        self.memory[1 : 1 + len(text)] = text

    @property
    def answer(self) -> dict[str, str] | None:
        """How it ended; None where it did not end by itself."""
        text = self.memory[1:].rstrip(b"\0")
        return json.loads(text) if text else None


@dataclass
class Scene:
    """An operation, the store on which it runs, and what that says after each of its commits."""

    name: str
    world: World
    act: Act
    folder: Path
    start: bytes
    states: list[str] = field(default_factory=list)
    length: float = 0.0
    # Files that were judged already, by their digest.
    judged: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        return self.folder / "store.db"

    def put_back(self) -> None:
        """The store as it was before, and nothing beside it."""
        for file in self.folder.iterdir():
            file.unlink()
        self.store.write_bytes(self.start)
        self.store.chmod(0o600)

    def begin(self, ledger: Ledger, *, told: Acknowledging | None = None, without: Without = nullcontext) -> Begun:
        """A process that has opened the store, and waits to be let go."""
        ledger.clear()
        ready, ready_end = os.pipe()
        go_end, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self._perform(ledger, told or ledger.acknowledge, without, ready_end, go_end)
            finally:
                os._exit(1)
        os.close(ready_end)
        os.close(go_end)
        os.read(ready, 1)
        os.close(ready)
        return Begun(pid, go)

    def _perform(self, ledger: Ledger, told: Acknowledging, without: Without, ready: int, go: int) -> None:
        with without(), patch.object(Store, "_commit", _telling(told, Store._commit)):
            world = replace(self.world, resources=open_resources(self.store, entropy=FixedEntropy()))
            with world.resources.store.read() as session:
                session.connection()
            os.write(ready, b"r")
            # By a call that no row counts or has fail: it is ours, not the operation's.
            os.readv(go, [bytearray(1)])
            try:
                self.act(world)
            except DeskError as refusal:
                ledger.close({"refused": refusal.code, "message": refusal.message})
            except BaseException as error:
                ledger.close({"crashed": f"{type(error).__name__}: {error}"})
            else:
                ledger.close({"done": ""})
            os._exit(0)

    def fault(self, acknowledged: int, latest: int | None = None) -> str:
        """What is wrong with the store as the next process finds it; "" where it is one of those it may be.

        `acknowledged` commits must be there; up to `latest`, one more unless said otherwise, may be.
        """
        last = min(acknowledged + 1 if latest is None else latest, len(self.states) - 1)
        try:
            state = self._state()
        except (DeskError, sqlite3.Error, ValueError) as error:
            return f"{self.name}: {type(error).__name__}: {error}"
        # Two commits may leave the same, such as a round of jobs of which some had nothing to do.
        places = [number for number, known in enumerate(self.states) if known == state]
        if not places:
            return f"{self.name}: part of a change is in the store"
        if not any(acknowledged <= place <= last for place in places):
            return f"{self.name}: {acknowledged} to {last} commits should be in the store, and {places[-1]} are"
        return self._beside(places[-1] > 0)

    def _beside(self, recorded: bool) -> str:
        fault = key_file_fault(self.store, recorded) if self.name == "make_key_pairs" else ""
        return f"{self.name}: {fault}" if fault else ""

    def _state(self) -> str:
        """What the store says. The first look is the application's own, as its next start takes it."""
        require_whole(self.store)
        check_store(self.store)
        with closing(sqlite3.connect(self.store)) as connection:
            connection.execute("SELECT count(*) FROM setting").fetchall()
        digest = hashlib.sha256(self.store.read_bytes()).hexdigest()
        if digest not in self.judged:
            state = said(self.store)
            if state in self.states:
                self._verify()
            self.judged[digest] = state
        return self.judged[digest]

    def _verify(self) -> None:
        """The audit trail holds, and every row has its proof. Raises ValueError."""
        resources = open_resources(self.store)
        try:
            check = Audit(resources).verify(self.world.operations)
            with resources.store.read() as session:
                altered = list(altered_rows(session, Prover(resources.vault)))
        finally:
            resources.store.close()
        if not check.valid or altered:
            raise ValueError(check.why or f"altered: {altered}")


@dataclass(frozen=True, slots=True)
class Begun:
    """A process that waits to be let go."""

    pid: int
    _go: int

    def go(self) -> None:
        os.write(self._go, b"g")
        os.close(self._go)

    def ended(self) -> int:
        """How it ended, as `waitpid` says it."""
        return os.waitpid(self.pid, 0)[1]


Acknowledging = Callable[[], None]
Without = Callable[[], AbstractContextManager[object]]


def _telling(told: Acknowledging, real: Callable[[Store, Session], None]) -> Callable[[Store, Session], None]:
    def commit(self: Store, session: Session) -> None:
        real(self, session)
        told()

    return commit


@cache
def scenes() -> list[Scene]:
    """All of them, each run undisturbed; once in a process, whose rows share them."""
    folder = Path(tempfile.mkdtemp(prefix="trust-scenes-", dir=memory()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    base = make_world(make_resources(folder / "base" / "store.db"))
    base.resources.store.close()
    return [_scene(name, base, folder) for name in OPERATIONS]


def _scene(name: str, base: World, folder: Path) -> Scene:
    place = folder / name
    place.mkdir(mode=0o700)
    store = place / "store.db"
    store.write_bytes(base.resources.store.path.read_bytes())
    store.chmod(0o600)
    world = replace(base, resources=open_resources(store, entropy=FixedEntropy()))
    act = OPERATIONS[name](world)
    world.resources.store.close()
    scene = Scene(name, world, act, place, store.read_bytes())
    _warm(scene)
    _record(scene)
    return scene


def _warm(scene: Scene) -> None:
    """Once in this process, so that those that come from it have imported everything."""
    world = replace(scene.world, resources=open_resources(scene.store, entropy=FixedEntropy()))
    scene.act(world)
    world.resources.store.close()


def _record(scene: Scene) -> None:
    """Run it in a process like all others, and keep what the store says at each commit."""
    scene.put_back()
    scene.states.append(said(scene.store))
    heard, told = os.pipe()
    ledger = Ledger()
    scene.begin(ledger, told=lambda: os.write(told, said(scene.store).encode() + b"\n") and None).go()
    os.close(told)
    with os.fdopen(heard, encoding="ascii") as lines:
        scene.states += lines.read().split()
    os.wait()
    if ledger.answer != {"done": ""}:
        raise AssertionError(f"{scene.name} does not even work undisturbed: {ledger.answer}")
    scene.put_back()
    begun = scene.begin(ledger)
    start = time.monotonic()
    begun.go()
    begun.ended()
    scene.length = time.monotonic() - start
    if fault := scene.fault(len(scene.states) - 1):
        raise AssertionError(f"what is known of {scene.name} is wrong: {fault}")
