"""The table that is printed: what was measured, beside what, and whether it is what was promised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial

from tests.bench.measures import Samples
from tests.bench.measures_sets import SETS
from tests.bench.place import MOST_SESSIONS

# More of these there cannot be: a Session ID has three characters, and a session has two active pairs.
_EXPORTED = {"sessions": f"{MOST_SESSIONS:,}", "keys": f"{2 * MOST_SESSIONS:,}"}
HEAD = ("what", "ours", "beside it", "", "ratio", "at most", "")


@dataclass(frozen=True, slots=True)
class Figure:
    """A row. `judged` is what `at_most` holds for: the ratio, or the absolute number where it is no ratio.

    With `at_least` more is better, and `at_most` is the least that is promised.
    """

    what: str
    unit: str
    ours: float
    beside: float | None
    beside_what: str
    ratio: float | None
    at_most: float
    by_ratio: bool
    at_least: bool = False

    @property
    def judged(self) -> float:
        """The number that has a target."""
        return self.ratio if self.by_ratio and self.ratio is not None else self.ours

    @property
    def ok(self) -> bool:
        """Whether the target is met."""
        return self.judged >= self.at_most if self.at_least else self.judged <= self.at_most

    def cells(self) -> tuple[str, ...]:
        """As printed."""
        target = f"{self.at_most:g} times" if self.by_ratio else _amount(self.at_most, self.unit)
        if self.at_least:
            target = f"at least {target}"
        return (
            self.what,
            _amount(self.ours, self.unit),
            "" if self.beside is None else _amount(self.beside, self.unit),
            self.beside_what,
            "" if self.ratio is None else f"{self.ratio:.2f}",
            target,
            "ok" if self.ok else "over",
        )


def figures(samples: Samples) -> list[Figure]:
    """Every row, in the order of the promises."""

    ratio, amount = partial(_ratio, samples), partial(_amount_of, samples)
    return [
        ratio("first paint of dropcopy demo", "ms", "first paint", "hello first paint", "hello-world", 1.2),
        amount("Home filled after it", "ms", "home filled", 300),
        amount("--version", "ms", "version", 150, "python", "python -c pass"),
        ratio("first rows of 100,000 SenderComps", "ms", "records open", "lines open", "minimal table", 3),
        ratio("the same, opened again", "ms", "records open again", "lines open again", "minimal table", 3),
        ratio("repaint after a key, p95", "ms", "records key", "lines key", "minimal table", 2),
        ratio("processor time of a key", "ms", "records processor", "lines processor", "minimal table", 1.5),
        amount("memory on that list above hello-world + libraries", "MB", "more memory", 40),
        amount("adding 100,000 that match to a draft", "s", "add all", 1),
        amount("My Requests opens, of 100,000", "ms", "requests open", 100),
        amount("their filter as it is typed, p95", "ms", "requests filter", 100),
        amount("approve answers", "ms", "approve", 100),
        amount("an edit of 1,000,000 against 1,000,000 opens", "s", "edit open", 2),
        amount("with so much more memory", "MB", "edit memory", 60),
        replace(amount("route: messages a second", "/s", "route rate", 20_000), at_least=True),
        *(
            figure
            for name in SETS
            for figure in (
                ratio(f"{name} 1,000,000", "s", f"{name} a million", f"bare {name} a million", "bare SQL", 1.5),
                amount("the same: more memory", "MB", f"{name} memory", 20),
            )
        ),
        amount("request the deletion of a group of 1,000,000", "ms", "delete a million", 100),
        *(
            amount(f"of 1,000,000: {name}", "ms", name, 60)
            for name in ("first rows", "first rows of nothing left", "By GFID", "length", "row 500,000")
        ),
        amount("of 1,000,000: a search in the store, p95", "ms", "search a million", 50),
        *(
            figure
            for name, seconds in (("import", 25), ("update", 25), ("export", 15))
            for figure in (
                amount(f"{name} of 1,000,000 SenderComps", "s", f"{name} million", seconds),
                amount("the same: memory of the whole process", "MB", f"{name} memory", 100),
            )
        ),
        *(
            figure
            for name in ("audit", "notices", "requests", "people", "outbox", "sessions", "keys")
            for figure in (
                amount(
                    f"export of {_EXPORTED.get(name, '1,000,000')}, processor: {name}", "s", f"export {name} most", 15
                ),
                amount("the same: memory of the whole process", "MB", f"export {name} memory", 100),
            )
        ),
        amount("route: memory growth, 20,000 to 400,000 messages", "MB", "route growth", 4),
        replace(amount("logons read and verified a processor second", "/s", "logon rate", 10_000), at_least=True),
        amount("the key calendar of 10,000 sessions opens", "ms", "calendar open", 200),
        amount("the same, opened again", "ms", "calendar open again", 200),
        amount("what expires, among 10,000 sessions", "ms", "pending", 100),
        amount("500 key pairs generated and written", "s", "generate 500", 3),
        amount("notices for 100,000 key pairs: dropcopy tick", "s", "expiry tick", 5),
        amount("the same: memory above a tick without any", "MB", "expiry memory", 100),
        amount("the first screen sends", "bytes", "first bytes", 12_000),
        amount("a list that opens", "bytes", "list bytes", 8_000),
        amount("a dialog", "bytes", "dialog bytes", 6_000),
        amount("the next row of a list", "bytes", "row bytes", 600),
        amount("the next page of a list", "bytes", "page bytes", 3_000),
        amount("memory of its own that a seat at Home has", "MB", "seat memory", 60),
        amount("20 seats open: memory of one (PSS)", "MB", "own seat memory", 60),
        amount("the same: processor time until all is ready", "ms", "own seat processor", 500),
        amount(
            "20 seats from the forker: memory of one (PSS)", "MB", "forked seat memory", 40, "own seat memory", "alone"
        ),
        amount("the same: processor time", "ms", "forked seat processor", 400, "own seat processor", "alone"),
        *(
            # Where a real sshd could be had.
            [
                ratio("from ssh to a filled Home", "ms", "ssh to Home", "own to Home", "own terminal", 1.3),
                amount("of it: whose key it is", "ms", "key question", 150),
                amount("of it: sshd and its client alone", "ms", "bare ssh to Home", 500),
            ]
            if "ssh to Home" in samples.taken
            else []
        ),
        amount("idle Home writes in 10 s", "bytes", "home idle bytes", 0, "hello idle bytes", "hello-world"),
        amount("idle list writes in 10 s", "bytes", "list idle bytes", 0, "hello idle bytes", "hello-world"),
        *of_server(samples),
    ]


def of_server(samples: Samples) -> list[Figure]:
    """The rows of a store on a PostgreSQL server, beside a file; none where no server was to be had."""
    if "server write" not in samples.taken:
        return []
    return [
        *(
            _amount_of(samples, f"on a server: {what}", "ms", f"server {name}", at_most, f"file {name}", "SQLite")
            for what, name, at_most in (
                ("first rows of 100,000 SenderComps", "first rows", 60),
                ("their last rows", "last rows", 60),
                ("a search in them", "search", 50),
                ("a write", "write", 100),
            )
        ),
        _amount_of(samples, "on a server: a write, until another screen is told", "ms", "server told", 100),
        _amount_of(
            samples, "on a server: a look for changes", "ms", "server look that listens", 1, "file look", "SQLite"
        ),
    ]


def _ratio(samples: Samples, what: str, unit: str, ours: str, beside: str, name: str, at_most: float) -> Figure:
    ratio = samples.ratio(ours, beside)
    return Figure(what, unit, samples.median(ours), samples.median(beside), name, ratio, at_most, True)


def _amount_of(
    samples: Samples, what: str, unit: str, ours: str, at_most: float, beside: str = "", name: str = ""
) -> Figure:
    other = samples.median(beside) if beside else None
    times = samples.ratio(ours, beside) if beside and all(samples.taken[beside]) else None
    return Figure(what, unit, samples.median(ours), other, name, times, at_most, False)


def drawn(rows: Iterable[Figure]) -> Iterator[str]:
    """The table's lines."""
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(HEAD))]
    for number, row in enumerate(cells):
        left = (0, 3, 6)
        parts = [
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(parts).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)


def document(rows: Iterable[Figure], samples: Samples) -> dict[str, object]:
    """The same for programs, with every sample."""
    return {"figures": [asdict(row) | {"ok": row.ok} for row in rows], "samples": samples.taken}


def _amount(value: float, unit: str) -> str:
    digits = 2 if unit == "s" else 0 if value == int(value) or value >= 100 else 1
    return f"{value:,.{digits}f} {unit}"
