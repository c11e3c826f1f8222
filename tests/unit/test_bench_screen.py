"""The bench reads a terminal as pyte does, at a tenth of its cost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.screen import Screen
from tests.terminal_cells import painted

_TOKEN = re.compile(rb"\x1b\[[\d;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+")
WRITTEN = st.lists(
    st.one_of(
        st.text("ab é─▇", max_size=8),
        st.sampled_from(["\r\n", "\r", "\x1b[m", "\x1b[1;38;5;17m", "\x1b[K", "\x1b[H", "\x1b[C", "\x1b[2J\x1b[H"]),
        st.tuples(st.integers(1, 4), st.integers(1, 12)).map(lambda at: f"\x1b[{at[0]};{at[1]}H"),
        st.integers(2, 6).map(lambda by: f"\x1b[{by}C"),
    ),
    max_size=20,
).map("".join)


@given(WRITTEN)
def test_the_bench_reads_what_a_terminal_shows(written: str) -> None:
    # Nothing is written behind the right edge: programs place the cursor before.
    screen, text = Screen(40, 30), f"\x1b[H{written}"
    for token in _TOKEN.findall(text.encode()):
        screen.write(token)
    expected = painted(text, 40, 30)
    if max((len(line.rstrip()) for line in expected.display), default=0) < 39:
        assert screen.text == "\n".join(expected.display)
