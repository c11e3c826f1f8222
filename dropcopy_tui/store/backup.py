"""A copy of a store, in a file and of one moment, while others read and write it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path

from dropcopy_tui.domain.errors import FileRefused, StoreBusy, StoreUnusable
from dropcopy_tui.domain.work import step
from dropcopy_tui.store.copy_target import target_file
from dropcopy_tui.store.copying import Rows, copy_rows, different, digests_of
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.gate import Gate

# Pages between two looks at whether the work goes ahead: 4 MB.
_PAGES = 1_000
_PATIENCE_MS = 10_000


def copy_file(store: Path, target: Path, who: str) -> None:
    """Copy the store into the empty file, page by page. Raises FileRefused, StoreBusy, StoreUnusable, Interrupted.

    Without a write-ahead log, writers wait at the gate meanwhile, in their order; readers never do. With one, no one
    waits. The copy has no write-ahead log: it is one file, wherever it is put.
    """
    with closing(sqlite3.connect(store, isolation_level=None)) as source:
        source.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
        has_log = source.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        with nullcontext() if has_log else Gate(store).through(who):
            try:
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM setting").fetchone()
            except sqlite3.OperationalError as error:
                raise StoreBusy(f"The store cannot be read now ({error}). No backup was created. Try again.") from None
            except sqlite3.DatabaseError as error:
                raise StoreUnusable(f"The store is damaged ({error}). No backup was created.") from None
            _copy(source, target)


def copy_server(store: Store, target: Path) -> None:
    """Copy a store on a server into a new file, as it was at one moment; others read and write meanwhile.

    Raises StoreUnusable, StoreBusy, Interrupted.
    """
    with store._desk_errors(), store._side.reading() as session:
        source = Rows(session.connection(), store.place)
        with target_file(target) as found:
            found.hold_back()
            digests = copy_rows(source, found.rows)
            found.complete()
            if others := different(digests, digests_of(found.rows, "Comparing")):
                raise StoreUnusable(f"The copy differs from the store ({', '.join(others)}). No backup was created.")
    target.with_name(target.name + ".gate").unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, target: Path) -> None:
    work = step("Copying the store", 1)

    def tell(_status: int, left: int, total: int) -> None:
        work.total = total
        work.tell(total - left)

    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        # The file has no name yet: whoever is killed loses it whole, and the caller syncs it.
        for setting in ("journal_mode=OFF", "synchronous=OFF"):
            copy.execute(f"PRAGMA {setting}")
        try:
            source.backup(copy, pages=_PAGES, progress=tell)
            copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if "full" in str(error):
                raise FileRefused(disk_full(target.parent)) from None
            raise FileRefused(f"The backup cannot be written ({error}). No file was created.") from None
        except sqlite3.DatabaseError as error:
            raise StoreUnusable(f"The store is damaged ({error}). No backup was created.") from None


def disk_full(folder: Path) -> str:
    """What a person is told of a folder without room."""
    return f"The disk of {folder} is full. No file was created. Free some space, or use another folder."
