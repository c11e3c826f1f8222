"""How the application looks: what a person chose, as far as the terminal can show it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from dropcopy_tui.config.looks import THEMES, Looks
from dropcopy_tui.domain.errors import ConfigInvalid
from dropcopy_tui.seat import here
from screens.terminal.choices import remember, remembered
from screens.terminal.guard import TerminalFacts, Tier

if TYPE_CHECKING:
    from textual.theme import Theme

    from screens.desk_app import DressedApp

# Which themes a terminal shows: ours for fewer colours look the same on more.
SHOWN_ON: dict[Tier, tuple[str, ...]] = {
    "truecolor": THEMES,
    "256": THEMES,
    "16": ("16", "mono"),
    "mono": ("mono",),
}
_WORDS = {
    "dark": "light text on a dark background",
    "light": "dark text on a light background",
    "contrast": "the highest contrast",
    "16": "the sixteen colours of old terminals",
    "mono": "black and white",
}
_OWN = "own"
_LARGEST = 100_000
# The one key of what is remembered.
_THEME = "theme"


def dressed(facts: TerminalFacts, looks: Looks, choices: Path | None = None) -> TerminalFacts:
    """What the terminal shows with these looks. An option counts most, then what was chosen on the screen.

    Raises ConfigInvalid for a theme file that cannot be used.
    """
    own = own_theme(looks.theme) if looks.theme.endswith(".toml") else None
    configured = _OWN if own is not None else looks.theme
    mouse = facts.mouse if looks.mouse is None else looks.mouse
    glyphs = cast("Literal['unicode', 'ascii']", looks.glyphs or facts.glyphs)
    chosen = "" if looks.asked else remembered(choices, whose(), _THEME)
    wanted = chosen or configured
    shown = replace(facts, glyphs=glyphs, mouse=mouse, own_theme=own, configured=configured)
    return replace(shown, theme=theme_shown(shown, wanted))


def theme_shown(facts: TerminalFacts, wanted: str) -> str:
    """The name of a theme for Textual; "" for the terminal's, also where it cannot show the one that is wanted."""
    if wanted == _OWN and facts.own_theme is not None and facts.tier in ("truecolor", "256"):
        return str(facts.own_theme.name)
    return f"desk-{wanted}" if wanted in SHOWN_ON[facts.tier] else ""


def own_theme(file: str) -> Theme:
    """The theme of a file. Raises ConfigInvalid."""
    # Late for the sake of start-up: few have a theme of their own.
    from styles.theme_file import ThemeInvalid, read_theme

    if here() is not None:
        raise ConfigInvalid("A theme file is on the desk's host and is not available over SSH. Use a theme's name.")
    try:
        with Path(file).open(encoding="utf-8") as opened:
            return read_theme(opened.read(_LARGEST))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigInvalid(f"The theme file {file} cannot be read: {why}.") from None
    except ThemeInvalid as error:
        raise ConfigInvalid(f"The theme file {file} cannot be used: {error}.") from None


def themes_to_choose(facts: TerminalFacts) -> list[tuple[str, str, str]]:
    """Each theme with its words, and why it cannot be chosen here ("" where it can); "" is what was configured."""
    configured = f"as the configuration says: {facts.configured}" if facts.configured else "what suits this terminal"
    found = [("", configured, "")]
    for name in (*THEMES, *([_OWN] if facts.own_theme is not None else [])):
        reason = "" if theme_shown(facts, name) else "this terminal has too few colours"
        found.append((name, _WORDS.get(name, "of your theme file"), reason))
    return found


def choose_theme(app: DressedApp, name: str, choices: Path | None) -> None:
    """Show a theme now, and the next time; "" goes back to what was configured."""
    remember(choices, whose(), _THEME, name)
    app.wear(theme_shown(app.facts, name or app.facts.configured))


def whose() -> str:
    """Who finds a choice again: over SSH the account is shared, and the person is their key."""
    seat = here()
    return seat.fingerprint if seat is not None else "here"
