"""Counted nouns are right for one, too: a number that is printed before a plural has `plural` around it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dropcopy_tui
from dropcopy_tui.domain.plurals import plural, some

ROOT = Path(dropcopy_tui.__file__).parent
NOUNS = re.compile(
    r"(attempt|byte|character|code|column|day|digit|error|event|firm|group|hour|line|message|minute|notice|other|pair"
    r"|piece|request|row|second|SenderComp|session|source)s|copies|entities|people"
)
# Between a number and its noun may stand words such as these.
BETWEEN = ("more", "other", "wrong", "key", "open", "active", "expired", "new", "unread", "target", "source")
# Never one: the number is a constant, or the sentence is about several already.
NEVER_ONE = {
    ("cli/files.py", "bytes"),
    ("domain/groups.py", "copies"),
    ("domain/groups.py", "SenderComps"),
    ("domain/key_file.py", "characters"),
    ("domain/keypairs.py", "pairs"),
    ("domain/logon_rules.py", "seconds"),
    ("domain/names.py", "characters"),
    ("services/factors/table.py", "digits"),
    ("services/groups/drafts.py", "characters"),
    ("services/groups/receivers.py", "messages"),
    ("services/imports/csv_lines.py", "characters"),
    ("services/logons/key_ring.py", "pairs"),
    ("services/routing/message_fields.py", "bytes"),
    ("store/gate.py", "seconds"),
}


def counted(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the plural noun of every number that an f-string prints right before one."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.JoinedStr):
            continue
        for number, after in zip(node.values, node.values[1:], strict=False):
            if not isinstance(number, ast.FormattedValue) or not isinstance(after, ast.Constant):
                continue
            if isinstance(number.value, ast.Name) and number.value.id.isupper():
                continue  # a constant of the module
            words = str(after.value).split()
            words = words[next((place for place, word in enumerate(words) if word not in BETWEEN), 0) :]
            noun = words[0].rstrip(".,;:)") if str(after.value).startswith(" ") and words else ""
            if NOUNS.fullmatch(noun):
                yield node.lineno, noun


def test_no_number_stands_before_a_plural_that_is_always_plural() -> None:
    found = [
        (str(path.relative_to(ROOT)), line, noun)
        for path in sorted(ROOT.rglob("*.py"))
        for line, noun in counted(path)
        if (str(path.relative_to(ROOT)), noun) not in NEVER_ONE
    ]
    assert found == [], "use domain.plurals.plural"


@pytest.mark.parametrize(("count", "words"), [(0, "0 lines"), (1, "1 line"), (2, "2 lines"), (2000, "2,000 lines")])
def test_plural(count: int, words: str) -> None:
    assert plural(count, "line") == words


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["A"], "A"),
        (["A", "B"], "A, B"),
        (["A", "B", "C"], "A, B and 1 more"),
        (["A"] * 1002, "A, A and 1,000 more"),
    ],
)
def test_some_says_how_many_more(names: list[str], words: str) -> None:
    assert some(names, 2) == words
