"""Looks: what a person may choose, what the terminal can show of it, and what is remembered."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dropcopy_tui.config import load
from dropcopy_tui.config.looks import THEMES, Looks, theme_named
from dropcopy_tui.domain.errors import ConfigInvalid
from screens.dress import SHOWN_ON, dressed, themes_to_choose
from screens.terminal.choices import remember, remembered
from screens.terminal.guard import TerminalFacts, Tier
from styles.theme import THEMES as STYLES
from tests.documents.made import HOUSE

OWN = HOUSE / "docs/examples/theme.toml"


def configured(tmp_path: Path, text: str) -> Looks:
    file = tmp_path / "config.toml"
    file.write_text(text)
    return load(config=str(file), environ={}).looks


def test_looks_are_read_without_pydantic_and_from_any_file(tmp_path: Path) -> None:
    text = 'theme = "light"\nglyphs = "ascii"\nmouse = false\n[keys]\ngroups.create = "c"\n'
    text += '"list.filter" = ["f", "slash"]\n'
    looks = configured(tmp_path, text)
    assert (looks.theme, looks.glyphs, looks.mouse) == ("light", "ascii", False)
    assert dict(looks.keys) == {"groups.create": "c", "list.filter": "f,slash"}
    assert load(config=str(tmp_path / "config.toml"), environ={}).foreign == ""
    assert configured(tmp_path, "") == Looks()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('theme = "solarized"', "the setting 'theme' is not valid: it must be one of dark, light,"),
        ("theme = 7", "the setting 'theme' is not valid"),
        ('glyphs = "emoji"', "the setting 'glyphs' is not valid: it must be unicode or ascii."),
        ('mouse = "off"', "the setting 'mouse' is not valid: it must be true or false."),
        ('keys = "vim"', "keys must be a table"),
        ("[keys]\nlist.filter = 7", "the key of 'list.filter' in [keys] must be a text"),
        ("[keys]\nlist.filter = []", "the key of 'list.filter' in [keys] must be a text"),
    ],
)
def test_what_cannot_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        configured(tmp_path, text)
    assert said in refused.value.message


def test_a_theme_by_a_wrong_name_is_told_its_nearest() -> None:
    with pytest.raises(ConfigInvalid, match=r"'drak' is not a theme\. Did you mean 'dark'"):
        theme_named("drak")


def test_every_theme_by_name_is_one_of_ours() -> None:
    assert {f"desk-{name}" for name in THEMES} == set(STYLES)
    assert {name for names in SHOWN_ON.values() for name in names} == set(THEMES)


@pytest.mark.parametrize(
    ("tier", "wanted", "worn"),
    [
        ("truecolor", "light", "desk-light"), ("256", "contrast", "desk-contrast"), ("256", "mono", "desk-mono"),
        ("16", "light", ""), ("16", "mono", "desk-mono"), ("mono", "dark", ""), ("truecolor", "", ""),
    ],
)  # fmt: skip
def test_a_theme_that_the_terminal_cannot_show_is_left_out(tier: Tier, wanted: str, worn: str) -> None:
    assert dressed(TerminalFacts(tier=tier), Looks(theme=wanted)).theme == worn


def test_glyphs_and_mouse_win_over_what_was_found_out() -> None:
    facts = TerminalFacts(glyphs="unicode", mouse=True)
    assert dressed(facts, Looks()) == facts
    changed = dressed(facts, Looks(glyphs="ascii", mouse=False))
    assert (changed.glyphs, changed.mouse) == ("ascii", False)


def test_an_option_counts_more_than_a_choice_and_a_choice_more_than_the_configuration(tmp_path: Path) -> None:
    choices, facts = tmp_path / "state" / "choices.json", TerminalFacts()
    assert dressed(facts, Looks(theme="light"), choices).theme == "desk-light"
    remember(choices, "here", "theme", "contrast")
    assert dressed(facts, Looks(theme="light"), choices).theme == "desk-contrast"
    assert dressed(facts, Looks(theme="light", asked=True), choices).theme == "desk-light"
    remember(choices, "here", "theme", "")
    assert dressed(facts, Looks(theme="light"), choices).theme == "desk-light"


def test_a_theme_file_is_worn_and_offered() -> None:
    facts = dressed(TerminalFacts(tier="256"), Looks(theme=str(OWN)))
    assert facts.theme == "desk-own"
    assert facts.own_theme.primary == "#ffaf5f"
    assert ("own", "of your theme file", "") in themes_to_choose(facts)
    assert dressed(TerminalFacts(tier="16"), Looks(theme=str(OWN))).theme == ""


def test_a_theme_file_that_cannot_be_used_names_it(tmp_path: Path) -> None:
    file = tmp_path / "night.toml"
    with pytest.raises(ConfigInvalid, match=r"night\.toml cannot be read: No such file"):
        dressed(TerminalFacts(), Looks(theme=str(file)))
    file.write_text('[colours]\nforeground = "#333333"\n')
    with pytest.raises(ConfigInvalid, match=r"night\.toml cannot be used: .* has a contrast of 1\."):
        dressed(TerminalFacts(), Looks(theme=str(file)))
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigInvalid, match="it is not UTF-8"):
        dressed(TerminalFacts(), Looks(theme=str(file)))


def test_what_is_remembered_is_each_person_s_own(tmp_path: Path) -> None:
    path = tmp_path / "state" / "choices.json"
    remember(path, "here", "theme", "light")
    remember(path, "SHA256:x", "theme", "mono")
    remember(path, "here", "other", "1")
    assert (remembered(path, "here", "theme"), remembered(path, "SHA256:x", "theme")) == ("light", "mono")
    assert remembered(path, "nobody", "theme") == ""
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"here": 7}', '{"here": {"theme": 7}}', "\x00"])
def test_a_broken_memory_is_forgotten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "choices.json"
    path.write_text(text)
    assert remembered(path, "here", "theme") == ""
    remember(path, "here", "theme", "light")
    assert json.loads(path.read_text())["here"] == {"theme": "light"}


def test_what_cannot_be_kept_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file" / "choices.json", "here", "theme", "light")
    remember(None, "here", "theme", "light")
    assert remembered(None, "here", "theme") == ""
