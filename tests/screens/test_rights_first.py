"""Rights are checked before a dialog opens: nobody types a name, or a reason, to learn that they may not.

Every screen and every key of it is found by looking. Without the right a key is absent, or answers with a line.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from textual.screen import ModalScreen

from dropcopy_tui.domain.people import Entitlement, Role
from dropcopy_tui.services.groups.groups import GroupEdit
from screens import navigation as to
from screens.routes import screen_of
from tests.screens.conftest import OPERATOR, Place
from tests.screens.every_screen import routes
from tests.screens.seat import Seat, seated
from tests.screens.test_edit import GROUP
from tests.screens.test_others import ground
from tests.screens.test_requests import other_desk, person

# Keys of anyone: they ask what to look at, where to write a copy, or for one's own things.
ANYONE = {
    "app.help", "app.palette", "drafts.discard", "list.export", "list.filter", "calendar.kind", "sessions.status",
    "audit.narrow", "route.log", "route.file", "list.open", "access.codes", "seats.end_others",
}  # fmt: skip
# What changes something, and what it says to whom has no right.
VIEWER = "acme-viewer"
REFUSED = r"does not have the required role|cannot|Only|requires|No one"


def keys_of(seat: Seat) -> list[tuple[str, str]]:
    """The keys of the screen and of what has the focus: key and the binding's id."""
    found = {}
    for active in seat.screen.active_bindings.values():
        binding = active.binding
        if binding.id and active.node is not seat.app and binding.id not in ANYONE and active.enabled:
            found[binding.id] = binding.key
    return sorted((key, name) for name, key in found.items())


def is_harmless(name: str) -> bool:
    return name.endswith((".columns", ".entity", ".export", ".filter", ".help")) or name in ANYONE


@pytest.mark.parametrize("user", [VIEWER, "auditor"])
async def test_no_dialog_opens_for_whom_the_service_would_refuse(place: Place, user: str) -> None:
    details = ground(place)
    opened: list[str] = []
    async with seated(place.app(user)) as seat:
        for route in routes(details):
            if isinstance(route, (to.OpenWizard, to.OpenChangedSources)):
                continue  # a draft is its owner's alone
            seat.app.push_screen(screen_of(route))
            await seat.settle()
            if isinstance(seat.screen, ModalScreen):
                await seat.press("escape")  # such as which log to read
            shown = seat.screen
            for key, name in keys_of(seat):
                if is_harmless(name) or seat.screen is not shown:
                    continue
                await seat.press(key)
                if isinstance(seat.screen, ModalScreen):
                    opened.append(f"{type(shown).__name__}: {key} ({name}) opens {seat.on}")
                while seat.screen is not shown and shown in seat.app.screen_stack:
                    await seat.press("escape")
            while len(seat.app.screen_stack) > 1:
                seat.app.pop_screen()
                await seat.settle()
    assert not opened, "\n".join(opened)


async def said_without_dialog(seat: Seat, route: to.Route, *keys: str) -> None:
    seat.app.push_screen(screen_of(route))
    await seat.settle()
    on = seat.on
    await seat.press(*keys)
    assert seat.on == on
    seat.sees(REFUSED)


@pytest.mark.parametrize(("tab", "key"), [("details", "d"), ("details", "e"), ("details", "p"), ("targets", "k")])
async def test_a_viewer_is_told_before_anything_is_typed(place: Place, tab: str, key: str) -> None:
    group = ground(place)[to.OpenGroup]["group_id"]
    async with seated(place.app(VIEWER)) as seat:
        await said_without_dialog(seat, to.OpenGroup(group, tab), key)
        seat.says("acme-viewer does not have the required role")


async def test_a_right_that_was_revoked_since_is_seen_before_the_reason_is_typed(place: Place) -> None:
    """The page was opened while the person could still delete."""
    group = ground(place)[to.OpenGroup]["group_id"]
    async with seated(place.app()) as seat:
        seat.app.push_screen(screen_of(to.OpenGroup(group)))
        await seat.settle()
        with other_desk(place) as desk:
            admin: Any = person(desk, "acme-admin")
            desk.people.change_roles(admin, OPERATOR, (), (Entitlement(Role.FULL_ACCESS, "ACME"),))
        await seat.press("d")
        assert seat.on == "GroupScreen"
        seat.sees(r"required role: full access at ACME")


async def test_a_group_that_is_being_changed_is_told_before_its_name_is_typed(place: Place) -> None:
    group = ground(place)[to.OpenGroup]["group_id"]
    # Queued until the batch: nothing is set up meanwhile.
    place.settings = replace(place.settings, batches={"brokertec_us": time(16)}, batch_zone="America/Chicago")
    with other_desk(place) as desk:
        request = desk.groups.edit(person(desk, "multi-operator"), GROUP, GroupEdit(name="OTHER"), entity="ACME")
    async with seated(place.app()) as seat:
        seat.app.push_screen(screen_of(to.OpenGroup(group)))
        await seat.settle()
        await seat.press("d")
        assert seat.on == "GroupScreen"
        seat.says(f"Request {request.id} by multi-operator to edit group {GROUP} is still open")
