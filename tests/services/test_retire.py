"""Sessions of deleted groups: they stay as released, and GAM alone retires one (rule G9)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import InvalidValue, NotEntitled, NotFound, SessionEnded, SessionInUse
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.sessions.sessions import Sessions
from tests.services.conftest import World
from tests.services.factories import add_person, add_session, change, contents, new_group, one, proof_of, rows


@dataclass(frozen=True)
class Released:
    """A session with two active key pairs whose group is gone, and who may retire it."""

    world: World
    gam: Actor
    pk: int
    session_id: str

    @property
    def sessions(self) -> Sessions:
        return Sessions(self.world.resources)


@pytest.fixture
def active(world: World) -> Released:
    resources = world.resources
    Groups(resources).create(world.operator, new_group("RATES"))
    Provisioning(resources).process_as_desk()
    pk, session_id = rows(resources, "SELECT id, session_id FROM session")[0]
    for _ in range(2):
        KeyPairs(resources).generate(world.operator, [pk], proof_of(resources, world.operator))
    return Released(world, add_person(resources, "gam", Role.GAM), pk, session_id)


@pytest.fixture
def released(active: Released) -> Released:
    resources = active.world.resources
    change(resources, "UPDATE session SET status = 'released' WHERE id = :pk", pk=active.pk)
    change(resources, "UPDATE drop_copy_group SET deleted_at = created_at")
    return active


def test_gam_retires_a_released_session_and_its_key_pairs(released: Released) -> None:
    resources = released.world.resources
    view = released.sessions.retire(released.gam, released.pk)
    assert view.status == "retired"
    assert {key.state for key in view.keys} == {KeyState.DELETED}
    assert rows(resources, "SELECT sealed_secret, slot, deleted_at IS NULL FROM key_pair") == [(None, None, 0)] * 2
    event = rows(resources, "SELECT person, action, subject, entity FROM audit_event ORDER BY id DESC")[0]
    assert event == ("gam", "session:retired", released.session_id, "ACME")


def test_a_pair_that_expired_before_stays_expired(released: Released) -> None:
    """Only what lives is destroyed: when an old pair ended is part of its history."""
    resources = released.world.resources
    change(
        resources,
        "UPDATE key_pair SET created_at = '2024-01-01', expires_at = '2025-01-01' "
        "WHERE id = (SELECT min(id) FROM key_pair)",
    )
    view = released.sessions.retire(released.gam, released.pk)
    assert [key.state for key in view.keys] == [KeyState.EXPIRED, KeyState.DELETED]


def test_a_session_of_a_living_group_is_refused_with_the_groups_name(active: Released) -> None:
    before = contents(active.world.resources)
    with pytest.raises(SessionInUse, match=f"{active.session_id} is active: group RATES uses it"):
        active.sessions.retire(active.gam, active.pk)
    assert contents(active.world.resources) == before


def test_nobody_else_retires(released: Released) -> None:
    world = released.world
    administrator = add_person(
        world.resources, "all-of-acme", *(role for role in Role if not role.desk_wide), entity="ACME"
    )
    for actor in (world.operator, world.viewer, world.operations, administrator):
        with pytest.raises(NotEntitled, match="the required role: GAM"):
            released.sessions.retire(actor, released.pk)
    assert one(world.resources, "SELECT status FROM session") == "released"
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'person:refused'") == 4


def test_once_is_enough(released: Released) -> None:
    released.sessions.retire(released.gam, released.pk)
    with pytest.raises(InvalidValue, match="has already been retired"):
        released.sessions.retire(released.gam, released.pk)
    with pytest.raises(NotFound, match="no longer exists"):
        released.sessions.retire(released.gam, 999)


@pytest.mark.parametrize("kind", ["order_entry", "market_data"])
def test_other_kinds_of_sessions_are_not_retired_here(kind: str, released: Released) -> None:
    pk = add_session(released.world.resources, "ACME", "ZZ9", kind=kind, status="released")
    with pytest.raises(InvalidValue, match="not a drop copy session"):
        released.sessions.retire(released.gam, pk)


@pytest.mark.parametrize("status", ["released", "retired"])
def test_no_new_key_pair_for_a_session_that_nothing_uses(status: str, released: Released) -> None:
    resources, operator = released.world.resources, released.world.operator
    change(resources, "UPDATE session SET status = :status", status=status)
    fresh = add_session(resources, "ACME", "ZZ9")
    proof = proof_of(resources, operator)
    before = contents(resources)
    for attempt in (
        lambda: KeyPairs(resources).plan(operator, [released.pk]),
        lambda: KeyPairs(resources).generate(operator, [released.pk], proof),
    ):
        with pytest.raises(SessionEnded, match=f"{released.session_id} is {status}.*Nothing was changed"):
            attempt()
    assert contents(resources) == before
    # The code was not used up: it still makes a pair for the session that lives.
    made = KeyPairs(resources).generate(operator, [fresh, released.pk], proof)
    assert [key.session_id for key in made.keys] == ["ZZ9"]
    assert [(row.session_id, status in row.reason) for row in made.failed] == [(released.session_id, True)]


def test_the_pairs_of_a_released_session_can_still_be_downloaded(released: Released, tmp_path: Path) -> None:
    resources, operator = released.world.resources, released.world.operator
    got = KeyPairs(resources).download(operator, [released.pk], proof_of(resources, operator), tmp_path / "keys.txt")
    assert len(got.keys) == 2
    assert released.session_id in (tmp_path / "keys.txt").read_text()


def test_pages_by_status_and_by_the_name_of_a_group_that_is_gone(released: Released) -> None:
    add_session(released.world.resources, "ACME", "ZZ9", kind="drop_copy")

    def shown(actor: Actor, **wanted: object) -> list[tuple[str, str]]:
        page = released.sessions.page(actor, PageRequest(match=str(wanted.pop("match", ""))), **wanted)  # type: ignore[arg-type]
        return [(view.session_id, view.group) for view in page.rows]

    operator = released.world.operator
    mine = {"kind": SessionKind.DROP_COPY, "entity": "ACME"}
    gone = (released.session_id, "RATES")
    assert sorted(shown(operator, **mine)) == sorted([gone, ("ZZ9", "")])
    assert shown(operator, **mine, status=SessionStatus.RELEASED) == [gone]
    assert shown(operator, **mine, status=SessionStatus.ACTIVE) == [("ZZ9", "")]
    assert shown(operator, **mine, status=SessionStatus.RETIRED) == []
    assert shown(operator, match="rates") == [gone]
    assert shown(released.world.stranger, status=SessionStatus.RELEASED) == []
