"""The key calendar of 10,000 sessions, and the list of them with its line of what expires."""

from __future__ import annotations

from time import perf_counter

from dropcopy_tui.config import load
from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.sessions import SessionKind
from tests.bench.measures import Samples
from tests.bench.place import ENTITY, PERSON, SOONEST, Place
from tests.bench.program import Program

_OPENING = 4.0


def calendar(place: Place, samples: Samples, _ours_first: bool) -> None:
    """From the key on Home to the first row, the first time in a process and again."""
    with place.desk(place.sessions) as program:
        program.shows(SOONEST)
        _until_open(program)
        for name in ("calendar open", "calendar open again"):
            sent = program.press("c")
            samples.add(name, 1000 * (program.shows(SOONEST) - sent))
            program.settle(0.5)
            program.press("\x1b")
            program.settle(0.8)


def _until_open(program: Program) -> None:
    """Home is filled before the store's services are imported; what is measured here comes after."""
    end = perf_counter() + _OPENING
    while perf_counter() < end:
        program.pump(0.05)


def pending(place: Place, samples: Samples, _ours_first: bool) -> None:
    """What the line above a list of sessions costs."""
    desk = open_desk(load(store=str(place.sessions)))
    try:
        actor = desk.identity.act_as(PERSON, "bench")
        began = perf_counter()
        desk.sessions.pending(actor, SessionKind.ORDER_ENTRY, ENTITY)
        samples.add("pending", 1000 * (perf_counter() - began))
    finally:
        desk.close()
