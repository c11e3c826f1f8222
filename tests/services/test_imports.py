"""Imports: all of a file or nothing, every bad line counted, the first hundred explained."""

from __future__ import annotations

import csv
import io
from itertools import count, islice, product
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dropcopy_tui.domain.errors import NotEntitled
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.sessions import ALPHABET
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.imports.imports import ImportKind, ImportReport, Imports, LineError
from tests.services.factories import add_entity, add_person, make_resources

TABLES = ("entity", "person", "entitlement", "front_end", "front_end_mapping", "sender_comp", "session", "audit_event")
HEADER = "entity,market,session_id,gfid,fti,gateway\n"


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return make_resources(tmp_path / "store.db")


@pytest.fixture
def operator(resources: Resources) -> Actor:
    add_entity(resources, "ACME")
    add_entity(resources, "CLEAR", clearing_firm=True)
    return add_person(resources, "operations", Role.OPERATIONS)


def run(resources: Resources, actor: Actor, kind: str, content: str | bytes, dry_run: bool = False) -> ImportReport:
    raw = content.encode() if isinstance(content, str) else content
    return Imports(resources).import_csv(actor, ImportKind(kind), io.BytesIO(raw), dry_run=dry_run)


def counts(resources: Resources) -> dict[str, int]:
    with resources.store.read() as session:
        return {name: session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in TABLES}


def rows(resources: Resources, sql: str) -> list[tuple[object, ...]]:
    with resources.store.read() as session:
        return [tuple(row) for row in session.execute(text(sql))]


def comps(number: int, gfid: str = "AB1") -> str:
    names = ("".join(letters) for letters in product(ALPHABET, repeat=3))
    return "".join(f"ACME,brokertec_us,{name},{gfid},P,msgw\n" for name in islice(names, number))


def reason(report: ImportReport, line: int) -> str:
    return next(error.reason for error in report.errors if error.line == line)


def test_every_kind_is_imported_in_its_turn(resources: Resources, operator: Actor) -> None:
    entities = run(resources, operator, "entities", "entity,name,clearing_firm\nBETA,Beta LLC,no\nGAMMA,Gamma,yes\n")
    assert entities == ImportReport(2, 2, 0, ())
    people = (
        "roles,os_account,user_id,name,email,mobile\n"
        "full_access@ACME;key_management@BETA;auditor,ops1,Jo.Desk,Desk person,JO@firm.example,+1 202 555 0134\n"
        "read_only@ACME,,viewer,Viewer,viewer@firm.example,\n"
    )
    assert run(resources, operator, "people", people).imported == 2
    front_ends = (
        "entity,name,version,vendor\nACME,Ladder One,4.2,Sample\nBETA,Ladder One,4.2,Sample\nBETA,Gilt Desk,,\n"
    )
    assert run(resources, operator, "front-ends", front_ends).imported == 3
    sendercomps = (
        "entity,market,session_id,gfid,fti,gateway,guarantor,status\n"
        "ACME,brokertec_us,ABC,AB123,P,msgw,,\n"
        "ACME,globex,ABC,8AC,B,cgw,GAMMA,inactive\n"
    )
    assert run(resources, operator, "sendercomps", sendercomps).imported == 2

    assert rows(resources, "SELECT user_id, email, mobile, os_account FROM person WHERE id > 1 ORDER BY id") == [
        ("jo.desk", "jo@firm.example", "+1 202 555 0134", "ops1"),
        ("viewer", "viewer@firm.example", None, None),
    ]
    assert set(rows(resources, "SELECT role, code FROM entitlement LEFT JOIN entity ON entity.id = entity_id")) == {
        ("full_access", "ACME"),
        ("key_management", "BETA"),
        ("auditor", None),
        ("operations", None),
        ("read_only", "ACME"),
    }
    assert rows(resources, "SELECT count(*) FROM front_end") == [(2,)]
    assert rows(resources, "SELECT sender_comp_id, status, gateway FROM sender_comp ORDER BY id") == [
        ("ABCAB123P", "active", "msgw"),
        ("ABC8ACB", "inactive", "cgw"),
    ]
    assert rows(resources, "SELECT action, subject FROM audit_event") == [
        ("imports:done", kind) for kind in ("entities", "people", "front-ends", "sendercomps")
    ]


