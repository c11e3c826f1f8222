"""Contrast of our themes, in true colour and in what Rich makes of it on fewer colours."""

from __future__ import annotations

import itertools

import pytest
from rich._palettes import STANDARD_PALETTE
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.palette import Palette
from textual.color import Color

from screens.terminal.app import THEME_OF_TIER
from styles.theme import DARK, LIGHT, MONO, SIXTEEN, THEMES, TONES

GROUNDS = ("background", "surface", "panel")
TEXTS = ("foreground", "text", "text-muted", "text-disabled", "foreground-muted", "foreground-disabled")
PAIRS = [
    *itertools.product((*TEXTS, *(f"text-{tone}" for tone in TONES)), GROUNDS),
    *itertools.product(TONES, ("background", "surface", "panel")),
    ("block-cursor-foreground", "block-cursor-background"),
    ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
    ("input-cursor-foreground", "input-cursor-background"),
    ("input-selection-foreground", "input-selection-background"),
    ("screen-selection-foreground", "screen-selection-background"),
    ("footer-foreground", "footer-background"),
    ("footer-key-foreground", "footer-key-background"),
    ("footer-description-foreground", "footer-description-background"),
    ("footer-key-foreground", "block-hover-background"),
    ("foreground", "block-hover-background"),
    ("foreground", "surface-active"),
    ("link-color", "link-background"),
    ("link-color-hover", "link-background-hover"),
    ("foreground", "panel-lighten-1"),
    *((("button-color-foreground", tone)) for tone in TONES),
]
SYSTEMS = {
    "desk-dark": (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT),
    "desk-light": (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT),
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


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, int, int], two: tuple[int, int, int]) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def variables(name: str) -> dict[str, str]:
    theme = THEMES[name]
    return {**theme.to_color_system().generate(), **theme.variables}


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
