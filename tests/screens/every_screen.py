"""Every screen and every dialog that there is, found by looking: a new one is in these lists by itself."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import importlib
import inspect
import pkgutil
import sys
import types
import typing
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from textual.content import Content
from textual.screen import ModalScreen, Screen

import screens
from screens import navigation as to
from screens.modals.base import DeskModal
from screens.routes import screen_of
from screens.terminal.textual_tuning import TunedScreen
from tests.screens.conftest import NOW

# What a route needs that cannot be guessed; a route without required details needs no line.
Details = dict[str, Any]


def import_all() -> None:
    """Import every module of the screens, so that their classes can be found."""
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)


def subclasses(kind: type) -> Iterator[type[Any]]:
    """Every class below this one."""
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def screen_classes() -> list[type[Screen[Any]]]:
    """Every screen of ours but the terminal's own base."""
    import_all()
    found = {each for each in subclasses(Screen) if each.__module__.startswith("screens.") and each is not TunedScreen}
    return sorted(found, key=lambda each: each.__qualname__)


def routes(details: Mapping[type, Details]) -> list[to.Route]:
    """A route to every screen. `details`: the fields that cannot be guessed, by the route's class."""
    kinds = [kind for kind in screen_of.registry if kind is not object]
    return [kind(**details.get(kind, {})) for kind in kinds]


def modals() -> dict[str, Callable[[], ModalScreen[Any]]]:
    """A maker of every dialog, by its name."""
    import_all()
    kinds = [each for each in subclasses(DeskModal) if not each.__name__.startswith("_")]
    return {kind.__name__: (lambda kind=kind: stand_in(kind)) for kind in sorted(kinds, key=lambda each: each.__name__)}


async def never(*_: Any) -> Any:
    """An answer that never comes."""
    await asyncio.Event().wait()


def stand_in(kind: Any, depth: int = 0) -> Any:
    """A value of a type, made of what its parts are annotated with."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if type(None) in args else stand_in(args[0], depth)
    if origin is not None:
        if issubclass(origin, tuple) and args and args[-1] is not Ellipsis:
            return tuple(stand_in(each, depth) for each in args)
        if origin.__module__ == "collections.abc" and origin.__name__ == "Callable":
            waits = typing.get_origin(args[-1]) in (Awaitable, Coroutine)
            return never if waits else lambda *_: stand_in(args[-1], depth)
        if issubclass(origin, Sequence):
            return (stand_in(args[0], depth),)
        return {} if issubclass(origin, Mapping) else origin()
    plain = {
        str: "X", int: 1, bool: False, float: 1.0, datetime: NOW, timedelta: timedelta(minutes=15),
        Path: Path("file.txt"), Content: Content("X"),
    }  # fmt: skip
    if kind in plain:
        return plain[kind]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    if getattr(kind, "_is_protocol", False):
        return types.SimpleNamespace(**{name: _answering(each, depth) for name, each in _methods(kind).items()})
    return _made(kind, depth)


def _methods(kind: Any) -> dict[str, Any]:
    return {name: each for name, each in vars(kind).items() if inspect.isfunction(each) and not name.startswith("_")}


def _answering(method: Any, depth: int) -> Callable[..., Any]:
    """A method that answers with a stand-in of what its annotation says."""
    answer = _hints(method, method.__module__)["return"]

    async def later(*_: Any) -> Any:
        return stand_in(answer, depth + 1)

    return later if inspect.iscoroutinefunction(method) else lambda *_: stand_in(answer, depth + 1)


def _made(kind: Any, depth: int) -> Any:
    assert depth < 8, f"no stand-in for {kind}"
    hints = _hints(
        kind if dataclasses.is_dataclass(kind) or issubclass(kind, tuple) else kind.__init__, kind.__module__
    )
    needed = [
        name
        for name, each in inspect.signature(kind).parameters.items()
        if each.default is each.empty and each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
    ]
    return kind(**{name: stand_in(hints[name], depth + 1) for name in needed})


def _hints(annotated: Any, module: str) -> dict[str, Any]:
    """The annotations; names that only the type checker imports are looked up where they are defined."""
    known: dict[str, Any] = {}
    while True:
        try:
            return typing.get_type_hints(annotated, {**vars(sys.modules[module]), "datetime": datetime, **known})
        except NameError as error:
            ours = [each for name, each in sys.modules.items() if name.startswith("dropcopy_tui.services.")]
            known[error.name] = next(vars(each)[error.name] for each in ours if error.name in vars(each))
