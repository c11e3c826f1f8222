"""What made new users stumble, once."""

from __future__ import annotations

from screens.wizard.sources import SourcesStep
from tests.screens.conftest import Place
from tests.screens.seat import seated
from tests.screens.test_home import command, open_line
from tests.screens.test_wizard import FRONT_END, SOURCES, SUBMIT, drafts, to_step


async def test_minus_changes_nothing_while_the_keys_are_on_the_left(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, SOURCES)
        await seat.press("plus", "asterisk", "minus")
        seat.says("Press Right first: - removes from the Added list.")
        seat.sees("Added 1", r"selected")


async def test_plus_changes_nothing_while_the_keys_are_on_the_right(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, SOURCES)
        await seat.press("plus", "right", "plus")
        seat.says("Press Left first: + adds from the Available list.")
        seat.sees("Added 1")


async def test_removing_keeps_what_is_selected_on_the_other_side(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, SOURCES)
        await seat.press("plus", "space", "space", "right", "minus")
        seat.sees("Added 0", "2 selected")


async def test_rows_that_are_selected_and_not_added_are_not_left_behind_in_silence(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, SOURCES)
        await seat.press("space", "space", "enter")
        seat.says("2 SenderComps are selected but not added: + adds, Enter continues without.")
        await seat.press("enter")
        seat.sees("6 > +Submit", "! Add at least one source SenderComp")
        await seat.press("enter")
        seat.says("Cannot submit yet: fix the lines marked !. Ctrl-T lists the steps.")


async def test_every_draft_can_be_found_and_discarded(place: Place) -> None:
    async with seated(place.app()) as seat:
        for name in ("US-ONE", "US-TWO", "US-THREE", "US-FOUR"):
            await to_step(seat, FRONT_END, name)
            await seat.press("escape", "escape", "escape", "enter")
        await seat.press("right", "end")
        seat.sees(r"all drafts \(5\)")
        await open_line(seat, "attention", "all drafts")
        assert seat.on == "DraftsScreen"
        seat.sees("EU-RATES", "US-ONE", "US-FOUR", "1 of 5 drafts")
        await seat.press("d")
        seat.sees("Discard draft")
        await seat.press("enter")
        seat.sees("Draft US-FOUR discarded", "1 of 4 drafts")
        assert "US-FOUR" not in drafts(place)
        await seat.press("d", "escape", "enter")
        assert seat.on == "WizardScreen"


async def test_letters_find_a_person_to_act_as(place: Place) -> None:
    async with seated(place.app()) as seat:
        await command(seat, "Act as another")
        await seat.until_seen("acme-viewer")
        await seat.press(*"auditor")
        seat.sees("Search: auditor")
        await seat.press("enter")
        seat.sees("You are now acting as auditor")


async def test_who_may_not_manage_keys_is_told_before_any_dialog(place: Place) -> None:
    async with seated(place.app("acme-viewer")) as seat:
        await seat.press("enter")
        await seat.until_seen("US-ACTIVES")
        await seat.press("k")
        assert seat.on == "GroupsScreen"
        seat.says("acme-viewer does not have the required role: key management at ACME.")


async def test_a_dialog_has_help(place: Place) -> None:
    """Every screen has F1: a dialog too, the one that asks for the code before all."""
    async with seated(place.app()) as seat:
        await command(seat, "Act as another")
        await seat.until_seen("acme-viewer")
        await seat.press("question_mark")
        seat.sees("Keys on this screen", "Esc +Cancel and close", "Enter +Select the line")
        await seat.press("escape")
        seat.sees("acme-viewer")
        seat.sees_not("Find:")


async def test_a_list_of_choices_that_goes_on_below_says_so(place: Place) -> None:
    async with seated(place.app()) as seat:
        await command(seat, "Act as another")
        count = int(seat.sees(r"1 of (\d+) +Type to search")[1])
        assert count > 12
        await seat.press("end")
        seat.sees(f"{count} of {count} +Type to search")


async def test_news_that_was_read_does_not_wait_on_the_screen_below(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter")
        await to_step(seat, SUBMIT, "US-NEWS")
        await seat.press("enter")
        assert seat.on == "FinishedScreen"
        await seat.until_seen(r"US-NEWS\)\s+was\s+completed")
        await seat.press("escape")
        assert seat.on == "GroupsScreen"
        await seat.press("escape")
        assert seat.on == "HomeScreen"
        seat.sees_not("completed")
        await seat.press("o")
        assert seat.on == "GroupScreen", "it is opened from anywhere all the same"


async def test_who_comes_back_to_a_draft_that_has_everything_starts_at_the_right(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, SOURCES)
        await seat.press("asterisk", "plus", "enter", "ctrl+t", "5")
        seat.sees("Available 0", "Added 2,777")
        assert seat.screen.focused is seat.find(SourcesStep).tables()[1]


async def test_a_step_that_is_entered_anew_says_nothing_of_what_was_selected_before(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, SOURCES)
        await seat.press("space", "enter")
        seat.says("1 SenderComp is selected but not added")
        await seat.press("escape", "enter")
        seat.sees("5 > +SenderComps")
        seat.sees_not("selected but not added")
        await seat.press("space", "enter")
        seat.says("1 SenderComp is selected but not added")
