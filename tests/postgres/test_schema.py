"""A store that was made on a server has the tables that are described, and says whose it is."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text

from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.store.engine import Store, create_store, migrate
from dropcopy_tui.store.founding import tables_of_a_server
from dropcopy_tui.store.location import SCHEMA_VERSION, needs_migration
from dropcopy_tui.store.search import index_new
from dropcopy_tui.store.tables import METADATA
from tests.server import Server

# No table describes the index of pieces.
SEARCH = "sender_comp_search"


@pytest.fixture
def store(database: ServerPlace) -> Store:
    create_store(database)
    return Store(database)


def test_the_tables_are_those_that_are_described(store: Store) -> None:
    with store._engine.connect() as connection:
        described = {"compare_type": True, "include_name": lambda name, kind, _: name != SEARCH}
        assert compare_metadata(MigrationContext.configure(connection, opts=described), tables_of_a_server()) == []


def test_an_index_over_some_rows_is_over_some_rows(store: Store) -> None:
    partial = "SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL"
    with store._engine.connect() as connection:
        found = set(connection.execute(text(partial)).scalars())
    some = {index for table in METADATA.sorted_tables for index in table.indexes}
    assert found == {index.name for index in some if index.dialect_options["sqlite"]["where"] is not None}
    assert len(found) > 4


def test_every_check_is_there(store: Store) -> None:
    with store._engine.connect() as connection:
        look = inspect(connection)
        found = {
            table: {check["name"] for check in look.get_check_constraints(table)} for table in look.get_table_names()
        }
    for table in METADATA.sorted_tables:
        wanted = {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
        assert wanted <= found[table.name], table.name
    assert sum(map(len, found.values())) > 25


def test_row_numbers_that_grow_have_eight_bytes(store: Store) -> None:
    with store._engine.connect() as connection:
        for table in ("audit_event", "outbox", "notice"):
            found = connection.execute(
                text("SELECT data_type FROM information_schema.columns WHERE table_name = :t AND column_name = 'id'"),
                {"t": table},
            )
            assert found.scalar_one() == "bigint", table


def test_it_says_of_which_version_it_is(store: Store, server: Server) -> None:
    place = store.place
    assert isinstance(place, ServerPlace)
    assert server.do("SELECT value FROM setting WHERE key = 'schema'", place.database) == [(str(SCHEMA_VERSION),)]
    assert server.do("SELECT version_num FROM alembic_version", place.database) == [(f"{SCHEMA_VERSION:04d}",)]
    assert not needs_migration(place)
    migrate(place)
    assert server.do("SELECT version_num FROM alembic_version", place.database) == [(f"{SCHEMA_VERSION:04d}",)]


def test_searching_reads_the_index_of_pieces(store: Store) -> None:
    with store.write() as session:
        session.execute(
            text("INSERT INTO entity (code, name, clearing_firm, approvals) VALUES ('A', 'A', false, 'never')")
        )
        session.execute(
            text(
                "INSERT INTO sender_comp (entity_id, market, sender_comp_id, session_id, gfid, fti, gateway, status) "
                "SELECT 1, 'globex', 'S' || n || 'G' || 'P', 'S' || n, 'G', 'P', 'msgw', 'active' "
                "FROM generate_series(1, 20000) n"
            )
        )
        index_new(session)
        # As the server does by itself within a minute.
        session.execute(text("SELECT gin_clean_pending_list('sender_comp_search')"))
    with store.read() as session:
        plan = session.execute(text("EXPLAIN SELECT 1 FROM sender_comp WHERE sender_comp_id LIKE '%S1234%'"))
        assert SEARCH in "\n".join(plan.scalars())
