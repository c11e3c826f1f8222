"""The gate: a file lock at which the writers of one store queue, and which says who is inside."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dropcopy_tui.domain.errors import StoreBusy, StoreUnusable

# Seconds that a writer waits at the gate before it gives up.
PATIENCE = 10.0
_HOLDER = re.compile(rb"(\d{1,10}) ([A-Za-z0-9@._+-]{0,60})\n")
_HOLDER_LENGTH = 80


class Gate:
    """Serves waiting writers in order, with a time-out.

    SQLite's own busy handler polls instead, so that one writer may wait until its time-out while others keep overtaking
    it. Whoever holds the gate writes its process and its person into the file, for those who wait in vain.
    """

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + ".gate")
        self._waiting: set[_Wait] = set()
        self._closed = False

    @contextmanager
    def through(self, who: str = "", patience: float = PATIENCE) -> Iterator[None]:
        """Hold the gate while the block runs. Raises StoreBusy, and StoreUnusable if the file is not a plain one."""
        handle = self._open()
        wait = _Wait(handle)
        self._waiting.add(wait)
        try:
            held = wait.enter(0.0 if self._closed else patience)
        except OSError as error:
            os.close(handle)
            raise refusal_of(error, self._path) from None
        finally:
            self._waiting.discard(wait)
        if not held:
            raise StoreBusy(in_vain(wait.holder, patience))
        try:
            _sign(handle, who)
            yield
        finally:
            os.close(handle)

    def give_up(self) -> None:
        """End every wait of this process: whoever leaves the application does not wait for a writer."""
        self._closed = True
        for wait in tuple(self._waiting):
            wait.give_up()

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            handle = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise refusal_of(error, self._path) from None
        try:
            facts = os.fstat(handle)
        except OSError as error:
            os.close(handle)
            raise refusal_of(error, self._path) from None
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
            os.close(handle)
            raise StoreUnusable(f"{self._path} is not a file of this account. Remove it. Nothing was changed.")
        return handle


class _Wait:
    """One writer's wait. The kernel's lock has no time-out, so that a thread of its own waits for it."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._locked = self._given_up = False
        self.holder = b""

    def enter(self, patience: float) -> bool:
        """Whether the lock was had in time; otherwise the handle is closed."""
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if patience <= 0:
            self._look()
            os.close(self._handle)
            return False
        threading.Thread(target=self._wait, name="gate", daemon=True).start()
        self._over.wait(patience)
        with self._lock:
            self._given_up = not self._locked
            if self._given_up:
                self._look()
            return self._locked

    def _look(self) -> None:
        with contextlib.suppress(OSError):
            self.holder = os.pread(self._handle, _HOLDER_LENGTH, 0)

    def give_up(self) -> None:
        self._over.set()

    def _wait(self) -> None:
        with contextlib.suppress(OSError):
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            with self._lock:
                self._locked = not self._given_up
        if not self._locked:
            os.close(self._handle)  # too late, or the lock failed: `enter` has left the handle to this thread
        self._over.set()


def _sign(handle: int, who: str) -> None:
    # No sync: it is for those who wait now. On a full disk it is left out.
    name = re.sub(r"[^A-Za-z0-9@._+-]", "", who)[:60]
    with contextlib.suppress(OSError):
        os.pwrite(handle, f"{os.getpid()} {name}\n".encode(), 0)


def in_vain(holder: bytes, patience: float) -> str:
    """Why a writer did not get its turn; `holder` is "PROCESS PERSON\n", as whoever is inside signed."""
    found = _HOLDER.match(holder)
    who = "Another process"
    if found:
        name = found[2].decode()
        who = f"Process {int(found[1])}" + (f" ({name})" if name else "")
    seconds = "1 second" if patience == 1 else f"{patience:g} seconds"
    return (
        f"{who} is writing to the store and did not finish within {seconds}. Nothing was changed. "
        "Try again; if it hangs, end that process."
    )


def refusal_of(error: OSError, path: Path) -> StoreBusy | StoreUnusable:
    """What an error of the disk under the store means to a person."""
    if error.errno == errno.ELOOP:
        return StoreUnusable(f"{path} is a symbolic link. Remove it. Nothing was changed.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreBusy("The disk is full. Nothing was changed. Free some space and try again.")
    if error.errno == errno.EROFS:
        return StoreBusy(f"{path.parent} is read-only: the store can be read, not changed. Nothing was changed.")
    why = error.strerror or type(error).__name__
    return StoreBusy(f"The store cannot be written ({why}). Nothing was changed. Check its disk and file mode.")
