"""Walkthroughs in a real terminal: played, stepped through, practised, and written to files."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dropcopy_tui.walkthroughs.library import WALKTHROUGHS
from dropcopy_tui.walkthroughs.steps import Text
from tests.e2e.command import DROPCOPY
from tests.e2e.pty import Terminal
from tests.e2e.test_main_job import at_home, dropcopy


@contextmanager
def coached(home: Path, *words: str, **options: Any) -> Iterator[Terminal]:
    """A walkthrough at its first step. Its sandbox is in a folder of the test's own."""
    env = at_home(home) | {"TMPDIR": str(home)}
    with Terminal([*DROPCOPY, "walkthrough", *words], env=env, **options) as terminal:
        terminal.wait_for(r"TRAINING .*1/\d+", timeout=60)
        yield terminal


def left_behind(home: Path) -> list[str]:
    return [path.name for path in home.glob("dropcopy-training*")]


def test_step_waits_for_space_and_says_why(tmp_path: Path) -> None:
    with coached(tmp_path, "step", "create-group") as terminal:
        terminal.wait_for("Keys: n · Space continues")
        terminal.wait_for(r"SANDBOX|TRAINING$")
        terminal.press("n")  # not a key of the coach: nothing happens
        terminal.wait_quiet(0.5)
        assert "Create New Group" not in terminal.text()
        terminal.press("space")
        terminal.wait_for("Create New Group")
        terminal.wait_for("2/13")
        terminal.wait_quiet(0.6)
        assert terminal.bytes_in(1.0) == 0
        terminal.press("q")
        assert terminal.wait_exit() == 0
    assert left_behind(tmp_path) == []


def test_play_goes_to_the_end_by_itself(tmp_path: Path) -> None:
    with coached(tmp_path, "play", "find-help", "--speed", "40") as terminal:
        terminal.wait_for("Finished", timeout=60)
        terminal.wait_for("Any key leaves")
        terminal.press("x")
        assert terminal.wait_exit() == 0
    assert left_behind(tmp_path) == []


def test_practice_explains_a_wrong_key_and_takes_the_right_one(tmp_path: Path) -> None:
    with coached(tmp_path, "practice", "browse-groups") as terminal:
        terminal.wait_for("Your turn")
        terminal.press("x")
        terminal.wait_for("x does nothing here. Press Enter now.")
        terminal.press("n")
        terminal.wait_for(r"n: .+ Press Enter now\.")
        terminal.press("enter")
        terminal.wait_for("EU-GOVIES")
        terminal.wait_for("2/6")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
    assert left_behind(tmp_path) == []


def test_what_is_typed_before_the_first_step_is_read_answers_nothing(tmp_path: Path) -> None:
    env = at_home(tmp_path) | {"TMPDIR": str(tmp_path)}
    with Terminal([*DROPCOPY, "walkthrough", "practice", "browse-groups"], env=env) as terminal:
        terminal.wait_for("Preparing")
        terminal.press("enter", "enter")
        terminal.wait_for(r"TRAINING .*1/\d+", timeout=60)
        terminal.wait_for("Your turn")
        terminal.wait_quiet(1.0)
        assert "1/6" in terminal.text()
        terminal.press("enter")
        terminal.wait_for("2/6")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def test_what_was_practised_to_the_end_is_remembered(tmp_path: Path) -> None:
    with coached(tmp_path, "practice", "browse-groups") as terminal:
        for step, key in enumerate(("enter", "enter", "tab", "s", "tab", "tab"), start=1):
            terminal.wait_for(f"{step}/6")
            terminal.wait_for("Your turn")
            terminal.press(key)
        terminal.wait_for("Finished")
        terminal.press("x")
        assert terminal.wait_exit() == 0
    (kept,) = tmp_path.rglob("choices.json")
    assert json.loads(kept.read_text())["here"]["practised"] == "browse-groups"
    kept.write_text(json.dumps({"here": {"practised": "browse-groups edit-group"}}))
    with Terminal([*DROPCOPY, "demo"], env=at_home(tmp_path)) as terminal:
        terminal.wait_for("Needs attention", timeout=60)
        terminal.press("ctrl+p")
        terminal.type("walkthroughs")
        terminal.press("enter")
        terminal.wait_for(r"Look at a drop copy group +ok")
        assert terminal.text().count(" ok ") == 2
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def test_practice_lets_read_help_and_takes_what_is_typed_quickly(tmp_path: Path) -> None:
    with coached(tmp_path, "practice", "create-group") as terminal:
        terminal.wait_for("Your turn")
        terminal.press("?")
        terminal.wait_for("Help: Home")
        terminal.press("pagedown", "pageup", "escape")
        terminal.wait_for(r"Drop Copy Groups +\d")
        terminal.press("n")
        terminal.wait_for("2/13")
        said = ""
        for _ in range(30):
            terminal.wait_quiet(0.4)
            said = terminal.text()
            if "Enter a name" in said:
                break
            terminal.press("enter")
        assert "Enter a name" in said
        name = WALKTHROUGHS["create-group"]
        text = next(press.text for step in name.steps for press in step.keys if isinstance(press, Text))
        terminal.type(text)
        terminal.wait_for(f" {text}")
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0


