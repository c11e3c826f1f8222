"""A store that cannot be read for a moment: Home says it in one line, goes on showing, and recovers by itself."""

from __future__ import annotations

import sqlite3

import pytest

from dropcopy_tui.domain.errors import DeskError, StoreUnusable
from dropcopy_tui.store.home_queries import Looker, looking
from screens.frame import DeskScreen
from tests.screens.conftest import Place
from tests.screens.seat import seated

ERRORS = [
    OSError(5, "Input/output error"),
    sqlite3.OperationalError("disk I/O error"),
    sqlite3.DatabaseError("database disk image is malformed"),
    StoreUnusable("The store cannot be read (gone)."),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_a_driver_error_is_one_line_and_reading_goes_on(
    place: Place, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    say = DeskScreen.say
    monkeypatch.setattr(DeskScreen, "say", lambda self, text, *kind: (said.append(text), say(self, text, *kind)))
    async with seated(place.app()) as seat:
        groups = seat.sees(r"Drop Copy Groups +(\d+)")[1]

        def broken(*_: object, **__: object) -> None:
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(Looker, "all", broken)
            for _ in range(3):
                seat.app._stamp = ()
                seat.app.set_up()
                await seat.settle()
            assert len(said) == 1, "once, not every few seconds"
            assert said[0].startswith("Home could not be refreshed: ")
            seat.sees(rf"Drop Copy Groups +{groups}")
            await seat.press("enter")
            assert seat.on == "GroupsScreen"
            await seat.press("escape")
        await seat.press("ctrl+r")
        assert seat.on == "HomeScreen"
        assert seat.app._unread == ""


def test_a_store_that_cannot_be_opened_is_a_sentence(place: Place) -> None:
    with pytest.raises(DeskError, match="The store cannot be read"), looking(place.folder / "gone.db"):
        pass
