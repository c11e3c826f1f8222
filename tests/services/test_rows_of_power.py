"""Rows that decide who receives what, rows that were removed, and rows that were put back as they were earlier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from dropcopy_tui.domain.errors import RowAltered
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Role
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.inspection.inspection import inspect_store
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.sealing import seal_store
from dropcopy_tui.services.sessions.sessions import Sessions
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.chain import read_head, write_head
from dropcopy_tui.store.chain_check import ChainCheck
from dropcopy_tui.store.tables import METADATA, EntitlementRow, EntityRow, RequestRow
from tests.services.asking import approvals_always, ask_for, edit, made, manager_of, process
from tests.services.conftest import World
from tests.services.factories import add_person, add_session, approve, one, proof_of, tamper

REFUSED = "was changed from outside the desk"


def verified(world: World) -> ChainCheck:
    return Audit(world.resources).verify(world.operations)


def checked(resources: Resources) -> dict[str, tuple[str, ...]]:
    """What `store check` finds."""
    return {each.name: each.found for each in inspect_store(resources.store, resources.vault) if not each.is_sound}


Copy = tuple[str, list[dict[str, Any]]]


def copy_of(resources: Resources, table: str, where: str = "true") -> Copy:
    """Rows of a table with their proofs, as someone keeps them who reads the store."""
    with resources.store.read() as session:
        found = session.connection().execute(select(METADATA.tables[table]).where(text(where))).mappings().all()
    return table, [dict(row) for row in found]


def put_back(resources: Resources, copied: Copy, *, new: bool = False) -> None:
    """Put rows back as they were: over what has their key now, or where nothing is any longer."""
    table = METADATA.tables[copied[0]]
    with resources.store.write() as session:
        for row in copied[1]:
            here = table.c.id == row["id"]
            session.connection().execute(insert(table).values(row) if new else update(table).where(here).values(row))


# -- who receives what


def test_key_pairs_of_a_session_that_was_given_to_another_firm_are_refused(world: World) -> None:
    pk = add_session(world.resources, "ACME", "ABC")
    KeyPairs(world.resources).generate(world.operator, [pk], proof_of(world.resources, world.operator))
    tamper(world.resources, "UPDATE session SET entity_id = (SELECT id FROM entity WHERE code = 'OTHER')")
    for refused in (
        lambda: KeyPairs(world.resources).generate(world.stranger, [pk], proof_of(world.resources, world.stranger)),
        lambda: Sessions(world.resources).page(world.stranger, PageRequest()),
        lambda: Sessions(world.resources).find(world.stranger, ["ABC"]),
    ):
        with pytest.raises(RowAltered, match=f"session ABC {REFUSED}"):
            refused()
    assert one(world.resources, "SELECT count(*) FROM key_pair") == 1
    assert checked(world.resources) == {"rows.altered": ("session ABC",)}
    assert verified(world).rows == ("session ABC",)


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE drop_copy_group SET entity_id = (SELECT id FROM entity WHERE code = 'OTHER')", "group RATES"),
        ("UPDATE drop_copy_group SET set_digest = NULL", "group RATES"),
        ("UPDATE group_filter SET filter = 'trade_bust' WHERE filter = 'trade_fill_notice'", "filter of group"),
        ("INSERT INTO group_filter (group_id, filter) SELECT id, 'trade_bust' FROM drop_copy_group",
         "filter of group"),
        ("UPDATE session SET group_id = NULL", "session"),
        ("UPDATE session SET status = 'retired'", "session"),
    ],
)  # fmt: skip
def test_a_group_whose_receivers_were_changed_is_refused(world: World, sql: str, named: str) -> None:
    group = made(world)
    assert (verified(world).valid, checked(world.resources)) == (True, {})
    tamper(world.resources, sql)
    assert any(row.startswith(named) for row in checked(world.resources)["rows.altered"])
    assert not verified(world).valid
    if "SET group_id" not in sql:  # it has left the group, and is refused itself
        with pytest.raises(RowAltered, match=REFUSED):
            Groups(world.resources).show(world.operator, group.line.id)


def test_a_session_that_left_its_group_by_sql_is_refused_itself(world: World) -> None:
    target = made(world).sessions[0]
    tamper(world.resources, "UPDATE session SET group_id = NULL")
    with pytest.raises(RowAltered, match=f"session {target.session_id} {REFUSED}"):
        KeyPairs(world.resources).generate(world.operator, [target.pk], proof_of(world.resources, world.operator))


@pytest.mark.parametrize("how", ["removed", "exchanged"])
def test_sendercomps_of_a_group_that_were_changed_are_named_and_not_built_upon(world: World, how: str) -> None:
    made(world, sources=tuple(world.sources[:2]))
    if how == "removed":
        tamper(world.resources, "DELETE FROM group_source WHERE sender_comp_id = :it", it=world.sources[0])
    else:
        # Of the same parts: no kept count differs.
        other = one(world.resources, "SELECT id FROM sender_comp WHERE sender_comp_id = :it", it=world.sources[2])
        tamper(world.resources, "UPDATE group_source SET sender_comp_id = :new, sender_comp_pk = :other "
               "WHERE sender_comp_id = :it", it=world.sources[0], new=world.sources[2], other=other)  # fmt: skip
    assert checked(world.resources)["groups.digests"] == ("SenderComps of group RATES",)
    assert "SenderComps of group RATES" in verified(world).rows
    request = edit(world, name="RATES 2")
    process(world.resources)
    ended = Requests(world.resources).show(world.operator, request.id)
    assert ended.status.value == "failed"
    assert "SenderComps of the group RATES were changed from outside the desk" in " ".join(ended.reasons)
    assert one(world.resources, "SELECT name FROM drop_copy_group") == "RATES"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE draft SET name = 'WORSE'",
        "UPDATE draft SET filters = '[]'",
        "DELETE FROM draft_source WHERE sender_comp_pk = (SELECT min(sender_comp_pk) FROM draft_source)",
        "UPDATE draft SET entity_id = (SELECT id FROM entity WHERE code = 'OTHER')",
    ],
)
def test_a_draft_that_was_changed_after_it_was_submitted_is_not_set_up(world: World, sql: str) -> None:
    request = ask_for(world)
    tamper(world.resources, sql)
    with pytest.raises(RowAltered, match=f"What request {request.id} asks for {REFUSED}"):
        process(world.resources)
    assert one(world.resources, "SELECT status FROM request") == "in_progress"
    assert one(world.resources, "SELECT count(*) FROM drop_copy_group") == 0


# -- rows that were removed


def test_a_removed_approval_lets_nothing_pass(world: World) -> None:
    approvals_always(world.resources)
    manager = manager_of(world, "ACME")
    made_up = made_group(world, manager)
    request = Groups(world.resources).delete(world.operator, [made_up])[0]
    tamper(world.resources, "DELETE FROM approval WHERE given_at IS NULL")
    with pytest.raises(RowAltered, match=f"An approval of request {request.id} was removed"):
        process(world.resources)
    with pytest.raises(RowAltered, match="was removed or added"):
        approve_as_it_is(world, request.id, manager)
    assert one(world.resources, "SELECT count(*) FROM drop_copy_group WHERE deleted_at IS NULL") == 1
    (removed,) = verified(world).rows
    assert removed.startswith("approval (row ")
    assert removed.endswith("was removed")


def made_group(world: World, manager: Any) -> int:
    request = ask_for(world)
    approve(world.resources, request, manager)
    (ended,) = process(world.resources).ended
    return ended.group_id or 0


def approve_as_it_is(world: World, reference: str, manager: Any) -> None:
    version = one(world.resources, "SELECT version FROM request WHERE reference = :it", it=reference)
    Requests(world.resources).approve(manager, reference, version)


REMOVED = {
    "entitlement": "role = 'read_only'",
    "person": "user_id = 'lonely'",
    "key_pair": "true",
    "decision": "true",
    "group_filter": "true",
}


@pytest.mark.parametrize("table", sorted(REMOVED))
def test_a_removed_row_is_named(world: World, table: str) -> None:
    approvals_always(world.resources)
    add_person(world.resources, "lonely")
    made_group(world, manager_of(world, "ACME"))
    pk = one(world.resources, "SELECT id FROM session")
    KeyPairs(world.resources).generate(world.operator, [pk], proof_of(world.resources, world.operator))
    assert (verified(world).valid, checked(world.resources)) == (True, {})
    before = one(world.resources, f"SELECT count(*) FROM {table}")
    tamper(world.resources, f"DELETE FROM {table} WHERE {REMOVED[table]}")
    gone = before - one(world.resources, f"SELECT count(*) FROM {table}")
    found = verified(world)
    assert (gone > 0, len(found.rows), found.valid) == (True, gone, False)
    assert all(row.endswith("was removed") for row in found.rows)
    assert "not as the desk left them" in found.why
    assert checked(world.resources)["audit.trail"] == (found.why,)


# -- rows that were put back


def test_a_role_that_was_taken_away_and_put_back_is_named(world: World) -> None:
    admin = add_person(world.resources, "admin", Role.USER_ADMINISTRATOR, entity="ACME")
    kept = copy_of(world.resources, "entitlement", f"person_id = {world.viewer.person_id}")
    People(world.resources).disentitle(admin, "viewer", Role.READ_ONLY, "ACME")
    assert verified(world).valid
    put_back(world.resources, kept, new=True)
    assert checked(world.resources).keys() == {"audit.trail"}
    (row,) = verified(world).rows
    assert row.startswith("role of person viewer read_only ACME ")
    assert row.endswith("was put back after it was removed, or inserted")


def test_a_deleted_key_pair_that_was_put_back_is_named(world: World) -> None:
    pk = add_session(world.resources, "ACME", "ABC")
    keypairs = KeyPairs(world.resources)
    keypairs.generate(world.operator, [pk], proof_of(world.resources, world.operator))
    kept = copy_of(world.resources, "key_pair")
    key = one(world.resources, "SELECT access_key_id FROM key_pair")
    keypairs.delete(world.operator, [key])
    assert verified(world).valid
    put_back(world.resources, kept)
    (row,) = verified(world).rows
    assert row.startswith(f"key pair {key} ")
    assert row.endswith("was put back as it was earlier")


def test_an_earlier_account_that_was_put_back_is_named(world: World) -> None:
    kept = copy_of(world.resources, "person", "user_id = 'viewer'")
    People(world.resources).disable(world.operations, "viewer")
    put_back(world.resources, kept)
    (row,) = verified(world).rows
    assert row == "account viewer was put back as it was earlier"


def test_a_code_that_was_used_and_put_back_is_named(world: World) -> None:
    proof = proof_of(world.resources, world.operator)
    kept = copy_of(world.resources, "challenge", f"id = '{proof.challenge}'")
    pk = add_session(world.resources, "ACME", "ABC")
    KeyPairs(world.resources).generate(world.operator, [pk], proof)
    put_back(world.resources, kept)
    (row,) = verified(world).rows
    assert row == f"second factor {proof.challenge} was put back as it was earlier"


@pytest.mark.parametrize("with_decisions", [False, True])
def test_a_cancelled_request_that_was_put_back_is_not_set_up(world: World, with_decisions: bool) -> None:
    request = ask_for(world)
    kept = copy_of(world.resources, "request")
    Requests(world.resources).cancel(world.operator, request.id)
    put_back(world.resources, kept)
    if with_decisions:
        tamper(world.resources, "DELETE FROM decision")
    with pytest.raises(RowAltered, match=f"The request {request.id} has ended, and was put back"):
        process(world.resources)
    assert one(world.resources, "SELECT count(*) FROM drop_copy_group") == 0
    assert any(f"request {request.id} " in row for row in verified(world).rows)


# -- the same act again, as docs/operations/incidents.md says


def test_what_was_put_back_is_put_right_by_the_same_act(world: World) -> None:
    resources, admin = world.resources, add_person(world.resources, "admin", Role.USER_ADMINISTRATOR, entity="ACME")
    pk, people, keypairs = add_session(resources, "ACME", "ABC"), People(resources), KeyPairs(resources)
    keypairs.generate(world.operator, [pk], proof_of(resources, world.operator))
    key, request = one(resources, "SELECT access_key_id FROM key_pair"), ask_for(world)
    role = copy_of(resources, "entitlement", f"person_id = {world.viewer.person_id}")
    others = [copy_of(resources, name) for name in ("key_pair", "request")]
    others.append(copy_of(resources, "person", "user_id = 'stranger'"))

    def act() -> None:
        people.disentitle(admin, "viewer", Role.READ_ONLY, "ACME")
        keypairs.delete(world.operator, [key])
        Requests(resources).cancel(world.operator, request.id)
        people.disable(world.operations, "stranger")

    act()
    put_back(resources, role, new=True)
    for copied in others:
        put_back(resources, copied)
    assert len(verified(world).rows) >= 4
    act()
    # The deletion's own request was not there yet.
    assert verified(world).rows == ()


# -- what is kept of rows


def test_what_is_undone_in_a_savepoint_is_not_stated(world: World) -> None:
    with writing(world.resources, world.operations) as uow:
        trial = uow.tx.begin_nested()
        uow.tx.add(EntityRow(code="GONE", name="Gone"))
        uow.record("entity:changed", "GONE")
        trial.rollback()
        uow.tx.add(EntityRow(code="STAYS", name="Stays"))
        uow.record("entity:changed", "STAYS")
    assert verified(world).valid


def test_what_is_written_after_the_last_event_is_stated_too(world: World) -> None:
    with world.resources.store.write() as session:
        session.add(EntityRow(code="LATE", name="Late"))
    assert verified(world).valid
    assert "entity " in one(world.resources, "SELECT states FROM audit_head")
    tamper(world.resources, "DELETE FROM entity WHERE code = 'LATE'")
    assert verified(world).rows[0].endswith("was removed")


def test_a_row_that_was_only_looked_at_is_not_stated_again(world: World) -> None:
    """An earlier row that someone put back would be taken for the present one."""
    kept = copy_of(world.resources, "person", "user_id = 'viewer'")
    People(world.resources).disable(world.operations, "viewer")
    put_back(world.resources, kept)
    with writing(world.resources, world.operations) as uow:
        row = uow.tx.get_one(EntitlementRow, one(world.resources, "SELECT min(id) FROM entitlement"))
        row.role = str(row.role)
        uow.record("person:entitled", "viewer")
    assert any(row.endswith("as it was earlier") for row in verified(world).rows)


def test_states_that_were_changed_in_the_trail_are_named(world: World) -> None:
    ask_for(world)
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE states LIKE '%request %'") > 0
    tamper(world.resources, "UPDATE audit_event SET states = NULL WHERE states IS NOT NULL")
    found = verified(world)
    assert "was altered, inserted or exchanged" in found.why


@pytest.mark.parametrize("states", ["NULL", "''", "'{}'"])
def test_states_at_the_end_cannot_be_removed(world: World, states: str) -> None:
    with world.resources.store.write() as session:
        session.add(EntityRow(code="LATE", name="Late"))
    tamper(world.resources, f"UPDATE audit_head SET states = {states}")
    assert "The seal at the end of the trail was altered" in verified(world).why


def test_a_request_of_many_changes_has_its_last_state(world: World) -> None:
    approvals_always(world.resources)
    request = ask_for(world)
    approve(world.resources, request, manager_of(world, "ACME"))
    process(world.resources)
    with world.resources.store.read() as session:
        assert session.get_one(RequestRow, 1).needs is not None
    assert verified(world).valid


# -- a store of an earlier version


def as_before(world: World) -> None:
    """The store as the version before left it: sealed, and without states, proofs of sessions and digests."""
    with world.resources.store.write() as session:
        head = read_head(session, world.resources.vault)
        assert head is not None
        write_head(session, world.resources.vault, replace(head, states=None))
        for table in ("session", "drop_copy_group", "group_filter"):
            session.execute(text(f"UPDATE {table} SET proof = NULL"))
        session.execute(text("UPDATE drop_copy_group SET set_digest = NULL"))


def test_a_store_from_before_states_comes_through(world: World) -> None:
    group = made(world)
    tamper(world.resources, "UPDATE person SET mobile = NULL WHERE user_id = 'stranger'")
    as_before(world)
    assert seal_store(world.resources)
    # What was altered before is not believed because of the upgrade.
    assert verified(world).rows == ("account stranger",)
    assert Groups(world.resources).show(world.operator, group.line.id).line.sources == 3
    assert one(world.resources, "SELECT count(*) FROM drop_copy_group WHERE set_digest IS NULL") == 0
    assert not seal_store(world.resources)


def test_a_store_whose_end_was_altered_opens_to_be_verified(world: World) -> None:
    made(world)
    tamper(world.resources, "UPDATE audit_head SET states = NULL")
    assert not seal_store(world.resources)
    assert "The seal at the end of the trail was altered" in verified(world).why