def test_only_operations_may_import(resources: Resources, operator: Actor) -> None:
    viewer = add_person(resources, "viewer", Role.FULL_ACCESS, Role.USER_ADMINISTRATOR, entity="ACME")
    with pytest.raises(NotEntitled):
        run(resources, viewer, "sendercomps", HEADER + comps(1))
    assert counts(resources)["sender_comp"] == 0


def test_a_dry_run_checks_everything_and_leaves_nothing(resources: Resources, operator: Actor) -> None:
    before = counts(resources)
    assert run(resources, operator, "sendercomps", HEADER + comps(7), dry_run=True) == ImportReport(7, 0, 0, ())
    report = run(resources, operator, "sendercomps", HEADER + comps(7) + comps(1), dry_run=True)
    assert (report.rejected, report.errors[0].line) == (1, 9)
    assert counts(resources) == before
    assert run(resources, operator, "sendercomps", HEADER + comps(7)).imported == 7


def test_one_bad_line_and_nothing_is_imported(resources: Resources, operator: Actor) -> None:
    before = counts(resources)
    report = run(resources, operator, "sendercomps", HEADER + comps(6_000) + "ACME,brokertec_us,ab,AB1,P,msgw\n")
    assert report == ImportReport(6_001, 0, 1, (LineError(6_002, "Session ID 'ab' must be three of A-Z and 0-9."),))
    assert counts(resources) == before


def test_ten_thousand_bad_lines_are_counted_and_a_hundred_explained(resources: Resources, operator: Actor) -> None:
    bad = "NOBODY,brokertec_us,AAA,AB1,P,msgw\nACME,brokertec_us,AAA\n" * 5_000
    report = run(resources, operator, "sendercomps", HEADER + bad)
    assert (report.read, report.imported, report.rejected) == (10_000, 0, 10_000)
    assert [error.line for error in report.errors] == list(range(2, 102))


@pytest.mark.parametrize("between", [1, 3_000, 12_000])
def test_a_line_that_repeats_another_says_which(resources: Resources, operator: Actor, between: int) -> None:
    report = run(resources, operator, "sendercomps", HEADER + comps(between) + comps(1))
    assert report.rejected == 1
    assert reason(report, between + 2) == "AAAAB1P of brokertec_us is also on line 2."


def test_a_repeat_is_found_after_other_bad_lines_and_in_a_store_with_rows(
    resources: Resources, operator: Actor
) -> None:
    assert run(resources, operator, "sendercomps", HEADER + comps(3_000, "OLD")).imported == 3_000
    bad = "ACME,brokertec_us,AAA,OLD,P,msgw\nACME,mars,AAA,AB1,P,msgw\n"
    report = run(resources, operator, "sendercomps", HEADER + comps(2_500) + bad + comps(2_500))
    assert report.rejected == 2_502
    assert reason(report, 2_502) == "AAAOLDP of brokertec_us is already in the store."
    assert reason(report, 2_504) == "AAAAB1P of brokertec_us is also on line 2."
    assert reason(report, 2_505) == "AABAB1P of brokertec_us is also on line 3."


def test_the_same_sender_comp_may_be_in_two_markets(resources: Resources, operator: Actor) -> None:
    lines = "ACME,brokertec_us,AAA,AB1,P,msgw\nACME,brokertec_eu,AAA,AB1,P,msgw\n"
    assert run(resources, operator, "sendercomps", HEADER + lines).imported == 2


