"""A store that cannot be written now can still be read, and whoever needs no password still gets in."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from sqlalchemy import event

from dropcopy_tui.domain.errors import NotSignedIn, StoreBusy
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.people.identity import Identity
from tests.services.conftest import World
from tests.services.factories import add_person, change, new_group
from tests.store.test_gate import stopped_inside


@pytest.fixture
def real(world: World) -> World:
    add_person(world.resources, "jo", os_account="jo-at-work")
    return replace(world, resources=replace(world.resources, sandbox=False))


def test_a_stopped_writer_keeps_nobody_from_reading(real: World) -> None:
    with stopped_inside(real.resources.store.place):
        begun = time.monotonic()
        actor = Identity(real.resources).sign_in_peer("jo-at-work", "local")
        assert (actor.user_id, actor.origin) == ("jo", "local")
        assert Groups(real.resources).page(real.operator, PageRequest()).total == 0
        assert time.monotonic() - begun < 5
        assert Identity(replace(real.resources, sandbox=True)).act_as("jo", "local").user_id == "jo"


@pytest.mark.sqlite_only("the disk is the server's: tests/postgres")
@pytest.mark.parametrize("fault", ["max_page_count=1", "query_only=ON"], ids=["full", "read-only"])
def test_a_full_disk_and_a_read_only_one_can_be_read(real: World, fault: str) -> None:
    store = real.resources.store
    store.close()
    event.listen(store._engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {fault}"))
    identity, groups = Identity(real.resources), Groups(real.resources)
    for _ in range(40):  # a full disk has room for some events in the pages that are there
        assert identity.sign_in_peer("jo-at-work", "local").user_id == "jo"
    assert groups.page(real.operator, PageRequest()).total == 0
    names = [f"G{number}" for number in range(200)]
    with pytest.raises(StoreBusy, match="Nothing was changed"):
        [groups.create(real.operator, new_group(name)) for name in names]


def test_nobody_gets_in_who_otherwise_would_not(real: World) -> None:
    change(real.resources, "UPDATE person SET disabled = true WHERE user_id = 'jo'")
    identity = Identity(real.resources)
    with pytest.raises(NotSignedIn):
        identity.sign_in_peer("jo-at-work", "local")
    with stopped_inside(real.resources.store.place):
        for account in ("jo-at-work", "nobody-here"):
            with pytest.raises(StoreBusy):
                identity.sign_in_peer(account, "local")
