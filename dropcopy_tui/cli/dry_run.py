"""What a request would ask for, printed instead of submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.output import fields, say, show
from dropcopy_tui.cli.shapes import review_shape

if TYPE_CHECKING:
    from dropcopy_tui.cli.call import Call
    from dropcopy_tui.services.views import Review

dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would be requested without submitting it.")


def show_dry_run(call: Call, review: Review) -> int:
    """Print the review. Returns 1 if submitting it now would be refused, else 0."""
    show(call, review_shape(review), review_lines(review))
    if review.refusals:
        say(f"Dry run: this would be refused. {' '.join(review.refusals)} Nothing was submitted.")
        return 1
    say("Dry run: nothing was submitted.")
    return 0


def review_lines(review: Review) -> list[str]:
    """The rows of the wizard's last step, and what prevents submission."""
    # Late, so that --help answers without the services.
    from dropcopy_tui.services.groups.review_words import review_rows

    draft = review.draft
    pairs: list[tuple[str, object]] = [("draft", draft.id)] if draft.id else []
    if review.changes is not None:
        pairs.append(("group", f"{review.changes.group} of {draft.entity}, {draft.market_name}"))
    names: dict[str, list[str]] = {}
    name = ""
    for row_name, text in review_rows(review):
        name = row_name or name
        names.setdefault(name, []).append(text)
    pairs += [(name.lower(), texts if len(texts) > 1 else texts[0]) for name, texts in names.items()]
    pairs.append(("problems", list(review.refusals) or "none"))
    return fields(pairs)
