"""The preview from a FIX log, and coverage: a log is chosen, read, walked and explained."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.events import Paste

from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.routing.routing import Routing
from screens.checks.route import RouteScreen
from screens.groups.coverage import CoverageScreen
from screens.widgets.inputs import DeskInput
from screens.widgets.record_table import RecordTable
from tests.screens.conftest import Place
from tests.screens.hostile import ODD, spoil
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_home import command
from tests.screens.test_hostile import looks_harmless
from tests.stores import as_the_desk
from tests.unit.test_fix_log import SOH, execution, fix

Size = tuple[int, int]
RATES = "US-RATES-RISK"


def group_named(place: Place, name: str) -> int:
    with sqlite3.connect(place.store) as connection:
        (pk,) = connection.execute("SELECT id FROM drop_copy_group WHERE name = ?", (name,)).fetchone()
    connection.close()
    return int(pk)


async def open_route(seat: Seat, group_id: int | None) -> None:
    await seat.app.push_screen(RouteScreen(group_id))
    await seat.settle()


async def read_example(seat: Seat, group_id: int | None) -> None:
    await open_route(seat, group_id)
    seat.sees("Which FIX log", "A file", "Example log", "Paste")
    await seat.press("down", "enter")
    await seat.until_seen("257 messages in the example")


async def test_the_example_of_a_group(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await read_example(seat, group_named(place, RATES))
        seat.says("257 messages in the example, 116 to no group, 4 of unknown sources, 1 malformed, 2 pieces skipped")
        seat.says(f"{RATES} (T4C) would receive 25 of them")
        seat.sees(f"{RATES} > FIX log preview", "Shown: all messages", "1 of 257 messages", r"Copied")
        seat.sees(r"^> +2 +New order +005ACM01B +no", r"3 +New order acknowledged +005ACM01B +yes .*US-RATES")
        assert footer_fits(seat)


async def test_t_turns_what_is_shown(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await read_example(seat, group_named(place, RATES))
        for shown, count in (("would receive", 25), ("would not receive", 232), ("no group receives", 116)):
            await seat.press("t")
            await seat.until_seen(f"1 of {count} messages")
            seat.sees(f"Shown: messages .*{shown}")
        await seat.press("t")
        await seat.until_seen("1 of 257 messages")


async def test_enter_tells_one_message_in_words(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await read_example(seat, group_named(place, "EU-RISK"))
        await seat.press("down", "enter")
        seat.sees("Line 3: New order acknowledged", "Source +005ACM01B", "Filters +Acknowledgement messages")
        seat.says(
            "EU-RISK The market differs: 005ACM01B is a SenderComp of BrokerTec U.S., but the group is in BrokerTec EU."
        )
        seat.sees(r"Copies to +US-RATES-RISK \(T4C\)")
        await seat.press("end")
        await seat.until_seen("10 CheckSum")
        await seat.press("enter")
        assert seat.on == "RouteScreen"


async def test_v_shows_the_totals_of_each_group(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await read_example(seat, group_named(place, RATES))
        await seat.press("v")
        seat.sees("Totals by group", "Messages +257", "To no group +116", "Trade - Fill Notice +57")
        seat.sees(r"US-RATES-RISK \(T4C\): 25 messages")
        await seat.press("escape")
        assert seat.on == "RouteScreen"


async def test_without_a_group_it_is_who_receives_what(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await command(seat, "FIX log preview")
        assert seat.on == "RouteScreen" or seat.on == "ChooseModal"
        await seat.press("down", "enter")
        await seat.until_seen("257 messages in the example")
        seat.sees_not("Received", "would receive")
        await seat.press("t")
        await seat.until_seen("1 of 116 messages")
        await seat.press("slash")
        await seat.type("mass quote")
        await seat.until_seen("1 of 16 messages")


async def test_a_file_is_asked_for_and_read(place: Place, size: Size) -> None:
    path = place.folder / "today.log"
    path.write_bytes(execution("ZZZZZ999P", "2") * 30_000)
    async with seated(place.app(), size) as seat:
        await open_route(seat, None)
        await seat.press("enter")
        seat.sees("Read a FIX log")
        for wrong, said in (("", "Enter the path"), (str(place.folder), "is a folder"), ("/none", "The file")):
            seat.find(DeskInput).value = wrong
            await seat.press("enter")
            seat.says(said)
        seat.find(DeskInput).value = str(path)
        await seat.press("enter")
        await seat.until_seen("30,000 messages in today.log")
        seat.says("30,000 to no group, 30,000 of unknown sources")
        await seat.press("end")
        seat.sees("30,000 of 30,000 messages")
        assert len(seat.find(RecordTable)._window.page.rows) < 1_000


async def test_a_log_is_pasted(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_route(seat, group_named(place, RATES))
        await seat.press("escape")
        seat.sees("No log is open yet. Press f")
        await seat.press("v")
        seat.sees("No log is open yet")
        lines = [execution("005ACM01B", status).replace(SOH, b"|").decode() for status in "02C"]
        await seat.paste("\r".join(lines))
        await seat.until_seen("3 messages in the pasted log")
        seat.sees(r"3 +Order eliminated \(expired\) +005ACM01B +yes")
        # Another one takes its place.
        await seat.paste(lines[0])
        await seat.until_seen("1 message in the pasted log")


async def test_a_real_store_has_no_example_to_offer(place: Place) -> None:
    with sqlite3.connect(place.store) as connection:
        connection.execute("UPDATE setting SET value = 'no' WHERE key = 'sandbox'")
    connection.close()
    as_the_desk(place.store)
    async with seated(place.app()) as seat:
        seat.app.sandbox = False
        await open_route(seat, None)
        seat.sees("Example log: available in a sandbox only")


async def test_leaving_gives_the_files_back(place: Place) -> None:
    def handles() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async with seated(place.app()) as seat:
        await read_example(seat, None)
        before = handles()
        await seat.press("escape")
        assert seat.on == "HomeScreen"
        assert handles() <= before - 3


async def test_a_hostile_log_and_store(place: Place, size: Size) -> None:
    spoil(place.store)
    path = place.folder / "hostile\x1b[31m[b].log"
    name = ODD[:30].encode("latin-1", "replace").decode("latin-1")
    raw = fix((35, "8"), (49, "CME"), (56, name), (39, "0"), (58, "[/x]\x1b]52;c;aGk=\x07" + "y" * 100_000))
    path.write_bytes(b"\x1b[2J" + raw + b"\n" + b"\xff" * 1_000_000 + b"\n" + execution())
    async with seated(place.app(), size) as seat:
        screen = RouteScreen(None)
        await seat.app.push_screen(screen)
        await seat.settle()
        await seat.press("escape")
        screen._read(path, path.name)
        await seat.until_seen("2 messages in hostile")
        looks_harmless(seat)
        for key in ("enter", "end", "escape", "v", "end", "escape", "t", "down", "enter"):
            await seat.press(key)
            looks_harmless(seat)


async def test_coverage_lists_what_no_group_copies(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await seat.app.push_screen(CoverageScreen("ACME"))
        await seat.settle()
        seat.sees("ACME SECURITIES LLC: 198 active SenderComps not copied by any group", "1 of 198 SenderComps")
        seat.sees(r"Globex +0FR +CLR", "Market")
        await seat.press("slash")
        await seat.type("0fr")
        await seat.until_seen("1 of 2 SenderComps")
        seat.sees("198 active SenderComps")
        assert footer_fits(seat)


async def test_coverage_from_the_palette_of_another_entity(place: Place) -> None:
    async with seated(place.app("multi-operator")) as seat:
        await command(seat, "Coverage")
        seat.sees("ACME SECURITIES LLC: 198 active", "r Entity")
        await seat.press("r", "down", "enter")
        await seat.until_seen("EXAMPLE RATES TRADING LLC: 50 active")
        with sqlite3.connect(place.store) as connection:
            connection.execute("UPDATE sender_comp SET status = 'inactive'")
        connection.close()
        await seat.press("ctrl+r")
        await seat.until_seen("Every active SenderComp of this entity is copied")


async def test_a_long_log_has_a_bar_with_an_estimate_and_escape_stops_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read before stays, and the screen as well."""
    review, closed = Routing.review, threading.Event()

    def slow(self: Routing, actor: Actor, log: Path | bytes, group: Any, filters: Any, watch: Any) -> object:
        if log == b"first":
            return review(self, actor, b"".join(self.example(actor)), group, filters, watch)
        done = 0
        while watch(done, 1_000_000):
            done += 2_000
            time.sleep(0.005)
        return SimpleNamespace(close=closed.set)

    monkeypatch.setattr(Routing, "review", slow)
    async with seated(place.app()) as seat:
        await open_route(seat, None)
        await seat.press("escape")
        await seat.paste("first")
        await seat.until_seen("257 messages in the pasted log")
        await seat.pilot.pause()
        seat.screen.post_message(Paste("endless"))
        end = time.monotonic() + 20
        while not re.search(r"Reading the pasted log, Esc stops\n #+\.+ +\d+%  about \d+ s left", seat.text()):
            assert time.monotonic() < end, seat.text()
            await asyncio.sleep(0.05)
        await seat.pilot.press("escape")
        await seat.settle()
        assert closed.wait(5)
        assert seat.on == "RouteScreen"
        seat.sees("257 messages in the pasted log", "the pasted log was not read to its end and is not shown")
        await seat.press("escape")
        assert seat.on == "HomeScreen"
