"""The documents: links lead somewhere, commands exist, and the README stays short."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dropcopy_tui.cli.call import Call
from dropcopy_tui.cli.root import root
from dropcopy_tui.config.tables import DuoTable, MailTable, SettingsTable, SmsTable, Table, TwilioTable

HOUSE = Path(__file__).parents[2]
README = HOUSE / "README.md"
DOCUMENTS = [
    README,
    *(HOUSE / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted(HOUSE.glob("docs/**/*.md")),
]
_NAMES = [str(path.relative_to(HOUSE)) for path in DOCUMENTS]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.M | re.S)
_INLINE = re.compile(r"`(dropcopy [^`\n]+)`")
# What the shell does with a command's output or input.
_SHELL = re.compile(r"\s(?:[<>|&]|2>)")
# A file or folder of this repository.
_PLACE = re.compile(r"`((?:dropcopy_tui|screens|styles|tests|docs)/[\w./-]+)`")
_CRON = re.compile(r"^(?:\S+ ){4,5}\s*(?=dropcopy )")


def _commands(text: str) -> Iterator[str]:
    """Every command line of the code blocks, without what the shell does around it."""
    for block in _BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            command = _CRON.sub("", line.strip())
            if command.startswith("dropcopy "):
                yield _SHELL.split(command)[0]


def _parse(command: str) -> None:
    """Parse a command line down to its verb, as the shell would hand it over. Raises click.UsageError."""
    arguments = shlex.split(command, comments=True)[1:]
    context = root.make_context("dropcopy", arguments, obj=Call())
    found: click.Command = root
    while isinstance(found, click.Group):
        rest = [*context._protected_args, *context.args]
        if not rest:
            assert found.invoke_without_command, f"{command}: no verb"
            return
        name, verb, rest = found.resolve_command(context, rest)
        assert verb is not None
        found, context = verb, verb.make_context(name, rest, parent=context)


def _check_named(command: str) -> None:
    """An inline mention may leave arguments out: its verbs and options must exist all the same."""
    found: click.Command = root
    context = click.Context(root, info_name="dropcopy", obj=Call())
    options = {option for each in root.params for option in each.opts}
    for word in command.split()[1:]:
        if word.startswith("-") and word != "-":
            assert word in options | {"-h", "--help", "-V", "--version"}, f"{command}: {word} does not exist"
        elif isinstance(found, click.Group):
            verb = found.get_command(context, word)
            if verb is None and word.isupper():  # the value of an option, such as USER
                continue
            assert verb is not None, f"{command}: {word} does not exist"
            found, options = verb, options | {option for each in verb.params for option in each.opts}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_NAMES)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text()) if "://" not in link]
    for link in links:
        name, _, anchor = link.partition("#")
        target = document if not name else (document.parent / name)
        assert target.exists(), f"{document.name}: {link}"
        if anchor:
            assert anchor in _anchors(target.read_text()), f"{document.name}: {link}"


def _anchors(text: str) -> set[str]:
    """The headings of a document as GitHub makes anchors of them."""
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_NAMES)
def test_every_command_that_is_shown_can_be_parsed(document: Path) -> None:
    text = document.read_text()
    for command in _commands(text):
        try:
            _parse(command)
        except click.UsageError as error:
            pytest.fail(f"{document.name}: {command}: {error.format_message()}")


@pytest.mark.parametrize("document", DOCUMENTS, ids=_NAMES)
def test_every_command_that_is_named_exists(document: Path) -> None:
    for command in _INLINE.findall(_BLOCK.sub("", document.read_text())):
        _check_named(command)


def test_the_documents_do_show_commands() -> None:
    # The tests above would pass over documents in which they find nothing.
    shown = [command for document in DOCUMENTS for command in _commands(document.read_text())]
    assert len(shown) >= 70


@pytest.mark.parametrize(
    "command",
    [
        "dropcopy groups turn US-RATES",
        "dropcopy groups list --nonsense",
        "dropcopy keys challenge --factor pigeon",
        "dropcopy keys challenge",
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    with pytest.raises(click.UsageError):
        _parse(command)


def test_the_readme_is_for_ten_minutes() -> None:
    assert len(README.read_text().splitlines()) <= 150


def test_every_document_can_be_reached_from_the_readme() -> None:
    seen, waiting = set(), [README]
    while waiting:
        document = waiting.pop()
        if document in seen or document.suffix != ".md":
            continue
        seen.add(document)
        links = [link.partition("#")[0] for link in _LINK.findall(document.read_text()) if "://" not in link]
        waiting += [(document.parent / link).resolve() for link in links if link]
    assert [name for name, path in zip(_NAMES, DOCUMENTS, strict=True) if path.resolve() not in seen] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_NAMES)
def test_every_file_that_is_named_exists(document: Path) -> None:
    missing = [place for place in _PLACE.findall(document.read_text()) if not (HOUSE / place).exists()]
    assert missing == []


def _verbs(command: click.Command, *words: str) -> Iterator[str]:
    """Every command that does something, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(words)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from _verbs(below, *words, name)


def test_every_command_has_its_json_in_the_reference() -> None:
    rows = re.findall(r"^\| (`.*?) \| ", (HOUSE / "docs/reference/scripting.md").read_text(), re.M)
    named = {name.partition(" -")[0] for row in rows for name in re.findall(r"`([^`]+)`", row)}
    # A script for a shell is no document.
    assert set(_verbs(root)) - named == {"completion"}


@pytest.mark.parametrize("table", [SettingsTable, MailTable, TwilioTable, SmsTable, DuoTable])
def test_every_setting_is_in_the_reference(table: type[Table]) -> None:
    text = (HOUSE / "docs/reference/configuration.md").read_text()
    assert [name for name in table.model_fields if f"| `{name}` |" not in text] == []
