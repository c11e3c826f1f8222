"""Keys of one's own: what cannot be meant is refused before the first screen, and names the bindings."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from dropcopy_tui.config.looks import take_looks
from dropcopy_tui.domain.errors import ConfigInvalid
from screens.bindings import bindings_by_place
from screens.help_texts import HELP
from screens.keymap import checked_keys, clashes
from tests.documents.made import HOUSE

FILE = Path("/home/desk/config.toml")
EXAMPLES = sorted((HOUSE / "docs/examples").glob("keys-*.toml"))


def refused(keys: dict[str, str]) -> str:
    with pytest.raises(ConfigInvalid) as refusal:
        checked_keys(keys, FILE)
    return refusal.value.message


def test_without_keys_nothing_is_imported_or_changed() -> None:
    assert checked_keys({}, FILE) == {}


def test_every_screen_is_a_place() -> None:
    places = bindings_by_place()
    assert {about.title for about in HELP.values()} <= set(places)
    assert "list.filter" in places["Drop Copy Groups"]
    assert "keypairs.show" in places["Sessions"]
    assert "modal.cancel" in places["ConfirmModal"]
    assert "app.quit" not in places["ConfirmModal"]


def test_keys_are_named_as_textual_does() -> None:
    assert checked_keys({"groups.create": "!,ctrl+n"}, FILE) == {"groups.create": "exclamation_mark,ctrl+n"}


def test_an_unknown_binding_is_told_its_nearest_name() -> None:
    assert refused({"groups.craete": "w"}) == (
        "/home/desk/config.toml: [keys] has the unknown binding 'groups.craete'. Did you mean 'groups.create'?"
    )
    assert "docs/reference/keys.md" in refused({"zzz": "w"})


def test_a_clash_names_both_and_the_place() -> None:
    said = refused({"groups.create": "e"})
    assert "'groups.create' and 'groups.edit' the same key 'e' (Drop Copy Groups)" in said
    both = refused({"groups.create": "z", "groups.delete": "z"})
    assert "'groups.create' and 'groups.delete'" in both


def test_two_bindings_may_change_places() -> None:
    keys = {"groups.edit": "d", "groups.delete": "e", "drafts.discard": "x"}
    assert "drafts.discard" in refused(keys)
    del keys["drafts.discard"]
    assert checked_keys(keys, FILE) == keys


def test_bindings_that_share_a_key_by_default_may_share_another() -> None:
    bound = {"requests.approve": frozenset("a"), "requests.why_not": frozenset("adc")}
    assert list(clashes(bound, {})) == []
    assert list(clashes({"one": frozenset("a"), "two": frozenset("b")}, {"one": frozenset("b")})) == [
        ("one", "two", "b")
    ]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("ctrl+i", "which is Tab"), ("ctrl+s", "flow control"), ("ctrl+q", "always quits"), ("ctrl+c", "how to quit"),
        ("alt+x", "terminals do not send"), ("f12", "terminals do not send"), ("ctrl+shift+a", "terminals do not send"),
        ("é", "terminals do not send"), ("n,,m", "terminals do not send"), ("enterr", "terminals do not send"),
    ],
)  # fmt: skip
def test_a_key_that_no_terminal_sends(key: str, said: str) -> None:
    message = refused({"groups.create": key})
    assert said in message
    assert "'groups.create'" in message


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_can_be_used(example: Path) -> None:
    looks = take_looks(tomllib.loads(example.read_text()), example)
    assert len(checked_keys(looks.keys, example)) == len(looks.keys) >= 5


def test_there_are_examples() -> None:
    assert [path.stem for path in EXAMPLES] == ["keys-k9s", "keys-lazygit"]
