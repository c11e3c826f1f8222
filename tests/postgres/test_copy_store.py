"""A store moves between a file and a server: all rows or none, whatever happens in the middle."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text

from dropcopy_tui.config import Config
from dropcopy_tui.copy_store import copy_store
from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.errors import StoreBusy, StoreMissing, StoreUnusable
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.places import Place, ServerPlace
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.sample.fill import fill
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.copy_target import Target, target_file
from dropcopy_tui.store.copying import TABLES, Chunk, Rows
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.location import check_store
from dropcopy_tui.store.tables import AuditRow, KeyPairRow, PersonRow, SettingRow
from tests.postgres.proxy import Network, Proxy
from tests.server import APP_ROLE, Server
from tests.services.copies import MOMENTS, config_at, copied, document, key_config, kill, rows_of, stopped
from tests.services.factories import add_sender_comps


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A sandbox in a file, with sample data and some SenderComps that no index has yet."""
    folder = tmp_path_factory.mktemp("sample")
    config = config_at(folder / "desk.db", folder / "desk.key")

    def more(resources: Any) -> None:
        fill(resources)
        add_sender_comps(resources, "ACME", 500, gfid="NEW")

    make_store(config, sandbox=True, fill=more)
    desk = open_desk(config)
    add_sender_comps(desk.resources, "ACME", 7, gfid="LTR")
    desk.close()
    return config


