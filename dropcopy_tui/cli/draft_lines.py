"""A draft as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dropcopy_tui.cli.output import fields

if TYPE_CHECKING:
    from dropcopy_tui.services.views import DraftView


def draft_lines(view: DraftView) -> list[str]:
    """Format a draft for people."""
    return fields(
        (
            ("draft", view.id),
            ("name", view.name or "-"),
            ("entity", view.entity or "-"),
            ("market", view.market_name),
            ("edit of", view.group or "-"),
            ("front end", view.front_end.title if view.front_end else "-"),
            ("filters", [kind.words for kind in view.filters] or "-"),
            ("sources", f"{view.sources:,}"),
        )
    )