def test_the_panel_comes_back_after_a_resize(tmp_path: Path) -> None:
    with coached(tmp_path, "step", "create-group") as terminal:
        terminal.wait_for("Keys: n")
        terminal.resize(100, 30)
        terminal.wait_for(r"(?s)Needs attention.*TRAINING .*1/13")
        terminal.wait_quiet(0.5)
        lines = terminal.text().split("\n")
        assert lines[26].startswith(" TRAINING")
        assert "Keys: n" in lines[29]
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_a_window_that_is_too_small_is_refused(tmp_path: Path) -> None:
    with Terminal([*DROPCOPY, "walkthrough", "step", "create-group"], rows=20, env=at_home(tmp_path)) as terminal:
        assert terminal.wait_exit() == 2
        assert "Preparing" not in terminal.text()
        said = terminal.text().replace("\n", "")
        assert "The window is 80x20; a walkthrough needs at least 60x22. Make it larger" in said


def test_exports(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for form in ("md", "txt", "cast"):
            done = dropcopy(
                tmp_path, "walkthrough", "export", "find-help", f"--{form}", "--out", str(out / f"a.{form}")
            )
            assert done.returncode == 0, done
        done = dropcopy(tmp_path, "walkthrough", "export", "find-help", "--svg", "--out", str(out / "pictures"))
        assert done.returncode == 0, done
        assert "# Find your way with two keys" in (out / "a.md").read_text()
        assert "Keys on this screen" in (out / "a.txt").read_text()
        header, *events = map(json.loads, (out / "a.cast").read_text().splitlines())
        assert (header["version"], header["width"], header["height"]) == (2, 80, 28)
        assert [event[0] for event in events] == sorted(event[0] for event in events)
        picture = (out / "pictures" / "find-help-help.svg").read_text()
        assert re.match(r"<svg", picture)
        assert "font-face" not in picture
        again = dropcopy(tmp_path, "walkthrough", "export", "find-help", "--out", str(out / "a.md"))
        assert again.returncode == 1
        assert "already exists" in again.stderr


def test_a_name_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    done = dropcopy(tmp_path, "walkthrough", "play", "create-groop")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "walkthrough list" in done.stderr


def test_the_application_leaves_for_one_and_comes_back(tmp_path: Path) -> None:
    env = at_home(tmp_path) | {"TMPDIR": str(tmp_path)}
    with Terminal([*DROPCOPY, "demo"], env=env) as terminal:
        terminal.wait_for(r"Drop Copy Groups +\d", timeout=60)
        terminal.wait_quiet(0.6)
        terminal.press("ctrl+p")
        terminal.wait_for("Search for commands")
        terminal.type("walkthroughs")
        terminal.wait_for("The jobs of the desk, key by key")
        terminal.press("enter")
        terminal.wait_for("1 of [0-9]+ walkthroughs")
        terminal.press("enter")
        terminal.wait_for("Space presses the keys of each step")
        terminal.press("enter")
        terminal.wait_for(r"TRAINING .*1/13", timeout=60)
        terminal.wait_for("Keys: n")
        terminal.press("q")
        terminal.wait_for("1 of [0-9]+ walkthroughs", timeout=60)
        terminal.wait_quiet(0.6)
        assert "SANDBOX" in terminal.text()
        terminal.press("escape")
        terminal.wait_for(r"Drop Copy Groups +\d", timeout=60)
        terminal.press("q")
        assert terminal.wait_exit() == 0