def test_repeated_people_entities_and_front_ends(resources: Resources, operator: Actor) -> None:
    people = (
        "user_id,name,email,roles,os_account\n"
        "one,One,one@firm.example,auditor,acc\n"
        "ONE,Two,two@firm.example,auditor,\n"
        "three,Three,One@firm.example,auditor,\n"
        "four,Four,four@firm.example,auditor,acc\n"
        "operations,Five,five@firm.example,auditor,\n"
        "six,Six,operations@firm.example,auditor,\n"
    )
    report = run(resources, operator, "people", people)
    assert [error.reason for error in report.errors] == [
        "User id one is also on line 2.",
        "Email one@firm.example is also on line 2.",
        "Account acc is also on line 2.",
        "User id operations is already in the store.",
        "six has your mobile phone or mailbox. You cannot import your own account.",
    ]
    report = run(resources, operator, "entities", "entity,name,clearing_firm\nNEW,A,no\nNEW,B,no\nACME,C,no\n")
    assert [error.reason for error in report.errors] == [
        "Entity NEW is also on line 2.",
        "Entity ACME is already in the store.",
    ]
    front_ends = "entity,name,version,vendor\nACME,A B,,\nACME,A,B,\nACME,A B,,\n"
    report = run(resources, operator, "front-ends", front_ends)
    assert [error.reason for error in report.errors] == ["Front end A B at ACME is also on line 2."]
    assert run(resources, operator, "front-ends", "entity,name,version,vendor\nACME,A B,,\n").imported == 1
    report = run(resources, operator, "front-ends", front_ends)
    assert reason(report, 2) == "Front end A B at ACME is already in the store."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty."),
        (b"entity,name\nA,B\n", "Missing columns: clearing_firm."),
        (b"entity,name,clearing_firm,colour\n", "Unknown columns: colour. The columns are: entity, name,"),
        (b"entity,name,clearing_firm,name\n", "Duplicate columns: name."),
        ("entity,name,clearing_firm\n".encode("utf-16"), "The file is not valid UTF-8"),
        ("entity,name,clearing_firm\n".encode("utf-16-le"), "The line contains a NUL byte."),
        (b"entity,name,clearing_firm\rA,B,no\r", "The line contains a carriage return."),
        (b'"entity,name,clearing_firm\n', "A quote is opened but not closed"),
        (b"x" * 300_000, "The line is longer than 100,000 bytes."),
    ],
    ids=count(),
)  # fmt: skip
def test_a_header_that_cannot_be_used(resources: Resources, operator: Actor, content: bytes, said: str) -> None:
    report = run(resources, operator, "entities", content)
    assert (report.read, report.imported, report.rejected) == (0, 0, 1)
    assert report.errors[0].line == 1
    assert said in report.errors[0].reason


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A,B", "The line has 2 cells; the header has 3."),
        ("A,B,no,no", "The line has 4 cells; the header has 3."),
        (",B,no", "Column entity is empty."),
        ("A,B,maybe", "Column clearing_firm must be yes or no, not 'maybe'."),
        ("acme,B,no", "Entity 'acme' must be 1 to 12 of A-Z, 0-9, dot, underscore and hyphen."),
        ("A\0,B,no", "The line contains a NUL byte."),
        (f"A,{'B' * 1_001},no", "Cell 2 has 1,001 characters. At most 1,000 are allowed."),
        (f"A,{'B' * 101},no", "Name has 101 characters."),
        ('A,"B,no', "A quote is opened but not closed on this line."),
        ('A,"B"x,no', "A quoted cell continues after its closing quote."),
        ("A,B\rC,no", "The line contains a carriage return."),
        ("A,B\x1b[31m,no", "Name contains a character that is not plain printable text (U+001B)."),
        ("A," + "é" * 60_000 + ",no", "The line is longer than 100,000 bytes."),
    ],
    ids=count(),
)
def test_a_bad_line_says_what_is_wrong(resources: Resources, operator: Actor, line: str, said: str) -> None:
    report = run(resources, operator, "entities", f"entity,name,clearing_firm\n\nGOOD,Good,no\r\n{line}\nGOOD2,Good,no")
    assert (report.read, report.imported, report.rejected) == (3, 0, 1)
    assert report.errors[0].line == 4
    assert report.errors[0].reason.startswith(said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"entity": "NOBODY"}, "Entity 'NOBODY' is not in the store. Import the entities first."),
        ({"market": "mars"}, "Unknown market 'mars'."),
        ({"market": "x" * 900}, f"Unknown market '{'x' * 21}...'."),
        ({"gfid": "AB"}, "GFID 'AB' must be 3 to 5 of A-Z and 0-9."),
        ({"fti": "X"}, "Fault tolerance indicator 'X' must be P, B, U or N."),
        ({"gateway": "cgw"}, "Gateway 'cgw' is not a gateway of market brokertec_us. Use: msgw."),
        ({"guarantor": "ACME"}, "Guarantor ACME is not marked as a clearing firm."),
        ({"guarantor": "NOBODY"}, "Entity 'NOBODY' is not in the store."),
        ({"status": "asleep"}, "Status 'asleep' must be active or inactive."),
    ],
)
def test_a_bad_sender_comp(resources: Resources, operator: Actor, changed: dict[str, str], said: str) -> None:
    good = {
        "entity": "ACME", "market": "brokertec_us", "session_id": "ABC", "gfid": "AB1", "fti": "P",
        "gateway": "msgw", "guarantor": "", "status": "",
    }  # fmt: skip
    cells = good | changed
    report = run(resources, operator, "sendercomps", ",".join(cells) + "\n" + ",".join(cells.values()) + "\n")
    assert report.errors[0].reason.startswith(said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"user_id": "-x"}, "'-x' is not a valid user id: use 2 to 32 of a-z"),
        ({"user_id": "desk"}, "User id 'desk' is reserved."),
        ({"email": "nobody"}, "'nobody' is not a valid email address"),
        ({"email": "a@b.example\x0bBcc: c@d"}, "'a@b.example\\\\x0bBcc: c@d' is not a valid email address"),
        ({"mobile": "call me"}, "'call me' is not a valid phone number"),
        ({"os_account": "a b"}, "'a b' is not a valid account name."),
        ({"roles": ";"}, "Column roles is empty."),
        ({"roles": "king@ACME"}, "Unknown role 'king'."),
        ({"roles": "auditor@ACME"}, "Role auditor applies to the whole desk: write it without an entity."),
        ({"roles": "full_access"}, "Role full_access applies to an entity: write full_access@ENTITY."),
        ({"roles": "full_access@NOBODY"}, "Entity 'NOBODY' is not in the store."),
    ],
)
def test_a_bad_person(resources: Resources, operator: Actor, changed: dict[str, str], said: str) -> None:
    good = {
        "user_id": "one", "name": "One", "email": "one@firm.example", "mobile": "", "os_account": "",
        "roles": "auditor",
    }  # fmt: skip
    cells = good | changed
    report = run(resources, operator, "people", ",".join(cells) + "\n" + ",".join(cells.values()) + "\n")
    assert report.errors[0].reason.startswith(said)


