"""Somebody who can write to the store, and has not its master key, raises themselves: it gives no right."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Boolean, DateTime, LargeBinary, Numeric, select, update
from sqlalchemy import Integer as WholeNumber

from dropcopy_tui.domain.errors import NotEntitled, RowAltered, StoreUnusable, WrongMasterKey
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Role
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.inspection.inspection import inspect_store
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.people.ssh_keys import SshKeys
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.trust import Trust
from dropcopy_tui.store.proofs import altered_rows, prove_all
from dropcopy_tui.store.row_proofs import PROVEN, Prover
from dropcopy_tui.store.tables import METADATA, PersonRow
from dropcopy_tui.store.vault import CHECK_KEY, FACTS_PROOF, Vault
from tests.services.asking import approvals_always, ask_for, manager_of, process
from tests.services.conftest import World
from tests.services.factories import (
    MASTER,
    add_person,
    add_session,
    approve,
    change,
    new_group,
    one,
    rows,
    ssh_line,
    tamper,
)  # fmt: skip

TRIES = int(os.environ.get("DROPCOPY_TAMPERS", "100"))
REFUSED = "was changed from outside the desk"


def altered(resources: Resources) -> list[str]:
    with resources.store.read() as session:
        return list(altered_rows(session, Prover(resources.vault)))


# -- roles and accounts


def raise_viewer(world: World) -> None:
    raised = "UPDATE entitlement SET role = 'full_access' WHERE person_id = :it"
    tamper(world.resources, raised, it=world.viewer.person_id)


def test_a_role_that_was_raised_gives_no_right(world: World) -> None:
    tamper(
        world.resources, "UPDATE entitlement SET role = 'full_access' WHERE person_id = :it", it=world.viewer.person_id
    )
    with pytest.raises(NotEntitled, match=REFUSED):
        Groups(world.resources).create(world.viewer, new_group())
    with pytest.raises(NotEntitled, match=REFUSED):
        Groups(world.resources).page(world.viewer, PageRequest(), entity="ACME", menu="us")
    # The refusal is in the trail, and whoever checks the store finds the row.
    assert rows(world.resources, "SELECT action, person FROM audit_event ORDER BY id DESC LIMIT 1") == [
        ("person:refused", "viewer")
    ]
    assert altered(world.resources) == ["role of person viewer full_access ACME"]


@pytest.mark.parametrize("role", ["operations", "auditor", "gam"])
def test_a_role_that_was_inserted_gives_no_right(world: World, role: str) -> None:
    tamper(world.resources, "INSERT INTO entitlement (person_id, role) VALUES (:it, :role)",
           it=world.stranger.person_id, role=role)  # fmt: skip
    with pytest.raises(NotEntitled, match=REFUSED):
        Audit(world.resources).verify(world.stranger)


def test_a_role_that_was_copied_with_its_proof_gives_no_right(world: World) -> None:
    tamper(
        world.resources,
        "INSERT INTO entitlement (person_id, role, proof) "
        "SELECT :it, role, proof FROM entitlement WHERE role = 'operations'",
        it=world.stranger.person_id,
    )
    with pytest.raises(NotEntitled, match=REFUSED):
        Audit(world.resources).verify(world.stranger)


def test_operations_takes_a_raised_role_away(world: World) -> None:
    tamper(
        world.resources, "UPDATE entitlement SET role = 'full_access' WHERE person_id = :it", it=world.viewer.person_id
    )
    admin = add_person(world.resources, "admin", Role.USER_ADMINISTRATOR, entity="ACME")
    People(world.resources).disentitle(admin, "viewer", Role.FULL_ACCESS, "ACME")
    assert altered(world.resources) == []
    with pytest.raises(NotEntitled, match="does not have the required role"):
        Groups(world.resources).create(world.viewer, new_group())


def test_a_requester_whose_role_was_raised_gets_nothing_set_up(world: World) -> None:
    """Set-up asks for the rights of whoever submitted, who does not act then."""
    ask_for(world)
    tamper(world.resources, "UPDATE entitlement SET given_at = :now WHERE person_id = :it",
           now="2026-01-01 00:00:00.000000", it=world.operator.person_id)  # fmt: skip
    (ended,) = process(world.resources).ended
    assert ended.status.value == "failed"


def test_an_account_that_was_enabled_again_stays_shut(world: World) -> None:
    admin = world.operations
    People(world.resources).disable(admin, "viewer")
    tamper(world.resources, "UPDATE person SET disabled = false WHERE user_id = 'viewer'")
    with pytest.raises(RowAltered, match=f"account viewer {REFUSED}"):
        Identity(world.resources).act_as("viewer", "test")
    with pytest.raises(NotEntitled, match=REFUSED):
        Groups(world.resources).page(world.viewer, PageRequest(), entity="ACME", menu="us")


@pytest.mark.parametrize(
    ("column", "sign_in"),
    [
        ("os_account = 'mallory'", lambda it: it.sign_in_peer("mallory", "test")),
        ("password_hash = (SELECT password_hash FROM person WHERE user_id = 'known')",
         lambda it: it.sign_in("operations", "right horse battery", "test")),
        ("email = 'mallory@firm.example'", lambda it: it.sign_in("mallory@firm.example", "x", "test")),
    ],
)  # fmt: skip
def test_a_proof_that_was_planted_signs_no_one_in(
    world: World, column: str, sign_in: Callable[[Identity], object]
) -> None:
    from dropcopy_tui.services.people.passwords import hash_password

    add_person(world.resources, "known", password_hash=hash_password("right horse battery"))
    tamper(world.resources, f"UPDATE person SET {column} WHERE user_id = 'operations'")
    with pytest.raises(RowAltered, match=REFUSED):
        sign_in(Identity(world.resources))


@pytest.mark.sqlite_only("a server holds the references")
def test_two_accounts_that_were_exchanged_are_refused(world: World) -> None:
    """Every role of the one would belong to the other."""
    first, other = world.viewer.person_id, world.operations.person_id
    with closing(sqlite3.connect(world.resources.store.path)) as connection, connection:
        for old, new in ((first, -1), (other, first), (-1, other)):
            connection.execute("UPDATE person SET id = ? WHERE id = ?", (new, old))
    with pytest.raises(RowAltered, match=REFUSED):
        Identity(world.resources).act_as("operations", "test")


def test_an_ssh_key_that_was_planted_signs_no_one_in(world: World) -> None:
    kind, blob, _ = ssh_line().split(" ", 2)
    tamper(
        world.resources,
        "INSERT INTO ssh_key (person_id, fingerprint, kind, blob, label, added_by, added_at) "
        "VALUES (:it, 'SHA256:planted', :kind, :blob, '', :it, :now)",
        it=world.operations.person_id, kind=kind, blob=blob, now="2026-01-01 00:00:00.000000",
    )  # fmt: skip
    with pytest.raises(RowAltered, match=f"SSH key SHA256:planted {REFUSED}"):
        Identity(world.resources).sign_in_key("SHA256:planted", "test")


def test_operations_is_warned_when_it_opens_the_application(world: World) -> None:
    trust = Trust(world.resources)
    assert trust.warning(world.operations) == ""
    raise_viewer(world)
    where = "role of person viewer full_access ACME"
    assert trust.warning(world.operations) == (
        f"1 row was {REFUSED[4:]}: {where}. What was changed is not used. See: dropcopy store check"
    )
    tamper(world.resources, "UPDATE entity SET approvals = 'never', name = 'x'")
    assert trust.warning(world.operations).startswith(f"3 rows were {REFUSED[4:]}: ")
    with pytest.raises(NotEntitled):
        trust.warning(world.operator)


# -- approvals, codes, key pairs


def test_an_approval_that_was_planted_sets_nothing_up(world: World) -> None:
    approvals_always(world.resources)
    manager_of(world, "ACME")
    request = ask_for(world)
    tamper(world.resources, "UPDATE approval SET given_by = (SELECT id FROM person WHERE user_id = 'acme-manager'), "
           "given_at = :now", now="2026-03-04 15:00:00.000000")  # fmt: skip
    with pytest.raises(RowAltered, match=REFUSED):
        process(world.resources)
    assert one(world.resources, "SELECT status FROM request WHERE reference = :it", it=request.id) == "in_progress"


def test_others_are_set_up_although_one_request_was_altered(world: World) -> None:
    bad, good = ask_for(world, "BAD"), ask_for(world, "GOOD")
    tamper(world.resources, "UPDATE request SET subject = 'WORSE' WHERE reference = :it", it=bad.id)
    with pytest.raises(RowAltered, match=f"request {bad.id} {REFUSED}"):
        process(world.resources)
    assert Requests(world.resources).show(world.operator, good.id).status.value == "completed"
    assert one(world.resources, "SELECT status FROM request WHERE reference = :it", it=bad.id) == "in_progress"


def test_a_request_whose_requester_was_exchanged_is_not_approved_by_them(world: World) -> None:
    approvals_always(world.resources)
    manager = manager_of(world, "ACME")
    change(world.resources, "INSERT INTO entitlement (person_id, role, entity_id) SELECT :it, 'full_access', id "
           "FROM entity WHERE code = 'ACME'", it=manager.person_id)  # fmt: skip
    request = Groups(world.resources).create(manager, new_group())
    tamper(world.resources, "UPDATE request SET submitted_by = :it", it=world.operator.person_id)
    with pytest.raises(RowAltered, match=REFUSED):
        approve(world.resources, request, manager)


def test_an_entity_that_asks_for_no_approval_any_more_is_refused(world: World) -> None:
    approvals_always(world.resources)
    tamper(world.resources, "UPDATE entity SET approvals = 'never'")
    with pytest.raises(RowAltered, match=f"entity ACME {REFUSED}"):
        ask_for(world)


def test_a_second_account_whose_telephone_was_changed_is_not_someone_else(world: World) -> None:
    approvals_always(world.resources)
    twin = manager_of(world, "ACME", "twin", mobile="+1 202 555 0123")
    request = ask_for(world)
    tamper(world.resources, "UPDATE person SET mobile = NULL WHERE user_id = 'operator'")
    with pytest.raises(RowAltered, match=f"account operator {REFUSED}"):
        approve(world.resources, request, twin)


def test_a_code_that_was_marked_unused_is_refused(world: World) -> None:
    started = Factors(world.resources).start(world.operator, "sms")
    tamper(world.resources, "UPDATE challenge SET tries = 0, expires_at = :late", late="2027-01-01 00:00:00.000000")
    from dropcopy_tui.services.factors.table import Proof

    with pytest.raises(RowAltered, match=REFUSED):
        SshKeys(world.resources).add(world.operator, ssh_line(), "", Proof(started.id, "730519"))


# -- what the store says of itself


def facts_of(resources: Resources) -> dict[str, str]:
    return dict(rows(resources, "SELECT key, value FROM setting"))


@pytest.mark.parametrize("change_of", [{"sandbox": "yes"}, {"environment": "CERT"}, {FACTS_PROOF: "0" * 32}])
def test_a_store_is_not_made_a_sandbox(change_of: dict[str, str], tmp_path: Any) -> None:
    from dropcopy_tui.store.vault import vault_of

    key = tmp_path / "master.key"
    key.write_bytes(MASTER)
    key.chmod(0o600)
    vault = Vault(MASTER, "store")
    facts = {"store_id": "store", "sandbox": "no", "environment": "PRODUCTION"}
    facts |= {CHECK_KEY: vault.check_value(), FACTS_PROOF: vault.facts_proof(facts)}
    assert vault_of(key, facts).is_open
    with pytest.raises(StoreUnusable, match=REFUSED):
        vault_of(key, facts | change_of)
    with pytest.raises(WrongMasterKey):
        vault_of(key, facts | {CHECK_KEY: "0" * 64})


# -- every column of every such row


def test_the_proof_covers_every_column(sample: Resources) -> None:
    """But for the numbers of rows that nothing refers to, and what lists sort by and `store check` compares."""
    for name, table in PROVEN.items():
        columns = {column.name for column in METADATA.tables[name].columns}
        assert columns - set(table.columns) <= {"proof", "id", "stops_at"}, name
        if "id" not in table.columns and "id" in columns:
            referring = [
                key.column.table.name
                for other in METADATA.tables.values()
                for key in other.foreign_keys
                if key.column.table.name == name and other.name not in ("expiry_notice", "session")
            ]
            assert referring == [], name


def another(column: Any, value: Any, chance: Random) -> Any:
    """A value that the column can have, and that is not this one."""
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, DateTime) or hasattr(value, "astimezone"):
        return value + timedelta(seconds=chance.randint(1, 10_000))
    if isinstance(column.type, LargeBinary):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(column.type, (WholeNumber, Numeric)):
        return value + chance.randint(1, 5)
    if isinstance(value, dict):
        return value | {"x": 1}
    return [*value, "x"] if isinstance(value, list) else value + "x"


@pytest.mark.sqlite_only("a server refuses most of what a file takes")
def test_every_change_of_such_a_row_is_found(sample: Resources) -> None:
    chance, found = Random(37), 0
    assert altered(sample) == []
    filled = [name for name in PROVEN if one(sample, f"SELECT count(*) FROM {name}")]
    assert len(filled) >= 7
    add_session(sample, "ACME", "ZZZ")
    with sample.store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        prover = Prover(sample.vault)
        for number in range(TRIES):
            name = filled[number % len(filled)]
            table = METADATA.tables[name]
            row = chance.choice(connection.execute(select(table)).mappings().all())
            column = table.c[chance.choice([it for it in PROVEN[name].columns if row[it] is not None])]
            changed = another(column, row[column.name], chance)
            assert not prover.holds(name, dict(row) | {column.name: changed}), (name, column.name)
            # A null in its place is another value as well.
            assert not prover.holds(name, dict(row) | {column.name: None}), (name, column.name)
            found += 1
        connection.rollback()
    assert found == TRIES


def test_what_the_desk_changes_keeps_its_proof(world: World) -> None:
    """The control: everything above is refused for its proof, and for nothing else."""
    assert altered(world.resources) == []
    request = ask_for(world)
    process(world.resources)
    People(world.resources).disable(world.operations, "viewer")
    assert Requests(world.resources).show(world.operator, request.id).status.value == "completed"
    assert altered(world.resources) == []
    tamper(world.resources, "UPDATE person SET name = 'Other' WHERE user_id = 'operator'")
    assert altered(world.resources) == ["account operator"]
    found = {each.name for each in inspect_store(world.resources.store, world.resources.vault) if not each.is_sound}
    assert found == {"rows.altered"}
    with world.resources.store.write() as session:
        prove_all(session, Prover(world.resources.vault))
        session.execute(update(METADATA.tables["person"]).values(proof=None))
    assert len(altered(world.resources)) == one(world.resources, "SELECT count(*) FROM person")


@pytest.mark.parametrize("is_altered", [False, True])
def test_a_row_that_is_read_again_with_a_change_on_it_is_checked_as_the_store_has_it(
    world: World, is_altered: bool
) -> None:
    """As after a savepoint: what was tried with it was undone, and then its failure is written."""
    with world.resources.store.write() as session:
        row = session.get_one(PersonRow, world.operator.person_id)
        session.expire(row)
        if is_altered:
            session.connection().execute(update(METADATA.tables["person"]).values(failed_tries=3))
        row.name = "Another name"
        if is_altered:
            with pytest.raises(RowAltered):
                session.flush()
            session.rollback()
        else:
            session.flush()
    with world.resources.store.read() as session:
        assert list(altered_rows(session, Prover(world.resources.vault))) == []
