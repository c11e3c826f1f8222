"""Bugs of one line, each of which the tests must catch (`tests/planted`)."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.planted.__main__ import planted
from tests.planted.bugs import BUGS, Bug
from tests.trust.rows import Control, Row, Share, Tally, summed

# The quickest of their tests: what the quick tier plants.
_QUICK = "same-phone"


def attempt(share: Share) -> Tally:
    """As many of the bugs, in so many copies of the project as there are cores."""
    first = sorted(BUGS, key=lambda bug: bug.name != _QUICK)
    chosen = first[: share.trials]
    copies = min(len(chosen), multiprocessing.cpu_count())
    with ThreadPoolExecutor(copies) as pool:
        return summed(pool.map(_caught, (chosen[number::copies] for number in range(copies))))


def _caught(bugs: Sequence[Bug]) -> Tally:
    tally = Tally()
    for line in planted(bugs):
        tally.tried("" if line["caught"] else f"{line['bug']} survived ({line['breaks']})")
    return tally


def without_a_bug(share: Share) -> Tally:
    """The same, where the line is planted as it is."""
    return _caught([replace(bug, new=bug.old) for bug in BUGS if bug.name == _QUICK][: share.trials])


PLANTED = Row(
    "planted-bugs",
    "each of these bugs of one line makes the tests that it names fail",
    len(BUGS),
    1,
    attempt,
    Control("the line stays as it is, so that nothing is there to be caught", 1, without_a_bug),
    alone=True,
)
