"""Filters match what is displayed, exports carry whole values, and a footer promises only what its key does."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from textual.screen import ModalScreen

from screens import navigation as to
from screens.routes import screen_of
from screens.widgets.key_bar import KeyBar
from screens.widgets.record_table import RecordTable
from tests.screens.conftest import Place
from tests.screens.every_screen import routes
from tests.screens.seat import Seat, seated
from tests.screens.test_others import ground

DATE = r"(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)( 20\d\d)?"


async def opened(seat: Seat, route: to.Route) -> None:
    seat.app.push_screen(screen_of(route))
    await seat.settle()


def rows_of(seat: Seat) -> list[str]:
    """The lines of the list, without the frame around them."""
    return [line for line in seat.text().splitlines()[2:-2] if re.search(DATE, line)]


ROUTES = [to.OpenRequests(), to.OpenNotices(), to.OpenOutbox(), to.OpenAudit(), to.OpenSessions("order_entry"),
          to.OpenSessions("drop_copy"), to.OpenDrafts()]  # fmt: skip


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{type(route).__name__}{getattr(route, 'kind', '')}")
async def test_a_date_that_is_shown_is_found(place: Place, route: to.Route) -> None:
    user = "auditor" if isinstance(route, to.OpenAudit) else "acme-operator"
    async with seated(place.app(user), (120, 40)) as seat:
        await opened(seat, route)
        shown = rows_of(seat)
        assert shown
        date = re.search(DATE, shown[-1])
        assert date
        await seat.press("slash")
        await seat.type(f"{date[1]} {date[2]}")
        await seat.press("enter")
        left = rows_of(seat)
        assert left, "what is shown is found"
        assert any(date[0] in line for line in left)


async def test_the_name_of_a_market_is_found(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter", "slash")
        await seat.type("brokertec eu")
        await seat.press("enter")
        seat.sees("BrokerTec EU")
        seat.sees_not(r"BrokerTec U\.S\.")


def written(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(path).read_text(encoding="utf-8").splitlines()))


async def exported(seat: Seat) -> list[dict[str, str]]:
    await seat.press("x", "enter")
    path = re.search(r"written to (\S+\.csv)", " ".join(seat.text().split()).replace(".c sv", ".csv"))
    assert path, seat.text()
    return written(path[1])


async def test_an_export_has_public_key_ids_where_they_are_shown_and_whole_times(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with seated(place.app(), (160, 40)) as seat:
        await opened(seat, to.OpenSessions("order_entry"))
        hidden = await exported(seat)
        assert "Public key id" not in hidden[0]
        await seat.press("s")
        rows = await exported(seat)
        ids = [row["Public key id"] for row in rows if row["Expires"]]
        assert ids
        assert all(re.fullmatch(r"[A-Za-z0-9]{20}", each) for each in ids), ids
        assert all(
            re.fullmatch(r"\d{1,2} \w{3} 20\d\d \d\d:\d\d \w+", row["Expires"]) for row in rows if row["Expires"]
        )
        group = ground(place)[to.OpenGroup]["group_id"]
        await opened(seat, to.OpenGroup(group, "targets"))
        for row in await exported(seat):
            assert re.fullmatch(r"[A-Z0-9]{3}", row["Session"]), row
            assert re.fullmatch(r"[A-Za-z0-9]{20}", row["Public key id"]), row


async def test_enter_opens_something_wherever_the_footer_says_so(place: Place) -> None:
    silent = []
    async with seated(place.app("acme-operator"), (120, 40)) as seat:
        places = [*routes(ground(place)), to.OpenGroup(ground(place)[to.OpenGroup]["group_id"], "sources"),
                  to.OpenGroup(ground(place)[to.OpenGroup]["group_id"], "firms"), to.OpenCoverage()]  # fmt: skip
        for route in places:
            await opened(seat, route)
            if isinstance(seat.screen, ModalScreen):
                await seat.press("escape")  # such as which log to read
            table, on, stack = seat.screen.focused, seat.screen, len(seat.app.screen_stack)
            bars = seat.screen.query(KeyBar)
            if isinstance(table, RecordTable) and table.total > 0 and bars and "enter" in seat.text().splitlines()[-1]:
                before = seat.text()
                await seat.press("enter")
                if len(seat.app.screen_stack) == stack and seat.text() == before:
                    silent.append(f"{type(on).__name__}: {before.splitlines()[-1]}")
            if isinstance(seat.screen, ModalScreen):
                await seat.press("escape")
            while len(seat.app.screen_stack) > 1:
                seat.app.pop_screen()
                await seat.settle()
    assert not silent, "\n".join(silent)
