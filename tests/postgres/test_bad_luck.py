"""What goes wrong between a desk and its server: one clear line within seconds, nothing half done, and on it goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text

from dropcopy_tui.config import load
from dropcopy_tui.domain.errors import (
    ConfigInvalid,
    DeskError,
    Interrupted,
    StoreBusy,
    StoreMissing,
    StoreTooNew,
    StoreUnusable,
    WrongMasterKey,
)
from dropcopy_tui.domain.places import ServerPlace, server_place
from dropcopy_tui.domain.work import Work
from dropcopy_tui.new_store import make_store
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.location import check_store
from dropcopy_tui.store.tables import SettingRow
from tests.postgres.proxy import Network, Proxy
from tests.postgres.test_making import FILL, config_of
from tests.server import Server
from tests.services.conftest import World
from tests.services.factories import change, contents, one
from tests.services.test_import_updates import bring, many

# The promise is five seconds; the machine of a test may be busy.
SECONDS = 10


@contextmanager
def soon(kind: type[DeskError], words: str) -> Iterator[None]:
    """The refusal is of this kind, says this in one line, and does not let anybody wait."""
    begun = time.monotonic()
    with pytest.raises(kind, match=words) as refused:
        yield
    assert time.monotonic() - begun < SECONDS
    assert "\n" not in refused.value.message
    assert "psycopg" not in refused.value.message


def write_something(store: Store, key: str = "changed") -> None:
    with store.write("jo") as session:
        session.add(SettingRow(key=key, value="x"))


def written(world: World, key: str = "changed") -> bool:
    return bool(one(world.resources, "SELECT count(*) FROM setting WHERE key = :key", key=key))


@pytest.fixture
def proxy(place: ServerPlace) -> Iterator[Proxy]:
    proxy = Proxy(place)
    yield proxy
    proxy.close()


# -- what a URL may name


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        ({"host": "no-such-host.invalid"}, StoreUnusable, r"The host no-such-host\.invalid is not known"),
        (
            {"host": "127.0.0.1", "port": "1"},
            StoreBusy,
            r"No PostgreSQL server answers at .*port 1\. Nothing was changed\.",
        ),
        ({"host": "/nowhere"}, StoreBusy, "No PostgreSQL server has a socket in /nowhere"),
        ({"database": "not_there"}, StoreMissing, "The database not_there does not exist"),
        ({"user": "stranger"}, StoreUnusable, "Role stranger does not exist"),
    ],
    ids=["host", "port", "socket", "database", "role"],
)
def test_a_wrong_url_is_told(server: Server, wrong: dict[str, str], kind: type[DeskError], words: str) -> None:
    place = replace(server.place("postgres"), **wrong)  # type: ignore[arg-type]
    with soon(kind, words):
        check_store(place)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://jo:hunter2@db/x",
        "postgresql://jo@db/x?password=hunter2",
        "postgresql+psycopg://:hunter2@db/x",
    ],
)
def test_a_password_in_a_url_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="must not contain a password") as refused:
        server_place(url, tmp_path)
    assert "hunter2" not in refused.value.message
    assert "store_password_file" in refused.value.message


def test_the_database_of_another_application_is_refused(database: ServerPlace, server: Server, tmp_path: Path) -> None:
    server.do("CREATE TABLE invoices (id int)", database.database)
    with soon(StoreUnusable, r"is the database of another application\. Nothing was changed"):
        check_store(database)
    with soon(StoreUnusable, "is not empty"):
        make_store(config_of(database, tmp_path), sandbox=False, fill=FILL)
    server.do("CREATE TABLE setting (name text)", database.database)
    server.do("CREATE TABLE audit_event (id int)", database.database)
    with soon(StoreUnusable, "is the database of another application"):
        check_store(database)
    assert server.do("SELECT count(*) FROM invoices", database.database) == [(0,)]


def test_a_store_of_a_newer_version_is_left_alone(place: ServerPlace, server: Server) -> None:
    server.do("UPDATE setting SET value = '99' WHERE key = 'schema'", place.database)
    with soon(StoreTooNew, r"newer version of dropcopy\. Update dropcopy"):
        check_store(place)


def test_another_stores_master_key_is_refused(database: ServerPlace, tmp_path: Path) -> None:
    from dropcopy_tui.desk import open_desk

    config = config_of(database, tmp_path)
    make_store(config, sandbox=False, fill=FILL)
    config.paths.master_key.write_bytes(b"\x07" * 32)
    with soon(WrongMasterKey, "is the master key of another store"):
        open_desk(config)


def test_an_old_server_is_refused(proxy: Proxy, server: Server, database: ServerPlace, tmp_path: Path) -> None:
    """The server of the tests is a new one, which calls itself an old one on its way here."""
    name = b"server_version\0"
    mine = str(server.do("SHOW server_version")[0][0]).encode()
    proxy.instead = (name + mine, name + b"13.9999"[: len(mine)])
    with soon(StoreUnusable, r"is PostgreSQL 13\. Use version 14 or newer\. Nothing was changed"):
        check_store(proxy.place)
    with soon(StoreUnusable, "is PostgreSQL 13"):
        create_store(proxy.place)


def test_the_command_says_one_line_and_ends(
    database: ServerPlace,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What a person sees of a place that cannot be used: one line, the exit code, and no trace of the driver."""
    from dropcopy_tui.cli import main

    place = database
    monkeypatch.setenv("HOME", str(tmp_path))
    # As the command below finds it: without its master key, nothing of a store is shown.
    make_store(load(store=str(place), environ={}), sandbox=True, fill=FILL)
    server.do(f"ALTER DATABASE {place.database} SET default_transaction_read_only = on")
    wrong = {
        "no-such-host.invalid": replace(place, host="no-such-host.invalid"),
        "No PostgreSQL server answers": replace(place, host="127.0.0.1", port="1"),
        "The database not_there does not exist": replace(place, database="not_there"),
        "Role stranger does not exist": replace(place, user="stranger"),
    }
    for words, there in wrong.items():
        begun = time.monotonic()
        assert main(["--store", str(there), "--as", "chief", "--no-input", "status"]) in (1, 2, 3)
        said = capsys.readouterr()
        assert time.monotonic() - begun < SECONDS
        assert said.out == ""
        assert said.err.count("\n") == 1
        assert words in said.err
        assert "psycopg" not in said.err
    # One that only looks is answered, where the account proves who it is; one that changes something is not.
    assert main(["--store", str(place), "--as", "chief", "--no-input", "audit", "verify"]) == 0
    capsys.readouterr()
    file = tmp_path / "entities.csv"
    file.write_text("entity,name,clearing_firm\nACME,Acme Securities,no\n")
    assert main(["--store", str(place), "--as", "chief", "--no-input", "import", "entities", str(file)]) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "is read-only: the store can be read, not changed. Nothing was changed." in said.err


