"""Contrast of our themes, in true colour and in what Rich makes of it on fewer colours."""

from __future__ import annotations

import pytest
from rich._palettes import STANDARD_PALETTE
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.palette import Palette
from textual.color import Color
from textual.theme import Theme

from screens.terminal.app import THEME_OF_TIER
from styles.contrast import PAIRS, contrast, poor_pairs
from styles.contrast import variables as theme_variables
from styles.theme import CONTRAST, DARK, DARK_COLOURS, LIGHT, MONO, SIXTEEN, THEMES, TONES, desk_theme
from styles.theme_file import ThemeInvalid, read_theme

GROUNDS = ("background", "surface", "panel")
SYSTEMS = {
    "desk-dark": (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT),
    "desk-light": (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT),
    "desk-contrast": (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT),
    "desk-16": (ColorSystem.TRUECOLOR, ColorSystem.STANDARD),
    "desk-mono": (ColorSystem.TRUECOLOR,),
}
CASES = [(name, system) for name, systems in SYSTEMS.items() for system in systems]


def shown(colour: Color, system: ColorSystem) -> tuple[int, int, int]:
    """What a terminal with so many colours shows."""
    rich = RichColor.from_rgb(*colour.rgb)
    return tuple(rich.downgrade(system).get_truecolor()) if system is not ColorSystem.STANDARD else vga(rich)


def vga(rich: RichColor) -> tuple[int, int, int]:
    number = rich.downgrade(ColorSystem.STANDARD).number
    assert number is not None
    return tuple(STANDARD_PALETTE[number])


def variables(name: str) -> dict[str, str]:
    return theme_variables(THEMES[name])


@pytest.mark.parametrize(("name", "system"), CASES, ids=[f"{n}-{s.name}" for n, s in CASES])
def test_every_text_can_be_read(name: str, system: ColorSystem) -> None:
    colours = variables(name)
    poor = {}
    for text, ground in PAIRS:
        ratio = contrast(*(shown(Color.parse(colours[part]), system) for part in (text, ground)))
        if ratio < 4.5:
            poor[text, ground] = round(ratio, 2)
    assert not poor


@pytest.mark.parametrize("name", THEMES)
def test_nothing_that_text_stands_on_or_is_made_of_is_translucent(name: str) -> None:
    colours = variables(name)
    for part in {part for pair in PAIRS for part in pair} | set(GROUNDS):
        assert Color.parse(colours[part]).a == 1, part


def own_colours(name: str) -> set[str]:
    theme = THEMES[name]
    named = [getattr(theme, part) for part in (*TONES, "foreground", "background", "surface", "panel", "boost")]
    return {text for text in (*named, *theme.variables.values()) if text.startswith("#")}


def test_sixteen_colours_are_the_sixteen() -> None:
    palette: Palette = STANDARD_PALETTE
    sixteen = {"#{:02x}{:02x}{:02x}".format(*palette[number]) for number in range(16)}
    assert own_colours(SIXTEEN.name) <= sixteen


def test_grounds_of_sixteen_are_of_the_first_eight() -> None:
    colours = variables(SIXTEEN.name)
    for part in {ground for _, ground in PAIRS if "background" in ground} | {"surface", "panel"}:
        number = RichColor.parse(colours[part]).downgrade(ColorSystem.STANDARD).number
        # The cursor in an input is the one ground that is as light as text: 7 or 15.
        assert number is not None
        assert number < 8, part


def test_mono_has_no_hue_and_no_grey() -> None:
    assert own_colours(MONO.name) == {"#000000", "#ffffff"}


def test_dark_and_light_are_told_apart() -> None:
    assert DARK.dark
    assert not LIGHT.dark


def test_every_tier_has_a_theme() -> None:
    assert set(THEME_OF_TIER.values()) <= set(THEMES)


def test_contrast_is_that_of_wcag() -> None:
    assert round(contrast((0, 0, 0), (255, 255, 255)), 2) == 21
    assert round(contrast((119, 119, 119), (255, 255, 255)), 2) == 4.48


def test_high_contrast_is_high() -> None:
    colours = variables(CONTRAST.name)
    poor = {}
    # Details of a line, and its state, keep their colour under the cursor.
    tones = [(f"text-{tone}", "block-cursor-background") for tone in ("muted", "disabled", *TONES)]
    for text, ground in (*PAIRS, *tones):
        for system in SYSTEMS[CONTRAST.name]:
            ratio = contrast(*(shown(Color.parse(colours[part]), system) for part in (text, ground)))
            if ratio < 7:
                poor[text, ground, system.name] = round(ratio, 2)
    assert not poor


@pytest.mark.parametrize("theme", [DARK, LIGHT, CONTRAST, MONO], ids=lambda theme: theme.name)
def test_what_a_theme_file_must_keep_our_themes_keep(theme: Theme) -> None:
    assert list(poor_pairs(theme)) == []


def test_a_theme_file_changes_what_it_names() -> None:
    theme = read_theme('base = "light"\n[colours]\nprimary = "#5F0087"\n')
    assert (theme.name, theme.dark, theme.primary) == ("desk-own", False, "#5f0087")
    assert theme.background == LIGHT.background
    assert read_theme("").background == DARK.background


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[colours]\nforeground = "#444444"\n', "contrast of 1"),
        ('[colours]\ncursor = "#ffff00"\n', "block-cursor-foreground on block-cursor-background has a contrast of 1.1"),
        ('[colours]\nprimery = "#ffffff"\n', "unknown colour 'primery'. Did you mean 'primary'?"),
        ('[colours]\nprimary = "white"\n', "colour 'primary' must be written like #1c1c1c"),
        ("[colours]\nprimary = 7\n", "colour 'primary' must be written like #1c1c1c"),
        ('base = "solarized"\n', "base must be dark or light"),
        ('colours = "dark"\n', "colours must be a table"),
        ('colors = "dark"\n', "unknown setting 'colors'"),
        ("base = dark\n", "it is not TOML"),
    ],
)
def test_a_theme_file_that_cannot_be_used_says_why(text: str, said: str) -> None:
    with pytest.raises(ThemeInvalid) as refused:
        read_theme(text)
    assert said in str(refused.value)


def test_each_colour_of_a_theme_file_is_used() -> None:
    """A colour that changes nothing would be a setting without effect."""
    for name in DARK_COLOURS:
        changed = dict(DARK_COLOURS) | {name: "#123456"}
        assert desk_theme("x", changed, dark=True).variables != DARK.variables or own_of(changed) != own_of(
            DARK_COLOURS
        )


def own_of(colours: dict[str, str]) -> list[str | None]:
    theme = desk_theme("x", colours, dark=True)
    return [getattr(theme, part) for part in (*TONES, "foreground", "background", "surface", "panel")]
