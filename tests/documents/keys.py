"""Every key with the ID of its binding, from the classes that have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode

from screens.help_texts import HELP
from screens.terminal.key_names import names_in
from tests.documents.regions import table
from tests.screens.every_screen import import_all, subclasses

# What is the same on every screen, in every list and in every dialog, by the words of a region.
_SHARED = {
    "everywhere": ("TerminalApp", "DeskScreen"),
    "lists": ("RecordTable", "RecordList"),
    "dialogs": ("DeskModal",),
}


def bound_classes() -> dict[str, type[Any]]:
    """Every class of ours that has bindings, by its name."""
    import_all()
    found = {each.__name__: each for each in subclasses(DOMNode) if each.__module__.startswith("screens.")}
    return {name: found[name] for name in sorted(found) if bindings_of(found[name])}


def bindings_of(kind: type[Any]) -> list[Binding]:
    """The bindings that the class adds."""
    return [each for each in kind.__dict__.get("BINDINGS", ()) if isinstance(each, Binding)]


def keys_region(where: str) -> str:
    """The keys of `everywhere`, `lists`, `dialogs`; of `screens`; or of `parts`, which are everything else."""
    classes = bound_classes()
    if where in _SHARED:
        return _table([row for name in _SHARED[where] for row in _rows(classes[name])])
    shared = {name for names in _SHARED.values() for name in names}
    if where == "screens":
        chosen = [(HELP[name].title, classes[name]) for name in HELP if name in classes]
    else:
        chosen = [(_said(kind), kind) for name, kind in classes.items() if name not in HELP.keys() | shared]
    sections = [(title, rows) for title, kind in chosen if (rows := list(_rows(kind)))]
    return "\n\n".join(f"### {title}\n\n{_table(rows)}" for title, rows in sections)


def _rows(kind: type[Any]) -> Iterator[tuple[str, str, str]]:
    for binding in bindings_of(kind):
        assert binding.id, f"{kind.__name__}: {binding.key} has no ID"
        words = binding.tooltip or binding.description
        if words and not binding.system:
            yield _cell(binding), f"`{binding.id}`", words.rstrip(".")


def _cell(binding: Binding) -> str:
    return (
        " ".join(f"`{name}`" if name != "`" else name for name in names_in(binding.key).split(" "))
        .replace("`Page` `Up`", "`Page Up`")
        .replace("`Page` `Down`", "`Page Down`")
    )


def _said(kind: type[Any]) -> str:
    """The first sentence of what the class says of itself."""
    return (kind.__doc__ or kind.__name__).split("\n")[0].partition(".")[0].partition(":")[0]


def _table(rows: list[tuple[str, str, str]]) -> str:
    return table(("key", "binding", "what it does"), list(rows))
