"""Once, and only when meant: Enter held on what confirms an act does it once, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.events import Key, MouseDown

from dropcopy_tui.domain.markets import MARKETS
from screens.modals.choose import Choice, ChooseModal
from screens.modals.confirm import ConfirmModal
from screens.modals.decide import DecideModal
from screens.terminal.meant_keys import MeantKeys
from screens.terminal.values import value
from tests.screens.conftest import OPERATOR, Place
from tests.screens.seat import Seat, seated
from tests.screens.test_edit import asked
from tests.screens.test_home import open_line
from tests.screens.test_requests import operator_approves_for_the_clearing_firm, other_desk, person, to_do

HELD = 30


async def hold(seat: Seat, key: str = "enter") -> None:
    """The key is held down: it comes again and again, wherever one is by then."""
    for _ in range(HELD):
        await seat.pilot.press(key)
        await seat.settle()


async def rest(seat: Seat) -> None:
    """A person looks at the page before they press the next key."""
    seat.app.meant_keys = MeantKeys()


def count(place: Place, table: str, where: str = "1") -> int:
    return int(asked(place, f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


def keys_at(times: list[tuple[str, float]], spent_after: int | None = None) -> list[bool]:
    """Which of these presses pass."""
    keys, passed = MeantKeys(), []
    for number, (name, at) in enumerate(times):
        event = Key(name, None)
        event.time = at
        passed.append(keys.takes(event))
        if number == spent_after:
            keys.spend()
    return passed


def test_a_key_that_is_held_after_an_act_is_spent_until_it_was_released(held_keys: None) -> None:
    held = [("enter", 0.0), ("enter", 0.5), *(("enter", 0.5 + step / 30) for step in range(1, 60))]
    assert keys_at(held, spent_after=0) == [True] + [False] * 60
    assert keys_at([*held, ("enter", 4.0)], spent_after=0)[-1] is True
    assert keys_at([*held, ("j", 2.48), ("enter", 2.5)], spent_after=0)[-2:] == [True, True]


@pytest.mark.parametrize(
    ("presses", "shown_at", "meant"),
    [
        ([("a", 0.0), ("enter", 1.0)], 0.5, True),
        ([("a", 0.0), ("enter", 0.001)], 0.5, False),  # typed, or pasted, before the dialog was drawn
        ([("enter", 0.0), ("enter", 0.5)], 0.1, False),  # the first repeat of a key that is held
        ([("enter", 0.0), ("enter", 1.5), ("enter", 1.53)], 0.1, False),
        ([("enter", 0.0), ("enter", 1.5)], 0.1, True),
        ([("enter", 0.0), ("a", 0.3), ("enter", 0.6)], 0.5, True),
    ],
)
def test_which_key_confirms(presses: list[tuple[str, float]], shown_at: float, meant: bool, held_keys: None) -> None:
    keys = MeantKeys()
    for name, at in presses:
        event = Key(name, None)
        event.time = at
        keys.takes(event)
    assert keys.is_meant(shown_at) is meant


def test_a_click_is_always_meant(held_keys: None) -> None:
    keys = MeantKeys()
    keys.takes(Key("enter", None))
    keys.takes(MouseDown(None, 0, 0, 0, 0, 1, False, False, False))
    assert keys.is_meant(float("inf"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ConfirmModal("Title", "Text"),
        lambda: DecideModal("Title", value("Page"), "Do it", "Leave it"),
        lambda: ChooseModal("Title", [Choice("yes", "Do it")], acts=True),
    ],
    ids=["confirm", "decide", "choose"],
)
async def test_the_next_question_is_not_answered_by_the_same_key(
    make: Callable[[], Any], place: Place, held_keys: None
) -> None:
    answers: list[Any] = []
    async with seated(place.app()) as seat:

        def ask(answer: Any = None) -> None:
            if answer is not None:
                answers.append(answer)
            seat.app.push_screen(make(), ask)

        ask()
        await seat.settle()
        await rest(seat)
        await hold(seat)
        assert answers in ([True], ["yes"])


async def test_submit_held_submits_one_draft_and_opens_no_other(place: Place, held_keys: None) -> None:
    """0.3.2: three times Enter on Submit submitted another draft."""
    with other_desk(place) as desk:
        me = person(desk, OPERATOR)
        for name in ("US-ACTIVES", "EU-RISK"):
            draft = desk.edits.start(me, desk.groups.show(me, name).line.id)
            desk.drafts.save(me, draft.id, draft.version, _renamed(draft, f"{name}-2"))
    requests, drafts = count(place, "request"), count(place, "draft", "submitted_at IS NULL")
    async with seated(place.app()) as seat:
        await open_line(seat, "attention", "+ draft EU-RISK-2")
        seat.sees("Submit these changes")
        await rest(seat)
        await hold(seat)
        assert seat.on != "WizardScreen"
    assert count(place, "request") == requests + 1
    assert count(place, "draft", "submitted_at IS NULL") == drafts - 1


def _renamed(draft: Any, name: str) -> Any:
    from dropcopy_tui.services.groups.drafts import DraftFields

    return DraftFields(draft.entity, name, draft.front_end.id, draft.filters, 6)


async def test_approve_held_approves_one_request(place: Place, held_keys: None) -> None:
    operator_approves_for_the_clearing_firm(place)
    async with seated(place.app()) as seat:
        await to_do(seat)
        before = count(place, "approval", "given_at IS NOT NULL")
        await seat.press("a")
        assert seat.on == "DecideModal"
        await hold(seat)
        assert seat.on == "RequestsScreen"
    assert count(place, "approval", "given_at IS NOT NULL") == before + 1


async def test_discard_held_discards_one_draft(place: Place, held_keys: None) -> None:
    with other_desk(place) as desk:
        me = person(desk, OPERATOR)
        for _ in range(3):
            desk.drafts.start(me, next(iter(MARKETS)), "ACME")
    before = count(place, "draft", "submitted_at IS NULL")
    async with seated(place.app()) as seat:
        await open_line(seat, "attention", "all drafts")
        await rest(seat)
        await seat.press("d")
        await hold(seat)
        assert seat.on == "DraftsScreen"
    assert count(place, "draft", "submitted_at IS NULL") == before - 1


async def test_enter_held_on_a_session_sends_no_code(place: Place, held_keys: None) -> None:
    before = count(place, "outbox", "channel = 'sms'")
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "Order Entry Sessions")
        await rest(seat)
        await hold(seat)
    assert count(place, "outbox", "channel = 'sms'") == before
