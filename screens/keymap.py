"""Keys of one's own, by the ID of their binding: checked before the first screen is shown.

What cannot be meant is refused there: a binding that does not exist, a key that no terminal sends, two bindings of one
screen on one key.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path

from dropcopy_tui.domain.errors import ConfigInvalid
from screens.terminal.key_names import normal

# The bindings of a screen, by ID, each with its keys.
Bound = Mapping[str, frozenset[str]]
_NAMED = (
    r"enter|space|escape|tab|shift\+tab|up|down|left|right|home|end|pageup|pagedown|backspace|delete|insert|asterisk|plus|"
    r"minus|slash|question_mark|full_stop|comma|colon|semicolon|less_than_sign|greater_than_sign|left_square_bracket|"
    r"right_square_bracket|exclamation_mark|number_sign|equals_sign|underscore|at"
)
_KEY = re.compile(rf"[!-+\--~]|f[1-9]|f10|ctrl\+[a-z]|{_NAMED}")
# Other keys arrive as these, a multiplexer takes them, or they stop the output of the terminal.
_EATEN = {
    "ctrl+h": "Backspace", "ctrl+i": "Tab", "ctrl+m": "Enter", "ctrl+j": "Enter", "ctrl+b": "the prefix of tmux",
    "ctrl+a": "the prefix of screen", "ctrl+s": "flow control", "ctrl+c": "how to quit", "ctrl+z": "suspend",
}  # fmt: skip
# It always quits.
_FIXED = "ctrl+q"


def checked_keys(keys: Mapping[str, str], path: Path) -> dict[str, str]:
    """The keys for Textual's keymap. Raises ConfigInvalid, which names the bindings. `path` is the configuration."""
    if not keys:
        return {}
    # Late for the sake of start-up: every screen is imported, and only for those who have keys of their own.
    from screens.bindings import bindings_by_place

    places = bindings_by_place()
    known = {binding_id for bound in places.values() for binding_id in bound}
    for binding_id, value in keys.items():
        _check_id(binding_id, known, path)
        for key in value.split(","):
            _check_key(binding_id, key, path)
    own = {binding_id: frozenset(normal(key) for key in value.split(",")) for binding_id, value in keys.items()}
    for place, bound in places.items():
        for one, other, key in clashes(bound, own):
            raise ConfigInvalid(
                f"{path}: [keys] gives {one!r} and {other!r} the same key {key!r} ({place}). Give one of them "
                "another key."
            )
    # In the order of the file: the first key is the one that the last line of a screen names.
    return {binding_id: ",".join(map(normal, value.split(","))) for binding_id, value in keys.items()}


def clashes(bound: Bound, own: Bound) -> Iterator[tuple[str, str, str]]:
    """Pairs of bindings of one place that a key of one's own brings together, with that key.

    Bindings that share a key by default do so on purpose: one is for a list and one for its screen, or only one of them
    is enabled at a time.
    """
    mine = {binding_id: own.get(binding_id, keys) for binding_id, keys in bound.items()}
    for one, other in combinations(sorted(bound), 2):
        both = mine[one] & mine[other]
        if both and not bound[one] & bound[other]:
            yield one, other, min(both)


def _check_id(binding_id: str, known: Collection[str], path: Path) -> None:
    if binding_id in known:
        return
    near = get_close_matches(binding_id, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else " They are listed in docs/reference/keys.md."
    raise ConfigInvalid(f"{path}: [keys] has the unknown binding {binding_id!r}.{hint}")


def _check_key(binding_id: str, key: str, path: Path) -> None:
    name = key.strip()
    if name == _FIXED:
        raise ConfigInvalid(f"{path}: [keys] gives {binding_id!r} the key {name!r}, which always quits.")
    if name in _EATEN:
        raise ConfigInvalid(f"{path}: [keys] gives {binding_id!r} the key {name!r}, which is {_EATEN[name]}.")
    if not _KEY.fullmatch(name):
        raise ConfigInvalid(
            f"{path}: [keys] gives {binding_id!r} a key that terminals do not send. Use a character, ctrl+ and a "
            "letter, f1 to f10, or a name such as enter, space, pageup."
        )
