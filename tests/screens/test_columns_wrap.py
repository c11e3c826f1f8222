"""Texts in two columns break under their own column, at every width: nothing continues at the screen's edge."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from rich.cells import cell_len
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dropcopy_tui.domain.filters import Filter
from screens import navigation as to
from screens.routes import screen_of
from screens.widgets.sheet import Sheet
from tests.screens.conftest import Place
from tests.screens.every_screen import routes
from tests.screens.seat import Seat, seated
from tests.screens.test_others import ground

WIDTHS = (60, 80, 120)
# A name, the space between the columns, and what stands in the second.
_TWO_COLUMNS = re.compile(r"\S {2,}\S")


def broken(seat: Seat) -> Iterator[str]:
    """Lines in two columns that are wider than the place they have, so that the terminal breaks them anywhere."""
    for widget in [*seat.screen.query(Static), *seat.screen.query(Sheet)]:
        content = widget.render() if isinstance(widget, Sheet) else widget.visual
        if not isinstance(content, Content) or not widget.content_size.width:
            continue
        lines = content.plain.split("\n")
        # A single line holds no columns: it is a sentence, or a hint.
        for line in lines if len(lines) > 1 else ():
            if _TWO_COLUMNS.search(line) and cell_len(line) > widget.content_size.width:
                yield f"{type(seat.screen).__name__} ({widget.id or ' '.join(widget.classes)}): {line!r}"


async def back_home(seat: Seat) -> None:
    """Whatever a screen asks, such as which log to read, is answered with Escape: its job ends with it."""
    for _ in range(6):
        if len(seat.app.screen_stack) == 1:
            return
        if isinstance(seat.screen, ModalScreen):
            await seat.press("escape")
        else:
            seat.app.pop_screen()
        await seat.settle()


@pytest.mark.parametrize("width", WIDTHS)
async def test_no_line_in_two_columns_is_wider_than_its_page(place: Place, width: int) -> None:
    details, found = ground(place), []
    async with seated(place.app(), (width, 24)) as seat:
        for route in routes(details):
            seat.app.push_screen(screen_of(route))
            await seat.settle()
            found += broken(seat)
            if not isinstance(seat.screen, ModalScreen):
                await seat.press("f1")
                found += broken(seat)
            await back_home(seat)
    assert not found, "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_filters_of_a_group_continue_under_their_meaning(place: Place, width: int) -> None:
    group = ground(place)[to.OpenGroup]["group_id"]
    async with seated(place.app(), (width, 40)) as seat:
        seat.app.push_screen(screen_of(to.OpenGroup(group)))
        await seat.settle()
        lines = seat.text().split("\n")
        first = next(number for number, line in enumerate(lines) if "Filters: messages copied" in line) + 1
        listed = lines[first : next(n for n in range(first, len(lines)) if not lines[n].strip())]
        assert listed[0].startswith("    Heartbeat")
        # The page has a margin of two, and every line of the list stands two cells further in, or more.
        assert not [line for line in listed if not line.startswith("    ")], "\n".join(listed)
        # A meaning that was broken continues where meanings begin.
        names = tuple("    " + kind.words for kind in Filter)
        starts = {re.search(r" {2,}(\S.*)$", line[4:]).start(1) for line in listed if re.search(r"\S {2,}\S", line)}  # type: ignore[union-attr]
        starts |= {len(line) - len(line.lstrip()) - 4 for line in listed if not line.startswith(names)}
        assert len(starts) == 1, "\n".join(listed)


async def test_a_page_is_broken_anew_when_the_terminal_is_resized(place: Place) -> None:
    details = ground(place)
    async with seated(place.app(), (120, 24)) as seat:
        for route in routes(details):
            seat.app.push_screen(screen_of(route))
            await seat.settle()
            await seat.pilot.resize_terminal(60, 24)
            await seat.settle()
            found = list(broken(seat))
            assert not found, "\n".join(found)
            await seat.pilot.resize_terminal(120, 24)
            await seat.settle()
            await back_home(seat)
