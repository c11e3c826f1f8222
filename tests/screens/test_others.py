"""Nothing that another person does ends the application, moves a cursor or loses work (every screen, every dialog)."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from textual.screen import Screen

from dropcopy_tui.desk import Desk
from dropcopy_tui.domain.people import Entitlement, Role
from dropcopy_tui.domain.requests import Change
from dropcopy_tui.services.groups.groups import GroupEdit
from screens import navigation as to
from screens.frame import DeskScreen
from screens.groups.group import GroupScreen
from screens.groups.groups import GroupsScreen
from screens.help import HelpModal
from screens.leaving import LeavingScreen
from screens.routes import screen_of
from screens.sign_in import SignInScreen
from screens.widgets.record_table import RecordTable
from tests.screens.conftest import OPERATOR, Place
from tests.screens.every_screen import modals, routes, screen_classes
from tests.screens.seat import Seat, seated
from tests.screens.test_requests import other_desk, person

GROUP = "US-ACTIVES"
DELETED = rf"{GROUP} was deleted by multi-operator \(DC-2026-\d+\)"
# Set it to try every screen below every other screen and dialog with every act (`make pairs`).
ALL_PAIRS = "DROPCOPY_ALL_PAIRS"
# Another seed samples other pairs.
SEED = os.environ.get("DROPCOPY_PAIRS_SEED", "11")

Make = Callable[[], Screen[Any]]


def ground(place: Place) -> dict[type, dict[str, Any]]:
    """What the routes show: a group of the operator's, a draft that edits it, a request of theirs."""
    with other_desk(place) as desk:
        me = person(desk, OPERATOR)
        group = desk.groups.show(me, GROUP)
        draft = desk.edits.start(me, group.line.id)
        request = desk.requests.page(me, desk_ask()).rows[0]
    return {
        to.OpenGroups: {"menu": next(iter(to_menus()))},
        to.OpenGroup: {"group_id": group.line.id},
        to.OpenWizard: {"draft_id": draft.id},
        to.OpenChangedSources: {"draft_id": draft.id, "group": GROUP, "change": Change.ADDED},
        to.OpenSessions: {"kind": "drop_copy"},
        to.OpenRequest: {"reference": request.id},
        to.OpenFinished: {"reference": request.id},
        to.OpenPerson: {"user_id": OPERATOR},
        to.OpenRouting: {"group_id": group.line.id},
    }


def to_menus() -> Any:
    from dropcopy_tui.domain.markets import Menu

    return Menu


def desk_ask() -> Any:
    from dropcopy_tui.domain.pages import PageRequest

    return PageRequest()


def makers(place: Place) -> dict[str, Make]:
    """A maker of every screen that a route leads to, and of every dialog."""
    found: dict[str, Make] = {
        type(route).__name__: (lambda route=route: screen_of(route)) for route in routes(ground(place))
    }
    dialogs: dict[str, Make] = dict(modals().items())
    return found | dialogs


# -- what the other person does


def deletes(desk: Desk) -> None:
    """The group that is shown is deleted; another one is renamed; a key pair of a third one goes."""
    other = person(desk, "multi-operator")
    desk.groups.delete(other, [GROUP])
    desk.groups.edit(other, "US-BACKUP", GroupEdit(name="US-RENAMED"))
    desk.provisioning.process_as_desk()
    view = desk.groups.show(other, "US-RATES-RISK").sessions[0]
    desk.keypairs.delete(other, [key.access_key_id for key in view.keys if key.deleted_at is None][:1])


def retires(desk: Desk) -> None:
    """GAM retires the sessions that the deleted group has released."""
    gam = person(desk, "gam-desk")
    for view in desk.sessions.find(gam, ["T6B"]):
        desk.sessions.retire(gam, view.pk)


def revokes(desk: Desk) -> None:
    """The operator loses every role."""
    admin = person(desk, "acme-admin")
    roles = [Entitlement(role, "ACME") for role in (Role.FULL_ACCESS, Role.KEY_MANAGEMENT)]
    desk.people.change_roles(admin, OPERATOR, [], roles)


def disables(desk: Desk) -> None:
    """The operator's account is disabled."""
    desk.people.disable(person(desk, "operations"), OPERATOR)


Deed = Callable[[Desk], None]
DEEDS: tuple[Deed, ...] = (deletes, retires, revokes, disables)
# One act alone; only what a deletion has released can be retired.
ACTS: dict[str, tuple[Deed, ...]] = {
    "deletes": (deletes,),
    "retires": (deletes, retires),
    "revokes": (revokes,),
    "disables": (disables,),
}


