"""How the application looks and which keys it has: each person's own choice, and no rule of the store.

It is read by hand: pydantic takes longer to import than the first screen to paint, and many people choose a theme.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dropcopy_tui.domain.errors import ConfigInvalid

THEMES = ("dark", "light", "contrast", "16", "mono")
GLYPHS = ("unicode", "ascii")
# The settings of the configuration file that are looks.
LOOKS = ("theme", "glyphs", "mouse", "keys")


def _none() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Looks:
    """What a person has chosen; what is not chosen follows from the terminal.

    Attributes:
        theme: one of THEMES, or the path of a theme file; "" for the terminal's.
        glyphs: one of GLYPHS; "" for what the locale has.
        mouse: whether the mouse is on; None is off over SSH and on elsewhere.
        keys: keys by the ID of their binding, each as `n` or as `n,ctrl+n`.
        asked: whether an option names the theme, which counts more than what was chosen on the screen.
    """

    theme: str = ""
    glyphs: str = ""
    mouse: bool | None = None
    keys: Mapping[str, str] = field(default_factory=_none)
    asked: bool = False


def take_looks(table: dict[str, Any], path: Path) -> Looks:
    """Take the looks out of the table of a configuration file. Raises ConfigInvalid."""
    theme, glyphs, mouse, keys = (table.pop(name, None) for name in LOOKS)
    if mouse is not None and not isinstance(mouse, bool):
        raise ConfigInvalid(f"{path}: the setting 'mouse' is not valid: it must be true or false.")
    return Looks(
        theme="" if theme is None else theme_named(theme, path),
        glyphs="" if glyphs is None else _glyphs(glyphs, path),
        mouse=mouse,
        keys=_none() if keys is None else _keys(keys, path),
    )


def theme_named(theme: object, path: Path | None = None) -> str:
    """A theme by name, or the absolute path of a theme file, which may be beside the configuration at `path`.

    Raises ConfigInvalid.
    """
    if isinstance(theme, str) and theme in THEMES:
        return theme
    if isinstance(theme, str) and theme.endswith(".toml") and "\0" not in theme:
        file = Path(theme).expanduser()
        return str((path.parent / file if path else file).absolute())
    wanted = f"one of {', '.join(THEMES)}, or a file that ends in .toml"
    if path is not None:
        # The value is not repeated: it may be a secret on the wrong line.
        raise ConfigInvalid(f"{path}: the setting 'theme' is not valid: it must be {wanted}.")
    near = get_close_matches(str(theme), THEMES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ConfigInvalid(f"{str(theme)[:40]!r} is not a theme.{hint} Use {wanted}.")


def _glyphs(glyphs: object, path: Path) -> str:
    if glyphs not in GLYPHS:
        raise ConfigInvalid(f"{path}: the setting 'glyphs' is not valid: it must be {' or '.join(GLYPHS)}.")
    return str(glyphs)


def _keys(keys: object, path: Path) -> Mapping[str, str]:
    """The IDs are checked where the bindings are known."""
    if not isinstance(keys, dict):
        raise ConfigInvalid(f"{path}: keys must be a table: write [keys] on its own line, then a line for each key.")
    return MappingProxyType({name: _key(name, value, path) for name, value in _flat(keys).items()})


def _flat(keys: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """`groups.create = "c"` is a table in TOML, `"groups.create" = "c"` is not: both are meant the same."""
    flat: dict[str, Any] = {}
    for name, value in keys.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return flat


def _key(name: str, value: object, path: Path) -> str:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed or not all(isinstance(key, str) and key for key in listed):
        raise ConfigInvalid(f'{path}: the key of {name!r} in [keys] must be a text such as "n", or a list of them.')
    return ",".join(listed)
