"""States of a disk after a loss of power: what was synced is there; of the rest any part, in any order, and torn.

What a process writes to the store and its journal is recorded by strace. Every prefix of it is a moment at which the
power may fail.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.trust.rows import Control, Row, Share, Tally
from tests.trust.scenes import Ledger, Scene, scenes
from tests.trust.strace import traced, why_not

_TRACED = "trace=openat,write,pwrite64,ftruncate,fallocate,fsync,fdatasync,unlink"
_LINE = re.compile(
    r"^\d+ +(?P<call>\w+)\((?P<first>[^,)]*)(?P<rest>.*)\) += +(?P<answer>-?\d+)(?:<(?P<opened>[^>]*)>)?"
)
_FILE = re.compile(r"<([^>]*)>")
_BYTES = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_LONGEST = 1 << 20
# What a disk writes as a whole.
_SECTOR = 512
# Distinct states are looked for so often.
_PATIENCE = 4


@dataclass(frozen=True, slots=True)
class Event:
    """What a process did: `what` is write, size, sync, make, remove, and told, an acknowledged commit."""

    what: str
    file: str = ""
    at: int = 0
    data: bytes = b""


@dataclass(slots=True)
class File:
    """A file as it is on the disk for certain, and what may or may not have come to it since."""

    sure: bytearray = field(default_factory=bytearray)
    pending: list[Event] = field(default_factory=list)
    # Whether its name is in the folder: for certain, and as the process sees it.
    named: bool = False
    named_since: bool = False

    def sync(self) -> None:
        for event in self.pending:
            _apply(self.sure, event)
        self.pending = []


def recorded(scene: Scene, log: Path) -> list[Event]:
    """What the operation writes to its store, in order, with its acknowledgements."""
    heard, told = os.pipe()
    scene.put_back()
    options = ["-y", "-xx", "-s", str(_LONGEST), "-e", _TRACED]
    _, lines = traced(scene.begin(Ledger(), told=lambda: os.write(told, b"told") and None), options, log)
    os.close(told)
    os.close(heard)
    return [event for line in lines.splitlines() if (event := _event(line, scene.store))]


def _event(line: str, store: Path) -> Event | None:
    found = _LINE.match(line)
    if found is None or int(found["answer"]) < 0:
        return None
    call, rest = found["call"], found["rest"]
    if call == "write" and _decoded(rest) == b"told":
        return Event("told")
    named = [
        found["opened"] or "",
        *_FILE.findall(found["first"]),
        _decoded(found["first"] + rest).decode("utf-8", "replace"),
    ]
    file = next((name for name in map(_plain, named) if name.startswith((str(store), str(store.parent)))), "")
    if call in ("fsync", "fdatasync"):
        return Event("sync", file)
    if not file.startswith(str(store)) or ".gate" in file or ".part-" in file:
        return None
    if call == "openat":
        return Event("make", file) if "O_CREAT" in rest else None
    if call == "unlink":
        return Event("remove", file)
    numbers = [int(word) for word in rest.split(", ") if word.isdigit()]
    if call == "ftruncate":
        return Event("size", file, numbers[0])
    assert call == "pwrite64", line[:200]
    return Event("write", file, numbers[-1], _decoded(rest))


def _decoded(text: str) -> bytes:
    found = _BYTES.search(text)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""


def _plain(name: str) -> str:
    return bytes.fromhex(name.replace("\\x", "")).decode() if name.startswith("\\x") else name


def disk(start: bytes, store: str, events: Sequence[Event], *, syncs: bool = True) -> dict[str, File]:
    """The disk once all of this has happened. Without `syncs`, none of them reached it."""
    files = {store: File(bytearray(start), named=True, named_since=True)}
    folder = os.path.dirname(store)
    for event in events:
        if event.what == "sync" and event.file == folder:
            for each in files.values() if syncs else ():
                each.named = each.named_since
        elif event.what == "sync":
            if syncs and event.file in files:
                files[event.file].sync()
        elif event.what in ("make", "remove"):
            files.setdefault(event.file, File()).named_since = event.what == "make"
        elif event.what != "told":
            files[event.file].pending.append(event)
    return files


def after(files: dict[str, File], chance: Random) -> Iterator[tuple[str, bytes]]:
    """One of the states in which the disk may be found."""
    mood = chance.choice(("nothing", "everything", "any", "any", "torn", "torn"))
    for name, file in files.items():
        if not (file.named if chance.random() < 0.5 else file.named_since):
            continue
        content = bytearray(file.sure)
        for event in file.pending:
            if mood == "everything" or (mood != "nothing" and chance.random() < 0.5):
                _apply(content, event, chance if mood == "torn" else None)
        yield name, bytes(content)


def _apply(content: bytearray, event: Event, torn_by: Random | None = None) -> None:
    if event.what == "size":
        del content[event.at :]
        content.extend(bytes(event.at - len(content)))
        return
    position = event.at
    while position < event.at + len(event.data):
        end = min(event.at + len(event.data), (position // _SECTOR + 1) * _SECTOR)
        if torn_by is None or torn_by.random() < 0.5:
            content.extend(bytes(max(0, end - len(content))))
            content[position:end] = event.data[position - event.at : end - event.at]
        position = end


def attempt(share: Share, *, syncs: bool = True) -> Tally:
    """Moments of all operations in turn, each time with another state."""
    tally, chance = Tally(), Random(share.seed)
    if why := why_not():
        tally.skip(why, share.trials)
        return tally
    stages = [(scene, recorded(scene, share.folder / "strace.log")) for scene in scenes()]
    seen: set[bytes] = set()
    for number in range(share.trials * _PATIENCE):
        if tally.trials == share.trials:
            break
        scene, events = stages[number % len(stages)]
        moment = chance.randint(0, len(events))
        state = dict(after(disk(scene.start, str(scene.store), events[:moment], syncs=syncs), chance))
        acknowledged = sum(event.what == "told" for event in events[:moment])
        digest = hashlib.sha256(repr((scene.name, acknowledged, sorted(state.items()))).encode()).digest()
        if digest not in seen:
            seen.add(digest)
            tally.tried(_found(scene, state, acknowledged))
    return tally


def _found(scene: Scene, state: dict[str, bytes], acknowledged: int) -> str:
    for file in scene.folder.iterdir():
        file.unlink()
    for name, content in state.items():
        Path(name).write_bytes(content)
        Path(name).chmod(0o600)
    return scene.fault(acknowledged)


def without_syncs(share: Share) -> Tally:
    """The same on a disk to which no sync comes through."""
    return attempt(share, syncs=False)


POWER = Row(
    "power-loss",
    "of distinct states in which a disk may be found after the power failed at any write of eleven operations, each "
    "opens, is whole, and has what was acknowledged",
    20_000,
    60,
    attempt,
    Control("no sync reaches the disk", 60, without_syncs),
)
