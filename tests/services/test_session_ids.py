"""Session IDs of targets: never one that is used, for as long as there is another (domain section 1)."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, text

from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.domain.sessions import session_ids
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.sessions.ids import free_session_id
from dropcopy_tui.services.unit_of_work import reading
from dropcopy_tui.store.tables import METADATA
from tests.services.conftest import World
from tests.services.factories import add_sender_comps, add_session, contents, new_group, one

EVERY = list(session_ids())


def free(resources: Resources, start: int = 0, market: str = "brokertec_us") -> str:
    with reading(resources, DESK) as uow:
        return free_session_id(uow, market, start)


def add_sessions(resources: Resources, names: list[str]) -> None:
    same = {"entity_id": 1, "kind": "market_data", "gateway": "msgw", "status": "retired", "market": "globex"}
    rows = [same | {"session_id": name, "created_at": resources.clock.now()} for name in names]
    with resources.store.write() as session:
        session.connection().execute(insert(METADATA.tables["session"]), rows)


def test_there_are_36_to_the_third_session_ids() -> None:
    assert len(set(EVERY)) == 36**3


def test_an_id_that_a_sender_comp_of_the_market_has_is_passed_over(world: World) -> None:
    assert {name[:3] for name in world.sources} == {"AAA", "AAB", "AAC"}
    assert free(world.resources) == "AAD"
    assert free(world.resources, market="brokertec_eu") == "AAA"


@pytest.mark.parametrize("market", ["brokertec_us", "brokertec_eu", "globex"])
@pytest.mark.parametrize("kind", ["drop_copy", "order_entry", "market_data"])
def test_an_id_that_any_session_has_is_passed_over_in_every_market(world: World, market: str, kind: str) -> None:
    add_session(world.resources, "OTHER", "AAD", market, kind)
    assert free(world.resources) == "AAE"


@pytest.mark.parametrize("status", ["released", "retired"])
def test_a_released_or_retired_id_is_never_given_again(world: World, status: str) -> None:
    add_session(world.resources, "ACME", "AAD", kind="drop_copy", status=status)
    assert free(world.resources) == "AAE"


def test_the_search_goes_round_the_end(world: World) -> None:
    add_session(world.resources, "ACME", "999")
    assert free(world.resources, start=len(EVERY) - 1) == "AAD"


def test_a_free_id_is_found_behind_any_number_of_used_ones(world: World) -> None:
    add_sessions(world.resources, EVERY[:40_000])
    assert free(world.resources, start=17) == EVERY[40_000]


def test_the_whole_alphabet_used_by_sender_comps_still_leaves_ids(world: World) -> None:
    add_sender_comps(world.resources, "OTHER", len(EVERY), gfid="ALL")
    add_session(world.resources, "ACME", "AAA", kind="order_entry")
    request = Groups(world.resources).create(world.operator, new_group())
    (view,) = Provisioning(world.resources).process_as_desk().ended
    assert (view.id, view.status) == (request.id, RequestStatus.COMPLETED)
    taken = one(world.resources, "SELECT session_id FROM session WHERE kind = 'drop_copy'")
    assert taken in EVERY
    assert taken != "AAA"


def test_when_every_id_has_a_session_the_request_fails_with_the_reason(world: World) -> None:
    add_sessions(world.resources, EVERY)
    Groups(world.resources).create(world.operator, new_group())
    before = contents(world.resources)
    (view,) = Provisioning(world.resources).process_as_desk().ended
    assert view.status is RequestStatus.FAILED
    assert view.reasons == ("All Session IDs are in use, so the group cannot be set up. Contact GAM.",)
    assert view.group_id is None
    after = contents(world.resources)
    for table in ("drop_copy_group", "group_filter", "group_source", "session"):
        assert after[table] == before[table]
    assert one(world.resources, "SELECT action FROM audit_event ORDER BY id DESC LIMIT 1") == "request:failed"


def test_the_last_free_id_is_given_once(world: World) -> None:
    add_sessions(world.resources, EVERY[1:])
    for name in ("ONE", "TWO"):
        Groups(world.resources).create(world.operator, new_group(name))
    ended = Provisioning(world.resources).process_as_desk().ended
    assert [view.status for view in ended] == [RequestStatus.COMPLETED, RequestStatus.FAILED]


def test_many_targets_never_share_an_id(world: World) -> None:
    for number in range(30):
        Groups(world.resources).create(world.operator, new_group(f"G{number}"))
    assert len(Provisioning(world.resources).process_as_desk().ended) == 30
    with world.resources.store.read() as session:
        found = session.execute(text("SELECT session_id FROM session")).scalars().all()
    assert len(set(found)) == 30
    assert not set(found) & {name[:3] for name in world.sources}
