"""The folder in which a store is made, beside its place; what a process that was killed left in one is removed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dropcopy_tui.domain.errors import StoreUnusable

_PREFIX = ".making-"
_NOTE = "place"


@contextmanager
def workshop(store: Path, master_key: Path) -> Iterator[Path]:
    """A folder for a store in the making, locked as long as this process lives. Raises OSError."""
    folder, handle = _locked(store.parent)
    try:
        places = {"store": os.fspath(store.absolute()), "master_key": os.fspath(master_key.absolute())}
        (folder / _NOTE).write_text(json.dumps(places))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def put_in_place(made: Path, place: Path) -> None:
    """Move a file to where nothing may be: never over another one. Raises StoreUnusable."""
    try:
        os.link(made, place)
    except FileExistsError:
        raise StoreUnusable(f"{place} already exists. Nothing was changed.") from None
    except OSError:
        # Another file system (a master key on a medium of its own) or one without hard links.
        handle = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(made.read_bytes())
            os.fsync(file.fileno())


def _locked(beside: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=beside))
        with suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if folder.exists():
                return folder, handle
            os.close(handle)
        # Another process found the folder before it was locked, and removed it as one that was left behind.


def clear_unfinished(beside: Path) -> None:
    """Remove what processes that were killed left of stores that do not exist: their files and their master keys."""
    with suppress(OSError):
        for name in sorted(os.listdir(beside)):
            if name.startswith(_PREFIX):
                with suppress(OSError):
                    _clear(beside / name)


def _clear(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid != os.geteuid():
            return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: its process is at work
        with suppress(OSError, ValueError, KeyError, TypeError):
            places = json.loads((folder / _NOTE).read_bytes())
            store, key = Path(places["store"]), Path(places["master_key"])
            # The key was put in its place, the store was not: without it, the key is of no use and in the way.
            if not os.path.lexists(store) and key.read_bytes() == (folder / "master.key").read_bytes():
                key.unlink()
        shutil.rmtree(folder)
    finally:
        os.close(handle)
