"""The tutorial, its pictures and the screen of the README are what walkthroughs show today."""

from __future__ import annotations

from tests.documents.made import HOUSE, left_over, made


def test_what_walkthroughs_show_is_in_the_documents() -> None:
    wanted = made(shows=True)
    assert len([name for name in wanted if name.endswith(".svg")]) >= 8
    differing = [
        name for name, text in wanted.items() if not (HOUSE / name).exists() or (HOUSE / name).read_text() != text
    ]
    assert differing == [], "run: make docs"
    assert left_over(wanted) == [], "run: make docs"
