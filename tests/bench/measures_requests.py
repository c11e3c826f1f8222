"""My Requests among 100,000, approving one of them, and an edit of a million SenderComps against a million."""

from __future__ import annotations

import statistics
from time import perf_counter

from dropcopy_tui.config import load
from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.pages import PageRequest
from tests.bench.measures import QUIET, Samples
from tests.bench.place import APPROVER, EDITED, REQUESTER, REQUESTS, Place
from tests.bench.program import Program

_TYPED = "g0500"
_APPROVED = 20
_OPENING = 4.0


def requests(place: Place, samples: Samples, _ours_first: bool) -> None:
    """My Requests: opened from Home, then filtered key by key."""
    with place.desk(place.requests, REQUESTER) as program:
        _until_open(program)
        _to_requests(program)
        sent = program.press("enter")
        samples.add("requests open", 1000 * (program.shows(f"DC-2026-{REQUESTS:06d}") - sent))
        program.settle(0.5)
        program.press("/")
        program.settle(QUIET)
        answers = [1000 * program.answer_to(key, QUIET) for key in _TYPED]
        samples.add("requests filter", statistics.quantiles(answers, n=20, method="inclusive")[-1])


def _until_open(program: Program) -> None:
    """Home is filled before the store's services are imported; what is measured here comes after."""
    program.shows(EDITED)
    end = perf_counter() + _OPENING
    while perf_counter() < end:
        program.pump(0.05)


def _to_requests(program: Program) -> None:
    """Down Home's menu to Request Status, past what can be opened above it."""
    from screens.home import _menu

    entries = [str(option.prompt).strip() for option in _menu(None) if not option.disabled]
    for _ in range(entries.index("Request Status")):
        program.press("down")
        program.settle(0.05)


def approvals(place: Place, samples: Samples, _ours_first: bool) -> None:
    """The service's answer to approving, a request at a time."""
    desk = open_desk(load(store=str(place.requests)))
    try:
        actor = desk.identity.act_as(APPROVER, "bench")
        for view in desk.requests.to_do(actor, PageRequest(limit=_APPROVED)).rows:
            began = perf_counter()
            desk.requests.approve(actor, view.id, view.version)
            samples.add("approve", 1000 * (perf_counter() - began))
    finally:
        desk.close()


def edit(place: Place, samples: Samples, _ours_first: bool) -> None:
    """The page of an edit that adds half a million to a million and removes as many."""
    with place.desk(place.requests, REQUESTER) as program:
        _until_open(program)
        before = program.resident_mb()
        program.press("right")
        program.settle(QUIET)
        sent = program.press("enter")
        samples.add("edit open", program.shows("500,000 added") - sent)
        program.settle(0.5)
        samples.add("edit memory", program.resident_mb() - before)
