"""The audit trail narrowed: by person, group, session, time and kind (rule P4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from dropcopy_tui.domain.errors import NotEntitled
from dropcopy_tui.domain.pages import Anchor, PageRequest
from dropcopy_tui.services.audit import ANY, Audit, AuditFilter
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.sessions.sessions import Sessions
from tests.services.conftest import World
from tests.services.factories import NOW, FrozenClock, add_front_end, add_sender_comps, new_group, one, proof_of, rows

LATER = NOW + timedelta(days=2)


@dataclass(frozen=True)
class Trail:
    """Two groups of two firms, keys two days later, and who reads."""

    world: World
    session: str
    other_session: str

    def shown(self, **wanted: object) -> list[str]:
        """Actions with their subject, the oldest first."""
        page = Audit(self.world.resources).page(self.world.operations, PageRequest(), AuditFilter(**wanted))  # type: ignore[arg-type]
        assert page.total == len(page.rows)
        return [f"{event.action} {event.subject}" for event in reversed(page.rows)]


@pytest.fixture
def trail(world: World) -> Trail:
    resources = world.resources
    add_sender_comps(resources, "OTHER", 1, gfid="XY123")
    add_front_end(resources, "OTHER", "Ladder Two")
    Groups(resources).create(world.operator, new_group("RATES"))
    Groups(resources).create(world.stranger, new_group("EU-10%", "OTHER", front_end="Ladder Two"))
    Provisioning(resources).process_as_desk()
    clock = resources.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(LATER - NOW)
    found = rows(resources, "SELECT session_id, id, entity_id FROM session ORDER BY entity_id")
    for (_, pk, _), actor in zip(found, (world.operator, world.stranger), strict=True):
        KeyPairs(resources).generate(actor, [pk], proof_of(resources, actor))
    return Trail(world, found[0][0], found[1][0])


def test_nothing_asked_shows_everything(trail: Trail) -> None:
    assert len(trail.shown()) == one(trail.world.resources, "SELECT count(*) FROM audit_event") > 12
    assert replace(ANY) == AuditFilter()


def test_by_person_letter_case_aside(trail: Trail) -> None:
    found = trail.shown(person="Operator")
    assert "request:submitted DC-2026-000001" in found
    assert "request:submitted DC-2026-000002" not in found
    assert not [line for line in found if line.startswith("group:created")]
    assert trail.shown(person="oper") == []


def test_a_group_with_its_requests_and_its_sessions_set_up(trail: Trail) -> None:
    assert trail.shown(group="rates") == [
        "request:submitted DC-2026-000001",
        "group:created RATES",
        f"session:allocated {trail.session}",
        "request:completed DC-2026-000001",
    ]
    assert len(trail.shown(group="EU-10%")) == 4
    # A wildcard of the store's own is a letter like any other.
    assert trail.shown(group="EU-10_") == []
    assert trail.shown(group="RATE") == []


def test_a_session_with_its_key_pairs(trail: Trail) -> None:
    found = trail.shown(session=trail.session.lower())
    assert found == [
        f"session:allocated {trail.session}",
        "request:submitted DC-2026-000003",
        f"keypair:generated {trail.session}",
    ]
    assert trail.shown(session="ZZZ") == []


def test_key_pairs_of_many_sessions_are_found_by_each(trail: Trail) -> None:
    """The subject is shortened; the facts name every one."""
    resources, operator = trail.world.resources, trail.world.operator
    names = [trail.session, *(f"Q{number:02d}" for number in range(20))]
    from tests.services.factories import add_session

    pks = [add_session(resources, "ACME", name) for name in names[1:]]
    KeyPairs(resources).generate(operator, pks, proof_of(resources, operator))
    assert [line for line in trail.shown(session="Q19") if line.startswith("keypair:")]
    assert not [line for line in trail.shown(session="Q20") if line.startswith("keypair:")]


def test_by_kind_one_or_all_of_a_noun(trail: Trail) -> None:
    assert set(trail.shown(kind="group")) == {"group:created RATES", "group:created EU-10%"}
    assert trail.shown(kind="group:") == trail.shown(kind="group:created") == trail.shown(kind="GROUP")
    assert trail.shown(kind="grou") == trail.shown(kind="group:creat") == []


def test_since_counts_and_until_does_not(trail: Trail) -> None:
    assert {line.split()[0] for line in trail.shown(since=LATER)} >= {"keypair:generated"}
    assert not [line for line in trail.shown(since=LATER) if line.startswith("group:")]
    assert trail.shown(until=LATER) + trail.shown(since=LATER) == trail.shown()
    assert trail.shown(since=LATER + timedelta(microseconds=1)) == trail.shown(until=NOW) == []


def test_filters_narrow_together_and_with_what_is_typed(trail: Trail) -> None:
    wanted = AuditFilter(person="operator", kind="request", until=LATER)
    page = Audit(trail.world.resources).page(trail.world.operations, PageRequest(match="000001"), wanted)
    assert [event.subject for event in page.rows] == ["DC-2026-000001"]


def test_pages_of_a_narrowed_trail_follow_each_other(trail: Trail) -> None:
    audit, who = Audit(trail.world.resources), trail.world.operations
    wanted = AuditFilter(kind="request")
    whole = audit.page(who, PageRequest(), wanted).rows
    first = audit.page(who, PageRequest(limit=2), wanted)
    rest = audit.page(who, PageRequest(anchor=Anchor.AFTER, beside=first.cursors[-1]), wanted)
    assert first.rows + rest.rows == whole
    assert len(whole) == 6


def test_kinds_are_those_of_the_trail(trail: Trail) -> None:
    kinds = Audit(trail.world.resources).kinds(trail.world.operations)
    assert list(kinds) == [
        name for (name,) in rows(trail.world.resources, "SELECT DISTINCT action FROM audit_event ORDER BY 1")
    ]
    assert {"group:created", "keypair:generated", "session:allocated"} <= set(kinds)


def test_kinds_are_for_auditors_too(trail: Trail) -> None:
    for attempt in (
        lambda who: Audit(trail.world.resources).kinds(who),
        lambda who: Audit(trail.world.resources).page(who, PageRequest(), ANY),
    ):
        with pytest.raises(NotEntitled):
            attempt(trail.world.operator)
    assert "person:refused operator" in trail.shown(kind="person:refused")


def test_a_retired_session_keeps_its_trail(trail: Trail) -> None:
    from dropcopy_tui.domain.people import Role
    from tests.services.factories import add_role, change

    resources, gam = trail.world.resources, trail.world.viewer
    add_role(resources, gam, Role.GAM)
    change(resources, "UPDATE session SET status = 'released' WHERE session_id = :it", it=trail.session)
    pk = one(resources, "SELECT id FROM session WHERE session_id = :it", it=trail.session)
    Sessions(resources).retire(gam, pk)
    assert trail.shown(session=trail.session)[-1] == f"session:retired {trail.session}"
