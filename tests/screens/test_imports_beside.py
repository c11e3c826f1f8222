"""Whoever is quick presses keys while the desk is still being imported: what they ask for waits, and then happens.

Two threads that import each other's modules would wait for one another, so Python gives one of them a module that is
not whole, and the application ended.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from textual.command import CommandPalette

import screens.opening
from dropcopy_tui.domain.errors import InvalidValue
from tests.screens.conftest import Place


@pytest.mark.parametrize("key", ["ctrl+p", "n", "enter"])
async def test_what_a_key_opens_waits_for_the_imports(place: Place, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, held = threading.Event(), threading.Event()
    opened = screens.opening._open_desk

    def slow(*args: Any) -> Any:
        begun.set()
        held.wait(20)
        return opened(*args)

    monkeypatch.setattr(screens.opening, "_open_desk", slow)
    app = place.app()
    reached: list[str] = []
    monkeypatch.setattr("screens.palette.commands", lambda *_: reached.append("commands") or ())

    async def noted(*_: Any) -> Any:
        reached.append("way")
        raise InvalidValue("As far as this test goes.")

    monkeypatch.setattr("screens.app.screen_for", noted)
    monkeypatch.setattr("screens.groups.new_group.new_group", noted)
    async with app.run_test() as pilot:
        await asyncio.to_thread(begun.wait, 20)
        app.post_message(_key(key))
        await asyncio.sleep(0.3)
        assert (reached, isinstance(app.screen, CommandPalette)) == ([], False)
        held.set()
        for _ in range(100):
            await pilot.pause(0.05)
            if reached or isinstance(app.screen, CommandPalette):
                return
        raise AssertionError("it never happened")


def _key(name: str) -> Any:
    from textual.events import Key

    return Key(name, "\r" if name == "enter" else name if len(name) == 1 else None)