def test_another_encoding_is_told_once_and_ends_the_reading(resources: Resources, operator: Actor) -> None:
    content = "entity,name,clearing_firm\nA,B,no\nC,Société,no\nD,Société,no\n".encode("latin-1")
    report = run(resources, operator, "entities", content)
    assert (report.read, report.imported, report.rejected) == (2, 0, 1)
    assert report.errors[0].line == 3
    assert "not valid UTF-8: byte 7 of this line is 0xE9" in report.errors[0].reason
    assert counts(resources)["entity"] == 2


def test_another_encoding_after_a_full_batch_of_bad_lines_is_counted(resources: Resources, operator: Actor) -> None:
    content = b"entity,name,clearing_firm\n" + b"bad,B,no\n" * 1_000 + b"\xe9,B,no\n"
    report = run(resources, operator, "entities", content)
    assert (report.read, report.rejected, len(report.errors)) == (1_001, 1_001, 100)


def test_a_byte_order_mark_spaces_and_blank_lines_are_no_trouble(resources: Resources, operator: Actor) -> None:
    content = "\ufeffentity , name, clearing_firm\r\n\r\n NEW ,Société,no\r\n\r\n"
    assert run(resources, operator, "entities", content) == ImportReport(1, 1, 0, ())
    assert rows(resources, "SELECT code, name FROM entity ORDER BY id DESC LIMIT 1") == [("NEW", "Société")]