@pytest.fixture(scope="session")
def sample_database(sample_file: Config, server_for_copies: Server, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The same on a server."""
    place = server_for_copies.place("sample_copy", beside=tmp_path_factory.mktemp("beside") / "store")
    server_for_copies.drop(place.database)
    config = config_at(place, sample_file.paths.master_key)
    copy_store(sample_file, config)
    return config


@pytest.fixture(scope="session")
def server_for_copies() -> Server:
    from tests.server import shared_server

    return shared_server()


@pytest.fixture(params=["to-server", "to-file"])
def way(request: pytest.FixtureRequest, tmp_path: Path, database: ServerPlace) -> tuple[Config, Config]:
    """From where to where."""
    if request.param == "to-server":
        source: Config = request.getfixturevalue("sample_file")
        return source, config_at(database, source.paths.master_key)
    source = request.getfixturevalue("sample_database")
    return source, config_at(tmp_path / "back" / "desk.db", source.paths.master_key)


def file_sum(config: Config) -> str:
    assert isinstance(config.paths.store, Path)
    return hashlib.sha256(config.paths.store.read_bytes()).hexdigest()


# -- what arrives


def test_a_file_moves_to_a_server_and_back(sample_file: Config, database: ServerPlace, tmp_path: Path) -> None:
    before = file_sum(sample_file)
    there = config_at(database, sample_file.paths.master_key)
    back = config_at(tmp_path / "back" / "desk.db", sample_file.paths.master_key)
    first, second = copy_store(sample_file, there), copy_store(there, back)
    assert first == second
    assert first.rows == sum(map(len, rows_of(sample_file.paths.store).values())) > 10_000
    assert first.events == first.last_event
    rows = rows_of(sample_file.paths.store)
    assert rows_of(database) == rows
    assert rows_of(back.paths.store) == rows
    assert file_sum(sample_file) == before
    assert isinstance(back.paths.store, Path)
    assert back.paths.store.stat().st_mode & 0o777 == 0o600


def test_the_tables_are_as_init_makes_them(way: tuple[Config, Config], server: Server, tmp_path: Path) -> None:
    """Indexes, references and checks: what waited for the rows is there again."""
    copy_store(*way)
    fresh = server.place("as_init", beside=tmp_path / "fresh" / "store")
    if isinstance(way[1].paths.store, Path):
        create_store(tmp_path / "fresh.db")
        assert outline(tmp_path / "fresh.db", server) == outline(way[1].paths.store, server)
        return
    server.drop("as_init")
    server.create("as_init")
    create_store(fresh)
    assert outline(fresh, server) == outline(way[1].paths.store, server)
    server.drop("as_init")


def outline(place: Place, server: Server) -> list[Any]:
    """How the tables of a store are described by its own engine."""
    if isinstance(place, ServerPlace):
        indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
        checks = (
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
        )
        return [*server.do(indexes, place.database), *server.do(checks, place.database)]
    import sqlite3

    with sqlite3.connect(place) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchall()
        known = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
    connection.close()
    return [*mode, *known]


def test_the_copy_is_a_desk_that_works(way: tuple[Config, Config]) -> None:
    copied_before = copy_store(*way)
    desk = open_desk(way[1])
    try:
        assert desk.has_master_key
        operator, auditor = desk.identity.act_as("acme-operator", "test"), desk.identity.act_as("auditor", "test")
        assert desk.audit.verify(auditor).valid
        # The next event has the next number, and the chain continues.
        with writing(desk.resources, operator) as uow:
            uow.record("test:continued", "x")
        after = desk.audit.verify(auditor)
        assert after.valid
        assert after.events > copied_before.events
        for word, count in (("NEW", 500), ("LTR", 7)):
            found = desk.sendercomps.page(operator, "ACME", PageRequest(match=word, limit=1_000), "brokertec_us")
            assert len(found.rows) == count
        assert add_sender_comps(desk.resources, "ACME", 1, gfid="ZZZ")
    finally:
        desk.close()


# -- what a value may be

names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
moments = st.integers(0, 250_000_000_000_000_000).map(lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, 0, us))
facts = st.dictionaries(names, st.none() | st.booleans() | st.integers() | names | st.lists(names), max_size=3)


@st.composite
def some_rows(draw: st.DrawFn) -> dict[type, list[dict[str, Any]]]:
    count = draw(st.integers(0, 5))
    people = [
        {
            "id": number, "user_id": f"{number} {draw(names)}", "name": draw(names), "email": f"{number}@{draw(names)}",
            "mobile": draw(st.none() | names), "locked_until": draw(st.none() | moments),
            "disabled": draw(st.booleans()), "failed_tries": draw(st.integers(0, 2**31 - 1)),
            "created_at": draw(moments),
        }
        for number in draw(st.sets(st.integers(1, 2**31 - 1), min_size=count, max_size=count))
    ]  # fmt: skip
    events = [
        {
            "id": number, "at": draw(moments), "person": draw(names), "origin": draw(names), "action": draw(names),
            "entity": draw(st.none() | names), "subject": draw(names), "before": draw(facts), "after": draw(facts),
            "digest": draw(names),
        }
        for number in draw(st.sets(st.integers(1, 2**63 - 1), min_size=count, max_size=count))
    ]  # fmt: skip
    keys = [
        {
            "id": number, "session_pk": number, "access_key_id": f"{number:020}",
            "slot": draw(st.sampled_from([None, 1, 2])), "sealed_secret": draw(st.none() | st.binary(max_size=20)),
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            "expires_at": datetime(2027, 1, 1, tzinfo=UTC), "created_by": 1, "deleted_by": draw(names),
        }
        for number in range(1, count + 1)
    ]  # fmt: skip
    known = [{"key": f"{number}{draw(names)}", "value": draw(names)} for number in range(count)]
    return {PersonRow: people, AuditRow: events, KeyPairRow: keys, SettingRow: known}


@contextmanager
def empty_rows(place: Place) -> Iterator[Rows]:
    """An open transaction of an empty store without its references."""
    if isinstance(place, ServerPlace):
        store = Store(place)
        with store._engine.connect() as connection:
            rows = Rows(connection, place)
            Target(rows).hold_back()
            yield rows
        store.close()
        return
    with target_file(place) as found:
        found.hold_back()
        yield found.rows


def test_any_row_is_the_same_on_the_way_there_and_back(database: ServerPlace, tmp_path: Path) -> None:
    create_store(database)
    with (
        empty_rows(tmp_path / "one.db") as one,
        empty_rows(database) as other,
        empty_rows(tmp_path / "back.db") as back,
    ):

        @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
        @given(some_rows())
        def goes_round(made: dict[type, list[dict[str, Any]]]) -> None:
            for rows in (one, other, back):
                rows.run("SAVEPOINT empty" if rows is other else "SELECT 1")
            write(one.connection, made)
            for source, target in ((one, other), (other, back)):
                for table in TABLES:
                    target.put(table, source.chunks(table))
            assert everything(one) == everything(other) == everything(back)
            assert sum(map(len, everything(one).values())) == sum(map(len, made.values()))
            other.run("ROLLBACK TO SAVEPOINT empty")
            for rows in (one, back):
                for kind in made:
                    rows.run(f"DELETE FROM {kind.__tablename__}")  # type: ignore[attr-defined]

        other.run("DELETE FROM setting WHERE key <> 'schema'")
        goes_round()


def write(connection: Connection, made: dict[type, list[dict[str, Any]]]) -> None:
    for kind, rows in made.items():
        if rows:
            connection.execute(insert(kind), rows)


def everything(rows: Rows) -> dict[str, Chunk]:
    return {table.name: [row for chunk in rows.chunks(table) for row in chunk] for table in TABLES}


def test_a_value_that_a_server_cannot_keep_is_named(
    sample_file: Config, database: ServerPlace, server: Server, tmp_path: Path
) -> None:
    source = config_at(tmp_path / "one.db", sample_file.paths.master_key)
    copy_store(sample_file, source)
    with Store(source.paths.store).write() as session:
        session.execute(text("UPDATE entity SET name = 'A' || char(0) || 'B' WHERE code = 'ACME'"))
    with pytest.raises(StoreUnusable, match=r"A row of the table entity cannot be stored .*NUL.* Nothing was copied"):
        copy_store(source, config_at(database, sample_file.paths.master_key))
    nothing_at(database)


def nothing_at(place: Place) -> None:
    with pytest.raises(StoreMissing):
        check_store(place)


# -- what happens in the middle


@pytest.mark.parametrize("at", MOMENTS)
def test_a_copy_that_was_killed_is_made_by_the_same_command(
    at: str, way: tuple[Config, Config], tmp_path: Path
) -> None:
    source, target = way[0].paths, way[1].paths
    config = key_config(tmp_path, source.master_key)
    before = rows_of(source.store)
    kill(stopped(at, source.store, target.store, tmp_path, config))
    if at != "complete":
        nothing_at(target.store)
    found = document(copied(source.store, target.store, tmp_path, config, "--json"))
    assert found["copied_before"] is (at == "complete")
    assert rows_of(target.store) == before == rows_of(source.store)
    if isinstance(target.store, Path):
        assert not [file.name for file in target.store.parent.iterdir() if file.name.startswith(".making-")]


def midway(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> None:
    """Do something once, when the first SenderComps were read."""
    real, done = Rows.chunks, []

    def chunks(self: Rows, table: Any) -> Iterator[Chunk]:
        for chunk in real(self, table):
            yield chunk
            if table.name == "sender_comp" and not done:
                done.append(1)
                then()

    monkeypatch.setattr(Rows, "chunks", chunks)


@pytest.mark.parametrize("side", [0, 1], ids=["source", "target"])
def test_a_session_that_is_ended_leaves_nothing(
    side: int, way: tuple[Config, Config], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = way[side].paths.store
    if not isinstance(place, ServerPlace):
        place = next(config.paths.store for config in way if isinstance(config.paths.store, ServerPlace))
    assert isinstance(place, ServerPlace)
    ends = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{place.database}'"
    midway(monkeypatch, lambda: server.do(ends) and None)
    with pytest.raises(StoreBusy, match=r"(ended the connection|was lost).*Nothing was changed") as refused:
        copy_store(*way)
    assert "\n" not in refused.value.message
    monkeypatch.undo()
    nothing_at(way[1].paths.store)
    assert not copy_store(*way).before


def test_a_server_that_falls_silent_is_told(
    sample_file: Config, database: ServerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(database)

    def silence() -> None:
        proxy.how = Network.SILENT

    midway(monkeypatch, silence)
    try:
        with pytest.raises(StoreBusy, match="does not answer"):
            copy_store(sample_file, config_at(proxy.place, sample_file.paths.master_key))
    finally:
        proxy.close()


def test_a_full_disk_of_the_server_is_told(
    sample_file: Config, database: ServerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver's error is simulated: filling a real disk would fill this machine's memory."""
    import psycopg

    def full() -> None:
        raise psycopg.errors.DiskFull("could not extend file: No space left on device")

    midway(monkeypatch, full)
    with pytest.raises(StoreBusy, match=r"The disk of the server .* is full"):
        copy_store(sample_file, config_at(database, sample_file.paths.master_key))
    nothing_at(database)


def test_who_writes_to_the_source_waits_and_who_reads_does_not(
    way: tuple[Config, Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def work() -> None:
        other = Store(way[0].paths.store)
        with pytest.raises(StoreBusy) as refused, other.write("jo", patience=0.2):
            raise AssertionError("a writer came in")
        said.append(refused.value.message)
        with other.read() as session:
            said.append(session.execute(text("SELECT count(*) FROM entity")).scalar_one())
        other.close()

    midway(monkeypatch, work)
    copy_store(*way)
    assert "(copy-store) is writing to the store" in said[0]
    assert int(said[1]) > 1


# -- what is refused


def test_a_target_that_was_changed_since_is_left_alone(way: tuple[Config, Config]) -> None:
    copy_store(*way)
    assert copy_store(*way).before
    with Store(way[1].paths.store).write() as session:
        session.execute(text("UPDATE entity SET name = 'Renamed' WHERE code = 'ACME'"))
    with pytest.raises(StoreUnusable, match=r"one of them was changed since \(entity\)\. Nothing was copied"):
        copy_store(*way)


def test_the_database_of_another_application_is_refused(
    sample_file: Config, database: ServerPlace, server: Server
) -> None:
    server.do("CREATE TABLE invoices (id int)", database.database)
    with pytest.raises(StoreUnusable, match=r"is the database of another application\. Nothing was changed"):
        copy_store(sample_file, config_at(database, sample_file.paths.master_key))
    assert server.do("SELECT count(*) FROM invoices", database.database) == [(0,)]


def test_one_database_by_two_urls_is_one_store(sample_database: Config) -> None:
    place = sample_database.paths.store
    assert isinstance(place, ServerPlace)
    proxy = Proxy(place)
    try:
        with pytest.raises(StoreUnusable, match="is both source and target"):
            copy_store(sample_database, config_at(proxy.place, sample_database.paths.master_key))
    finally:
        proxy.close()


def test_a_database_is_created_where_the_role_may(sample_file: Config, server: Server, tmp_path: Path) -> None:
    place = server.place("made_by_copy", beside=tmp_path / "made" / "store")
    server.drop(place.database)
    copy_store(sample_file, config_at(place, sample_file.paths.master_key))
    check_store(place)
    server.drop(place.database)


def test_the_application_role_uses_the_copy_and_can_copy_it(
    sample_file: Config, database: ServerPlace, tmp_path: Path
) -> None:
    key = sample_file.paths.master_key
    copy_store(sample_file, config_at(database, key), app_role=APP_ROLE)
    theirs = config_at(replace(database, user=APP_ROLE), key)
    desk = open_desk(theirs)
    try:
        with writing(desk.resources, desk.identity.act_as("acme-operator", "test")) as uow:
            uow.record("test:continued", "x")
        assert Audit(desk.resources).verify(desk.identity.act_as("auditor", "test")).valid
    finally:
        desk.close()
    copy_store(theirs, config_at(tmp_path / "back.db", key))
    assert rows_of(tmp_path / "back.db") == rows_of(database)


def test_an_altered_audit_trail_is_not_carried_on(sample_file: Config, database: ServerPlace, tmp_path: Path) -> None:
    source = config_at(tmp_path / "one.db", sample_file.paths.master_key)
    copy_store(sample_file, source)
    with Store(source.paths.store).write() as session:
        session.execute(text("UPDATE audit_event SET person = 'x' WHERE id = 3"))
    with pytest.raises(StoreUnusable, match=r"Event 3 was altered, inserted or exchanged\. Nothing was copied"):
        copy_store(source, config_at(database, sample_file.paths.master_key))
    nothing_at(database)
