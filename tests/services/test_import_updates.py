"""Imports that change: what a master list of the morning does to the SenderComps of the evening."""

from __future__ import annotations

import io
import threading

import pytest

from dropcopy_tui.domain.errors import ChangedMeanwhile, Declined, Interrupted, InvalidValue, NotEntitled, StoreBusy
from dropcopy_tui.domain.work import Work
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.imports import imports
from dropcopy_tui.services.imports.imports import ImportKind, ImportReport, Imports, UpdateReport, UpdateSummary
from dropcopy_tui.store import bulk
from tests.services.conftest import World
from tests.services.factories import change, contents, new_group, one, rows

HEADER = "entity,market,session_id,gfid,fti,gateway,guarantor,status\n"
# What `World` has: three SenderComps of BrokerTec U.S. with these Session IDs.
OLD = [f"ACME,brokertec_us,{name},AB123,P,msgw,,active\n" for name in ("AAA", "AAB", "AAC")]
GLOBEX = "ACME,globex,ZZZ,AB123,P,{},,{}\n"


def update(world: World, *lines: str, header: str = HEADER, **how: object) -> UpdateReport:
    stream = io.BytesIO((header + "".join(lines)).encode())
    return Imports(world.resources).update_csv(world.operations, ImportKind.SENDERCOMPS, stream, **how)  # type: ignore[arg-type]


def held(world: World) -> list[tuple[object, ...]]:
    return rows(world.resources, "SELECT sender_comp_id, market, gateway, status FROM sender_comp ORDER BY 2, 1")


def test_what_is_known_changes_what_is_new_comes_and_what_is_gone_stays(world: World) -> None:
    assert update(world, *OLD, GLOBEX.format("msgw", "active")).summary == UpdateSummary(1, 0, 3, 0)
    report = update(
        world,
        OLD[0],
        OLD[1].replace(",active", ",inactive"),
        GLOBEX.format("cgw", "active"),
        OLD[0].replace("AAA", "NEW"),
    )
    assert report == UpdateReport(4, 0, (), UpdateSummary(1, 2, 1, 1, ("AACAB123P",)), done=True)
    assert held(world) == [
        ("AAAAB123P", "brokertec_us", "msgw", "active"),
        ("AABAB123P", "brokertec_us", "msgw", "inactive"),
        ("AACAB123P", "brokertec_us", "msgw", "active"),
        ("NEWAB123P", "brokertec_us", "msgw", "active"),
        ("ZZZAB123P", "globex", "cgw", "active"),
    ]
    action, after = rows(world.resources, "SELECT action, after FROM audit_event ORDER BY id DESC LIMIT 1")[0]
    assert action == "imports:updated"
    for said in ('"new": 1', '"changed": 2', '"unchanged": 1', '"gone": 1'):
        assert said in after
    assert one(world.resources, "SELECT up_to FROM sender_comp_mark") == 5
    counted = "SELECT sum(members) FROM sender_comp_count WHERE kind = 'gfid' AND market = :market"
    assert [one(world.resources, counted, market=market) for market in ("brokertec_us", "globex")] == [4, 1]


def test_a_guarantor_comes_and_goes(world: World) -> None:
    change(
        world.resources,
        "INSERT INTO entity (code, name, clearing_firm, approvals) VALUES ('CLR', 'C', true, 'never')",
    )
    guaranteed = OLD[0].replace(",,", ",CLR,")
    assert update(world, guaranteed, *OLD[1:]).summary == UpdateSummary(0, 1, 2, 0)
    assert update(world, guaranteed, *OLD[1:]).summary == UpdateSummary(0, 0, 3, 0)
    assert update(world, *OLD).summary == UpdateSummary(0, 1, 2, 0)
    assert one(world.resources, "SELECT count(guarantor_id) FROM sender_comp") == 0


def test_a_column_that_the_file_does_not_have_changes_nothing(world: World) -> None:
    change(world.resources, "UPDATE sender_comp SET status = 'inactive'")
    header, bare = "entity,market,session_id,gfid,fti,gateway\n", "ACME,brokertec_us,AAA,AB123,P,msgw\n"
    report = update(world, bare, header=header)
    assert (report.summary, report.done) == (UpdateSummary(0, 0, 1, 2, ("AABAB123P", "AACAB123P")), False)
    assert one(world.resources, "SELECT count(*) FROM sender_comp WHERE status = 'inactive'") == 3


