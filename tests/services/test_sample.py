"""The sample data: enough of everything, every state, and the same on every machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from dropcopy_tui.domain.errors import StoreUnusable
from dropcopy_tui.domain.filters import MANDATORY
from dropcopy_tui.domain.groups import gateways_needed
from dropcopy_tui.domain.keypairs import PENDING_WINDOW, KeyPair, KeyState, state_of
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.people import Role
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.sample import facts
from dropcopy_tui.services.sample.fill import fill
from dropcopy_tui.store.chain_check import check_chain
from dropcopy_tui.store.tables import AuditRow, KeyPairRow, RequestRow, SessionRow
from tests.services.factories import NOW, add_entity, make_resources, tables_of
from tests.stores import Eyes, plain

# A leap day, a Saturday, New Year's Eve late in the day: the data must hold on any.
DAYS = [NOW, datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2026, 8, 1, 3, tzinfo=UTC), datetime(2026, 12, 31, 23, 50, tzinfo=UTC)]  # fmt: skip  # noqa: E501


@pytest.fixture(scope="module", params=DAYS, ids=[str(day.date()) for day in DAYS])
def resources(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Resources:
    made = make_resources(tmp_path_factory.mktemp("sample") / "store.db", now=request.param)
    fill(made)
    return made


@contextmanager
def reading(resources: Resources) -> Iterator[Session]:
    with resources.store.read() as session:
        yield session


def rows(resources: Resources, sql: str) -> list[tuple[Any, ...]]:
    with reading(resources) as session:
        return [tuple(map(plain, row)) for row in session.execute(text(sql))]


def one(resources: Resources, sql: str) -> Any:
    return rows(resources, sql)[0][0]


def states(resources: Resources) -> dict[str, list[KeyState]]:
    """The states of the key pairs of each target session, older first."""
    found: dict[str, list[KeyState]] = {}
    with reading(resources) as session:
        for target in session.exec(select(SessionRow).where(SessionRow.kind == "drop_copy")).all():
            pairs = session.exec(
                select(KeyPairRow).where(KeyPairRow.session_pk == target.id).order_by(KeyPairRow.created_at)  # type: ignore[arg-type]
            ).all()
            found[target.session_id] = [state_of(_pair(pair), resources.clock.now()) for pair in pairs]
    return found


def _pair(row: KeyPairRow) -> KeyPair:
    return KeyPair(row.access_key_id, "", row.created_at, row.expires_at, row.deleted_at)


def test_there_is_as_much_as_was_promised(resources: Resources) -> None:
    assert one(resources, "SELECT count(*) FROM entity") == 5
    assert one(resources, "SELECT count(*) FROM front_end") == 30
    assert one(resources, "SELECT count(DISTINCT front_end_id) FROM front_end_mapping") == 30
    assert one(resources, "SELECT count(*) FROM sender_comp") == 5_000
    assert one(resources, "SELECT count(DISTINCT market) FROM sender_comp") == 3
    assert one(resources, "SELECT count(*) FROM drop_copy_group") == 12
    assert dict(rows(resources, "SELECT kind, count(*) FROM session GROUP BY kind")) == {
        "drop_copy": 13,
        "order_entry": 40,
        "market_data": 6,
    }


def test_the_store_is_sound(resources: Resources) -> None:
    assert Eyes(resources.store.place).broken() == []


def test_acme_has_the_most_sender_comps_over_several_firms(resources: Resources) -> None:
    mine = "FROM sender_comp JOIN entity ON entity.id = entity_id WHERE code = 'ACME'"
    assert one(resources, f"SELECT count(*) {mine} AND market = 'brokertec_us'") == 2_800
    assert one(resources, f"SELECT count(DISTINCT gfid) {mine} AND market = 'brokertec_us'") == 5
    assert rows(resources, f"SELECT DISTINCT gateway {mine} AND market = 'globex' ORDER BY 1") == [("cgw",), ("msgw",)]
    assert 10 < one(resources, "SELECT count(*) FROM sender_comp WHERE status = 'inactive'") < 100


def test_guaranteed_sources_have_a_firm_of_their_own_and_groups_have_none(resources: Resources) -> None:
    guaranteed = "SELECT DISTINCT market, gfid FROM sender_comp WHERE guarantor_id IS NOT NULL"
    assert rows(resources, guaranteed) == [("globex", "CLR")]
    assert one(resources, "SELECT count(*) FROM sender_comp WHERE gfid = 'CLR' AND guarantor_id IS NULL") == 0
    assert one(resources, "SELECT count(*) FROM sender_comp JOIN entity ON entity.id = guarantor_id WHERE NOT clearing_firm") == 0  # fmt: skip  # noqa: E501
    joined = "FROM group_source JOIN sender_comp ON sender_comp.id = sender_comp_pk"
    assert one(resources, f"SELECT count(*) {joined} WHERE guarantor_id IS NOT NULL OR status = 'inactive'") == 0


def test_session_ids_of_sources_and_targets_never_meet(resources: Resources) -> None:
    meeting = "SELECT s.session_id FROM session s JOIN sender_comp c ON c.session_id = s.session_id"
    assert rows(resources, f"{meeting} WHERE s.kind = 'drop_copy'") == []
    assert rows(resources, f"{meeting} WHERE s.kind = 'market_data'") == []
    for market, used in rows(resources, "SELECT market, count(DISTINCT session_id) FROM sender_comp GROUP BY market"):
        assert used < 36**3 / 10, market
    owners = "SELECT count(DISTINCT entity_id) FROM sender_comp GROUP BY market, session_id ORDER BY 1 DESC LIMIT 1"
    assert one(resources, owners) == 1


def test_an_order_entry_session_is_that_of_its_sender_comps(resources: Resources) -> None:
    joined = (
        "SELECT count(DISTINCT s.id) FROM session s JOIN sender_comp c ON c.session_id = s.session_id "
        "AND c.market = s.market AND c.gateway = s.gateway AND c.entity_id = s.entity_id WHERE s.kind = 'order_entry'"
    )
    assert one(resources, joined) == 40


def test_every_group_is_whole(resources: Resources) -> None:
    for group, market, entity, sources, front_end in rows(
        resources, "SELECT id, market, entity_id, sources, front_end_id FROM drop_copy_group"
    ):
        found = rows(
            resources,
            "SELECT gateway, count(*) FROM group_source JOIN sender_comp ON sender_comp.id = sender_comp_pk "
            f"WHERE group_id = {group} AND entity_id = {entity} AND market = '{market}' GROUP BY gateway",
        )
        by_gateway = {Gateway(name): count for name, count in found}
        assert sum(by_gateway.values()) == sources > 0
        assert one(resources, f"SELECT count(*) FROM group_source WHERE group_id = {group}") == sources
        targets = rows(resources, f"SELECT gateway FROM session WHERE group_id = {group} ORDER BY gateway")
        assert [name for (name,) in targets] == sorted(gateways_needed(market_named(market), by_gateway))
        filters = {name for (name,) in rows(resources, f"SELECT filter FROM group_filter WHERE group_id = {group}")}
        assert filters > MANDATORY
        mapped = f"SELECT count(*) FROM front_end_mapping WHERE entity_id = {entity} AND front_end_id = {front_end}"
        assert one(resources, mapped) == 1


def test_key_pairs_are_in_every_state(resources: Resources) -> None:
    found = states(resources)
    active, pending, expired, deleted = KeyState
    assert found["T4C"] == [active]
    assert found["T5A"] == [pending, active]
    assert found["T6B"] == found["T2E"] == [pending]
    assert found["T3F"] == [expired]
    assert found["T7K"] == []
    assert found["T8G"] == [deleted, active]


def test_expiries_are_market_closes_on_or_just_before_the_day(resources: Resources) -> None:
    ends = dict(
        rows(
            resources,
            "SELECT session_id, min(expires_at) FROM key_pair JOIN session ON session.id = session_pk "
            "WHERE session_id IN ('T6B', 'T2E') GROUP BY session_id",
        )
    )
    for session_id, days in (("T6B", 23), ("T2E", 26)):
        end = datetime.fromisoformat(ends[session_id]).replace(tzinfo=UTC)
        assert timedelta(days=days - 5) < end - resources.clock.now() < timedelta(days=days + 1)
        assert end.weekday() < 5
        assert end.minute == 30


def test_stored_key_pairs_keep_the_rules_of_their_life(resources: Resources) -> None:
    now = resources.clock.now()
    with reading(resources) as session:
        living: Counter[int] = Counter()
        for pair in session.exec(select(KeyPairRow)).all():
            target = session.get_one(SessionRow, pair.session_pk)
            assert target.created_at <= pair.created_at < now
            assert timedelta(days=355) < pair.expires_at - pair.created_at < timedelta(days=367)
            assert (pair.slot is not None) == state_of(_pair(pair), now).living
            assert (pair.sealed_secret is None) == (pair.deleted_at is not None)
            living[pair.session_pk] += pair.slot is not None
            if pair.sealed_secret is not None:
                place = ("key_pair", str(pair.id), target.session_id, pair.access_key_id)
                assert len(resources.vault.open(pair.sealed_secret, *place)) == 32
    assert max(living.values()) == 2
    older = one(
        resources,
        "SELECT min(expires_at) FROM key_pair JOIN session ON session.id = session_pk WHERE session_id = 'T5A'",
    )
    assert datetime.fromisoformat(older).replace(tzinfo=UTC) - now <= PENDING_WINDOW


def test_every_role_has_someone_and_the_main_person_one_entity(resources: Resources) -> None:
    assert {role for (role,) in rows(resources, "SELECT DISTINCT role FROM entitlement")} == set(Role)
    held = "SELECT user_id, role, code FROM entitlement JOIN person ON person.id = person_id LEFT JOIN entity ON entity.id = entity_id"  # noqa: E501
    of = [(role, code) for user_id, role, code in rows(resources, held) if user_id == facts.MAIN_PERSON]
    assert sorted(of) == [("full_access", "ACME"), ("key_management", "ACME")]
    multi = {code for user_id, _, code in rows(resources, held) if user_id == "multi-operator"}
    assert len(multi) == 3
    assert one(resources, "SELECT count(*) FROM person WHERE mobile NOT LIKE '+1 202 555 01__'") == 0
    assert one(resources, "SELECT count(*) FROM person WHERE email NOT LIKE '%.example'") == 0


def test_there_are_requests_in_every_status_in_the_order_of_their_numbers(resources: Resources) -> None:
    counted = dict(rows(resources, "SELECT status, count(*) FROM request GROUP BY status"))
    assert counted.pop("completed") >= 12
    assert counted == {"failed": 3, "denied": 3, "cancelled": 2, "in_progress": 3}
    with reading(resources) as session:
        found = session.exec(select(RequestRow).order_by(RequestRow.id)).all()  # type: ignore[arg-type]
        times = [row.submitted_at for row in found]
        assert times == sorted(times)
        for row in found:
            assert row.reference == f"DC-{row.submitted_at.year}-{row.id:06d}"
            assert row.submitted_at <= (row.ended_at or resources.clock.now()) <= resources.clock.now()
            assert (row.status in ("failed", "denied")) == bool(row.reasons)
    denied = "SELECT count(*) FROM request r JOIN decision d ON d.request_id = r.id WHERE r.status = 'denied' AND d.verdict = 'deny'"  # noqa: E501
    assert one(resources, denied) == 3


def test_what_is_in_progress_waits_for_an_approval_and_can_be_set_up(resources: Resources) -> None:
    waiting = "SELECT r.id, draft_id FROM request r WHERE status = 'in_progress'"
    clearing = one(resources, "SELECT id FROM entity WHERE clearing_firm")
    asked = []
    for request, draft_id in rows(resources, waiting):
        needed = rows(resources, f"SELECT entity_id FROM approval WHERE request_id = {request} AND given_at IS NULL")
        assert needed
        asked += [entity for (entity,) in needed]
        assert one(resources, f"SELECT submitted_at IS NOT NULL FROM draft WHERE id = {draft_id}") == 1
        assert one(resources, f"SELECT count(*) FROM draft_source WHERE draft_id = {draft_id}") > 0
    assert asked.count(clearing) == 2


def test_set_up_and_the_services_agree_with_the_sample(resources: Resources) -> None:
    from dropcopy_tui.services.groups import draft_checks
    from dropcopy_tui.services.groups.provisioning import Provisioning
    from dropcopy_tui.services.requests.approvals import missing
    from dropcopy_tui.services.rights import DESK
    from dropcopy_tui.services.unit_of_work import reading as looking
    from dropcopy_tui.store.tables import DraftRow

    done = Provisioning(resources).process_as_desk()
    assert (done.ended, done.waiting) == ((), 3)
    with looking(resources, DESK) as uow:
        for row in uow.tx.exec(select(RequestRow).where(RequestRow.status == "in_progress")).all():
            draft = uow.tx.get_one(DraftRow, row.draft_id)
            assert draft_checks.problems(uow, draft) == []
            needed = draft_checks.approvers(uow, draft, draft_checks.tally(uow, draft))
            assert needed == list(missing(uow, row))


def test_a_draft_can_be_resumed(resources: Resources) -> None:
    drafts = rows(
        resources,
        "SELECT user_id, market, draft.name, step, front_end_id IS NOT NULL FROM draft "
        "JOIN person ON person.id = person_id WHERE submitted_at IS NULL",
    )
    assert drafts == [(facts.MAIN_PERSON, "brokertec_eu", "EU-RATES", 4, 1)]


def test_there_is_news_and_none_of_it_was_sent(resources: Resources) -> None:
    unread = "FROM notice JOIN person ON person.id = person_id WHERE read_at IS NULL AND user_id = 'acme-operator'"
    assert one(resources, f"SELECT count(*) {unread}") >= 3
    assert rows(resources, "SELECT DISTINCT channel, state FROM outbox") == [("email", "held")]


def test_the_audit_trail_is_chained_and_in_order(resources: Resources) -> None:
    with reading(resources) as session:
        events = session.exec(select(AuditRow).order_by(AuditRow.id)).all()  # type: ignore[arg-type]
        assert check_chain(session, resources.vault).valid
    assert len(events) > 50
    earlier = events[0].at
    for event in events:
        assert earlier <= event.at <= resources.clock.now()
        earlier = event.at


def test_the_same_day_gives_the_same_data(tmp_path: Path) -> None:
    dumps = []
    for name in ("one", "two"):
        made = make_resources(tmp_path / f"{name}.db")
        fill(made)
        tables = tables_of(made)
        sealed = ("key_pair", "audit_head", "audit_event")
        dump = {table: rows(made, f"SELECT * FROM {table}") for table in tables if table not in sealed}
        # The trail says how it left the sealed rows, too.
        dump["trail"] = rows(made, "SELECT at, person, action, entity, subject, before, after FROM audit_event")
        dump["key_pair"] = rows(made, "SELECT access_key_id, slot, created_at, expires_at, deleted_at FROM key_pair")
        with reading(made) as session:
            dump["secrets"] = [
                (made.vault.open(pair.sealed_secret, "key_pair", str(pair.id), name, pair.access_key_id),)
                for pair, name in session.exec(
                    select(KeyPairRow, SessionRow.session_id).join(SessionRow, SessionRow.id == KeyPairRow.session_pk)  # type: ignore[arg-type]
                )
                if pair.sealed_secret is not None
            ]
        dumps.append(dump)
    assert dumps[0] == dumps[1]


def test_it_goes_into_an_empty_sandbox_only(tmp_path: Path) -> None:
    real = make_resources(tmp_path / "real.db", sandbox=False)
    with pytest.raises(StoreUnusable, match="sandbox"):
        fill(real)
    used = make_resources(tmp_path / "used.db")
    add_entity(used, "MINE")
    with pytest.raises(StoreUnusable, match="not empty"):
        fill(used)
    assert one(used, "SELECT count(*) FROM person") == one(real, "SELECT count(*) FROM person") == 0
