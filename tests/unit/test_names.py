"""Names that people enter (rule G3): what shows as plain cells is taken as it is, all else is refused."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import clean_name, name_key, shorten


def clean(text: str, longest: int = 30) -> str:
    return clean_name(text, "Group name", longest)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_what_is_accepted_is_plain(text: str) -> None:
    try:
        name = clean(text)
    except InvalidValue as refusal:
        assert refusal.message.isprintable()  # noqa: PT017  # both ways are right here
        return
    assert 1 <= len(name) <= 30
    assert name.isprintable()
    assert name == name.strip() == unicodedata.normalize("NFC", name)
    assert cell_len(name) == len(name)
    assert clean(name) == name


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=30))
def test_printable_ascii_is_taken_as_it_is(text: str) -> None:
    if text.strip():
        assert clean(text) == text.strip()


@pytest.mark.parametrize(
    "name",
    ["[/x]", "[bold]", 'O\'Neil "A"', "' OR 1=1 --", "Desk & Söhne", "<b>", "a\\b", "{0}", "$HOME", "é", "Ω"],
)
def test_quotes_and_markup_are_plain_text(name: str) -> None:
    assert clean(name) == name


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\x07",
        "\x1b",
        "\x7f",
        "\x85",
        "\x9b",
        "\t",
        "\n",
        "\xa0",  # no-break space
        "\xad",  # soft hyphen
        "\u0301",  # combining accent that composes with nothing here
        "\u0903",  # spacing combining mark, no cell of its own
        "\u1160",  # Hangul filler
        "\u11ff",  # conjoining Hangul
        "\u200b",  # zero width space
        "\u200d",
        "\u200e",
        "\u202e",  # right-to-left override
        "\u2028",
        "\u2066",
        "\u2069",
        "\u2060",
        "\u2800",  # blank braille
        "\u3164",  # Hangul filler
        "\u3000",
        "\u05d0",  # Hebrew
        "\u0627",  # Arabic
        "\u6f22",  # two cells
        "\ufe0f",
        "\ufeff",
        "\uffa0",
        "\ufff9",
        "\ue000",  # private use
        "\ud800",  # half a surrogate pair
        "\U0001d360",
        "\U0001f600",
        "\U000e0041",  # tag
        "\U0010ffff",
    ],
)
def test_what_is_not_plain_is_refused(character: str) -> None:
    with pytest.raises(InvalidValue, match=r"U\+") as refusal:
        clean(f"a*{character}*b")
    assert refusal.value.message.isascii()
    assert refusal.value.message.isprintable()


def test_every_accepted_character_takes_one_cell() -> None:
    """All of Unicode: a name with a character of no cell or two would shift the table it stands in."""
    odd = []
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if unicodedata.category(character) in ("Cn", "Co", "Cs"):
            continue  # unassigned, private, surrogates: all refused, and most of Unicode
        try:
            clean(f"*{character}*")
        except InvalidValue:
            continue
        if cell_len(character) != 1:
            odd.append(f"U+{number:04X}")
    assert odd == []


@pytest.mark.parametrize("text", ["", "   ", "\n", "\u2003"])
def test_empty_names(text: str) -> None:
    with pytest.raises(InvalidValue, match="Group name is empty"):
        clean(text)


def test_the_length_is_counted_after_composing() -> None:
    assert clean("e\u0301" * 30) == "é" * 30
    assert clean(" " * 50 + "x" * 30) == "x" * 30
    with pytest.raises(InvalidValue, match=r"has 31 characters\. At most 30"):
        clean("x" * 31)


def test_ten_thousand_characters_are_refused() -> None:
    with pytest.raises(InvalidValue, match="10,000 characters"):
        clean("x" * 10_000)


def test_a_refusal_names_its_field() -> None:
    with pytest.raises(InvalidValue) as refusal:
        clean_name("", "Vendor", 10, "vendor")
    assert refusal.value.field == "vendor"


@settings(deadline=None)
@given(st.text(max_size=30))
def test_names_that_differ_by_case_alone_are_the_same(text: str) -> None:
    assert name_key("Desk A") == name_key("dESK a")
    assert name_key("STRASSE") == name_key("straße")
    assert name_key(text) == name_key(unicodedata.normalize("NFC", text))


@settings(deadline=None)
@given(st.text(max_size=200))
def test_a_quoted_value_is_short_and_of_one_line(text: str) -> None:
    shown = shorten(text)
    assert len(shown) <= 24
    assert shown.isprintable()
