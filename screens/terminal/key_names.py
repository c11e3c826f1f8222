"""Keys as people know them: Textual calls `?` question_mark, and a person who presses Esc looks for Esc."""

from __future__ import annotations

_NAMES = {
    "enter": "Enter", "space": "Space", "escape": "Esc", "tab": "Tab", "shift+tab": "Shift-Tab", "up": "Up",
    "down": "Down", "left": "Left", "right": "Right", "home": "Home", "end": "End", "pageup": "Page Up",
    "pagedown": "Page Down", "backspace": "Backspace", "delete": "Delete", "asterisk": "*", "plus": "+", "minus": "-",
    "slash": "/", "question_mark": "?", "full_stop": ".", "comma": ",", "colon": ":", "semicolon": ";",
    "left_square_bracket": "[", "right_square_bracket": "]", "less_than_sign": "<", "greater_than_sign": ">",
    "exclamation_mark": "!", "number_sign": "#", "equals_sign": "=", "underscore": "_", "at": "@",
}  # fmt: skip


def name_of(key: str) -> str:
    """One key, such as `Ctrl-P` for ctrl+p."""
    if key.startswith("ctrl+"):
        return f"Ctrl-{key.removeprefix('ctrl+').upper()}"
    return _NAMES.get(key) or (key.upper() if len(key) > 1 and key[0] == "f" and key[1:].isdigit() else key)


def names_in(keys: str) -> str:
    """The keys of a binding, such as `Enter k` for enter,k."""
    return " ".join(name_of(key.strip()) for key in keys.split(","))


def normal(key: str) -> str:
    """A key as Textual names it: `?` is question_mark."""
    # Late for the sake of start-up: names of keys are shown before the first key is compared.
    from textual.keys import _character_to_key

    key = key.strip()
    return _character_to_key(key) if len(key) == 1 else key
