"""What `store check` sees: every rule, broken behind the services' back, is named and nothing else is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from dropcopy_tui.domain.errors import StoreUnusable
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.inspection.inspection import Examined, inspect_store
from tests.services.conftest import World
from tests.services.factories import change, new_group, one, open_resources, proof_of

BROKEN = {
    "groups.sources": "UPDATE drop_copy_group SET sources = sources + 1",
    "groups.sessions": "UPDATE session SET market = 'globex' WHERE group_id IS NOT NULL AND status = 'active'",
    "sendercomps.kept-counts": "UPDATE sender_comp_count SET members = members + 1",
    "groups.kept-counts": "DELETE FROM group_count WHERE kind = 'sender_comp_id'",
    "groups.members": "UPDATE sender_comp SET gfid = 'ZZ999', sender_comp_id = session_id || 'ZZ999' || fti "
    "WHERE id = (SELECT min(sender_comp_pk) FROM group_source)",
    "drafts.kept-counts": "UPDATE draft_count SET members = members + 1",
    "requests.kept-counts": "INSERT INTO request_count (request_id, change, kind, part, members) "
    "SELECT min(id), 'added', 'gfid', 'NONE', 5 FROM request",
    "keys.slots": "UPDATE key_pair SET sealed_secret = NULL WHERE slot IS NOT NULL",
    "approvals.completed": "INSERT INTO approval (request_id, entity_id) "
    "SELECT r.id, r.entity_id FROM request r WHERE r.status = 'completed'",
    "approvals.decisions": "INSERT INTO approval (request_id, entity_id, given_by, given_at) "
    "SELECT r.id, r.entity_id, (SELECT max(id) FROM person), r.submitted_at FROM request r "
    "WHERE r.status = 'completed'",
    "requests.stages": "INSERT INTO decision (request_id, person_id, verdict, reason, at) "
    "SELECT id, submitted_by, 'cancel', '', submitted_at FROM request WHERE status = 'in_progress'",
    "requests.drafts": "UPDATE draft SET submitted_at = NULL WHERE id IN (SELECT draft_id FROM request)",
    "drafts.parked": "UPDATE draft SET parked_for = (SELECT max(id) FROM draft) "
    "WHERE submitted_at IS NULL AND id = (SELECT min(id) FROM draft WHERE submitted_at IS NULL)",
    "outbox.sealed": "UPDATE outbox SET sealed_body = '\\x00', body = 'x' WHERE id = (SELECT min(id) FROM outbox)",
}
# What breaks one of these breaks another as well.
ALSO = {
    "groups.members": {"sendercomps.kept-counts", "drafts.members", "requests.members"},
    "outbox.sealed": {"store.sealed"},
    "approvals.decisions": {"approvals.own"},
}


@pytest.fixture
def busy(world: World) -> Resources:
    """Groups, a key pair, drafts, a request that waits, and counted SenderComps."""
    from dropcopy_tui.domain.pages import Selection
    from dropcopy_tui.services.groups.drafts import Drafts
    from dropcopy_tui.services.groups.groups import Groups
    from dropcopy_tui.services.groups.provisioning import Provisioning
    from dropcopy_tui.services.keys.keypairs import KeyPairs
    from dropcopy_tui.store.search import index_new

    resources, operator = world.resources, world.operator
    with resources.store.write() as session:
        index_new(session)
    groups = Groups(resources)
    groups.create(operator, new_group("RATES"))
    Provisioning(resources).process_as_desk()
    target = groups.show(operator, "RATES").sessions[0].pk
    KeyPairs(resources).generate(operator, [target], proof_of(resources, operator))
    for _ in range(2):
        draft = Drafts(resources).start(operator, "brokertec_us", "ACME")
        Drafts(resources).add(operator, draft.id, Selection(everything=True))
    groups.create(operator, new_group("WAITS"))
    return resources


def faults(resources: Resources) -> list[Examined]:
    return [each for each in inspect_store(resources.store, resources.vault) if not each.is_sound]


def test_a_store_in_use_is_sound(busy: Resources) -> None:
    assert faults(busy) == []


def test_the_sample_data_are_sound(sample: Resources) -> None:
    assert faults(sample) == []


@pytest.mark.parametrize("rule", sorted(BROKEN))
def test_each_rule_is_named_when_it_is_broken(busy: Resources, rule: str) -> None:
    change(busy, BROKEN[rule])
    assert rule in {each.name for each in faults(busy)} <= {rule, *ALSO.get(rule, set())}


def test_every_sealed_value_is_opened(busy: Resources) -> None:
    change(busy, "UPDATE key_pair SET access_key_id = 'B' || substr(access_key_id, 2)")
    (fault,) = faults(busy)
    assert fault.name == "store.sealed"
    assert "key pair B" in fault.found[0]


def test_another_master_key_opens_nothing(busy: Resources) -> None:
    other = open_resources(busy.store.place, master=b"\x02" * 32)
    assert [fault.name for fault in faults(other)] == ["store.sealed", "rows.altered", "audit.trail"]
    other.store.close()


@pytest.mark.sqlite_only("a file has its own damage")
def test_damage_of_the_file_is_found(busy: Resources) -> None:
    with busy.store.read() as session:
        page = session.execute(text("SELECT rootpage FROM sqlite_master WHERE name = 'ix_audit_event_at'")).scalar_one()
        size = session.execute(text("PRAGMA page_size")).scalar_one()
    busy.store.close()
    with busy.store.path.open("r+b") as file:
        file.seek((page - 1) * size + 5)
        file.write(b"\xff\xff")
    assert "store.integrity" in {each.name for each in faults(busy)}


def test_looking_changes_nothing(busy: Resources) -> None:
    before = busy.store.stamp()
    assert list(inspect_store(busy.store, busy.vault))
    assert busy.store.stamp() == before


# Rows of one table where another's are read: a number where a date is, nothing where a text is, text where bytes are.
EXCHANGED = (
    ("audit_event", "key_pair", "audit.trail"), ("challenge", "notice", "rows.altered"),
    ("session", "approval", "store.sealed"), ("alembic_version", "audit_event", "audit.trail"),
)  # fmt: skip


@pytest.mark.sqlite_only("pages of a file are exchanged")
@pytest.mark.parametrize(("table", "other", "check"), EXCHANGED)
def test_rows_of_another_table_are_damage_and_not_a_crash(
    sample: Resources, tmp_path: Path, table: str, other: str, check: str
) -> None:
    resources = open_resources(exchanged(sample, tmp_path / "damaged.db", table, other))
    found = {each.name: each for each in inspect_store(resources.store, resources.vault)}
    assert not found["store.integrity"].is_sound
    assert "cannot be read" in " ".join(found[check].found)


@pytest.mark.sqlite_only("pages of a file are exchanged")
def test_a_trail_that_cannot_be_read_is_said(sample: Resources, tmp_path: Path) -> None:
    auditor = Actor(one(sample, "SELECT id FROM person WHERE user_id = 'auditor'"), "auditor", "Auditor", "test")
    resources = open_resources(exchanged(sample, tmp_path / "damaged.db", "audit_event", "key_pair"))
    with pytest.raises(StoreUnusable, match="the store is damaged"):
        Audit(resources).verify(auditor)


def exchanged(whole: Resources, place: Path, *tables: str) -> Path:
    """A copy of a store in which two tables have each other's first page."""
    assert isinstance(whole.store.place, Path)
    with closing(sqlite3.connect(whole.store.place)) as store:
        size = store.execute("PRAGMA page_size").fetchone()[0]
        asked = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        first, second = (store.execute(asked, (table,)).fetchone()[0] - 1 for table in tables)
        store.execute("PRAGMA wal_checkpoint")
    content = whole.store.place.read_bytes()
    pages = [content[at : at + size] for at in range(0, len(content), size)]
    pages[first], pages[second] = pages[second], pages[first]
    place.write_bytes(b"".join(pages))
    place.chmod(0o600)
    return place
