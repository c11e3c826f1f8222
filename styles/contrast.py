"""Whether what is written can be read: the contrast of every text with the ground that it is on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import Theme

from styles.theme import TONES

# WCAG 2.2, level AA.
LEAST = 4.5
_GROUNDS = ("background", "surface", "panel")
_TEXTS = ("foreground", "text", "text-muted", "text-disabled", "foreground-muted", "foreground-disabled")
# What is written in which colour on which, in the variables of a theme.
PAIRS = [
    *itertools.product((*_TEXTS, *(f"text-{tone}" for tone in TONES)), _GROUNDS),
    *itertools.product(TONES, _GROUNDS),
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


class PoorPair(NamedTuple):
    """A text that is hard to read, and how many colours the terminal has then."""

    text: str
    ground: str
    ratio: float
    colours: str


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, int, int], two: tuple[int, int, int]) -> float:
    """From 1, the same, to 21, black on white."""
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def variables(theme: Theme) -> dict[str, str]:
    """Every colour of a theme by the name that style sheets use."""
    return {**theme.to_color_system().generate(), **theme.variables}


def poor_pairs(theme: Theme) -> Iterator[PoorPair]:
    """The texts of a theme that are hard to read, in true colour and in 256 colours; the poorest first."""
    colours = variables(theme)
    found = []
    for words, system in (("true colour", ColorSystem.TRUECOLOR), ("256 colours", ColorSystem.EIGHT_BIT)):
        for text, ground in PAIRS:
            ratio = contrast(*(_shown(colours[part], system) for part in (text, ground)))
            if ratio < LEAST:
                found.append(PoorPair(text, ground, ratio, words))
    yield from sorted(found, key=lambda pair: pair.ratio)


def _shown(colour: str, system: ColorSystem) -> tuple[int, int, int]:
    triplet = RichColor.from_rgb(*Color.parse(colour).rgb).downgrade(system).get_truecolor()
    return triplet.red, triplet.green, triplet.blue
