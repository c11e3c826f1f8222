"""A theme of one's own: colours in a TOML file on top of the dark or the light theme, checked when they are read."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from typing import Any

from textual.theme import Theme

from styles.contrast import LEAST, poor_pairs
from styles.theme import DARK_COLOURS, LIGHT_COLOURS, desk_theme

OWN = "desk-own"
_BASES = {"dark": DARK_COLOURS, "light": LIGHT_COLOURS}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class ThemeInvalid(ValueError):
    """The file is not a theme; the message says what to change."""


def read_theme(text: str) -> Theme:
    """The theme of a file. Raises ThemeInvalid: for a colour that does not exist, or that cannot be read."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ThemeInvalid(f"it is not TOML: {error}") from None
    base = table.pop("base", "dark")
    if not isinstance(base, str) or base not in _BASES:
        raise ThemeInvalid("base must be dark or light")
    colours = table.pop("colours", {})
    if not isinstance(colours, dict):
        raise ThemeInvalid("colours must be a table: write [colours] on its own line")
    if table:
        raise ThemeInvalid(f"unknown setting {min(table)!r}; a theme has base and [colours]")
    own = {name: _colour(name, value) for name, value in colours.items()}
    theme = desk_theme(OWN, _BASES[base] | own, dark=base == "dark")
    poorest = next(poor_pairs(theme), None)
    if poorest is not None:
        raise ThemeInvalid(
            f"{poorest.text} on {poorest.ground} has a contrast of {poorest.ratio:.1f} in {poorest.colours}; "
            f"at least {LEAST} is needed to read it"
        )
    return theme


def _colour(name: str, value: Any) -> str:
    if name not in DARK_COLOURS:
        near = get_close_matches(name, DARK_COLOURS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ThemeInvalid(f"unknown colour {name!r}.{hint} Known: {', '.join(DARK_COLOURS)}")
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise ThemeInvalid(f"colour {name!r} must be written like #1c1c1c")
    return value.lower()
