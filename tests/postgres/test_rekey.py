"""A new master key for a store on a server, which several hosts use, each with a copy of the key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.errors import WrongMasterKey
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.new_store import make_store
from dropcopy_tui.rekeying import present_fingerprint, rekey
from dropcopy_tui.services.inspection.inspection import inspect_store
from dropcopy_tui.services.sample.fill import fill
from dropcopy_tui.store.vault import beside_key
from tests.postgres.test_making import config_of
from tests.server import APP_ROLE


def test_other_hosts_are_refused_until_they_have_the_new_key(database: ServerPlace, tmp_path: Path) -> None:
    here, there = config_of(database, tmp_path / "here"), config_of(database, tmp_path / "there")
    make_store(here, sandbox=True, fill=fill, app_role=APP_ROLE)
    there.paths.master_key.parent.mkdir(parents=True, mode=0o700)
    shutil.copy2(here.paths.master_key, there.paths.master_key)
    open_there = open_desk(there)
    operator = open_there.identity.act_as("acme-operator", "test")
    # As the application's role, which does not own the tables and cannot change events.
    place = ServerPlace(APP_ROLE, database.host, database.port, database.database, database.beside)
    done = rekey(config_of(place, tmp_path / "here"), present_fingerprint(here), "test")
    assert done.sealed["key_pair"] > 20
    with pytest.raises(WrongMasterKey, match="was replaced while dropcopy was open"):
        open_there.drafts.start(operator, "brokertec_us")
    open_there.close()
    with pytest.raises(WrongMasterKey, match="or was replaced by a new one"):
        open_desk(there)
    shutil.copy2(here.paths.master_key, there.paths.master_key)
    desk = open_desk(there)
    faults = [each.name for each in inspect_store(desk.resources.store, desk.resources.vault) if not each.is_sound]
    desk.close()
    assert faults == []


def test_of_two_hosts_at_the_same_time_one_replaces_it(database: ServerPlace, tmp_path: Path) -> None:
    here, there = config_of(database, tmp_path / "here"), config_of(database, tmp_path / "there")
    make_store(here, sandbox=True, fill=fill)
    there.paths.master_key.parent.mkdir(parents=True, mode=0o700)
    shutil.copy2(here.paths.master_key, there.paths.master_key)
    name = present_fingerprint(there)
    rekey(here, name, "test")
    with pytest.raises(WrongMasterKey):
        rekey(there, name, "test")
    assert not beside_key(there.paths.master_key).exists()
    open_desk(here).close()
