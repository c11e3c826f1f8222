"""Faults that were planted and that no test saw: each has its test here, or beside what it belongs to."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from dropcopy_tui.domain.errors import CodesUsedUp, NotEntitled, SecondFactorFailed
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import Proof, Purpose
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.rights import entities_of, roles_of
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.tables import SettingRow
from tests.services.conftest import World
from tests.services.factories import (
    CODE,
    WRONG_CODE,
    FrozenClock,
    add_sender_comps,
    add_session,
    change,
    new_group,
    one,
    proof_of,
    rows,
)


def enter(world: World, proof: Proof) -> None:
    with writing(world.resources, world.operator) as uow:
        spend(uow, proof, Purpose.KEYS)


def test_ten_wrong_codes_of_a_day_end_the_day_for_the_right_one_too(world: World) -> None:
    """Wrong tries are counted over all codes of 24 hours, however often a code is issued anew."""
    clock = world.resources.clock
    assert isinstance(clock, FrozenClock)
    for number in range(10):
        if number % 2 == 0:
            clock.advance(timedelta(minutes=1))
            proof = proof_of(world.resources, world.operator, WRONG_CODE)
        with pytest.raises(SecondFactorFailed, match="is wrong"):
            enter(world, proof)
    with pytest.raises(CodesUsedUp, match="10 within 24 hours"):
        enter(world, Proof(proof.challenge, CODE))
    with pytest.raises(CodesUsedUp):
        Factors(world.resources).start(world.operator, "sms")


def test_set_up_looks_again_for_the_approval_behind_the_gate(world: World) -> None:
    """What was found due may wait for somebody by the time that it is set up."""
    request = Groups(world.resources).create(world.operator, new_group())
    add_sender_comps(world.resources, "ACME", 1, gfid="XY9", guarantor="OTHER")
    waiting = Groups(world.resources).create(world.operator, new_group("SECOND"))
    assert waiting.stage == "awaiting approval by OTHER"
    pk = one(world.resources, "SELECT id FROM request WHERE reference = :it", it=waiting.id)
    assert Provisioning(world.resources)._set_up(pk) is None
    assert one(world.resources, "SELECT status FROM request WHERE id = :it", it=pk) == "in_progress"
    assert one(world.resources, "SELECT count(*) FROM drop_copy_group") == 0
    assert request.id


def test_a_download_tells_its_person_by_notice_and_by_email(world: World, tmp_path: Path) -> None:
    target = add_session(world.resources, "ACME", "ABC")
    keypairs = KeyPairs(world.resources)
    keypairs.generate(world.operator, [target], proof_of(world.resources, world.operator))
    change(world.resources, "DELETE FROM notice")
    change(world.resources, "DELETE FROM outbox")
    keypairs.download(world.operator, [target], proof_of(world.resources, world.operator), tmp_path / "keys.txt")
    me = world.operator.person_id
    assert rows(world.resources, "SELECT person_id, text FROM notice") == [(me, "Key pairs downloaded: ABC")]
    mail = rows(world.resources, "SELECT person_id, subject FROM outbox WHERE channel = 'email'")
    assert mail == [(me, "Key pairs downloaded: ABC")]


@pytest.mark.sqlite_only("looks into the file")
@pytest.mark.parametrize("size", [40, 20_000], ids=["in a page", "over pages"])
def test_what_was_deleted_is_in_no_free_page(tmp_path: Path, size: int) -> None:
    path = tmp_path / "folder" / "store.db"
    create_store(path)
    store, secret = Store(path), "CORRECT-PONY-"
    with store.write() as session:
        session.add(SettingRow(key="secret", value=secret * (size // len(secret))))
    with store.write() as session:
        session.delete(session.get_one(SettingRow, "secret"))
    store.close()
    sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not [file.name for file in path.parent.iterdir() if secret.encode() in file.read_bytes()]


def _acme(tx: Session) -> int:
    return int(tx.connection().exec_driver_sql("SELECT id FROM entity WHERE code = 'ACME'").scalar_one())


def test_a_disabled_person_is_refused_even_what_needs_no_role(world: World) -> None:
    change(world.resources, "UPDATE person SET disabled = true WHERE id = :it", it=world.operator.person_id)
    with pytest.raises(NotEntitled, match="is disabled"):
        Requests(world.resources).page(world.operator, PageRequest())


def test_a_disabled_person_holds_no_role_by_whatever_way_it_is_asked(world: World) -> None:
    with world.resources.store.read() as tx:
        assert roles_of(tx, world.operator, _acme(tx))
    change(world.resources, "UPDATE person SET disabled = true WHERE id = :it", it=world.operator.person_id)
    with world.resources.store.read() as tx:
        assert roles_of(tx, world.operator, _acme(tx)) == frozenset()
        assert tx.execute(entities_of(world.operator)).all() == []
