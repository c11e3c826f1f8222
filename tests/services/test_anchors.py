"""Anchors: a store that was put back as it was once is named, and so is a file of them that was cut."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col, select

from dropcopy_tui.domain.anchors import SYSLOG, TrailAnchor, read_anchors
from dropcopy_tui.domain.errors import FileRefused, InvalidValue, NotEntitled
from dropcopy_tui.services.anchors import Anchors
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.outbox.delivery import Mailing
from dropcopy_tui.services.tick import Chores
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.chain import Head, following, read_head, sealed_digest, write_head
from dropcopy_tui.store.chain_check import ChainCheck
from dropcopy_tui.store.tables import AuditRow
from tests.services.conftest import World
from tests.services.factories import open_resources
from tests.stores import copy_store, restore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "anchors"


@pytest.fixture
def anchored(world: World, file: Path) -> World:
    """A desk that writes anchors into the file."""
    settings = replace(world.resources.settings, audit_anchor=str(file))
    return replace(world, resources=replace(world.resources, settings=settings))


def happen(world: World, *names: str) -> None:
    for name in names:
        with writing(world.resources, world.operator) as uow:
            uow.record("draft:saved", name)


def write(world: World) -> int | None:
    return Anchors(world.resources).write(world.operations)


def verified(world: World, file: Path) -> ChainCheck:
    kept = Anchors(world.resources).read(world.operations, file)
    assert kept.fault == ""
    return Audit(world.resources).verify(world.operations, kept.anchors)


def test_an_anchor_is_a_line_and_a_trail_that_did_not_move_gets_no_other(anchored: World, file: Path) -> None:
    happen(anchored, "A", "B")
    assert write(anchored) == 2
    assert write(anchored) is None
    happen(anchored, "C")
    assert write(anchored) == 3
    lines = file.read_text().splitlines()
    assert [line.split()[:6] for line in lines] == [
        ["dropcopy-anchor", "1", "2026-03-04T15:00:00Z", "test-store", "1", "2"],
        ["dropcopy-anchor", "1", "2026-03-04T15:00:00Z", "test-store", "2", "3"],
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert verified(anchored, file) == ChainCheck(True, 3, None, "", 1, 3)


def test_a_store_that_was_rolled_back_is_named(anchored: World, file: Path, tmp_path: Path) -> None:
    happen(anchored, "A", "B")
    write(anchored)
    before = _kept(anchored, tmp_path)
    happen(anchored, "C", "D")
    write(anchored)
    _back(anchored, before)
    # The control: by itself, the store has nothing wrong with it.
    assert Audit(anchored.resources).verify(anchored.operations).valid
    found = verified(anchored, file)
    assert (found.valid, found.first_bad, found.anchored) == (False, 3, 2)
    assert found.why == (
        "On 4 Mar 2026 15:00 UTC the trail went up to event 4, and it ends with event 2. "
        "The store was rolled back or written again after event 2."
    )


def test_one_that_was_rolled_back_and_used_since_is_named(anchored: World, file: Path, tmp_path: Path) -> None:
    happen(anchored, "A", "B")
    write(anchored)
    before = _kept(anchored, tmp_path)
    happen(anchored, "C", "D")
    write(anchored)
    _back(anchored, before)
    with writing(anchored.resources, anchored.operations) as uow:
        uow.record("store:restored", "backup.db")
    happen(anchored, "E", "F", "G")
    found = verified(anchored, file)
    assert (found.valid, found.first_bad) == (False, 4)
    assert "after event 2; event 3 says that a backup was restored" in found.why


def test_whoever_has_the_master_key_cannot_rewrite_what_was_anchored(anchored: World, file: Path) -> None:
    happen(anchored, "A", "B", "C")
    write(anchored)
    _write_again(anchored.resources, 2)
    assert Audit(anchored.resources).verify(anchored.operations).valid
    found = verified(anchored, file)
    assert (found.valid, found.first_bad) == (False, 3)


def test_two_hosts_write_to_one_file(anchored: World, file: Path) -> None:
    hosts = [replace(anchored, resources=_host(anchored)) for _ in range(2)]

    def work(host: World) -> None:
        for number in range(10):
            happen(host, str(number))
            write(host)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, hosts))
    assert verified(anchored, file).valid
    # Each may have anchored what the other had done already; no line was lost or written into another.
    assert 10 <= len(file.read_text().splitlines()) <= 20


def test_a_file_that_was_cut_or_changed_says_so(anchored: World, file: Path) -> None:
    for name in "ABCD":
        happen(anchored, name)
        write(anchored)
    lines = file.read_text().splitlines()
    for kept, why in (
        (lines[1:], "Lines are missing before line 2"),
        (lines[:1] + lines[2:], "Lines are missing before line 3"),
        ([lines[0], lines[1].replace(" 2 2 ", " 2 9 "), *lines[2:]], "Line 2 of the anchors was changed"),
    ):
        assert why in read_anchors(kept, "test-store").fault
    # Of a file whose end was cut, what is left is compared; how far it goes is said.
    file.write_text("\n".join(lines[:2]) + "\n")
    assert verified(anchored, file) == ChainCheck(True, 4, None, "", 1, 2)


def test_a_line_that_a_killed_writer_left_half_is_passed_over(anchored: World, file: Path) -> None:
    happen(anchored, "A")
    write(anchored)
    with file.open("a") as half:
        half.write("dropcopy-anchor 1 2026-03-04T15:00:0")
    happen(anchored, "B")
    write(anchored)
    assert verified(anchored, file).anchored == 2


def test_the_file_of_another_store_is_refused(anchored: World, file: Path) -> None:
    file.write_text(TrailAnchor(anchored.resources.clock.now(), "another", 1, 5, 5, "x").line() + "\n")
    with pytest.raises(InvalidValue, match="another store only"):
        Anchors(anchored.resources).read(anchored.operations, file)
    # Two stores may share one file.
    happen(anchored, "A")
    write(anchored)
    assert verified(anchored, file).anchored == 1
    file.write_text("nothing\n")
    with pytest.raises(InvalidValue, match="no anchors"):
        Anchors(anchored.resources).read(anchored.operations, file)


def test_a_file_that_others_can_write_is_refused(anchored: World, file: Path, tmp_path: Path) -> None:
    happen(anchored, "A")
    file.touch()
    file.chmod(0o666)
    with pytest.raises(FileRefused, match="Other accounts can write"):
        write(anchored)
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileRefused, match="cannot be written"):
        write(anchored)
    with pytest.raises(NotEntitled):
        Anchors(anchored.resources).write(anchored.operator)


def test_the_system_log_gets_a_line(anchored: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import syslog

    said: list[str] = []
    monkeypatch.setattr(syslog, "syslog", lambda _priority, line: said.append(line))
    settings = replace(anchored.resources.settings, audit_anchor=SYSLOG)
    here = replace(anchored, resources=replace(anchored.resources, settings=settings))
    happen(here, "A")
    assert write(here) == 1
    log = [f"Mar 04 15:00:00 desk-host dropcopy[4711]: {said[0]}", "Mar 04 15:00:01 desk-host cron[1]: other"]
    kept = read_anchors(log, "test-store")
    assert (kept.fault, [anchor.events for anchor in kept.anchors]) == ("", [1])


def test_scheduled_jobs_write_it_last(anchored: World, file: Path) -> None:
    happen(anchored, "A")
    done = Chores(anchored.resources, Provisioning(anchored.resources), Mailing(anchored.resources)).tick(
        anchored.operations
    )
    assert (done.parts[-1].name, done.parts[-1].counts, done.parts[-1].refusal) == ("anchor", {"events": 1}, "")
    file.chmod(0o666)
    happen(anchored, "B")
    done = Chores(anchored.resources, Provisioning(anchored.resources), Mailing(anchored.resources)).tick(
        anchored.operations
    )
    assert "chmod 600" in done.parts[-1].refusal


def _host(world: World) -> Resources:
    opened = open_resources(world.resources.store.place)
    return replace(opened, settings=world.resources.settings)


def _kept(world: World, folder: Path):  # type: ignore[no-untyped-def]
    world.resources.store.close()
    (folder / "kept").mkdir()
    return copy_store(world.resources.store.place, folder / "kept" / "store.db")


def _back(world: World, before) -> None:  # type: ignore[no-untyped-def]
    world.resources.store.close()
    restore(before, world.resources.store.place)


def _write_again(resources: Resources, event: int) -> None:
    """What someone who has the master key can do: all from this event on, with another person in it."""
    vault = resources.vault
    with resources.store.write() as session:
        tamper_rows = session.exec(select(AuditRow).order_by(col(AuditRow.id))).all()
        head = Head(1, 0, 0, "0" * 64, vault.chain_root(1))
        for row in tamper_rows:
            if row.id == event:
                row.person = "someone"
            row.digest = sealed_digest(row, head)
            head = following(head, row.id or 0, row.digest)
        session.flush()
        write_head(session, vault, head)
        assert read_head(session, vault) == head
