"""Every system call of ten operations: killed before it, or answered by a disk that is full, broken or read-only."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from dropcopy_tui.store import engine_sqlite
from dropcopy_tui.store.engine import Store
from tests.trust.rows import Control, Row, Share, Tally
from tests.trust.scenes import Ledger, Scene, Without, scenes
from tests.trust.strace import traced, why_not

_WRITES = [
    "write", "pwrite64", "ftruncate", "fallocate", "fsync", "fdatasync", "unlink", "unlinkat", "rename", "renameat",
    "renameat2", "link", "linkat",
]  # fmt: skip
_OF_FILES = [*_WRITES, "openat", "read", "pread64", "fstat", "newfstatat", "lseek", "flock", "fcntl"]
# What takes room on a disk.
_TAKING = ["write", "pwrite64", "ftruncate", "fallocate", "openat", "link", "linkat"]
_CALL = re.compile(r"^\d+ +(\w+)\(", re.M)
# Which operations are tried.
Chosen = Callable[[Scene], bool]
_UNKNOWN = "it is not known whether it was"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to one of these system calls, or (`stays`) to it and all of them that follow."""

    name: str
    calls: Sequence[str]
    what: str
    stays: bool = False


KILL = Trouble("killed", _WRITES, "signal=KILL")
DISKS = (
    Trouble("full", _TAKING, "error=ENOSPC", stays=True),
    Trouble("failing", _OF_FILES, "error=EIO"),
    Trouble("read-only", [*_WRITES, "openat"], "error=EROFS", stays=True),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A system call of an operation at which a trouble begins: the n-th of this name, after so many of the others."""

    scene: Scene
    trouble: Trouble
    name: str
    before: Mapping[str, int]

    def options(self) -> list[str]:
        """As strace is told, which counts each name for itself."""
        own = self.before.get(self.name, 0) + 1
        asked = ["-e", _trace(self.trouble)]
        if not self.trouble.stays:
            return [*asked, "-e", f"inject={self.name}:{self.trouble.what}:when={own}"]
        for name in self.trouble.calls:
            asked += ["-e", f"inject=?{name}:{self.trouble.what}:when={self.before.get(name, 0) + 1}+"]
        return asked


def moments(stages: Sequence[Scene], troubles: Sequence[Trouble], log: Path) -> list[Moment]:
    """Every system call of every operation, as an undisturbed run makes them."""
    found = []
    for scene in stages:
        for trouble in troubles:
            before: Counter[str] = Counter()
            for name in _made(scene, trouble, log):
                found.append(Moment(scene, trouble, name, dict(before)))
                before[name] += 1
    return found


def _made(scene: Scene, trouble: Trouble, log: Path) -> list[str]:
    scene.put_back()
    status, lines = traced(scene.begin(Ledger()), ["-e", _trace(trouble)], log)
    assert status == 0, (scene.name, status)
    return _CALL.findall(lines)


def _trace(trouble: Trouble) -> str:
    return "trace=" + ",".join(f"?{name}" for name in trouble.calls)


def attempt(
    share: Share, troubles: Sequence[Trouble], without: Without = nullcontext, of: Chosen = lambda _: True
) -> Tally:
    """This share's operations; of the system calls that there are, as many as it may try, evenly spread."""
    tally, ledger = Tally(), Ledger()
    if why := why_not():
        tally.skip(why, share.trials)
        return tally
    log = share.folder / "strace.log"
    mine = [scene for scene in scenes() if of(scene)][share.number :: share.of]
    found = moments(mine, troubles, log)
    chosen = found if len(found) <= share.trials else [
        found[number * len(found) // share.trials] for number in range(share.trials)
    ]  # fmt: skip
    for moment in chosen:
        tally.tried(_tried(moment, ledger, log, without))
    return tally


def _tried(moment: Moment, ledger: Ledger, log: Path, without: Without) -> str:
    scene = moment.scene
    scene.put_back()
    status, lines = traced(scene.begin(ledger, without=without), moment.options(), log)
    answer, acknowledged = ledger.answer, ledger.acknowledged
    fault = _judged(scene, acknowledged, answer)
    if os.WIFEXITED(status) and answer is None:
        fault = fault or f"it ended without an answer, with {os.WEXITSTATUS(status)}"
    if not fault:
        return ""
    last = next((line for line in reversed(lines.splitlines()) if "INJECTED" in line), "")
    return f"{scene.name}, {moment.trouble.name} at {moment.name} after {moment.before}: {fault} [{last.strip()[:80]}]"


def _judged(scene: Scene, acknowledged: int, answer: dict[str, str] | None) -> str:
    """The store against what the operation said of itself."""
    if answer is None:
        return scene.fault(acknowledged)
    if "crashed" in answer:
        return f"{scene.name}: {answer['crashed']}"
    # Only where it says that it does not know may the store have more than was acknowledged.
    return scene.fault(acknowledged, None if _UNKNOWN in answer.get("message", "") else acknowledged)


def _one_commit(scene: Scene) -> bool:
    """A round of jobs goes on after one of them has failed: what is there then is not known beforehand."""
    return len(scene.states) == 2


def killed(share: Share) -> Tally:
    """Killed before each write, truncation, sync, link, rename and removal."""
    return attempt(share, [KILL])


def starved(share: Share) -> Tally:
    """A disk that is full, fails, or has become read-only, at each call."""
    return attempt(share, DISKS, of=_one_commit)


@contextmanager
def no_journal() -> Iterator[None]:
    """Pages are written to the store with nothing to go back to."""
    real = engine_sqlite._on_connect

    def connect(connection: Any, record: object) -> None:
        real(connection, record)
        connection.execute("PRAGMA journal_mode=OFF")

    with patch.object(engine_sqlite, "_on_connect", connect):
        yield


@contextmanager
def errors_passed_over() -> Iterator[None]:
    """A commit that fails counts as one that did not."""

    def commit(_self: Store, session: Session) -> None:
        with suppress(DBAPIError):
            session.commit()

    with patch.object(Store, "_commit", commit):
        yield


def killed_without_a_journal(share: Share) -> Tally:
    """The same without SQLite's journal."""
    return attempt(share, [KILL], no_journal)


def errors_unseen(share: Share) -> Tally:
    """The same, where an error of a commit is passed over."""
    return attempt(share, DISKS[:1], errors_passed_over, _one_commit)


KILLED_CALLS = Row(
    "kills-at-writes",
    "the same before every write, truncation, sync, link, rename and removal of a file in these operations",
    1_157,
    22,
    killed,
    Control("there is no journal", 33, killed_without_a_journal),
)
BAD_DISKS = Row(
    "bad-disks",
    "a disk that is full, fails once, or becomes read-only at any system call of ten operations: the "
    "change is there or is refused in words, what they say is true, and nothing is torn",
    3_761,
    33,
    starved,
    Control("a commit that fails is passed over", 20, errors_unseen),
)
