"""A million SenderComps: what is done to all of them, beside the same statements on an equal file.

Both sides commit, and both count again what is kept of a set: the service's has the rights, the rules, the audit
event and the answer more.
"""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from sqlalchemy import text

from dropcopy_tui.desk import Desk
from dropcopy_tui.domain.pages import Selection
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.source_sets import copy, of_draft
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.tables import DraftRow
from tests.bench.measures import Samples

Answer = TypeVar("Answer")
SETS = ("add", "submit", "set up", "begin an edit of", "compare", "remove")
_DRAFT, _SUBMITTED, _EDIT, _GROUP = 1, 2, 3, 1
_FORKED = multiprocessing.get_context("fork")
_ALL = Selection(everything=True)
_MEMBER = "sender_comp_id, gfid, sender_comp_pk"
_SETTINGS = (
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "cache_spill=OFF",
    "synchronous=EXTRA",
)
_READY = (
    "INSERT INTO front_end (id, name, version, vendor) VALUES (1, 'Ladder', '1', 'V')",
    "INSERT INTO front_end_mapping (entity_id, front_end_id) VALUES (1, 1)",
    "INSERT INTO draft (id, person_id, market, entity_id, name, front_end_id, filters, step, version, updated_at) "
    "SELECT 2, person_id, market, entity_id, 'ALL', 1, '[\"trade_fill_notice\"]', 6, version, updated_at FROM draft",
)
_GROUP_ROW = (
    "INSERT INTO drop_copy_group (id, entity_id, market, name, name_key, front_end_id, sources, version, created_at, "
    "created_by) VALUES (1, 1, 'brokertec_us', 'ALL', 'all', 1, 1, 1, '2026-03-04 15:00:00.000000', 1)"
)
_EDIT_ROW = (
    "INSERT INTO draft (id, person_id, market, entity_id, name, filters, step, version, updated_at) "
    "SELECT 3, person_id, market, entity_id, name, filters, 6, 1, updated_at FROM draft WHERE id = 2"
)


def _counted(kind: str, owner: int) -> list[str]:
    into = f"INSERT INTO {kind}_count ({kind}_id, kind, part, members) SELECT {owner}"
    rows = f"FROM {kind}_source WHERE {kind}_id = {owner} GROUP BY 3"
    return [
        f"DELETE FROM {kind}_count WHERE {kind}_id = {owner}",
        f"{into}, 'sender_comp_id', substr(sender_comp_id, 1, 2), count(*) {rows}",
        f"{into}, 'gfid', gfid, count(*) {rows}",
    ]


_TALLY = (
    "SELECT count(*), sum(status = 'active'), sum(gateway = 'msgw'), sum(gateway = 'cgw'), "
    "group_concat(DISTINCT guarantor_id) FROM draft_source JOIN sender_comp ON id = sender_comp_pk WHERE draft_id = 2"
)
_BARE: dict[str, Sequence[str]] = {
    "add": (
        f"INSERT INTO draft_source (draft_id, {_MEMBER}) SELECT 1, sender_comp_id, gfid, id FROM sender_comp "
        "WHERE entity_id = 1 AND market = 'brokertec_us' AND status = 'active' ORDER BY sender_comp_id "
        "ON CONFLICT DO NOTHING",
        *_counted("draft", 1),
    ),
    "submit": (_TALLY,),
    "set up": (
        _TALLY,
        f"INSERT INTO group_source (group_id, {_MEMBER}) SELECT 1, {_MEMBER} FROM draft_source WHERE draft_id = 2 "
        "ORDER BY sender_comp_id",
        *_counted("group", 1),
    ),
    "begin an edit of": (
        f"INSERT INTO draft_source (draft_id, {_MEMBER}) SELECT 3, {_MEMBER} FROM group_source WHERE group_id = 1 "
        "ORDER BY sender_comp_id",
        *_counted("draft", 3),
    ),
    "compare": (
        "SELECT count(*) FROM draft_source AS d WHERE draft_id = 3 AND EXISTS (SELECT 1 FROM group_source AS g "
        "WHERE g.group_id = 1 AND g.sender_comp_id = d.sender_comp_id)",
    ),
    "remove": ("DELETE FROM draft_source WHERE draft_id = 3", "DELETE FROM draft_count WHERE draft_id = 3"),
}
# What the service makes of itself before the next statement.
_BETWEEN: dict[str, Sequence[str]] = {
    "submit": (
        f"INSERT INTO draft_source (draft_id, {_MEMBER}) SELECT 2, {_MEMBER} FROM draft_source WHERE draft_id = 1 "
        "ORDER BY sender_comp_id",
    ),
    "set up": (_GROUP_ROW,),
    "begin an edit of": (_EDIT_ROW,),
}


def sets(desk: Desk, actor: Actor, samples: Samples) -> int:
    """Every change, on both files in turns; the group that has all of them, while draft 1 has them, too."""
    ours = desk.resources.store.path
    with desk.resources.store.write() as tx:
        for statement in _READY:
            tx.execute(text(statement))
    other = ours.with_name("bare.db")
    shutil.copyfile(ours, other)
    try:
        _both(other, samples, "add", lambda: desk.drafts.add(actor, _DRAFT, _ALL))
        with writing(desk.resources, actor) as uow:
            copy(uow, of_draft(uow.tx.get_one(DraftRow, _SUBMITTED)), of_draft(uow.tx.get_one(DraftRow, _DRAFT)))
        version = desk.drafts.get(actor, _SUBMITTED).version
        _both(other, samples, "submit", lambda: desk.drafts.submit(actor, _SUBMITTED, version))
        done = _both(other, samples, "set up", lambda: desk.provisioning.process(DESK))
        group = next(view.group_id for view in done.ended)
        assert group == _GROUP, done
        edit = _both(other, samples, "begin an edit of", lambda: desk.edits.start(actor, _GROUP))
        assert edit.id == _EDIT, edit
        _both(other, samples, "compare", lambda: desk.edits.changes(actor, _EDIT))
        _both(other, samples, "remove", lambda: desk.drafts.remove(actor, _EDIT, _ALL))
        desk.drafts.discard(actor, _EDIT)
        began = perf_counter()
        desk.groups.delete(actor, [_GROUP])
        samples.add("delete a million", 1000 * (perf_counter() - began))
    finally:
        other.unlink()
    return _GROUP


def _both(other: Path, samples: Samples, name: str, ours: Callable[[], Answer]) -> Answer:
    # In a process of its own: what it frees would be room for ours.
    with _FORKED.Pool(1) as pool:
        samples.add(f"bare {name} a million", pool.apply(_bare, (other, name)))
    # The most memory since now.
    Path("/proc/self/clear_refs").write_text("5")
    before, began = _status("VmRSS"), perf_counter()
    answer = ours()
    samples.add(f"{name} a million", perf_counter() - began)
    samples.add(f"{name} memory", max(0.0, _status("VmHWM") - before))
    return answer


def _bare(store: Path, name: str) -> float:
    """Seconds of the statements alone, with their commit and the settings of a store."""
    connection = sqlite3.connect(store, isolation_level=None)
    for setting in _SETTINGS:
        connection.execute(f"PRAGMA {setting}")
    for statement in _BETWEEN.get(name, ()):
        connection.execute(statement)
    began = perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for statement in _BARE[name]:
        connection.execute(statement).fetchall()
    connection.execute("COMMIT")
    taken = perf_counter() - began
    connection.close()
    return taken


def _status(name: str) -> float:
    """A figure of this process, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))
