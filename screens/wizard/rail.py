"""The wizard's rail: its steps at the left, with what was chosen in each."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual.content import Content

from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.services.groups.drafts import DraftFields
from dropcopy_tui.services.views import DraftView
from screens.terminal.values import clip, value
from screens.wording import plural

STEPS = ("Entity", "Name", "Front end", "Filters", "SenderComps", "Submit")
_WIDTH = 16


def chosen_in(draft: DraftView, fields: DraftFields, mandatory: Collection[Filter]) -> tuple[str, ...]:
    """What was chosen in each step, in few words; "" for nothing."""
    return (
        fields.entity,
        fields.name,
        draft.front_end.title if draft.front_end else "",
        f"{len(set(fields.filters).difference(mandatory))} optional" if fields.filters else "",
        plural(draft.sources, "source") if draft.sources else "",
        "",
    )


def rail(chosen: Sequence[str], step: int, reached: int) -> Content:
    """The steps as lines: where one is, what is done, what was chosen. Steps count from 1."""
    lines = []
    for number, (name, choice) in enumerate(zip(STEPS, chosen, strict=True), 1):
        here = number == step
        done = number < max(step, reached) and bool(choice)
        sign = ">" if here else "ok" if done else ""
        lines.append(value(f"{number} {sign:<3}{name}", "bold $primary" if here else "" if done else "$text-muted"))
        lines.append(value(f"     {clip(choice, _WIDTH)}", "$text-muted"))
    return Content("\n").join(lines)
