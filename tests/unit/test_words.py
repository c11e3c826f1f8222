"""The English of what people read: phrases that sound translated do not come back.

The test reads every string literal (docstrings are among them: click shows them as help) and every comment of the
packages in `PACKAGES`. A phrase is banned as a kind ("X is no Y"), not as a sentence.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("dropcopy_tui", "screens")
BANNED = {
    r"(?<!there )\b(is|are|was) no (?!longer\b)[a-z]": 'write "is not a valid ..." or "is not a ..."',
    r"\bentitled at no\b": 'write "You have no access to ..."',
    r"\bmay not see (it|them)\b": 'write "or you have no access to it"',
    r"\b(is|are) not there\b": 'write "does not exist" or "no longer exists"',
    r"\bany more\b": 'write "no longer"',
    r"\bnot done:": 'write "Error:" or nothing',
    r"\bfor ever\b": 'write "permanently"',
    r"\b(nobody|somebody|everybody)\b(?! (approves|may)\b)": "say who, or use the passive",
    r"\bliv(es|ed) (on|until|beyond|to|longest|at most|only|there)\b": "a key pair is active and expires",
    r"\b(a|two|three|no|all|of) living\b": "a key pair is active and expires",
    r"\btold (what|when|that|so)\b": 'write "notified" or "shown"',
    r"\bgo(es)? on\b": 'write "continue"',
    r"\btake[sn]? over\b": 'write "merge"',
    r"\bstands? (as|at|in|on|so|there)\b": 'write "is"',
    r"\bcome[s]? by\b": "say what happens",
    r"\blie(s)?\b(?! in)": 'write "location" or "is"',
    r"\bat once\b": 'write "immediately"',
    r"\ball the same\b": "leave it out",
    r"\bmade anew\b|\banew\b": 'write "again"',
    r"(?<!_)\b(wrong|failed|more|no|\d) tr(y|ies)\b": 'write "attempts"',
    r"\bprove(s)? who it is\b": 'write "certificate cannot be verified"',
    r"\bmade out to\b": 'write "must match"',
    r"\bthe letter\b": 'write "the email" or "the message"',
    r"\b(?<!\d)1 (lines|rows|messages|key pairs|sessions|groups|requests|notices|events|days|minutes|codes)\b": (
        "use domain.plurals.plural"
    ),
    r"'' if [^}]* == 1 else 's'": "use domain.plurals.plural",
    r"\bNothing changed\b": 'write "Nothing was changed."',
    r"\bwas left as it (is|was)\b": 'write "Nothing was changed."',
}
# A place where a banned phrase is right: its file, the phrase as it is found, and why.
ALLOWED: dict[tuple[str, str], str] = {}


def files() -> list[Path]:
    """The files whose words are checked."""
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def name_of(file: Path) -> str:
    """The path of a file inside the repository."""
    return file.relative_to(ROOT).as_posix()


def words_of(source: str) -> Iterator[tuple[int, str]]:
    """Every string literal and comment of a module, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def offences(name: str, source: str) -> list[str]:
    """Every banned phrase of a module as a line for the report."""
    found = []
    for line, words in words_of(source):
        for pattern, advice in BANNED.items():
            for match in re.finditer(pattern, " ".join(words.split()), re.IGNORECASE):
                if (name, match.group()) not in ALLOWED:
                    found.append(f"{name}:{line}: {match.group()!r} in {words.strip()[:60]!r}: {advice}")
    return found


@pytest.mark.parametrize("file", files(), ids=name_of)
def test_no_banned_phrase(file: Path) -> None:
    found = offences(name_of(file), file.read_text(encoding="utf-8"))
    assert not found, "\n".join(found)


def test_every_exception_is_needed() -> None:
    """An entry of the allow-list goes when its phrase or file does."""
    unused = [
        (name, phrase)
        for name, phrase in ALLOWED
        if phrase not in " ".join(" ".join(words.split()) for _, words in words_of((ROOT / name).read_text()))
    ]
    assert not unused


@pytest.mark.parametrize(
    "sentence",
    [
        'raise InvalidValue(f"{text} is no time.")',
        'raise NotFound("There is no group X, or you may not see it.")',
        'raise NotFound("This draft is not there any more.")',
        'say("Not done: the disk is full.")',
        'say("You are entitled at no entity.")',
        'say("The pair lives until Tuesday.")',
        'say("It will be retired for ever.")',
        'say("1 lines were rejected.")',
        "# Nobody signs in without them.",
    ],
)
def test_a_planted_phrase_is_found(sentence: str) -> None:
    assert offences("planted.py", sentence + "\n")
