"""Where a store may lie, and what is refused before anything opens it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import StoreMissing, StoreTooNew, StoreUnusable
from dropcopy_tui.store import location as place
from dropcopy_tui.store.engine import create_store
from dropcopy_tui.store.location import SCHEMA_VERSION, check_place, check_store, needs_migration, store_facts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    create_store(path)
    return path


def pragma(path: Path, what: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA {what}")
    connection.close()


def test_a_store_of_ours_is_accepted(path: Path) -> None:
    check_store(path)
    assert not needs_migration(path)


def test_a_missing_store_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="dropcopy init"):
        check_store(tmp_path / "store.db")


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"x" * 4096, b"SQLite format 3\0"], ids=["empty", "text", "x", "cut"]
)
def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StoreUnusable, match="not a drop copy store"):
        check_store(path)
    assert path.read_bytes() == content


def test_a_folder_in_place_of_a_store_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "store.db"
    folder.mkdir(mode=0o700)
    with pytest.raises(StoreUnusable, match="cannot be read"):
        check_store(folder)


def test_a_fifo_in_place_of_a_store_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    os.mkfifo(path, 0o600)
    with pytest.raises(StoreUnusable, match="not a regular file"):
        check_store(path)


def test_a_store_of_another_account_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StoreUnusable, match="owned by another account"):
        check_store(path)


def test_a_database_of_another_application_is_left_alone(path: Path) -> None:
    pragma(path, "application_id=1")
    with pytest.raises(StoreUnusable, match="another application"):
        check_store(path)


def test_a_newer_store_asks_for_an_update(path: Path) -> None:
    pragma(path, f"user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(StoreTooNew, match=r"Update dropcopy\. Nothing was changed"):
        check_store(path)


def test_an_older_store_is_to_be_migrated(path: Path) -> None:
    pragma(path, f"user_version={SCHEMA_VERSION - 1}")
    check_store(path)
    assert needs_migration(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_store_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(StoreUnusable, match="chmod 600"):
        check_store(path)


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_may_write_to_is_refused(path: Path, mode: int) -> None:
    path.parent.chmod(mode)
    with pytest.raises(StoreUnusable, match="chmod 700"):
        check_store(path)
    path.parent.chmod(0o700)


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o1777])
def test_a_folder_of_ones_own_or_a_sticky_one_is_accepted(path: Path, mode: int) -> None:
    path.parent.chmod(mode)
    check_store(path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="does not exist"):
        check_place(tmp_path / "none" / "store.db")


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(place, "_file_system", lambda _: kind)
    with pytest.raises(StoreUnusable, match=f"network file system .{kind}"):
        check_place(tmp_path / "store.db")


def test_a_store_without_its_facts_is_not_whole(path: Path) -> None:
    with pytest.raises(StoreUnusable, match="incomplete"):
        store_facts(path)


def test_a_store_knows_its_facts(path: Path) -> None:
    facts = {"store_id": "1", "sandbox": "yes", "environment": "CERT", "vault_check": "2"}
    connection = sqlite3.connect(path)
    with connection:
        connection.executemany("INSERT INTO setting VALUES (?, ?)", facts.items())
    assert store_facts(path) == facts
