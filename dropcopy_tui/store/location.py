"""Checks the location of a store and whether it is a drop copy store, before anything opens it.

Uses the standard library only, and the driver for a store on a server: a refusal must not wait for the imports of the
database.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

from dropcopy_tui.domain.errors import StoreBusy, StoreMissing, StoreTooNew, StoreUnusable
from dropcopy_tui.domain.places import Place, ServerPlace

# "DCTU" in ASCII: distinguishes a drop copy store from other SQLite files (SQLite: PRAGMA application_id).
APPLICATION_ID = 0x44435455
SCHEMA_VERSION = 9
# Seconds that a reader waits for someone who writes a large change, where they keep readers out (decision 2).
PATIENCE = 10.0
BUSY = "The store is busy: someone is writing a large change to it. Try again."
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "fuse.glusterfs", "ceph"})


def check_place(path: Path) -> None:
    """Refuse a network file system and a folder that other accounts can write to. Raises StoreUnusable."""
    folder = path.parent
    if not folder.is_dir():
        raise StoreUnusable(f"The folder {folder} does not exist. Create it, or use another --store.")
    mode = folder.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        raise StoreUnusable(f"Other accounts can write to the folder {folder}. Run: chmod 700 {folder}")
    kind = network_kind(folder)
    if kind:
        raise StoreUnusable(
            f"{folder} is on a network file system ({kind}), where file locks are unreliable. Use a local disk."
        )


def network_kind(folder: Path) -> str:
    """The type of the network file system that a folder is on; "" for a local disk."""
    kind = _file_system(folder)
    return kind if kind in _NETWORK else ""


def _file_system(folder: Path) -> str:
    """The type of the file system of a folder: that of the longest mount point above it (Linux)."""
    table = Path("/proc/self/mountinfo")
    best, kind = "", ""
    if table.exists():
        for line in table.read_text(errors="replace").splitlines():
            fields, _, tail = line.partition(" - ")
            mount = fields.split()[4]
            if folder.resolve().is_relative_to(mount) and len(mount) >= len(best):
                best, kind = mount, tail.split()[0]
    return kind


def check_store(place: Place) -> None:
    """Refuse what is not a usable drop copy store, before anything opens it.

    Raises:
        StoreMissing: the file does not exist, or the database is empty.
        StoreTooNew: a newer version created it.
        StoreUnusable: it is not a drop copy store, or other accounts can read it.
        StoreBusy: its server cannot be reached.
    """
    if isinstance(place, ServerPlace):
        from dropcopy_tui.store.server import check_server

        check_server(place)
    else:
        _check_file(place)


def _check_file(path: Path) -> None:
    try:
        if not path.exists():
            raise StoreMissing(f"No store exists at {path}. Create one with: dropcopy init   (or try: dropcopy demo)")
        check_place(path)
        facts = path.stat()
        # A FIFO in its place would wait for a writer without end.
        if not stat.S_ISREG(facts.st_mode):
            raise StoreUnusable(f"{path} cannot be read: it is not a regular file. Choose another --store.")
        if facts.st_uid != os.geteuid():
            raise StoreUnusable(f"{path} is owned by another account. Choose another --store.")
        if facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise StoreUnusable(f"Other accounts can read the store. Run: chmod 600 {path}")
        _check_header(path)
    except OSError as error:
        raise StoreUnusable(f"{path} cannot be read: {error.strerror}. Use another --store.") from None


def check_backup(path: Path) -> None:
    """Refuse a file that is not a drop copy store of this version or an earlier one. Raises StoreUnusable, OSError."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise StoreUnusable(f"{path} is not a regular file. Nothing was changed.")
    _check_header(path)


def _check_header(path: Path) -> None:
    """Check the version and the application id (SQLite file format: offsets 60 and 68, big-endian)."""
    with path.open("rb") as file:
        header = file.read(72)
    if len(header) < 72 or not header.startswith(b"SQLite format 3\0"):
        raise StoreUnusable(f"{path} is not a drop copy store. Nothing was changed.")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise StoreUnusable(f"{path} is the database of another application. Nothing was changed.")
    if int.from_bytes(header[60:64], "big") > SCHEMA_VERSION:
        raise StoreTooNew(f"{path} was created by a newer version of dropcopy. Update dropcopy. Nothing was changed.")


def needs_migration(place: Place) -> bool:
    """Whether an older version created the store."""
    if isinstance(place, ServerPlace):
        from dropcopy_tui.store.server import SCHEMA_KEY, facts_of_server

        return int(facts_of_server(place)[SCHEMA_KEY]) < SCHEMA_VERSION
    with place.open("rb") as file:
        return int.from_bytes(file.read(64)[60:64], "big") < SCHEMA_VERSION


def store_facts(place: Place) -> dict[str, str]:
    """The store's own settings: its id, and whether it is a sandbox. Raises StoreUnusable."""
    if isinstance(place, ServerPlace):
        from dropcopy_tui.store.server import facts_of_server

        facts = facts_of_server(place)
    else:
        facts = _facts_of_file(place)
    if not {"store_id", "sandbox", "environment", "vault_check"} <= facts.keys():
        raise StoreUnusable(f"{place} is an incomplete drop copy store. Restore it from a backup.")
    return facts


def _facts_of_file(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE)
    try:
        return dict(connection.execute("SELECT key, value FROM setting"))
    except sqlite3.DatabaseError as error:
        why = f"{path} cannot be read ({error}). Restore it from a backup."
        raise (StoreBusy(BUSY) if is_busy(error) else StoreUnusable(why)) from None
    finally:
        connection.close()


def is_busy(error: BaseException) -> bool:
    """Whether SQLite gave up waiting for someone who writes."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
