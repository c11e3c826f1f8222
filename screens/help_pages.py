"""Pages of help: of the screen that is shown, from its live bindings; of any other, from its class."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from textual.binding import Binding
from textual.screen import ModalScreen, Screen

from dropcopy_tui.domain.glossary import GLOSSARY
from screens.bindings import bindings_of, parts_of
from screens.help_texts import HELP, ScreenHelp
from screens.terminal.key_names import name_of, names_in

Group = Literal["Act", "Select", "Move"]
GROUPS: tuple[Group, ...] = ("Act", "Select", "Move")
# By the last part of a binding's ID. What is neither is an act.
_MOVES = frozenset(
    [
        "up",
        "down",
        "page_up",
        "page_down",
        "first",
        "last",
        "back",
        "left",
        "right",
        "next_tab",
        "previous_tab",
        "earlier",
        "later",
        "today",
        "review_up",
        "review_down",
        "steps",
        "answer",
        "home",
        "open",
        "top",
        "bottom",
        "reload",
    ]
)
_SELECTS = frozenset(
    [
        "pick",
        "pick_all",
        "pick_none",
        "filter",
        "sort",
        "firm",
        "kind",
        "entity",
        "status",
        "narrow",
        "expiring",
        "tick",
        "show",
        "totals",
        "log",
    ]
)
# Toggles that choose; that of Front End Mapping changes the store.
_TOGGLES = frozenset({"filters.turn", "roles.turn"})
_MOVING_KEYS = frozenset(["up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab"])
# What a dialog's own widgets do, which have no words of ours.
_IN_DIALOGS = {
    "enter": "Select the line, or confirm the input.",
    "up": "One line up.",
    "down": "One line down.",
    "tab": "Next field.",
    "shift+tab": "Previous field.",
}


@dataclass(frozen=True, slots=True)
class HelpKey:
    """A line of help: the keys of an action, and what they do."""

    keys: str
    words: str
    group: Group


@dataclass(frozen=True, slots=True)
class HelpPage:
    """The help of a screen or a dialog.

    Attributes:
        title: its name.
        purpose: what it is for.
        keys: what its keys do.
        words: terms that it uses, with what they mean.
        commands: the commands that do the same.
        walkthrough: the name and the title of the walkthrough that shows it; both "" where there is none.
    """

    title: str
    purpose: str
    keys: tuple[HelpKey, ...]
    words: tuple[tuple[str, str], ...] = ()
    commands: tuple[str, ...] = ()
    walkthrough: tuple[str, str] = ("", "")

    def lines(self) -> Iterator[str]:
        """What a search looks through."""
        yield self.purpose
        yield from (f"{key.keys}  {key.words}" for key in self.keys)
        yield from self.commands
        yield from (f"{word}: {meaning}" for word, meaning in self.words)
        if self.walkthrough[0]:
            yield f"{self.walkthrough[1]} (walkthrough {self.walkthrough[0]})"


@dataclass(frozen=True, slots=True)
class HelpHit:
    """A line that was found, and the page that it is on."""

    page: HelpPage
    line: str


def live_page(screen: Screen[Any]) -> HelpPage:
    """The help of what is on the screen now: only keys that do something here."""
    in_dialog = isinstance(screen, ModalScreen)
    active = (each.binding for each in screen.active_bindings.values() if each.enabled)
    keys = _keys(active, in_dialog)
    about = HELP.get(type(screen).__name__)
    if about is not None:
        return _page(about, keys)
    below = next((each for each in reversed(screen.app.screen_stack) if type(each).__name__ in HELP), None)
    said = HELP[type(below).__name__] if below is not None else None
    purpose = f"A dialog above: {said.title}. Escape closes it and loses nothing." if said else ""
    return HelpPage("This dialog", purpose, keys, commands=said.commands if said else ())


async def all_pages() -> Sequence[HelpPage]:
    """The help of every screen. Their modules are imported one at a time, so that keys are served in between."""
    for about in HELP.values():
        importlib.import_module(about.module)
        await asyncio.sleep(0)
    return _pages()


def found(pages: Iterable[HelpPage], typed: str, most: int = 40) -> list[HelpHit]:
    """The lines that contain every word; those of screens whose name contains them first."""
    words = typed.casefold().split()
    if not words:
        return []
    hits = [
        (not all(word in page.title.casefold() for word in words), HelpHit(page, line))
        for page in pages
        for line in page.lines()
        if all(word in f"{page.title} {line}".casefold() for word in words)
    ]
    return [hit for _, hit in sorted(hits, key=lambda hit: hit[0])][:most]


def class_page(name: str) -> HelpPage:
    """The help of a screen by the name of its class, whose module is imported already."""
    about = HELP[name]
    module = importlib.import_module(about.module)
    screen = getattr(module, name)
    return _page(about, _keys(bindings_of(parts_of(screen)), in_dialog=False))


@cache
def _pages() -> tuple[HelpPage, ...]:
    return tuple(class_page(name) for name in HELP)


def _page(about: ScreenHelp, keys: tuple[HelpKey, ...]) -> HelpPage:
    # Late for the sake of start-up: the walkthroughs are read when someone asks for help.
    from dropcopy_tui.walkthroughs.library import WALKTHROUGHS

    return HelpPage(
        about.title,
        about.purpose,
        keys,
        tuple((word, GLOSSARY[word]) for word in about.words),
        tuple(f"dropcopy {command}" for command in about.commands),
        (about.walkthrough, WALKTHROUGHS[about.walkthrough].title),
    )


def _keys(bindings: Iterable[Binding], in_dialog: bool) -> tuple[HelpKey, ...]:
    """Keys of one action together, those in the footer first; of a dialog the keys of its widgets as well."""
    by_action: dict[str, tuple[list[str], Binding, str]] = {}
    for binding in bindings:
        words = (
            binding.tooltip or (in_dialog and _IN_DIALOGS.get(binding.key)) or (binding.show and binding.description)
        )
        if not words or binding.system:
            continue
        keys, *_ = by_action.setdefault(binding.action, ([], binding, words))
        names = names_in(binding.key) if "," in binding.key else name_of(binding.key)
        if names not in keys:
            keys.append(names)
    shown = sorted(by_action.values(), key=lambda entry: not entry[1].show)
    return tuple(HelpKey(" ".join(keys), words, group_of(binding)) for keys, binding, words in shown)


def group_of(binding: Binding) -> Group:
    """Whether a key acts, selects, or moves."""
    binding_id = binding.id or ""
    last = binding_id.rpartition(".")[2]
    if last in _MOVES or last.startswith("tab_") or (not binding_id and binding.key in _MOVING_KEYS):
        return "Move"
    return "Select" if last in _SELECTS or binding_id in _TOGGLES else "Act"
