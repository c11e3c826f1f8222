"""Every action that a service records has words on the audit screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import dropcopy_tui
from dropcopy_tui.domain.actions import ACTIONS, action_words
from dropcopy_tui.domain.requests import RequestStatus

ROOT = Path(dropcopy_tui.__file__).parent
_ACTION = re.compile(r"[a-z_]+:[a-z_]+")
# What an f-string may put after its noun.
_MADE = {
    "person:": ["disabled", "enabled"],
    "request:": [status.value for status in RequestStatus if status is not RequestStatus.IN_PROGRESS],
}


def recorded(path: Path) -> Iterator[str]:
    """The actions that a module names, whether in `record(...)` or in a table that is recorded from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ACTION.fullmatch(node.value):
            yield node.value
        elif isinstance(node, ast.JoinedStr) and len(node.values) == 2 and isinstance(node.values[0], ast.Constant):
            noun = str(node.values[0].value)
            if re.fullmatch(r"[a-z_]+:", noun):
                assert noun in _MADE, f"{path.name}: say in this test what {noun}... can be"
                yield from (noun + verb for verb in _MADE[noun])


def test_every_recorded_action_has_words() -> None:
    modules = (*(ROOT / "services").rglob("*.py"), ROOT / "new_store.py")
    found = {action for path in modules for action in recorded(path)}
    assert {"keypair:generated", "request:denied", "draft:sources_added", "session:retired"} <= found
    assert sorted(found - set(ACTIONS)) == [], "add words to domain.actions.ACTIONS"
    assert sorted(set(ACTIONS) - found) == [], "nothing records these any more"


def test_words_are_a_line_for_people() -> None:
    for words in ACTIONS.values():
        assert re.fullmatch(r"[A-Z][A-Za-z: -]+", words), words
        assert len(words) <= 32
    assert len(set(ACTIONS.values())) == len(ACTIONS)
    assert action_words("keypair:generated") == "Key pair generated"
    assert action_words("novelty:came_to_be") == "Novelty came to be"
