"""Every walkthrough is played: what it promises is on the screen, in two sizes, and nothing is cut."""

from __future__ import annotations

import zlib
from dataclasses import replace
from itertools import product
from unittest.mock import patch

import pytest

from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.walkthroughs.library import WALKTHROUGHS, walkthrough_named
from dropcopy_tui.walkthroughs.steps import PLAIN_KEYS, Walkthrough, WalkthroughStep
from screens.terminal.guard import TerminalFacts
from screens.walkthroughs.coach import TrainingApp
from screens.walkthroughs.panel import LINES, Words, panel, said_lines
from screens.walkthroughs.player import PilotHands, Player, WalkthroughFailed, shown_text
from screens.walkthroughs.stage import KnownEntropy, Stage, StoppedClock
from screens.widgets.key_bar import KeyBar

SIZES = [(80, 24), (120, 40)]
LOOKS = list(product(("unicode", "ascii"), ("256", "16", "mono")))


def look_of(name: str, size: tuple[int, int]) -> TerminalFacts:
    """How the terminal looks: another one for each walkthrough and size, all of them in turn."""
    glyphs, tier = LOOKS[zlib.crc32(f"{name}{size}".encode()) % len(LOOKS)]
    return TerminalFacts(glyphs=glyphs, tier=tier)  # type: ignore[arg-type]


async def played(walkthrough: Walkthrough, stage: Stage, size: tuple[int, int]) -> list[WalkthroughStep]:
    """The steps that came out as they promise."""
    facts = look_of(walkthrough.name, size)
    app = TrainingApp(stage.config, facts, walkthrough.person, clock=StoppedClock(), entropy=KnownEntropy())
    app.meant_keys.deliberate = True
    done = []
    with patch("gc.freeze"):
        async with app.run_test(size=size, notifications=True):
            async for step in Player(walkthrough, app, PilotHands(app)).play():
                done.append(step)
                assert all(0 < bar.needs <= bar.size.width for bar in app.screen.query(KeyBar)), shown_text(app)
    return done


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", WALKTHROUGHS)
async def test_it_comes_out_as_it_says(name: str, size: tuple[int, int], stage: Stage) -> None:
    walkthrough = WALKTHROUGHS[name]
    assert await played(walkthrough, stage, size) == list(walkthrough.steps)


async def test_one_that_does_not_work_fails_with_the_picture_of_what_was_seen(stage: Stage) -> None:
    works = WALKTHROUGHS["create-group"]
    first = replace(works.steps[0], expect=("Create New Groop",))
    with patch("screens.walkthroughs.player.PATIENCE", 0.5), pytest.raises(WalkthroughFailed) as failed:
        await played(replace(works, steps=(first, *works.steps[1:])), stage, (80, 24))
    assert "step 1" in failed.value.message
    assert "'Create New Groop'" in failed.value.message
    assert "BrokerTec U.S." in failed.value.picture


async def test_a_key_that_is_not_there_fails_with_its_name(stage: Stage) -> None:
    works = WALKTHROUGHS["create-group"]
    first = replace(works.steps[0], keys=("groups.destroy",))
    with patch("screens.walkthroughs.player.PATIENCE", 0.5), pytest.raises(WalkthroughFailed) as failed:
        await played(replace(works, steps=(first,)), stage, (80, 24))
    assert "no key has groups.destroy here" in failed.value.message


def test_names_are_unique_and_found_in_any_case() -> None:
    assert len(WALKTHROUGHS) == len({each.title for each in WALKTHROUGHS.values()})
    assert walkthrough_named("Create-Group") is WALKTHROUGHS["create-group"]
    with pytest.raises(NotFound, match="walkthrough list"):
        walkthrough_named("create-groop")


@pytest.mark.parametrize("name", WALKTHROUGHS)
def test_its_words_fit_the_panel_of_80_columns(name: str) -> None:
    for step in WALKTHROUGHS[name].steps:
        said = f"You are {step.person} now. {step.say}" if step.person else step.say
        assert len(said_lines(said, 80)) <= LINES - 2, said
        assert step.say.endswith((".", "?")), step.say
        # What is not a plain key is a binding: never a letter, which whoever chose other keys would not have.
        assert all(key in PLAIN_KEYS or "." in key for key in step.keys if isinstance(key, str)), step.keys
    assert any(step.shot for step in WALKTHROUGHS[name].steps)
    shots = [step.shot for step in WALKTHROUGHS[name].steps if step.shot]
    assert len(shots) == len(set(shots))


@pytest.mark.parametrize("glyphs", ["unicode", "ascii"])
def test_the_panel_is_as_wide_as_the_terminal_and_never_a_sequence_of_the_store(glyphs: str) -> None:
    lines = panel(Words("TRAINING", "one\x1b[2J two " * 30, "Keys: n"), 80, glyphs)
    assert len(lines) == LINES
    bare = [line.replace("\x1b[7m", "").replace("\x1b[1m", "").replace("\x1b[0m", "") for line in lines]
    assert [len(line) for line in bare] == [80] * LINES
    assert "\x1b" not in "".join(bare)


def test_every_title_is_shown_whole_at_80_columns() -> None:
    assert [each.title for each in WALKTHROUGHS.values() if len(each.title) > 41] == []
