"""Long work on screens: a bar where it takes long, nothing where it does not, and Escape that leaves nothing done."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.widgets import Static

from dropcopy_tui.domain.errors import Interrupted
from dropcopy_tui.domain.work import current
from screens.export import write_list
from screens.modals.work import WorkModal, with_work
from screens.terminal.app import TerminalApp


class Bench(TerminalApp):
    """An application that does one long thing."""


def hint(app: App[Any]) -> str:
    return str(app.screen.query_one(".hint", Static).render())


async def test_short_work_shows_nothing() -> None:
    async with Bench().run_test() as pilot:
        seen: list[str] = []

        def quick(word: str) -> str:
            seen.append(type(pilot.app.screen).__name__)
            return word

        assert await with_work(pilot.app.screen, "Adding", 5, quick, "done") == "done"
        assert seen == ["Screen"]
        assert not isinstance(pilot.app.screen, WorkModal)


async def test_long_work_shows_a_bar_and_ends_with_escape() -> None:
    async with Bench().run_test(size=(80, 24)) as pilot:

        def slow() -> None:
            work = current()
            assert work is not None
            work.expect("Adding", 100)
            for number in range(2_000):
                work.tell(min(40, number))
                time.sleep(0.01)

        async def press() -> None:
            while not isinstance(pilot.app.screen, WorkModal):
                await pilot.pause(0.05)
            await pilot.pause(0.6)
            shown.append(str(pilot.app.screen.query_one("#bar", Static).render()))
            await pilot.press("escape")

        shown: list[str] = []
        pressing = pilot.app.run_worker(press())
        with pytest.raises(Interrupted, match="Nothing was changed"):
            await with_work(pilot.app.screen, "Adding 100 SenderComps", 100, slow)
        await pressing.wait()
        assert shown[0].startswith("####")
        assert not isinstance(pilot.app.screen, WorkModal)


async def test_escape_is_too_late_once_the_change_is_being_saved() -> None:
    async with Bench().run_test(size=(80, 24)) as pilot:
        over = threading.Event()

        def saving() -> str:
            work = current()
            assert work is not None
            work.finish()
            over.wait(10)
            return "saved"

        async def press() -> None:
            while not isinstance(pilot.app.screen, WorkModal):
                await pilot.pause(0.05)
            await pilot.press("escape")
            said.append(hint(pilot.app))
            over.set()

        said: list[str] = []
        pressing = pilot.app.run_worker(press())
        assert await with_work(pilot.app.screen, "Adding", 0, saving) == "saved"
        await pressing.wait()
        assert said == ["Too late to cancel: the change is being saved"]


def test_an_export_that_is_cancelled_leaves_no_file(tmp_path: Path) -> None:
    from dropcopy_tui.domain.pages import Page, PageRequest
    from dropcopy_tui.domain.work import Work
    from screens.widgets.columns import Column

    work = Work()

    def source(ask: PageRequest) -> Page[str]:
        work.cancel()
        return Page(("x",) * ask.limit, tuple((number,) for number in range(ask.limit)), -1)

    with work.doing(), pytest.raises(Interrupted):
        write_list(tmp_path / "list.csv", [Column("What", str)], source, PageRequest())
    assert list(tmp_path.iterdir()) == []
