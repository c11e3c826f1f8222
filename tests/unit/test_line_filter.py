"""The last gate before the terminal."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK

from dropcopy_tui.domain.visible import HIDING, visible
from screens.terminal.line_filter import MonoFilter, VisibleFilter
from screens.terminal.values import clip, value

UNICODE = VisibleFilter("unicode")
ASCII = VisibleFilter("ascii")
NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x00\x07\x1b\x7f\x80\x9b\u200b\u200d\u202e\u2066\ufeff\ufe0f\u0301\u2028\U000e0041─…👩世"),
    )
)
FORBIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}


def through(gate: VisibleFilter, *texts: str) -> str:
    return "".join(segment.text for segment in gate.apply([Segment(text) for text in texts], BLACK))


@given(st.lists(NASTY, max_size=4))
def test_no_character_that_commands_hides_or_reorders_comes_out(texts: list[str]) -> None:
    out = through(UNICODE, *texts)
    assert not {unicodedata.category(character) for character in out} & FORBIDDEN
    assert not HIDING.search(out)


@given(NASTY)
def test_width_is_kept(text: str) -> None:
    assert cell_len(through(UNICODE, text)) == cell_len(text)
    assert cell_len(through(ASCII, text)) == cell_len(text)


@given(NASTY)
def test_ascii_is_ascii(text: str) -> None:
    assert re.fullmatch(r"[\x20-\x7e]*", through(ASCII, text))


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_the_same_list(text: str) -> None:
    segments = [Segment(text, Style(bold=True))]
    assert UNICODE.apply(segments, BLACK) is segments
    assert ASCII.apply(segments, BLACK) is segments


def test_every_format_and_control_character_is_known() -> None:
    missed = [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in FORBIDDEN and not HIDING.match(chr(code))
    ]
    assert missed == []


def test_escape_is_shown() -> None:
    assert visible("a\x1b[31m\x7f\x9b\u202e") == "a␛[31m␡��"
    assert str(value("a\x1b]0;x\x07")) == "a␛]0;x␇"


def test_styles_and_clicks_survive() -> None:
    style = Style(bold=True, meta={"@click": "x"})
    (segment,) = UNICODE.apply([Segment("\x1b", style)], BLACK)
    assert segment.style is style


@pytest.mark.parametrize("text", ["[/foo]", "[red]x[/red]", "[@click=app.quit]x[/]", "a\\[b"])
def test_a_value_is_never_markup(text: str) -> None:
    content = value(text)
    assert content.plain == text
    assert content.spans == []


@pytest.mark.parametrize(
    ("plain", "box"),
    [("+-+", "┌─┐"), ("|", "│"), ("->", "-→"), (".", "…"), ("*", "•"), ("??", "世"), ("", "\u0301")],
)
def test_pictures_of_ascii(plain: str, box: str) -> None:
    assert through(ASCII, box) == plain


@given(NASTY, st.integers(0, 30))
def test_clip_fits(text: str, width: int) -> None:
    short = clip(text, width)
    assert cell_len(short) <= width
    if cell_len(visible(text)) <= width:
        assert short == visible(text)
    elif width:
        assert short.endswith("…")


def test_mono_takes_colour_away_and_keeps_what_stands_out() -> None:
    bright, dim = Style.parse("bold black on white"), Style.parse("dim red on black")
    first, second, third = MonoFilter().apply([Segment("a", bright), Segment("b", dim), Segment("c")], BLACK)
    assert first.style == Style(bold=True, reverse=True)
    assert second.style is not None
    assert second.style.color is None
    assert not second.style.dim
    assert third.style is None
