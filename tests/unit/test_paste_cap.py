"""Pastes are cut before the parser sees them, however the reads cut them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from screens.terminal.paste import END, START, PasteCap

PIECES = st.lists(st.sampled_from([START, END, "\x1b", "\x1b[A", "x", "yy", "\x1b[20", "\r"]), max_size=20)


def whole(text: str, limit: int) -> str:
    """The same by hand, on the whole text at once."""
    out = ""
    while text:
        before, start, text = text.partition(START)
        out += before + start
        if start:
            inside, end, text = text.partition(END)
            out += inside[:limit].replace("\x1b", "\N{SYMBOL FOR ESCAPE}") + end
    return out


@given(PIECES, st.lists(st.integers(0, 60), max_size=10), st.integers(0, 5))
def test_cutting_the_reads_changes_nothing(pieces: list[str], cuts: list[int], limit: int) -> None:
    text = "".join([*pieces, END])
    cap = PasteCap(limit)
    points = sorted({0, *(cut for cut in cuts if cut < len(text)), len(text)})
    got = "".join(cap(text[one:two]) for one, two in pairwise(points))
    assert got == whole(text, limit)


def test_keys_pass_at_once() -> None:
    cap = PasteCap()
    assert cap("\x1b") == "\x1b"
    assert cap("[200") == "[200"
    assert cap("~abc" + END) == "~abc" + END


def test_a_huge_paste_is_cut() -> None:
    cap = PasteCap(10)
    assert cap(START + "x" * 1_000_000) == START + "x" * 10
    assert cap("y" * 1_000_000 + END[:3]) == ""
    assert cap(END[3:] + "k") == END + "k"