def pairs() -> list[tuple[str, str, str]]:
    """A screen, what is open above it, and the other person's act: all there are, or a sample with each of them."""
    below = sorted(kind.__name__ for kind in screen_of.registry if kind is not object)
    above = [*below, *modals()]
    every = [(lower, upper, act) for lower in below for upper in above if lower != upper for act in ACTS]
    if os.environ.get(ALL_PAIRS):
        return every
    dice = random.Random(SEED)
    dice.shuffle(every)
    chosen: list[tuple[str, str, str]] = []
    for place in range(2):
        for name in below if place == 0 else above:
            # Of the triples with this screen at this place, the one whose act the sample has seen least.
            seen = Counter(act for _, _, act in chosen)
            chosen.append(min((each for each in every if each[place] == name), key=lambda each: seen[each[2]]))
    return sorted(set(chosen))


async def noticed(seat: Seat) -> None:
    """The application looks at the store, as it does every few seconds."""
    seat.app.set_up()
    await seat.settle()


async def close_all(seat: Seat) -> None:
    """Whatever is open is closed from the top, as a person would, until Home is there."""
    for _ in range(200):
        if len(seat.app.screen_stack) == 1:
            return
        top = seat.app.screen
        top.dismiss(None)
        await seat.settle()
        assert seat.app._exception is None
    raise AssertionError("some screen cannot be left")


async def stacked(place: Place, names: list[str], made: dict[str, Make], deeds: Sequence[Deed] = DEEDS) -> None:
    """Open these above each other, let the other person act, and close them one by one."""
    async with seated(place.app()) as seat:
        for name in names:
            seat.app.push_screen(made[name]())
            await seat.settle()
        for deed in deeds:
            with other_desk(place) as desk:
                deed(desk)
            await noticed(seat)
            assert seat.app._exception is None, names
            assert seat.app.return_code is None, names
            if deed is deletes and names[0] == "OpenGroup" and isinstance(seat.screen, DeskScreen):
                seat.sees(DELETED)
        await close_all(seat)
        assert seat.on == "HomeScreen"


@pytest.mark.parametrize("backwards", [False, True], ids=["one order", "the other"])
async def test_every_screen_above_every_other_survives_what_others_do(backwards: bool, place: Place) -> None:
    """Two stacks of all there is: in one, each screen is above each other one that it is below of in the other."""
    made = makers(place)
    names = sorted(made)
    random.Random(11).shuffle(names)
    await stacked(place, names[::-1] if backwards else names, made)


@pytest.mark.parametrize(("lower", "upper", "act"), pairs())
async def test_a_pair_survives_an_act(lower: str, upper: str, act: str, place: Place) -> None:
    """One screen below one other screen or dialog, while the other person does one thing alone."""
    await stacked(place, [lower, upper], makers(place), ACTS[act])


@pytest.mark.parametrize("above", ["e", "k", "w", "question_mark", "d", "p"])
async def test_a_group_that_is_deleted_below_says_who_did_it(above: str, place: Place) -> None:
    """0.3.2: 7 of 7 tries ended the application."""
    async with seated(place.app()) as seat:
        await seat.press("enter")
        while f"> {GROUP}" not in seat.text():
            await seat.press("down")
        await seat.press("enter", "2", above)
        assert seat.on != "GroupScreen"
        with other_desk(place) as desk:
            deletes(desk)
        await noticed(seat)
        seat.says(f"{GROUP} was deleted by multi-operator (DC-2026-")
        for _ in range(6):
            if seat.on == "GroupsScreen":
                break
            await seat.press("escape")
            if "Leave the edit" in seat.text():
                await seat.press("enter")
        assert seat.on == "GroupsScreen"
        assert not any(isinstance(screen, GroupScreen) for screen in seat.app.screen_stack)
        seat.sees(DELETED)
        seat.sees_not(rf"{GROUP} +BrokerTec")


async def test_who_deleted_it_stays_said_on_a_page_that_is_refused_again(place: Place) -> None:
    """Found by all pairs: the page on top read itself again, and its old refusal took the place of the news."""
    async with seated(place.app()) as seat:
        seat.app.push_screen(makers(place)["OpenPerson"]())
        await seat.settle()
        page = seat.screen
        assert isinstance(page, DeskScreen)
        seat.says("Error: acme-operator does not have the required role")
        page.say_on_top(f"{GROUP} was deleted by multi-operator (DC-2026-000039).")
        page.store_changed()
        await seat.settle()
        seat.sees(DELETED)
        page.quiet()
        page.store_changed()
        await seat.settle()
        seat.says("Error: acme-operator does not have the required role")


