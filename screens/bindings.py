"""Which bindings there are on each screen and in each dialog, from their classes."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterable, Iterator

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

import screens
from screens.help_texts import HELP
from screens.terminal.app import TerminalApp
from screens.terminal.key_names import normal


def bindings_by_place() -> dict[str, dict[str, frozenset[str]]]:
    """The bindings of every screen and dialog by ID, with their keys; a screen's are those of its widgets as well."""
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)
    found = {}
    for kind in _below(Screen):
        if kind.__module__.startswith("screens.") and not list(_below(kind)):
            about = HELP.get(kind.__name__)
            found[about.title if about else kind.__name__] = _bound(parts_of(kind))
    return found


def parts_of(screen: type[Screen[object]]) -> list[type[DOMNode]]:
    """The screen, and the classes of ours that its module names: its lists and tables."""
    module = importlib.import_module(screen.__module__)
    named = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Widget)]
    widgets = [each for each in named if not issubclass(each, Screen) and each.__module__.startswith("screens.")]
    above: list[type[DOMNode]] = [] if issubclass(screen, ModalScreen) else [TerminalApp]
    return [screen, *widgets, *above]


def bindings_of(kinds: Iterable[type[DOMNode]]) -> Iterator[Binding]:
    """What the classes bind, and the classes of ours that they extend."""
    for kind in kinds:
        for each in kind.__mro__:
            if each.__module__.startswith("screens."):
                yield from (one for one in each.__dict__.get("BINDINGS", ()) if isinstance(one, Binding))


def _bound(kinds: Iterable[type[DOMNode]]) -> dict[str, frozenset[str]]:
    keys: dict[str, set[str]] = defaultdict(set)
    for binding in bindings_of(kinds):
        if binding.id and not binding.system:
            keys[binding.id] |= {normal(key) for key in binding.key.split(",")}
    return {binding_id: frozenset(found) for binding_id, found in keys.items()}


def _below(kind: type[DOMNode]) -> Iterator[type[Screen[object]]]:
    for each in kind.__subclasses__():
        yield each  # type: ignore[misc]  # below Screen there are screens only
        yield from _below(each)
