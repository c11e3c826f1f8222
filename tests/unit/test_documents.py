"""The documents that are made from the code say what the code says: `make docs` makes them so."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess

import pytest

from dropcopy_tui.config.trust import PERSONAL
from dropcopy_tui.services.imports.kinds import ImportKind
from screens.help_texts import HELP
from tests.documents.command_line import all_commands
from tests.documents.keys import bindings_of, bound_classes
from tests.documents.made import HOUSE, MAKERS, MAN, made, pages
from tests.documents.man import _text, man_pages
from tests.documents.regions import marks, rewritten, table
from tests.documents.settings import TABLES
from tests.documents.tables import BESIDE, EXAMPLES, columns_of, error_kinds

CONFIGURATION = HOUSE / "docs/reference/configuration.md"
# What roff is told in these pages, and nothing else.
_REQUESTS = {".TH", ".ad", ".SH", ".SS", ".PP", ".TP", ".B", ".BR", ".RS", ".RE", ".nf", ".fi", '.\\"'}


def test_every_page_is_as_the_code_makes_it() -> None:
    wanted = made(shows=False)
    assert len(wanted) > 40
    differing = [name for name, text in wanted.items() if _read(name) != text]
    assert differing == [], "run: make docs"


def _read(name: str) -> str:
    path = HOUSE / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_every_maker_is_used_and_every_mark_has_its_maker() -> None:
    used = {words[0] for path in pages() for words in marks(path.read_text(encoding="utf-8"))}
    assert used == set(MAKERS)


def test_a_region_that_was_edited_is_found() -> None:
    page = "before\n\n<!-- made by `make docs`: list a b -->\nby hand\n<!-- end -->\n\nafter\n"
    right = rewritten(page, {"list": lambda *given: ", ".join(given)})
    assert right == page.replace("by hand", "\na, b\n")
    assert rewritten(right, {"list": lambda *given: ", ".join(given)}) == right
    assert rewritten(page, {}, keep=frozenset({"list"})) == page
    with pytest.raises(KeyError):
        rewritten(page, {})


@pytest.mark.parametrize("page", ["<!-- made by `make docs`: list -->\n", "<!-- end -->\n"])
def test_half_a_region_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="region"):
        marks(page)


def test_a_bar_in_a_cell_stays_one_cell() -> None:
    assert table(("a",), [("[x|y]",)]).splitlines()[-1] == "| [x&#124;y] |"


def test_every_setting_is_in_exactly_one_region() -> None:
    named: dict[str, list[str]] = {name: [] for name in TABLES}
    for words in marks(CONFIGURATION.read_text(encoding="utf-8")):
        named[words[1]] += words[2:] or list(TABLES[words[1]][0].model_fields)
    for name, (model, _) in TABLES.items():
        assert sorted(named[name]) == sorted(model.model_fields), name
    assert [name for name in PERSONAL if f"| `{name}` |" not in CONFIGURATION.read_text(encoding="utf-8")] == []


def test_every_binding_has_a_name_of_its_own() -> None:
    classes = bound_classes()
    assert len(classes) > 30
    assert [name for name, kind in classes.items() for each in bindings_of(kind) if not each.id] == []
    assert {"TerminalApp", "DeskScreen", "RecordTable", "RecordList", "DeskModal"} <= classes.keys()
    assert classes.keys() & HELP.keys()


@pytest.mark.parametrize("kind", list(ImportKind))
def test_an_example_of_a_file_has_a_cell_for_each_column(kind: ImportKind) -> None:
    assert len(EXAMPLES[kind].split(",")) == len(columns_of(kind).known)


def test_every_code_of_a_failed_command_is_in_the_reference() -> None:
    source = (HOUSE / "dropcopy_tui/cli/exit.py").read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    literal = {
        call.args[0].value
        for call in calls
        if getattr(call.func, "id", "") == "_fail" and isinstance(call.args[0], ast.Constant)
    }
    assert literal - {"refused"} == set(BESIDE)
    assert len(error_kinds()) > 30


def test_the_man_pages_name_every_command() -> None:
    texts = dict(man_pages())
    for command in all_commands():
        words = command.path.split()
        page = texts["-".join(words[:2]) + ".1"]
        if not command.is_group:
            assert _text(command.usage) in page, command.path
        for name, _ in command.options:
            assert f".B {_text(name)}" in page


@pytest.mark.parametrize("name", [name for name, _ in man_pages()])
def test_a_man_page_is_roff_and_nothing_else(name: str) -> None:
    lines = (HOUSE / MAN / name).read_text(encoding="utf-8").splitlines()
    requests = {line.split(" ")[0] for line in lines if line.startswith((".", "'"))}
    assert requests <= _REQUESTS
    first = next(line for line in lines if not line.startswith('.\\"'))
    assert first.startswith(".TH DROPCOPY")
    assert [line for line in lines if line.startswith(".SH")][:2] == [".SH NAME", ".SH SYNOPSIS"]
    # A backslash that is no escape of ours would be one of roff's.
    assert not [line for line in lines if re.search(r"\\(?![-e&\"])", line)]
    assert lines.count(".nf") == lines.count(".fi")
    assert all(line.isascii() for line in lines)


@pytest.mark.skipif(shutil.which("man") is None, reason="this machine has no man")
@pytest.mark.parametrize("name", [name for name, _ in man_pages()])
def test_man_shows_the_page_without_a_warning(name: str) -> None:
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(HOUSE / MAN / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_text_is_never_a_request_of_roff() -> None:
    assert _text(".SH x") == "\\&.SH x"
    assert _text("'a-b\\c") == "\\&'a\\-b\\ec"


def test_no_page_has_a_path_of_the_machine_that_made_it() -> None:
    for path in (*pages(), *(HOUSE / "docs/pictures").glob("*.svg")):
        assert str(HOUSE) not in path.read_text(encoding="utf-8"), path.name
