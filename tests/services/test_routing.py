"""Totals by group of a log, why not, and what nobody copies (domain section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simplefix import FixParser

from dropcopy_tui.domain.errors import FileRefused, InvalidValue, NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.fix_log import FixLog
from dropcopy_tui.domain.pages import Anchor, PageRequest
from dropcopy_tui.domain.people import Role
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.routing.log_index import MISSED, RECEIVED, UNROUTED
from dropcopy_tui.services.routing.message_fields import fields_of
from dropcopy_tui.services.routing.router import DRAFT_ID
from dropcopy_tui.services.routing.routing import LogReview, Report, Routing
from dropcopy_tui.services.sendercomps import SenderComps
from tests.services.conftest import World
from tests.services.factories import add_person, add_role, add_sender_comps, change, new_group, one
from tests.services.test_groups import strangers_group
from tests.unit.test_fix_log import SOH, copy_of, execution, fix

OF_BOTH, OF_TRADES, OF_NONE, FUTURES, UNKNOWN = "AAAAB123P", "AABAB123P", "AACAB123P", "AAA8ACP", "ZZZZZ999P"


@pytest.fixture
def routing(world: World) -> Routing:
    """TRADES copies fills of two sources; ORDERS everything of one of them; FUTURES is of another market."""
    add_sender_comps(world.resources, "ACME", 1, gfid="8AC", market="globex", gateway="cgw")
    groups = Groups(world.resources)
    groups.create(world.operator, new_group("TRADES", sources=(OF_BOTH, OF_TRADES)))
    orders = tuple(kind for kind in Filter if kind is not Filter.TRADE_FILL_NOTICE)
    groups.create(world.operator, new_group("ORDERS", sources=(OF_BOTH,), filters=orders))
    groups.create(world.operator, new_group("FUTURES", market="globex"))
    Provisioning(world.resources).process_as_desk()
    return Routing(world.resources)


def log() -> bytes:
    """A new order and a fill of each source, one of them as a copy; a client's order; a mass quote's answer."""
    lines = [b"# started"]
    for name in (OF_BOTH, OF_TRADES, OF_NONE, FUTURES, UNKNOWN):
        lines += [execution(name, "0"), execution(name, "2")]
    lines[2] = copy_of(lines[2])
    lines.append(fix((35, "D"), (49, OF_BOTH), (56, "CME")))
    lines.append(fix((35, "b"), (49, "CME"), (56, OF_BOTH)))
    lines.append(fix((35, "8"), (49, "CME"), (56, OF_BOTH), (39, "1"), checksum="000"))
    return b"\n".join(line.replace(SOH, b"|") for line in lines) + b"\n"


def totals(report: Report) -> dict[str, tuple[int, dict[Filter, int]]]:
    return {total.group.name: (total.copies, total.by_filter) for total in report.groups}


def test_totals_per_group_and_filter(world: World, routing: Routing) -> None:
    report = routing.route(world.viewer, (log(),)).report()
    ack = (Filter.ACKNOWLEDGEMENT, Filter.EXECUTION_ORDER_ENTRY, Filter.EXECUTION_CREATE_CANCEL_MODIFY)
    assert totals(report) == {
        "FUTURES": (1, {Filter.TRADE_FILL_NOTICE: 1}),
        "ORDERS": (1, dict.fromkeys(ack, 1)),
        "TRADES": (3, {Filter.TRADE_FILL_NOTICE: 3}),
    }
    assert (report.messages, report.unrouted, report.flagged) == (13, 8, 1)
    assert (report.unknown, report.unknown_sources) == (2, (UNKNOWN,))
    assert (report.garbage, report.garbage_lines) == (1, (1,))
    assert report.by_filter == {**dict.fromkeys(ack, 5), Filter.TRADE_FILL_NOTICE: 6}


def test_every_message_says_who_receives_it(world: World, routing: Routing) -> None:
    rows = list(routing.route(world.viewer, (log(),)))
    assert [(row.line, [group.name for group in row.groups]) for row in rows] == [
        (2, ["ORDERS"]), (3, ["TRADES"]), (4, []), (5, ["TRADES"]), (6, []), (7, []), (8, []), (9, ["FUTURES"]),
        (10, []), (11, []), (12, []), (13, []), (14, ["TRADES"]),
    ]  # fmt: skip
    targets = [group.target_sessions for row in rows for group in row.groups]
    assert all(len(sessions) == 1 for sessions in targets)
    assert "CheckSum" in rows[12].problems[0]
    whys = {row.line: row.why_not for row in rows}
    assert whys[2] == ""
    assert whys[4] == (
        "No group that has this source has the filter Acknowledgement messages or Execution - Order Entry "
        "or Execution - Create / Cancel / Modify."
    )
    assert whys[6] == f"No group has {OF_NONE} as a source."
    assert whys[10] == f"Unknown source: none of your entities has a SenderComp {UNKNOWN}."
    assert f"It was sent by {OF_BOTH}. Only messages from CME" in whys[12]
    assert "never copied" in whys[13]


@pytest.mark.parametrize(
    ("name", "status", "why"),
    [
        (OF_BOTH, "0", "The group does not copy this type; required filter: Acknowledgement messages or"),
        (OF_BOTH, "2", ""),
        (OF_NONE, "2", f"{OF_NONE} is not a source of this group."),
        (FUTURES, "2", f"The market differs: {FUTURES} is a SenderComp of Globex, but the group is in BrokerTec U.S."),
        (UNKNOWN, "2", "Unknown source"),
        ("", "2", "It has no source: tag 56 is missing."),
        (OF_BOTH, "8", "Order rejected: never copied, because no filter matches it."),
    ],
)
def test_why_a_group_does_not_receive_it(world: World, routing: Routing, name: str, status: str, why: str) -> None:
    body = [(35, "8"), (49, "CME"), *([(56, name)] if name else []), (39, status)]
    (row,) = routing.route(world.viewer, (fix(*body),), group="trades")
    assert row.why_not.startswith(why)
    assert bool(row.why_not) == bool(why)
    assert [group.name for group in row.groups] == ([] if why else ["TRADES"])


def test_one_group_by_id_and_those_of_one_entity(world: World, routing: Routing) -> None:
    pk = one(world.resources, "SELECT id FROM drop_copy_group WHERE name = 'ORDERS'")
    assert list(totals(routing.route(world.viewer, (log(),), group=str(pk)).report())) == ["ORDERS"]
    assert len(routing.route(world.operations, (log(),), "ACME").report().groups) == 3
    for entity, group in (("OTHER", ""), ("NONE", ""), ("", "NONE"), ("ACME", "9999")):
        with pytest.raises(NotFound):
            routing.route(world.viewer, (log(),), entity, group)


def test_a_name_of_two_entities_asks_which(world: World, routing: Routing) -> None:
    strangers_group(world, "TRADES")
    with pytest.raises(InvalidValue, match="Several entities"):
        routing.route(world.operations, (log(),), group="TRADES")
    assert len(routing.route(world.operations, (log(),), "OTHER", "TRADES").report().groups) == 1


def test_a_stranger_learns_nothing(world: World, routing: Routing) -> None:
    strangers_group(world, "TRADES")
    report = routing.route(world.stranger, (log(),)).report()
    assert totals(report) == {"TRADES": (0, {})}
    assert report.unknown == 13 - 1 + 1
    assert all("Unknown source" in row.why_not for row in routing.route(world.stranger, (execution(OF_BOTH),)))
    pk = one(world.resources, "SELECT id FROM drop_copy_group WHERE name = 'ORDERS'")
    with pytest.raises(NotFound):
        routing.review(world.stranger, log(), pk)


def test_deleted_groups_and_released_sessions_receive_nothing(world: World, routing: Routing) -> None:
    change(world.resources, "UPDATE drop_copy_group SET deleted_at = created_at WHERE name = 'TRADES'")
    change(world.resources, "UPDATE session SET status = 'released' WHERE kind = 'drop_copy'")
    report = routing.route(world.viewer, (log(),)).report()
    assert list(totals(report)) == ["FUTURES", "ORDERS"]
    assert {total.group.target_sessions for total in report.groups} == {()}


def test_more_sources_than_one_question_holds(world: World, routing: Routing) -> None:
    names = add_sender_comps(world.resources, "ACME", 1_500, gfid="BIG")
    Groups(world.resources).create(world.operator, new_group("BIG", gfids=("BIG",)))
    Provisioning(world.resources).process_as_desk()
    found = routing.route(world.viewer, (execution(name, "2") for name in names)).report()
    assert totals(found)["BIG"][0] == 1_500


# -- a log that is read for a screen


@pytest.fixture
def reviewed(world: World, routing: Routing, tmp_path: Path) -> Iterator[LogReview]:
    path = tmp_path / "fix.log"
    path.write_bytes(log())
    pk = one(world.resources, "SELECT id FROM drop_copy_group WHERE name = 'TRADES'")
    found = routing.review(world.viewer, path, pk)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("only", "lines"),
    [
        ("", list(range(2, 15))),
        (UNROUTED, [4, 6, 7, 8, 10, 11, 12, 13]),
        (RECEIVED, [3, 5, 14]),
        (MISSED, [2, 4, 6, 7, 8, 9, 10, 11, 12, 13]),
    ],
)
def test_a_list_of_messages_can_be_walked(
    world: World, routing: Routing, reviewed: LogReview, only: str, lines: list[int]
) -> None:
    def asked(**more: object) -> list[int]:
        return [row.line for row in routing.messages(world.viewer, reviewed, only, replace(PageRequest(), **more)).rows]

    assert asked() == lines
    assert routing.messages(world.viewer, reviewed, only, PageRequest(limit=1)).total == len(lines)
    assert asked(anchor=Anchor.LAST, limit=2) == lines[-2:]
    assert asked(anchor=Anchor.AT, at=1, limit=2) == lines[1:3]
    cursors = routing.messages(world.viewer, reviewed, only, PageRequest()).cursors
    assert asked(anchor=Anchor.AFTER, beside=cursors[0], limit=1) == lines[1:2]
    assert asked(anchor=Anchor.BEFORE, beside=cursors[2], limit=9) == lines[:2]


def test_rows_are_the_same_as_those_of_the_route(world: World, routing: Routing, reviewed: LogReview) -> None:
    page = routing.messages(world.viewer, reviewed, "", PageRequest())
    rows = list(routing.route(world.viewer, (log(),)))
    assert [(row.number, row.line, row.reading, row.groups) for row in page.rows] == [
        (row.number, row.line, row.reading, row.groups) for row in rows
    ]
    assert [bool(row.problems) for row in page.rows] == [bool(row.problems) for row in rows]
    assert reviewed.report == routing.route(world.viewer, (log(),)).report()


def test_the_list_is_narrowed_by_source_and_kind(world: World, routing: Routing, reviewed: LogReview) -> None:
    def found(match: str) -> list[int]:
        return [row.line for row in routing.messages(world.viewer, reviewed, "", PageRequest(match=match)).rows]

    assert found("aabab") == [4, 5]
    assert found("complete aabab") == [5]
    assert found("fill notice 8ac") == [9]
    assert found("nothing") == []
    assert found("") == list(range(2, 15))


def test_one_message_is_told_whole(world: World, routing: Routing, reviewed: LogReview) -> None:
    told = routing.message(world.viewer, reviewed, 1)
    assert told.routed.why_not == ""
    assert ("56 TargetCompID", "T4CAB123N") in told.fields
    assert ("56 TargetCompID", OF_BOTH) in told.original
    assert [(group.name, bool(why)) for group, why in told.others] == [("TRADES", False), ("ORDERS", True)]
    wrong = routing.message(world.viewer, reviewed, 12)
    assert "but should be" in wrong.routed.problems[0]


def test_the_filters_of_a_draft_count_instead(world: World, routing: Routing) -> None:
    pk = one(world.resources, "SELECT id FROM drop_copy_group WHERE name = 'TRADES'")
    edited = routing.review(world.viewer, log(), pk, frozenset({Filter.ACKNOWLEDGEMENT}))
    assert totals(edited.report)["TRADES"] == (2, {Filter.ACKNOWLEDGEMENT: 2})
    new = routing.review(world.viewer, log(), None, frozenset({Filter.ACKNOWLEDGEMENT}))
    assert new.about is not None
    assert new.about.id == DRAFT_ID
    assert totals(new.report)["this draft"][0] == 5
    page = routing.messages(world.viewer, new, MISSED, PageRequest(limit=1))
    assert page.rows[0].why_not == "The draft does not copy this type; required filter: Trade - Fill Notice."
    edited.close()
    new.close()


def test_a_right_that_is_taken_away_is_gone_at_once(world: World, routing: Routing) -> None:
    visitor = add_person(world.resources, "visitor", Role.READ_ONLY, entity="ACME")
    found = routing.review(visitor, log())
    assert routing.messages(visitor, found, "", PageRequest()).total == 13
    change(world.resources, "DELETE FROM entitlement WHERE person_id = :pk", pk=visitor.person_id)
    add_role(world.resources, visitor, Role.READ_ONLY, "OTHER")
    for attempt in (
        lambda: routing.messages(visitor, found, "", PageRequest()),
        lambda: routing.message(visitor, found, 0),
    ):
        with pytest.raises(NotFound, match="Your access has changed"):
            attempt()
    found.close()


def test_what_cannot_be_read_is_refused(world: World, routing: Routing, tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path, Path("/dev/zero"), tmp_path / "a\0b"):
        with pytest.raises(FileRefused):
            routing.review(world.viewer, path)


def test_who_waits_is_told_and_may_stop(world: World, routing: Routing) -> None:
    told: list[tuple[int, int]] = []

    def watch(done: int, size: int) -> bool:
        told.append((done, size))
        return len(told) < 2

    many = execution(OF_BOTH, "2") * 20_000
    found = routing.review(world.viewer, many, watch=watch)
    assert len(told) == 2
    assert 0 < told[0][0] < told[1][0] < len(many) == told[0][1]
    assert not found.index.whole
    found.close()


def test_a_log_that_was_changed_meanwhile_says_so(world: World, routing: Routing, tmp_path: Path) -> None:
    path = tmp_path / "fix.log"
    path.write_bytes(log())
    found = routing.review(world.viewer, path)
    path.write_bytes(b"x" * len(log()))
    assert routing.message(world.viewer, found, 3).routed.problems == ("The log has changed since it was read.",)
    found.close()


# -- the example, coverage, fields


def test_the_example_is_always_the_same_and_shows_every_case(world: World, routing: Routing) -> None:
    first = b"".join(routing.example(world.viewer))
    assert first == b"".join(routing.example(world.viewer))
    report = routing.route(world.viewer, (first,)).report()
    assert set(report.by_filter) == set(Filter)
    assert report.unrouted
    assert report.unknown
    assert report.garbage
    assert report.flagged == 1
    assert all(total.copies for total in report.groups)
    assert any(message.original for message in FixLog((first,)))


def test_a_real_store_has_no_example(world: World) -> None:
    with pytest.raises(InvalidValue, match="Only a sandbox"):
        list(Routing(replace(world.resources, sandbox=False)).example(world.viewer))


@pytest.mark.usefixtures("routing")
def test_coverage_lists_what_no_living_group_copies(world: World) -> None:
    sendercomps = SenderComps(world.resources)
    add_sender_comps(world.resources, "ACME", 1, gfid="OLD", status="inactive")
    page = sendercomps.coverage(world.viewer, "ACME", PageRequest())
    assert ([row.sender_comp_id for row in page.rows], page.total) == ([OF_NONE], 1)
    assert page.rows[0].market == "brokertec_us"
    change(world.resources, "UPDATE drop_copy_group SET deleted_at = created_at WHERE name <> 'ORDERS'")
    page = sendercomps.coverage(world.viewer, "ACME", PageRequest(order="market", limit=2))
    assert ([row.sender_comp_id for row in page.rows], page.total) == ([OF_TRADES, OF_NONE], 3)
    assert [row.sender_comp_id for row in sendercomps.coverage(world.viewer, "ACME", PageRequest(), "globex").rows] == [
        FUTURES
    ]
    assert sendercomps.coverage(world.viewer, "ACME", PageRequest(match="aab")).total == 1
    with pytest.raises(NotFound):
        sendercomps.coverage(world.stranger, "ACME", PageRequest())


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_fields_of_any_bytes_are_read(raw: bytes) -> None:
    fields_of(raw)
    fields_of(b"8=FIX.4.2|212=9|213=<RTRF>" + raw)


def test_simplefix_and_the_reader_agree() -> None:
    raw = copy_of(execution(OF_BOTH, "2"))
    (message,) = FixLog((raw,))
    fields, original = (dict(found) for found in fields_of(raw))
    parser = FixParser()
    parser.append_buffer(raw)
    parsed = parser.get_message()
    assert [name.partition(" ")[0] for name in fields] == [tag.decode() for tag, _ in parsed.pairs]
    assert fields["35 MsgType"] == parsed.get(35).decode() == message.header.msg_type
    assert message.original is not None
    assert (original["56 TargetCompID"], original["39 OrdStatus"]) == (message.original.target, message.original.status)
