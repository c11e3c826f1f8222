"""A store on a PostgreSQL server beside the same in a file: `python -m tests.bench.measures_server [--rows 1000000]`.

Both are where the server of tests is, which is memory where a machine has room there: what a disk adds to a commit, it
adds to both. They are asked in turns, from one process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from dropcopy_tui.domain.pages import Anchor, PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.places import Place
from dropcopy_tui.services.groups.drafts import DraftFields, Drafts
from dropcopy_tui.services.sendercomps import SenderComps
from dropcopy_tui.store.engine import Store, create_store
from tests.bench.fill import fill
from tests.bench.measures import Samples
from tests.bench.place import DRAFT, ENTITY, MARKET, PERSON, ROWS
from tests.server import Server, _short_place, binaries
from tests.services.factories import open_resources, rows

TIMES = 40
_TYPED = ("00B", "CAP", "ZZ9", "00 BENC", "NOPE")
_SCREEN = PageRequest(limit=24, count=False)


class Side:
    """One of the two stores, and what is asked of it; `name` is the beginning of its samples."""

    def __init__(self, name: str, place: Place, size: int) -> None:
        create_store(place)
        self.name, self.resources = name, open_resources(place)
        fill(self.resources, size)
        self.actor = Actor(
            *rows(self.resources, f"SELECT id, user_id, name FROM person WHERE user_id = '{PERSON}'")[0], "bench"
        )
        self._drafts, self._sources = Drafts(self.resources), SenderComps(self.resources)
        self._draft = self._drafts.start(self.actor, MARKET, ENTITY)

    def ask(self, number: int, samples: Samples) -> None:
        """Each thing once."""
        typed = PageRequest(limit=24, count=False, match=_TYPED[number % len(_TYPED)])
        last = PageRequest(limit=24, count=False, anchor=Anchor.LAST)
        for what, does in (
            ("first rows", lambda: self._sources.page(self.actor, ENTITY, _SCREEN)),
            ("last rows", lambda: self._sources.page(self.actor, ENTITY, last)),
            ("search", lambda: self._sources.page(self.actor, ENTITY, typed)),
            ("write", lambda: self.write(number)),
            ("look", self.resources.store.stamp),
        ):
            samples.add(f"{self.name} {what}", _milliseconds(does))

    def write(self, number: int) -> None:
        """A draft is saved: a draft, its version, an audit event."""
        fields = DraftFields(ENTITY, f"{DRAFT}-{number}")
        self._draft = self._drafts.save(self.actor, self._draft.id, self._draft.version, fields)


def server(samples: Samples, size: int = ROWS) -> bool:
    """Both stores, in turns; whether there is a server."""
    if binaries() is None:
        return False
    with (
        tempfile.TemporaryDirectory(dir=_short_place(), prefix="dropcopy-bench-") as folder,
        _sides(Path(folder), size) as sides,
    ):
        for number in range(TIMES):
            for side in sides if number % 2 else sides[::-1]:
                side.ask(number, samples)
        _told(sides[0], samples)
    return True


@contextmanager
def _sides(folder: Path, size: int) -> Iterator[tuple[Side, Side]]:
    running = Server({"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"})
    try:
        running.create("bench")
        (folder / "file").mkdir(mode=0o700)
        sides = (
            Side("server", running.place("bench", beside=folder / "server" / "store"), size),
            Side("file", folder / "file" / "store.db", size),
        )
        cold = Samples()
        for side in sides:
            side.ask(TIMES, cold)
        yield sides
        for side in sides:
            side.resources.store.close()
    finally:
        running.remove()


def _told(side: Side, samples: Samples) -> None:
    """From the call of a write until another open store is told of it; then a look of one that listens."""
    heard = threading.Event()
    other = Store(side.resources.store.place)
    other.listen(lambda _: heard.set())
    side.write(-1)
    heard.wait(10)
    for number in range(TIMES):
        heard.clear()
        begun = perf_counter()
        side.write(number)
        heard.wait(10)
        samples.add("server told", 1000 * (perf_counter() - begun))
        samples.add("server look that listens", _milliseconds(other.stamp))
    other.close()


def _milliseconds(does: Callable[[], object]) -> float:
    begun = perf_counter()
    does()
    return 1000 * (perf_counter() - begun)


def main() -> int:
    """This part of the table alone."""
    from tests.bench.figures import drawn, of_server

    parser = argparse.ArgumentParser(prog="python -m tests.bench.measures_server", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    samples = Samples()
    if server(samples, parser.parse_args().rows):
        print(*drawn(of_server(samples)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
