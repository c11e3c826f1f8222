"""A million SenderComps: what is done to all of them, beside the same statements on the same file, and their lists.

Measured inside one process and in turns: what a screen adds to it is measured with fewer rows.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from sqlalchemy import text

from dropcopy_tui.config import load
from dropcopy_tui.desk import Desk, open_desk
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest, Selection
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.source_sets import copy, of_draft, of_group
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.tables import DraftRow
from tests.bench.measures import Samples
from tests.bench.place import ENTITY, PERSON, Place

_DRAFT, _GROUP, _SCREEN = 1, 1, 24
_TYPED = ("0", "00", "00B", "BEN", "CAP", "Z", "ZZ", "ZZ9", "ZZ 9B", "00 BENC", "NOPE")
_COLUMNS = "sender_comp_id, gfid, sender_comp_pk"
_PUT = f"INSERT INTO draft_source (draft_id, {_COLUMNS}) SELECT"
_BARE = {
    "add a million": f"{_PUT} 1, sender_comp_id, gfid, id FROM sender_comp AS s WHERE entity_id = 1 "
    "AND market = 'brokertec_us' AND status = 'active' AND NOT EXISTS (SELECT 1 FROM draft_source AS d "
    "WHERE d.draft_id = 1 AND d.sender_comp_id = s.sender_comp_id) ORDER BY sender_comp_id",
    "edit a million": f"{_PUT} 2, {_COLUMNS} FROM group_source WHERE group_id = 1 ORDER BY sender_comp_id",
    "remove a million": "DELETE FROM draft_source WHERE draft_id = 1",
}
_GROUP_ROW = (
    "INSERT INTO drop_copy_group (id, entity_id, market, name, name_key, front_end_id, sources, version, created_at, "
    "created_by) VALUES (1, 1, 'brokertec_us', 'ALL', 'all', 1, :sources, 1, '2026-03-04 15:00:00.000000', 1)"
)


def million(place: Place, samples: Samples) -> None:
    """Everything, on a copy of the store."""
    folder = place.folder / "million-copy"
    shutil.copytree(place.million.parent, folder)
    try:
        desk = open_desk(load(store=str(folder / "store.db")))
        actor = desk.identity.act_as(PERSON, "bench")
        size = desk.sendercomps.page(actor, ENTITY, PageRequest(limit=0)).total
        _sets(desk, actor, samples, size)
        _lists(desk, actor, samples, size)
        desk.close()
    finally:
        shutil.rmtree(folder)


def _sets(desk: Desk, actor: Actor, samples: Samples, size: int) -> None:
    """Each change by the service, and undone; then by the statement alone, on the same file, and rolled back."""
    everything = Selection(everything=True)
    with desk.resources.store.write() as tx:
        tx.execute(text("INSERT INTO front_end (id, name, version, vendor) VALUES (1, 'Ladder', '1', 'V')"))
        tx.execute(text(_GROUP_ROW), {"sources": size})
    path = desk.resources.store.path
    _bare(path, samples, "add a million")
    _timed(samples, "add a million", lambda: desk.drafts.add(actor, _DRAFT, everything))
    with writing(desk.resources, actor) as uow:
        copy(uow, of_group(_GROUP), of_draft(uow.tx.get_one(DraftRow, _DRAFT)))
    started: list[int] = []
    _timed(samples, "edit a million", lambda: started.append(desk.edits.start(actor, _GROUP).id))
    desk.drafts.discard(actor, started[0])
    with desk.resources.store.write() as tx:
        columns = "person_id, market, entity_id, name, filters, step, version, updated_at"
        tx.execute(text(f"INSERT INTO draft (id, {columns}) SELECT 2, {columns} FROM draft WHERE id = 1"))
    _bare(path, samples, "edit a million")
    _bare(path, samples, "remove a million")
    _timed(samples, "remove a million", lambda: desk.drafts.remove(actor, _DRAFT, everything))
    desk.drafts.add(actor, _DRAFT, everything)


def _lists(desk: Desk, actor: Actor, samples: Samples, size: int) -> None:
    def sources(ask: PageRequest) -> Page[object]:
        return desk.groups.sources(actor, _GROUP, ask)  # type: ignore[return-value]

    first = PageRequest(limit=_SCREEN, count=False)
    asks: dict[str, Callable[[], object]] = {
        "first rows": lambda: sources(first),
        "first rows of nothing left": lambda: desk.drafts.available(actor, _DRAFT, "", first),
        "By GFID": lambda: desk.groups.by_firm(actor, _GROUP, PageRequest(limit=_SCREEN)),
        "length": lambda: sources(PageRequest(limit=0)),
        "row 500,000": lambda: sources(PageRequest(anchor=Anchor.AT, at=size // 2, limit=_SCREEN, count=False)),
    }
    for name, ask in asks.items():
        for _ in range(5):
            _timed(samples, name, ask, 1000)
    lists = (sources, lambda ask: desk.drafts.available(actor, _DRAFT, "", ask))
    found: list[float] = []
    for match in _TYPED:
        for each in lists:
            began = perf_counter()
            each(PageRequest(match, limit=_SCREEN, count=False))
            found.append(1000 * (perf_counter() - began))
    samples.add("search a million", statistics.quantiles(found, n=20, method="inclusive")[-1])


def _timed(samples: Samples, name: str, work: Callable[[], object], scale: float = 1) -> None:
    began = perf_counter()
    work()
    samples.add(name, scale * (perf_counter() - began))


def _bare(path: Path, samples: Samples, name: str) -> None:
    """The statement with the settings of the store, and nothing else."""
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY", "cache_spill=OFF", "synchronous=EXTRA"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute("BEGIN IMMEDIATE")
    _timed(samples, f"bare {name}", lambda: connection.execute(_BARE[name]))
    connection.execute("ROLLBACK")
    connection.close()
