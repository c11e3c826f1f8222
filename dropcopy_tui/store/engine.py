"""The store's engine: pragmas, the gate of writers, units of work, and driver errors as desk errors."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session

from dropcopy_tui.domain.errors import DeskError, StoreBusy, StoreMissing, StoreTooNew, StoreUnusable

# "DCTU" in ASCII: tells a drop copy store from any other SQLite file (SQLite: PRAGMA application_id).
APPLICATION_ID = 0x44435455
SCHEMA_VERSION = 1
_PRAGMAS = (
    "foreign_keys=ON",
    "busy_timeout=10000",
    "trusted_schema=OFF",
    "secure_delete=ON",
    "cell_size_check=ON",
    "temp_store=MEMORY",
)
# SQLite before these releases can corrupt a WAL store that two connections write and checkpoint at once.
_WAL_IS_SAFE = sqlite3.sqlite_version_info >= (3, 51, 3) or sqlite3.sqlite_version_info in (
    (3, 50, 7),
    (3, 44, 6),
)
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "fuse.glusterfs", "ceph"})


class Store:
    """The open store: `read()` and `write()` are the only ways to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path)
        self._gate = path.with_name(path.name + ".gate")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one consistent state of the store. Raises StoreBusy."""
        with _desk_errors(), Session(self._engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: all of it when the block ends, none of it when it raises. Raises StoreBusy.

        A refusal that must be remembered (a wrong code counts as a try) keeps what came before it.
        """
        with _desk_errors(), self._through_gate():
            engine = self._engine.execution_options(immediate=True)
            with Session(engine, expire_on_commit=False) as session:
                try:
                    yield session
                except DeskError as refusal:
                    if refusal.remembered:
                        session.commit()
                    raise
                session.commit()

    @contextmanager
    def _through_gate(self) -> Iterator[None]:
        """Writers queue at a file lock, which is fair, where SQLite's busy handler is not."""
        handle = os.open(self._gate, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True, pool_size=4, max_overflow=8)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    wal = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    for pragma in (*_PRAGMAS, "synchronous=FULL" if wal else "synchronous=EXTRA"):
        connection.execute(f"PRAGMA {pragma}")
    if not wal:
        connection.execute("PRAGMA journal_mode=TRUNCATE")


def _on_begin(connection: Any) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _desk_errors() -> Iterator[None]:
    """Driver errors that a person can do something about, as desk errors."""
    try:
        yield
    except IntegrityError:
        raise
    except OperationalError as error:
        raise _explained(error) from error
    except DBAPIError as error:
        raise StoreUnusable(f"The store cannot be read ({error.orig}). Restore it from a backup.") from error


def _explained(error: OperationalError) -> StoreBusy | StoreUnusable:
    said = str(error.orig)
    if "full" in said:
        return StoreBusy("The disk is full: nothing was changed. Free some space and try again.")
    if "locked" in said or "busy" in said:
        return StoreBusy("The store is busy: nothing was changed. Try again.")
    if "readonly" in said or "I/O" in said or "unable to open" in said:
        return StoreBusy(
            f"The store cannot be written ({said}): nothing was changed. Check its disk and mode."
        )
    return StoreUnusable(f"The store cannot be used ({said}).")


def check_place(path: Path) -> None:
    """Refuse a folder that others may write to and a network file system. Raises StoreUnusable."""
    folder = path.parent
    if not folder.is_dir():
        raise StoreUnusable(f"The folder {folder} is not there. Make it, or choose another --store.")
    mode = folder.stat().st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        raise StoreUnusable(f"Others may write to the folder {folder}. Run: chmod 700 {folder}")
    kind = _file_system(folder)
    if kind in _NETWORK:
        raise StoreUnusable(
            f"{folder} is on a network file system ({kind}), where locks do not hold. Use a local disk."
        )


def _file_system(folder: Path) -> str:
    """The type of the file system a folder is on, from the longest mount point above it (Linux)."""
    table = Path("/proc/self/mountinfo")
    best, kind = "", ""
    if table.exists():
        for line in table.read_text(errors="replace").splitlines():
            fields, _, tail = line.partition(" - ")
            mount = fields.split()[4]
            if folder.resolve().is_relative_to(mount) and len(mount) >= len(best):
                best, kind = mount, tail.split()[0]
    return kind


def check_store(path: Path) -> None:
    """Refuse what is no store of ours before anything opens it.

    Raises:
        StoreMissing: there is no file.
        StoreTooNew: a newer version made it.
        StoreUnusable: it is something else, or others may read it.
    """
    if not path.exists():
        raise StoreMissing(
            f"There is no store at {path}. Make one with: dropcopy init   (or try: dropcopy demo)"
        )
    check_place(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StoreUnusable(f"Others may read the store. Run: chmod 600 {path}")
    _check_header(path)


def _check_header(path: Path) -> None:
    """Read the two numbers from the file's header (SQLite file format: offsets 60 and 68, big endian)."""
    with path.open("rb") as file:
        header = file.read(72)
    if len(header) < 72 or not header.startswith(b"SQLite format 3\0"):
        raise StoreUnusable(f"{path} is not a drop copy store: it was left as it is.")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise StoreUnusable(f"{path} is a database of another application: it was left as it is.")
    if int.from_bytes(header[60:64], "big") > SCHEMA_VERSION:
        raise StoreTooNew(f"A newer version of dropcopy made {path}. Update dropcopy; nothing was changed.")


def create_store(path: Path) -> None:
    """Make an empty store by migrating a new file (0600). Raises StoreUnusable when there is one already."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700)
    check_place(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise StoreUnusable(f"There is a store at {path} already: it was left as it is.") from None
    try:
        _prepare(path)
        migrate(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _prepare(path: Path) -> None:
    """Set what is set once: the journal mode and whose file it is."""
    connection = sqlite3.connect(path)
    try:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode=WAL" if _WAL_IS_SAFE else "PRAGMA journal_mode=TRUNCATE")
    finally:
        connection.close()


def needs_migration(path: Path) -> bool:
    """Whether an older version made the store."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(64)[60:64], "big") < SCHEMA_VERSION


def migrate(path: Path) -> None:
    """Bring the store to this version's tables, in one transaction. Alembic is imported here alone."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    store = Store(path)
    try:
        with store._through_gate(), store._engine.execution_options(immediate=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
    finally:
        store.close()