def test_a_header_alone_imports_nothing(resources: Resources, operator: Actor) -> None:
    assert run(resources, operator, "sendercomps", HEADER) == ImportReport(0, 0, 0, ())


class _NeverWhole(io.RawIOBase):
    """A stream that refuses to be read whole."""

    def __init__(self, number: int) -> None:
        self._lines = iter([HEADER.encode(), *comps(number).encode().splitlines(keepends=True)])

    def readline(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert 0 < size < 1_000_000
        return next(self._lines, b"")

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("the file was read whole")


def test_the_file_is_never_held_whole(resources: Resources, operator: Actor) -> None:
    stream: BinaryIO = _NeverWhole(20_000)  # type: ignore[assignment]
    assert Imports(resources).import_csv(operator, ImportKind.SENDERCOMPS, stream).imported == 20_000


KINDS = st.sampled_from(list(ImportKind))
HEADERS = {
    ImportKind.ENTITIES: "entity,name,clearing_firm",
    ImportKind.PEOPLE: "user_id,name,email,mobile,os_account,roles",
    ImportKind.FRONT_ENDS: "entity,name,version,vendor",
    ImportKind.SENDERCOMPS: "entity,market,session_id,gfid,fti,gateway,guarantor,status",
    ImportKind.SESSIONS: "entity,market,session_id,kind,gateway",
}
PLAUSIBLE = st.sampled_from(
    ["ACME", "CLEAR", "brokertec_us", "globex", "ABC", "AB1", "P", "msgw", "cgw", "yes", "no", "", "active",
     "one", "one@firm.example", "auditor", "full_access@ACME", "Ladder One", "order_entry", "market_data"]
)  # fmt: skip
CELLS = st.lists(PLAUSIBLE | st.text(max_size=12), min_size=1, max_size=9)


def _consistent(resources: Resources, actor: Actor, kind: ImportKind, content: bytes) -> None:
    before = counts(resources)
    dry = run(resources, actor, kind, content, dry_run=True)
    assert counts(resources) == before
    assert dry.imported == 0
    assert len(dry.errors) == min(dry.rejected, 100)
    assert [error.line for error in dry.errors] == sorted(error.line for error in dry.errors)
    assert all("\n" not in error.reason and error.reason.endswith(".") for error in dry.errors)
    wet = run(resources, actor, kind, content)
    assert (wet.read, wet.rejected, wet.errors) == (dry.read, dry.rejected, dry.errors)
    assert wet.imported == (0 if wet.rejected else wet.read)
    if wet.rejected:
        assert counts(resources) == before


@pytest.fixture
def shared(resources: Resources, operator: Actor) -> tuple[Resources, Actor]:
    return resources, operator


FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@FUZZ
@given(kind=KINDS, content=st.binary(max_size=400), with_header=st.booleans())
def test_arbitrary_bytes_never_crash_nor_import_partially(
    shared: tuple[Resources, Actor], kind: ImportKind, content: bytes, with_header: bool
) -> None:
    header = HEADERS[kind].encode() + b"\n" if with_header else b""
    _consistent(*shared, kind, header + content)


@FUZZ
@given(kind=KINDS, table=st.lists(CELLS, max_size=8))
def test_arbitrary_cells_never_crash_nor_import_partially(
    shared: tuple[Resources, Actor], kind: ImportKind, table: list[list[str]]
) -> None:
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(table)
    _consistent(*shared, kind, f"{HEADERS[kind]}\n{lines.getvalue()}".encode(errors="replace"))
