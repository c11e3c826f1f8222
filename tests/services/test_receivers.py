"""Who gets this? From a SenderComp, a Globex Firm or a message to groups, target sessions and key pairs."""

from __future__ import annotations

import pytest
from sqlalchemy import event, text

from dropcopy_tui.domain.errors import InvalidValue, NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.groups.receivers import Receivers
from tests.services.conftest import World
from tests.services.factories import add_sender_comps, new_group

FILL = b"8=FIX.4.2|35=8|34=1|49=CME|56=AAAAB123P|39=2|150=2|"
CANCELLED = FILL.replace(b"39=2", b"39=4")


@pytest.fixture
def group(world: World) -> World:
    """ACME's group RATES has AAA and AAB as sources, and copies fills."""
    groups = Groups(world.resources)
    groups.create(world.operator, new_group("RATES", sources=tuple(world.sources[:2])))
    Provisioning(world.resources).process_as_desk()
    return world


def test_a_sender_comp_is_received_by_its_group(group: World) -> None:
    found = Receivers(group.resources).of_sender_comp(group.viewer, "aaaab123p")
    (rates,) = found.groups
    (session,) = Groups(group.resources).show(group.viewer, "RATES").sessions
    assert (found.asked, found.sender_comps, found.why_not) == ("AAAAB123P", 1, "")
    assert (rates.name, rates.entity, rates.sources) == ("RATES", "ACME", 1)
    assert Filter.TRADE_FILL_NOTICE in rates.filters
    assert [each.session_id for each in rates.sessions] == [session.session_id]


def test_one_that_no_group_has_says_so(group: World) -> None:
    found = Receivers(group.resources).of_sender_comp(group.viewer, group.sources[2])
    assert (found.groups, found.sender_comps) == ((), 1)
    assert found.why_not == f"No group that you have access to has {group.sources[2]} as a source."


def test_a_firm_is_all_its_sender_comps(group: World) -> None:
    found = Receivers(group.resources).of_firm(group.viewer, "AB123")
    assert (found.sender_comps, [(each.name, each.sources) for each in found.groups]) == (3, [("RATES", 2)])


def test_a_message_needs_a_filter_as_well(group: World) -> None:
    receivers = Receivers(group.resources)
    fill = receivers.of_message(group.viewer, FILL)
    assert (fill.kind, [each.name for each in fill.groups]) == ("Complete fill", ["RATES"])
    cancelled = receivers.of_message(group.viewer, CANCELLED)
    assert cancelled.groups == ()
    assert cancelled.why_not.startswith("No group that has this source has the filter ")
    sent = receivers.of_message(group.viewer, FILL.replace(b"49=CME", b"49=X"))
    assert sent.why_not == "It was sent by X. Only messages from CME to a client are copied."


@pytest.mark.parametrize("raw", [b"", b"no message", FILL + b"\n" + FILL])
def test_exactly_one_message_is_read(group: World, raw: bytes) -> None:
    with pytest.raises(InvalidValue):
        Receivers(group.resources).of_message(group.viewer, raw)


def test_only_what_the_person_may_see(group: World) -> None:
    receivers = Receivers(group.resources)
    for ask in (
        lambda: receivers.of_sender_comp(group.stranger, "AAAAB123P"),
        lambda: receivers.of_firm(group.stranger, "AB123"),
        lambda: receivers.of_message(group.stranger, FILL),
        lambda: receivers.of_sender_comp(group.viewer, "ZZZAB123P"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_deleted_group_receives_nothing(group: World) -> None:
    Groups(group.resources).delete(group.operator, ["RATES"])
    Provisioning(group.resources).process_as_desk()
    assert Receivers(group.resources).of_sender_comp(group.viewer, "AAAAB123P").groups == ()


@pytest.mark.sqlite_only("reads the plans of SQLite")
def test_an_index_answers_however_many_there_are(group: World) -> None:
    """No statement of it reads a table of SenderComps or of sources from end to end."""
    add_sender_comps(group.resources, "OTHER", 2_000, gfid="XY999")
    said: list[tuple[str, object]] = []
    engine = group.resources.store._engine

    def listen(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", listen)
    try:
        Receivers(group.resources).of_sender_comp(group.viewer, "AAAAB123P")
        Receivers(group.resources).of_firm(group.viewer, "AB123")
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    asked = [each for each in said if "sender_comp" in each[0]]
    assert len(asked) == 4
    with group.resources.store.read() as tx:
        for statement, parameters in asked:
            rows = tx.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            plan = [row[3] for row in rows]
            assert not [step for step in plan if step.startswith(("SCAN sender_comp", "SCAN group_source"))], plan
        assert tx.execute(text("SELECT count(*) FROM sender_comp")).scalar_one() > 2_000
