"""`dropcopy init` on a server: whole or not at all, in an empty database or one that it creates, for two roles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dropcopy_tui.config import Config, load
from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.errors import InvalidValue, StoreMissing, StoreUnusable
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.new_store import administrator, make_store, remove_sandbox
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.location import check_store, store_facts
from tests.server import APP_ROLE, Server

FILL = administrator("chief", "chief@firm.example", None, None)


def config_of(place: ServerPlace, home: Path) -> Config:
    """What the command line would have with this URL."""
    found = load(store=str(place), environ={})
    return replace(found, paths=replace(found.paths, store=place, master_key=home / "keys" / "store.key"))


def tables(server: Server, place: ServerPlace) -> int:
    return int(
        server.do("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace", place.database)[0][0]
    )


def test_a_store_is_made_in_an_empty_database(database: ServerPlace, tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match=r"is empty. Create a store"):
        check_store(database)
    config = config_of(database, tmp_path)
    make_store(config, sandbox=False, fill=FILL)
    assert store_facts(database)["sandbox"] == "no"
    assert config.paths.master_key.stat().st_mode & 0o777 == 0o600
    desk = open_desk(config)
    assert desk.has_master_key
    desk.close()


def test_the_database_is_created_where_there_is_none(server: Server, tmp_path: Path) -> None:
    place = server.place("made_by_init", beside=tmp_path / "made" / "store")
    server.drop(place.database)
    with pytest.raises(StoreMissing, match="does not exist"):
        check_store(place)
    make_store(config_of(place, tmp_path), sandbox=False, fill=FILL)
    check_store(place)
    server.drop(place.database)


def test_a_role_that_may_not_create_it_is_told_what_to_run(server: Server, tmp_path: Path) -> None:
    place = server.place("not_there", user=APP_ROLE, beside=tmp_path / "made" / "store")
    with pytest.raises(StoreUnusable, match=r"may not create it. Create it with: CREATE DATABASE not_there OWNER"):
        make_store(config_of(place, tmp_path), sandbox=False, fill=FILL)
    assert not (tmp_path / "keys" / "store.key").exists()


@pytest.mark.parametrize("when", ["filling", "granting", "key"])
def test_what_fails_leaves_nothing(when: str, database: ServerPlace, server: Server, tmp_path: Path) -> None:
    config = config_of(database, tmp_path)
    before = tables(server, database)

    def fail(resources: object) -> None:
        FILL(resources)  # type: ignore[arg-type]
        if when == "filling":
            raise StoreUnusable("the fill failed")

    if when == "key":
        config.paths.master_key.parent.mkdir()
        config.paths.master_key.write_bytes(b"another's")
    with pytest.raises(StoreUnusable):
        make_store(config, sandbox=False, fill=fail, app_role="nobody-there" if when == "granting" else None)
    assert tables(server, database) == before
    assert config.paths.master_key.exists() is (when == "key")
    with pytest.raises(StoreMissing):
        check_store(database)


def test_a_database_that_was_created_for_nothing_is_removed(server: Server, tmp_path: Path) -> None:
    place = server.place("for_nothing", beside=tmp_path / "made" / "store")
    with pytest.raises(StoreUnusable, match="Role nobody-there does not exist"):
        make_store(config_of(place, tmp_path), sandbox=False, fill=FILL, app_role="nobody-there")
    assert server.do("SELECT count(*) FROM pg_database WHERE datname = 'for_nothing'") == [(0,)]


def test_a_store_is_never_made_over_another(database: ServerPlace, tmp_path: Path) -> None:
    make_store(config_of(database, tmp_path), sandbox=False, fill=FILL)
    facts = store_facts(database)
    with pytest.raises(StoreUnusable, match=r"is not empty. Nothing was changed"):
        make_store(config_of(database, tmp_path / "again"), sandbox=False, fill=FILL)
    assert store_facts(database) == facts
    assert not (tmp_path / "again" / "keys" / "store.key").exists()


def test_the_application_role_works_and_cannot_rewrite_the_audit_trail(database: ServerPlace, tmp_path: Path) -> None:
    config = config_of(database, tmp_path)
    make_store(config, sandbox=True, fill=FILL, app_role=APP_ROLE)
    place = ServerPlace(APP_ROLE, database.host, database.port, database.database, database.beside)
    desk = open_desk(config_of(place, tmp_path))
    try:
        actor = desk.identity.act_as("chief", "test")
        with writing(desk.resources, actor) as uow:
            uow.record("person:tried", actor.user_id)
    finally:
        desk.close()
    for statement in ("UPDATE audit_event SET person = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"):
        with (
            psycopg.connect(host=place.host, port=place.port, user=APP_ROLE, dbname=place.database) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())


def test_a_sandbox_is_made_and_thrown_away(database: ServerPlace, server: Server, tmp_path: Path) -> None:
    config = config_of(database, tmp_path)
    make_store(config, sandbox=True, fill=FILL)
    remove_sandbox(config)
    assert not config.paths.master_key.exists()
    with pytest.raises(StoreMissing, match="is empty"):
        check_store(database)
    make_store(config, sandbox=False, fill=FILL)
    with pytest.raises(StoreUnusable, match="is not a sandbox"):
        remove_sandbox(config)
    assert config.paths.master_key.exists()


def test_a_file_has_no_roles(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="--app-role is for a store on a PostgreSQL server"):
        make_store(load(store=str(tmp_path / "s.db"), environ={}), sandbox=False, fill=FILL, app_role="desk")
