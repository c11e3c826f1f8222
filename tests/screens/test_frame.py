"""What holds on every screen: the keys fit, help tells them all, Escape leaves, nothing is cut off."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.app import App
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import OptionList, Static

import screens
from screens.navigation import OpenAccess
from screens.widgets.key_bar import KeyBar
from screens.widgets.sheet import Sheet
from tests.screens.conftest import Place
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_home import command, open_line
from tests.screens.test_keys import open_group
from tests.screens.test_wizard import drafts, to_step

Size = tuple[int, int]
Way = Callable[[Seat], Awaitable[None]]


def keys(*pressed: str) -> Way:
    async def way(seat: Seat) -> None:
        await seat.press(*pressed)

    return way


def line(text: str) -> Way:
    async def way(seat: Seat) -> None:
        await open_line(seat, "menu", text)

    return way


def group(tab: str) -> Way:
    async def way(seat: Seat) -> None:
        await open_group(seat, "US-REPO-CLEARING", tab)

    return way


def step(number: int) -> Way:
    async def way(seat: Seat) -> None:
        await to_step(seat, number)

    return way


async def request(seat: Seat) -> None:
    await open_line(seat, "menu", "Request Status")
    await seat.press("enter")


PLACES: dict[str, Way] = {
    "home": keys(),
    "groups": line("Drop Copy Groups"),
    "group 1": group("1"),
    "group 2": group("2"),
    "group 3": group("3"),
    "group 4": group("4"),
    "requests": line("Request Status"),
    "request": request,
    "outbox": line("Phone and mailbox"),
    "wizard 2": step(2),
    "wizard 3": step(3),
    "wizard 4": step(4),
    "wizard 5": step(5),
    "wizard 6": step(6),
}
ways = pytest.mark.parametrize("way", PLACES.values(), ids=PLACES)


@ways
async def test_keys_fit_help_lists_them_and_nothing_is_cut_off(way: Way, place: Place) -> None:
    async with seated(place.app()) as seat:
        await way(seat)
        assert footer_fits(seat)
        assert cut_off(seat) == []
        told = [
            active.binding for active in seat.screen.active_bindings.values()
            if active.binding.tooltip and active.enabled and not active.binding.system
        ]  # fmt: skip
        assert told
        where = seat.on
        await seat.press("f1")
        assert seat.on == "HelpModal"
        page = " ".join(" ".join(str(widget.render()) for widget in texts(seat)).split())
        for binding in told:
            assert " ".join(binding.tooltip.split()) in page, binding
        await seat.press("escape")
        assert seat.on == where
        if not isinstance(seat.app.focused, OptionList) or where != "HomeScreen":
            await seat.press("ctrl+l")
        assert seat.on == where


def texts(seat: Seat) -> list[Widget]:
    """Everything that shows a text."""
    return [*seat.screen.query(Static), *seat.screen.query(Sheet)]


def cut_off(seat: Seat) -> list[str]:
    """Texts that have less room than they need."""
    return [
        str(widget.render())
        for widget in texts(seat)
        if widget.region.area
        and widget.is_on_screen
        and widget.get_content_height(seat.screen.size, seat.screen.size, widget.content_size.width)
        > widget.content_size.height
    ]


@ways
async def test_escape_leaves_and_loses_nothing(way: Way, place: Place) -> None:
    async with seated(place.app()) as seat:
        await way(seat)
        before = set(drafts(place))
        for _ in range(8):
            if seat.on == "HomeScreen":
                break
            if "Keep the draft" in seat.text():
                await seat.press("home", "enter")
            else:
                await seat.press("escape")
        assert seat.on == "HomeScreen"
        # A wizard that nobody touched leaves no draft.
        assert before - {""} <= set(drafts(place))


def every_screen() -> list[type[Screen[object]]]:
    """Every screen and modal of ours."""
    found: dict[str, type[Screen[object]]] = {}
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(kind, Screen) and kind.__module__.startswith("screens."):
                found[name] = kind
    return list(found.values())


@pytest.mark.parametrize("kind", every_screen(), ids=lambda kind: kind.__name__)
def test_the_style_sheet_of_every_screen_is_where_it_says(kind: type[Screen[object]]) -> None:
    """Textual resolves an inherited CSS_PATH from the folder of the subclass."""
    paths = kind.CSS_PATH if isinstance(kind.CSS_PATH, list) else [kind.CSS_PATH]
    for path in filter(None, paths):
        assert (Path(inspect.getfile(kind)).parent / str(path)).is_file()


def test_every_binding_has_an_id_and_no_key_that_terminals_keep() -> None:
    kept = {"ctrl+h", "ctrl+i", "ctrl+m", "ctrl+b", "ctrl+a", "ctrl+s", "ctrl+j", "f11", "f12"}
    for kind in every_screen():
        for binding in kind.__dict__.get("BINDINGS", ()):
            assert binding.id, (kind, binding)
            assert not kept & set(binding.key.split(",")), (kind, binding)


async def test_the_palette_has_our_commands_only(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await seat.press("ctrl+p")
        options = seat.find(OptionList)
        await seat.until(lambda: options.option_count, "commands are listed")
        names = {str(option.prompt).split("\n")[0].strip() for option in options.options}
        assert {"Quit", "Help", "Drop Copy Groups", "My Requests", "Authenticator app"} <= names
        assert not {"Screenshot", "Keys", "Maximize", "Minimize"} & names
        await seat.press("escape")
        assert seat.on == "HomeScreen"


async def test_commands_open_their_screens(place: Place) -> None:
    async with seated(place.app()) as seat:
        for name, screen in (("My Requests", "RequestsScreen"), ("Phone and", "OutboxScreen"), ("Home", "HomeScreen")):
            await command(seat, name)
            assert seat.on == screen
        await command(seat, "Theme")
        await seat.type("light")
        await seat.press("enter")
        assert seat.app.theme == "desk-light"


async def test_the_same_command_twice_and_home_again(place: Place) -> None:
    async with seated(place.app()) as seat:
        for _ in range(3):
            await command(seat, "Drop Copy Groups")
        await command(seat, "Home")
        assert seat.on == "HomeScreen"
        await seat.press("escape")
        assert seat.on == "HomeScreen"


async def test_a_resize_under_a_modal_reaches_the_screen_below(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("n")
        await seat.pilot.resize_terminal(120, 40)
        await seat.settle()
        await seat.press("escape")
        assert seat.on == "HomeScreen"
        place_line = seat.text().split("\n")[0]
        assert len(place_line.rstrip()) > 100
        assert re.search(r"q Quit", seat.text().split("\n")[39])


# -- requests


async def test_requests_are_listed_sorted_and_told(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Request Status")
        seat.sees("My Requests > Request Status", r"> +DC-2026-000038 .*FUT-CLEARED.*In Progress", "1 of 20 requests")
        await seat.press("s", "s", "s")
        seat.sees(r"Type \^")
        await seat.press("slash")
        await seat.type("us-actives")
        await seat.until(lambda: "US-RATES-RISK" not in seat.text(), "narrowed")
        seat.sees("US-ACTIVES")
        await seat.press("enter", "enter")
        assert seat.on == "RequestScreen"
        seat.sees(r"^ *Status ", "Timeline", "Requested changes")
        seat.sees(r"submitted by acme-operator")


async def test_a_failed_request_tells_its_reasons(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Request Status")
        for _ in range(20):
            if re.search(r"^> .*Failed", seat.text(), re.M):
                break
            await seat.press("down")
        await seat.press("enter")
        seat.sees("Status +Failed", "Reason +The entity already has a group named")


def test_textual_still_asks_for_background_screens_by_this_name() -> None:
    """We override a private name: screens of ours are opaque, so none shines through."""
    assert isinstance(App.__dict__["_background_screens"], property)
    assert "_background_screens" in inspect.getsource(Screen.is_current.fget or Screen)


async def test_a_narrow_window_shows_whole_keys_only(place: Place) -> None:
    """The way back and Help are never left out: Help has what is."""
    async with seated(place.app(), (60, 18)) as seat:
        await seat.app.go(OpenAccess())
        await seat.settle()
        bar = seat.find(KeyBar)
        assert bar.needs > 60
        assert bar.takes <= 60
        seat.sees(r"esc Back \? Help n Add key d Revoke$")
        await seat.pilot.resize_terminal(80, 24)
        await seat.until_seen(r"d Revoke t Sea")
        assert bar.takes == bar.needs <= 80