def test_who_is_gone_is_asked_of_the_entities_and_markets_of_the_file(world: World) -> None:
    summary = update(world, GLOBEX.format("msgw", "")).summary
    assert summary == UpdateSummary(1, 0, 0, 0)


def test_groups_with_sender_comps_that_become_inactive_are_named(world: World) -> None:
    Groups(world.resources).create(world.operator, new_group("RATES"))
    Provisioning(world.resources).process_as_desk()
    assert one(world.resources, "SELECT count(*) FROM group_source") == 3
    lines = [line.replace(",active", ",inactive") for line in OLD[:2]]
    summary = update(world, *lines, OLD[2]).summary
    assert summary == UpdateSummary(0, 2, 1, 0, deactivated=2, groups=("RATES",))
    assert one(world.resources, "SELECT count(*) FROM group_source") == 3
    assert update(world, *lines, OLD[2]).summary == UpdateSummary(0, 0, 3, 0)


def test_a_dry_run_only_tells(world: World) -> None:
    before = contents(world.resources)
    report = update(world, OLD[0].replace(",active", ",inactive"), dry_run=True)
    assert (report.summary, report.done) == (UpdateSummary(0, 1, 0, 2, ("AABAB123P", "AACAB123P")), False)
    assert contents(world.resources) == before


def test_the_summary_is_confirmed_without_holding_anyone_up(world: World) -> None:
    before = contents(world.resources)
    asked: list[UpdateSummary] = []

    def decline(summary: UpdateSummary) -> None:
        asked.append(summary)
        change(world.resources, "UPDATE setting SET value = value")  # another writer has its turn
        raise Declined("No.")

    with pytest.raises(Declined):
        update(world, OLD[0].replace(",active", ",inactive"), confirm=decline)
    assert [summary.changed for summary in asked] == [1]
    assert contents(world.resources) == before


def test_nothing_to_change_is_not_asked_about(world: World) -> None:
    def never(_: UpdateSummary) -> None:
        raise AssertionError

    assert not update(world, *OLD, confirm=never).done


def test_what_was_confirmed_is_what_is_done(world: World) -> None:
    def meanwhile(_: UpdateSummary) -> None:
        change(world.resources, "UPDATE sender_comp SET status = 'inactive'")

    with pytest.raises(ChangedMeanwhile, match="Nothing was imported"):
        update(world, *OLD, OLD[0].replace("AAA", "NEW"), confirm=meanwhile)
    assert one(world.resources, "SELECT count(*) FROM sender_comp WHERE status = 'inactive'") == 3


@pytest.mark.parametrize("dry_run", [False, True])
def test_bad_lines_are_named_and_nothing_is_done(world: World, dry_run: bool) -> None:
    before = contents(world.resources)
    report = update(
        world, OLD[0].replace(",active", ",inactive"), OLD[0], OLD[1].replace("ACME", "OTHER"), "ACME,mars,A,B,P,x,,\n",
        dry_run=dry_run,
    )  # fmt: skip
    assert (report.read, report.rejected, report.summary, report.done) == (4, 3, None, False)
    said = {error.line: error.reason for error in report.errors}
    assert said[3] == "AAAAB123P of brokertec_us is also on line 2."
    assert "AABAB123P of brokertec_us belongs to ACME in the store. An import cannot move it" in said[4]
    assert said[5].startswith("Unknown market 'mars'.")
    assert contents(world.resources) == before


@pytest.mark.parametrize("kind", [kind for kind in ImportKind if kind is not ImportKind.SENDERCOMPS])
def test_files_of_other_kinds_change_nothing(world: World, kind: ImportKind) -> None:
    with pytest.raises(InvalidValue, match=r"--update applies to sendercomps\. .*\. Nothing was changed\."):
        Imports(world.resources).update_csv(world.operations, kind, io.BytesIO(b"entity,name,clearing_firm\n"))


def test_only_operations_may_update(world: World) -> None:
    with pytest.raises(NotEntitled):
        Imports(world.resources).update_csv(world.operator, ImportKind.SENDERCOMPS, io.BytesIO(HEADER.encode()))


