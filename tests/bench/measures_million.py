"""A million SenderComps: what is done to all of them (`measures_sets.py`), and their lists.

Measured inside one process and in turns: what a screen adds to it is measured with fewer rows.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable
from time import perf_counter

from dropcopy_tui.config import load
from dropcopy_tui.desk import Desk, open_desk
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest
from dropcopy_tui.domain.people import Actor
from tests.bench.measures import Samples
from tests.bench.measures_sets import sets
from tests.bench.place import ENTITY, PERSON, Place

_DRAFT, _SCREEN = 1, 24
_TYPED = ("0", "00", "00B", "BEN", "CAP", "Z", "ZZ", "ZZ9", "ZZ 9B", "00 BENC", "NOPE")


def million(place: Place, samples: Samples) -> None:
    """Everything, on a copy of the store."""
    folder = place.folder / "million-copy"
    shutil.copytree(place.million.parent, folder)
    try:
        desk = open_desk(load(store=str(folder / "store.db")))
        actor = desk.identity.act_as(PERSON, "bench")
        size = desk.sendercomps.page(actor, ENTITY, PageRequest(limit=0)).total
        _lists(desk, actor, samples, size, sets(desk, actor, samples))
        desk.close()
    finally:
        shutil.rmtree(folder)


def _lists(desk: Desk, actor: Actor, samples: Samples, size: int, group: int) -> None:
    def sources(ask: PageRequest) -> Page[object]:
        return desk.groups.sources(actor, group, ask)  # type: ignore[return-value]

    first = PageRequest(limit=_SCREEN, count=False)
    asks: dict[str, Callable[[], object]] = {
        "first rows": lambda: sources(first),
        "first rows of nothing left": lambda: desk.drafts.available(actor, _DRAFT, "", first),
        "By GFID": lambda: desk.groups.by_firm(actor, group, PageRequest(limit=_SCREEN)),
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
