"""A commit that fails: what stands is looked up, and told (the disk may fail after the change was stored)."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import StoreBusy
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.tables import SettingRow
from tests.services.conftest import World
from tests.services.factories import add_session, one, open_resources, proof_of
from tests.services.failing import fail_at_commit

# tests/postgres has the same for a connection that is lost.
pytestmark = pytest.mark.sqlite_only("the disk of a file fails")


def change_something(world: World) -> None:
    with writing(world.resources, world.operator) as uow:
        uow.tx.add(SettingRow(key="changed", value="x"))
        uow.record("test:changed", "x")


def changed(world: World) -> bool:
    resources = open_resources(world.resources.store.place)
    return bool(one(resources, "SELECT count(*) FROM setting WHERE key = 'changed'"))


def test_a_failed_commit_that_stands_is_no_refusal(world: World) -> None:
    fail_at_commit(world.resources.store, stored=True)
    change_something(world)
    assert changed(world)


@pytest.mark.parametrize("words", ["disk I/O error", "database or disk is full"])
def test_a_failed_commit_that_does_not_stand_changed_nothing(world: World, words: str) -> None:
    fail_at_commit(world.resources.store, stored=False, words=words)
    with pytest.raises(StoreBusy, match="Nothing was changed"):
        change_something(world)
    assert not changed(world)
    change_something(world)
    assert changed(world)


@pytest.mark.parametrize("stored", [True, False])
def test_a_key_file_is_there_if_its_pairs_are(world: World, tmp_path: Path, stored: bool) -> None:
    target = add_session(world.resources, "ACME", "KEY")
    proof, out = proof_of(world.resources, world.operator), tmp_path / "keys.txt"
    fail_at_commit(world.resources.store, stored=stored)
    if stored:
        KeyPairs(world.resources).generate(world.operator, [target], proof, out=out)
    else:
        with pytest.raises(StoreBusy, match="Nothing was changed"):
            KeyPairs(world.resources).generate(world.operator, [target], proof, out=out)
    assert one(world.resources, "SELECT count(*) FROM key_pair") == int(stored)
    assert out.exists() == stored