def test_a_database_that_sorts_otherwise_is_refused(server: Server, tmp_path: Path) -> None:
    server.do("DROP DATABASE IF EXISTS latin")
    server.do("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    place = server.place("latin", beside=tmp_path / "latin" / "store")
    with soon(StoreUnusable, "has the encoding LATIN1 .* Create another one with: CREATE DATABASE NAME"):
        create_store(place)


# -- what happens to a server


def test_a_read_only_server_can_be_read(place: ServerPlace, server: Server) -> None:
    server.do(f"ALTER DATABASE {place.database} SET default_transaction_read_only = on")
    check_store(place)
    store = Store(place)
    for _ in range(2):  # what a reader leaves behind does not let a writer in
        with store.read() as session:
            assert session.execute(text("SELECT count(*) FROM entity")).scalar_one() == 2
        with soon(StoreBusy, "is read-only: the store can be read, not changed"):
            write_something(store)


def test_a_full_disk_is_told(world: World) -> None:
    """The driver's error is simulated: filling a real disk would fill this machine's memory."""
    store = world.resources.store

    def full(_c: object, _u: object, statement: str, *_: object) -> None:
        if "INSERT INTO setting" in statement:
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")

    event.listen(store._engine, "before_cursor_execute", full)
    with soon(StoreBusy, r"The disk of the server .* is full\. Nothing was changed"):
        write_something(store)
    event.remove(store._engine, "before_cursor_execute", full)
    assert not written(world)
    write_something(store)


def test_a_session_that_was_ended_changed_nothing(world: World, place: ServerPlace, server: Server) -> None:
    store = world.resources.store
    with soon(StoreBusy, r"ended the connection\. Nothing was changed\. Try again"), store.write() as session:
        session.add(SettingRow(key="changed", value="x"))
        session.flush()
        server.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{place.database}'")
        session.execute(text("SELECT 1"))
    assert not written(world)
    write_something(store)
    assert written(world)


def test_connections_that_ended_are_replaced(world: World, place: ServerPlace, server: Server) -> None:
    store = world.resources.store
    write_something(store, "first")
    server.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{place.database}'")
    write_something(store, "second")
    assert written(world, "second")


def test_a_server_that_falls_silent_is_told_and_work_goes_on_afterwards(world: World, proxy: Proxy) -> None:
    store = Store(proxy.place)
    write_something(store, "before")
    proxy.how = Network.SILENT
    with soon(StoreBusy, "does not answer"):
        write_something(store, "meanwhile")
    with soon(StoreBusy, "does not answer"), store.read() as session:
        session.execute(text("SELECT 1"))
    with soon(StoreBusy, "does not answer"):
        check_store(proxy.place)
    proxy.how = Network.GOOD
    time.sleep(2.1)
    write_something(store, "after")
    assert [written(world, key) for key in ("before", "meanwhile", "after")] == [True, False, True]


def test_a_long_statement_is_not_taken_for_silence(proxy: Proxy) -> None:
    with Store(proxy.place).read() as session:
        assert session.execute(text("SELECT 1 FROM pg_sleep(3.5)")).scalar_one() == 1


def test_a_server_that_is_too_busy_for_a_new_connection_is_not_lost(proxy: Proxy) -> None:
    """Seen where a dozen programs shared two cores: a statement was given up whose answer was there already."""
    with Store(proxy.place).read() as session:
        session.execute(text("SELECT 1"))
        proxy.how = Network.BUSY
        assert session.execute(text("SELECT 1 FROM pg_sleep(2)")).scalar_one() == 1
        assert proxy.accepted == 2, "the server was asked"


def test_a_statement_is_cancelled_in_the_middle_from_another_thread(
    world: World, place: ServerPlace, server: Server
) -> None:
    """An import's insert is held up in the server; Escape ends it there, and nothing is changed."""
    before = contents(world.resources)
    waits = (
        f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{place.database}' AND wait_event_type = 'Lock' "
        "AND query LIKE 'INSERT INTO sender_comp%'"
    )
    work = Work()

    def cancel() -> None:
        until = time.monotonic() + SECONDS
        while server.do(waits) != [(1,)] and time.monotonic() < until:
            time.sleep(0.02)
        work.cancel()

    with psycopg.connect(host=place.host, port=place.port, user=place.user, dbname=place.database) as other:
        other.execute("LOCK TABLE sender_comp IN SHARE MODE")
        escape = threading.Thread(target=cancel)
        escape.start()
        with work.doing(), pytest.raises(Interrupted):
            bring(world, many(17_000))
        escape.join()
        assert server.do(waits) == [(0,)]
    assert contents(world.resources) == before
    assert bring(world, many(17)).imported == 17


# -- commits whose reply is lost


def test_a_commit_whose_reply_is_lost_is_no_refusal_where_it_stands(world: World, proxy: Proxy) -> None:
    store = Store(proxy.place)
    proxy.how = Network.NO_REPLY
    write_something(store)
    assert written(world)


def test_a_commit_that_did_not_arrive_changed_nothing(world: World, proxy: Proxy) -> None:
    store = Store(proxy.place)
    proxy.how = Network.NO_COMMIT
    with soon(StoreBusy, "Nothing was changed"):
        write_something(store)
    assert not written(world)
    write_something(store)


def test_where_it_cannot_be_known_that_is_what_is_said(world: World, proxy: Proxy) -> None:
    store = Store(proxy.place)
    proxy.how = Network.DEAF
    with soon(StoreBusy, r"it is not known whether it was\. When the server answers again, look"):
        write_something(store)
    assert written(world)  # and here it was


def test_everything_is_audited_once_after_a_lost_reply(world: World, proxy: Proxy) -> None:
    change(world.resources, "UPDATE entity SET name = 'x' WHERE code = 'ACME'")
    events = one(world.resources, "SELECT count(*) FROM audit_event")
    behind = replace(world.resources, store=Store(proxy.place))
    from dropcopy_tui.services.unit_of_work import writing

    proxy.how = Network.NO_REPLY
    with writing(behind, world.operator) as uow:
        uow.record("test:changed", "x")
    assert one(world.resources, "SELECT count(*) FROM audit_event") == events + 1
