"""The engine: one transaction or nothing, one writer at a time, and errors that people can act on."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from dropcopy_tui.domain.errors import InvalidValue, SecondFactorFailed, StoreBusy, StoreUnusable
from dropcopy_tui.store import engine
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.location import APPLICATION_ID, SCHEMA_VERSION
from dropcopy_tui.store.tables import SettingRow
from tests.services.processes import count_up, race

WAL = sqlite3.sqlite_version_info >= (3, 51, 3) or sqlite3.sqlite_version_info in ((3, 50, 7), (3, 44, 6))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "store.db"
    create_store(path)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path)
    yield store
    store.close()


def put(store: Store, key: str, value: str = "x") -> None:
    with store.write() as session:
        session.add(SettingRow(key=key, value=value))


def keys(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.execute(text("SELECT key FROM setting ORDER BY key")).scalars())


def on_connect(store: Store, *pragmas: str) -> None:
    """Change what every new connection of the store is like."""

    def run(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    store.close()
    event.listen(store._engine, "connect", run)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Somebody else is in the middle of a write, without the gate."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def is_free(gate: Path) -> bool:
    with gate.open() as file:
        try:
            # A gate that was taken shared would let this one in, too.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("foreign_keys", 1),
        ("busy_timeout", 10_000),
        ("trusted_schema", 0),
        ("secure_delete", 1),
        ("cell_size_check", 1),
        ("temp_store", 2),
        ("journal_mode", "wal" if WAL else "truncate"),
        ("synchronous", 2 if WAL else 3),
        ("application_id", APPLICATION_ID),
        ("user_version", SCHEMA_VERSION),
    ],
)
def test_every_connection_has_the_pragmas_of_the_architecture(store: Store, pragma: str, value: object) -> None:
    for way in (store.read, store.write):
        with way() as session:
            assert session.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


def test_a_store_is_0600_in_a_folder_of_0700_and_so_is_what_lies_beside_it(path: Path, store: Store) -> None:
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with store.write() as session:
        session.add(SettingRow(key="a", value="b"))
        session.flush()
        beside = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert len(beside) >= 3
    assert set(beside.values()) == {0o600}, beside


def test_what_a_block_wrote_is_there_when_it_ends(store: Store) -> None:
    put(store, "a")
    assert keys(store) == ["a"]


@pytest.mark.parametrize("error", [InvalidValue("no"), RuntimeError("bug"), KeyboardInterrupt()], ids=repr)
def test_a_block_that_raises_leaves_nothing(store: Store, error: BaseException) -> None:
    def write() -> None:
        with store.write() as session:
            session.add(SettingRow(key="a", value="b"))
            session.flush()
            raise error

    with pytest.raises(type(error)):
        write()
    assert keys(store) == []
    assert is_free(store._side.gate._path)


def test_a_remembered_refusal_keeps_what_came_before_it(store: Store) -> None:
    def write() -> None:
        with store.write() as session:
            session.add(SettingRow(key="try", value="1"))
            raise SecondFactorFailed("wrong")

    with pytest.raises(SecondFactorFailed):
        write()
    assert keys(store) == ["try"]


def test_a_broken_constraint_undoes_the_whole_block(store: Store) -> None:
    put(store, "a")

    def write() -> None:
        with store.write() as session:
            session.add(SettingRow(key="b", value="new"))
            session.flush()
            session.execute(text("INSERT INTO setting VALUES ('a', 'twice')"))

    with pytest.raises(IntegrityError):
        write()
    assert keys(store) == ["a"]


def test_an_error_never_shows_the_values(store: Store) -> None:
    put(store, "very-secret", "very-secret")
    with pytest.raises(IntegrityError) as caught:
        put(store, "very-secret", "very-secret")
    assert "very-secret" not in f"{caught.value}{caught.value!r}"


def test_the_gate_is_held_while_a_block_writes_and_not_while_it_reads(store: Store) -> None:
    put(store, "a")
    with store.write():
        assert not is_free(store._side.gate._path)
    assert is_free(store._side.gate._path)
    with store.read():
        assert is_free(store._side.gate._path)


def test_a_writer_keeps_others_out_from_its_first_question_on(path: Path, store: Store) -> None:
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with store.write() as session:
        session.execute(text("SELECT * FROM setting"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_no_update_is_lost_among_processes(path: Path, store: Store) -> None:
    put(store, "number", "0")
    assert race(path, *[partial(count_up, 25)] * 4) == [None] * 4
    with store.read() as session:
        assert session.execute(text("SELECT value FROM setting")).scalar_one() == "100"


def test_a_full_disk_is_told_and_changes_nothing(path: Path, store: Store) -> None:
    put(store, "a")
    on_connect(store, "max_page_count=1")  # SQLite takes the present size when the store is larger
    with pytest.raises(StoreBusy, match=r"The disk is full\. Nothing was changed"):
        put(store, "b", "x" * 100_000)
    assert keys(store) == ["a"]
    assert is_free(store._side.gate._path)
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    put(store, "c")


def test_a_store_that_somebody_holds_is_busy(path: Path, store: Store) -> None:
    on_connect(store, "busy_timeout=0")
    with held(path), pytest.raises(StoreBusy, match=r"The store is busy\. Nothing was changed"):
        put(store, "a")
    assert keys(store) == []


def test_a_store_that_cannot_be_written_is_told(store: Store) -> None:
    on_connect(store, "query_only=ON")
    with pytest.raises(StoreBusy, match="cannot be written"):
        put(store, "a")


def test_a_damaged_store_names_the_backup(path: Path, store: Store) -> None:
    put(store, "a")
    store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    with pytest.raises(StoreUnusable, match="backup"):
        keys(store)


def test_a_store_is_never_made_over_another_file(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="A store already exists"):
        create_store(path)
    assert path.read_bytes() == before


def test_a_store_that_could_not_be_made_whole_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> None:
        raise OSError("no")

    monkeypatch.setattr(engine, "migrate", fail)
    with pytest.raises(OSError, match="no"):
        create_store(tmp_path / "store.db")
    assert os.listdir(tmp_path) == []


def test_a_large_write_lets_others_read_until_it_commits(tmp_path: Path) -> None:
    """A cache that is full would be written to the store early, and lock out every reader until the commit."""
    path = tmp_path / "store.db"
    create_store(path)
    store = Store(path)
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with store.write() as session:
        for number in range(200):
            session.add(SettingRow(key=f"large{number}", value="x" * 65_536))
            session.flush()
            session.expunge_all()
        assert other.execute("SELECT count(*) FROM setting WHERE key LIKE 'large%'").fetchone() == (0,)
    assert other.execute("SELECT count(*) FROM setting WHERE key LIKE 'large%'").fetchone() == (200,)
    other.close()
    store.close()