def bring(world: World, lines: list[str]) -> ImportReport:
    stream = io.BytesIO((HEADER + "".join(lines)).encode())
    return Imports(world.resources).import_csv(world.operations, ImportKind.SENDERCOMPS, stream)


def many(count: int, status: str = "active") -> list[str]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    names = [a + b + c for a in letters for b in letters for c in letters][:count]
    return [f"ACME,brokertec_us,{name},MANY1,P,msgw,,{status}\n" for name in names]


@pytest.mark.parametrize("at", ["Reading the file", "Sorting the lines", "Checking the lines", "Comparing", "Updating"])
def test_an_update_that_is_cancelled_at_any_step_changes_nothing(world: World, at: str) -> None:
    update(world, *many(6_000))
    before = contents(world.resources)
    work = Work(lambda: work.what.startswith(at) and work.cancel())  # type: ignore[func-returns-value]
    with work.doing(), pytest.raises(Interrupted):
        update(world, *many(6_000, "inactive"), *OLD)
    assert contents(world.resources) == before
    assert update(world, *many(6_000, "inactive"), *OLD).summary == UpdateSummary(0, 6_000, 3, 0)


@pytest.mark.parametrize("at", ["Reading the file", "Importing", "Preparing the search"])
def test_an_import_that_is_cancelled_at_any_step_brings_nothing(world: World, at: str) -> None:
    before = contents(world.resources)
    work = Work(lambda: work.what == at and work.cancel())  # type: ignore[func-returns-value]
    with work.doing(), pytest.raises(Interrupted):
        bring(world, many(6_000))
    assert contents(world.resources) == before
    assert bring(world, many(6_000)).imported == 6_000


@pytest.mark.sqlite_only("a server does not tell how far a statement is; tests/postgres cancels one that waits")
def test_a_statement_is_cancelled_in_the_middle_from_another_thread(world: World) -> None:
    """The insert itself is one statement: it ends at the next look of the database."""
    before = contents(world.resources)
    seen: list[int] = []

    def heard() -> None:
        if work.what == "Importing" and work.done:
            seen.append(work.done)
            thread = threading.Thread(target=work.cancel)
            thread.start()
            thread.join()

    work = Work(heard)
    with work.doing(), pytest.raises(Interrupted):
        bring(world, many(17_000))
    assert seen
    assert contents(world.resources) == before


def test_others_read_and_write_while_a_file_is_read(world: World) -> None:
    seen: list[int] = []

    def heard() -> None:
        if work.what != "Importing" and not seen:
            change(world.resources, "INSERT INTO setting (key, value) VALUES ('other', 'writer')")
            seen.append(one(world.resources, "SELECT count(*) FROM sender_comp"))

    work = Work(heard)
    with work.doing():
        bring(world, many(2_000))
    assert seen == [3]


def test_an_import_that_races_another_names_what_that_one_brought(world: World) -> None:
    def meanwhile(_resources: object, _lines: int) -> None:
        if not raced:
            raced.append(1)
            bring(world, many(2))

    raced: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "_require_room", meanwhile)
        report = bring(world, many(5))
    assert (report.imported, report.rejected) == (0, 2)
    assert [error.reason for error in report.errors] == [
        f"AA{letter}MANY1P of brokertec_us is already in the store." for letter in "AB"
    ]


@pytest.mark.sqlite_only("a server's disk is looked after by its administrator")
def test_a_disk_without_room_is_told_before_anything_begins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 1_000

    monkeypatch.setattr(bulk.shutil, "disk_usage", lambda _: Full)
    before = contents(world.resources)
    with pytest.raises(
        StoreBusy, match=r"needs about 1 MB of free disk space in .*, which has 0 MB\. Nothing was changed"
    ):
        update(world, *OLD, OLD[0].replace("AAA", "NEW"))
    assert contents(world.resources) == before


def test_nothing_is_left_beside_the_store(world: World) -> None:
    folder = world.resources.store.beside.parent
    bring(world, many(100))
    with pytest.raises(Declined):
        update(world, *many(90, "inactive"), confirm=_declines)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".dropcopy")] == []


def _declines(_: UpdateSummary) -> None:
    raise Declined("No.")
