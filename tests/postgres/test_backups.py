"""A store on a server, backed up into a file: of one moment, proven, and nothing beside it."""

from __future__ import annotations

import stat
from pathlib import Path

from dropcopy_tui.services.backups import Backups, examine
from tests.services.conftest import World
from tests.services.factories import one, open_resources


def test_a_server_is_backed_up_into_a_file(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir(mode=0o700)
    out = folder / "backup.db"
    made = Backups(world.resources).create(world.operations, out)
    assert [path.name for path in folder.iterdir()] == ["backup.db"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert made.faults == ()
    copy = open_resources(out)
    assert examine(copy)[0] == ()
    asked = "SELECT count(*) FROM person"
    assert one(copy, asked) == one(world.resources, asked) > 0
    copy.store.close()
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'store:backed_up'") == 1
