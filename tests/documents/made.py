"""Everything that `make docs` writes, by its path in the repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.documents.command_line import commands_region, shared_options_region
from tests.documents.keys import keys_region
from tests.documents.man import man_pages
from tests.documents.regions import Maker, marks, rewritten
from tests.documents.settings import settings_region
from tests.documents.shows import picture_files, screen_region, walkthrough_region
from tests.documents.tables import csv_files_region, errors_region, events_region, filters_region, glossary_region
from tests.documents.trust import trust_region

HOUSE = Path(__file__).parents[2]
MAN = "docs/man"
MAKERS: Mapping[str, Maker] = {
    "commands": commands_region,
    "csv-files": csv_files_region,
    "errors": errors_region,
    "events": events_region,
    "filters": filters_region,
    "glossary": glossary_region,
    "keys": keys_region,
    "screen": screen_region,
    "settings": settings_region,
    "shared-options": shared_options_region,
    "trust": trust_region,
    "walkthrough": walkthrough_region,
}
# They play walkthroughs: a test of its own waits for them.
SHOWS = frozenset({"walkthrough", "screen"})


def pages() -> list[Path]:
    """Every page that may have regions."""
    return [HOUSE / "README.md", HOUSE / "SECURITY.md", *sorted((HOUSE / "docs").rglob("*.md"))]


def made(*, shows: bool) -> dict[str, str]:
    """The files as they should be: pages with regions, man pages and, with `shows`, what walkthroughs show."""
    found = {f"{MAN}/{name}": text for name, text in man_pages()}
    for path in pages():
        page = path.read_text(encoding="utf-8")
        chosen = marks(page)
        if chosen:
            found[_name(path)] = rewritten(page, MAKERS, keep=frozenset() if shows else SHOWS)
        if shows:
            for name in (words[1] for words in chosen if words[0] == "walkthrough"):
                found |= picture_files(name)
    return found


def left_over(wanted: Mapping[str, str]) -> list[str]:
    """Files in the folders of man pages and pictures that nothing makes any longer."""
    there = [*(HOUSE / MAN).glob("*"), *(HOUSE / "docs/pictures").glob("*")]
    return sorted(name for name in map(_name, there) if name not in wanted)


def _name(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()
