"""Generated logs, read whole and in chunks of any size: what is found is what was written, message by message."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from dropcopy_tui.domain.fix_log import FixLog
from dropcopy_tui.domain.routing import read
from tests.unit.fix_logs import Expected, Writer, Written

# Other numbers for a longer search or a quick look.
LOGS = int(os.environ.get("DROPCOPY_FIX_LOGS", "10000"))
PARTS = 10


def chunks_of(log: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    at = 0
    while at < len(log):
        size = next(sizes)
        yield log[at : at + size]
        at += size


def sizes(random: Random) -> Iterator[int]:
    most = random.choice([1, 2, 7, 60, 400, 3_000])
    while True:
        yield random.randint(1, most)


def found_in(log: bytes, pieces: Iterator[bytes]) -> tuple[list[Expected], list[tuple[str, ...]], FixLog]:
    reader = FixLog(pieces)
    found, said = [], []
    for message in reader:
        what = read(message)
        found.append(
            Expected(
                message.offset, message.line, what.kind.code, what.source, what.from_exchange, frozenset(what.filters),
                bool(message.problems),
            )
        )  # fmt: skip
        said.append(message.problems)
    assert reader.taken == len(log)
    return found, said, reader


def check(seed: int, written: Written) -> None:
    whole, said, reader = found_in(written.log, iter([written.log]))
    for each, wanted, problems in zip(whole, written.messages, said, strict=False):
        assert each == wanted, (seed, each, wanted, problems, written.log[wanted.offset : wanted.offset + 600])
    assert len(whole) == len(written.messages), (seed, whole, written.log)
    assert Counter(kind for each in whole for kind in each.filters) == written.by_filter()
    assert reader.own_lines == written.own_lines, (seed, "OWN", reader.own_lines, written.own_lines, written.log)
    if written.garbage is not None:
        assert reader.garbage.lines == written.garbage, (
            seed,
            "GARBAGE",
            reader.garbage.lines,
            written.garbage,
            written.log,
        )
    in_chunks, said_then, other = found_in(written.log, chunks_of(written.log, sizes(Random(seed))))
    assert (in_chunks, said_then) == (whole, said), (seed, written.log)
    assert (other.garbage, other.own_lines) == (reader.garbage, reader.own_lines), (seed, written.log)


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_logs_hold_what_was_written_into_them(part: int) -> None:
    for seed in range(part, LOGS, PARTS):
        check(seed, Writer(seed).written())
