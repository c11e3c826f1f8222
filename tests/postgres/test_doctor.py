"""What the doctor finds on a server: each misconfiguration by its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dropcopy_tui.clock import Clock
from dropcopy_tui.doctor.check import Host, Patient
from dropcopy_tui.doctor.host import POSTGRES
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.services.base import Resources
from tests.services.factories import change, open_resources
from tests.stores import new_store

pytestmark = pytest.mark.postgres


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    (tmp_path / "store").mkdir(mode=0o700)
    return open_resources(new_store(tmp_path / "store" / "store.db", postgres=True))


def ids(resources: Resources, place: ServerPlace | None = None) -> set[str]:
    from dropcopy_tui.config import Config, Paths

    where = place or resources.store.place
    paths = Paths(where, Path("/k"), Path("/c"), Path("/l"), Path("/d"))
    config = Config(paths, resources.settings)
    at = Patient(Host.here(), {}, Clock().now(), Path("/c"), config, resources=resources)
    return {check.id for check in POSTGRES.checks if list(check.look(at))}


# The server of the tests runs without syncing, and its owner is a superuser.
USUAL = {"postgres.superuser", "postgres.durable"}


def test_a_superuser_and_a_server_that_does_not_sync(resources: Resources) -> None:
    assert ids(resources) == USUAL


def test_the_index_of_pieces(resources: Resources) -> None:
    change(resources, "DROP INDEX sender_comp_search")
    assert ids(resources) == USUAL | {"postgres.extension"}


def test_a_certificate_that_is_not_verified(resources: Resources) -> None:
    place = resources.store.place
    assert isinstance(place, ServerPlace)
    remote = replace(place, host="db.firm.example", options=(("sslmode", "require"),))
    assert ids(resources, remote) == USUAL | {"postgres.tls"}


def test_a_role_that_owns_the_tables(resources: Resources) -> None:
    with resources.store.read() as tx:
        tx.connection().exec_driver_sql("SELECT 1")
    change(resources, "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'plain_owner') "
           "THEN CREATE ROLE plain_owner LOGIN; END IF; END $$")  # fmt: skip
    change(resources, "GRANT ALL ON ALL TABLES IN SCHEMA public TO plain_owner")
    change(resources, "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain_owner")
    place = resources.store.place
    assert isinstance(place, ServerPlace)
    owner = open_resources(replace(place, user="plain_owner"))
    assert ids(owner) == {"postgres.owner", "postgres.durable"}
    owner.store.close()


def test_a_server_that_is_gone(resources: Resources) -> None:
    from dropcopy_tui.config import Config, Paths

    paths = Paths(resources.store.place, Path("/k"), Path("/c"), Path("/l"), Path("/d"))
    at = Patient(Host.here(), {}, Clock().now(), Path("/c"), Config(paths, resources.settings))
    assert [check.id for check in POSTGRES.checks if list(check.look(at))] == ["postgres.unusable"]