async def test_what_was_typed_into_an_edit_is_kept_when_its_group_is_deleted(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter")
        while f"> {GROUP}" not in seat.text():
            await seat.press("down")
        await seat.press("e", "enter")
        await seat.type("-NEW")
        with other_desk(place) as desk:
            deletes(desk)
        await noticed(seat)
        seat.says(f"{GROUP} was deleted by multi-operator (DC-2026-")
        seat.sees(f"{GROUP}-NEW")
        await seat.press("escape", "escape")
        seat.sees("Leave the edit")
        await seat.press("enter")
    with other_desk(place) as desk:
        drafts = desk.drafts.mine(person(desk, OPERATOR))
    assert [draft.name for draft in drafts if draft.gone] == [f"{GROUP}-NEW"]


async def test_the_cursor_and_the_selection_stay_on_their_rows(place: Place) -> None:
    """0.3.2: a colleague's new group moved the cursor to another one, which `d` would have hit."""
    async with seated(place.app()) as seat:
        await seat.press("enter")
        assert isinstance(seat.screen, GroupsScreen)
        while "> US-BACKUP" not in seat.text():
            await seat.press("down")
        await seat.press("space")
        while "> US-RATES-RISK" not in seat.text():
            await seat.press("down")
        table: RecordTable[Any] = seat.find(RecordTable)
        number = table.cursor
        with other_desk(place) as desk:
            other = person(desk, "multi-operator")
            desk.groups.edit(other, "US-REPO-CLEARING", GroupEdit(name="AA-FIRST"))
            desk.provisioning.process_as_desk()
        await noticed(seat)
        seat.sees("> +US-RATES-RISK", r"\* *US-BACKUP", "AA-FIRST", "1 selected")
        assert table.cursor == number + 1
        assert table.current.name == "US-RATES-RISK"


async def test_the_group_page_says_who_changed_it_last(place: Place) -> None:
    with other_desk(place) as desk:
        desk.groups.edit(person(desk, "multi-operator"), GROUP, GroupEdit(name="US-CHANGED"))
        desk.provisioning.process_as_desk()
    async with seated(place.app()) as seat:
        await seat.press("enter")
        while "> US-CHANGED" not in seat.text():
            await seat.press("down")
        await seat.press("enter", "1")
        seat.says("Last changed 23 Nov 2026 16:45 UTC by multi-operator (DC-2026-")


async def test_the_notices_in_the_header_are_counted_while_one_looks(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter")
        before = seat.app.home_view.notices
        with other_desk(place) as desk:
            me = person(desk, OPERATOR)
            desk.groups.delete(me, ["US-BACKUP"])
        await noticed(seat)
        assert seat.app.home_view.notices > before
        seat.sees(rf" {seat.app.home_view.notices} notices")


async def test_a_role_that_is_revoked_or_granted_is_told_on_every_screen_that_stays(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter")
        for verb, word in (("disentitle", "Revoked"), ("entitle", "Granted")):
            with other_desk(place) as desk:
                admin = person(desk, "acme-admin")
                getattr(desk.people, verb)(admin, OPERATOR, Role.KEY_MANAGEMENT, "ACME")
            await noticed(seat)
            assert seat.on == "GroupsScreen"
            seat.says(f"Your roles were changed. {word}: key management at ACME. Notices say by whom.")
        await seat.press("escape")
        assert seat.on == "HomeScreen"
        # Who acts next in a sandbox holds other roles: that is no change.
        with other_desk(place) as desk:
            seat.app.become(person(desk, "multi-operator"))
        seat.app.screen.quiet()
        await seat.app.refresh_home()
        await seat.settle()
        seat.sees_not("Your roles were changed")


def test_every_screen_leaves_by_the_one_way() -> None:
    for kind in screen_classes():
        assert issubclass(kind, LeavingScreen), kind
        assert kind.dismiss is LeavingScreen.dismiss, kind
    assert HelpModal in screen_classes()
    assert SignInScreen in screen_classes()


async def test_a_group_that_opens_at_its_sessions_has_the_keys_there(place: Place) -> None:
    with other_desk(place) as desk:
        group_id = desk.groups.show(person(desk, OPERATOR), GROUP).line.id
    async with seated(place.app()) as seat:
        await seat.app.go(to.OpenGroup(group_id, tab="targets"))
        await seat.settle()
        assert isinstance(seat.app.focused, RecordTable)
        await seat.press("k")
        seat.sees("Generate Key")
