"""A store in a file whose last writer was killed, or lost its power, in the middle of a change.

SQLite undoes the change by itself. Whether the disk kept what it had been given is another question: the file is
looked through once before it is used, and until it was found whole a note beside it asks for that again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from dropcopy_tui.domain.errors import StoreBusy, StoreUnusable
from dropcopy_tui.domain.places import Place
from dropcopy_tui.domain.work import current, step
from dropcopy_tui.store.gate import Gate

_NOTE = ".unclean"
_ENDS = ("-journal", "-wal")
# Steps of SQLite's machine for each byte that is looked through, for the bar alone.
_COST = 1


def ended_unclean(place: Place) -> bool:
    """Whether a change was left unfinished, and no process is at work on it."""
    if not isinstance(place, Path):
        return False  # a server recovers by itself
    return os.path.lexists(_note(place)) or (_is_begun(place) and _is_alone(place))


def require_whole(place: Place) -> None:
    """Look through a store that was left in the middle of a change. Raises StoreUnusable: it is damaged."""
    if not isinstance(place, Path) or not ended_unclean(place):
        return
    note = _note(place)
    with contextlib.suppress(OSError):
        os.close(os.open(note, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    if current() is not None:
        step("Checking the store, which was not closed properly", place.stat().st_size, _COST)
    why = _damage(place)
    if why:
        raise StoreUnusable(
            f"{place} was not closed properly and is damaged ({why}). Restore a backup of it with: "
            f"dropcopy restore FILE --replace {place.name}"
        )
    note.unlink(missing_ok=True)


def _damage(path: Path) -> str:
    # Late for the sake of start-up: every start asks how the store ended, and few have to look.
    from dropcopy_tui.store.watch import watched_driver

    try:
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection, watched_driver(connection):
            connection.execute("PRAGMA cell_size_check=ON")
            said = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            return "" if said == "ok" else said.splitlines()[-1]
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StoreBusy("The store is busy. Nothing was changed. Try again.") from None
        return str(error)
    except sqlite3.DatabaseError as error:
        return str(error)


def _is_begun(path: Path) -> bool:
    for end in _ENDS:
        with contextlib.suppress(OSError):
            if path.with_name(path.name + end).stat().st_size:
                return True
    return False


def _is_alone(path: Path) -> bool:
    """Whether no writer is inside the gate, so that what was begun will not be finished by anyone."""
    try:
        with Gate(path).through("check", 0):
            return _is_begun(path)
    except (StoreBusy, StoreUnusable):
        return False


def _note(path: Path) -> Path:
    return path.with_name(path.name + _NOTE)
