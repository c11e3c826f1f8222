"""Screens on a PostgreSQL server follow what others do as it is done, and continue when a lost server is back."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dropcopy_tui import seat as desk_seat
from dropcopy_tui.config import Config
from dropcopy_tui.domain.people import Entitlement, Role
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.factors.table import Proof, Purpose, access_scope
from dropcopy_tui.services.sample.fill import fill
from screens import app as application
from screens.app import DropCopyApp
from tests.postgres.test_listening import listeners
from tests.screens.conftest import NOW, OPERATOR, Place, SeededEntropy, config_in
from tests.screens.seat import Seat, seated
from tests.screens.test_home import open_line
from tests.screens.test_requests import CLEARING, NEWEST, decide, other_desk, person
from tests.server import Server
from tests.services.factories import FrozenClock, change, ssh_key_of

pytestmark = pytest.mark.postgres
SAMPLE = "sample"
DESK = "desk"


@dataclass
class OnServer(Place):
    """A store of the test's own on a server, and the application on it."""

    server: Server | None = None
    database: str = DESK

    @property
    def config(self) -> Config:
        assert self.server is not None
        found = config_in(self.folder, self.settings)
        place: ServerPlace = self.server.place(self.database, beside=self.folder / "store")
        return replace(found, paths=replace(found.paths, store=place))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnServer]:
    """A server that the tests may stop, with the sample."""
    made = OnServer(tmp_path_factory.mktemp("sample-server"), server=Server(), database=SAMPLE)
    assert made.server is not None
    make_store(made.config, sandbox=True, fill=fill, clock=FrozenClock(NOW), entropy=SeededEntropy())
    yield made
    made.server.remove()


@pytest.fixture
def place(sample: OnServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnServer]:
    """A copy of the sample; nothing is looked for by time."""
    monkeypatch.setattr(application, "SET_UP_EVERY", 3_600.0)
    assert sample.server is not None
    shutil.copy2(sample.folder / "dropcopy.key", tmp_path / "dropcopy.key")
    sample.server.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{SAMPLE}'")
    sample.server.create(DESK, SAMPLE)
    yield OnServer(tmp_path, server=sample.server)
    sample.server.drop(DESK)


async def listening(seat: Seat, place: OnServer) -> None:
    """Until the application listens to the server."""
    assert place.server is not None
    server = place.server
    await seat.until(lambda: listeners(server, DESK) == 1, "the application listens")


async def test_a_request_that_another_person_ends_appears_at_once(place: OnServer) -> None:
    async with seated(place.app()) as seat:
        await listening(seat, place)
        await open_line(seat, "menu", "Request Status")
        seat.sees(rf"> +{NEWEST} .*In Progress")
        decide(place, CLEARING, "deny", NEWEST, "Not in our limits.")
        await seat.until_seen(rf"> +{NEWEST} .*Denied")
        await seat.press("enter")
        seat.sees("Reason +Denied by clearing-approver: Not in our limits.")


async def test_many_changes_are_looked_at_together(place: OnServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever changes much elsewhere does not keep a screen busy, and the last change is seen."""
    looks: list[str] = []
    desk_home = DropCopyApp.refresh_home

    async def counted(self: DropCopyApp) -> None:
        looks.append("look")
        await desk_home(self)

    async with seated(place.app()) as seat:
        await listening(seat, place)
        await seat.press("enter")
        monkeypatch.setattr(DropCopyApp, "refresh_home", counted)
        with other_desk(place) as desk:
            for number in range(20):
                change(
                    desk.resources,
                    "UPDATE drop_copy_group SET name = :name WHERE name LIKE 'US-B%'",
                    name=f"US-B{number}",
                )
                await seat.settle()
        await seat.until_seen("US-B19")
        assert 1 <= len(looks) < 20


async def test_a_revoked_role_ends_its_screen(place: OnServer) -> None:
    async with seated(place.app()) as seat:
        await listening(seat, place)
        await seat.press("enter", "enter")
        assert seat.on == "GroupScreen"
        roles = [Entitlement(role, "ACME") for role in (Role.FULL_ACCESS, Role.KEY_MANAGEMENT)]
        with other_desk(place) as desk:
            desk.people.change_roles(person(desk, "acme-admin"), OPERATOR, [], roles)
        await seat.until(lambda: seat.on != "GroupScreen", "the group is closed")


@pytest.mark.parametrize("act", ["disabled", "revoked"])
async def test_whoever_may_not_stay_over_ssh_leaves_at_once(
    act: str, place: OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with other_desk(place) as desk:
        key = ssh_key_of(desk.resources, person(desk, OPERATOR))
    monkeypatch.setattr(desk_seat, "_taken", [desk_seat.Seat(key, "192.0.2.7")])
    async with seated(place.app(None)) as seat:
        await listening(seat, place)
        seat.sees(OPERATOR)
        with other_desk(place) as desk:
            if act == "disabled":
                desk.people.disable(person(desk, "operations"), OPERATOR)
            else:
                me = person(desk, OPERATOR)
                started = desk.factors.start(me, "sms", Purpose.ACCESS, access_scope("revoke", OPERATOR, key))
                code = started.sandbox_message.split("code is ")[1][:6]
                desk.ssh_keys.revoke(me, key, Proof(started.id, code))
        await seat.until(lambda: seat.app.return_code is not None, "the application has ended")


async def test_a_screen_continues_when_its_server_is_back(place: OnServer) -> None:
    assert place.server is not None
    async with seated(place.app()) as seat:
        await listening(seat, place)
        await open_line(seat, "menu", "Request Status")
        seat.sees(rf"> +{NEWEST} .*In Progress")
        place.server.stop(signal.SIGQUIT)
        await seat.until(lambda: seat.app._live.lost, "the loss is said")
        seat.says(f"Error: The connection to the server {place.config.paths.store.server} was lost.")
        seat.says("What you see may be out of date; it is updated when the server answers again.")
        seat.sees(rf"> +{NEWEST} .*In Progress")
        await seat.press("enter")
        assert seat.app.return_code is None
        await seat.press("escape")
        place.server.start()
        decide(place, CLEARING, "deny", NEWEST, "Not in our limits.")
        await seat.until_seen(rf"> +{NEWEST} .*Denied")
        seat.says("The server answers again.")
        seat.sees_not("was lost")
        await seat.press("enter")
        seat.sees("Reason +Denied by clearing-approver: Not in our limits.")


async def test_every_loss_of_the_server_is_said_and_on_every_screen(place: OnServer) -> None:
    """Also the second one, in the same words, and on Home, where one goes with Escape."""
    assert place.server is not None
    lost = f"Error: The connection to the server {place.config.paths.store.server} was lost."
    async with seated(place.app()) as seat:
        await listening(seat, place)
        await open_line(seat, "menu", "Request Status")
        for _ in range(2):
            place.server.stop(signal.SIGQUIT)
            await seat.until(lambda: seat.app.lost, "the loss is noticed")
            seat.says(lost)
            place.server.start()
            await seat.until(lambda: not seat.app.lost, "the return is noticed")
            seat.says("The server answers again. Repeat what was refused meanwhile.")
        place.server.stop(signal.SIGQUIT)
        await seat.until(lambda: seat.app.lost, "the loss is noticed")
        await seat.press("escape")
        assert seat.on == "HomeScreen"
        seat.says(lost)
        await seat.press("escape")
        seat.says(lost)
        place.server.start()
        await seat.until(lambda: not seat.app.lost, "the return is noticed")
        seat.sees_not("was lost")
