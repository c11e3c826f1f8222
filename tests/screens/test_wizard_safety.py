"""The wizard asks before it throws anything away, keeps what was typed, and leaves nothing of what nobody touched."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from unittest.mock import patch

from dropcopy_tui.services.groups.drafts import DraftFields
from screens.widgets.inputs import DeskInput
from tests.screens.conftest import OPERATOR, Place
from tests.screens.seat import seated
from tests.screens.test_edit import asked, to_group
from tests.screens.test_requests import other_desk, person
from tests.screens.test_wizard import to_step

MULTI = "multi-operator"


def drafts(place: Place) -> list[str]:
    return [str(name) for (name,) in asked(place, "SELECT name FROM draft WHERE submitted_at IS NULL ORDER BY id")]


async def test_another_entity_is_asked_about_before_anything_goes(place: Place) -> None:
    """0.3.2 threw the front end and the SenderComps away without a word."""
    with other_desk(place) as desk:
        me = person(desk, MULTI)
        group = desk.groups.show(me, "US-ACTIVES")
        draft = desk.edits.clone(me, group.line.id)
        fields = DraftFields(draft.entity, "US-COPY", group.front_end.id, draft.filters, 5)
        draft = desk.drafts.save(me, draft.id, draft.version, fields)
    async with seated(place.app(MULTI)) as seat:
        from screens.navigation import OpenWizard

        await seat.app.go(OpenWizard(draft.id))
        await seat.settle()
        await seat.press("ctrl+t", "1")
        await seat.press("end", "enter")
        seat.says("ACME owns the front end Ladder One 5.0 and 595 SenderComps, which")
        seat.says("come back if you return to ACME before you submit. The name and filters stay.")
        await seat.press("down", "enter")
        seat.sees("1 > +Entity", "595 sources", "Ladder One")
        await seat.press("end", "enter", "enter")
        seat.sees_not("595 sources")
        seat.sees("US-COPY")
        await seat.press("ctrl+t", "1")
        await seat.press("home", "enter")
        seat.says("Restored what you had selected at ACME: the front end Ladder One 5.0 and 595 SenderComps.")
        seat.sees("595 sources", "Ladder One")


async def test_an_untouched_edit_leaves_no_draft_and_asks_nothing(place: Place) -> None:
    before = drafts(place)
    async with seated(place.app()) as seat:
        await to_group(seat)
        await seat.press("e")
        assert seat.on == "WizardScreen"
        await seat.press("escape")
        assert seat.on == "GroupsScreen"
    assert drafts(place) == before


async def test_an_untouched_wizard_leaves_no_draft_and_asks_nothing(place: Place) -> None:
    before = drafts(place)
    async with seated(place.app()) as seat:
        await seat.press("n", "enter", "enter")
        assert seat.on == "WizardScreen"
        await seat.press("escape", "escape")
        assert seat.on == "HomeScreen"
    assert drafts(place) == before


async def test_a_draft_that_was_there_stays_when_it_is_only_looked_at(place: Place) -> None:
    """A script cloned a group or asked again: its draft was never changed, and is not the wizard's to throw away."""
    with sqlite3.connect(place.store) as connection:
        connection.execute("UPDATE draft SET version = 1 WHERE name = 'EU-RATES'")
    connection.close()
    before = drafts(place)
    assert "EU-RATES" in before
    async with seated(place.app()) as seat:
        await seat.press("right")
        for _ in range(20):
            if "draft EU-RATES" in str(seat.screen.query_one("#attention").highlighted_option.prompt):  # type: ignore[attr-defined]
                break
            await seat.press("down")
        await seat.press("enter")
        assert seat.on == "WizardScreen"
        await seat.press("q")
    assert drafts(place) == before


async def test_leaving_the_application_says_that_the_draft_is_kept(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, 3, "US-KEPT")
        await seat.press("q")
        assert "The draft US-KEPT is kept" in " ".join(map(str, seat.app._exit_renderables))
    assert "US-KEPT" in drafts(place)


async def test_letters_on_the_wrong_page_do_not_end_in_the_name(place: Place) -> None:
    """0.3.2: the digit of `2nd desk` opened step 2, and the rest became the group's name."""
    async with seated(place.app()) as seat:
        await to_step(seat, 3, "US-GOOD")
        await seat.type("2nd-desk")
        seat.sees("3 > +Front end")
        assert seat.find(DeskInput, "#step2 DeskInput").value == "US-GOOD"


async def test_a_paste_of_several_lines_is_refused_as_a_whole(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, 2)
        await seat.paste("US-ONE\nUS-TWO\nUS-THREE")
        seat.says("The paste has 3 lines; this field takes one. Nothing was pasted.")
        assert seat.find(DeskInput, "#step2 DeskInput").value == ""
        await seat.paste("US-ONE\n")
        assert seat.find(DeskInput, "#step2 DeskInput").value == "US-ONE"


async def test_lines_that_are_pasted_as_keys_do_not_walk_on(place: Place, held_keys: None) -> None:
    async with seated(place.app()) as seat:
        await seat.press("n", "enter", "enter")
        assert seat.on == "WizardScreen"
        # However slow this machine is: the keys came in one packet, and each waited for the one before.
        with patch.multiple("screens.terminal.meant_keys", TYPED_BY_NOBODY=60.0, TEXT_ENDS_AFTER=60.0):
            for character in "US-ONE\rUS-TWO\rUS-THREE\r":
                await seat.press({"\r": "enter", "-": "minus"}.get(character, character))
        seat.sees("3 > +Front end", "Pasted text ignored: no input")


async def test_a_paste_as_keys_on_to_do_approves_nothing(place: Place, held_keys: None) -> None:
    from tests.screens.test_requests import operator_approves_for_the_clearing_firm, to_do

    operator_approves_for_the_clearing_firm(place)
    given = "SELECT count(*) FROM approval WHERE given_at IS NOT NULL"
    before = asked(place, given)
    async with seated(place.app()) as seat:
        await to_do(seat)
        await seat.pilot.press("a", "enter", "enter")
        await seat.settle()
    assert asked(place, given) == before


async def test_a_draft_in_two_windows_is_overwritten_in_neither(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, 3, "US-HERE")
        await seat.press("ctrl+t", "2")
        with other_desk(place) as desk:
            me = person(desk, OPERATOR)
            draft = next(each for each in desk.drafts.mine(me) if each.name == "US-HERE")
            fields = DraftFields(draft.entity, draft.name, None, draft.filters, draft.step)
            desk.drafts.save(me, draft.id, draft.version, replace(fields, name="US-THERE"))
        seat.app.set_up()
        await seat.settle()
        seat.says("This draft was changed in another window.")
        await seat.type("-2")
        await seat.press("enter")
        seat.says("This draft was changed in another window.")
        await seat.press("ctrl+r")
        assert seat.find(DeskInput, "#step2 DeskInput").value == "US-THERE"
    assert "US-THERE" in drafts(place)
    assert "US-HERE-2" not in drafts(place)
